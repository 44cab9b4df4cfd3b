from datetime import date, datetime
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from ninja import Router, Schema
from ninja.pagination import paginate

from rollbook.classes import actions, queries
from rollbook.classes.actions.attendance import Event
from rollbook.classes.models import TrainingClass
from rollbook.web.api import scope
from rollbook.web.requests import Request
from rollbook.web.words import said

router = Router(tags=["classes"])


class ClassOut(Schema):
    id: int
    local_id: str
    number: str | None
    title: str
    state: str
    starts_on: date | None
    ends_on: date | None
    decide_by: date | None


class DraftIn(Schema):
    item_id: int | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    head: str = ""
    phone: str = ""
    resources: str = ""
    assessment_plan: str = ""


class ReviewIn(Schema):
    move: str
    ticked: list[str] = []
    remark: str = ""


class CheckInIn(Schema):
    event_id: UUID
    code: str
    direction: str = "in"


class EventIn(Schema):
    event_id: UUID
    enrolment_id: int
    direction: str
    happened_at: datetime


class EventsIn(Schema):
    device: str = ""
    events: list[EventIn]


class AnswerOut(Schema):
    event_id: UUID
    counts: bool
    reason: str = ""


class PresenceOut(Schema):
    presence: str
    in_at: datetime | None
    out_at: datetime | None
    minutes: int


class FindingsOut(Schema):
    stops: list[str]
    warnings: list[str]


@router.get("", response=list[ClassOut])
@paginate
def classes(request: Request) -> QuerySet[TrainingClass]:
    return queries.class_list(request.user)


@router.put("/by-local-id/{local_id}", response=ClassOut)
@scope("classes")
def put_draft(request: Request, local_id: str, draft: DraftIn) -> TrainingClass:
    """Make or change the draft with the institution's own number; the same PUT is the same class."""
    now = timezone.now()
    klass = actions.start_draft(by=request.user, local_id=local_id, now=now)
    return actions.save_draft(by=request.user, class_id=klass.pk, now=now, **draft.dict(exclude_unset=True))


@router.get("/{class_id}", response=ClassOut)
def one(request: Request, class_id: int) -> TrainingClass:
    return queries.get(request.user, class_id)


@router.get("/{class_id}/findings", response=FindingsOut)
def findings(request: Request, class_id: int) -> dict[str, list[str]]:
    stops, warnings = queries.findings(queries.get(request.user, class_id), timezone.now())
    return {"stops": [said(one) for one in stops], "warnings": [said(one) for one in warnings]}


@router.post("/{class_id}/submit", response=ClassOut)
@scope("classes")
def submit(request: Request, class_id: int) -> TrainingClass:
    return actions.submit_class(by=request.user, class_id=class_id, now=timezone.now())


@router.post("/{class_id}/review", response=ClassOut)
def review(request: Request, class_id: int, decision: ReviewIn) -> TrainingClass:
    return actions.review_class(by=request.user, class_id=class_id, now=timezone.now(), **decision.dict())


@router.post("/lessons/{lesson_id}/check-in", response=PresenceOut)
def check_in(request: Request, lesson_id: int, sent: CheckInIn) -> object:
    """One's own check-in or check-out. The same event_id is the same event."""
    return actions.check_in(by=request.user, lesson_id=lesson_id, now=timezone.now(), **sent.dict())


@router.post("/lessons/{lesson_id}/events", response=list[AnswerOut])
@scope("attendance")
def events(request: Request, lesson_id: int, sent: EventsIn) -> list[dict[str, object]]:
    """What a class device recorded, in one go; each event is answered."""
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
