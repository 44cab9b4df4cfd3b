"""Random checks, as everyone may read them and draw them again (N11.2, B3)."""

from typing import TYPE_CHECKING

from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from rollbook.kernel.messages import _
from rollbook.regions import queries as regions
from rollbook.supervision import queries as supervision
from rollbook.web.lists import Filter, listing

if TYPE_CHECKING:
    from rollbook.web.requests import Request


@login_not_required
@require_GET
def draw_list(request: "Request") -> HttpResponse:
    filters = [Filter("region_code", _("Region"), regions.choices())]
    hint = gettext("What the check is for")
    shown = listing(request, supervision.published(), filters=filters, search=("title",), hint=hint)
    return render(request, "portal/draws.html", {"listing": shown})


@login_not_required
@require_GET
def draw(request: "Request", draw_id: int) -> HttpResponse:
    one = supervision.published_draw(draw_id)
    if request.GET.get("file"):
        response = JsonResponse(supervision.as_file(one), json_dumps_params={"ensure_ascii": False, "indent": 1})
        response["Content-Disposition"] = f'attachment; filename="draw-{one.pk}.json"'
        return response
    return render(
        request,
        "portal/draw.html",
        {"draw": one, "checks": supervision.checks_of(draw_id), "same": supervision.from_same_lists(one)},
    )
