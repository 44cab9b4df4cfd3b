"""What is proposed to come back, what the office makes of it, and the way from a recovery back to minutes of attendance."""

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from rollbook.accounts.rules import Permission, admit, holds
from rollbook.classes import queries as classes
from rollbook.funds import queries as funds
from rollbook.funds.rules import RecoveryGround
from rollbook.journal.queries import timeline
from rollbook.kernel.messages import _
from rollbook.kernel.money import plain
from rollbook.regions.queries import choices as regions
from rollbook.regions.queries import name_of
from rollbook.subsidies import actions, forms, queries, rules
from rollbook.web.exports import Table
from rollbook.web.forms import WhyForm, sent
from rollbook.web.lists import Filter, listing, narrowed
from rollbook.web.views import exported

if TYPE_CHECKING:
    from rollbook.subsidies.models import Proposal
    from rollbook.web.requests import Request

P, S = Permission, rules.ProposalState
SEARCH = ("claim__person__name", "claim__person__id_masked", "claim__institution__name")
COLUMNS = (
    _("Claim"), _("Name"), _("Identity number"), _("Institution"), _("Region"), _("Ground"), _("Paid, yuan"),
    _("Due, yuan"), _("To come back, yuan"), _("Found on"), _("State"), _("Reason"),
)  # fmt: skip


def _filters(request: "Request") -> list[Filter]:
    return [
        Filter("state", _("State"), S.choices()),
        Filter("ground", _("Ground"), RecoveryGround.choices()),
        Filter("region", _("Region"), regions(request.user.region_code), lookup="claim__region_code"),
    ]


def _row(one: "Proposal") -> tuple[object, ...]:
    claim = one.claim
    return (
        claim.pk, claim.person.name, claim.person.id_masked, claim.institution.name, name_of(claim.region_code),
        gettext(one.get_ground_display()), one.paid_fen / 100, one.due_fen / 100, one.amount_fen / 100,
        timezone.localdate(one.found_at).isoformat(), gettext(one.get_state_display()), one.why or actions.in_words(one),
    )  # fmt: skip


def proposal_table(request: "Request") -> Table:
    found = queries.proposals_visible_to(request.user)
    rows = narrowed(request, found, filters=_filters(request), search=SEARCH)
    return Table(gettext("Proposed recoveries"), COLUMNS, rows, _row)


@require_GET
def proposal_list(request: "Request") -> HttpResponse:
    """Paid claims that are due less by the facts of now; several are ordered at once."""
    admit(request.user, P.BATCH_MAKE, P.LEDGER_READ)
    if request.GET.get("export"):
        return exported(request, "proposals", proposal_table(request))
    found, hint = queries.proposals_visible_to(request.user), gettext("Name, identity number or institution")
    shown = listing(request, found, filters=_filters(request), search=SEARCH, hint=hint, exports=True)
    context = {"listing": shown, "may_order": holds(request.user, P.BATCH_MAKE), "form": forms.DocumentForm()}
    return render(request, "subsidies/proposal_list.html", context)


@require_GET
def proposal_detail(request: "Request", proposal_id: int) -> HttpResponse:
    admit(request.user, P.BATCH_MAKE, P.LEDGER_READ)
    one = queries.proposal(request.user, proposal_id)
    first = {"ground": one.ground, "amount": plain(one.amount_fen), "why": actions.in_words(one)}
    context = {
        "one": one,
        "may_decide": one.state == S.OPEN and holds(request.user, P.BATCH_MAKE),
        "order_form": forms.OrderForm(initial=first, auto_id="order_%s"),
        "why_form": WhyForm(auto_id="close_%s"),
        "entries": timeline(one),
    }
    return render(request, "subsidies/proposal.html", context)


@require_POST
def order_proposals(request: "Request") -> HttpResponse:
    document = sent(request, forms.DocumentForm).cleaned_data["document"]
    chosen = [int(text) for text in request.POST.getlist("proposal") if text.isascii() and text.isdigit()]
    done = actions.order_proposals(by=request.user, proposal_ids=chosen, document=document, now=timezone.now())
    messages.success(request, gettext("{count} recoveries ordered; finance has to confirm them.").format(count=done))
    return redirect("funds:recovery_list")


@require_POST
def order_proposal(request: "Request", proposal_id: int) -> HttpResponse:
    values = sent(request, forms.OrderForm).values()
    one = actions.order_proposal(by=request.user, proposal_id=proposal_id, now=timezone.now(), **values)
    messages.success(request, gettext("Ordered; finance has to confirm it."))
    return redirect("funds:recovery", one.recovery_id)


@require_POST
def close_proposal(request: "Request", proposal_id: int) -> HttpResponse:
    why = sent(request, WhyForm).cleaned_data["why"]
    actions.close_proposal(by=request.user, proposal_id=proposal_id, why=why, now=timezone.now())
    return redirect("subsidies:proposal", proposal_id)


@require_GET
def trail(request: "Request", recovery_id: int) -> HttpResponse:
    """From a recovery back: payment and its hands, claim and its decision, every day and minute of attendance (N14.1)."""
    one = funds.recovery(request.user, recovery_id, timezone.localdate())
    claim = queries.behind(one.line.subject)
    context: dict[str, Any] = {
        "one": one,
        "receipts": funds.receipts_of(one.pk),
        "signatures": funds.signatures_of(one.line.batch_id),
        "claim": claim,
    }
    if claim is not None:
        days = classes.days_of(claim.enrolment)
        again = next(iter(queries.present([claim])), None)
        context |= {
            "met": queries.met(claim),
            "now_fen": again.now_fen if again else None,
            "against": [row["label"] for row in again.differences if row["aspect"] == rules.Aspect.AGAINST]
            if again
            else [],
            "stops": queries.holds_on(claim),
            "attended": classes.attendance_of(claim.enrolment.training_class_id).get(claim.enrolment_id),
            "days": days,
            "minutes": sum(day.minutes for day in days),
        }
    return render(request, "subsidies/trail.html", context)
