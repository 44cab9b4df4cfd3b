"""Budgets and balances, the books behind them, and what two people do with them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from rollbook.accounts.rules import Permission, holds
from rollbook.funds import actions, forms, queries, rules
from rollbook.funds.views.payments import reader
from rollbook.kernel.messages import _
from rollbook.kernel.money import plain
from rollbook.regions.queries import choices as regions
from rollbook.regions.queries import name_of
from rollbook.regions.rules import part_of
from rollbook.web.actions import note_export
from rollbook.web.exports import Table, workbook
from rollbook.web.forms import cleaned, sent
from rollbook.web.lists import Filter, listing, narrowed
from rollbook.web.views import exported
from rollbook.web.words import said

if TYPE_CHECKING:
    from rollbook.funds.models import LedgerAccount, LedgerEntry
    from rollbook.web.requests import Request

P, K = Permission, rules.AccountKind
SHOWN = (K.BUDGET, K.FROZEN, K.RESERVED, K.TRANSIT, K.NETTING, K.PAID, K.WRITTEN_OFF)
BALANCE_COLUMNS = (
    _("Region"), _("Fund"), _("Year"), _("Granted"), _("Available budget"), _("Frozen"), _("Reserved for claims"),
    _("In transit at the bank"), _("Being set off"), _("Paid out"), _("Written off"), _("Open up to 30 days"), _("Open 31 to 60 days"),
    _("Open 61 to 90 days"), _("Open over 90 days"),
)  # fmt: skip
BOOK_SEARCH = ("transaction__subject", "transaction__document", "transaction__kind")
ENTRY_COLUMNS = (_("Day"), _("Movement"), _("What for"), _("Document"), _("Amount"), _("Who"), _("Transaction"))


@dataclass(slots=True)
class Balance:
    """A line of the page: of a region, or of all within it, the accounts of a fund and year."""

    region_code: str
    fund: rules.Fund
    year: int
    is_sum: bool  # of several regions
    granted_fen: int = 0
    shown: list[tuple[int, int | None]] = field(default_factory=lambda: [(0, None)] * len(SHOWN))  # fen and account
    ages: list[int] = field(default_factory=lambda: [0] * (len(rules.AGES) + 1))

    def add(self, accounts: "Mapping[str, LedgerAccount]", ages: "Mapping[int, list[int]]") -> None:
        self.granted_fen -= accounts[K.TREASURY].balance_fen if K.TREASURY in accounts else 0
        for n, kind in enumerate(SHOWN):
            if kind in accounts:
                fen, pk = self.shown[n][0] + accounts[kind].balance_fen, accounts[kind].pk
                self.shown[n] = fen, None if self.is_sum else pk
        for one in accounts.values():
            self.ages = [
                had + more for had, more in zip(self.ages, ages.get(one.pk, [0] * len(self.ages)), strict=True)
            ]


def _balances(request: "Request", chosen: str) -> list[Balance]:
    """A province's page has a line for each city, a city's for each county, each for its own."""
    by, year = request.user, request.GET.get("year", "")
    rows = queries.balances(
        by, year=int(year) if year.isdecimal() else None, fund=request.GET.get("fund", ""), region=chosen
    )
    ages = queries.open_items(queries.accounts_visible_to(by), timezone.localdate())
    found: dict[tuple[int, str, str], Balance] = {}
    for row in rows:
        code = part_of(chosen, row["region_code"])
        is_sum = code != chosen and chosen.endswith("0000")
        line = Balance(code, row["fund"], row["year"], is_sum)
        found.setdefault((row["year"], code, row["fund"]), line).add(row["accounts"], ages)
    return list(found.values())


def _in_words(fund: rules.Fund) -> str:
    return gettext(fund.label)


@require_GET
def balance_list(request: "Request") -> HttpResponse:
    """What each region has of each fund, what of it is bound, and for how long it has been open (N12.1)."""
    reader(request)
    chosen = request.GET.get("region_code", "") or request.user.region_code
    rows = _balances(request, chosen)
    if request.GET.get("export"):
        table = (
            (
                name_of(row.region_code), _in_words(row.fund), row.year, row.granted_fen / 100,
                *(fen / 100 for fen, _account in row.shown), *(fen / 100 for fen in row.ages),
            )
            for row in rows
        )  # fmt: skip
        query = request.GET.urlencode()
        note_export(by=request.user, source="balances", query=query, rows=len(rows), now=timezone.now())
        return workbook(BALANCE_COLUMNS, table, gettext("Budgets and balances"))
    by = request.user
    filters = [
        Filter("year", _("Year"), [(str(one), str(one)) for one in queries.years_of(by)]),
        Filter("fund", _("Fund"), rules.Fund.choices()),
        Filter("region_code", _("Region"), regions(by.region_code)),
    ]
    for one in filters:
        one.value = request.GET.get(one.name, "")
    context = {
        "rows": rows,
        "filters": filters,
        "chosen": chosen,
        "may_set": holds(by, P.BUDGET_SET),
        "form": forms.BudgetForm(initial={"year": timezone.localdate().year}),
    }
    return render(request, "funds/balances.html", context)


@require_POST
def set_budget(request: "Request") -> HttpResponse:
    form = sent(request, forms.BudgetForm)
    actions.set_budget(by=request.user, region_code=request.user.region_code, now=timezone.now(), **form.values())  # type: ignore[arg-type]
    return redirect("funds:balances")


def _book_filters() -> list[Filter]:
    return [
        Filter("from", _("From"), [], lookup="transaction__booked_on__gte", kind="date"),
        Filter("to", _("Until"), [], lookup="transaction__booked_on__lte", kind="date"),
    ]


def _entry(one: "LedgerEntry") -> tuple[object, ...]:
    moved = one.transaction
    return (
        moved.booked_on.isoformat(), gettext(moved.get_kind_display()), said(moved.about), moved.document,
        one.amount_fen / 100, str(moved.by or ""), str(one.transaction_id),
    )  # fmt: skip


def book_table(request: "Request") -> Table:
    """The book of the account that the address names: `ledger` is said besides what narrows the list."""
    named = request.GET.get("ledger", "")
    account = queries.books(request.user, int(named) if named.isdecimal() else 0)
    name = f"{gettext(account.get_kind_display())} {name_of(account.region_code)} {account.year}"
    rows = narrowed(request, queries.entries_of(account.pk), filters=_book_filters(), search=BOOK_SEARCH)
    return Table(name, ENTRY_COLUMNS, rows, _entry)


@require_GET
def book(request: "Request", ledger_id: int) -> HttpResponse:
    """The book of one account: everything that moved it."""
    account = queries.books(request.user, ledger_id)
    if request.GET.get("export"):
        asked = request.GET.copy()
        asked["ledger"] = str(account.pk)  # so that a job of its own builds the same table
        request.GET = asked  # type: ignore[assignment]
        return exported(request, "books", book_table(request))
    entries, hint = queries.entries_of(account.pk), gettext("Movement, claim or document")
    shown = listing(request, entries, filters=_book_filters(), search=BOOK_SEARCH, hint=hint, exports=True)
    ages = queries.open_items(queries.accounts_visible_to(request.user).filter(pk=account.pk), timezone.localdate())
    context = {
        "account": account,
        "listing": shown,
        "ages": ages.get(account.pk),
        "holds": account.kind in rules.HOLDING,
    }
    return render(request, "funds/book.html", context)


@require_GET
def transaction_detail(request: "Request", transaction_id: UUID) -> HttpResponse:
    """One movement of money: its entries, what it closes or reverses, what followed."""
    one = queries.transaction_of(request.user, transaction_id)
    may_ask = holds(request.user, P.BUDGET_SET)
    source, target = queries.sides_of(one)
    taken_back = queries.reversed_fen(one)
    entries = list(one.entries.select_related("account").order_by("amount_fen"))
    left = max(row.amount_fen for row in entries) - taken_back
    is_open = target.kind == K.FROZEN and not hasattr(one, "closed_by")
    context = {
        "one": one,
        "rows": entries,
        "taken_back": taken_back,
        "closed_by": getattr(one, "closed_by", None),
        "may_reverse": may_ask and one.kind in rules.REVERSIBLE and one.reverses_id is None and left > 0,
        "may_unfreeze": may_ask and is_open,
        "reversal_form": forms.ReversalForm(initial={"amount": plain(left)}),
        "unfreeze_form": forms.UnfreezeForm(auto_id="unfreeze_%s"),
        "source": source,
    }
    return render(request, "funds/transaction.html", context)


def order_list(request: "Request") -> HttpResponse:
    """Transfers, freezes and reversals: asked by one, decided by another."""
    reader(request)
    by, year = request.user, timezone.localdate().year
    filters = [
        Filter("state", _("State"), rules.OrderState.choices()),
        Filter("kind", _("Kind"), rules.OrderKind.choices()),
        Filter("fund", _("Fund"), rules.Fund.choices()),
    ]
    below = [one for one in regions(by.region_code) if one[0] != by.region_code]
    context = {
        "listing": listing(
            request,
            queries.orders_visible_to(by),
            filters=filters,
            search=("document", "why"),
            hint=gettext("Document"),
        ),
        "may_ask": holds(by, P.BUDGET_SET),
        "may_decide": holds(by, P.BUDGET_CONFIRM),
        "transfer_form": forms.TransferForm(initial={"year": year}, regions=below, auto_id="transfer_%s")
        if below
        else None,
        "freeze_form": forms.FreezeForm(initial={"year": year}, auto_id="freeze_%s"),
    }
    return render(request, "funds/order_list.html", context)


def _asked(request: "Request") -> HttpResponse:
    messages.success(request, gettext("Asked for; another person of finance has to confirm it."))
    return redirect("funds:order_list")


@require_POST
def ask_transfer(request: "Request") -> HttpResponse:
    form = cleaned(forms.TransferForm(request.POST, regions=regions(request.user.region_code)))
    actions.ask_transfer(by=request.user, now=timezone.now(), **form.values())  # type: ignore[arg-type]
    return _asked(request)


@require_POST
def ask_freeze(request: "Request") -> HttpResponse:
    values = sent(request, forms.FreezeForm).values()
    actions.ask_freeze(by=request.user, region_code=request.user.region_code, now=timezone.now(), **values)  # type: ignore[arg-type]
    return _asked(request)


@require_POST
def ask_unfreeze(request: "Request", transaction_id: UUID) -> HttpResponse:
    values = sent(request, forms.UnfreezeForm).cleaned_data
    actions.ask_unfreeze(by=request.user, transaction_id=transaction_id, now=timezone.now(), **values)
    return _asked(request)


@require_POST
def ask_reversal(request: "Request", transaction_id: UUID) -> HttpResponse:
    values = sent(request, forms.ReversalForm).values()
    actions.ask_reversal(by=request.user, transaction_id=transaction_id, now=timezone.now(), **values)  # type: ignore[arg-type]
    return _asked(request)


@require_POST
def decide_order(request: "Request", order_id: int) -> HttpResponse:
    granted = request.POST.get("move") == "grant"
    why = "" if granted else sent(request, forms.WhyForm).cleaned_data["why"]
    actions.decide_order(by=request.user, order_id=order_id, granted=granted, finding=why, now=timezone.now())
    return redirect("funds:order_list")


def closing_list(request: "Request") -> HttpResponse:
    """Months whose books are closed."""
    reader(request)
    if request.method == "POST":
        form = sent(request, forms.ClosingForm)
        actions.close_month(by=request.user, now=timezone.now(), **form.cleaned_data)
        return redirect("funds:closing_list")
    filters = [
        Filter("fund", _("Fund"), rules.Fund.choices()),
        Filter("region_code", _("Region"), regions(request.user.region_code)),
    ]
    last = timezone.localdate().replace(day=1) - timedelta(days=1)
    context = {
        "listing": listing(request, queries.closings_visible_to(request.user), filters=filters),
        "may_close": holds(request.user, P.BUDGET_CONFIRM),
        "form": forms.ClosingForm(initial={"month": last}),
    }
    return render(request, "funds/closing_list.html", context)
