"""What was paid and is to come back: ordered, confirmed, received, overdue."""

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
from rollbook.journal.queries import timeline
from rollbook.kernel.messages import _
from rollbook.regions.queries import choices as regions
from rollbook.regions.queries import name_of
from rollbook.web.exports import Table
from rollbook.web.forms import sent
from rollbook.web.lists import Filter, listing, narrowed
from rollbook.web.views import exported

if TYPE_CHECKING:
    from rollbook.funds.models import Recovery
    from rollbook.web.requests import Request

P, S = Permission, rules.RecoveryState
SEARCH = ("line__payee_name", "line__reference", "document")
COLUMNS = (
    _("Payee"), _("Payment"), _("Region"), _("Ground"), _("Decision that orders it"), _("Amount to pay back"),
    _("Came back"), _("Written off"), _("Pay back by"), _("Overdue"), _("State"),
)  # fmt: skip


def _row(one: "Recovery") -> tuple[object, ...]:
    return (
        one.line.payee_name, one.line.reference, name_of(one.region_code), gettext(one.get_ground_display()),
        one.document, one.amount_fen / 100, one.received_fen / 100, one.written_off_fen / 100, one.due_on.isoformat() if one.due_on else "",
        gettext("Overdue") if one.is_overdue else "",  # type: ignore[attr-defined]
        gettext(one.get_state_display()),
    )  # fmt: skip


def _filters(request: "Request") -> list[Filter]:
    return [
        Filter("state", _("State"), S.choices()),
        Filter("ground", _("Ground"), rules.RecoveryGround.choices()),
        Filter("late", _("Pay back by"), [("1", _("Overdue"))], lookup="is_overdue"),
        Filter("region_code", _("Region"), regions(request.user.region_code)),
    ]


def recovery_table(request: "Request") -> Table:
    found = queries.recoveries_visible_to(request.user, timezone.localdate())
    rows = narrowed(request, found, filters=_filters(request), search=SEARCH)
    return Table(gettext("Recoveries"), COLUMNS, rows, _row)


def recovery_list(request: "Request") -> HttpResponse:
    """What is to come back, what of it came, what is overdue; the office orders here."""
    reader(request)
    if request.method == "POST":
        form = sent(request, forms.RecoveryForm)
        one = actions.order_recovery(by=request.user, now=timezone.now(), **form.values())  # type: ignore[arg-type]
        messages.success(request, gettext("Ordered; finance has to confirm it."))
        return redirect("funds:recovery", one.pk)
    if request.GET.get("export"):
        return exported(request, "recoveries", recovery_table(request))
    found, hint = (
        queries.recoveries_visible_to(request.user, timezone.localdate()),
        gettext("Payee, payment or decision"),
    )
    context = {
        "listing": listing(request, found, filters=_filters(request), search=SEARCH, hint=hint, exports=True),
        "may_order": holds(request.user, P.BATCH_MAKE),
        "form": forms.RecoveryForm(initial={"reference": request.GET.get("reference", "")}),
        "is_asked": bool(request.GET.get("reference")),
    }
    return render(request, "funds/recovery_list.html", context)


@require_GET
def recovery_detail(request: "Request", recovery_id: int) -> HttpResponse:
    one = queries.recovery(request.user, recovery_id, timezone.localdate())
    by, now = request.user, timezone.now()
    may_write, is_open = holds(by, P.LEDGER_WRITE), one.state == S.OPEN
    plan, today = queries.plan_of(one.pk), timezone.localdate()
    asked = queries.write_offs_of(one.pk).filter(state=rules.OrderState.ASKED).first()
    payoff_fen = queries.payoff_fen(one, today) if is_open else 0
    context = {
        "one": one,
        "payoff_fen": payoff_fen,
        "rate": f"{one.interest_rate / 100:.2f}",
        "plan": plan,
        "parts": [
            (part, part.until_fen <= one.settled_fen, part.due_on < today) for part in queries.instalments_of(plan)
        ]
        if plan
        else [],
        "nettings": queries.set_off_against(one.pk),
        "write_offs": queries.write_offs_of(one.pk),
        "asked": asked,
        "waits_for": actions.reasons_to_wait(asked, now) if asked else [],
        "may_cosign": asked is not None
        and holds(by, P.BATCH_COSIGN)
        and by.role in actions.cosigners_needed(asked, now),
        "may_decide_write_off": asked is not None and holds(by, P.BUDGET_CONFIRM) and asked.asked_by_id != by.pk,
        "may_plan": may_write and is_open,
        "may_ask_write_off": may_write and is_open and asked is None,
        "may_reopen": may_write and one.written_off_fen > 0,
        "plan_form": forms.PlanForm(auto_id="plan_%s"),
        "end_form": forms.WhyForm(auto_id="end_%s"),
        "write_off_form": forms.WriteOffForm(auto_id="give_up_%s"),
        "refuse_form": forms.WhyForm(auto_id="refuse_%s"),
        "reopen_form": forms.ReopenForm(auto_id="reopen_%s"),
        "receipts": queries.receipts_of(one.pk),
        "may_decide": may_write and one.state == S.ASKED and one.ordered_by_id != request.user.pk,
        "may_receive": may_write and is_open,
        "receipt_form": forms.ReceiptForm(initial={"received_on": today}),
        "why_form": forms.WhyForm(),
        "entries": timeline(one),
    }
    return render(request, "funds/recovery.html", context)


@require_POST
def decide_recovery(request: "Request", recovery_id: int) -> HttpResponse:
    granted = request.POST.get("move") == "grant"
    why = "" if granted else sent(request, forms.WhyForm).cleaned_data["why"]
    actions.decide_recovery(by=request.user, recovery_id=recovery_id, granted=granted, finding=why, now=timezone.now())
    return redirect("funds:recovery", recovery_id)


@require_POST
def receive(request: "Request", recovery_id: int) -> HttpResponse:
    values = sent(request, forms.ReceiptForm).values()
    actions.receive(by=request.user, recovery_id=recovery_id, now=timezone.now(), **values)  # type: ignore[arg-type]
    return redirect("funds:recovery", recovery_id)
