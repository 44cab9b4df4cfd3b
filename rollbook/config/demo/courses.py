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
    Teaching,
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


# What the institution of the demo's own accounts has, so that each of them finds something to do: days from today to the
# last lesson of what is over, or to the first of what is not; and the state.
AT_HOME = (
    (-30, State.ASSESSED),  # claims in publicity; some of its trainees are in the running class too
    (-21, State.ASSESSED),  # claims passed by the first review
    (-13, State.ASSESSED),  # claims filed
    (-9, State.ASSESSED),  # certificates, no claims yet
    (-4, State.ENDED),
    (-1, State.RUNNING),
    (6, State.APPROVED),
    (16, State.SUBMITTED),
    (26, State.DRAFT),
)
SHARED = 5  # trainees of the first who are in the running class too


@dataclass(slots=True)
class Course:
    """A class being made, with its rows."""

    row: Any  # a TrainingClass whose dates are known
    place: Place
    item: DemandItem
    days: list[date]
    fixed: State | None = None  # a state that is not left to chance
    near: tuple[time, time] | None = None  # when today's lesson is, so that somebody can check in
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
    now: datetime,
) -> list[Course]:
    """Dates, rooms and teachers for `count` classes, none of which meets another; first those at home."""
    today = now.astimezone(HERE).date()
    free: dict[tuple[str, int], date] = {}  # room or teacher → the first day it is free
    courses: list[Course] = []
    listed = [place for place in places if place.institution.state == "listed"]
    own, *mine = [place for place in listed if place.institution.region_code == home]
    fixed = list(_at_home(own, calendar, now))
    listed.remove(own)
    starts = sorted((today + timedelta(_offset(rng)), rng.random()) for _ in range(int(count * 1.3)))
    for start, lot in starts:
        place = rng.choice(mine if lot < 0.08 and mine else listed)
        item = rng.choice(place.items)
        days = list(_working(calendar, start, -(-item.hours // 8)))
        room = next((r for r in place.rooms if free.get(("r", r.pk), start) <= start), None)
        teacher = next((t for t in place.teachers if free.get(("t", t.pk), start) <= start), None)
        if room is None or teacher is None:
            continue
        free["r", room.pk] = free["t", teacher.pk] = days[-1] + timedelta(1)
        course = Course(_row(place, item, days, len(fixed) + len(courses)), place, item, days)
        course.lessons = _lessons(course, room, teacher)
        courses.append(course)
    wanted = max(0, min(count - len(fixed), len(courses)))
    kept = sorted(rng.sample(range(len(courses)), wanted))  # not the first: the last are to come
    return sorted([*fixed, *(courses[n] for n in kept)], key=lambda one: one.days[0])


def _at_home(place: Place, calendar: WorkingDays, now: datetime) -> Iterator[Course]:
    """The classes of the demo's own institution, each with a room and teacher of its own while others run."""
    here = now.astimezone(HERE)
    today, first = here.date(), place.items[0]
    other = next((one for one in place.items if one.occupation_id != first.occupation_id), first)
    for n, (offset, state) in enumerate(AT_HOME):
        item = other if state == State.RUNNING else first
        count, near, day = -(-item.hours // 8), None, today + timedelta(offset)
        if state in (State.ASSESSED, State.ENDED):
            days = _until(calendar, day, count)
        else:
            days = list(_working(calendar, _until(calendar, day, 1)[0] if offset < 0 else day, count))
        if state == State.RUNNING:  # today too, whatever day it is, and one lesson less than on other days
            days = sorted({*days, today, *_working(calendar, days[-1] + timedelta(1), 1)})
            begins = min(here + timedelta(minutes=40), here.replace(hour=20, minute=30))
            near = begins.replace(minute=begins.minute // 5 * 5).time().replace(second=0, microsecond=0)
        course = Course(_row(place, item, days, n), place, item, days, fixed=state)
        if near:
            ends = (datetime.combine(today, near) + timedelta(hours=3)).time()
            course.near = (near, ends)
        room = place.rooms[n % len(place.rooms)]
        course.lessons = _lessons(course, room, place.teachers[n % len(place.teachers)], today)
        course.days = sorted({one.starts_at.astimezone(HERE).date() for one in course.lessons})
        course.row.ends_on = course.days[-1]
        yield course


def _until(calendar: WorkingDays, last: date, count: int) -> list[date]:
    """So many working days, the last of them on or before a day."""
    days: list[date] = []
    while len(days) < count:
        if calendar.is_working(last):
            days.insert(0, last)
        last -= timedelta(1)
    return days


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


def _lessons(course: Course, room: Room, teacher: Teacher, today: date | None = None) -> list[Lesson]:
    count = -(-course.item.hours // 4)
    theory = int(count * (100 - course.item.practice_percent) / 100)
    near = (course.near,) if course.near else HOURS
    slots = [(day, *hours) for day in course.days for hours in (near if day == today else HOURS)][:count]
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
        row.state = course.fixed or _state(rng, row, today)
        if row.state == State.REVIEWED and not second:
            row.state = State.SUBMITTED
        for lesson in course.lessons:
            lesson.is_binding = row.state in {State.SUBMITTED, State.REVIEWED, *UNDER_WAY}
        if row.state == State.DRAFT:
            continue
        submitted = row.starts_on - timedelta(rng.randrange(12, 20))
        if row.state in (State.SUBMITTED, State.REVIEWED):
            waits = 1 if course.fixed else rng.randrange(0, 8)
            submitted = min(submitted, today - timedelta(waits))
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
    shared: list[Person] = []  # of the first class at home, who begin its running class with the second occupation
    for course in courses:
        again = shared if course.fixed == State.RUNNING else []
        people = [*again, *(next(trainees) for _ in range(course.row.planned_size - len(again)))]
        course.enrolments = [
            Enrolment(training_class=course.row, person=one, category=one.category, added_at=course.row.created_at)
            for one in people
        ]
        if course.fixed and not shared:
            shared = people[:SHARED]
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
                means="paper, seen by the institution",
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


def teach(rng: random.Random, courses: list[Course], since: date, now: datetime) -> None:
    """The teachers' own check-ins of lessons that have ended, where the terms ask for them: a few are forgotten."""
    made = []
    for course in courses:
        if course.row.state not in (State.RUNNING, State.ENDED, State.ASSESSED) or course.row.starts_on < since:
            continue
        for lesson in course.lessons:
            forgotten = rng.random() < 0.03 or (course.fixed and lesson is course.lessons[0])
            if lesson.ends_at < now and not forgotten:
                came = lesson.starts_at - timedelta(minutes=rng.randrange(1, 20))
                left = lesson.ends_at + timedelta(minutes=rng.randrange(0, 15)) if rng.random() > 0.02 else None
                made.append(Teaching(lesson=lesson, person_id=lesson.teacher_person_id, in_at=came, out_at=left))
    Teaching.objects.bulk_create(made, batch_size=5000)


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
