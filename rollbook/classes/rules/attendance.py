"""What attendance comes to (domain 2.5; N4.1). Minutes and hours come in, percentages go out."""

import hmac
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rollbook.classes.rules.states import Direction, Presence
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import reason

GROUNDS: dict[str, str] = {
    "illness": _("Illness: a doctor's certificate"),
    "family": _("Family emergency: a written statement"),
    "duty": _("Public duty: a summons or letter of the office"),
    "work": _("Called to work: a letter of the employer"),
    "other": _("Another ground: what proves it"),
}
LEAVE_TERMS: Mapping[str, str] = {ground: f"leave-{ground}" for ground in GROUNDS}
NOT_TAKEN, WITH_PAPER = 0, 1  # of such a term; 2 is without paper


def leave_kinds(terms: Mapping[str, int]) -> dict[str, bool]:
    """The grounds of leave that a region takes, and whether each needs its document (domain 2.5)."""
    ways = {ground: terms[key] for ground, key in LEAVE_TERMS.items()}
    return {ground: way == WITH_PAPER for ground, way in ways.items() if way != NOT_TAKEN}


CORRECTABLE = (Presence.PRESENT, Presence.LATE, Presence.ABSENT)


@dataclass(frozen=True, slots=True)
class Attended:
    """One trainee's attendance of a class: academic hours of lessons held so far and attended.

    `hours` count toward the subsidy; what counts toward the certificate may differ.
    """

    hours: int
    held_hours: int
    planned_hours: int
    leave_hours: int = 0
    certificate_hours: int = 0

    @property
    def percent(self) -> int:
        """Hours attended per hundred planned: what the subsidy asks for."""
        return self._of_planned(self.hours)

    @property
    def certificate_percent(self) -> int:
        return self._of_planned(self.certificate_hours)

    def _of_planned(self, hours: int) -> int:
        return hours * 100 // self.planned_hours if self.planned_hours else 0

    @property
    def percent_so_far(self) -> int:
        return self.hours * 100 // self.held_hours if self.held_hours else 100


def presence(
    in_at: datetime | None, out_at: datetime | None, begins: datetime, ends: datetime, late_minutes: int
) -> tuple[Presence, int]:
    """What a lesson came to, and the minutes within it.

    Without a check-out the presence is not proven to have lasted, so the lesson counts as
    absence until it is corrected; coming or leaving within `late_minutes` is on time.
    """
    if in_at is None or out_at is None:
        return Presence.ABSENT, 0
    first, last = max(in_at, begins), min(out_at, ends)
    minutes = max(0, int((last - first).total_seconds() // 60))
    allowed = timedelta(minutes=late_minutes)
    if minutes * 2 < (ends - begins).total_seconds() / 60:
        return Presence.ABSENT, minutes
    if first - begins > allowed or ends - last > allowed:
        return Presence.LATE, minutes
    return Presence.PRESENT, minutes


def counts(kind: str) -> bool:
    """Whether a lesson so attended counts towards the hours: late is attended, leave is not."""
    return kind in (Presence.PRESENT, Presence.LATE)


def reasons_against_check_in(
    *, direction: Direction, at: datetime, begins: datetime, ends: datetime, before: int, after: int,
    is_on_roster: bool, is_running: bool, is_closed: bool, has_in: bool,
    is_double: bool = False,
) -> Iterator[Message]:  # fmt: skip
    """Why a check-in does not count. `before` and `after` are minutes around the lesson."""
    if not is_on_roster:
        yield reason("not-on-roster", _("You are not on the roster of this class."), "N3.7")
    if not is_running:
        yield reason("not-running", _("The class is not in training."), "N4.1")
    if is_closed:
        yield reason("attendance-closed", _("The attendance of this lesson is closed; ask for a correction."), "N4.1")
    first, last = begins - timedelta(minutes=before), ends + timedelta(minutes=after)
    if not first <= at <= last:
        text = _("Checking in is possible from {before} minutes before the lesson to {after} minutes after it.")
        yield reason("outside-window", text, "N4.1", before=before, after=after)
    yield from out_of_turn(direction, has_in=has_in, is_double=is_double)


def out_of_turn(direction: Direction, *, has_in: bool, is_double: bool) -> Iterator[Message]:
    if direction == Direction.OUT and not has_in:
        yield reason("out-without-in", _("There is no check-in to check out from."), "N4.1")
    if direction == Direction.IN and is_double:
        yield reason("double", _("You have checked in already."), "N7.4")


def reasons_against_leave(
    *, ground: str, kinds: Mapping[str, bool], has_proof: bool, is_over: bool, is_asked: bool, is_off_roster: bool, is_open: bool,
    hours: int, planned_hours: int, percent: int, is_make_up: bool = False,
) -> Iterator[Message]:  # fmt: skip
    """Why leave cannot be asked. `hours` is the leave asked and granted so far with this lesson."""
    if is_off_roster:
        yield reason("not-on-roster", _("You are not on the roster of this class."), "N3.7")
    if not is_open:
        yield reason("not-running", _("The class is not in training."), "N4.1")
    if is_make_up:
        yield reason("make-up-leave", _("There is no leave from a make-up lesson; it may be planned again."), "N4.1")
    if ground not in kinds:
        yield reason("ground", _("Choose one of the accepted grounds."), "N4.1")
    if is_over:
        yield reason("leave-too-late", _("Leave is asked for before the lesson ends."), "N4.1")
    if not has_proof and kinds.get(ground, True):
        yield reason("no-proof", _("Add a photograph or scan of the proof."), "N4.1")
    if is_asked:
        yield reason("leave-asked", _("Leave from this lesson was asked for already."), "N4.1")
    if hours * 100 > planned_hours * percent:
        text = _("Leave would pass {percent} % of the hours.")
        yield reason("too-much-leave", text, "N4.1", percent=percent)


def reasons_against_correction(*, presence: str, why: str, is_over: bool, is_asked: bool) -> Iterator[Message]:
    """Why a correction cannot be asked. Leave is not corrected to: it has its own request and proof."""
    if presence not in CORRECTABLE:
        yield reason("presence", _("A record is corrected to present, late or absent."), "N4.1")
    if not why.strip():
        yield reason("why", _("Say why the record is wrong."), "N4.1")
    if not is_over:
        yield reason("not-over", _("A record is corrected after the lesson."), "N4.1")
    if is_asked:
        yield reason("correction-asked", _("A correction of this record waits for its decision."), "N4.1")


def reasons_against_teaching(
    in_at: datetime, out_at: datetime, begins: datetime, ends: datetime, *, before: int, after: int, why: str,
    has_paper: bool, is_over: bool, is_asked: bool,
) -> Iterator[Message]:  # fmt: skip
    """Why a teacher's own attendance cannot be asked to be corrected so."""
    if not why.strip():
        yield reason("why", _("Say why the record is wrong."), "N4.1")
    if not has_paper:
        yield reason("no-paper", _("Add the paper that shows that the teacher taught."), "N4.1")
    if not is_over:
        yield reason("not-over", _("A record is corrected after the lesson."), "N4.1")
    if is_asked:
        yield reason("correction-asked", _("A correction of this record waits for its decision."), "N4.1")
    first, last = begins - timedelta(minutes=before), ends + timedelta(minutes=after)
    if not first <= in_at < out_at <= last:
        text = _("Give times from {before} minutes before the lesson to {after} minutes after it, the coming first.")
        yield reason("outside-window", text, "N4.1", before=before, after=after)


def code_at(secret: bytes, lesson_id: int, room_id: int, at: datetime, seconds: int, step: int = 0) -> str:
    """The six digits that a lesson shows in its room at a moment; `step` −1 is the code before."""
    slot = int(at.timestamp()) // seconds + step
    digest = hmac.digest(secret, f"{lesson_id}:{room_id}:{slot}".encode(), "sha256")
    return f"{int.from_bytes(digest[:8], 'big') % 1_000_000:06}"


WRONG_CODES = 10  # of one trainee in one lesson: with six digits, one chance in fifty thousand


def reasons_against_trying(wrong_codes: int) -> Iterator[Message]:
    """Why no further code is looked at."""
    if wrong_codes >= WRONG_CODES:
        text = _("Too many wrong codes were tried in this lesson; ask the teacher to call the roll.")
        yield reason("too-many-codes", text, "N4.1")


def right_code(secret: bytes, lesson_id: int, room_id: int, at: datetime, seconds: int, code: str) -> bool:
    """Whether a code is the present one or the one before it, which a slow network needs."""
    return any(
        hmac.compare_digest(code_at(secret, lesson_id, room_id, at, seconds, step).encode(), code.encode())
        for step in (0, -1)
    )


def worst_day(percents: Sequence[int]) -> int:
    """The lowest attendance of any day held: the class's own line (domain 2.5)."""
    return min(percents, default=100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Least:
    """What the terms ask of a trainee's attendance: per cent of the hours planned, and hours."""

    subsidy_percent: int
    certificate_percent: int
    hours: int = 0  # for the certificate, whatever the class's length


def lacking(attended: Attended, least: Least, *, is_committed: bool, is_verified: bool) -> Iterator[Message]:
    """What a trainee still lacks for the certificate and the subsidy, said while it can be mended (N16.3).

    The certificate has a line of its own only where it asks for another number of hours.
    """
    percent, left = least.subsidy_percent, attended.planned_hours - attended.held_hours
    needed = max(0, _of(attended, percent) - attended.hours)
    if needed > left:
        text = _("{needed} hours are wanting for {percent} % and only {left} are still to come.")
        yield reason("attendance-lost", text, "N4.1", needed=needed, percent=percent, left=left)
    elif needed > 0:
        text = _("{needed} more hours make {percent} % of attendance; {left} are still to come.")
        yield reason("attendance-needed", text, "N4.1", needed=needed, percent=percent, left=left)
    asked = max(_of(attended, least.certificate_percent), least.hours)
    wanted = asked - attended.certificate_hours
    if wanted > left and wanted != needed:
        text = _("{needed} hours are wanting for the {asked} of the certificate and only {left} are still to come.")
        yield reason("certificate-lost", text, "N5.1", needed=wanted, asked=asked, left=left)
    elif wanted > 0 and wanted != needed:
        text = _("{needed} more hours make the {asked} that the certificate asks for; {left} are still to come.")
        yield reason("certificate-needed", text, "N5.1", needed=wanted, asked=asked, left=left)
    if not is_committed:
        yield reason("not-committed", _("Your commitment is not signed."), "N4.6")
    if not is_verified:
        yield reason("not-verified", _("Your identity is not verified yet."), "N3.7")


def _of(attended: Attended, percent: int) -> int:
    """The fewest hours that are so many per cent of the plan."""
    return -(-attended.planned_hours * percent // 100)
