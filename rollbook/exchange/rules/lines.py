"""The line to a department: when it is tried again after a failure, and when it is left alone (circuit breaker)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from rollbook.kernel.choices import Choice
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import reason

LEASE = timedelta(minutes=5)  # how long one worker has the line; a killed worker gives it back so
FIRST, LONGEST = timedelta(seconds=30), timedelta(minutes=30)
OPEN_AFTER = 5  # failures in a row


class LineState(Choice):
    WORKS = "works", _("Works")
    WAITING = "waiting", _("Failed, is tried again")
    OPEN = "left-alone", _("Left alone after failures")


@dataclass(frozen=True, slots=True)
class Line:
    failures: int
    next_try_at: datetime


def state(line: Line) -> LineState:
    if line.failures == 0:
        return LineState.WORKS
    return LineState.OPEN if line.failures >= OPEN_AFTER else LineState.WAITING


def after_failure(line: Line, now: datetime, spread: float) -> Line:
    """Twice as long each time, shortened by up to a half by `spread` (0 to 1), so that lines that broke together
    are not tried together. From the fifth failure on the line is open: one try each half hour."""
    failures = line.failures + 1
    pause = LONGEST if failures >= OPEN_AFTER else min(FIRST * 2 ** (failures - 1), LONGEST)
    return Line(failures, now + pause * (1 - spread / 2))


def after_success(now: datetime, every: timedelta) -> Line:
    return Line(0, now + every)


def reasons_against_try(line: Line, now: datetime) -> Iterator[Message]:
    if line.next_try_at > now:
        text = _("The line to the department rests until {time}.")
        yield reason("line-rests", text, time=line.next_try_at)
