"""Devices as far as an account sees them, and what their sequences and clocks tell."""

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from django.db import connection
from django.db.models import QuerySet

from rollbook.accounts.rules import APART
from rollbook.classes.models import CheckIn, Device, Enrolment, EventFile, Lesson, RefusedEvent
from rollbook.classes.queries.make_ups import checked_into, those_in_each
from rollbook.classes.rules.devices import DeviceState
from rollbook.classes.rules.events import COLUMNS, SILENCE, FileState, line
from rollbook.kernel.reasons import NotFound
from rollbook.persons import queries as persons
from rollbook.persons.rules import normal
from rollbook.regions.rules import prefix

if TYPE_CHECKING:
    from rollbook.accounts.models import Account

KEPT_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Known:
    """A device whose key was shown: what the API needs of it."""

    id: int
    institution_id: int
    room_id: int | None
    name: str


def devices(by: "Account") -> QuerySet[Device]:
    """Devices of the account's region or institution, newest first; not for teachers and trainees."""
    found = Device.objects.select_related("institution", "room__site").order_by("-pk")
    if by.role == "institution-manager":
        return found.filter(institution_id=by.institution_id or 0)
    if by.role in ("teacher", "worker") or by.role in APART:
        return found.none()
    return found.filter(institution__region_code__startswith=prefix(by.region_code))


def device(by: "Account", device_id: int, *, lock: bool = False) -> Device:
    found = devices(by).filter(pk=device_id)
    try:
        return (found.select_for_update(of=("self",)) if lock else found).get()
    except Device.DoesNotExist:
        raise NotFound from None


def active_device(digest: str) -> Known | None:
    """The device with this key, remembered for some seconds: whether it is still active is asked again with
    every event that it sends, in the same step that keeps it."""
    return _active_device(digest, int(time.monotonic() / KEPT_SECONDS)) or _active_now(digest)


@lru_cache(maxsize=4096)
def _active_device(digest: str, moment: int) -> Known | None:  # noqa: ARG001 part of the key
    return _active_now(digest)


def _active_now(digest: str) -> Known | None:
    return _known(Device.objects.filter(digest=digest))


def active_device_of(institution_id: int, serial: str) -> Known | None:
    """The active device of an institution with this serial number."""
    return _known(Device.objects.filter(institution_id=institution_id, serial=serial.strip()))


def _known(found: QuerySet[Device]) -> Known | None:
    row = found.filter(state=DeviceState.ACTIVE).first()
    return known(row) if row else None


def known(one: Device) -> Known:
    """What is remembered of a device."""
    return Known(one.pk, one.institution_id, one.room_id, one.name)


def persons_by_number(numbers: Iterable[str]) -> Mapping[str, int]:
    """The persons known by these numbers, each under the number as it was given."""
    given = {normal(one): one for one in numbers}
    return {given[number]: person.pk for number, person in persons.found_by_numbers(list(given)).items()}


def lessons_of_device(known: Known, day: date) -> list[tuple[Lesson, list[Enrolment]]]:
    """The lessons of a day in the device's room, or in its institution, with who is to be there: two queries, and one
    for make-up lessons."""
    found = Lesson.objects.filter(training_class__institution_id=known.institution_id, starts_at__date=day).filter(
        checked_into()
    )
    if known.room_id:
        found = found.filter(room_id=known.room_id)
    lessons = list(found.select_related("room", "training_class").order_by("starts_at")[:200])
    people = those_in_each(lessons)
    return [(one, people[one.pk]) for one in lessons]


@dataclass(frozen=True, slots=True)
class Gap:
    """Numbers of a device's sequence that never arrived."""

    reader_id: int
    first: int
    last: int

    @property
    def missing(self) -> int:
        return self.last - self.first + 1


def gaps_of(device_ids: Iterable[int], limit: int = 200) -> list[Gap]:
    """The gaps in the sequences of devices, newest first, wherever their events lie now: one query. A device counts from
    0 or 1, so the numbers before the first that was received are missing as well."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT reader_id, before + 1, first - 1 FROM (
                   SELECT reader_id, first, coalesce(max(last) OVER (
                       PARTITION BY reader_id ORDER BY first, last ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
                   ), 0) AS before
                   FROM (SELECT reader_id, sequence AS first, sequence AS last FROM classes_checkin
                         WHERE reader_id = ANY(%(ids)s)
                         UNION SELECT reader_id, sequence, sequence FROM classes_refusedevent
                         WHERE reader_id = ANY(%(ids)s)
                         UNION SELECT reader_id, first, last FROM classes_archivedrun WHERE reader_id = ANY(%(ids)s)
                   ) AS received WHERE first IS NOT NULL
               ) AS pairs WHERE first > before + 1 ORDER BY first DESC LIMIT %(limit)s""",
            {"ids": list(device_ids), "limit": limit},
        )
        return [Gap(*row) for row in cursor.fetchall()]


def clock_steps_back(device_id: int, limit: int = 50) -> list[tuple[CheckIn, CheckIn]]:
    """Neighbours in a device's sequence of which the later has the earlier time: its clock was set back."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT event_id, before FROM (
                   SELECT event_id, sequence, happened_at, lag(happened_at) OVER w AS earlier, lag(event_id) OVER w AS before
                   FROM classes_checkin WHERE reader_id = %s AND sequence IS NOT NULL WINDOW w AS (ORDER BY sequence)
               ) AS pairs WHERE happened_at < earlier ORDER BY sequence DESC LIMIT %s""",
            [device_id, limit],
        )
        pairs = cursor.fetchall()
    rows = {one.event_id: one for one in CheckIn.objects.filter(event_id__in=[pk for pair in pairs for pk in pair])}
    return [(rows[before], rows[event]) for event, before in pairs]


def events_of_device(device_id: int) -> QuerySet[CheckIn]:
    found = CheckIn.objects.filter(reader_id=device_id).select_related("lesson__training_class", "enrolment__person")
    return found.order_by("-sequence")


def refused_of_device(device_id: int) -> QuerySet[RefusedEvent]:
    return RefusedEvent.objects.filter(reader_id=device_id).order_by("-sequence")


def event_files(device_ids: Iterable[int]) -> QuerySet[EventFile]:
    """Files of events of these devices, newest first."""
    return EventFile.objects.filter(reader_id__in=device_ids).select_related("reader", "filed_by").order_by("-pk")


def event_file(by: "Account | None", file_id: int, *, lock: bool = False) -> EventFile:
    """A file as far as an account sees its device; the clock sees every file."""
    found = EventFile.objects.select_related("reader__institution", "filed_by").filter(pk=file_id)
    if by is not None:
        found = found.filter(reader__in=devices(by).order_by())
    one = (found.select_for_update(of=("self",)) if lock else found).first()
    if one is None:
        raise NotFound
    return one


def event_files_cut_off(now: datetime) -> list[int]:
    """Files whose worker has died."""
    found = EventFile.objects.filter(state=FileState.RUNNING, seen_at__lt=now - SILENCE)
    return list(found.values_list("pk", flat=True))


def event_answers(one: EventFile) -> Iterator[str]:
    """What came of each row, as CSV: rows that are no events first, then events by lesson."""
    yield line(*COLUMNS)
    yield from one.answers.order_by("first").values_list("lines", flat=True).iterator(chunk_size=20)


def persons_on(enrolment_ids: Iterable[int]) -> dict[int, int]:
    """Whose enrolments these are."""
    return dict(Enrolment.objects.filter(pk__in=set(enrolment_ids)).values_list("pk", "person_id"))


def regions_of(lesson_ids: Iterable[int]) -> dict[int, str]:
    """The regions whose terms bind these lessons."""
    found = Lesson.objects.filter(pk__in=set(lesson_ids))
    return dict(found.values_list("pk", "training_class__region_code"))
