"""Payments that the bank has not answered for: asked about, never sent again, at last settled by two people (N16.3)."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.utils.timezone import localdate

from rollbook.accounts.rules import Permission, authorise
from rollbook.directory.queries import terms_for
from rollbook.directory.rules import TermKey
from rollbook.funds import adapters, files, queries, rules
from rollbook.funds.actions.payments import settle
from rollbook.funds.models import PaymentBatch, PaymentLine, Resolution
from rollbook.journal.actions import record
from rollbook.kernel.messages import _
from rollbook.kernel.reasons import Refused, reason, refuse_if

if TYPE_CHECKING:
    from rollbook.accounts.models import Account

State, PATIENCE = rules.OrderState, 3


def ask_outcomes(*, batch_id: int, now: datetime) -> int:
    """Ask the bank about each payment of a batch that it has not answered for; gives how many it answered. Outside
    any transaction, for the bank may be slow."""
    batch = PaymentBatch.objects.get(pk=batch_id)
    answered = silent = 0
    for line in queries.unanswered(batch_id):
        said = adapters.outcome_of(batch.number, line.reference)
        if said is None:
            silent += 1
            if silent == PATIENCE:
                break
            continue
        silent, back = 0, _back(line, said["status"], said.get("bank_reference", ""), said.get("failure", ""))
        with transaction.atomic():
            answered += settle(batch_id, [back], now=now)
    return answered


def _back(line: PaymentLine, status: str, bank_reference: str, failure: str) -> files.Back:
    return files.Back(line.reference, line.amount_fen, status, bank_reference[:64], failure[:128])


@transaction.atomic
def ask_resolution(*, by: "Account", line_id: int, outcome: str, evidence: str, now: datetime) -> Resolution:
    """Say what became of a payment that the bank does not answer for, by a paper of the bank's."""
    line = queries.line_of(by, line_id, lock=True)
    authorise(by, Permission.BATCH_CHECK, region_code=line.batch.region_code)
    hours = terms_for(line.batch.region_code, localdate(now))[TermKey.ANSWER_HOURS]
    found = list(
        rules.reasons_against_resolution(
            line.state, sent_at=line.batch.sent_at, now=now, hours=hours, evidence=evidence
        )
    )
    if outcome not in ("paid", "failed"):
        found.append(reason("outcome", _("Say whether it was paid or refused."), "N14.1"))
    refuse_if(found)
    try:
        with transaction.atomic():
            one = Resolution.objects.create(
                line=line, outcome=outcome, evidence=evidence, asked_by=by, asked_person_id=by.person_id, asked_at=now
            )
    except IntegrityError as error:
        raise Refused(reason("asked-before", _("This was asked before and waits to be decided."), "N14.1")) from error
    record(
        "payment.resolution-asked", line, by=by, at=now, region_code=line.batch.region_code, outcome=outcome,
        document=evidence,
    )  # fmt: skip
    return one


@transaction.atomic
def decide_resolution(*, by: "Account", resolution_id: int, granted: bool, finding: str, now: datetime) -> Resolution:
    """Another person confirms it, and the payment is settled so, or refuses."""
    one = queries.resolution(by, resolution_id)
    line = queries.line_of(by, one.line_id, lock=True)
    authorise(by, Permission.BATCH_RELEASE, region_code=line.batch.region_code)
    found = []
    if one.state != State.ASKED:
        found.append(reason("decided", _("This is decided already."), "N14.1"))
    same = one.asked_person_id is not None and one.asked_person_id == by.person_id
    if one.asked_by_id == by.pk or same:
        found.append(reason("same-person", _("Another person than who asked must decide."), "N14.1"))
    if not granted and not finding.strip():
        found.append(reason("why", _("Say on what ground."), "N14.1"))
    refuse_if(found)
    one.decided_by, one.decided_person_id, one.decided_at, one.finding = by, by.person_id, now, finding
    one.state = State.DONE if granted else State.REFUSED
    one.save()
    record(
        "payment.resolution-decided", line, by=by, at=now, region_code=line.batch.region_code, outcome=one.outcome,
        granted=granted, why=finding,
    )  # fmt: skip
    if granted:
        status = "PAID" if one.outcome == "paid" else "FAIL"
        if not settle(line.batch_id, [_back(line, status, "", one.evidence)], now=now):
            raise Refused(
                reason("answered", _("The bank has answered for this payment, or does not have it yet."), "N14.1")
            )
    return one
