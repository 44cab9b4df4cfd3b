"""Kiosks and card readers: registered, activated, watched, revoked (N4.1)."""

from typing import TYPE_CHECKING

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from rollbook.accounts.rules import Permission, holds
from rollbook.classes import actions, forms, queries
from rollbook.classes.rules import devices as rules
from rollbook.classes.rules import events
from rollbook.directory import queries as directory
from rollbook.directory.rules import TermKey
from rollbook.institutions import queries as institutions
from rollbook.journal.queries import timeline
from rollbook.kernel.messages import _
from rollbook.kernel.reasons import Forbidden
from rollbook.web.actions import note_export
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
        "files": queries.event_files([one.pk])[:20],
        "may_file": own and one.state == rules.DeviceState.ACTIVE,
        "file_form": forms.EventFileForm(auto_id="events_%s"),
        "entries": timeline(one),
    }
    return render(request, "classes/device_detail.html", context)


@require_POST
def file_events(request: "Request", device_id: int) -> HttpResponse:
    file = sent(request, forms.EventFileForm).cleaned_data["file"]
    made = actions.file_events_by_hand(
        by=request.user, device_id=device_id, content=file.chunks(), name=file.name, now=timezone.now()
    )
    return redirect("classes:event_file", made.pk)


@require_GET
def event_file(request: "Request", event_file_id: int) -> HttpResponse | StreamingHttpResponse:
    """A file of events: how far it is, what came of it, each row that is no event; the answers to all as CSV."""
    by, one = request.user, queries.event_file(request.user, event_file_id)
    if request.GET.get("export"):
        note_export(by=by, source="event-file", query=f"file={one.pk}", rows=one.rows or 0, now=timezone.now())
        found = StreamingHttpResponse(queries.event_answers(one), content_type="text/csv; charset=utf-8")
        found["Content-Disposition"] = f'attachment; filename="answers-{one.pk}.csv"'
        return found
    is_cut_off = events.is_cut_off(one.state, one.seen_at, timezone.now())
    good = (one.rows or 0) - one.wrong
    context = {
        "one": one,
        "good": good,
        "percent": one.done * 100 // good if good else 0,
        "is_open": one.ended_at is None and not is_cut_off,
        "may_go_on": (is_cut_off or one.state == events.FileState.FAILED)
        and by.institution_id is not None
        and holds(by, Permission.TOKEN_MANAGE),
        "wrong": [(row, field, events.WRONG[code]) for row, field, code in one.wrong_fields],
        "entries": timeline(one),
    }
    return render(request, "classes/event_file.html" + ("#progress" if request.htmx else ""), context)


@require_POST
def go_on_with_file(request: "Request", event_file_id: int) -> HttpResponse:
    actions.go_on_with_file(by=request.user, file_id=event_file_id, now=timezone.now())
    return redirect("classes:event_file", event_file_id)


@require_POST
def activate_device(request: "Request", device_id: int) -> HttpResponse:
    actions.activate_device(by=request.user, device_id=device_id, now=timezone.now())
    return redirect("classes:device_detail", device_id)


@require_POST
def revoke_device(request: "Request", device_id: int) -> HttpResponse:
    why = sent(request, WhyForm).cleaned_data["why"]
    actions.revoke_device(by=request.user, device_id=device_id, why=why, now=timezone.now())
    return redirect("classes:device_detail", device_id)
