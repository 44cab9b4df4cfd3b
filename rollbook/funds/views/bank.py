"""The bank's statements, where they differ from the ledger, and payments that it never answered for."""

from typing import TYPE_CHECKING

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
from rollbook.regions.queries import choices as regions
from rollbook.regions.queries import name_of
from rollbook.web.exports import Table
from rollbook.web.forms import sent
from rollbook.web.lists import Filter, listing, narrowed
from rollbook.web.views import exported

if TYPE_CHECKING:
    from rollbook.funds.models import Difference
    from rollbook.web.requests import Request

P = Permission
SEARCH = ("reference", "outcome")
COLUMNS = (
    _("Day"), _("Region"), _("Payment"), _("What differs"), _("Ledger"), _("Statements"), _("State"),
    _("Looked into by"), _("What was found"), _("Settled by"),
)  # fmt: skip


def statement_list(request: "Request") -> HttpResponse:
    """Statements taken; another is taken by hand where the line to the bank is down."""
    reader(request)
    if request.method == "POST":
        content = sent(request, forms.StatementForm).cleaned_data["file"]
        one = actions.take_statement(content=content, by=request.user, now=timezone.now())
        messages.success(request, gettext("Taken and compared with the ledger."))
        return redirect("funds:statement", one.pk)
    filters = [
        Filter("region_code", _("Region"), regions(request.user.region_code)),
        Filter("from", _("From"), [], lookup="day__gte", kind="date"),
        Filter("to", _("Until"), [], lookup="day__lte", kind="date"),
    ]
    context = {
        "listing": listing(request, queries.statements_visible_to(request.user), filters=filters),
        "may_take": holds(request.user, P.BATCH_RELEASE),
        "form": forms.StatementForm(),
    }
    return render(request, "funds/statement_list.html", context)


@require_GET
def statement_detail(request: "Request", statement_id: int) -> HttpResponse:
    """Per batch: ledger = statement + in transit, and every movement of the day."""
    one = queries.statement(request.user, statement_id)
    filters = [Filter("direction", _("Direction"), rules.Direction.choices())]
    shown = listing(
        request, queries.movements_of(one.pk), filters=filters, search=("reference", "bank_reference", "batch_number"),
        hint=gettext("Reference or batch"),
    )  # fmt: skip
    context = {"one": one, "rows": queries.by_batch(one), "listing": shown}
    return render(request, "funds/statement.html", context)


def _row(one: "Difference") -> tuple[object, ...]:
    return (
        one.day.isoformat(), name_of(one.region_code), one.reference, gettext(one.get_kind_display()),
        one.ledger_fen / 100, one.bank_fen / 100, gettext(one.get_state_display()), str(one.owner or ""), one.outcome,
        str(one.settled_by or ""),
    )  # fmt: skip


def _filters(request: "Request") -> list[Filter]:
    return [
        Filter("state", _("State"), rules.DifferenceState.choices()),
        Filter("kind", _("What differs"), rules.DifferenceKind.choices()),
        Filter("region_code", _("Region"), regions(request.user.region_code)),
    ]


def difference_table(request: "Request") -> Table:
    found = queries.differences_visible_to(request.user)
    rows = narrowed(request, found, filters=_filters(request), search=SEARCH)
    return Table(gettext("Differences with the bank"), COLUMNS, rows, _row)


@require_GET
def difference_list(request: "Request") -> HttpResponse:
    """Payments of which the bank says otherwise than the ledger: who looks into each, and what came of it."""
    reader(request)
    if request.GET.get("export"):
        return exported(request, "differences", difference_table(request))
    found, hint = queries.differences_visible_to(request.user), gettext("Reference or batch")
    context = {
        "listing": listing(request, found, filters=_filters(request), search=SEARCH, hint=hint, exports=True),
        "may_settle": holds(request.user, P.LEDGER_WRITE),
    }
    return render(request, "funds/difference_list.html", context)


@require_POST
def own_difference(request: "Request", difference_id: int) -> HttpResponse:
    outcome = sent(request, forms.OutcomeForm).cleaned_data["outcome"]
    actions.own_difference(by=request.user, difference_id=difference_id, outcome=outcome, now=timezone.now())
    return redirect("funds:difference_list")


@require_POST
def settle_difference(request: "Request", difference_id: int) -> HttpResponse:
    actions.settle_difference(by=request.user, difference_id=difference_id, now=timezone.now())
    return redirect("funds:difference_list")


@require_POST
def ask_resolution(request: "Request", batch_id: int) -> HttpResponse:
    values = sent(request, forms.ResolutionForm).cleaned_data
    actions.ask_resolution(by=request.user, now=timezone.now(), **values)
    messages.success(request, gettext("Asked for; another person of finance has to confirm it."))
    return redirect("funds:batch_detail", batch_id)


@require_POST
def decide_resolution(request: "Request", resolution_id: int) -> HttpResponse:
    granted = request.POST.get("move") == "grant"
    why = "" if granted else sent(request, forms.WhyForm).cleaned_data["why"]
    one = actions.decide_resolution(
        by=request.user, resolution_id=resolution_id, granted=granted, finding=why, now=timezone.now()
    )
    return redirect("funds:batch_detail", one.line.batch_id)
