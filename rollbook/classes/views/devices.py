"""Kiosks and card readers: registered, activated, watched, revoked (N4.1)."""

from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from rollbook.accounts.rules import Permission, holds
from rollbook.classes import actions, forms, queries
from rollbook.classes.rules import devices as rules
from rollbook.directory import queries as directory
from rollbook.directory.rules import TermKey
from rollbook.institutions import queries as institutions
from rollbook.journal.queries import timeline
from rollbook.kernel.messages import _
from rollbook.kernel.reasons import Forbidden
from rollbook.web.exports import Table
from rollbook.web.forms import WhyForm, cleaned, sent
from rollbook.web.lists import Filter, listing, narrowed
from rollbook.web.views import exported

if TYPE_CHECKING:
    from rollbook.classes.models import Device
    from rollbook.web.requests import Request

SEARCH = ("name", "serial", "institution__name")
COLUMNS = (
    _("Device"), _("Serial number"), _("Kind"), _("Institution"), _("Room"), _("State"), _("Last contact"),
    _("Clock ahead, seconds"),
)  # fmt: skip


def _filters() -> list[Filter]:
    return [
        Filter("state", "State", rules.DeviceState.choices()),
        Filter("kind", "Kind", rules.DeviceKind.choices()),
    ]


def device_table(request: "Request") -> Table:
    found = narrowed(request, queries.devices(request.user), filters=_filters(), search=SEARCH)
    return Table("devices", COLUMNS, found, _row)


def _row(one: "Device") -> tuple[object, ...]:
    return (
        one.name, one.serial, gettext(one.get_kind_display()), one.institution.name, str(one.room or ""),
        gettext(one.get_state_display()), localtime(one.seen_at).replace(tzinfo=None) if one.seen_at else None,
        one.skew_seconds,
    )  # fmt: skip


@never_cache
def device_list(request: "Request") -> HttpResponse:
    """Devices with their clocks and the gaps in their sequences; a new one's key is shown once."""
    by = request.user
    if by.role in ("teacher", "worker"):
        raise Forbidden("devices")
    if request.GET.get("export"):
        return exported(request, "devices", device_table(request))
    registers, key = holds(by, Permission.TOKEN_MANAGE) and by.institution_id is not None, ""
    rooms = [(one.pk, str(one)) for one in institutions.rooms_of(by.institution_id or 0)] if registers else []
    if request.method == "POST":
        values = cleaned(forms.DeviceForm(request.POST, rooms=rooms)).cleaned_data
        _device, key = actions.register_device(by=by, now=timezone.now(), **values)
    shown = listing(request, queries.devices(by), filters=_filters(), search=SEARCH, exports=True)
    rows = list(shown.rows)
    missing: dict[int, int] = {}
    for gap in queries.gaps_of([one.pk for one in rows]):
        missing[gap.reader_id] = missing.get(gap.reader_id, 0) + gap.missing
    shown.rows = [(one, missing.get(one.pk, 0), rules.clock_is_off(one.skew_seconds)) for one in rows]
    context = {"listing": shown, "form": forms.DeviceForm(rooms=rooms), "key": key, "registers": registers}
    return render(request, "classes/device_list.html", context)


@require_GET
def device_detail(request: "Request", device_id: int) -> HttpResponse:
    """One device: what arrived, what never did, what could not be used, and how its clock runs."""
    by, one = request.user, queries.device(request.user, device_id)
    moves = rules.DEVICES.moves_from(rules.DeviceState(one.state))
    by_county = directory.terms_for(one.institution.region_code, timezone.localdate())[TermKey.DEVICE_BY_COUNTY]
    official = by.institution_id is None and holds(by, Permission.ATTENDANCE_APPROVE)
    own = by.institution_id is not None and holds(by, Permission.TOKEN_MANAGE)
    context = {
        "one": one,
        "may_activate": rules.DeviceMove.ACTIVATE in moves and (official or (own and not by_county)),
        "may_revoke": rules.DeviceMove.REVOKE in moves and (official or own),
        "form": WhyForm(),
        "gaps": queries.gaps_of([one.pk]),
        "steps": queries.clock_steps_back(one.pk),
        "refused": queries.refused_of_device(one.pk)[:20],
        "events": queries.events_of_device(one.pk)[:20],
        "is_off": rules.clock_is_off(one.skew_seconds),
        "entries": timeline(one),
    }
    return render(request, "classes/device_detail.html", context)


@require_POST
def activate_device(request: "Request", device_id: int) -> HttpResponse:
    actions.activate_device(by=request.user, device_id=device_id, now=timezone.now())
    return redirect("classes:device_detail", device_id)


@require_POST
def revoke_device(request: "Request", device_id: int) -> HttpResponse:
    why = sent(request, WhyForm).cleaned_data["why"]
    actions.revoke_device(by=request.user, device_id=device_id, why=why, now=timezone.now())
    return redirect("classes:device_detail", device_id)
