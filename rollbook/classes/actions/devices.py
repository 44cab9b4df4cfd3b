"""Kiosks and card readers with keys of their own, and what they send (N4.1, N4.3, N7.4)."""

import hashlib
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.utils.timezone import localdate

from rollbook.accounts.rules import Permission, authorise
from rollbook.classes import queries
from rollbook.classes.actions.check_ins import settle
from rollbook.classes.actions.faces import FaceSaid, note_faces, seen_faces
from rollbook.classes.models import Device, RefusedEvent
from rollbook.classes.queries.devices import Known
from rollbook.classes.rules import devices as rules
from rollbook.classes.rules.check_ins import Answer, Wish, skew_of
from rollbook.classes.rules.devices import DeviceMove, DeviceState
from rollbook.classes.rules.positions import Position
from rollbook.classes.rules.states import Means
from rollbook.directory import queries as directory
from rollbook.directory.rules import TermKey
from rollbook.institutions import queries as institutions
from rollbook.journal.actions import record
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import Refused, SignedOut, reason, refuse_if

if TYPE_CHECKING:
    from rollbook.accounts.models import Account

PREFIX = "device-"  # of keys, so that one that leaks is recognised


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceEvent:
    """A check-in as a kiosk or reader recorded it."""

    event_id: UUID
    sequence: int
    lesson_id: int
    direction: str
    happened_at: datetime
    enrolment_id: int | None = None
    person_id: int | None = None
    means: Means = Means.CARD
    nonce: str = ""
    position: Position | None = None
    face: FaceSaid | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """A check-in that a device recorded, as the institution's own system hands it on."""

    event_id: UUID
    enrolment_id: int
    direction: str
    happened_at: datetime


def digest_of(key: str) -> str:
    """A key has 256 random bits, so a plain SHA-256 of it cannot be searched."""
    return hashlib.sha256(key.encode()).hexdigest()


@transaction.atomic
def register_device(
    *, by: "Account", name: str, kind: str, serial: str, room_id: int | None, now: datetime
) -> tuple[Device, str]:
    """An institution registers a device; its key is shown this once and works after activation."""
    authorise(by, Permission.ATTENDANCE_CORRECT, institution_id=by.institution_id)
    authorise(by, Permission.TOKEN_MANAGE, institution_id=by.institution_id)
    institution_id = by.institution_id or 0
    rooms = {one.pk for one in institutions.rooms_of(institution_id)}
    taken = Device.objects.filter(institution_id=institution_id, serial=serial.strip()).exclude(state="revoked")
    refuse_if(
        rules.reasons_against_device(
            name=name,
            serial=serial,
            is_taken=taken.exists(),
            room_is_own=room_id is None or room_id in rooms,
        )
    )
    key = PREFIX + secrets.token_urlsafe(32)
    device = Device(
        institution_id=institution_id,
        room_id=room_id,
        name=name.strip(),
        kind=rules.DeviceKind(kind),
        serial=serial.strip(),
        digest=digest_of(key),
        registered_by=by,
        registered_at=now,
    )
    try:
        with transaction.atomic():
            device.save()
    except IntegrityError:  # registered twice at the same moment
        refuse_if(rules.reasons_against_device(name=name, serial=serial, is_taken=True, room_is_own=True))
        raise
    _note("device.registered", device, by=by, at=now)
    return device, key


@transaction.atomic
def activate_device(*, by: "Account", device_id: int, now: datetime) -> Device:
    """The county lets a device send, or the institution where the region's terms leave it to it."""
    device = queries.device(by, device_id, lock=True)
    by_county = directory.terms_for(device.institution.region_code, localdate(now))[TermKey.DEVICE_BY_COUNTY]
    if by_county or by.institution_id is None:
        authorise(by, Permission.ATTENDANCE_APPROVE, region_code=device.institution.region_code)
    else:
        authorise(by, Permission.TOKEN_MANAGE, institution_id=device.institution_id)
    device.state = rules.DEVICES.after(DeviceState(device.state), DeviceMove.ACTIVATE)
    device.activated_by, device.activated_at = by, now
    device.save()
    _note("device.activated", device, by=by, at=now)
    return device


@transaction.atomic
def revoke_device(*, by: "Account", device_id: int, why: str, now: datetime) -> Device:
    """Its key stops at once and for good; what it sent stays."""
    device = queries.device(by, device_id, lock=True)
    if by.institution_id is None:
        authorise(by, Permission.ATTENDANCE_APPROVE, region_code=device.institution.region_code)
    else:
        authorise(by, Permission.TOKEN_MANAGE, institution_id=device.institution_id)
    if not why.strip():
        raise Refused(reason("why", _("Say why the device is revoked."), "N4.1"))
    device.state = rules.DEVICES.after(DeviceState(device.state), DeviceMove.REVOKE)
    device.revoked_by, device.revoked_at, device.revoke_reason = by, now, why.strip()
    device.save()
    _note("device.revoked", device, by=by, at=now, why=why.strip())
    return device


def _note(kind: str, device: Device, *, by: "Account", at: datetime, **data: object) -> None:
    region_code = device.institution.region_code
    record(kind, device, by=by, at=at, region_code=region_code, institution_id=device.institution_id, **data)


@transaction.atomic
def take_device_events(
    *, device: Known, events: Sequence[DeviceEvent], sent_at: datetime | None, now: datetime
) -> dict[UUID, Answer]:
    """What a device recorded, perhaps weeks ago, in any order and more than once: the state it comes to is the same.

    The device's sequence orders its events, its clock says when they were; how far that clock is off is noted. What
    cannot be tied to a trainee is kept among the refused, so that every number of the sequence is accounted for.
    """
    return settle_events(device, events, skew_of(sent_at, now), now)


def settle_events(
    device: Known, events: Sequence[DeviceEvent], skew: int | None, now: datetime, by_id: int | None = None
) -> dict[UUID, Answer]:
    """Events of a device in the caller's transaction; `by_id` is who brought them where the device did not itself."""
    ordered = sorted({one.event_id: one for one in events}.values(), key=lambda one: one.sequence)
    wishes = [_wish(device, one, skew, now, by_id) for one in ordered]
    said = {one.event_id: one.face for one in ordered if one.face and one.means == Means.FACE}
    if said:
        seen_faces(device.id, wishes, said, skew or 0, now)
    answers = _settled(wishes, device.id)
    if said:
        note_faces(list(zip(wishes, answers, strict=True)), said)
    _seen(device, skew, now)
    return {wish.event_id: answer for wish, answer in zip(wishes, answers, strict=True)}


@transaction.atomic
def take_events(
    *, by: "Account", lesson_id: int, events: Sequence[Event], device: str, now: datetime
) -> dict[UUID, Message | None]:
    """An institution's own system hands on what one of its active devices recorded, perhaps later and more than once.

    Each event is answered: None when it counts (now or before), else why it does not. Nobody marks a class in this way
    without a device that was activated.
    """
    lesson = queries.lesson(by, lesson_id)
    institution_id = lesson.training_class.institution_id
    authorise(by, Permission.TOKEN_MANAGE, institution_id=institution_id)
    known = queries.active_device_of(institution_id, device)
    if known is None:
        text = _("The institution has no active device with this serial number; register it and have it activated.")
        raise Refused(reason("device-unknown", text, "N4.1"))
    wishes = [
        Wish(
            lesson_id=lesson.pk,
            event_id=one.event_id,
            direction=one.direction,
            happened_at=one.happened_at,
            now=now,
            means=Means.CARD,
            kind="attendance.received",
            by_id=by.pk,
            enrolment_id=one.enrolment_id,
            institution_id=institution_id,
            device=known.name,
            reader_id=known.id,
        )
        for one in {one.event_id: one for one in events}.values()
    ]
    answers = zip(wishes, _settled(wishes, known.id), strict=True)
    return {wish.event_id: next(iter(answer.reasons), None) for wish, answer in answers}


def _settled(wishes: Sequence[Wish], reader_id: int) -> list[Answer]:
    """What is decided on the events of a device; what belongs to nobody is kept among the refused."""
    answers = settle(wishes)
    if any(not one.is_signed_in for one in answers):
        raise SignedOut  # revoked a moment ago
    refused = [
        RefusedEvent(
            reader_id=reader_id,
            event_id=wish.event_id,
            sequence=wish.sequence,
            happened_at=wish.happened_at,
            received_at=wish.now,
            code=answer.reasons[0].code if answer.reasons else "no-lesson",
        )
        for wish, answer in zip(wishes, answers, strict=True)
        if answer.mark is None
    ]
    if refused:
        RefusedEvent.objects.bulk_create(refused, ignore_conflicts=True)
    return answers


def _wish(device: Known, one: DeviceEvent, skew: int | None, now: datetime, by_id: int | None) -> Wish:
    return Wish(
        lesson_id=one.lesson_id,
        event_id=one.event_id,
        direction=one.direction,
        happened_at=one.happened_at,
        now=now,
        means=one.means,
        kind="attendance.received",
        by_id=by_id,
        enrolment_id=one.enrolment_id,
        person_id=one.person_id,
        institution_id=device.institution_id,
        device=device.name,
        reader_id=device.id,
        sequence=one.sequence,
        nonce=one.nonce,
        skew_seconds=skew,
        position=one.position,
    )


def _seen(device: Known, skew: int | None, now: datetime) -> None:
    """To the minute, so that a busy device does not write each time."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE classes_device SET seen_at = %s, skew_seconds = coalesce(%s, skew_seconds)"
            " WHERE id = %s AND (seen_at IS NULL OR seen_at < %s)",
            [now, skew, device.id, now - timedelta(minutes=1)],
        )


def said_of(answer: Answer) -> Message | None:
    """What a device is told of an event that does not count."""
    if answer.reasons:
        return answer.reasons[0]
    if answer.mark is None:
        return reason("no-lesson", _("There is no such lesson in this institution."), "N4.1")
    return None


def persons_of(numbers: Iterable[str]) -> Mapping[str, int]:
    """The persons that ID cards belong to, by the number as the card has it."""
    return queries.persons_by_number(numbers)
