"""Working out again what was decided, and settling where it differs (B1, N14.1)."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.timezone import localdate

from rollbook.accounts.rules import Permission, authorise
from rollbook.funds import queries as funds
from rollbook.journal.actions import record
from rollbook.kernel.reasons import refuse_if
from rollbook.subsidies import queries, rules
from rollbook.subsidies.actions.proposals import keep_proposed
from rollbook.subsidies.models import Accuracy, Discrepancy, Recomputation

if TYPE_CHECKING:
    from rollbook.accounts.models import Account


@dataclass(slots=True)
class _Sums:
    claims: int = 0
    due_fen: int = 0
    paid_fen: int = 0


@transaction.atomic
def ask_recomputation(*, by: "Account", now: datetime) -> Recomputation:
    """Have the claims of the own region worked out again now, without waiting for the night."""
    authorise(by, Permission.STATISTICS_READ, region_code=by.region_code)
    run = Recomputation.objects.create(region_code=by.region_code, started_at=now, asked_by=by)
    record("recomputation.asked", run, by=by, at=now, region_code=by.region_code)
    return run


def recompute(*, region_code: str, now: datetime) -> Recomputation:
    """The nightly run over a region."""
    run = Recomputation.objects.create(region_code=region_code, started_at=now)
    return run_recomputation(run_id=run.pk, now=now)


def run_recomputation(*, run_id: int, now: datetime) -> Recomputation:
    """All live claims of a region: differences become discrepancies, and each county's sum of paid is held against
    its sum of due. A class is a transaction, so a stop loses nothing and another run finds the same."""
    run = Recomputation.objects.get(pk=run_id)
    if run.finished_at is not None:
        return run
    sums: dict[str, _Sums] = defaultdict(_Sums)
    for class_id in queries.classes_with_claims(run.region_code):
        _recompute_class(class_id, run, sums, now)
    _finish(run, sums, now)
    return run


@transaction.atomic
def _recompute_class(class_id: int, run: Recomputation, sums: dict[str, _Sums], now: datetime) -> None:
    year = localdate(now).year
    found = list(queries.recomputed(class_id))
    keep_proposed(found, now)
    back = funds.came_back({queries.subject_of(one.claim) for one in found})
    for one in found:
        _keep(one, now)
        claim = one.claim
        if one.basis == rules.Basis.STORED:
            run.claims += 1
        elif claim.state == rules.State.PAID and claim.paid_at and localdate(claim.paid_at).year == year:
            row = sums[claim.region_code]
            row.claims += 1
            row.due_fen += one.now_fen
            row.paid_fen += claim.amount_fen - back.get(queries.subject_of(claim), 0)


def _keep(one: "queries.Recomputed", now: datetime) -> None:
    """Open a discrepancy, see an open one again, or close one that is gone; what was settled so stays settled."""
    known = Discrepancy.objects.select_for_update().filter(claim=one.claim, basis=one.basis)
    open_one = known.filter(settled_at=None).first()
    if not one.differences:
        if open_one is not None:
            open_one.outcome, open_one.settled_at = rules.Outcome.GONE, now
            open_one.save(update_fields=["outcome", "settled_at"])
            _note("discrepancy.gone", open_one, by=None, at=now)
        return
    found = {"now_fen": one.now_fen, "differences": one.differences, "facts": [list(row) for row in one.facts]}
    if open_one is not None:
        for name, value in found.items():
            setattr(open_one, name, value)
        open_one.seen_at = now
        open_one.save()
        return
    last = known.order_by("-settled_at").first()
    if last and last.outcome != rules.Outcome.GONE and {name: getattr(last, name) for name in found} == found:
        return
    made = Discrepancy.objects.create(
        claim=one.claim, basis=one.basis, was_fen=one.claim.amount_fen, found_at=now, seen_at=now, **found
    )
    _note("discrepancy.found", made, by=None, at=now, was_fen=made.was_fen, now_fen=made.now_fen)


@transaction.atomic
def _finish(run: Recomputation, sums: dict[str, _Sums], now: datetime) -> None:
    today = localdate(now)
    rows = []
    for region_code, row in sorted(sums.items()):
        band = queries.band(region_code, today)
        rows.append(
            Accuracy(
                recomputation=run, region_code=region_code, year=today.year, claims=row.claims, due_fen=row.due_fen,
                paid_fen=row.paid_fen, least=band.least, most=band.most, document=band.document,
                is_out_of_band=rules.out_of_band(row.due_fen, row.paid_fen, band) is not None,
            )
        )  # fmt: skip
    Accuracy.objects.bulk_create(rows)
    run.discrepancies = queries.open_discrepancies(run.region_code)
    run.finished_at = now
    run.save()
    out = [one.region_code for one in rows if one.is_out_of_band]
    record(
        "recomputation.finished", run, by=run.asked_by, at=now, region_code=run.region_code, claims=run.claims,
        discrepancies=run.discrepancies, out_of_band=out,
    )  # fmt: skip


@transaction.atomic
def settle_discrepancy(*, by: "Account", discrepancy_id: int, outcome: str, finding: str, now: datetime) -> Discrepancy:
    """Say what came of a discrepancy: it stands, was put right, or money is to be recovered (N14.1)."""
    one = queries.discrepancy(by, discrepancy_id, lock=True)
    authorise(by, Permission.OBJECTION_SETTLE, region_code=one.claim.region_code)
    refuse_if(rules.reasons_against_settling(is_settled=one.settled_at is not None, outcome=outcome, finding=finding))
    one.outcome, one.finding, one.settled_by, one.settled_at = outcome, finding.strip(), by, now
    one.save(update_fields=["outcome", "finding", "settled_by", "settled_at"])
    _note("discrepancy.settled", one, by=by, at=now, outcome=outcome, finding=one.finding)
    return one


def _note(kind: str, one: Discrepancy, *, by: "Account | None", at: datetime, **data: Any) -> None:
    record(kind, one, by=by, at=at, region_code=one.claim.region_code, claim=one.claim_id, **data)
