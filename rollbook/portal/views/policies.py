"""Policies in plain words, in force and past, for anyone to read and print (N13.1, N18.1)."""

from typing import TYPE_CHECKING

from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from rollbook.kernel.messages import _
from rollbook.regions import queries as regions
from rollbook.subsidies import queries as subsidies
from rollbook.subsidies import rules
from rollbook.web.exports import downloaded
from rollbook.web.lists import Filter, listing

if TYPE_CHECKING:
    from rollbook.web.requests import Request

STANDINGS = [("in-force", _("Current")), ("coming", _("To come")), ("past", _("Past"))]


@login_not_required
@require_GET
def policy_list(request: "Request") -> HttpResponse:
    filters = [
        Filter("standing", _("In force or not"), STANDINGS),
        Filter("subsidy", _("Kind of subsidy"), rules.Subsidy.choices()),
        Filter("region_code", _("Region"), regions.choices()),
        Filter("on", _("In force on"), [], lookup="in_force__contains", kind="date"),
    ]
    found = subsidies.policies_published(timezone.localdate())
    hint = gettext("Title or document")
    shown = listing(request, found, filters=filters, search=("title", "content__document"), hint=hint)
    return render(request, "portal/policies.html", {"listing": shown})


@login_not_required
@require_GET
def policy(request: "Request", version_id: int) -> HttpResponse:
    today = timezone.localdate()
    one = subsidies.policy_published(version_id, today)
    if request.GET.get("export"):
        return downloaded(subsidies.as_file(one), str(one))
    same = subsidies.policies_published(today).filter(region_code=one.region_code, subsidy=one.subsidy)
    context = {
        "version": one, **subsidies.in_words(subsidies.rules_of(one)), "versions": same.order_by("-version"),
    }  # fmt: skip
    return render(request, "portal/policy.html", context)
