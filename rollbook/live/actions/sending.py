"""Cameras, and what the media server asks: who may send, and go on sending (N4.3)."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction

from rollbook.accounts.rules import Permission, authorise
from rollbook.classes import queries as classes
from rollbook.institutions import queries as institutions
from rollbook.institutions.rules import State as Listing
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import NotFound, Refused, reason, refuse_if
from rollbook.live import files, queries, rules
from rollbook.live.actions.stills import note
from rollbook.live.models import Camera, Sending

if TYPE_CHECKING:
    from rollbook.accounts.models import Account
    from rollbook.classes.models import Lesson

SILENT = timedelta(minutes=1)


def digest_of(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


@transaction.atomic
def register_camera(*, by: "Account", room_id: int, name: str, now: datetime) -> tuple[Camera, str]:
    """A camera of a room of the own institution; its key is shown once and sent by the camera (N4.3)."""
    authorise(by, Permission.CAMERA_REGISTER, institution_id=by.institution_id)
    room = institutions.rooms_of(by.institution_id or 0).filter(pk=room_id).first()
    if room is None:
        raise NotFound
    if not name.strip():
        raise Refused(reason("camera-name", _("Give the camera a name, such as where it hangs.")))
    if any(one.name == name.strip() for one in queries.cameras_of_room(room_id)):
        raise Refused(reason("camera-known", _("The room has a camera “{name}” already."), name=name))
    key = secrets.token_urlsafe(24)
    made = Camera.objects.create(
        room=room, institution_id=room.site.institution_id, region_code=room.site.region_code, name=name.strip(),
        stream=f"room{room_id}-{secrets.token_hex(4)}", key_digest=digest_of(key), registered_at=now, registered_by=by,
    )  # fmt: skip
    note("camera.registered", made, by=by, at=now, room=room.name)
    return made, key


@transaction.atomic
def revoke_camera(*, by: "Account", camera_id: int, now: datetime) -> Camera:
    camera = queries.get(by, camera_id, lock=True)
    authorise(by, Permission.CAMERA_REGISTER, institution_id=camera.institution_id)
    if camera.revoked_at is not None:
        raise Refused(reason("revoked-key", _("The key of this camera was revoked."), "N4.3"))
    camera.revoked_at = now
    camera.save(update_fields=["revoked_at"])
    note("camera.revoked", camera, by=by, at=now)
    return camera


@transaction.atomic
def admit_sending(*, stream: str, key: str, address: str, now: datetime) -> Sending:
    """Whether a camera may send: its own key, its own room, the time of a lesson (N4.3)."""
    camera = queries.by_key(stream, digest_of(key))
    lesson, reasons = _asked(camera, now)
    refuse_if(reasons)
    if camera is None or lesson is None:
        raise NotFound
    return _sends(camera, lesson, address, now)


def _asked(camera: Camera | None, now: datetime) -> "tuple[Lesson | None, list[Message]]":
    """The lesson that a camera may send of now, and why it may not."""
    lesson = classes.lesson_in_room(camera.room_id, now) if camera else None
    reasons = rules.reasons_against_sending(
        is_known=camera is not None, is_revoked=camera is not None and camera.revoked_at is not None,
        has_lesson=lesson is not None,
        institution_listed=camera is not None and camera.institution.state == Listing.LISTED,
    )  # fmt: skip
    return lesson, list(reasons)


@transaction.atomic
def _sends(camera: Camera, lesson: "Lesson", address: str, now: datetime) -> Sending:
    Camera.objects.select_for_update().get(pk=camera.pk)
    if before := queries.open_sending(camera.pk):  # the line broke and nobody told us, or the next lesson begins
        before.ended_at = now
        before.save(update_fields=["ended_at"])
    made = Sending.objects.create(camera=camera, lesson=lesson, began_at=now, address=address[:64])
    note("camera.sending", camera, by=None, at=now, lesson=str(lesson))
    return made


def keep_sending(*, stream: str, address: str, now: datetime) -> None:
    """A camera that goes on sending: refused, and so cut off by the media server, once its key is revoked or no lesson is
    on; one that sends through a day belongs to each lesson in turn."""
    camera = queries.by_stream(stream)
    lesson, reasons = _asked(camera, now)
    if camera is None or lesson is None or reasons:
        end_sending(stream=stream, now=now)
        raise Refused(*reasons)
    before = queries.sending_of(camera.pk)
    if before is None or before.lesson_id != lesson.pk:
        _sends(camera, lesson, address, now)


def end_silent(*, now: datetime) -> int:
    """Close what nobody told the end of: the media server was killed, or the site was not there to be told."""
    silent = [
        one
        for one in Sending.objects.filter(ended_at=None, began_at__lt=now - SILENT).select_related("camera")
        if not files.is_fresh(one.camera.stream)
    ]
    for one in silent:
        end_sending(stream=one.camera.stream, now=now)
    return len(silent)


@transaction.atomic
def end_sending(*, stream: str, now: datetime) -> None:
    """The camera stopped, or its line broke; told twice is told once."""
    camera = queries.by_stream(stream)
    open_one = queries.open_sending(camera.pk) if camera else None
    if camera is None or open_one is None:
        return
    open_one.ended_at = now
    open_one.save(update_fields=["ended_at"])
    note("camera.stopped", camera, by=None, at=now)
