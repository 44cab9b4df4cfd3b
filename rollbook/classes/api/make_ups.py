"""Lessons held again, over the API."""

from datetime import datetime
from typing import Annotated, Any

from django.db.models import QuerySet
from django.utils import timezone
from ninja import Router, Schema
from ninja.pagination import paginate
from pydantic import Field

from rollbook.classes import actions, queries
from rollbook.classes.models import MakeUp
from rollbook.classes.rules.events import Moment
from rollbook.kernel.reasons import Forbidden
from rollbook.web.api import scope
from rollbook.web.requests import Request

router = Router(tags=["classes"])
Why = Annotated[str, Field(max_length=200)]


class MakeUpOut(Schema):
    id: int
    class_id: int
    missed_lesson_id: int
    lesson_id: int | None  # none once it is cancelled
    starts_at: datetime
    ends_at: datetime
    room: str
    teacher: str
    reason: str
    enrolment_ids: list[int]
    cancelled_at: datetime | None

    @staticmethod
    def resolve_class_id(one: MakeUp) -> int:
        return one.missed.training_class_id

    @staticmethod
    def resolve_missed_lesson_id(one: MakeUp) -> int:
        return one.missed_id

    @staticmethod
    def resolve_room(one: MakeUp) -> str:
        return one.room.name

    @staticmethod
    def resolve_teacher(one: MakeUp) -> str:
        return one.teacher.person.name

    @staticmethod
    def resolve_enrolment_ids(one: MakeUp) -> list[int]:
        return [place.enrolment_id for place in one.places.all()]


class MakeUpIn(Schema):
    lesson_id: int  # that was missed
    starts_at: Moment
    room_id: int
    teacher_id: int
    enrolment_ids: list[int]
    why: Why


class WhyIn(Schema):
    why: Why


@router.get("", response=list[MakeUpOut])
@scope("classes")
@paginate
def make_ups(request: Request) -> QuerySet[MakeUp]:
    """Make-up lessons of the classes that the account sees, the latest first; not for trainees."""
    if request.user.role == "worker":
        raise Forbidden("make-ups")
    return queries.make_ups(request.user)


@router.post("", response=MakeUpOut)
@scope("classes")
def plan(request: Request, sent: MakeUpIn) -> Any:
    """Hold a lesson again for those who missed it: told to the county with this."""
    return actions.plan_make_up(by=request.user, now=timezone.now(), **sent.dict())


@router.post("/{make_up_id}/cancel", response=MakeUpOut)
@scope("classes")
def cancel(request: Request, make_up_id: int, sent: WhyIn) -> Any:
    return actions.cancel_make_up(by=request.user, make_up_id=make_up_id, why=sent.why, now=timezone.now())
