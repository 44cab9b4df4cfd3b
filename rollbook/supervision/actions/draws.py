"""Draws of institutions and inspectors, what the drawn ones find, and its publication (N11.2, B3)."""

import secrets
from datetime import date, datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.timezone import localdate

from rollbook.accounts.rules import Permission, authorise
from rollbook.directory import queries as directory
from rollbook.directory.rules import TermKey
from rollbook.evidence.rules import months_later
from rollbook.journal.actions import record
from rollbook.kernel.messages import _
from rollbook.kernel.reasons import Forbidden, Refused, reason, refuse_if
from rollbook.supervision import queries, rules
from rollbook.supervision.models import Check, Draw

if TYPE_CHECKING:
    from rollbook.accounts.models import Account


@transaction.atomic
def draw(*, by: "Account", title: str, due_on: date, now: datetime) -> Draw:
    """Draw by a seed that nobody chooses, from the lists as they stand; both are kept, so that it can be done again."""
    authorise(by, Permission.INSPECTION_PLAN, region_code=by.region_code)
    queries.wait_to_draw(by.region_code)  # one draw of a region at a time, so that no two seeds are compared
    terms = directory.terms_for(by.region_code, localdate(now))
    since = months_later(localdate(now), -terms[TermKey.DRAW_MONTHS])
    bodies = queries.bodies_to_draw(by.region_code, since)
    inspectors = [
        {"id": one.pk, "name": str(one), "person": one.person_id} for one in queries.inspectors(by.region_code)
    ]
    still = queries.unpublished(by.region_code)
    days = (due_on - localdate(now)).days
    refuse_if(
        rules.reasons_against_draw(title=title, bodies=len(bodies), inspectors=len(inspectors), days=days, still=still)
    )
    made = Draw.objects.create(
        title=title.strip(), region_code=by.region_code, seed=secrets.token_hex(16), percent=terms[TermKey.DRAW_PERCENT],
        bodies=bodies, inspectors=inspectors, due_on=due_on, drawn_at=now, drawn_by=by,
    )  # fmt: skip
    pairs = queries.drawn_again(made)
    if not pairs:
        raise Refused(
            reason("no-pair", _("For none of the institutions there are two inspectors apart from it."), "6.3")
        )
    regions = queries.regions_of(pairs)
    Check.objects.bulk_create(
        Check(draw=made, institution_id=pk, region_code=regions[pk], first_id=first, second_id=second)
        for pk, (first, second) in pairs.items()
    )
    record(
        "draw.made", made, by=by, at=now, region_code=made.region_code, seed=made.seed, institutions=len(pairs),
        of=len(bodies),
    )  # fmt: skip
    return made


def _drawn(by: "Account", check_id: int) -> Check:
    """The check of one who was drawn for it, locked."""
    one = queries.check(by, check_id, lock=True)
    if by.pk not in (one.first_id, one.second_id):
        raise Forbidden(Permission.INSPECTION_DO)
    authorise(by, Permission.INSPECTION_DO, region_code=one.region_code)
    return one


@transaction.atomic
def record_check(
    *, by: "Account", check_id: int, checked_on: date, in_order: bool, finding: str, now: datetime
) -> Check:
    """What one of the two found; recorded again until the other signs."""
    one = _drawn(by, check_id)
    days, still = (checked_on - localdate(now)).days, one.published_at is None
    refuse_if(rules.reasons_against_result(in_order=in_order, finding=finding, days=days, still=still))
    one.checked_on, one.is_in_order, one.finding = checked_on, in_order, finding.strip()[:500]
    one.recorded_by, one.recorded_at = by, now
    one.save()
    record("draw.checked", one, by=by, at=now, region_code=one.region_code, institution_id=one.institution_id,
           qualified=in_order, why=one.finding)  # fmt: skip
    return one


@transaction.atomic
def sign_check(*, by: "Account", check_id: int, now: datetime) -> Check:
    """The other signs, and with that everyone may read it."""
    one = _drawn(by, check_id)
    if one.recorded_at is None:
        raise Refused(reason("not-recorded", _("Nothing is recorded yet."), "6.3"))
    if one.published_at is not None:
        raise Refused(reason("signed", _("It is signed already.")))
    if one.recorded_by_id == by.pk:
        raise Refused(reason("own-record", _("The other inspector signs what you recorded."), "6.3"))
    one.published_at = now
    one.save(update_fields=["published_at"])
    record("draw.published", one, by=by, at=now, region_code=one.region_code, institution_id=one.institution_id,
           qualified=one.is_in_order)  # fmt: skip
    return one
