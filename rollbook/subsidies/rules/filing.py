"""Claiming for a whole class by a worker: one trainee after the other, with its progress kept (N12.2, N16.2)."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from rollbook.kernel.choices import Choice
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import reason

SILENCE = timedelta(minutes=5)  # without progress it was cut off


class FilingState(Choice):
    WAITING = "waiting", _("Waiting")
    RUNNING = "running", _("Under way")
    DONE = "done", _("Finished")
    FAILED = "failed", _("Broken off")


OPEN = (FilingState.WAITING, FilingState.RUNNING)


def is_cut_off(state: str, seen_at: datetime, now: datetime) -> bool:
    return state == FilingState.RUNNING and seen_at < now - SILENCE


def reasons_against_filing(left: int, *, is_open: bool) -> Iterator[Message]:
    """Why claiming for a class is not begun."""
    if is_open:
        yield reason("filing-open", _("Claims of this class are being filed already."), "N12.3")
    if not left:
        yield reason("all-claimed", _("Everybody of this class has claimed already."), "N12.3")


def reasons_against_going_on(state: str, *, is_cut_off: bool) -> Iterator[Message]:
    if state != FilingState.FAILED and not is_cut_off:
        yield reason("not-broken", _("This was not broken off."), "N12.2")
