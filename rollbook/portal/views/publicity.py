"""What anyone may see of subsidies without an account: notices, and what was paid (N14.2)."""

from datetime import date
from typing import TYPE_CHECKING

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_GET, require_POST

from rollbook.kernel.messages import _
from rollbook.persons.rules import public_name
from rollbook.regions.queries import choices as regions
from rollbook.regions.queries import name_of
from rollbook.subsidies import actions, queries
from rollbook.web.exports import workbook
from rollbook.web.forms import sent
from rollbook.web.lists import Filter, listing, narrowed

if TYPE_CHECKING:
    from rollbook.subsidies.models import Claim
    from rollbook.web.requests import Request

SEARCH = ("person__name", "institution__name", "item__occupation__name")
COLUMNS = (
    _("Name"), _("Identity number"), _("Institution"), _("Training content"), _("Level"), _("Standard, yuan"),
    _("Amount, yuan"), _("Region"), _("Paid on"),
)  # fmt: skip


class ObjectionForm(forms.Form):
    text = forms.CharField(label=lazy("What is wrong"), max_length=4000, widget=forms.Textarea(attrs={"rows": 4}))
    contact = forms.CharField(
        label=lazy("How to reach you"), max_length=64, required=False, help_text=lazy("May stay empty.")
    )


def _shown(claim: "Claim") -> dict[str, object]:
    """A row as the public may see it: no identity number in full."""
    return {
        "claim": claim,
        "name": public_name(claim.person.name, is_masked=settings.NAME_MASKED),
        "standard_fen": claim.terms.get("amount_fen", claim.amount_fen),
    }


@login_not_required
@require_GET
def publicity_list(request: "Request") -> HttpResponse:
    filters = [Filter("region_code", _("Region"), regions())]
    shown = listing(
        request, queries.publicities(), filters=filters, search=("number",), hint=gettext("Number of the notice")
    )
    return render(request, "portal/publicity_list.html", {"listing": shown, "today": timezone.localdate()})


@login_not_required
@require_GET
def publicity_detail(request: "Request", publicity_id: int) -> HttpResponse:
    notice = queries.publicity(publicity_id)
    shown = listing(
        request, queries.rows_of(publicity_id), search=SEARCH, hint=gettext("Name, institution or occupation")
    )
    context = {
        "notice": notice,
        "listing": shown,
        "rows": [_shown(one) for one in shown.rows],
        "is_open": notice.ends_on >= timezone.localdate(),
    }
    return render(request, "portal/publicity_detail.html", context)


@login_not_required
@require_GET
def objection_new(request: "Request", publicity_id: int, claim_id: int) -> HttpResponse:
    notice = queries.publicity(publicity_id)
    claim = queries.row_of(publicity_id, claim_id)
    context = {"notice": notice, "row": _shown(claim), "form": ObjectionForm()}
    return render(request, "portal/objection_new.html", context)


@login_not_required
@require_POST
def raise_objection(request: "Request", publicity_id: int, claim_id: int) -> HttpResponse:
    form = sent(request, ObjectionForm).cleaned_data
    claim = queries.row_of(publicity_id, claim_id)
    actions.raise_objection(claim_id=claim.pk, now=timezone.now(), **form)
    messages.success(request, gettext("Your objection was received; the payment waits until it is settled."))
    return redirect("portal:publicity_detail", publicity_id)


def _of_month(request: "Request", found: "QuerySet[Claim]") -> "tuple[QuerySet[Claim], str]":
    text = request.GET.get("month", "")
    try:
        first = date.fromisoformat(f"{text}-01")
    except ValueError:
        return found, ""
    return found.filter(paid_at__year=first.year, paid_at__month=first.month), text


@login_not_required
@require_GET
def disclosure(request: "Request") -> HttpResponse:
    found, month = _of_month(request, queries.disclosed())
    filters = [Filter("region_code", _("Region"), regions())]
    if request.GET.get("export"):
        rows = (_row(one) for one in narrowed(request, found, filters=filters, search=SEARCH))
        return workbook(COLUMNS, rows, gettext("Subsidies paid"))
    hint = gettext("Name, institution or occupation")
    shown = listing(request, found, filters=filters, search=SEARCH, hint=hint, exports=True)
    context = {"listing": shown, "rows": [_shown(one) for one in shown.rows], "month": month}
    return render(request, "portal/disclosure.html", context)


def _row(claim: "Claim") -> tuple[object, ...]:
    shown = _shown(claim)
    assert claim.paid_at is not None  # noqa: S101 only what was paid is disclosed
    return (
        shown["name"], claim.person.id_masked, claim.institution.name, claim.item.occupation.name, claim.level,
        claim.terms.get("amount_fen", claim.amount_fen) / 100, claim.amount_fen / 100, name_of(claim.region_code),
        timezone.localdate(claim.paid_at).isoformat(),
    )  # fmt: skip
