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
def announce_draw(*, by: "Account", title: str, due_on: date, source: str, draws_at: datetime, now: datetime) -> Draw:
    """Fix both lists as they stand and a secret, by their digests, and say with which public figure it will be drawn:
    after this nobody, not even who runs the server, can choose what comes out."""
    authorise(by, Permission.INSPECTION_PLAN, region_code=by.region_code)
    queries.wait_to_draw(by.region_code)  # one draw of a region at a time, so that no two are compared
    terms = directory.terms_for(by.region_code, localdate(now))
    percent = terms[TermKey.DRAW_PERCENT]
    since = months_later(localdate(now), -terms[TermKey.DRAW_MONTHS])
    bodies = queries.bodies_to_draw(by.region_code, since)
    inspectors = [
        {"id": one.pk, "name": str(one), "person": one.person_id} for one in queries.inspectors(by.region_code)
    ]
    secret = secrets.token_hex(32)
    one = Draw(
        title=title.strip(), region_code=by.region_code, percent=percent, bodies=bodies, inspectors=inspectors,
        due_on=due_on, secret=secret, commitment=rules.lot(secret), source=source.strip(), draws_at=draws_at,
        lists_digest=rules.lists_digest(percent, bodies, inspectors), announced_at=now, announced_by=by,
    )  # fmt: skip
    refuse_if(
        rules.reasons_against_announcing(
            title=title, source=source, bodies=len(bodies), inspectors=len(inspectors), pairs=queries.pairs_of(one),
            days=(due_on - localdate(now)).days, is_ahead=draws_at > now, still=queries.unpublished(by.region_code),
            is_announced=queries.is_announced(by.region_code),
        )
    )  # fmt: skip
    one.save()
    record(
        "draw.announced", one, by=by, at=now, region_code=one.region_code, commitment=one.commitment,
        lists=one.lists_digest, figure=one.source, draws_at=draws_at.isoformat(), of=len(bodies),
    )  # fmt: skip
    return one


@transaction.atomic
def draw(*, by: "Account", draw_id: int, figure: str, now: datetime) -> Draw:
    """Draw what was announced, with the figure that was published since; the secret is public from now on."""
    one = queries.announced(by, draw_id)
    authorise(by, Permission.INSPECTION_PLAN, region_code=one.region_code)
    one.figure = " ".join(figure.split())
    refuse_if(
        rules.reasons_against_drawing(
            is_drawn=one.drawn_at is not None, is_due=one.draws_at is not None and one.draws_at <= now,
            figure=one.figure, secret_fits=queries.secret_fits(one), lists_fit=queries.lists_fit(one),
        )
    )  # fmt: skip
    one.seed = rules.lot(one.secret, one.figure, one.lists_digest)
    one.drawn_at, one.drawn_by = now, by
    one.save(update_fields=["figure", "seed", "drawn_at", "drawn_by"])
    pairs = queries.drawn_again(one)
    regions = queries.regions_of(pairs)
    Check.objects.bulk_create(
        Check(draw=one, institution_id=pk, region_code=regions[pk], first_id=first, second_id=second)
        for pk, (first, second) in pairs.items()
    )
    record(
        "draw.made", one, by=by, at=now, region_code=one.region_code, seed=one.seed, figure=one.figure,
        institutions=len(pairs), of=len(one.bodies),
    )  # fmt: skip
    return one


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
