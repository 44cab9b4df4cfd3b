from typing import TYPE_CHECKING

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_GET, require_POST

from rollbook.kernel.messages import _
from rollbook.kernel.reasons import Refused, reason
from rollbook.regions import actions, queries

if TYPE_CHECKING:
    from rollbook.accounts.models import Account

    class Request(HttpRequest):
        user: Account


@require_GET
def calendar(request: "Request") -> HttpResponse:
    text = request.GET.get("year", "")
    year = int(text) if text.isdigit() else timezone.localdate().year
    context = {"days": queries.moved_days(year), "year": year, "may_add": request.user.role == "system-administrator"}
    return render(request, "regions/calendar.html", context)


@require_POST
def add_day(request: "Request") -> HttpResponse:
    day = parse_date(request.POST.get("day", ""))
    if day is None:
        raise Refused(reason("bad-date", _("Give the day.")))
    actions.add_day(
        by=request.user,
        day=day,
        is_working=request.POST.get("working") == "1",
        name=request.POST.get("name", "")[:32],
        document=request.POST.get("document", ""),
        now=timezone.now(),
    )
    return redirect("regions:calendar")
