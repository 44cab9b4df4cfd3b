from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from rollbook.accounts.rules import Permission, admit, holds
from rollbook.institutions import queries as institutions
from rollbook.kernel.messages import _
from rollbook.kernel.reasons import Forbidden
from rollbook.regions.queries import choices as regions
from rollbook.supervision import actions, forms, queries, rules
from rollbook.web.forms import cleaned
from rollbook.web.lists import Filter, listing

if TYPE_CHECKING:
    from rollbook.web.requests import Request


def _measure_form(request: "Request", *, posted: bool = False) -> forms.MeasureForm:
    form = forms.MeasureForm(request.POST) if posted else forms.MeasureForm()
    listed = institutions.visible_to(request.user).filter(state="listed").order_by("name").values_list("pk", "name")
    form.fields["institution_id"].choices = list(listed)  # type: ignore[attr-defined]
    return form


@require_GET
def measure_list(request: "Request") -> HttpResponse:
    if request.user.role == "supervisor":
        raise Forbidden("measures")
    admit(request.user, Permission.INSPECTION_READ)
    filters = [
        Filter("grade", _("Measure"), rules.Grade.choices()),
        Filter("open", _("Mended"), [("True", _("no")), ("False", _("yes"))], lookup="mended_at__isnull"),
        Filter("region_code", _("Region"), regions(request.user.region_code)),
    ]
    shown = listing(
        request, queries.measures(request.user), filters=filters, search=("institution__name", "ground"),
        hint=gettext("Institution or ground"),
    )  # fmt: skip
    may = holds(request.user, Permission.MEASURE_TAKE)
    context = {
        "listing": shown,
        "may_take": may,
        "form": _measure_form(request) if may else None,
        "today": timezone.localdate(),
    }
    return render(request, "supervision/measure_list.html", context)


@require_POST
def take_measure(request: "Request") -> HttpResponse:
    admit(request.user, Permission.MEASURE_TAKE)
    values = cleaned(_measure_form(request, posted=True)).cleaned_data
    actions.take_measure(by=request.user, inspection_id=None, now=timezone.now(), **values)
    return redirect("supervision:measure_list")


@require_POST
def mended(request: "Request", measure_id: int) -> HttpResponse:
    actions.accept_mended(by=request.user, measure_id=measure_id, now=timezone.now())
    return redirect("supervision:measure_list")
