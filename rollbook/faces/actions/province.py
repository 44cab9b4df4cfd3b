"""What the province does: count, file, decide on two people with one face (S69; B7, D32)."""

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.timezone import localdate

from rollbook.accounts.rules import Permission, authorise
from rollbook.faces import queries, rules
from rollbook.faces.models import Filing, Likeness, Tally
from rollbook.journal.actions import record
from rollbook.kernel.reasons import refuse_if

if TYPE_CHECKING:
    from rollbook.accounts.models import Account

CHALLENGE_KEPT = timedelta(days=1)


@transaction.atomic
def count_templates(*, now: datetime) -> Tally:
    """Write down how many templates are stored today, and forget challenges that nobody can answer any more."""
    queries.over_since(now - CHALLENGE_KEPT).delete()
    made, deleted = queries.moved_on(localdate(now))
    values = {"stored": queries.stored(), "made": made, "deleted": deleted}
    found, _is_new = Tally.objects.update_or_create(day=localdate(now), defaults=values)
    return found


@transaction.atomic
def decide_likeness(*, by: "Account", likeness_id: int, finding: str, why: str, now: datetime) -> Likeness:
    """A person compared the two. Records of one person are merged on their own page; nothing follows by itself."""
    one = queries.likeness(by, likeness_id, lock=True)
    authorise(by, Permission.FACE_SETTLE, region_code=by.region_code)
    refuse_if(rules.reasons_against_finding(finding, why, is_decided=bool(one.finding)))
    one.finding, one.why, one.decided_by, one.decided_at = finding, why.strip()[:200], by, now
    one.save(update_fields=["finding", "why", "decided_by", "decided_at"])
    record("face.likeness-decided", one, by=by, at=now, region_code=by.region_code, finding=finding, why=one.why)
    return one


@transaction.atomic
def note_filing(*, by: "Account", number: str, filed_on: date, now: datetime) -> Filing:
    """The storing of faces was filed with the cyberspace office, under its number."""
    authorise(by, Permission.FACE_SETTLE, region_code=by.region_code)
    refuse_if(rules.reasons_against_filing(number, filed_on, localdate(now)))
    made = Filing.objects.create(
        number=number.strip(), filed_on=filed_on, stored=queries.stored(), noted_at=now, noted_by=by
    )
    record("face.filed", made, by=by, at=now, region_code=by.region_code, document=made.number, on=str(filed_on))
    return made
