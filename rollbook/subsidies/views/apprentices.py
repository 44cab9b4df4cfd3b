"""Enterprises that train new apprentices: their filing, and what it comes to by number (domain 3.5, N16.2)."""

from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from rollbook.accounts.rules import Permission, admit, admit_staff, holds
from rollbook.classes import queries as classes
from rollbook.classes.rules.states import State as ClassState
from rollbook.journal.queries import timeline
from rollbook.kernel.messages import _
from rollbook.regions.queries import choices as regions
from rollbook.regions.queries import name_of
from rollbook.subsidies import actions, forms, queries, rules
from rollbook.web.actions import note_export
from rollbook.web.exports import Table, workbook
from rollbook.web.forms import sent
from rollbook.web.lists import Filter, listing, narrowed
from rollbook.web.views import exported

if TYPE_CHECKING:
    from rollbook.subsidies.models import Apprenticeship
    from rollbook.web.requests import Request

SEARCH = (
    "enterprise__name",
    "enterprise__uscc",
    "institution__name",
    "training_class__number",
    "training_class__title",
)
COLUMNS = (
    _("Enterprise"), _("Code"), _("Institution"), _("Class"), _("State of the class"), _("Agreement"), _("Region"),
    _("Filed on"),
)  # fmt: skip
OF_ONE = (
    _("Name"), _("Identity number"), _("Still on the roster"), _("Certificate"), _("Paid ahead, yuan"), _("Paid later, yuan"),
    _("To come back, yuan"),
)  # fmt: skip


def _filters(request: "Request") -> list[Filter]:
    return [
        Filter("state", _("State of the class"), ClassState.choices(), lookup="training_class__state"),
        Filter("region_code", _("Region"), regions(request.user.region_code)),
    ]


def _row(one: "Apprenticeship") -> tuple[object, ...]:
    klass = one.training_class
    return (
        one.enterprise.name, one.enterprise.uscc, one.institution.name, klass.number,
        gettext(klass.get_state_display()), one.agreement, name_of(one.region_code),
        timezone.localdate(one.filed_at).isoformat(),
    )  # fmt: skip


def apprenticeship_table(request: "Request") -> Table:
    found = queries.apprenticeships_visible_to(request.user)
    rows = narrowed(request, found, filters=_filters(request), search=SEARCH)
    return Table(gettext("New apprenticeships"), COLUMNS, rows, _row)


def _admit(request: "Request") -> None:
    admit(request.user, Permission.CLAIM_FILE, *queries.READERS)
    admit_staff(request.user)


@require_GET
def apprenticeship_list(request: "Request") -> HttpResponse:
    _admit(request)
    if request.GET.get("export"):
        return exported(request, "apprenticeships", apprenticeship_table(request))
    found, hint = (
        queries.apprenticeships_visible_to(request.user),
        gettext("Enterprise, its code, institution or class"),
    )
    shown = listing(request, found, filters=_filters(request), search=SEARCH, hint=hint, exports=True)
    return render(request, "subsidies/apprenticeship_list.html", {"listing": shown})


@require_GET
def apprenticeship_detail(request: "Request", apprenticeship_id: int) -> HttpResponse:
    """Who trains whom, and by number what was paid ahead, what followed and what comes back."""
    _admit(request)
    by, one = request.user, queries.apprenticeship(request.user, apprenticeship_id)
    people = queries.apprentices_of(one.training_class_id)
    if request.GET.get("export"):
        rows = [
            (
                enrolment.person.name, enrolment.person.id_masked, gettext(_("yes") if not enrolment.dropped_at else _("no")),
                gettext(_("yes") if row.is_certified else _("no")), row.paid_ahead_fen / 100, row.paid_later_fen / 100,
                row.back_fen / 100,
            )
            for enrolment, row in people
        ]  # fmt: skip
        note_export(
            by=by, source="apprentices", query=f"class={one.training_class_id}", rows=len(rows), now=timezone.now()
        )
        return workbook(OF_ONE, rows, one.enterprise.name)
    context = {
        "one": one,
        "klass": one.training_class,
        "people": people,
        "tally": rules.tally(row for _enrolment, row in people),
        "may_open": holds(by, Permission.EVIDENCE_READ),
        "may_see_payee": holds(by, Permission.CLAIM_REVIEW) or holds(by, Permission.LEDGER_READ),
        "may_mend": holds(by, Permission.CLAIM_FILE) and not queries.is_claimed(one.training_class_id),
        "entries": timeline(one),
    }
    return render(request, "subsidies/apprenticeship_detail.html", context)


@require_GET
def enterprise(request: "Request", class_id: int) -> HttpResponse:
    """The form that says which enterprise a class of apprentices works for."""
    admit(request.user, Permission.CLAIM_FILE)
    admit_staff(request.user)
    klass, filed = classes.get(request.user, class_id), queries.apprenticeship_of(class_id)
    known = (
        {"uscc": filed.enterprise.uscc, "name": filed.enterprise.name, "agreement": filed.agreement} if filed else {}
    )
    context = {
        "klass": klass,
        "form": forms.EnterpriseForm(initial=known),
        "against": actions.reasons_against_enterprise(klass),
    }
    return render(request, "subsidies/enterprise.html", context)


@require_POST
def file_enterprise(request: "Request", class_id: int) -> HttpResponse:
    values = sent(request, forms.EnterpriseForm).cleaned_data
    paper = values.pop("paper").read()
    one = actions.file_apprenticeship(by=request.user, class_id=class_id, paper=paper, now=timezone.now(), **values)
    return redirect("subsidies:apprenticeship", one.pk)
