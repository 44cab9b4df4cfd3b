"""Balances, and what waits where."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db.models import Q, QuerySet, Sum
from django.utils.timezone import localdate

from rollbook.accounts.rules import Permission, holds
from rollbook.funds import rules
from rollbook.funds.models import Closing, FundOrder, LedgerAccount, LedgerEntry, Transaction
from rollbook.kernel.reasons import NotFound
from rollbook.regions.rules import prefix

if TYPE_CHECKING:
    from rollbook.accounts.models import Account

READERS = (Permission.LEDGER_READ, Permission.BATCH_MAKE, Permission.BATCH_CHECK, Permission.BATCH_RELEASE)


def may_read(by: "Account") -> bool:
    return any(holds(by, one) for one in READERS)


def accounts_visible_to(by: "Account") -> QuerySet[LedgerAccount]:
    if not may_read(by):
        return LedgerAccount.objects.none()
    return LedgerAccount.objects.filter(region_code__startswith=prefix(by.region_code))


def balance_fen(account_id: int) -> int:
    return LedgerAccount.objects.values_list("balance_fen", flat=True).get(pk=account_id)


@dataclass(frozen=True, slots=True)
class Pending:
    """Money that waits in a holding account, and the transaction that put it there."""

    id: UUID
    account: LedgerAccount
    amount_fen: int


def pending(subjects: Collection[str], kind: rules.AccountKind) -> dict[str, Pending]:
    """For each subject, what waits for it in accounts of a kind and was not moved on; the oldest first."""
    found: dict[str, Pending] = {}
    rows = LedgerEntry.objects.filter(
        transaction__subject__in=subjects, account__kind=kind, amount_fen__gt=0, transaction__closed_by=None
    ).order_by("pk")
    waiting = list(rows.values_list("transaction__subject", "transaction_id", "account_id", "amount_fen"))
    accounts: dict[int, LedgerAccount] = LedgerAccount.objects.in_bulk({account for _s, _k, account, _a in waiting})
    for subject, key, account_id, amount in waiting:  # read once: others may post between two questions
        found.setdefault(subject, Pending(key, accounts[account_id], amount))
    return found


def balances(by: "Account", *, year: int | None = None, fund: str = "", region: str = "") -> list[dict[str, Any]]:
    """For each region, fund and year the account of each kind, newest year first; `region` with all within it."""
    found = accounts_visible_to(by)
    if year:
        found = found.filter(year=year)
    if fund:
        found = found.filter(fund=fund)
    if region:
        found = found.filter(region_code__startswith=prefix(region))
    rows: dict[tuple[int, str, str], dict[str, Any]] = {}
    for one in found.order_by("-year", "region_code", "fund"):
        row = rows.setdefault(
            (one.year, one.region_code, one.fund),
            {"year": one.year, "region_code": one.region_code, "fund": rules.Fund(one.fund), "accounts": {}},
        )
        row["accounts"][one.kind] = one
    return list(rows.values())


def years_of(by: "Account") -> list[int]:
    return sorted(set(accounts_visible_to(by).values_list("year", flat=True)), reverse=True)


def books(by: "Account", account_id: int) -> LedgerAccount:
    try:
        return accounts_visible_to(by).get(pk=account_id)
    except LedgerAccount.DoesNotExist:
        raise NotFound from None


def entries_of(account_id: int) -> QuerySet[LedgerEntry]:
    """What moved an account, newest first."""
    found = LedgerEntry.objects.filter(account_id=account_id).select_related(
        "transaction__by", "transaction__closed_by"
    )
    return found.order_by("-pk")


def open_items(accounts: "QuerySet[LedgerAccount]", today: date) -> dict[int, list[int]]:
    """For each holding account: the fen that wait in it, by age in days (30, 60, 90, older), and how many items."""
    rows = LedgerEntry.objects.filter(
        account__in=accounts, account__kind__in=rules.HOLDING, amount_fen__gt=0, transaction__closed_by=None
    ).values_list("account_id", "transaction__booked_on", "amount_fen")
    found: dict[int, list[int]] = {}
    for account_id, booked_on, amount in rows.iterator(chunk_size=5000):
        ages = found.setdefault(account_id, [0] * (len(rules.AGES) + 1))
        ages[rules.age_of((today - booked_on).days)] += amount
    return found


def transaction_of(by: "Account", transaction_id: UUID) -> Transaction:
    """A transaction of which at least one account is of the own region."""
    own = LedgerEntry.objects.filter(account__in=accounts_visible_to(by)).values("transaction_id")
    found = Transaction.objects.filter(pk=transaction_id, pk__in=own).select_related("by", "closes", "reverses").first()
    if found is None:
        raise NotFound
    return found


def sides_of(one: Transaction) -> tuple[LedgerAccount, LedgerAccount]:
    """From which account to which."""
    entries = list(one.entries.select_related("account").order_by("amount_fen"))
    return entries[0].account, entries[-1].account


def reversed_fen(one: Transaction) -> int:
    """How much of it was taken back."""
    found = LedgerEntry.objects.filter(transaction__reverses=one, amount_fen__gt=0)
    total: int = found.aggregate(sum=Sum("amount_fen", default=0))["sum"]
    return total


def freeze(by: "Account", transaction_id: UUID) -> Pending:
    """What a freeze holds back still."""
    one = transaction_of(by, transaction_id)
    found = pending([one.subject], rules.AccountKind.FROZEN).get(one.subject)
    if found is None or found.id != one.pk:
        raise NotFound
    return found


def orders_visible_to(by: "Account") -> QuerySet[FundOrder]:
    """What finance asked to do with budgets of the region, or for it."""
    if not may_read(by):
        return FundOrder.objects.none()
    own = prefix(by.region_code)
    found = FundOrder.objects.filter(Q(region_code__startswith=own) | Q(target_region__startswith=own))
    return found.select_related("asked_by", "decided_by").order_by("-pk")


def order(by: "Account", order_id: int, *, lock: bool = False) -> FundOrder:
    found = orders_visible_to(by).filter(pk=order_id)
    try:
        return (found.select_for_update(of=("self",)) if lock else found).get()
    except FundOrder.DoesNotExist:
        raise NotFound from None


def freezes_to_end(now: datetime) -> list[int]:
    """Freezes whose day has come and that hold money still."""
    over = FundOrder.objects.filter(
        kind=rules.OrderKind.FREEZE, until__lte=localdate(now), transaction__isnull=False, transaction__closed_by=None
    )
    return list(over.order_by("pk").values_list("pk", flat=True))


def closings_visible_to(by: "Account") -> QuerySet[Closing]:
    if not may_read(by):
        return Closing.objects.none()
    found = Closing.objects.filter(region_code__startswith=prefix(by.region_code))
    return found.select_related("closed_by").order_by("-month", "region_code", "fund")


def closed_months(region_code: str, fund: str) -> set[date]:
    return set(Closing.objects.filter(region_code=region_code, fund=fund).values_list("month", flat=True))
