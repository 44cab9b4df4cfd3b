"""Cameras in classrooms: who may send when, and what a picture says (N3.7, N4.3; domain 2.6 and 5.2, D52, D69)."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rollbook.kernel.choices import Choice
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import reason


class Outcome(Choice):
    """What came of asking a trainee to the camera."""

    SAME = "same", _("The same person")
    OTHER = "other", _("Another person")
    ABSENT = "absent", _("Did not come")
    UNCLEAR = "unclear", _("Could not be told")


class FaultKind(Choice):
    GAP = "gap", _("No picture")
    BLACK = "black", _("Black picture")
    FROZEN = "frozen", _("Frozen picture")
    MOVED = "moved", _("Camera moved or turned")
    STILL = "still", _("Nothing moved")


WITHOUT_PICTURE = (FaultKind.BLACK, FaultKind.FROZEN)  # gaps are worked out; the others show something
BLACK_SECONDS = 5
FROZEN_SECONDS = 60  # a class listens without moving, but never as still as a photograph
STILL_SECONDS = 300  # an empty room
GAP_SECONDS = 60
MOVED_VIEWS = 2  # one after the other; somebody may stand before the camera in one
MOVED_BITS = 24  # of 64: half of them differ between two views that have nothing in common
_NUMBER = r"\s*[:=]\s*(-?\d+(?:\.\d+)?)"


@dataclass(frozen=True, slots=True)
class Span:
    begins_at: datetime
    ends_at: datetime

    @property
    def seconds(self) -> float:
        return (self.ends_at - self.begins_at).total_seconds()


def reasons_against_sending(
    *, is_known: bool, is_revoked: bool, has_lesson: bool, institution_listed: bool
) -> Iterator[Message]:
    """Why a camera may not send now: a key is for one room, and for the time of its lessons."""
    if not is_known:
        yield reason("unknown-key", _("There is no camera with this key."), "N4.3")
        return
    if is_revoked:
        yield reason("revoked-key", _("The key of this camera was revoked."), "N4.3")
    if not institution_listed:
        yield reason("not-listed", _("The institution is not in the directory."))
    if not has_lesson:
        yield reason("no-lesson", _("There is no lesson in this room now."), "N4.3")


def detected(told: str, kind: FaultKind, began_at: datetime, length: float) -> list[Span]:
    """The spans that ffmpeg's blackdetect or freezedetect told of; one that has no end lasts to the end."""
    word = "black" if kind is FaultKind.BLACK else "freeze"
    starts = [float(found) for found in re.findall(rf"{word}_start{_NUMBER}", told)]
    ends = [float(found) for found in re.findall(rf"{word}_end{_NUMBER}", told)]
    ends += [length] * (len(starts) - len(ends))
    return [
        Span(began_at + timedelta(seconds=start), began_at + timedelta(seconds=end))
        for start, end in zip(starts, ends, strict=False)
        if end > start
    ]


def gaps(begins_at: datetime, ends_at: datetime, seen: Iterable[Span]) -> list[Span]:
    """The stretches of a lesson of which there is no picture, but for short ones."""
    found, where = [], begins_at
    for one in sorted(seen, key=lambda span: span.begins_at):
        if (one.begins_at - where).total_seconds() > GAP_SECONDS:
            found.append(Span(where, min(one.begins_at, ends_at)))
        where = max(where, one.ends_at)
    if (ends_at - where).total_seconds() > GAP_SECONDS:
        found.append(Span(where, ends_at))
    return [one for one in found if one.begins_at < ends_at]


def away(views: Sequence[tuple[datetime, bool]], ends_at: datetime) -> list[Span]:
    """The stretches in which views, one after the other, differ from the one that was filed: each lasts from its first
    such view to the next that is as filed, or to the end."""
    found, run = [], list[datetime]()
    for at, is_far in (*views, (ends_at, False)):
        if is_far:
            run.append(at)
            continue
        if len(run) >= MOVED_VIEWS:
            found.append(Span(run[0], at))
        run = []
    return found


def missing_percent(begins_at: datetime, ends_at: datetime, without: Sequence[Span]) -> int:
    """The share of a lesson without a usable picture; spans that overlap count once."""
    missing, where = 0.0, begins_at
    for one in sorted(without, key=lambda span: span.begins_at):
        first, last = max(one.begins_at, where), min(one.ends_at, ends_at)
        if last > first:
            missing, where = missing + (last - first).total_seconds(), last
    return round(missing * 100 / (ends_at - begins_at).total_seconds())


def reasons_of_lesson(*, percent: int, most: int, has_camera: bool, is_moved: bool) -> Iterator[Message]:
    """What is to be said of the pictures of a lesson that is over (D69)."""
    if not has_camera:
        yield reason("no-camera", _("No camera is registered for this room."), "2.6")
    elif percent > most:
        text = _("{percent} % of the lesson have no usable picture; at most {most} % may be missing.")
        yield reason("no-picture", text, "2.6", percent=percent, most=most)
    if is_moved:
        yield reason("moved", _("The camera does not show the view that was filed."), "2.6")


def reasons_of_count(*, counted: int, checked_in: int, percent: int) -> Iterator[Message]:
    """Heads in the picture against check-ins at that minute (D52)."""
    if abs(counted - checked_in) * 100 > percent * max(checked_in, counted, 1):
        text = _("{counted} people are in the picture where {checked_in} had checked in.")
        yield reason("head-count", text, "2.6", counted=counted, checked_in=checked_in)


def reasons_of_faces(*, found: int, checked_in: int, percent: int) -> Iterator[Message]:
    """Faces that the machine found against check-ins. It finds never all, so that fewer say nothing; more than have
    checked in by the share of the terms ask a person to look, and do no more (D52)."""
    if (found - checked_in) * 100 > percent * max(checked_in, 1):
        text = _(
            "At least {found} faces are in a picture where {checked_in} had checked in: look, and count the people."
        )
        yield reason("faces-found", text, "2.6", found=found, checked_in=checked_in)
