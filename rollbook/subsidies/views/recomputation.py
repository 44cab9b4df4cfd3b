from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from rollbook.accounts.rules import Permission, admit, holds
from rollbook.kernel.messages import _
from rollbook.kernel.reasons import Forbidden
from rollbook.regions.queries import choices as regions
from rollbook.regions.queries import name_of
from rollbook.subsidies import actions, forms, queries, rules
from rollbook.web.actions import note_export
from rollbook.web.exports import Table, workbook
from rollbook.web.forms import sent
from rollbook.web.lists import Filter, listing, narrowed
from rollbook.web.views import exported

if TYPE_CHECKING:
    from rollbook.subsidies.models import Discrepancy
    from rollbook.web.requests import Request

SEARCH = ("claim__person__name", "claim__person__id_masked", "claim__institution__name")
COLUMNS = (
    _("Claim"), _("Name"), _("Identity number"), _("Institution"), _("Region"), _("Worked out from"),
    _("Decided, yuan"), _("Now, yuan"), _("Found on"), _("Outcome"), _("Finding"),
)  # fmt: skip


def _admit(request: "Request") -> None:
    """Officials: institutions and workers whose claims these are learn of them when they are settled."""
    admit(request.user, *queries.READERS)
    if request.user.institution_id is not None:
        raise Forbidden(Permission.STATISTICS_READ)


@require_GET
def accuracy(request: "Request") -> HttpResponse:
    """Paid against due of each county by its last recomputation, and the runs (B1)."""
    _admit(request)
    rows = list(queries.accuracies(request.user))
    due, paid = sum(one.due_fen for one in rows), sum(one.paid_fen for one in rows)
    if request.GET.get("export"):
        heads = (
            _("Region"),
            _("Year"),
            _("Claims paid"),
            _("Due, yuan"),
            _("Paid, yuan"),
            _("Paid of due, %"),
            _("Band, %"),
        )
        table = ((name_of(one.region_code), one.year, one.claims, one.due_fen / 100, one.paid_fen / 100,
                  rules.share(one.due_fen, one.paid_fen), f"{rules.percent(one.least)}–{rules.percent(one.most)}")
                 for one in rows)  # fmt: skip
        note_export(by=request.user, source="accuracy", query="", rows=len(rows), now=timezone.now())
        return workbook(heads, table, gettext("Paid against due"))
    context = {
        "rows": [(one, rules.share(one.due_fen, one.paid_fen), rules.percent(one.least), rules.percent(one.most)) for one in rows],
        "due_fen": due, "paid_fen": paid, "share": rules.share(due, paid),
        "alarms": sum(one.is_out_of_band for one in rows),
        "runs": queries.recomputations(request.user)[:30],
        "open": queries.discrepancies_visible_to(request.user).filter(settled_at=None).count(),
    }  # fmt: skip
    return render(request, "subsidies/accuracy.html", context)


@require_POST
def recompute(request: "Request") -> HttpResponse:
    """Work out the own region's claims again now; the worker does it, the page shows when it is through."""
    _admit(request)
    actions.ask_recomputation(by=request.user, now=timezone.now())
    messages.success(
        request, gettext("The claims are being worked out again; the run appears below once it is through.")
    )
    return redirect("subsidies:accuracy")


def _filters(request: "Request") -> list[Filter]:
    return [
        Filter("state", _("State"), [("open", _("Not settled")), ("settled", _("Settled"))]),
        Filter("basis", _("Worked out from"), rules.Basis.choices()),
        Filter("outcome", _("Outcome"), rules.Outcome.choices()),
        Filter("region", _("Region"), regions(request.user.region_code), lookup="claim__region_code"),
    ]


def discrepancy_table(request: "Request") -> Table:
    found = queries.discrepancies_visible_to(request.user)
    rows = narrowed(request, found, filters=_filters(request), search=SEARCH)
    return Table(gettext("Discrepancies"), COLUMNS, rows, _row)


@require_GET
def discrepancy_list(request: "Request") -> HttpResponse:
    _admit(request)
    if request.GET.get("export"):
        return exported(request, "discrepancies", discrepancy_table(request))
    found, hint = queries.discrepancies_visible_to(request.user), gettext("Name, identity number or institution")
    shown = listing(request, found, filters=_filters(request), search=SEARCH, hint=hint, exports=True)
    return render(request, "subsidies/discrepancy_list.html", {"listing": shown})


def _row(one: "Discrepancy") -> tuple[object, ...]:
    claim = one.claim
    return (
        claim.pk, claim.person.name, claim.person.id_masked, claim.institution.name, name_of(claim.region_code),
        gettext(one.get_basis_display()), one.was_fen / 100, one.now_fen / 100,
        timezone.localdate(one.found_at).isoformat(), gettext(one.get_outcome_display()) if one.outcome else "", one.finding,
    )  # fmt: skip


@require_GET
def discrepancy_detail(request: "Request", discrepancy_id: int) -> HttpResponse:
    _admit(request)
    one = queries.discrepancy(request.user, discrepancy_id)
    context = {
        "one": one,
        "differences": rules.rows(one.differences),
        "facts": [
            (rules.LABELS.get(name, name), rules.value_of(name, was), rules.value_of(name, now))
            for name, was, now in one.facts
        ],
        "form": forms.DiscrepancyForm(),
        "may_settle": one.settled_at is None and holds(request.user, Permission.OBJECTION_SETTLE),
    }
    return render(request, "subsidies/discrepancy_detail.html", context)


@require_POST
def settle_discrepancy(request: "Request", discrepancy_id: int) -> HttpResponse:
    form = sent(request, forms.DiscrepancyForm).cleaned_data
    actions.settle_discrepancy(by=request.user, discrepancy_id=discrepancy_id, now=timezone.now(), **form)
    return redirect("subsidies:discrepancy_detail", discrepancy_id)
