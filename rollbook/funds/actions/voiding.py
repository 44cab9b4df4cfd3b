"""An account was changed after approval: what was approved for the old one is void (N14.1)."""

from datetime import datetime

from django.db import transaction

from rollbook.funds import queries, rules
from rollbook.funds.actions.ledger import K, Posting, account, move, post
from rollbook.funds.actions.nettings import aside
from rollbook.funds.actions.signing import void
from rollbook.funds.models import BankFile, PaymentBatch, PaymentLine
from rollbook.journal.actions import record

M, S = rules.BatchMove, rules.BatchState


def account_changed(*, now: datetime, person_id: int | None = None, organisation_id: int | None = None) -> list[str]:
    """Void the approvals of every batch that would pay a payee to an account of before; gives their numbers.

    A batch that the bank was tried with is final: its outcome may be unknown, and it is never sent under
    another number."""
    payee = {"person_id": person_id, "organisation_id": organisation_id}
    found = [_void(batch_id, payee, now) for batch_id in queries.batches_to_void(queries.lines_to(**payee))]
    return [one for one in found if one]


@transaction.atomic
def _void(batch_id: int, of: dict[str, int | None], now: datetime) -> str:
    """Back to its maker: no check, no digest, no release; the money is reserved again, the line has the new account."""
    batch = PaymentBatch.objects.select_for_update().get(pk=batch_id)
    if batch.state not in (S.DRAFT, S.CHECKED, S.RELEASED) or batch.tried_at is not None:
        return ""
    payee = queries.payee_locked(**of)
    stale = list(queries.lines_to(**of).filter(batch_id=batch_id).exclude(bank_digest=payee.bank_digest))
    if not stale:
        return ""
    was = batch.state
    if was == S.RELEASED:
        _take_back(batch, now)
    for line in stale:
        PaymentLine.objects.filter(pk=line.pk).update(bank_digest=payee.bank_digest, bank_masked=payee.bank_masked)
    batch.state = rules.BATCHES.after(S(was), M.VOID)
    batch.checked_by = batch.checked_at = batch.released_by = batch.released_at = None
    batch.digest = ""
    batch.save()
    void(batch, now)
    record(
        "batch.voided", batch, by=None, at=now, region_code=batch.region_code, state=was,
        was=stale[0].bank_masked, now=payee.bank_masked, lines=len(stale),
    )  # fmt: skip
    return batch.number


def _take_back(batch: PaymentBatch, now: datetime) -> None:
    """The money that was to go is reserved again; the file is kept, and never offered; its references,
    which nobody got, are not used again."""
    reserved = account(K.RESERVED, batch.fund, batch.region_code, batch.year)
    transit = account(K.TRANSIT, batch.fund, batch.region_code, batch.year)
    lines = list(queries.lines_of(batch.pk))
    waiting = queries.pending([one.subject for one in lines], K.TRANSIT)
    post(
        [
            Posting(
                move(f"void {one.reference}"), "void", one.subject, transit, reserved, one.amount_fen,
                closes=waiting[one.subject].id, more=aside(one, back_to=reserved),
            )
            for one in lines
        ],
        by=None,
        at=now,
    )  # fmt: skip
    for one in lines:
        start, _mark, times = one.reference.partition("R")
        one.reference, one.state = f"{start}R{int(times or 0) + 1}", rules.LineState.WAITING
    PaymentLine.objects.bulk_update(lines, ["reference", "state"], batch_size=2000)
    BankFile.objects.filter(batch=batch, direction="out").update(direction="void")
