from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from rollbook.subsidies import actions
from rollbook.web.forms import WhyForm, sent

if TYPE_CHECKING:
    from rollbook.web.requests import Request


@require_POST
def lift(request: "Request", hold_id: int) -> HttpResponse:
    """Another officer than who placed it lets the claims go on."""
    why = sent(request, WhyForm).cleaned_data["why"]
    actions.lift_hold(by=request.user, hold_id=hold_id, why=why, now=timezone.now())
    for name, page in (("claim", "subsidies:claim_detail"), ("class", "subsidies:class_claims")):
        if (back := request.POST.get(name, "")).isdigit():
            return redirect(page, int(back))
    return redirect("subsidies:claim_list")
