"""Classes of the demo province in every state, with their plans, rosters and attendance."""

import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.timezone import localdate

from rollbook.accounts.models import Account
from rollbook.classes.models import (
    Attendance,
    CheckIn,
    Commitment,
    Enrolment,
    Lesson,
    LevelReservation,
    TrainingClass,
)
from rollbook.classes.rules.states import State
from rollbook.config.demo.copying import copy
from rollbook.config.demo.places import Place
from rollbook.directory.models import DemandItem
from rollbook.institutions.models import Room, Teacher
from rollbook.persons.models import Person
from rollbook.regions.rules import WorkingDays

HERE = ZoneInfo("Asia/Shanghai")
HOURS = ((time(9), time(12)), (time(13, 30), time(16, 30)))  # four academic hours each
LEVELS = {"5": "初级", "4": "中级", "3": "高级", "2": "技师", "1": "高级技师", "0": ""}
UNDER_WAY = {State.APPROVED, State.RUNNING, State.ENDED, State.ASSESSED}


@dataclass(slots=True)
class Course:
    """A class being made, with its rows."""

    row: Any  # a TrainingClass whose dates are known
    place: Place
    item: DemandItem
    days: list[date]
    lessons: list[Lesson] = field(default_factory=list)
    enrolments: list[Enrolment] = field(default_factory=list)


def at(day: date, moment: time) -> datetime:
    return datetime.combine(day, moment, HERE).astimezone(UTC)


def plan(
    rng: random.Random,
    places: list[Place],
    calendar: WorkingDays,
    *,
    count: int,
    home: str,
    today: date,
) -> list[Course]:
    """Dates, rooms and teachers for `count` classes, none of which meets another."""
    free: dict[tuple[str, int], date] = {}  # room or teacher → the first day it is free
    courses: list[Course] = []
    listed = [place for place in places if place.institution.state == "listed"]
    mine = [place for place in listed if place.institution.region_code == home]
    starts = sorted((today + timedelta(_offset(rng)), rng.random()) for _ in range(int(count * 1.3)))
    for start, lot in starts:
        place = rng.choice(mine if lot < 0.08 else listed)
        item = rng.choice(place.items)
        days = list(_working(calendar, start, -(-item.hours // 8)))
        room = next((r for r in place.rooms if free.get(("r", r.pk), start) <= start), None)
        teacher = next((t for t in place.teachers if free.get(("t", t.pk), start) <= start), None)
        if room is None or teacher is None:
            continue
        free["r", room.pk] = free["t", teacher.pk] = days[-1] + timedelta(1)
        course = Course(_row(place, item, days, len(courses)), place, item, days)
        course.lessons = _lessons(course, room, teacher)
        courses.append(course)
    kept = sorted(rng.sample(range(len(courses)), min(count, len(courses))))  # not the first: the last are to come
    return [courses[n] for n in kept]


def _offset(rng: random.Random) -> int:
    """Days from today to the first lesson: most have ended, some run, some are to come."""
    kind = rng.random()
    if kind < 0.80:
        return -rng.randrange(20, 300)
    return rng.randrange(-12, 0) if kind < 0.88 else rng.randrange(1, 40)


def _working(calendar: WorkingDays, start: date, count: int) -> Iterator[date]:
    day = start
    while count:
        if calendar.is_working(day):
            yield day
            count -= 1
        day += timedelta(1)


def _row(place: Place, item: DemandItem, days: list[date], n: int) -> TrainingClass:
    institution = place.institution
    project = f"{item.occupation.name}{LEVELS[item.level]}"
    return TrainingClass(
        institution=institution,
        region_code=institution.region_code,
        item=item,
        occupation_id=item.occupation_id,
        level=item.level,
        title=f"{days[0].year} {institution.short_name} {project} {n + 1:04} 期",
        starts_on=days[0],
        ends_on=days[-1],
        head=institution.contact,
        phone=institution.phone,
        resources="《国家基本职业培训包》；机构自编讲义",
        assessment_plan="理论笔试 90 分钟，实操考核 60 分钟，均满分 100 分，60 分合格。",
        created_at=at(days[0] - timedelta(24), time(10)),
    )


def _lessons(course: Course, room: Room, teacher: Teacher) -> list[Lesson]:
    count = -(-course.item.hours // 4)
    theory = int(count * (100 - course.item.practice_percent) / 100)
    slots = [(day, *hours) for day in course.days for hours in HOURS][:count]
    return [
        Lesson(
            training_class=course.row,
            starts_at=at(day, begins),
            ends_at=at(day, ends),
            hours=4,
            kind="theory" if n < theory else "practice",
            subject=f"{course.item.occupation.name}{'理论' if n < theory else '实操'} {n + 1}",
            room=room,
            teacher=teacher,
            teacher_person_id=teacher.person_id,
            textbook="国家基本职业培训包",
        )
        for n, (day, begins, ends) in enumerate(slots)
    ]


def settle(
    rng: random.Random,
    courses: list[Course],
    reviewers: dict[str, Account],
    seconds: dict[str, Account],
    calendar: WorkingDays,
    *,
    needs_second: set[str],
    today: date,
) -> None:
    """Give each class the state that its dates make likely, and what that state asks for."""
    serials: dict[tuple[str, int], int] = {}
    for course in courses:
        row = course.row
        second = row.region_code[:4] in needs_second
        row.state = _state(rng, row, today)
        if row.state == State.REVIEWED and not second:
            row.state = State.SUBMITTED
        for lesson in course.lessons:
            lesson.is_binding = row.state in {State.SUBMITTED, State.REVIEWED, *UNDER_WAY}
        if row.state == State.DRAFT:
            continue
        submitted = row.starts_on - timedelta(rng.randrange(12, 20))
        if row.state in (State.SUBMITTED, State.REVIEWED):
            submitted = min(submitted, today - timedelta(rng.randrange(0, 8)))
        row.submitted_at = at(submitted, time(rng.randrange(9, 17), rng.randrange(60)))
        row.decide_by = calendar.after(submitted, 5)
        if row.state in (State.REVIEWED, *UNDER_WAY) and second:
            row.reviewed_by = reviewers[row.region_code]
        if row.state in UNDER_WAY:
            key = (row.region_code, row.starts_on.year)
            serials[key] = serials.get(key, 0) + 1
            row.number = f"KB{row.region_code}{row.starts_on.year}{serials[key]:05}"
            _approve(rng, course, (seconds if second else reviewers)[row.region_code], today)


def _approve(rng: random.Random, course: Course, officer: Account, today: date) -> None:
    row = course.row
    row.decided_at = row.submitted_at + timedelta(days=rng.randrange(1, 5))
    row.is_deemed = rng.random() < 0.03
    row.decided_by = None if row.is_deemed else officer
    if row.state == State.APPROVED:
        return
    row.started_at = course.lessons[0].starts_at
    if row.starts_on + timedelta(3) <= today:
        row.roster_frozen_at = at(row.starts_on + timedelta(3), time(0, 5))
    if row.state in (State.ENDED, State.ASSESSED):
        row.ended_at = course.lessons[-1].ends_at


def _state(rng: random.Random, row: Any, today: date) -> State:
    lot = rng.random()
    if row.ends_on < today:
        if lot < 0.02:
            return State.CANCELLED
        if lot < 0.03:
            return State.REFUSED
        return State.ENDED if row.ends_on > today - timedelta(12) else State.ASSESSED
    if row.starts_on <= today:
        return State.RUNNING
    if row.starts_on > today + timedelta(18):
        return State.DRAFT if lot < 0.5 else State.SUBMITTED
    if lot < 0.45:
        return State.APPROVED
    return State.REVIEWED if lot < 0.6 else State.SUBMITTED


def write(rng: random.Random, courses: list[Course], trainees: Iterator[Person]) -> None:
    """Store classes, lessons, rosters, commitments and reservations."""
    for course in courses:
        course.row.planned_size = rng.randrange(20, 29)
    TrainingClass.objects.bulk_create([c.row for c in courses], batch_size=1000)
    Lesson.objects.bulk_create([x for c in courses for x in c.lessons], batch_size=5000)
    for course in courses:
        course.enrolments = [
            Enrolment(
                training_class=course.row,
                person=(person := next(trainees)),
                category=person.category,
                added_at=course.row.created_at,
            )
            for _ in range(course.row.planned_size)
        ]
    enrolments = [one for course in courses for one in course.enrolments]
    Enrolment.objects.bulk_create(enrolments, batch_size=5000)
    _commit(courses)
    LevelReservation.objects.bulk_create(
        (
            LevelReservation(
                person_id=one.person_id,
                occupation_identity=course.item.occupation.identity,
                level=course.item.level,
                enrolment=one,
                reserved_at=course.row.decided_at,
            )
            for course in courses
            if course.row.state in UNDER_WAY
            for one in course.enrolments
        ),
        batch_size=5000,
    )


def _commit(courses: list[Course]) -> None:
    texts = {"text_version": "2026-1", "text_sha256": "0" * 64}
    made = []
    for course in courses:
        row = course.row
        if row.state == State.DRAFT or row.submitted_at is None:
            continue
        made.append(
            Commitment(
                training_class=row,
                signed_name=row.head,
                signed_at=row.submitted_at,
                means="own account",
                **texts,
            )
        )
        made += [
            Commitment(
                training_class=row,
                enrolment=one,
                signed_name=one.person.name,
                signed_at=row.submitted_at,
                means="paper",
                **texts,
            )
            for one in course.enrolments
        ]
    Commitment.objects.bulk_create(made, batch_size=5000)


def attend(rng: random.Random, courses: list[Course], now: datetime) -> None:
    """Check-ins and what they came to, of every lesson that has ended."""
    marks: list[tuple[object, ...]] = []
    events: list[tuple[object, ...]] = []
    for course in courses:
        if course.row.state not in (State.RUNNING, State.ENDED, State.ASSESSED):
            continue
        diligence = {one.pk: rng.choices((0.985, 0.9, 0.6), (88, 9, 3))[0] for one in course.enrolments}
        held = [lesson for lesson in course.lessons if lesson.ends_at < now]
        for lesson in held:
            for one in course.enrolments:
                _one(rng, lesson, one, diligence[one.pk], marks, events)
    copy(Attendance, ("lesson", "enrolment", "in_at", "out_at", "presence", "minutes", "wrong_codes"), marks)
    fields = (
        "event_id",
        "held_on",
        "lesson",
        "enrolment",
        "direction",
        "means",
        "happened_at",
        "received_at",
        "device",
    )
    copy(CheckIn, fields, events)


def _one(
    rng: random.Random,
    lesson: Lesson,
    one: Enrolment,
    diligence: float,
    marks: list[tuple[object, ...]],
    events: list[tuple[object, ...]],
) -> None:
    if rng.random() > diligence:
        marks.append((lesson.pk, one.pk, None, None, "absent", 0, 0))
        return
    late = rng.random() < 0.02
    seconds = rng.randrange(660, 1500) if late else -rng.randrange(30, 1500)
    came = lesson.starts_at + timedelta(seconds=seconds)
    left = lesson.ends_at + timedelta(seconds=rng.randrange(20, 900))
    minutes = int((lesson.ends_at - max(came, lesson.starts_at)).total_seconds() // 60)
    marks.append((lesson.pk, one.pk, came, left, "late" if late else "present", minutes, 0))
    for direction, moment in (("in", came), ("out", left)):
        event = uuid.UUID(int=rng.getrandbits(128), version=4)
        events.append((event, localdate(lesson.starts_at), lesson.pk, one.pk, direction, "code", moment, moment, ""))
