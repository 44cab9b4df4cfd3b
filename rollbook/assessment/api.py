from datetime import date, datetime
from typing import Any

from django.utils import timezone
from ninja import Body, Field, File, Form, Router, Schema, Status
from ninja.files import UploadedFile
from pydantic import AwareDatetime

from rollbook.assessment import actions, queries, rules
from rollbook.classes import queries as classes
from rollbook.persons.rules import normal
from rollbook.web.api import scope
from rollbook.web.requests import Request

router = Router(tags=["assessment"])


class ScoreIn(Schema):
    theory: int | None = None
    practice: int | None = None
    is_absent: bool = False


class ScoreOut(Schema):
    enrolment_id: int
    theory: int | None
    practice: int | None
    is_absent: bool
    result: str


class PlanIn(Schema):
    held_on: date
    place: str = ""
    assessors: str


class ChangeIn(Schema):
    theory: int | None = None
    practice: int | None = None
    why: str


class ChangeOut(Schema):
    id: int
    state: str
    was: dict[str, int | str | None]
    theory: int | None
    practice: int | None


class DecisionIn(Schema):
    grant: bool


class ExaminerIn(Schema):
    name: str
    number: str
    duty: rules.DutyKind


class SittingIn(Schema):
    part: rules.Part
    room_id: int
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    minutes: int = Field(ge=1, le=600)
    paper: str = Field("", max_length=64)
    drawn_on: date | None = None
    key: list[str] = []
    examiners: list[ExaminerIn] = []


class SittingOut(Schema):
    id: int
    part: str
    room_id: int
    starts_at: datetime
    ends_at: datetime
    minutes: int
    paper: str
    drawn_on: date | None


class PhotographOut(Schema):
    id: int
    enrolment_id: int
    word: str
    remark: str
    compared: str
    likeness: float | None
    taken_at: datetime


class AnswersIn(Schema):
    minutes: int
    choices: list[str]


class AnswersOut(Schema):
    people: int


@router.get("/{class_id}", response=list[ScoreOut])
def scores(request: Request, class_id: int) -> list[object]:
    return list(queries.scores_of(classes.get(request.user, class_id).pk).values())


@router.put("/{class_id}/scores", response=list[ScoreOut])
@scope("scores")
def enter(request: Request, class_id: int, marks: Body[dict[int, ScoreIn]]) -> list[object]:
    """Scores by enrolment id; the same PUT is the same scores."""
    given = {pk: actions.Marks(**one.dict()) for pk, one in marks.items()}
    actions.enter_scores(by=request.user, class_id=class_id, marks=given, now=timezone.now())
    return list(queries.scores_of(class_id).values())


@router.put("/{class_id}/plan", response={204: None})
@scope("scores")
def plan(request: Request, class_id: int, given: PlanIn) -> Status[None]:
    """When, where and by whom the class is assessed (N5.1)."""
    actions.plan_assessment(by=request.user, class_id=class_id, now=timezone.now(), **given.dict())
    return Status(204, None)


@router.post("/{class_id}/lock", response=list[ScoreOut])
@scope("scores")
def lock(request: Request, class_id: int) -> list[object]:
    """Lock the results: from now on they change only by a granted request (N5.2)."""
    actions.lock_scores(by=request.user, class_id=class_id, now=timezone.now())
    return list(queries.scores_of(class_id).values())


@router.post("/enrolments/{enrolment_id}/change", response=ChangeOut)
@scope("scores")
def ask_change(request: Request, enrolment_id: int, given: ChangeIn) -> object:
    return actions.ask_score_change(by=request.user, enrolment_id=enrolment_id, now=timezone.now(), **given.dict())


@router.post("/changes/{change_id}/decide", response=ChangeOut)
@scope("scores")
def decide_change(request: Request, change_id: int, given: DecisionIn) -> object:
    return actions.decide_score_change(by=request.user, change_id=change_id, grant=given.grant, now=timezone.now())


@router.get("/{class_id}/sittings", response=list[SittingOut])
def sittings(request: Request, class_id: int) -> list[object]:
    return list(queries.sittings_of(classes.get(request.user, class_id).pk))


@router.put("/{class_id}/sittings", response=SittingOut)
@scope("scores")
def file_sitting(request: Request, class_id: int, given: SittingIn) -> object:
    """One room at one time (N6.2); the same part, room and time is the same sitting."""
    values: dict[str, Any] = given.dict() | {
        "examiners": [actions.Examiner(one.name, normal(one.number), one.duty) for one in given.examiners]
    }
    return actions.file_sitting(by=request.user, class_id=class_id, now=timezone.now(), **values)


@router.get("/sittings/{sitting_id}/photographs", response=list[PhotographOut])
def photographs(request: Request, sitting_id: int) -> list[object]:
    found = queries.photos_of(queries.at_door(request.user, sitting_id).pk)
    return [one for taken in found.values() for one in taken]


@router.post("/sittings/{sitting_id}/photographs", response={201: PhotographOut})
@scope("scores")
def photograph(
    request: Request, sitting_id: int, enrolment_id: Form[int], word: Form[rules.Word], picture: File[UploadedFile],
    remark: Form[str] = "", taken_at: Form[AwareDatetime | None] = None,
) -> Status[object]:  # fmt: skip
    """A candidate at the door (JPEG or PNG), with what the examiner says who compared with the identity card (N7.4). The same
    picture again is the same photograph; `taken_at` is for what was taken without a connection."""
    made = actions.photograph(
        by=request.user, sitting_id=sitting_id, enrolment_id=enrolment_id, picture=picture.read(), word=word,
        remark=remark, taken_at=taken_at, now=timezone.now(),
    )  # fmt: skip
    return Status(201, made)


@router.put("/sittings/{sitting_id}/answers", response=AnswersOut)
@scope("scores")
def file_answers(request: Request, sitting_id: int, sheets: Body[dict[int, AnswersIn]]) -> dict[str, int]:
    """Minutes and choices by enrolment id; the same PUT is the same answers."""
    given = {pk: rules.Answers(one.minutes, tuple(one.choices)) for pk, one in sheets.items()}
    return {"people": actions.file_answers(by=request.user, sitting_id=sitting_id, sheets=given, now=timezone.now())}
