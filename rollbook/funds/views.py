from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from rollbook.accounts.rules import Permission, holds
from rollbook.funds import actions, forms, queries, rules
from rollbook.journal.queries import timeline
from rollbook.kernel.reasons import Forbidden
from rollbook.web.forms import WhyForm, sent
from rollbook.web.lists import Filter, listing

if TYPE_CHECKING:
    from rollbook.web.requests import Request


@require_GET
def balances(request: "Request") -> HttpResponse:
    if not queries.may_read(request.user):
        raise Forbidden("ledger.read")
    form = forms.BudgetForm(initial={"year": timezone.localdate().year, "region_code": request.user.region_code})
    context = {
        "rows": queries.balances(request.user),
        "may_set": holds(request.user, Permission.BUDGET_SET),
        "form": form,
        "funds": dict(rules.Fund.choices()),
    }
    return render(request, "funds/balances.html", context)


@require_POST
def set_budget(request: "Request") -> HttpResponse:
    values = sent(request, forms.BudgetForm).values()
    actions.set_budget(by=request.user, now=timezone.now(), **values)  # type: ignore[arg-type]
    return redirect("funds:balances")


@require_GET
def batch_list(request: "Request") -> HttpResponse:
    if not queries.may_read(request.user):
        raise Forbidden("ledger.read")
    filters = [Filter("state", "State", rules.BatchState.choices())]
    shown = listing(request, queries.batch_list(request.user), filters=filters, search=("number",))
    return render(request, "funds/batch_list.html", {"listing": shown})


@require_GET
def batch_detail(request: "Request", batch_id: int) -> HttpResponse:
    batch, by = queries.get(request.user, batch_id), request.user
    filters = [Filter("state", "State", rules.LineState.choices())]
    lines = queries.lines_of(batch_id)
    context = {
        "batch": batch,
        "listing": listing(request, lines, filters=filters, search=("payee_name", "reference"), size=100),
        "total": sum(lines.values_list("amount_fen", flat=True)),
        "moves": rules.BATCHES.moves_from(rules.BatchState(batch.state)),
        "shared": queries.shared_accounts(batch_id),
        "files": queries.files_of(batch_id),
        "entries": timeline(batch),
        "may_check": holds(by, Permission.BATCH_CHECK),
        "may_release": holds(by, Permission.BATCH_RELEASE),
        "may_make": holds(by, Permission.BATCH_MAKE),
        "why_form": WhyForm(),
    }
    return render(request, "funds/batch_detail.html", context)


@require_POST
def move(request: "Request", batch_id: int, what: str) -> HttpResponse:
    by, now = request.user, timezone.now()
    if what == "return":
        why = sent(request, WhyForm).cleaned_data["why"]
        actions.return_batch(by=by, batch_id=batch_id, why=why, now=now)
    else:
        deeds = {"check": actions.check_batch, "release": actions.release_batch}
        deeds[what](by=by, batch_id=batch_id, now=now)
    return redirect("funds:batch_detail", batch_id)
