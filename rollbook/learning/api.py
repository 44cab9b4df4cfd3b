from typing import Annotated

from django.utils import timezone
from ninja import Field, Router, Schema
from pydantic import AwareDatetime

from rollbook.learning import actions, rules
from rollbook.web.api import scope
from rollbook.web.requests import Request

router = Router(tags=["learning"])
Count = Annotated[int, Field(ge=0, le=10_000_000)]
Text = Annotated[str, Field(min_length=1, max_length=64)]
Course = Annotated[str, Field(min_length=1, max_length=128)]
Spread = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]


class SessionIn(Schema):
    enrolment_id: int
    number: Text
    course: Course
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    device: Annotated[str, Field(max_length=128)] = ""
    network: Annotated[str, Field(max_length=128)] = ""
    city: Annotated[str, Field(max_length=32)] = ""
    content: Count = 0
    credited: Count = 0
    unseen_jump: Count = 0
    hidden: Count = 0
    idle: Count = 0
    blurs: Count = 0
    seeks: Count = 0
    beats: Count = 0
    beat_spread_ms: Spread | None = None
    clicks: Count = 0
    click_places: Count = 0
    face_checks: Count = 0
    face_fails: Count = 0
    fails_in_a_row: Count = 0
    answer_spread_ms: Spread | None = None


class SessionsIn(Schema):
    platform: Text
    sessions: Annotated[list[SessionIn], Field(min_length=1, max_length=rules.MOST)]


class QuizIn(Schema):
    enrolment_id: int
    number: Text
    course: Course
    taken_at: AwareDatetime
    questions: Count
    right_first: Count
    seconds: Count


class QuizzesIn(Schema):
    platform: Text
    quizzes: Annotated[list[QuizIn], Field(min_length=1, max_length=rules.MOST)]


class FiledOut(Schema):
    new: int
    known: int
    restated: int


@router.post("/{class_id}/sessions", response=FiledOut)
@scope("learning")
def sessions(request: Request, class_id: int, given: SessionsIn) -> object:
    """Sessions summed up from heartbeats, in seconds. The same number is the same session: what was said first stays,
    and `restated` counts those that were told differently (N7.2, N7.4)."""
    found = [rules.Session(**one.dict()) for one in given.sessions]
    return actions.file_sessions(
        by=request.user, class_id=class_id, platform=given.platform, sessions=found, now=timezone.now()
    )


@router.post("/{class_id}/quizzes", response=FiledOut)
@scope("learning")
def quizzes(request: Request, class_id: int, given: QuizzesIn) -> object:
    """Tests within courses. The same number is the same test."""
    found = [rules.Quiz(**one.dict()) for one in given.quizzes]
    return actions.file_quizzes(
        by=request.user, class_id=class_id, platform=given.platform, quizzes=found, now=timezone.now()
    )
