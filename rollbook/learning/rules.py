"""What an online platform may say of a session or test of study (N7.2, N7.4; domain 5.2 V)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import reason

MOST = 2000  # sessions or tests in one request


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One session, summed up by its platform from its heartbeats. Seconds unless said otherwise."""

    enrolment_id: int
    number: str  # the platform's own
    course: str
    starts_at: datetime
    ends_at: datetime
    device: str = ""
    network: str = ""
    city: str = ""
    content: int = 0  # of content covered
    credited: int = 0
    unseen_jump: int = 0  # the longest jump ahead into what was not seen
    hidden: int = 0  # the page was behind others
    idle: int = 0  # the longest time without any act
    blurs: int = 0
    seeks: int = 0
    beats: int = 0
    beat_spread_ms: float | None = None  # standard deviation of the intervals between heartbeats
    clicks: int = 0
    click_places: int = 0
    face_checks: int = 0
    face_fails: int = 0
    fails_in_a_row: int = 0
    answer_spread_ms: float | None = None  # standard deviation of the delays of answers to face checks


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiz:
    """One test within a course."""

    enrolment_id: int
    number: str
    course: str
    taken_at: datetime
    questions: int
    right_first: int  # right at the first try
    seconds: int


def reasons_against_session(one: Session, now: datetime) -> Iterator[Message]:
    """Only what cannot be: more credit than time, or a jump, is taken as it is said, for screening to find (N7.4)."""
    if not one.starts_at < one.ends_at <= now:
        text = _("Session {number}: it ends after it began, and is filed when it is over.")
        yield reason("session-times", text, "N7.2", number=one.number)
    if one.fails_in_a_row > one.face_fails or one.face_fails > one.face_checks or one.click_places > one.clicks:
        text = _("Session {number}: more fails than checks, or more places than clicks.")
        yield reason("session-counts", text, "N7.2", number=one.number)


def reasons_against_quiz(one: Quiz, now: datetime) -> Iterator[Message]:
    if one.taken_at > now or one.right_first > one.questions:
        text = _("Test {number}: it lies ahead, or has more right answers than questions.")
        yield reason("quiz-counts", text, "N7.2", number=one.number)
