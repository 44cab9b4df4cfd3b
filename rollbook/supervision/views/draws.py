from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from rollbook.accounts.rules import Permission, admit, holds
from rollbook.journal.queries import timeline
from rollbook.kernel.messages import _
from rollbook.kernel.reasons import Forbidden
from rollbook.regions.queries import choices as regions
from rollbook.regions.queries import name_of
from rollbook.supervision import actions, forms, queries
from rollbook.web.exports import workbook
from rollbook.web.forms import sent
from rollbook.web.lists import Filter, listing, narrowed

if TYPE_CHECKING:
    from rollbook.web.requests import Request

COLUMNS = (
    _("What the check is for"),
    _("Region"),
    _("Announced on"),
    _("Drawn on"),
    _("Due on"),
    _("Drawn"),
    _("Published"),
    _("Seed of the draw"),
)


@require_GET
def draw_list(request: "Request") -> HttpResponse:
    by = request.user
    if by.institution_id is not None:
        raise Forbidden("draws")
    admit(by, Permission.INSPECTION_READ)
    filters = [Filter("region_code", _("Region"), regions(by.region_code))]
    found = queries.draws(by)
    if request.GET.get("export"):
        rows = (
            (one.title, name_of(one.region_code), *(at and timezone.localdate(at) for at in (one.announced_at, one.drawn_at)),
             one.due_on, one.drawn, one.told, one.seed)
            for one in narrowed(request, found, filters=filters, search=("title",))
        )  # fmt: skip
        return workbook(COLUMNS, rows, gettext("Draws"))
    shown = listing(
        request, found, filters=filters, search=("title",), exports=True, hint=gettext("What the check is for")
    )
    may = holds(by, Permission.INSPECTION_PLAN)
    return render(
        request, "supervision/draw_list.html", {"listing": shown, "form": forms.AnnounceForm() if may else None}
    )


@require_POST
def draw_new(request: "Request") -> HttpResponse:
    values = sent(request, forms.AnnounceForm).cleaned_data
    made = actions.announce_draw(by=request.user, now=timezone.now(), **values)
    return redirect("supervision:draw", made.pk)


@require_POST
def draw_made(request: "Request", draw_id: int) -> HttpResponse:
    values = sent(request, forms.FigureForm).cleaned_data
    actions.draw(by=request.user, draw_id=draw_id, now=timezone.now(), **values)
    return redirect("supervision:draw", draw_id)


@require_GET
def draw(request: "Request", draw_id: int) -> HttpResponse:
    """Who was drawn and by whom each is checked; those who were drawn record and sign here."""
    by = request.user
    if by.institution_id is not None:
        raise Forbidden("draws")
    one = queries.draw(by, draw_id)
    checks = queries.checks_shown(by, draw_id)
    context = {
        "draw": one,
        "rows": [
            (check, mine and check.published_at is None, mine and check.recorded_at and check.recorded_by_id != by.pk)
            for check in checks
            for mine in [by.pk in (check.first_id, check.second_id)]
        ],
        "holds": queries.holds_still(one),
        "figure_form": forms.FigureForm() if one.drawn_at is None and holds(by, Permission.INSPECTION_PLAN) else None,
        "is_due": one.draws_at is not None and one.draws_at <= timezone.now(),
        "form": forms.CheckForm(auto_id=False),
        "entries": timeline(one),
    }
    return render(request, "supervision/draw.html", context)


@require_POST
def record_check(request: "Request", check_id: int) -> HttpResponse:
    values = sent(request, forms.CheckForm).cleaned_data
    made = actions.record_check(by=request.user, check_id=check_id, now=timezone.now(), **values)
    return redirect("supervision:draw", made.draw_id)


@require_POST
def sign_check(request: "Request", check_id: int) -> HttpResponse:
    made = actions.sign_check(by=request.user, check_id=check_id, now=timezone.now())
    return redirect("supervision:draw", made.draw_id)
