"""What a sender says of a check-in, and how events are read that a device kept in a file (N4.1, N7.4)."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, TypeAdapter, ValidationError

from rollbook.classes.rules.positions import Position
from rollbook.kernel.choices import Choice
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import Refused, reason

NUMBER = 2**53 - 1  # what every JSON reader keeps exactly
MOST_ROWS = 1_000_000  # of one file
MOST_BYTES = 500 * 2**20
SILENCE = timedelta(minutes=10)  # without a part that was taken, its worker has died

# What a clock that is set at all can show: times beyond the calendars of database and language are no times.
Moment = Annotated[AwareDatetime, Field(ge=datetime(2000, 1, 1, tzinfo=UTC), lt=datetime(2100, 1, 1, tzinfo=UTC))]


class PositionIn(BaseModel):
    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]
    system: Literal["wgs84", "gcj02", "bd09"] = "wgs84"
    accuracy: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    is_mock: bool = False

    def position(self) -> Position:
        return Position(self.latitude, self.longitude, self.system, self.accuracy, self.is_mock)


class FaceIn(BaseModel):
    """What the device made of the face, compared on the device itself; `nonce` of the event is that of a challenge."""

    vendor: Annotated[str, Field(max_length=64, pattern=r"^[\w .:/+=-]*$")] = ""
    model: Annotated[str, Field(max_length=64, pattern=r"^[\w .:/+=-]*$")] = ""
    score: Annotated[float, Field(ge=0, le=1)]
    liveness: Annotated[float, Field(ge=0, le=1)]


class DeviceEventIn(BaseModel):
    """One check-in. Whose it is says `enrolment_id`, or the number of the ID card that was read."""

    event_id: UUID
    sequence: Annotated[int, Field(ge=0, le=NUMBER)]
    lesson_id: Annotated[int, Field(ge=1, le=NUMBER)]
    direction: Literal["in", "out"]
    happened_at: Moment
    enrolment_id: Annotated[int, Field(ge=1, le=NUMBER)] | None = None
    id_number: Annotated[str, Field(max_length=24)] = ""
    means: Literal["card", "face", "roll-call"] = "card"
    nonce: Annotated[str, Field(max_length=64, pattern=r"^[\w.:/+=-]*$")] = ""
    position: PositionIn | None = None
    face: FaceIn | None = None


class FileState(Choice):
    WAITING = "waiting", _("Waiting")
    RUNNING = "running", _("Under way")
    DONE = "done", _("Finished")
    FAILED = "failed", _("Broken off")


@dataclass(frozen=True, slots=True)
class Wrong:
    """A field of a row that is no event: the row as the file counts its lines, from 1."""

    row: int
    field: str  # empty where the whole line is meant
    code: str  # of WRONG


# What is wrong with a field, and what it should have been. The codes stand in the file of answers.
WRONG: Mapping[str, str] = {
    "missing": _("It is missing."),
    "no-event": _("The line is no JSON object, or has more than 10,000 characters."),
    "no-cells": _("The line has more or fewer cells than the first line has names."),
    "no-uuid": _("A UUID of the device's own is expected."),
    "no-number": _("A whole number is expected, at least 1; a sequence may begin at 0."),
    "no-direction": _("“in” or “out” is expected."),
    "no-time": _("A time with its offset is expected, as in 2026-03-02T08:58:11+08:00."),
    "no-means": _("“card”, “face” or “roll-call” is expected."),
    "no-value": _("The value is not as the interface of devices describes it."),
}
FIELDS = {
    "event_id": "no-uuid", "sequence": "no-number", "lesson_id": "no-number", "enrolment_id": "no-number",
    "direction": "no-direction", "happened_at": "no-time", "means": "no-means",
}  # fmt: skip
NEEDED = ("event_id", "sequence", "lesson_id", "direction", "happened_at")
LONGEST = 10_000  # characters of a line
_EVENT = TypeAdapter(DeviceEventIn)

Read = Iterator[tuple[int, DeviceEventIn | list[Wrong]]]


def read(lines: Iterable[bytes]) -> Read:
    """Each line that is not empty with its number, as an event or with everything that is wrong in it. A file whose first
    line is a JSON object has one on each line; any other is CSV, with the fields' names in its first line."""
    rest = iter(lines)
    first = next(rest, b"").removeprefix(b"\xef\xbb\xbf")
    found = chain([first], rest)
    return _json(found) if first.lstrip().startswith(b"{") else _csv(found)


def _json(lines: Iterable[bytes]) -> Read:
    for row, line in enumerate(lines, 1):
        if len(line) > LONGEST:
            yield row, [Wrong(row, "", "no-event")]
        elif line.strip():
            try:
                yield row, _EVENT.validate_json(line)
            except ValidationError as error:
                yield row, _wrong(row, error)


def _csv(lines: Iterable[bytes]) -> Read:
    """Names with a dot belong to `position` and `face`; an empty cell says nothing. A quote that is left open spoils
    its own line only."""
    rest = iter(lines)
    names = [one.strip() for one in _cells(next(rest, b""))]
    if lacking := [one for one in NEEDED if one not in names]:
        text = _("The first line names the fields, or each line is a JSON object. The first line lacks: {names}.")
        raise Refused(reason("event-columns", text, "N7.4", names=", ".join(lacking)))
    for row, line in enumerate(rest, 2):
        cells = _cells(line)
        if len(line) > LONGEST or (cells and len(cells) != len(names)):
            yield row, [Wrong(row, "", "no-cells")]
        elif cells:
            try:
                yield row, _EVENT.validate_strings(_nested(names, cells))
            except ValidationError as error:
                yield row, _wrong(row, error)


def _cells(line: bytes) -> list[str]:
    return next(csv.reader([line.decode("utf-8", "replace").strip()]), []) if len(line) <= LONGEST else []


def _nested(names: list[str], cells: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, cell in zip(names, cells, strict=True):
        if cell := cell.strip():
            above, _dot, below = name.partition(".")
            if below:
                found.setdefault(above, {})[below] = cell
            else:
                found[name] = cell
    return found


def _wrong(row: int, error: ValidationError) -> list[Wrong]:
    found = []
    for one in error.errors(include_url=False, include_context=False, include_input=False):
        field = ".".join(str(part) for part in one["loc"])
        code = "missing" if one["type"] == "missing" else FIELDS.get(field, "no-value") if field else "no-event"
        found.append(Wrong(row, field, code))
    return found


COLUMNS = ("row", "event_id", "sequence", "state", "code", "field", "wants_picture")


def line(*cells: object) -> str:
    """A line of the file of answers: numbers, codes and names of fields, so nothing has to be quoted."""
    return ",".join(str(one) for one in cells) + "\n"


def is_cut_off(state: str, seen_at: datetime, now: datetime) -> bool:
    return state == FileState.RUNNING and seen_at < now - SILENCE


def reasons_against_going_on(state: str, *, is_cut_off: bool) -> Iterator[Message]:
    if state != FileState.FAILED and not is_cut_off:
        yield reason("not-broken", _("This was not broken off."), "N7.4")
