from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from ninja import File, Form, Router, Schema
from ninja.files import UploadedFile
from ninja.pagination import paginate

from rollbook.accounts.rules import Permission, admit
from rollbook.classes import actions, queries
from rollbook.classes.models import TrainingClass
from rollbook.kernel.reasons import Forbidden
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
    despite: str = ""  # why it is approved while an alert about it is not decided


class TraineeOut(Schema):
    """A person of a roster: identity number and phone are masked, also for the institution."""

    enrolment_id: int
    name: str
    id_masked: str
    phone_masked: str
    category: str
    verification: str
    is_signed: bool


class LessonOut(Schema):
    id: int
    starts_at: datetime
    ends_at: datetime
    hours: int
    kind: str
    subject: str
    room: str
    teacher: str
    textbook: str
    is_closed: bool
    is_make_up: bool  # held again, for those alone whom it names


class RateOut(Schema):
    enrolment_id: int
    hours: int
    leave_hours: int
    percent_so_far: int


class FindingsOut(Schema):
    stops: list[str]
    warnings: list[str]


@router.get("", response=list[ClassOut])
@scope("classes")
@paginate
def classes(request: Request, state: str = "") -> QuerySet[TrainingClass]:
    """Classes that the account sees, newest first; `state` narrows them."""
    found = queries.class_list(request.user)
    return found.filter(state=state) if state else found


@router.put("/by-local-id/{local_id}", response=ClassOut)
@scope("classes")
def put_draft(request: Request, local_id: str, draft: DraftIn) -> TrainingClass:
    """Make or change the draft with the institution's own number; the same PUT is the same class."""
    values = draft.dict(exclude_unset=True)
    return actions.put_draft(by=request.user, local_id=local_id, now=timezone.now(), **values)


@router.get("/{class_id}", response=ClassOut)
@scope("classes")
def one(request: Request, class_id: int) -> TrainingClass:
    return queries.get(request.user, class_id)


@router.get("/{class_id}/roster", response=list[TraineeOut])
@scope("classes")
def roster(request: Request, class_id: int) -> list[dict[str, object]]:
    """Who is in the class; not for its trainees."""
    klass = for_staff(request, class_id)
    return [
        {
            "enrolment_id": one.pk,
            "name": one.person.name,
            "id_masked": one.person.id_masked,
            "phone_masked": one.person.phone_masked,
            "category": one.category,
            "verification": one.person.verification,
            "is_signed": hasattr(one, "commitment"),
        }
        for one in queries.roster(klass.pk)
    ]


@router.get("/{class_id}/lessons", response=list[LessonOut])
@scope("classes")
def lessons(request: Request, class_id: int) -> list[dict[str, object]]:
    """The teaching plan in its order."""
    return [
        {
            "id": one.pk,
            "starts_at": one.starts_at,
            "ends_at": one.ends_at,
            "hours": one.hours,
            "kind": one.kind,
            "subject": one.subject,
            "room": one.room.name,
            "teacher": one.teacher.person.name,
            "textbook": one.textbook,
            "is_closed": one.attendance_closed_at is not None,
            "is_make_up": one.is_make_up,
        }
        for one in queries.lessons_of(queries.get(request.user, class_id).pk)
    ]


@router.get("/{class_id}/attendance", response=list[RateOut])
@scope("attendance")
def rates(request: Request, class_id: int) -> list[dict[str, object]]:
    """What each trainee has attended of the lessons held so far."""
    attended = queries.attendance_of(for_staff(request, class_id).pk, timezone.now())
    return [
        {"enrolment_id": pk, "hours": a.hours, "leave_hours": a.leave_hours, "percent_so_far": a.percent_so_far}
        for pk, a in attended.items()
    ]


def for_staff(request: Request, class_id: int) -> TrainingClass:
    """A class that the account sees otherwise than as one of its trainees."""
    klass = queries.get(request.user, class_id)
    if request.user.role == "worker":
        raise Forbidden("roster")  # classmates are not a trainee's to see
    return klass


@router.get("/{class_id}/findings", response=FindingsOut)
@scope("classes")
def findings(request: Request, class_id: int) -> dict[str, list[str]]:
    """What stops the class and what should be looked at: for its institution and its reviewers."""
    stops, warnings = queries.findings(for_staff(request, class_id), timezone.now())
    return {"stops": [said(one) for one in stops], "warnings": [said(one) for one in warnings]}


@router.post("/{class_id}/submit", response=ClassOut)
@scope("classes")
def submit(request: Request, class_id: int) -> TrainingClass:
    return actions.submit_class(by=request.user, class_id=class_id, now=timezone.now())


@router.post("/{class_id}/review", response=ClassOut)
@scope("classes")
def review(request: Request, class_id: int, decision: ReviewIn) -> TrainingClass:
    return actions.review_class(by=request.user, class_id=class_id, now=timezone.now(), **decision.dict())


class EvidenceOut(Schema):
    id: int
    kind: str
    title: str
    subject: str
    sha256: str
    size: int
    taken_at: datetime | None
    stored_at: datetime
    keep_until: date


@router.get("/{class_id}/evidence", response=list[EvidenceOut])
@scope("classes")
def evidence_of(request: Request, class_id: int) -> list[Any]:
    """What is kept of a class, oldest first: the digests are those of the bytes as kept."""
    klass = for_staff(request, class_id)
    admit(request.user, Permission.EVIDENCE_READ)
    own = request.user.pk if request.user.role == "teacher" else None
    rows = queries.evidence_of(klass, timezone.now())
    return [item for row in rows for item, _told in row.items if own is None or item.stored_by_id == own]


@router.post("/{class_id}/evidence", response=EvidenceOut)
@scope("attendance")
def add_evidence(
    request: Request, class_id: int, kind: Form[str], file: File[UploadedFile], lesson_id: Form[int | None] = None,
    title: Form[str] = "",
) -> Any:  # fmt: skip
    """A photograph of a lesson, or a paper of the class. The same bytes again are the same evidence."""
    return actions.add_evidence(
        by=request.user, class_id=class_id, lesson_id=lesson_id, kind=kind, content=file.read(), title=title,
        now=timezone.now(),
    )  # fmt: skip
