"""What the evidence of a lesson says about it (domain 2.6 and 5.2, D51)."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import reason

LATE = timedelta(hours=24)
SLACK = timedelta(minutes=30)


def looks(taken_at: datetime | None, stored_at: datetime, starts_at: datetime, ends_at: datetime) -> Iterator[Message]:
    """What should be looked at in a photograph or video of a lesson."""
    if taken_at is None:
        yield reason("no-camera-time", _("The camera wrote no time into it."), "2.6")
    elif not starts_at - SLACK <= taken_at <= ends_at + SLACK:
        yield reason("other-time", _("Taken at {taken}, outside the lesson."), "2.6", taken=taken_at)
    if stored_at > ends_at + LATE:
        yield reason("sent-late", _("Sent more than a day after the lesson."), "2.6")


def lacks(photos: int, least: int, *, is_over: bool) -> Iterator[Message]:
    """What is missing of a lesson that is over."""
    if is_over and photos < least:
        text = _("{photos} photographs; at least {least} are needed.")
        yield reason("too-few-photos", text, "2.6", photos=photos, least=least)
