"""The ledger: money moves only by balanced transactions, each with its maker's own id."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID, uuid4, uuid5

from django.db import IntegrityError, transaction

from rollbook.accounts.rules import Permission, authorise
from rollbook.funds import queries, rules
from rollbook.funds.models import LedgerAccount, LedgerEntry, Transaction
from rollbook.journal.actions import record
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import Refused, reason

if TYPE_CHECKING:
    from rollbook.accounts.models import Account

K = rules.AccountKind
NAMESPACE = UUID("5f1c1f5e-6f0d-4c1b-9a55-0d7c6c1f2a10")


@dataclass(frozen=True, slots=True)
class Posting:
    """Money from one account to another for one subject; amounts in fen, always positive."""

    id: UUID
    kind: str
    subject: str
    source: LedgerAccount
    target: LedgerAccount
    amount_fen: int
    document: str = ""


def move(name: str) -> UUID:
    """The id of a movement that can happen once only, such as "reserve subsidies.Claim:3": doing
    it twice is the same transaction, which the primary key refuses."""
    return uuid5(NAMESPACE, name)


def account(kind: rules.AccountKind, fund: str, region_code: str, year: int) -> LedgerAccount:
    """The account for a purpose, made when it is first needed."""
    found, _made = LedgerAccount.objects.get_or_create(kind=kind, fund=fund, region_code=region_code, year=year)
    return found


def post(postings: Sequence[Posting], *, by: "Account | None", at: datetime) -> None:
    """Write transactions, all or none. What overdraws an account, or was posted before, is refused
    by the database and explained here."""
    try:
        with transaction.atomic():
            Transaction.objects.bulk_create(
                Transaction(id=one.id, kind=one.kind, subject=one.subject, at=at, by=by, document=one.document)
                for one in postings
            )
            LedgerEntry.objects.bulk_create(
                entry
                for one in postings
                for entry in (
                    LedgerEntry(transaction_id=one.id, account=one.source, amount_fen=-one.amount_fen),
                    LedgerEntry(transaction_id=one.id, account=one.target, amount_fen=one.amount_fen),
                )
            )
    except IntegrityError as error:
        raise Refused(_explained(error, postings)) from error


def _explained(error: IntegrityError, postings: Sequence[Posting]) -> Message:
    name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", "") or ""
    if name == "account_is_not_overdrawn":
        left = queries.balance_fen(postings[0].source.pk)
        text = _("The budget has {left} yuan left; {asked} yuan are asked for.")
        asked = sum(one.amount_fen for one in postings)
        return reason("over-budget", text, "N12.1", left=left // 100, asked=asked // 100)
    return reason("posted-before", _("This movement of money was posted before."), "N14.1")


@transaction.atomic
def set_budget(
    *, by: "Account", region_code: str, fund: str, year: int, amount_fen: int, document: str, now: datetime
) -> None:
    """Add to the budget of a region, fund and year (N12.1)."""
    authorise(by, Permission.BUDGET_SET, region_code=region_code)
    if amount_fen <= 0 or not document.strip():
        raise Refused(reason("budget", _("Give an amount above zero and the document that grants it."), "N12.1"))
    rules.Fund(fund)
    treasury, budget = account(K.TREASURY, fund, region_code, year), account(K.BUDGET, fund, region_code, year)
    one = Posting(uuid4(), "budget", f"funds.LedgerAccount:{budget.pk}", treasury, budget, amount_fen, document)
    post([one], by=by, at=now)
    record("budget.set", budget, by=by, at=now, region_code=region_code, amount_fen=amount_fen, document=document)


def reserve(
    *, by: "Account | None", subject: str, region_code: str, fund: str, year: int, amount_fen: int, now: datetime,
    times: int = 0,
) -> None:  # fmt: skip
    """Set money of the budget aside for a subject; within the caller's transaction."""
    budget, reserved = account(K.BUDGET, fund, region_code, year), account(K.RESERVED, fund, region_code, year)
    post([Posting(move(f"reserve {subject} {times}"), "reserve", subject, budget, reserved, amount_fen)], by=by, at=now)


def release(*, by: "Account | None", subject: str, now: datetime, times: int = 0) -> None:
    """Give back what was set aside for a subject."""
    found = queries.reservation(subject)
    if found is None:
        return
    reserved, amount_fen = found
    budget = account(K.BUDGET, reserved.fund, reserved.region_code, reserved.year)
    post([Posting(move(f"release {subject} {times}"), "release", subject, reserved, budget, amount_fen)], by=by, at=now)
