"""How a recovery is paid in parts, when it is given up, and when it is opened again (N6.4, N7.5, N14.1)."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from django.db import transaction
from django.utils.timezone import localdate

from rollbook.accounts.rules import Permission, authorise
from rollbook.directory.queries import terms_for
from rollbook.directory.rules import TermKey
from rollbook.funds import queries, rules
from rollbook.funds.actions.ledger import K, Posting, account, post
from rollbook.funds.models import Instalment, Plan, Recovery, Reopening, WriteOff, WriteOffSignature
from rollbook.journal.actions import record
from rollbook.kernel.messages import Message, _
from rollbook.kernel.money import plain
from rollbook.kernel.reasons import Refused, reason, refuse_if
from rollbook.persons import actions as persons
from rollbook.persons.rules import NoticeKind

if TYPE_CHECKING:
    from rollbook.accounts.models import Account

S, O = rules.RecoveryState, rules.OrderState  # noqa: E741


@transaction.atomic
def agree_plan(
    *, by: "Account", recovery_id: int, parts: Sequence[rules.Part], document: str, now: datetime
) -> Plan:  # fmt: skip
    """What is left is paid on these days; a plan of before ends. The last day is the recovery's."""
    one = queries.recovery(by, recovery_id, localdate(now), lock=True)
    authorise(by, Permission.LEDGER_WRITE, region_code=one.region_code)
    today = localdate(now)
    months = terms_for(one.region_code, today)[TermKey.PLAN_MONTHS]
    refuse_if(
        rules.reasons_against_plan(
            parts, left_fen=one.left_fen, state=one.state, today=today, months=months, document=document
        )
    )  # fmt: skip
    before = queries.plan_of(one.pk)
    assert one.due_on is not None  # noqa: S101 it was confirmed
    was_due_on = before.was_due_on if before else one.due_on
    if before is not None:
        before.ended_by, before.ended_at, before.why = by, now, document
        before.save()
    made = Plan.objects.create(recovery=one, document=document, was_due_on=was_due_on, made_by=by, made_at=now)
    until = one.settled_fen
    for number, part in enumerate(parts, 1):
        until += part.amount_fen
        Instalment.objects.create(
            plan=made, number=number, due_on=part.due_on, amount_fen=part.amount_fen, until_fen=until
        )
    one.due_on = parts[-1].due_on
    one.save(update_fields=["due_on"])
    _note("recovery.plan-agreed", one, by=by, at=now, parts=len(parts), until=str(one.due_on), document=document)
    return made


@transaction.atomic
def end_plan(*, by: "Account", recovery_id: int, why: str, now: datetime) -> Recovery:
    """A plan that is not kept ends: all that is left is due as before it."""
    one = queries.recovery(by, recovery_id, localdate(now), lock=True)
    authorise(by, Permission.LEDGER_WRITE, region_code=one.region_code)
    plan = queries.plan_of(one.pk)
    if plan is None:
        raise Refused(reason("no-plan", _("No plan is agreed here now."), "N6.4"))
    if not why.strip():
        raise Refused(reason("why", _("Say on what ground."), "N14.1"))
    plan.ended_by, plan.ended_at, plan.why = by, now, why
    plan.save()
    one.due_on = plan.was_due_on
    one.save(update_fields=["due_on"])
    _note("recovery.plan-ended", one, by=by, at=now, why=why, until=str(one.due_on))
    return one


@transaction.atomic
def remind(*, region_code: str, now: datetime) -> int:
    """Tell payers of instalments that fall due, and of those that did not come; each once. Gives how many."""
    days = terms_for(region_code, localdate(now))[TermKey.RECOVERY_REMIND_DAYS]
    soon = list(queries.to_remind(region_code, now, days).select_for_update(of=("self",)))
    late = list(queries.to_warn(region_code, now).select_for_update(of=("self",)))
    for part, kind in [*((one, NoticeKind.INSTALMENT) for one in soon), *((one, NoticeKind.OVERDUE) for one in late)]:
        name = "reminded_at" if kind == NoticeKind.INSTALMENT else "warned_at"
        setattr(part, name, now)
        part.save(update_fields=[name])
        recovery = part.plan.recovery
        missing = min(part.amount_fen, part.until_fen - recovery.settled_fen)
        persons.tell(
            person_id=recovery.line.person_id,
            organisation_id=recovery.line.organisation_id,
            kind=kind,
            was=plain(missing),
            is_now=str(part.due_on),
            now=now,
        )
        _note("recovery.reminded", recovery, by=None, at=now, amount_fen=missing, due_on=str(part.due_on))
    return len(soon) + len(late)


def cosigners_needed(one: WriteOff, now: datetime) -> dict[str, rules.Band]:
    """Which offices must sign besides, by the bands in force and all that is written off of the recovery with this: what
    is given up in parts is signed as if it were at once."""
    recovery = one.recovery
    bands = queries.bands_for(recovery.region_code, recovery.line.batch.fund, localdate(now))
    return rules.cosigners(bands, writeoff=recovery.written_off_fen + one.amount_fen)


def reasons_to_wait(one: WriteOff, now: datetime) -> list[Message]:
    signed = [hand.office for hand in one.signatures.all()]
    return list(rules.reasons_against_signatures(cosigners_needed(one, now), signed))


@transaction.atomic
def ask_write_off(
    *, by: "Account", recovery_id: int, ground: str, why: str, document: str, now: datetime, amount_fen: int | None = None
) -> WriteOff:  # fmt: skip
    """Finance asks to give up part of a recovery, or, where no amount is said, all that is left."""
    one = queries.recovery(by, recovery_id, localdate(now), lock=True)
    authorise(by, Permission.LEDGER_WRITE, region_code=one.region_code)
    amount_fen = one.left_fen if amount_fen is None else amount_fen
    refuse_if(
        rules.reasons_against_write_off(
            one.state, amount_fen=amount_fen, left_fen=one.left_fen, pending_fen=queries.pending_fen([one.pk]).get(one.pk, 0), ground=ground,
            why=why, document=document, asked=queries.write_offs_of(one.pk).filter(state=O.ASKED).exists(),
        )
    )  # fmt: skip
    made = WriteOff.objects.create(
        recovery=one, amount_fen=amount_fen, ground=ground, why=why, document=document, asked_by=by,
        asked_person_id=by.person_id, asked_at=now,
    )  # fmt: skip
    _note("recovery.write-off-asked", one, by=by, at=now, amount_fen=amount_fen, document=document, why=why)
    return made


def _hands(one: WriteOff, by: "Account") -> list[Message]:
    """Nobody has two hands in one write-off, by whatever account."""
    signed = list(one.signatures.all())
    people = [pk for pk in (one.asked_person_id, *(hand.person_id for hand in signed)) if pk is not None]
    accounts = [one.asked_by_id, *(hand.by_id for hand in signed)]
    return list(
        rules.reasons_against_second(
            one.state, people=people, accounts=accounts, person_id=by.person_id, account_id=by.pk
        )
    )


@transaction.atomic
def cosign_write_off(*, by: "Account", write_off_id: int, now: datetime) -> WriteOff:
    """One more signature, of an office that the sum asks for."""
    one = queries.write_off(by, write_off_id, lock=True)
    authorise(by, Permission.BATCH_COSIGN, region_code=one.recovery.region_code)
    found = _hands(one, by)
    if by.role not in cosigners_needed(one, now):
        found.append(reason("cosign-not-asked", _("The amount asks for no signature of your office."), "N14.1"))
    refuse_if(found)
    WriteOffSignature.objects.create(write_off=one, by=by, person_id=by.person_id, office=by.role, at=now)
    _note("recovery.write-off-cosigned", one.recovery, by=by, at=now, amount_fen=one.amount_fen)
    return one


@transaction.atomic
def decide_write_off(*, by: "Account", write_off_id: int, granted: bool, finding: str, now: datetime) -> WriteOff:
    """Another person of finance gives it up, and it stands in the books as written off; or refuses with a reason."""
    asked = queries.write_off(by, write_off_id)
    recovery = queries.recovery(by, asked.recovery_id, localdate(now), lock=True)
    one = queries.write_off(by, write_off_id, lock=True)
    authorise(by, Permission.BUDGET_CONFIRM, region_code=recovery.region_code)
    found = _hands(one, by)
    if not granted and not finding.strip():
        found.append(reason("why", _("Say on what ground."), "N14.1"))
    if granted:
        found += reasons_to_wait(one, now)
        pending = queries.pending_fen([recovery.pk]).get(recovery.pk, 0)
        if recovery.state != S.OPEN or one.amount_fen > recovery.left_fen - pending:
            text = _("Something came back or is being set off since it was asked; refuse this and have it asked anew.")
            found.append(reason("write-off-changed", text, "N14.1"))
    refuse_if(found)
    one.decided_by, one.decided_person_id, one.decided_at, one.finding = by, by.person_id, now, finding
    one.state = O.DONE if granted else O.REFUSED
    if granted:
        one.cosigners = sum(band.releasers for band in cosigners_needed(one, now).values())
        one.transaction_id = _moved(recovery, "write-off", K.PAID, K.WRITTEN_OFF, one.amount_fen, one.document, by, now)
    one.save()
    if granted:
        _stands(recovery, recovery.written_off_fen + one.amount_fen)
    kind = "recovery.written-off" if granted else "recovery.write-off-refused"
    _note(kind, recovery, by=by, at=now, amount_fen=one.amount_fen, document=one.document, why=finding)
    return one


def _stands(one: Recovery, written_off_fen: int) -> None:
    one.written_off_fen = written_off_fen
    one.state = rules.standing(one.amount_fen, received_fen=one.received_fen, written_off_fen=written_off_fen)
    one.save(update_fields=["written_off_fen", "state"])


def _moved(
    one: Recovery, kind: str, source: rules.AccountKind, target: rules.AccountKind, amount_fen: int, document: str,
    by: "Account", now: datetime,
) -> UUID:  # fmt: skip
    batch, key = one.line.batch, uuid4()
    place = (batch.fund, batch.region_code, batch.year)
    ends = account(source, *place), account(target, *place)
    post([Posting(key, kind, one.line.subject, *ends, amount_fen, document)], by=by, at=now)
    return key


@transaction.atomic
def reopen(*, by: "Account", recovery_id: int, document: str, why: str, now: datetime) -> Recovery:
    """All that was written off is to be paid back after all: it stands among the payments again."""
    one = queries.recovery(by, recovery_id, localdate(now), lock=True)
    authorise(by, Permission.LEDGER_WRITE, region_code=one.region_code)
    refuse_if(rules.reasons_against_reopening(one.written_off_fen, document, why))
    amount_fen = one.written_off_fen
    for given_up in queries.written_off(one.pk):
        key = _moved(one, "reopen", K.WRITTEN_OFF, K.PAID, given_up.amount_fen, document, by, now)
        Reopening.objects.create(write_off=given_up, document=document, why=why, by=by, at=now, transaction_id=key)
    _stands(one, 0)
    _note("recovery.reopened", one, by=by, at=now, amount_fen=amount_fen, document=document, why=why)
    return one


def _note(kind: str, one: Recovery, *, by: "Account | None", at: datetime, **data: Any) -> None:
    record(kind, one, by=by, at=at, region_code=one.region_code, **data)
