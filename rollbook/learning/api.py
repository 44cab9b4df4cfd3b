from datetime import datetime
from typing import Annotated, Any

from django.utils import timezone
from ninja import Field, Router, Schema
from ninja.pagination import paginate
from pydantic import AwareDatetime

from rollbook.accounts.rules import admit_staff
from rollbook.classes import queries as classes
from rollbook.learning import actions, queries, rules
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


class ConflictOut(Schema):
    """Which row, what of it was filed before, and what was told now: the fields that differ, as text."""

    enrolment_id: int
    number: str
    known: dict[str, str]
    told: dict[str, str]


class FiledOut(Schema):
    new: int
    known: int
    restated: int
    conflicts: list[ConflictOut]


class StudyOut(Schema):
    """What one trainee of the roster studied; `right_percent` is of all tests, right at the first try."""

    enrolment_id: int
    sessions: int
    credited_seconds: int
    quizzes: int
    right_percent: float | None

    @staticmethod
    def of(one: queries.Study) -> dict[str, Any]:
        return {
            "enrolment_id": one.enrolment.pk, "sessions": one.sessions.get("count", 0),
            "credited_seconds": one.sessions.get("credited", 0), "quizzes": one.quizzes.get("count", 0),
            "right_percent": one.quizzes.get("share"),
        }  # fmt: skip


class SessionOut(Schema):
    """Seconds as they were filed; `changes` says how often the platform told it differently since."""

    enrolment_id: int
    platform: str
    number: str
    course: str
    starts_at: datetime
    ends_at: datetime
    credited: int
    content: int
    face_checks: int
    face_fails: int
    filed_at: datetime
    changes: int


class QuizOut(Schema):
    enrolment_id: int
    platform: str
    number: str
    course: str
    taken_at: datetime
    questions: int
    right_first: int
    seconds: int
    filed_at: datetime
    changes: int


@router.get("/{class_id}", response=list[StudyOut])
@scope("learning")
def study(request: Request, class_id: int) -> list[dict[str, Any]]:
    """What each trainee of a class studied online (N7.2)."""
    return [StudyOut.of(one) for one in queries.of_class(_seen(request, class_id))]


@router.get("/{class_id}/sessions", response=list[SessionOut])
@scope("learning")
@paginate
def session_list(request: Request, class_id: int) -> Any:
    return queries.filed_sessions(_seen(request, class_id))


@router.get("/{class_id}/quizzes", response=list[QuizOut])
@scope("learning")
@paginate
def quiz_list(request: Request, class_id: int) -> Any:
    return queries.filed_quizzes(_seen(request, class_id))


def _seen(request: Request, class_id: int) -> int:
    """A class whose study the asker may read: as on its page, never a trainee what others studied."""
    admit_staff(request.user)
    return classes.get(request.user, class_id).pk


@router.post("/{class_id}/sessions", response=FiledOut)
@scope("learning")
def sessions(request: Request, class_id: int, given: SessionsIn) -> object:
    """Sessions summed up from heartbeats, in seconds. The same number is the same session: what was said first stays,
    and `conflicts` has what was told differently now; `restated` counts what was not told so before (N7.2, N7.4)."""
    found = [rules.Session(**one.dict()) for one in given.sessions]
    return actions.file_sessions(
        by=request.user, class_id=class_id, platform=given.platform, sessions=found, now=timezone.now()
    )


@router.post("/{class_id}/quizzes", response=FiledOut)
@scope("learning")
def quizzes(request: Request, class_id: int, given: QuizzesIn) -> object:
    """Tests within courses. The same number is the same test: what was said first stays, and `conflicts` has what was told
    differently now (N7.2, N7.4)."""
    found = [rules.Quiz(**one.dict()) for one in given.quizzes]
    return actions.file_quizzes(
        by=request.user, class_id=class_id, platform=given.platform, quizzes=found, now=timezone.now()
    )
