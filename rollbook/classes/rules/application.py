"""Whether a class may be opened: all that a county officer would have to check (N4.2, domain 2.4).

The same code runs while a draft is written and when it is submitted and decided.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import pairwise
from typing import Protocol

from rollbook.kernel.choices import Choice
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import reason
from rollbook.regions.rules import WorkingDays


class Key(Protocol):
    """How terms are asked for: `terms["class-max"]`, `terms.document("class-max")`."""

    def __getitem__(self, key: str) -> int: ...
    def document(self, key: str) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonFacts:
    day: date
    starts_at: datetime
    ends_at: datetime
    hours: int
    is_practice: bool
    room: str
    seats: int
    teacher: str
    teacher_qualified: bool
    taken_room: str = ""  # by which class, as far as it may be named
    taken_teacher: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TraineeFacts:
    name: str
    age: int
    verification: str
    overlaps: Sequence[str] = ()  # lessons elsewhere at the same time
    levels: Sequence[str] = ()  # levels of this occupation that are reserved or were had
    signed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    submitted_on: date
    starts_on: date | None
    ends_on: date | None
    level: str
    item_hours: int | None
    item_practice_percent: int = 0
    project_permitted: bool = True
    project_in_list: bool = True
    institution_listed: bool = True
    restrictions: Sequence[str] = ()
    papers_lacking: Sequence[Choice] = ()
    capacity: int = 0
    others_in_training: int = 0
    lessons: Sequence[LessonFacts] = field(default_factory=tuple)
    trainees: Sequence[TraineeFacts] = field(default_factory=tuple)
    has_resources: bool = True
    has_assessment_plan: bool = True
    has_commitment: bool = True
    head: str = "-"


def reasons_against(facts: Facts, terms: Key, calendar: WorkingDays) -> Iterator[Message]:
    """Everything that stops the class, each with its figures and its document or clause."""
    yield from _dates(facts, terms, calendar)
    yield from _institution(facts)
    yield from _plan(facts, terms)
    yield from _lessons(facts)
    yield from _roster(facts, terms)
    if not facts.has_resources:
        yield reason("no-resources", _("Name the textbooks or digital courses."), "N4.2")
    if not facts.has_assessment_plan:
        yield reason("no-assessment-plan", _("Describe how the class will be assessed."), "N4.2")
    if not facts.head.strip():
        yield reason("no-head", _("Name who answers for the class."), "N4.2")
    if not facts.has_commitment:
        yield reason("no-commitment", _("The institution has not signed its commitment."), "N4.6")


def warnings(facts: Facts) -> Iterator[Message]:
    """What an officer should look at, though it stops nothing by itself."""
    pending = sum(one.verification == "pending" for one in facts.trainees)
    if pending:
        yield reason("unverified", _("{count} trainees are not verified yet."), "N3.7", count=pending)
    unsigned = sum(not one.signed for one in facts.trainees)
    if unsigned:
        yield reason("unsigned", _("{count} trainees have not signed the commitment."), "N4.6", count=unsigned)
    old = [one.name for one in facts.trainees if one.age >= 60]
    if old:
        text = _("Near or past the age of retirement: {names}. Those who draw a pension get no subsidy.")
        yield reason("old", text, "N12.2", names=", ".join(old[:5]))


def _dates(facts: Facts, terms: Key, calendar: WorkingDays) -> Iterator[Message]:
    if facts.starts_on is None or facts.ends_on is None:
        yield reason("no-dates", _("Give the first and the last day."), "N4.2")
        return
    ahead = calendar.between(facts.submitted_on, facts.starts_on)
    least = terms["apply-days-ahead"]
    if ahead < least:
        text = _("The class starts in {ahead} working days; it must be applied for {least} ahead.")
        yield reason("too-late", text, terms.document("apply-days-ahead"), ahead=ahead, least=least)
    outside = [one for one in facts.lessons if not facts.starts_on <= one.day <= facts.ends_on]
    if outside:
        text = _("{count} lessons lie outside the dates of the class.")
        yield reason("lesson-outside", text, "N4.2", count=len(outside))


def _institution(facts: Facts) -> Iterator[Message]:
    if not facts.institution_listed:
        yield reason("not-listed", _("The institution is not in the directory."), "N2.1")
    if not facts.project_permitted:
        yield reason("not-permitted", _("The institution may not train this project on these dates."), "N2.1")
    for ground in facts.restrictions:
        yield reason("restricted", _("The institution is restricted: {ground}"), "N11.4", ground=ground)
    for kind in facts.papers_lacking:
        text = _("A paper is not valid over the whole class: {kind}.")
        yield reason("paper-lacking", text, "N2.2", kind=kind)
    together = facts.others_in_training + len(facts.trainees)
    if facts.capacity and together > facts.capacity:
        text = _("With this class {together} would be in training at once; {capacity} may be.")
        yield reason("over-capacity", text, "N2.2", together=together, capacity=facts.capacity)


def _plan(facts: Facts, terms: Key) -> Iterator[Message]:
    if facts.item_hours is None:
        yield reason("no-project", _("Choose a project of the directory."), "N1.3")
        return
    if not facts.project_in_list:
        yield reason("not-in-list", _("This project is not in the directory in force."), "N1.3")
    if not facts.lessons:
        yield reason("no-lessons", _("The teaching plan has no lessons."), "N4.2")
        return
    hours = sum(one.hours for one in facts.lessons)
    if hours < facts.item_hours:
        text = _("The plan has {hours} hours; the directory asks for {least}.")
        yield reason("too-few-hours", text, "N1.1", hours=hours, least=facts.item_hours)
    practice = sum(one.hours for one in facts.lessons if one.is_practice)
    least = facts.item_practice_percent
    if practice * 100 < hours * least:
        text = _("{percent} % of the hours are practice; at least {least} % must be.")
        yield reason("too-little-practice", text, "N1.1", percent=practice * 100 // hours, least=least)
    by_day: Counter[date] = Counter()
    for one in facts.lessons:
        by_day[one.day] += one.hours
    most = terms["hours-per-day"]
    for day, planned in sorted(by_day.items()):
        if planned > most:
            text = _("{day} has {hours} hours; a day may have {most}.")
            yield reason("long-day", text, terms.document("hours-per-day"), day=day, hours=planned, most=most)


def _lessons(facts: Facts) -> Iterator[Message]:
    size = len(facts.trainees)
    small = {one.room: one.seats for one in facts.lessons if one.seats < size}
    for room, seats in sorted(small.items()):
        text = _("Room {room} has {seats} seats for {size} trainees.")
        yield reason("too-few-seats", text, "N2.2", room=room, seats=seats, size=size)
    for teacher in sorted({one.teacher for one in facts.lessons if not one.teacher_qualified}):
        text = _("{teacher} has no valid certificate for this occupation and level.")
        yield reason("teacher-unqualified", text, "N10.1", teacher=teacher)
    rooms = [(one.room, one.taken_room, one.day) for one in facts.lessons if one.taken_room]
    yield from _taken("room-taken", _ROOM, _ROOM_ELSEWHERE, rooms)
    teachers = [(one.teacher, one.taken_teacher, one.day) for one in facts.lessons if one.taken_teacher]
    yield from _taken("teacher-taken", _TEACHER, _TEACHER_ELSEWHERE, teachers)
    yield from _own_overlaps(facts.lessons)


ELSEWHERE = "elsewhere"  # taken by a class of another institution, which is not named
_ROOM = _("Room {name} is taken by {other}: {count} lessons, the first on {day}.")
_ROOM_ELSEWHERE = _("Room {name} is taken by another institution: {count} lessons, the first on {day}.")
_TEACHER = _("{name} teaches {other} at the same time: {count} lessons, the first on {day}.")
_TEACHER_ELSEWHERE = _("{name} teaches for another institution at the same time: {count} lessons, the first on {day}.")


def _taken(code: str, text: str, elsewhere: str, rows: Sequence[tuple[str, str, date]]) -> Iterator[Message]:
    """One reason for each room or teacher and each class that has it, not one for each lesson."""
    days: dict[tuple[str, str], list[date]] = defaultdict(list)
    for name, other, day in rows:
        days[name, other].append(day)
    for (name, other), found in sorted(days.items()):
        said = elsewhere if other == ELSEWHERE else text
        yield reason(code, said, "N4.2", name=name, other=other, count=len(found), day=min(found))


def _own_overlaps(lessons: Sequence[LessonFacts]) -> Iterator[Message]:
    by_place: dict[str, list[LessonFacts]] = defaultdict(list)
    for one in lessons:
        by_place[one.room].append(one)
        by_place[one.teacher].append(one)
    told = set()
    for group in by_place.values():
        ordered = sorted(group, key=lambda one: one.starts_at)
        for first, second in pairwise(ordered):
            if second.starts_at < first.ends_at and second.starts_at not in told:
                told.add(second.starts_at)
                text = _("Two lessons of the plan overlap on {day}.")
                yield reason("plan-overlaps", text, "N4.2", day=second.day)


def _roster(facts: Facts, terms: Key) -> Iterator[Message]:
    size, least, most = len(facts.trainees), terms["class-min"], terms["class-max"]
    if not least <= size <= most:
        text = _("{size} trainees are on the roster; there must be {least} to {most}.")
        document = terms.document("class-min" if size < least else "class-max")
        yield reason("class-size", text, document, size=size, least=least, most=most)
    for one in facts.trainees:
        yield from reasons_against_trainee(one, facts.level, terms)


def reasons_against_trainee(one: TraineeFacts, level: str, terms: Key) -> Iterator[Message]:
    """Why one person may not be on this roster (N12.3, domain 3.3)."""
    if one.age < terms["min-age"]:
        text = _("{name} is {age}; the youngest age is {least}.")
        yield reason("too-young", text, terms.document("min-age"), name=one.name, age=one.age, least=terms["min-age"])
    if one.verification == "mismatched":
        text = _("{name}: name and number do not match in the population register.")
        yield reason("identity-mismatch", text, "N3.7", name=one.name)
    for other in one.overlaps:
        text = _("{name} has lessons at the same time in {other}.")
        yield reason("trainee-taken", text, "N3.7", name=one.name, other=other)
    for had in one.levels:
        if bars(had, level):
            text = _("{name} has had, or is in, training of this occupation at level {had}.")
            yield reason("level-had", text, "N12.3", name=one.name, had=had)


def bars(had: str, wanted: str) -> bool:
    """Whether a level that was had bars another: the same does, and a higher one (1 is highest)."""
    return had == wanted or "0" < had <= wanted
