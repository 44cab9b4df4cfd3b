"""Claiming for a whole class by a worker: each trainee is a transaction of its own, kept with what came of it (N12.2, N12.3)."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from rollbook.accounts.rules import Permission, authorise
from rollbook.classes import queries as classes
from rollbook.journal.actions import record
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import Forbidden, NotFound, Refused, reason, refuse_if
from rollbook.subsidies import queries, rules
from rollbook.subsidies.actions.filing import file_for, reasons_against_claiming
from rollbook.subsidies.models import Filing

if TYPE_CHECKING:
    from rollbook.accounts.models import Account

S = rules.FilingState


@transaction.atomic
def ask_filing(*, by: "Account", class_id: int, now: datetime) -> Filing:
    """Have all of a class claimed for who are due something; the page shows beforehand who, and how much."""
    klass = classes.get(by, class_id, lock=True)
    authorise(by, Permission.CLAIM_FILE, institution_id=klass.institution_id)
    refuse_if(reasons_against_claiming(by, klass, queries.subsidy_of(klass)))
    left = len(queries.left_to_file(class_id))
    is_open = Filing.objects.filter(training_class=klass, state__in=rules.OPEN).exists()
    refuse_if(rules.reasons_against_filing(left, is_open=is_open))
    made = Filing.objects.create(
        training_class=klass, region_code=klass.region_code, institution_id=klass.institution_id, asked_by=by,
        asked_at=now, seen_at=now, total=left,
    )  # fmt: skip
    _note("filing.asked", made, by, now, trainees=left)
    return made


@transaction.atomic
def go_on_filing(*, by: "Account", filing_id: int, now: datetime) -> Filing:
    """After a stop: go on with those who are left."""
    one = queries.filing(by, filing_id, lock=True)
    authorise(by, Permission.CLAIM_FILE, institution_id=one.institution_id)
    refuse_if(rules.reasons_against_going_on(one.state, is_cut_off=rules.is_cut_off(one.state, one.seen_at, now)))
    if Filing.objects.filter(training_class=one.training_class_id, state__in=rules.OPEN).exclude(pk=one.pk).exists():
        refuse_if(rules.reasons_against_filing(1, is_open=True))
    one.state, one.seen_at, one.ended_at, one.failure, one.asked_by = S.WAITING, now, None, [], by
    one.save()
    _note("filing.asked", one, by, now, trainees=one.total - len(one.results))
    return one


def run_filing(*, filing_id: int) -> None:
    """Not one transaction: its progress is seen, and what was filed stays filed whatever stops it."""
    if not Filing.objects.filter(pk=filing_id, state=S.WAITING).update(state=S.RUNNING, seen_at=timezone.now()):
        return  # another worker has it
    one = Filing.objects.select_related("asked_by").get(pk=filing_id)
    try:
        if not one.asked_by.is_active:
            raise Forbidden("closed")
        for enrolment_id in queries.left_to_file(one.training_class_id):
            _file_next(filing_id, enrolment_id, timezone.now())
    except (Forbidden, NotFound):
        _end(filing_id, [reason("filing-forbidden", _("Your account may no longer claim for this class."))])
    except Exception:
        _end(filing_id, [reason("filing-broken", _("Something went wrong here; what was filed stays filed. Go on."))])
        raise
    else:
        _end(filing_id, [])


@transaction.atomic
def _file_next(filing_id: int, enrolment_id: int, now: datetime) -> None:
    """One trainee; what came of it is kept in the same transaction, so that nobody is filed for twice."""
    one = Filing.objects.select_for_update(of=("self",)).select_related("asked_by").get(pk=filing_id)
    if one.state != S.RUNNING or str(enrolment_id) in one.results:
        return
    one.results[str(enrolment_id)] = _outcome(one, enrolment_id, now)
    one.seen_at = now
    one.save(update_fields=["results", "seen_at"])


def _outcome(one: Filing, enrolment_id: int, now: datetime) -> dict[str, Any]:
    try:
        with transaction.atomic():
            claims, against = file_for(
                by=one.asked_by, class_id=one.training_class_id, enrolment_id=enrolment_id, now=now
            )
    except Refused as refused:  # the budget is used up, or somebody else claimed a moment ago
        return {"against": [one.kept() for one in refused.reasons]}
    if against:
        return {"against": [one.kept() for one in against]}
    return {"claim": claims[0].pk, "amount_fen": claims[0].amount_fen}


@transaction.atomic
def _end(filing_id: int, failure: list[Message]) -> None:
    one = Filing.objects.select_for_update(of=("self",)).select_related("asked_by").get(pk=filing_id)
    now = timezone.now()
    one.state, one.failure = S.FAILED if failure else S.DONE, [one.kept() for one in failure]
    one.seen_at = one.ended_at = now
    one.save(update_fields=["state", "failure", "seen_at", "ended_at"])
    filed = [kept for kept in one.results.values() if "claim" in kept]
    _note(
        "filing.ended", one, one.asked_by, now, claims=len(filed), trainees=len(one.results),
        amount_fen=sum(kept["amount_fen"] for kept in filed),
    )  # fmt: skip


def _note(kind: str, one: Filing, by: "Account", at: datetime, **data: Any) -> None:
    record(kind, one, by=by, at=at, region_code=one.region_code, institution_id=one.institution_id, **data)
