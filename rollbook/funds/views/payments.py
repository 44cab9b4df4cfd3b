"""Batches, their signatures and the bank's files."""

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from rollbook.accounts.rules import Permission, holds
from rollbook.funds import actions, forms, queries, rules
from rollbook.journal.queries import timeline
from rollbook.kernel.messages import _
from rollbook.kernel.reasons import Forbidden
from rollbook.persons import rules as payee_rules
from rollbook.regions.queries import choices as regions
from rollbook.web.forms import sent
from rollbook.web.lists import Filter, listing

if TYPE_CHECKING:
    from rollbook.web.requests import Request

P = Permission


def reader(request: "Request") -> None:
    if not queries.may_read(request.user):
        raise Forbidden(P.LEDGER_READ)


@require_GET
def batch_list(request: "Request") -> HttpResponse:
    reader(request)
    filters = [
        Filter("state", _("State"), rules.BatchState.choices()),
        Filter("region_code", _("Region"), regions(request.user.region_code)),
    ]
    shown = listing(
        request, queries.batch_list(request.user), filters=filters, search=("number",), hint=gettext("Batch number")
    )
    context = {"listing": shown, "may_make": holds(request.user, P.BATCH_MAKE)}
    return render(request, "funds/batch_list.html", context)


@require_GET
def batch_detail(request: "Request", batch_id: int) -> HttpResponse:
    batch = queries.get(request.user, batch_id)
    by, moves = request.user, rules.BATCHES.moves_from(rules.BatchState(batch.state))
    lines = queries.with_owners(queries.lines_of(batch_id))
    filters = [Filter("ownership", _("Whose account"), rules.Ownership.choices())]
    filters.append(Filter("kind", _("Paid to"), payee_rules.AccountKind.choices(), lookup="person__account_kind"))
    shown = listing(request, lines, filters=filters, search=("payee_name", "reference"), size=200)
    for one in shown.rows:
        one.owner = rules.Ownership(one.ownership)
    is_open = batch.state in (rules.BatchState.DRAFT, rules.BatchState.CHECKED)
    context = {
        "batch": batch,
        "listing": shown,
        "totals": queries.totals_of(batch_id),
        "shared": queries.shared_accounts(batch_id),
        "against": actions.reasons_to_hold(batch, timezone.now()) if is_open else [],
        "signatures": queries.signatures_of(batch_id),
        "may_cosign": batch.state == rules.BatchState.CHECKED
        and holds(by, P.BATCH_COSIGN)
        and by.role in actions.needed(batch, timezone.now()),
        "may_confirm": batch.state == rules.BatchState.DRAFT and holds(by, P.BATCH_MAKE),
        "may_ask": is_open and any(holds(by, one) for one in actions.HANDS),
        "may_check": rules.BatchMove.CHECK in moves and holds(by, P.BATCH_CHECK),
        "may_release": rules.BatchMove.RELEASE in moves and holds(by, P.BATCH_RELEASE),
        "may_cancel": rules.BatchMove.CANCEL in moves and holds(by, P.BATCH_MAKE),
        "may_take": batch.state == rules.BatchState.SENT and holds(by, P.BATCH_RELEASE),
        "is_done_by": by.pk in (batch.made_by_id, batch.checked_by_id),
        "why_form": forms.WhyForm(),
        "return_form": forms.ReturnForm(),
        "files": queries.files_of(batch_id),
        "entries": timeline(batch),
        "resolutions": queries.resolutions_of(batch_id),
        "may_decide": holds(by, P.BATCH_RELEASE),
        "may_order": holds(by, P.BATCH_MAKE),
    }
    if batch.state == rules.BatchState.SENT and holds(by, P.BATCH_CHECK):
        waiting = [
            (one.pk, f"{one.number} · {one.payee_name} · {one.reference}") for one in queries.unanswered(batch_id)
        ]
        context["resolution_form"] = forms.ResolutionForm(lines=waiting) if waiting else None
    return render(request, "funds/batch_detail.html", context)


@require_POST
def check_batch(request: "Request", batch_id: int) -> HttpResponse:
    actions.check_batch(by=request.user, batch_id=batch_id, now=timezone.now())
    return redirect("funds:batch_detail", batch_id)


@require_POST
def return_batch(request: "Request", batch_id: int) -> HttpResponse:
    why = sent(request, forms.WhyForm).cleaned_data["why"]
    actions.return_batch(by=request.user, batch_id=batch_id, why=why, now=timezone.now())
    return redirect("funds:batch_detail", batch_id)


@require_POST
def release_batch(request: "Request", batch_id: int) -> HttpResponse:
    actions.release_batch(by=request.user, batch_id=batch_id, now=timezone.now())
    return redirect("funds:batch_detail", batch_id)


@require_POST
def request_owners(request: "Request", batch_id: int) -> HttpResponse:
    actions.request_owners(by=request.user, batch_id=batch_id, now=timezone.now())
    messages.success(request, gettext("The bank is being asked; look again in a moment."))
    return redirect("funds:batch_detail", batch_id)


@require_POST
def upload_return(request: "Request", batch_id: int) -> HttpResponse:
    content = sent(request, forms.ReturnForm).cleaned_data["file"]
    count = actions.upload_return(by=request.user, batch_id=batch_id, content=content, now=timezone.now())
    messages.success(request, gettext("{count} payments settled").format(count=count))
    return redirect("funds:batch_detail", batch_id)


@require_GET
def return_list(request: "Request") -> HttpResponse:
    reader(request)
    shown = listing(request, queries.bank_files(request.user), search=("name",), hint=gettext("Name of the file"))
    return render(request, "funds/return_list.html", {"listing": shown})


@require_POST
def cosign_batch(request: "Request", batch_id: int) -> HttpResponse:
    actions.cosign_batch(by=request.user, batch_id=batch_id, now=timezone.now())
    return redirect("funds:batch_detail", batch_id)


@require_POST
def confirm_batch(request: "Request", batch_id: int) -> HttpResponse:
    actions.confirm_batch(by=request.user, batch_id=batch_id, now=timezone.now())
    return redirect("funds:batch_detail", batch_id)


def band_list(request: "Request") -> HttpResponse:
    """From which amount on more people sign, and who sets it."""
    reader(request)
    if request.method == "POST":
        form = sent(request, forms.BandForm)
        actions.set_band(by=request.user, now=timezone.now(), **form.values())  # type: ignore[arg-type]
        return redirect("funds:band_list")
    filters = [Filter("fund", _("Fund"), rules.Fund.choices())]
    context = {
        "listing": listing(request, queries.bands_visible_to(request.user), filters=filters),
        "may_set": holds(request.user, P.BUDGET_SET),
        "form": forms.BandForm(initial={"starts_on": timezone.localdate()}),
        "today": timezone.localdate(),
    }
    return render(request, "funds/band_list.html", context)
