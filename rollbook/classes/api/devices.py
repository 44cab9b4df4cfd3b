"""What kiosks and ID-card readers speak: docs/adapters/devices.md."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import timezone
from ninja import File, Query, Router, Schema, Status
from ninja.files import UploadedFile
from ninja.security import HttpBearer
from pydantic import BaseModel, Field
from typing_extensions import TypedDict

from rollbook.classes import actions, queries
from rollbook.classes.actions import faces
from rollbook.classes.actions.devices import DeviceEvent, digest_of, said_of
from rollbook.classes.actions.faces import FaceSaid
from rollbook.classes.models import EventFile
from rollbook.classes.queries.devices import Known
from rollbook.classes.rules.check_ins import Answer
from rollbook.classes.rules.events import DeviceEventIn, FileState, Moment
from rollbook.classes.rules.states import Means
from rollbook.faces import queries as face_queries
from rollbook.kernel.messages import _
from rollbook.kernel.reasons import NotFound, Refused, reason
from rollbook.web.api import written
from rollbook.web.words import said

MOST = 500  # events in one request
BLOCK = 2**20  # bytes of a file that are read at a time


class DeviceAuth(HttpBearer):
    """`Authorization: Bearer device-…`, the key that was shown when the device was registered."""

    def authenticate(self, request: HttpRequest, token: str) -> Known | None:  # noqa: ARG002
        return queries.active_device(digest_of(token))


router = Router(tags=["devices"], auth=DeviceAuth())
ERRORS: dict[str, Any] = {
    "responses": {
        401: {"description": "The key is not that of an active device."},
        422: {"description": "What was sent does not fit, or is refused with its reasons."},
        503: {"description": "The server is busy: send again after Retry-After."},
    }
}


class ChallengeOut(Schema):
    nonce: str
    moves: list[str]
    expires_at: datetime


class DeviceEventsIn(BaseModel):
    sent_at: Moment | None = None  # by the device's clock, at this moment
    events: Annotated[list[DeviceEventIn], Field(min_length=1, max_length=MOST)]


class DeviceAnswerOut(TypedDict):
    event_id: UUID
    state: Literal["counts", "kept", "refused"]
    code: str
    reason: str
    wants_picture: bool  # of the face: the server compares a share of them itself


class ReasonOut(Schema):
    code: str
    text: str


class EventFileOut(Schema):
    id: int
    state: str
    rows: int | None
    wrong: int
    done: int
    counted: int
    kept: int
    refused: int
    failure: list[ReasonOut]

    @staticmethod
    def resolve_failure(one: EventFile) -> list[dict[str, str]]:
        return [{"code": why["code"], "text": said(why)} for why in one.failure]


class DeviceOut(Schema):
    id: int
    name: str
    institution_id: int
    room_id: int | None
    server_time: datetime


class RosterOut(Schema):
    enrolment_id: int
    name: str
    id_masked: str


class DeviceLessonOut(Schema):
    lesson_id: int
    class_title: str
    subject: str
    room: str
    starts_at: datetime
    ends_at: datetime
    roster: list[RosterOut]


def _device(request: HttpRequest) -> Known:
    known: Known = getattr(request, "auth")  # noqa: B009 set by DeviceAuth
    return known


@router.get("/me", response=DeviceOut, openapi_extra=ERRORS)
def me(request: HttpRequest) -> dict[str, Any]:
    """Who the key belongs to, and the server's time to set the clock by."""
    one = _device(request)
    return {
        "id": one.id,
        "name": one.name,
        "institution_id": one.institution_id,
        "room_id": one.room_id,
        "server_time": timezone.now(),
    }


@router.get("/lessons", response=list[DeviceLessonOut], openapi_extra=ERRORS)
def lessons(request: HttpRequest, day: date | None = None) -> list[dict[str, Any]]:
    """The lessons of a day (today) in the device's room with their rosters: to be fetched before going offline."""
    return [
        {
            "lesson_id": one.pk,
            "class_title": str(one.training_class),
            "subject": one.subject,
            "room": one.room.name,
            "starts_at": one.starts_at,
            "ends_at": one.ends_at,
            "roster": [
                {"enrolment_id": who.pk, "name": who.person.name, "id_masked": who.person.id_masked} for who in people
            ],
        }
        for one, people in queries.lessons_of_device(_device(request), day or timezone.localdate())
    ]


@router.post("/challenges", response=list[ChallengeOut], openapi_extra=ERRORS)
def challenges(request: HttpRequest, count: Annotated[int, Query(ge=1, le=50)] = 1) -> list[Any]:
    """Numbers used once and the moves that answer them, for the next faces: each good for one event, within seconds."""
    return list(faces.challenges(device=_device(request), count=count, now=timezone.now()))


@router.post("/events", response=list[DeviceAnswerOut], openapi_extra=ERRORS)
def events(request: HttpRequest, sent: DeviceEventsIn) -> HttpResponse:
    """Check-ins in any order, any number of times, up to the region's lock date. Each is answered once: `counts`;
    `kept`, which does not count, and why; or `refused`, which belongs to nobody. Send again whatever was not answered."""
    numbers = {one.id_number for one in sent.events if one.id_number}
    persons = actions.persons_of(numbers) if numbers else {}
    answers = actions.take_device_events(
        device=_device(request),
        events=[
            DeviceEvent(
                event_id=one.event_id,
                sequence=one.sequence,
                lesson_id=one.lesson_id,
                direction=one.direction,
                happened_at=one.happened_at,
                enrolment_id=one.enrolment_id,
                person_id=persons.get(one.id_number) if one.enrolment_id is None else None,
                means=Means(one.means),
                nonce=one.nonce,
                position=one.position.position() if one.position else None,
                face=FaceSaid(**one.face.model_dump()) if one.face else None,
            )
            for one in sent.events
        ],
        sent_at=sent.sent_at,
        now=timezone.now(),
    )
    wanted = face_queries.wanted_events([one.event_id for one in sent.events if one.face])
    return written(list[DeviceAnswerOut], [_answer(pk, answer, pk in wanted) for pk, answer in answers.items()])


def _answer(pk: UUID, answer: Answer, wants_picture: bool) -> DeviceAnswerOut:
    found: DeviceAnswerOut = {
        "event_id": pk, "state": "counts", "code": "", "reason": "", "wants_picture": wants_picture
    }  # fmt: skip
    if wrong := said_of(answer):
        found |= {"state": "refused" if answer.mark is None else "kept", "code": wrong.code, "reason": said(wrong)}
    return found


NO_PICTURE = {"responses": {**ERRORS["responses"], 404: {"description": "No picture of this event is wanted."}}}


@router.post("/events/{event_id}/picture", response={204: None}, openapi_extra=NO_PICTURE)
def picture(request: HttpRequest, event_id: UUID, file: File[UploadedFile]) -> Status[None]:
    """The picture (JPEG or PNG, at most 2 MB) of an event that wants it: compared and forgotten, or kept for a while
    where the region's terms say so. The device is not told what came of it."""
    faces.take_picture(device=_device(request), event_id=event_id, picture=file.read(), now=timezone.now())
    return Status(204, None)


BODY = {"type": "string", "format": "binary"}
BODIES = {"requestBody": {"content": {"application/x-ndjson": {"schema": BODY}, "text/csv": {"schema": BODY}}}}


@router.post("/files", response={202: EventFileOut}, openapi_extra=BODIES)
def put_file(
    request: HttpRequest, name: Annotated[str, Query(max_length=128)] = "", sent_at: Moment | None = None
) -> Status[EventFile]:
    """Up to a million events as one file, the body of the request: a JSON object on each line, or CSV with the fields'
    names in its first line. It is kept and then taken by a worker; the same file again is the same."""
    one = actions.file_events(
        device=_device(request), content=_blocks(request), name=name, sent_at=sent_at, now=timezone.now()
    )
    return Status(202, one)


def _blocks(request: HttpRequest) -> Iterator[bytes]:
    """The body as it comes in, never whole in memory."""
    left = int(request.headers.get("Content-Length") or 0)
    while block := request.read(BLOCK):
        left -= len(block)
        yield block
    if left:
        raise Refused(reason("event-file-cut", _("The file was cut off on its way; send it again."), "N7.4"))


@router.get("/files/{file_id}", response=EventFileOut)
def file(request: HttpRequest, file_id: int) -> EventFile:
    """How far a file is, and what came of it so far."""
    return _file(request, file_id)


@router.get("/files/{file_id}/answers")
def file_answers(request: HttpRequest, file_id: int) -> StreamingHttpResponse:
    """What came of each row, as CSV; rows that are no events have the field and what is wrong with it. Kept for 90 days."""
    one = _file(request, file_id)
    if one.state != FileState.DONE:
        raise Refused(reason("event-file-unfinished", _("The file is not taken yet."), "N7.4"))
    return StreamingHttpResponse(queries.event_answers(one), content_type="text/csv; charset=utf-8")


def _file(request: HttpRequest, file_id: int) -> EventFile:
    one = queries.event_files([_device(request).id]).filter(pk=file_id).first()
    if one is None:
        raise NotFound
    return one
