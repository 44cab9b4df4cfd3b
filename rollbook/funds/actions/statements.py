"""The bank's statements beside the ledger, day by day (quality.md: ledger = statement + in transit)."""

import hashlib
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.utils.timezone import localdate

from rollbook.accounts.rules import Permission, authorise
from rollbook.funds import files, queries, rules
from rollbook.funds.models import BankStatement, Difference, PaymentLine, StatementLine
from rollbook.journal.actions import record
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import Refused, reason, refuse_if

if TYPE_CHECKING:
    from rollbook.accounts.models import Account

State = rules.DifferenceState


@transaction.atomic
def take_statement(*, content: bytes, now: datetime, by: "Account | None" = None) -> BankStatement:
    """Take the statement of a day, once, and compare it with the ledger: what differs is kept until it is settled."""
    region_code, day = files.statement_of(content)
    if by is not None:
        authorise(by, Permission.BATCH_RELEASE, region_code=region_code)
    if day >= localdate(now):
        raise Refused(reason("day-not-over", _("A statement is of a day that is over."), "N14.1"))
    moved = files.read_statement(content)
    try:
        with transaction.atomic():
            one = BankStatement.objects.create(
                region_code=region_code, day=day, sha256=hashlib.sha256(content).hexdigest(), content=content,
                out_fen=_sum(moved, "OUT"), in_fen=_sum(moved, "IN"), taken_at=now, taken_by=by,
            )  # fmt: skip
            StatementLine.objects.bulk_create(
                [
                    StatementLine(
                        statement=one, number=n, bank_reference=row.bank_reference, batch_number=row.batch,
                        reference=row.reference, direction=row.direction.lower(), amount_fen=row.amount_fen,
                    )
                    for n, row in enumerate(moved, 1)
                ],
                batch_size=5000,
            )  # fmt: skip
    except IntegrityError as error:
        raise Refused(_explained(error, str(day))) from error
    found = compare(one, queries.to_compare(one), now)
    record("statement.taken", one, by=by, at=now, region_code=region_code, rows=len(moved), differences=found)
    return one


def _explained(error: IntegrityError, day: str) -> Message:
    name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", "") or ""
    if "bank_reference" in name:
        text = _("A movement of this statement stands in another statement already.")
        return reason("movement-twice", text, "N14.1")
    return reason("statement-there", _("The statement of {day} was taken already."), "N14.1", day=day)


def _sum(moved: Iterable[files.Moved], direction: str) -> int:
    return sum(one.amount_fen for one in moved if one.direction == direction)


def compare(one: BankStatement, names: Collection[str], now: datetime) -> int:
    """Keep what differs as of a statement, close what the bank made good since; gives how much is new. Within the
    caller's transaction."""
    lines = {row.reference: row for row in PaymentLine.objects.filter(reference__in=names).select_for_update()}
    known = {
        row.reference: row
        for row in Difference.objects.select_for_update()
        .filter(region_code=one.region_code, reference__in=names)
        .exclude(state=State.SETTLED)
    }
    new = 0
    explained = set(
        Difference.objects.filter(region_code=one.region_code, reference__in=names, state=State.SETTLED).values_list(
            "reference", "ledger_fen", "bank_fen"
        )
    )
    for name, both in queries.compared(one.region_code, one.day, names).items():
        kind, old = rules.difference(both), known.get(name)
        if kind is None and old is not None:
            old.state, old.settled_at = State.SETTLED, now
            old.outcome = f"{one.day} {old.bank_fen} → {both.bank_fen}"
            old.save()
            record(
                "difference.made-good", old, by=None, at=now, region_code=one.region_code, was=old.bank_fen,
                now=both.bank_fen,
            )  # fmt: skip
        if kind is None or (name, both.ledger_fen, both.bank_fen) in explained:
            continue
        values = {"kind": kind, "ledger_fen": both.ledger_fen, "bank_fen": both.bank_fen}
        if old is not None:
            Difference.objects.filter(pk=old.pk).update(**values)
            continue
        made = Difference.objects.create(
            region_code=one.region_code, day=one.day, reference=name, line=lines.get(name), found_at=now, **values
        )
        record(
            "difference.found", made, by=None, at=now, region_code=one.region_code, what=kind,
            amount_fen=both.bank_fen - both.ledger_fen,
        )  # fmt: skip
        new += 1
    return new


@transaction.atomic
def own_difference(*, by: "Account", difference_id: int, outcome: str, now: datetime) -> Difference:
    """Look into a difference and write down what was found."""
    one = queries.difference(by, difference_id)
    authorise(by, Permission.LEDGER_WRITE, region_code=one.region_code)
    found = []
    if one.state == State.SETTLED:
        found.append(reason("decided", _("This is decided already."), "N14.1"))
    if not outcome.strip():
        found.append(reason("outcome", _("Write down what was found and how it was made good."), "N14.1"))
    refuse_if(found)
    one.owner, one.outcome, one.state = by, outcome, State.OWNED
    one.save()
    record("difference.owned", one, by=by, at=now, region_code=one.region_code, why=outcome)
    return one


@transaction.atomic
def settle_difference(*, by: "Account", difference_id: int, now: datetime) -> Difference:
    """A second person agrees with what was found: the difference is explained."""
    one = queries.difference(by, difference_id)
    authorise(by, Permission.LEDGER_WRITE, region_code=one.region_code)
    found = list(rules.reasons_against_settling(owner_id=one.owner_id, by_id=by.pk, outcome=one.outcome))
    if one.state == State.SETTLED:
        found.append(reason("decided", _("This is decided already."), "N14.1"))
    refuse_if(found)
    one.settled_by, one.settled_at, one.state = by, now, State.SETTLED
    one.save()
    record("difference.settled", one, by=by, at=now, region_code=one.region_code, why=one.outcome)
    return one
