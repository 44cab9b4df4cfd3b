"""The lessons of a class: who is there, by check-in, roll call or an institution's own system."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import File, Form, Schema
from ninja.files import UploadedFile
from ninja.security import HttpBearer, django_auth
from pydantic import BaseModel, ConfigDict, Field

from rollbook.accounts.rules import Permission, Ticket, authorise, read_ticket
from rollbook.classes import actions, queries
from rollbook.classes.actions import faces
from rollbook.classes.actions.attendance import Phone
from rollbook.classes.actions.devices import Event
from rollbook.classes.api.classes import for_staff, router
from rollbook.classes.rules.check_ins import moment
from rollbook.classes.rules.events import NUMBER, Moment, PositionIn
from rollbook.classes.rules.positions import Position
from rollbook.kernel.reasons import SignedOut
from rollbook.web.api import scope, written
from rollbook.web.requests import Request
from rollbook.web.words import said

SECRET = settings.SECRET_KEY.encode()


class TicketAuth(HttpBearer):
    """`Authorization: Bearer <ticket>` of a phone: see `accounts.rules.Ticket`. One that has run out is answered by
    401 here and now: the phone keeps what it has and asks its owner to sign in."""

    def authenticate(self, request: HttpRequest, token: str) -> Ticket:  # noqa: ARG002
        found = read_ticket(SECRET, token, timezone.now().timestamp())
        if found is None:
            raise SignedOut
        return found


ticket_auth = TicketAuth()


class CheckInIn(BaseModel):  # by the hundred a second: what ninja adds to a schema takes as long as reading it
    event_id: UUID
    code: str = ""  # without one the position is the proof, where the region takes it
    direction: Literal["in", "out"] = "in"
    happened_at: Moment | None = None  # by the phone's clock, as is
    sent_at: Moment | None = None  # this moment: a clock that is off does no harm
    position: PositionIn | None = None
    device: Annotated[str, Field(max_length=36, pattern=r"^[0-9A-Fa-f-]*$")] = ""  # a number that the phone drew itself
    sequence: Annotated[int, Field(ge=0, le=NUMBER)] | None = None  # of its own counting
    nonce: Annotated[str, Field(max_length=36, pattern=r"^[0-9A-Fa-f-]*$")] = ""


class FaceCheckInIn(Schema):
    event_id: UUID
    nonce: str
    code: str = ""
    direction: Literal["in", "out"] = "in"
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None
    accuracy: Annotated[int, Field(ge=0, le=1_000_000)] | None = None  # WGS-84, as a browser gives it

    def position(self) -> Position | None:
        if self.latitude is None or self.longitude is None:
            return None
        return Position(self.latitude, self.longitude, "wgs84", self.accuracy, is_mock=False)


class EventIn(Schema):
    event_id: UUID
    enrolment_id: Annotated[int, Field(ge=0, le=NUMBER)]
    direction: Literal["in", "out"]
    happened_at: Moment


class EventsIn(Schema):
    device: Annotated[str, Field(max_length=64)]  # the serial number of the active device that recorded them
    events: Annotated[list[EventIn], Field(max_length=500)]


class AnswerOut(Schema):
    event_id: UUID
    counts: bool
    reason: str = ""


class PresenceOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    presence: str
    in_at: datetime | None
    out_at: datetime | None
    minutes: int


class MarkOut(Schema):
    enrolment_id: int
    name: str
    presence: str | None  # nothing recorded yet
    in_at: datetime | None
    out_at: datetime | None
    minutes: int


class DirectionIn(Schema):
    direction: Literal["in", "out"]


class TeachIn(DirectionIn):
    happened_at: Moment | None = None  # by the phone's clock, as is
    sent_at: Moment | None = None  # this moment: a clock that is off does no harm


class RollIn(TeachIn):
    event_id: UUID
    enrolment_ids: Annotated[list[int], Field(min_length=1, max_length=500)]


class CalledOut(Schema):
    people: int  # of those named who were not noted before
    waits: bool  # for a second person; until then it counts for nothing


class TeachingOut(Schema):
    in_at: datetime
    out_at: datetime | None


class TeachingCorrectionIn(Schema):
    in_at: Moment
    out_at: Moment
    why: Annotated[str, Field(max_length=200)]


class TeachingCorrectionOut(Schema):
    id: int
    lesson_id: int
    in_at: datetime
    out_at: datetime
    state: str


class RollDecisionIn(Schema):
    grant: bool


class RollOut(Schema):
    id: int
    lesson_id: int
    direction: str
    state: str
    called_at: datetime
    enrolment_ids: list[int]


class LessonAttendanceOut(Schema):
    lesson_id: int
    is_closed: bool
    marks: list[MarkOut]
    waiting_rolls: list[RollOut]  # called, and counted once a second person confirms them


@router.get("/lessons/{lesson_id}/attendance", response=LessonAttendanceOut)
@scope("attendance")
def lesson_attendance(request: Request, lesson_id: int) -> dict[str, object]:
    """What is recorded of a lesson for everyone on the roster; not for trainees."""
    lesson = queries.lesson(request.user, lesson_id)
    for_staff(request, lesson.training_class_id)
    return {
        "lesson_id": lesson.pk,
        "is_closed": lesson.attendance_closed_at is not None,
        "waiting_rolls": queries.waiting_rolls(lesson.pk),
        "marks": [
            {
                "enrolment_id": one.pk,
                "name": one.person.name,
                "presence": mark.presence if mark else None,
                "in_at": mark.in_at if mark else None,
                "out_at": mark.out_at if mark else None,
                "minutes": mark.minutes if mark else 0,
            }
            for one, mark in queries.lesson_rows(lesson)
        ],
    }


@router.post("/lessons/{lesson_id}/check-in", response=PresenceOut, auth=[ticket_auth, django_auth])
def check_in(request: Request, lesson_id: int, sent: CheckInIn) -> HttpResponse:
    """One's own check-in or check-out. The same event_id is the same event."""
    by = getattr(request, "auth", None)
    if not isinstance(by, Ticket):
        by = request.user
        authorise(by, Permission.CHECK_IN)
    mark = actions.check_in_together(
        by=by,
        lesson_id=lesson_id,
        code=sent.code,
        direction=sent.direction,
        event_id=sent.event_id,
        happened_at=sent.happened_at,
        sent_at=sent.sent_at,
        position=sent.position.position() if sent.position else None,
        phone=Phone(sent.device, sent.sequence, sent.nonce),
        now=timezone.now(),
    )
    return written(PresenceOut, mark)


@router.post("/lessons/{lesson_id}/face", response=PresenceOut, auth=django_auth)
def check_in_by_face(
    request: Request, lesson_id: int, sent: Form[FaceCheckInIn], pictures: File[list[UploadedFile]]
) -> HttpResponse:
    """One's own check-in or check-out with the face before the phone's camera, beside the code or the position. The
    pictures answer a challenge of `/api/faces/challenges/check-in`; they are looked at and not kept."""
    mark = faces.check_in_by_face(
        by=request.user,
        lesson_id=lesson_id,
        nonce=sent.nonce,
        pictures=[one.read() for one in pictures],
        code=sent.code.strip(),
        position=sent.position(),
        direction=sent.direction,
        event_id=sent.event_id,
        now=timezone.now(),
    )
    return written(PresenceOut, mark)


@router.post("/lessons/{lesson_id}/teacher", response=TeachingOut)
def teach(request: Request, lesson_id: int, sent: TeachIn) -> object:
    """The filed teacher's own check-in or check-out: a person's deed, not one of an institution's key."""
    return actions.check_in_teacher(by=request.user, lesson_id=lesson_id, now=timezone.now(), **sent.dict())


@router.post("/lessons/{lesson_id}/teacher/correction", response=TeachingCorrectionOut)
@scope("attendance")
def correct_teacher(
    request: Request, lesson_id: int, sent: Form[TeachingCorrectionIn], paper: File[UploadedFile]
) -> object:
    """The institution asks to record its teacher, who forgot to check in or out, with the paper (PDF, JPEG or PNG) that
    shows the teaching. The county decides; until then nothing counts."""
    return actions.ask_teaching_correction(
        by=request.user, lesson_id=lesson_id, paper=paper.read(), now=timezone.now(), **sent.dict()
    )


@router.post("/lessons/{lesson_id}/roll", response=CalledOut)
def call_roll(request: Request, lesson_id: int, sent: RollIn) -> dict[str, object]:
    """Those named are there, or leave: a person's deed, not one of an institution's key. The same event_id is the same roll."""
    values = sent.dict()
    now = timezone.now()
    called = moment(values.pop("happened_at"), values.pop("sent_at"), now)
    people = actions.call_roll(by=request.user, lesson_id=lesson_id, called_at=called, now=now, **values)
    return {"people": people, "waits": queries.roll_of_event(sent.event_id) is not None}


@router.post("/rolls/{roll_id}/decide", response=RollOut)
def decide_roll(request: Request, roll_id: int, sent: RollDecisionIn) -> object:
    """A second person confirms or refuses a roll that waits."""
    return actions.decide_roll(by=request.user, roll_id=roll_id, grant=sent.grant, now=timezone.now())


@router.post("/lessons/{lesson_id}/events", response=list[AnswerOut])
@scope("attendance")
def events(request: Request, lesson_id: int, sent: EventsIn) -> list[dict[str, object]]:
    """What an active device of the institution recorded, handed on by the institution's system; each event is answered."""
    answers = actions.take_events(
        by=request.user,
        lesson_id=lesson_id,
        events=[Event(**one.dict()) for one in sent.events],
        device=sent.device,
        now=timezone.now(),
    )
    return [
        {"event_id": pk, "counts": wrong is None, "reason": said(wrong) if wrong else ""}
        for pk, wrong in answers.items()
    ]
