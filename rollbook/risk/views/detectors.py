from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from rollbook.accounts.rules import Permission, admit, holds
from rollbook.kernel.messages import _
from rollbook.kernel.reasons import NotFound
from rollbook.regions.queries import choices as regions
from rollbook.risk import actions, forms, queries, rules
from rollbook.risk.detectors import DETECTORS
from rollbook.risk.queries import trials
from rollbook.risk.rules.alerts import RANK_LABELS
from rollbook.risk.views import pictures
from rollbook.web.forms import sent

if TYPE_CHECKING:
    from rollbook.web.requests import Request


@require_GET
def detector_list(request: "Request") -> HttpResponse:
    """Every detector with its precision, false alarms and what waits; and what officers have settled (B8)."""
    by = request.user
    admit(by, *queries.READERS)
    region = request.GET.get("region_code", "")
    known = regions(by.region_code)
    region = region if region in {code for code, _name in known} else ""
    rows = queries.performance(by, region)
    context = {
        "rows": sorted(rows, key=lambda row: (-row["waiting"], -row["found"], row["one"].code)),
        "load": queries.load(by, timezone.now()),
        "waiting": queries.waiting(by),
        "regions": known,
        "region": region,
        "runs": queries.runs()[:8],
        "failing": queries.failing(by),
    }
    return render(request, "risk/detector_list.html", context)


@require_GET
def detector_detail(request: "Request", code: str) -> HttpResponse:
    by = request.user
    admit(by, *queries.READERS)
    if code not in DETECTORS:
        raise NotFound
    one = DETECTORS[code]
    rank, limits = trials.in_force(one, by.region_code, timezone.localdate())
    rows = []
    for name, limit in one.limits.items():
        cases = queries.cases(by, code, name)
        choices = rules.choices(cases, below=(code, name) in rules.BELOW)
        label = gettext(rules.LIMITS[name])
        rows.append(
            {
                "name": name, "label": label, "limit": limit, "value": limits[name], "cases": len(cases),
                "proposal": rules.proposed(choices, len(cases)), "picture": pictures.trade_off(choices, label),
            }
        )  # fmt: skip
    drawn = [row["picture"] for row in rows if row["picture"]]
    for n, picture in enumerate(drawn):
        picture["n"] = n
    trial = request.session.pop("trial", None)
    context = {
        "one": one, "rank": RANK_LABELS[rank], "rank_value": rank, "ranks": RANK_LABELS, "rows": rows,
        "data": [{k: v for k, v in picture.items() if k not in ("heads", "table")} for picture in drawn],
        "regions": queries.by_region(by, code), "settings": queries.settings_of(code)[:20],
        "may_tune": holds(by, Permission.ALERT_TUNE), "trial": trial if trial and trial["code"] == code else None,
    }  # fmt: skip
    return render(request, "risk/detector_detail.html", context)


@require_POST
def try_limit(request: "Request", code: str) -> HttpResponse:
    """Run the detector over history with another value; nothing is filed."""
    admit(request.user, Permission.ALERT_TUNE)
    if code not in DETECTORS:
        raise NotFound
    data = sent(request, forms.TrialForm).cleaned_data
    found = trials.run(by=request.user, code=code, name=data["name"], value=data["value"], today=timezone.localdate())
    request.session["trial"] = {"code": code, "name": data["name"], "value": data["value"], **found}
    return redirect("risk:detector_detail", code)


@require_POST
def set_limit(request: "Request", code: str) -> HttpResponse:
    data = sent(request, forms.SettingForm).cleaned_data
    trial = None
    if "trial" in request.POST:
        trial = trials.run(
            by=request.user, code=code, name=data["name"], value=data["value"], today=timezone.localdate()
        )
    actions.set_limit(
        by=request.user, code=code, name=data["name"], value=data["value"], starts_on=data["starts_on"],
        why=data["why"], trial=trial, now=timezone.now(),
    )  # fmt: skip
    messages.success(request, gettext(_("Set. It holds from that day on; earlier nights stay as they were.")))
    return redirect("risk:detector_detail", code)
