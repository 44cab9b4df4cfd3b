"""Live classrooms: the wall, the page of a lesson, cameras, recordings; and what the media server asks."""

import hmac
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from rollbook.accounts.rules import Permission, admit, holds
from rollbook.classes import queries as classes
from rollbook.evidence import actions as evidence
from rollbook.evidence.rules import Purpose
from rollbook.faces import queries as faces
from rollbook.faces.rules import LEAST_HEAD
from rollbook.institutions import queries as institutions
from rollbook.kernel.messages import _
from rollbook.kernel.reasons import NotFound, Refused
from rollbook.live import actions, files, forms, queries
from rollbook.regions.queries import choices as regions
from rollbook.web.forms import cleaned, sent
from rollbook.web.lists import Filter, listing

if TYPE_CHECKING:
    from rollbook.web.requests import Request

SEARCH = (
    "lesson__training_class__title",
    "lesson__training_class__number",
    "lesson__subject",
    "camera__institution__name",
)
WALL_SEARCH = ("training_class__title", "training_class__number", "training_class__institution__name", "room__name")


@never_cache
@require_GET
def wall(request: "Request") -> HttpResponse:
    """Every lesson that is going on now, those with a picture first; pictures once a purpose is said."""
    admit(request.user, Permission.LIVE_WATCH)
    now = timezone.now()
    filters = [
        Filter("region_code", _("Region"), regions(request.user.region_code), lookup="training_class__region_code"),
        Filter("live", _("Picture"), [("True", _("Live now")), ("False", _("No picture"))], lookup="is_live"),
    ]
    shown = listing(request, queries.wall(request.user, now), filters=filters, search=WALL_SEARCH, size=queries.WALL)
    key = request.GET.get("key", "")
    cameras: dict[int, Any] = {}
    rows = list(shown.rows)
    for camera in queries.live_cameras(request.user, [one.pk for one in rows]):
        cameras.setdefault(camera.room_id, camera)
    if key:
        actions.may_watch(by=request.user, key=key)
    context = {
        "listing": shown,
        "rows": [(one, cameras.get(one.room_id)) for one in rows],
        "cameras": list(cameras.values()),
        "key": key,
        "purposes": Purpose.choices(),
        "has_server": files.has_media_server(),
        **_crowded(request, None),
    }
    return render(request, "live/wall.html", context)


@never_cache
@require_GET
def more_faces(request: "Request") -> HttpResponse:
    """What is told while lessons go on, asked for by the pages that show them, again and again."""
    admit(request.user, Permission.LIVE_WATCH)
    text = request.GET.get("lesson", "")
    return render(request, "live/more_faces.html", _crowded(request, int(text) if text.isdigit() else None))


def _crowded(request: "Request", lesson_id: int | None) -> dict[str, Any]:
    crowded = queries.crowded(request.user, timezone.now(), lesson_id)
    return {"crowded": crowded, "of_lesson": lesson_id, "may_open": holds(request.user, Permission.EVIDENCE_READ)}


@require_POST
def watch(request: "Request") -> HttpResponse:
    ids = [int(text) for text in request.POST.getlist("camera") if text.isascii() and text.isdigit()]
    key = actions.watch(by=request.user, camera_ids=ids, purpose=request.POST.get("purpose", ""), now=timezone.now())
    lesson_id = request.POST.get("lesson", "")
    where = reverse("live:lesson", args=[int(lesson_id)]) if lesson_id.isdigit() else reverse("live:wall")
    return redirect(f"{where}?key={key}")


@never_cache
@require_GET
def hls(request: "Request", camera_id: int, key: str, name: str) -> HttpResponse:
    """The parts of a live picture, for whoever has just said what for and still sees the camera."""
    actions.may_watch(by=request.user, key=key)
    camera = queries.get(request.user, camera_id)
    path = files.hls_part(camera.stream, name.replace("index.m3u8", f"{camera.stream}.m3u8"))
    if path is None:
        raise NotFound
    kind = "application/vnd.apple.mpegurl" if path.suffix == ".m3u8" else "video/mp2t"
    return HttpResponse(path.read_bytes(), content_type=kind)


@never_cache
@require_GET
def lesson(request: "Request", lesson_id: int) -> HttpResponse:
    """What cameras see and saw of a lesson, and what officers found by them."""
    by, now = request.user, timezone.now()
    one = queries.lesson(by, lesson_id)
    key = request.GET.get("key", "")
    if key:
        actions.may_watch(by=by, key=key)
    may_check = holds(by, Permission.LIVE_CHECK)
    context = {
        "lesson": one,
        "camera": queries.live_in(lesson_id),
        "cameras": queries.cameras_of_room(one.room_id),
        "key": key,
        "purposes": Purpose.choices(),
        "may_check": may_check,
        "told": queries.told_of(one, now),
        "there": classes.there_at(lesson_id, now),
        "is_now": one.starts_at <= now <= one.ends_at,
        "call_form": _call_form(one.training_class_id) if may_check else None,
        "may_count": faces.is_set_up(),
        "least_head": LEAST_HEAD,
        **_crowded(request, lesson_id),
        **queries.of_lesson(lesson_id),
    }
    return render(request, "live/lesson.html", context)


def _call_form(class_id: int, request: "Request | None" = None) -> forms.CallForm:
    form = forms.CallForm(request.POST) if request else forms.CallForm()
    people = [(one.pk, f"{one.person.name} {one.person.id_masked}") for one in classes.roster(class_id)]
    form.fields["enrolment_id"].choices = people  # type: ignore[attr-defined]
    return form


def _back_to(request: "Request", lesson_id: int) -> HttpResponse:
    key = request.POST.get("key", "")
    return redirect(reverse("live:lesson", args=[lesson_id]) + (f"?key={key}" if key else ""))


@require_POST
def picture(request: "Request", lesson_id: int) -> HttpResponse:
    actions.take_picture(by=request.user, lesson_id=lesson_id, now=timezone.now())
    return _back_to(request, lesson_id)


@require_POST
def call(request: "Request", lesson_id: int) -> HttpResponse:
    one = queries.lesson(request.user, lesson_id)
    values = cleaned(_call_form(one.training_class_id, request)).cleaned_data
    actions.call_to_camera(by=request.user, lesson_id=lesson_id, now=timezone.now(), **values)
    return _back_to(request, lesson_id)


@require_POST
def count(request: "Request", count_id: int) -> HttpResponse:
    counted = sent(request, forms.CountForm).cleaned_data["counted"]
    one = actions.count_heads(by=request.user, count_id=count_id, counted=counted, now=timezone.now())
    return _back_to(request, one.lesson_id)


def _camera_form(request: "Request", *, posted: bool = False) -> forms.CameraForm:
    form = forms.CameraForm(request.POST) if posted else forms.CameraForm()
    rooms = institutions.rooms_of(request.user.institution_id or 0)
    form.fields["room_id"].choices = [(one.pk, f"{one.site.name} {one.name}") for one in rooms]  # type: ignore[attr-defined]
    return form


@require_GET
def camera_list(request: "Request") -> HttpResponse:
    admit(request.user, Permission.LIVE_WATCH)
    filters = [Filter("region_code", _("Region"), regions(request.user.region_code))]
    shown = listing(
        request, queries.visible_to(request.user).order_by("-pk"), filters=filters,
        search=("name", "room__name", "institution__name"),
    )  # fmt: skip
    context = {
        "listing": shown,
        "form": _camera_form(request) if holds(request.user, Permission.CAMERA_REGISTER) else None,
        "may_check": holds(request.user, Permission.LIVE_CHECK),
        "has_server": files.has_media_server(),
    }
    return render(request, "live/camera_list.html", context)


@require_POST
def register(request: "Request") -> HttpResponse:
    values = cleaned(_camera_form(request, posted=True)).cleaned_data
    made, key = actions.register_camera(by=request.user, now=timezone.now(), **values)
    address = f"{settings.MEDIA_SERVER_URL}/{made.stream}?key={key}"
    return render(request, "live/registered.html", {"camera": made, "address": address})


@require_POST
def revoke(request: "Request", camera_id: int) -> HttpResponse:
    actions.revoke_camera(by=request.user, camera_id=camera_id, now=timezone.now())
    return redirect("live:camera_list")


@require_POST
def file_view(request: "Request", camera_id: int) -> HttpResponse:
    actions.file_view(by=request.user, camera_id=camera_id, now=timezone.now())
    return redirect("live:camera_list")


@require_GET
def recording_list(request: "Request") -> HttpResponse:
    """Recordings by class, lesson, day and minute (N4.3)."""
    admit(request.user, Permission.LIVE_WATCH)
    found = queries.recordings(request.user)
    moment = _moment(request)
    if moment:
        found = found.filter(begins_at__lte=moment, ends_at__gt=moment)
    filters = [
        Filter("day", _("Day"), [], lookup="begins_at__date", kind="date"),
        Filter("at", _("Minute"), [], lookup="pk__isnull", kind="time"),
        Filter("region_code", _("Region"), regions(request.user.region_code)),
    ]
    shown = listing(
        request, found, filters=filters, search=SEARCH, hint=gettext("Class, number, lesson, institution")
    )  # fmt: skip
    rows = list(shown.rows)
    for one in rows:
        one.second = int((moment - one.begins_at).total_seconds()) if moment else 0
    shown.rows = rows
    return render(request, "live/recording_list.html", {"listing": shown, "moment": moment})


def _moment(request: "Request") -> Any:
    try:
        told = datetime.fromisoformat(f"{request.GET.get('day', '')}T{request.GET.get('at', '')}")
    except ValueError:
        return None
    return timezone.make_aware(told) if timezone.is_naive(told) else None


@never_cache
def recording(request: "Request", recording_id: int) -> HttpResponse:
    """One recording; sent with a purpose, it is shown from the minute that was asked for."""
    one = queries.recording(request.user, recording_id)
    key, second = "", _second(request, one)
    if request.method == "POST":
        key = evidence.opened_for(
            by=request.user, item=one.item, purpose=request.POST.get("purpose", ""), now=timezone.now()
        )
    faults = [row for row in queries.of_lesson(one.lesson_id)["faults"] if row.camera_id == one.camera_id]
    context = {
        "one": one,
        "key": key,
        "second": second,
        "purposes": Purpose.choices(),
        "faults": [(row, max(int((row.begins_at - one.begins_at).total_seconds()), 0)) for row in faults],
    }
    return render(request, "live/recording.html", context)


def _second(request: "Request", one: Any) -> int:
    text = request.POST.get("second", "") or request.GET.get("second", "")
    return min(int(text), one.item.seconds) if text.isascii() and text.isdigit() else 0


@csrf_exempt
@login_not_required
@require_POST
def hook(request: HttpRequest, key: str, what: str) -> HttpResponse:
    """What the media server asks and tells, which proves itself by its key: 2xx lets a camera send, 4xx does not."""
    if not hmac.compare_digest(key.encode(), settings.MEDIA_HOOK_KEY.encode()):
        return HttpResponse(status=403)
    told, now = request.POST, timezone.now()
    stream = told.get("name", "")
    try:
        if what == "publish":
            actions.admit_sending(stream=stream, key=told.get("key", ""), address=told.get("addr", ""), now=now)
        elif what == "update":
            actions.keep_sending(stream=stream, address=told.get("addr", ""), now=now)
        elif what == "done":
            actions.end_sending(stream=stream, now=now)
        elif what == "recorded":
            actions.take_recorded(stream=stream, path=told.get("path", ""), now=now)
        else:
            return HttpResponse(status=404)
    except Refused as refused:
        return HttpResponse(" ".join(one.code for one in refused.reasons), status=403, content_type="text/plain")
    return HttpResponse(status=204)
