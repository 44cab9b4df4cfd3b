"""How a recovery is paid in parts, and how finance gives one up."""

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from rollbook.funds import actions, forms, queries
from rollbook.web.forms import sent

if TYPE_CHECKING:
    from rollbook.web.requests import Request


@require_POST
def agree_plan(request: "Request", recovery_id: int) -> HttpResponse:
    form, one = sent(request, forms.PlanForm), queries.recovery(request.user, recovery_id, timezone.localdate())
    parts = form.parts(one.left_fen)
    document = form.cleaned_data["document"]
    actions.agree_plan(by=request.user, recovery_id=recovery_id, parts=parts, document=document, now=timezone.now())
    return redirect("funds:recovery", recovery_id)


@require_POST
def end_plan(request: "Request", recovery_id: int) -> HttpResponse:
    why = sent(request, forms.WhyForm).cleaned_data["why"]
    actions.end_plan(by=request.user, recovery_id=recovery_id, why=why, now=timezone.now())
    return redirect("funds:recovery", recovery_id)


@require_POST
def ask_write_off(request: "Request", recovery_id: int) -> HttpResponse:
    values = sent(request, forms.WriteOffForm).values()
    actions.ask_write_off(by=request.user, recovery_id=recovery_id, now=timezone.now(), **values)
    messages.success(request, gettext("Asked for; another person of finance has to confirm it."))
    return redirect("funds:recovery", recovery_id)


@require_POST
def cosign_write_off(request: "Request", write_off_id: int) -> HttpResponse:
    one = actions.cosign_write_off(by=request.user, write_off_id=write_off_id, now=timezone.now())
    return redirect("funds:recovery", one.recovery_id)


@require_POST
def decide_write_off(request: "Request", write_off_id: int) -> HttpResponse:
    granted = request.POST.get("move") == "grant"
    why = "" if granted else sent(request, forms.WhyForm).cleaned_data["why"]
    one = actions.decide_write_off(
        by=request.user, write_off_id=write_off_id, granted=granted, finding=why, now=timezone.now()
    )
    return redirect("funds:recovery", one.recovery_id)


@require_POST
def reopen(request: "Request", recovery_id: int) -> HttpResponse:
    values = sent(request, forms.ReopenForm).cleaned_data
    actions.reopen(by=request.user, recovery_id=recovery_id, now=timezone.now(), **values)
    return redirect("funds:recovery", recovery_id)
