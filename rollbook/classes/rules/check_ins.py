"""One check-in: what is known when it is decided on, and what comes of it (domain 2.5; N4.1, N7.4)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from rollbook.classes.rules import attendance, methods
from rollbook.classes.rules.devices import CLOCK_MAY_BE_OFF
from rollbook.classes.rules.methods import Policy
from rollbook.classes.rules.positions import Position
from rollbook.classes.rules.states import Direction, Means, State, takes_check_ins
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import reason


@dataclass(slots=True)
class Wish:
    """A check-in as it is asked for, and by whom. `enrolment_id` or `person_id` says whose it is."""

    lesson_id: int
    event_id: UUID
    direction: str
    happened_at: datetime
    now: datetime
    means: Means
    kind: str  # of the entry in the journal
    by_id: int | None = None
    person_id: int | None = None
    enrolment_id: int | None = None
    code: str | None = None  # None where the means is not the code
    session: str | None = None  # digest of the session whose ticket sent it; asked for again
    institution_id: int | None = None  # whose lessons alone it may be for
    is_own: bool = False  # of the trainee's own phone
    is_live: bool = False  # someone waits for the answer and can be told to do it again otherwise
    said_at: datetime | None = None  # as a phone's clock has it, where that clock seems to be off
    device: str = ""
    reader_id: int | None = None
    sequence: int | None = None
    nonce: str = ""
    skew_seconds: int | None = None
    position: Position | None = None
    face: methods.SeenFace | None = None


class Fact(NamedTuple):
    """What the database knows of a wish: the columns of `classes_check_in_facts`."""

    n: int
    lesson_id: int
    starts_at: datetime
    ends_at: datetime
    closed_at: datetime | None
    room_id: int
    teacher_person_id: int
    latitude: float | None
    longitude: float | None
    class_id: int
    title: str
    state: str
    starts_on: date | None
    region_code: str
    institution_id: int
    enrolment_id: int | None
    in_at: datetime | None
    out_at: datetime | None
    presence: str | None
    minutes: int | None
    wrong_codes: int | None
    is_decided: bool
    known_lesson: int | None
    known_enrolment: int | None
    known_aside: str | None
    is_signed_in: bool
    is_make_up: bool
    terms_version: int | None


@dataclass(slots=True)
class Mark:
    """What one trainee's attendance of one lesson comes to so far."""

    lesson_id: int
    enrolment_id: int
    in_at: datetime | None = None
    out_at: datetime | None = None
    presence: str = "absent"
    minutes: int = 0
    wrong_codes: int = 0

    def move(self, direction: str, at: datetime) -> None:
        """The first check-in and the last check-out count, in whatever order they come."""
        if direction == Direction.IN:
            self.in_at = at if self.in_at is None else min(self.in_at, at)
        else:
            self.out_at = at if self.out_at is None else max(self.out_at, at)


@dataclass(slots=True)
class Answer:
    """What came of a wish: a mark, or the reasons why not; `aside` where it is kept and does not count."""

    mark: Mark | None = None
    reasons: tuple[Message, ...] = ()
    is_found: bool = True
    is_signed_in: bool = True
    aside: str = ""  # the code of why it is kept and does not count


def unusable(wish: Wish, fact: Fact) -> Message | None:
    """Why an event cannot be tied to a trainee and a lesson at all."""
    if wish.direction not in ("in", "out"):
        return reason("direction", _("The direction is “in” or “out”."), "N4.1")
    if fact.enrolment_id is None:
        return reason("not-on-roster", _("You are not on the roster of this class."), "N3.7")
    if fact.known_lesson is not None and (fact.known_lesson, fact.known_enrolment) != (
        wish.lesson_id,
        fact.enrolment_id,
    ):
        return used()
    return None


def used() -> Message:
    return reason("event-used", _("This event was sent before for another person or lesson."), "N7.4")


def future() -> Message:
    return reason("future", _("The device's clock is ahead of the server's."), "N4.1")


def kept_aside(code: str) -> Message:
    """What is said of an event that was kept before and does not count."""
    return reason(code, _("It is kept and does not count; the institution can ask for a correction."), "N4.1")


AT_ONCE = timedelta(seconds=60)  # what comes within it was sent while someone stood there, on however slow a network
MOST_SKEW = 10**9  # seconds: a clock that was never set


def skew_of(sent_at: datetime | None, now: datetime) -> int | None:
    """By how many seconds a sender's clock is ahead of ours."""
    return max(-MOST_SKEW, min(round((sent_at - now).total_seconds()), MOST_SKEW)) if sent_at else None


def moment(happened_at: datetime | None, sent_at: datetime | None, now: datetime) -> datetime:
    """When it was by our clock: as long ago as lay, by the phone's own clock, between the deed and its sending."""
    if happened_at is None:
        return now
    return min(now - (sent_at - happened_at) if sent_at else happened_at, now)


def kept_too_long(at: datetime, now: datetime, chosen: Policy) -> Iterator[Message]:
    if now - at > max(timedelta(hours=chosen.offline_hours), AT_ONCE):
        text = _("A phone may keep a check-in for {hours} hours; ask for a correction.")
        yield reason("kept-too-long", text, "N4.1", hours=chosen.offline_hours)


def is_locked(at: datetime, now: datetime, ends: datetime, closed_at: datetime | None, chosen: Policy) -> bool:
    """Whether a lesson takes nothing more: what a phone kept is taken until the lock date, all else until it is closed."""
    return now > ends + timedelta(days=chosen.lock_days) if now - at > AT_ONCE else closed_at is not None


def out_of_turn(wish: Wish, mark: Mark) -> Iterator[Message]:
    """What is told to who stands there, of an event that is kept and counts as any other: another phone may still hold
    the check-in that is missing now, and the first in and the last out count in whatever order they come."""
    if wish.is_own and wish.is_live:
        has_in = mark.in_at is not None and mark.in_at <= wish.happened_at
        yield from attendance.out_of_turn(Direction(wish.direction), has_in=has_in, is_double=has_in)


def against(wish: Wish, fact: Fact, chosen: Policy, metres: float | None) -> Iterator[Message]:
    """Why an event does not count. Nothing here depends on other events, which come in any order, and until the
    lock date."""
    at, live = wish.happened_at, wish.is_live
    proven = wish.code is not None or wish.means in (Means.CARD, Means.ROLL_CALL)
    yield from methods.against_means(wish.means, chosen, with_other_proof=proven or wish.position is not None)
    if wish.means == Means.ROLL_CALL and wish.reader_id and chosen.confirms_rolls:
        text = _("A roll counts once a second person confirms it; the teacher calls it with the own account.")
        yield reason("roll-unconfirmed", text, "N14.1")
    if wish.means == Means.FACE:
        yield from methods.against_face(wish.face, chosen)
    if wish.means in (Means.CODE, Means.FENCE, Means.FACE):
        is_the_proof = wish.means == Means.FENCE or (wish.means == Means.FACE and not proven)
        yield from methods.against_position(wish.position, metres, chosen, is_the_proof=is_the_proof)
    if wish.is_own:
        yield from kept_too_long(at, wish.now, chosen)
    locked = fact.ends_at + timedelta(days=chosen.lock_days)
    yield from attendance.reasons_against_check_in(
        direction=Direction(wish.direction),
        at=at,
        begins=fact.starts_at,
        ends=fact.ends_at,
        before=chosen.before,
        after=chosen.after,
        is_on_roster=True,
        is_running=takes_check_ins(fact.state, is_make_up=fact.is_make_up) or (not live and fact.state == State.ENDED),
        is_closed=fact.closed_at is not None if live else wish.now > locked,
        has_in=True,
    )
    if not live and at > wish.now + timedelta(seconds=CLOCK_MAY_BE_OFF if wish.reader_id else 0):
        yield future()
