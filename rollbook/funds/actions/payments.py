"""Payment batches: prepared, checked and released by three people, paid by the bank (N14.1, N16.3)."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, connection, transaction
from django.utils.timezone import localdate, localtime

from rollbook.accounts.rules import Permission, authorise
from rollbook.directory.queries import terms_for
from rollbook.directory.rules import TermKey
from rollbook.funds import adapters, files, queries, rules
from rollbook.funds.actions.ledger import K, Posting, account, move, post
from rollbook.funds.actions.nettings import aside, enter, netting_back, set_off
from rollbook.funds.actions.signing import (
    digest_of,
    needed,
    reasons_against_cosigners,
    reasons_against_hands,
    sign,
    void,
)
from rollbook.funds.actions.statements import compare
from rollbook.funds.actions.stops import reasons_stopped
from rollbook.funds.models import BankFile, Netting, PaymentBatch, PaymentLine
from rollbook.journal.actions import record
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import Refused, reason, refuse_if
from rollbook.persons import queries as persons

if TYPE_CHECKING:
    from rollbook.accounts.models import Account
    from rollbook.funds.models import LedgerAccount

M, S = rules.BatchMove, rules.BatchState
NUMBERING = 7303  # the number of the lock


@dataclass(frozen=True, slots=True)
class LineDraft:
    """One payment to be: for a subject, an amount in fen, to a person or to an organisation in their place (N16.2)."""

    subject: str
    person_id: int
    amount_fen: int
    organisation_id: int | None = None


def _note(kind: str, batch: PaymentBatch, *, by: "Account | None", at: datetime, **data: Any) -> None:
    record(kind, batch, by=by, at=at, region_code=batch.region_code, **data)


def reasons_to_hold(batch: PaymentBatch, now: datetime) -> list[Message]:
    """Why no money of a batch may leave at this time: its accounts, its signatures, those still missing."""
    terms = terms_for(batch.region_code, localdate(now))
    days, hours = terms[TermKey.OWNERSHIP_DAYS], terms[TermKey.PAYEE_HOLD_HOURS]
    payees = queries.payees_of(batch.pk)
    found = list(rules.reasons_against_payees(payees, now=localtime(now), days=days, hours=hours))
    return [*found, *reasons_stopped(batch), *reasons_against_hands(batch), *reasons_against_cosigners(batch, now)]


@transaction.atomic
def make_batch(
    *, by: "Account", region_code: str, fund: str, year: int, lines: Sequence[LineDraft], now: datetime
) -> PaymentBatch:
    """Put approved payments together; each subject has one live payment at most. What their payees have to pay back
    to the same fund of the region is set off, as far as its terms allow (N6.4)."""
    authorise(by, Permission.BATCH_MAKE, region_code=region_code)
    people = persons.by_ids([one.person_id for one in lines])
    firms = persons.organisations_by_ids({one.organisation_id for one in lines if one.organisation_id})
    payees = [firms[one.organisation_id] if one.organisation_id else people[one.person_id] for one in lines]
    found = [
        reason("no-account", _("{name} has no bank account on record."), "N16.3", name=name)
        for name in dict.fromkeys(one.name for one in payees if not one.bank_digest)
    ]
    if not lines:
        found.append(reason("no-lines", _("Choose at least one approved claim.")))
    refuse_if(found)
    start = f"PB{region_code}{localdate(now):%Y%m%d}"
    with connection.cursor() as cursor:  # whoever else of the region prepares one now is counted
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [NUMBERING, int(region_code)])
    batch = PaymentBatch.objects.create(
        number=f"{start}-{PaymentBatch.objects.filter(number__startswith=start).count() + 1:03}",
        region_code=region_code,
        fund=fund,
        year=year,
        made_by=by,
        made_at=now,
    )
    made = [
        PaymentLine(
            batch=batch,
            number=n,
            subject=one.subject,
            person_id=one.person_id,
            organisation_id=one.organisation_id,
            payee_name=payee.name,
            bank_masked=payee.bank_masked,
            bank_digest=payee.bank_digest,
            amount_fen=one.amount_fen,
            reference=f"{batch.number[2:]}-{n:05}".replace("-", ""),
        )
        for n, (one, payee) in enumerate(zip(lines, payees, strict=True), 1)
    ]
    nettings = set_off(batch, made, now)
    try:
        with transaction.atomic():
            PaymentLine.objects.bulk_create(made)
            Netting.objects.bulk_create(nettings)
    except IntegrityError as error:
        text = _("One of these claims is in another payment that is not finished.")
        raise Refused(reason("paying-already", text, "N14.1")) from error
    sign(batch, rules.Step.MAKE, by=by, now=now)
    _note(
        "batch.made", batch, by=by, at=now, people=len(lines), sum_fen=sum(one.amount_fen for one in lines),
        netted_fen=sum(one.amount_fen for one in nettings),
    )  # fmt: skip
    return batch


def _moved(by: "Account", batch_id: int, permission: Permission, what: rules.BatchMove) -> PaymentBatch:
    batch = queries.get(by, batch_id, lock=True)
    authorise(by, permission, region_code=batch.region_code)
    batch.state = rules.BATCHES.after(S(batch.state), what)
    return batch


@transaction.atomic
def check_batch(*, by: "Account", batch_id: int, now: datetime) -> PaymentBatch:
    """Finance confirms the lines as they are: they are sealed by their digest from now on."""
    batch = _moved(by, batch_id, Permission.BATCH_CHECK, M.CHECK)
    text = _("Account {account} would receive for several payees.")
    shared = [reason("shared-account", text, "N14.1", account=one) for one in queries.shared_accounts(batch.pk)]
    if batch.made_by_id == by.pk:
        shared.append(reason("same-person", _("Another person than who asked must decide."), "N14.1"))
    refuse_if([*shared, *reasons_against_hands(batch)])
    lines = queries.lines_of(batch.pk)
    changed = [one.payee_name for one in lines if queries.payee_of(one).bank_digest != one.bank_digest]
    text = _("{name} has another account since the batch was prepared; prepare it anew.")
    refuse_if(reason("account-changed", text, "N14.1", name=name) for name in dict.fromkeys(changed))
    batch.checked_by, batch.checked_at, batch.digest = by, now, digest_of(batch)
    batch.save()
    sign(batch, rules.Step.CHECK, by=by, now=now)
    _note("batch.checked", batch, by=by, at=now, digest=batch.digest)
    return batch


@transaction.atomic
def return_batch(*, by: "Account", batch_id: int, why: str, now: datetime) -> PaymentBatch:
    batch = _moved(by, batch_id, Permission.BATCH_RELEASE, M.RETURN)
    batch.checked_by, batch.checked_at, batch.digest = None, None, ""
    batch.save()
    void(batch, now, steps=(rules.Step.CHECK, rules.Step.COSIGN))
    _note("batch.returned", batch, by=by, at=now, why=why)
    return batch


@transaction.atomic
def cancel_batch(*, by: "Account", batch_id: int, now: datetime) -> PaymentBatch:
    """Give a batch up before it is checked; its claims may be paid in another."""
    batch = _moved(by, batch_id, Permission.BATCH_MAKE, M.CANCEL)
    batch.lines.update(state=rules.LineState.CORRECTED)
    batch.save()
    _note("batch.returned", batch, by=by, at=now, cancelled=True)
    return batch


@transaction.atomic
def release_batch(*, by: "Account", batch_id: int, now: datetime) -> PaymentBatch:
    """The third person lets the money go: from reserved to in transit, and the bank's file is made."""
    batch = _moved(by, batch_id, Permission.BATCH_RELEASE, M.RELEASE)
    found = []
    if by.pk in (batch.made_by_id, batch.checked_by_id):
        found.append(reason("same-person", _("Another person than who asked must decide."), "N14.1"))
    if digest_of(batch) != batch.digest:
        found.append(reason("batch-changed", _("The batch is no longer what finance checked."), "N14.1"))
    queries.lock_payees(queries.lines_of(batch.pk))  # nobody changes an account meanwhile
    found += reasons_to_hold(batch, now)
    refuse_if(found)
    sign(batch, rules.Step.RELEASE, by=by, now=now)
    batch.released_by, batch.released_at = by, now
    batch.cosigners = sum(one.releasers for one in needed(batch, now).values())
    batch.save()
    lines = list(queries.lines_of(batch.pk))
    reserved = account(K.RESERVED, batch.fund, batch.region_code, batch.year)
    transit = account(K.TRANSIT, batch.fund, batch.region_code, batch.year)
    post(_postings("pay", lines, reserved, transit), by=by, at=now)
    accounts = persons.unsealed_for_payment([one.person_id for one in lines if one.organisation is None])
    firms = {one.organisation for one in lines if one.organisation}
    own = {one.pk: persons.unsealed_organisation(one)["bank_account"] for one in firms}
    to = [own[one.organisation_id] if one.organisation_id else accounts[one.person_id] for one in lines]
    out = [
        files.Out(one.reference, one.payee_name, account, one.amount_fen)
        for one, account in zip(lines, to, strict=True)
    ]
    content = files.write_out(batch.number, out)
    BankFile.objects.create(
        batch=batch, direction="out", name=f"{batch.number}.OUT", at=now, content=content,
        sha256=hashlib.sha256(content).hexdigest(),
    )  # fmt: skip
    PaymentLine.objects.filter(batch=batch).update(state=rules.LineState.SENT)
    _note("batch.released", batch, by=by, at=now, people=len(lines))
    return batch


def _postings(
    kind: str, lines: Sequence[PaymentLine], source: "LedgerAccount", target: "LedgerAccount"
) -> list[Posting]:
    """Each line's money moves on from where it waits."""
    waiting = queries.pending([one.subject for one in lines], K(source.kind))
    if missing := [one for one in lines if one.subject not in waiting]:
        text = _("No money is set aside for payment {number} of the batch.")
        raise Refused(reason("not-reserved", text, "N12.1", number=missing[0].number))
    return [
        Posting(
            move(f"{kind} {one.reference}"), kind, one.subject, source, target, one.amount_fen,
            closes=waiting[one.subject].id, more=aside(one) if kind == "pay" else aside(one, back_to=target),
        )
        for one in lines
    ]  # fmt: skip


def send_batch(*, batch_id: int, now: datetime) -> bool:
    """Hand the file to the bank. When the line breaks the outcome is unknown, so the same number is
    handed over again later: the bank takes a number once."""
    with transaction.atomic():
        batch = PaymentBatch.objects.select_for_update().get(pk=batch_id)
        if batch.state != S.RELEASED:
            return False
        if batch.tried_at is None and queries.payees_changed(batch.pk):
            return False  # its approvals are about to be void
        batch.tried_at = batch.tried_at or now
        batch.save()
        content = bytes(queries.out_file(batch_id).content)
    if not adapters.hand_over(batch.number, content):
        return False
    with transaction.atomic():
        batch = PaymentBatch.objects.select_for_update().get(pk=batch_id)
        batch.state, batch.sent_at = rules.BATCHES.after(S(batch.state), M.SEND), now
        batch.save()
        _note("batch.sent", batch, by=None, at=now)
    return True


@transaction.atomic
def take_return(*, batch_id: int, content: bytes, now: datetime) -> int:
    """Take a return file of the bank: whole, partial or late; the same one counts once.

    Gives how many payments it settled. A payment that the bank has answered keeps its answer.
    """
    batch = PaymentBatch.objects.select_for_update().get(pk=batch_id)
    digest = hashlib.sha256(content).hexdigest()
    if BankFile.objects.filter(sha256=digest, direction="return").exists():
        return 0
    lines = {one.reference: one for one in batch.lines.select_for_update().order_by("pk")}
    backs = files.read_back(content, batch.number, {name: one.amount_fen for name, one in lines.items()})
    said = {rules.LineState.PAID: "PAID", rules.LineState.FAILED: "FAIL", rules.LineState.CORRECTED: "FAIL"}
    text = _("“{reference}” was answered otherwise before; ask the bank.")
    refuse_if(
        reason("bank-contradiction", text, "N14.1", reference=one.reference)
        for one in backs
        if lines[one.reference].state != rules.LineState.SENT
        and said.get(rules.LineState(lines[one.reference].state)) != one.status
    )
    BankFile.objects.update_or_create(
        sha256=digest,
        defaults={"batch": batch, "direction": "return", "name": f"{batch.number}.RET", "content": content, "at": now},
    )
    return settle(batch.pk, backs, now=now)


def settle(batch_id: int, backs: Sequence[files.Back], *, now: datetime) -> int:
    """What the bank said of payments: each moves once, and a payment that was answered keeps its answer. Gives how
    many moved; within the caller's transaction."""
    batch = PaymentBatch.objects.select_for_update().get(pk=batch_id)
    lines = {one.reference: one for one in batch.lines.select_for_update().order_by("pk")}
    fresh = [one for one in backs if lines[one.reference].state == rules.LineState.SENT]
    if fresh:
        _settle(batch, fresh, lines, now)
        if said := queries.last_statement(batch.region_code):
            compare(said, [one.reference for one in fresh], now)
    if not batch.lines.filter(state=rules.LineState.SENT).exists() and batch.state == S.SENT:
        batch.state, batch.settled_at = rules.BATCHES.after(S(batch.state), M.SETTLE), now
        batch.save()
        _note("batch.settled", batch, by=None, at=now)
    return len(fresh)


@transaction.atomic
def keep_refused(*, batch_id: int, content: bytes, why: str, now: datetime) -> bool:
    """A return that was refused is kept as evidence, once; gives whether it is new."""
    digest = hashlib.sha256(content).hexdigest()
    if BankFile.objects.filter(sha256=digest).exists():
        return False
    batch = PaymentBatch.objects.get(pk=batch_id)
    BankFile.objects.create(
        batch=batch, direction="refused", name=f"{batch.number}.RET", sha256=digest, content=content, at=now
    )
    _note("batch.return-refused", batch, by=None, at=now, why=why[:500])
    return True


@transaction.atomic
def upload_return(*, by: "Account", batch_id: int, content: bytes, now: datetime) -> int:
    """Take a return that came on another way than the line to the bank."""
    batch = queries.get(by, batch_id)
    authorise(by, Permission.BATCH_RELEASE, region_code=batch.region_code)
    return take_return(batch_id=batch.pk, content=content, now=now)


def _settle(batch: PaymentBatch, backs: Sequence[files.Back], lines: dict[str, PaymentLine], now: datetime) -> None:
    transit = account(K.TRANSIT, batch.fund, batch.region_code, batch.year)
    paid = account(K.PAID, batch.fund, batch.region_code, batch.year)
    reserved = account(K.RESERVED, batch.fund, batch.region_code, batch.year)
    said: dict[str, list[PaymentLine]] = {"PAID": [], "FAIL": []}
    for back in backs:
        line = lines[back.reference]
        line.state = rules.LineState.PAID if back.status == "PAID" else rules.LineState.FAILED
        line.bank_reference, line.failure, line.returned_at = back.bank_reference, back.failure, now
        said[back.status].append(line)
    PaymentLine.objects.bulk_update(
        [one for found in said.values() for one in found],
        ["state", "bank_reference", "failure", "returned_at"],
        batch_size=2000,
    )
    postings = _postings("settle", said["PAID"], transit, paid) + _postings("fail", said["FAIL"], transit, reserved)
    netted = netting_back(said["PAID"], now)
    post([*postings, *(moved for one in netted for moved in one.postings)], by=None, at=now)  # in one order of accounts
    for one in netted:
        enter(one, by=None, now=now)
    _note(
        "batch.return-taken", batch, by=None, at=now,
        paid=sum(one.status == "PAID" for one in backs), failed=sum(one.status == "FAIL" for one in backs),
    )  # fmt: skip
    for back in backs:
        kind = "payment.paid" if back.status == "PAID" else "payment.failed"
        record(kind, lines[back.reference], by=None, at=now, region_code=batch.region_code, failure=back.failure)


@transaction.atomic
def supersede(*, subject: str) -> None:
    """A refused payment whose account was corrected: another may follow for the same subject."""
    PaymentLine.objects.filter(subject=subject, state=rules.LineState.FAILED).update(state=rules.LineState.CORRECTED)
