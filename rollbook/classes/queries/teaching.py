"""Whether the filed teacher was in a lesson, and rolls that wait for a second person (N4.1)."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import QuerySet
from django.utils.timezone import localdate

from rollbook.classes.models import Attendance, Enrolment, Lesson, RollCall, Teaching
from rollbook.classes.queries.attendance import lessons_today
from rollbook.classes.queries.classes import visible_to
from rollbook.classes.queries.make_ups import those_in_each
from rollbook.classes.rules.attendance import presence
from rollbook.classes.rules.states import AskState, Direction, Presence, State
from rollbook.directory import queries as directory
from rollbook.directory.rules import TermKey, Terms
from rollbook.kernel.reasons import NotFound

if TYPE_CHECKING:
    from uuid import UUID

    from rollbook.accounts.models import Account


def teaching_of(lesson: Lesson) -> Teaching | None:
    """When the filed teacher was in a lesson, as far as is recorded."""
    return Teaching.objects.filter(lesson=lesson, person_id=lesson.teacher_person_id).first()


def without_teacher(class_id: int, now: datetime) -> list[Lesson]:
    """The lessons of a class that were held so far without proof that their filed teacher was there."""
    return _without_teacher(Lesson.objects.filter(training_class_id=class_id, ends_at__lte=now))


def lessons_without_teacher(since: datetime, until: datetime) -> list[Lesson]:
    """The same of all classes, of lessons that ended in a time: for screening."""
    return _without_teacher(Lesson.objects.filter(ends_at__gte=since, ends_at__lt=until))


def _without_teacher(lessons: QuerySet[Lesson]) -> list[Lesson]:
    """Only where the region's terms ask the teacher to check in; the check-ins are those of the filed teacher."""
    held = lessons.filter(is_binding=True, training_class__state__in=[State.RUNNING, State.ENDED, State.ASSESSED])
    rows = list(held.select_related("training_class", "teacher__person").order_by("starts_at", "pk"))
    there = {
        (one.lesson_id, one.person_id): one
        for one in Teaching.objects.filter(lesson__in=[one.pk for one in rows]).order_by("pk")
    }
    terms = _terms_of(rows)
    return [
        one
        for one in rows
        if terms[one.pk][TermKey.TEACHER_CHECK_IN] and not _was_there(one, there.get((one.pk, one.teacher_person_id)))
    ]


def _was_there(lesson: Lesson, found: Teaching | None) -> bool:
    """As for trainees: without a check-out nothing is proven, nor by less than half of the lesson."""
    if found is None:
        return False
    kind, _minutes = presence(found.in_at, found.out_at, lesson.starts_at, lesson.ends_at, 0)
    return kind != Presence.ABSENT


MOST_LESSONS = 30  # of one day on one phone


@dataclass(slots=True)
class RollSheet:
    """A lesson of today as a roll is called from it."""

    lesson: Lesson
    is_confirmed: bool  # a roll waits for a second person
    teaching: Teaching | None
    people: list[tuple[Enrolment, Attendance | None]]
    waiting: set[int]  # named by a roll that counts for nothing yet


def roll_sheets(by: "Account", now: datetime) -> list[RollSheet]:
    """The lessons of today that the account takes the attendance of, with everybody: a fixed number of queries."""
    lessons = list(lessons_today(by, localdate(now))[:MOST_LESSONS])
    ids = [one.pk for one in lessons]
    people = those_in_each(lessons)
    marks = {(one.lesson_id, one.enrolment_id): one for one in Attendance.objects.filter(lesson__in=ids)}
    taught = {(one.lesson_id, one.person_id): one for one in Teaching.objects.filter(lesson__in=ids)}
    waiting = defaultdict[int, set[int]](set)
    for roll in RollCall.objects.filter(lesson__in=ids, state=AskState.ASKED):
        waiting[roll.lesson_id].update(roll.enrolment_ids)
    terms = _terms_of(lessons)
    return [
        RollSheet(
            lesson=lesson,
            is_confirmed=bool(terms[lesson.pk][TermKey.ROLL_CONFIRM]),
            teaching=taught.get((lesson.pk, lesson.teacher_person_id)),
            people=[(one, marks.get((lesson.pk, one.pk))) for one in people[lesson.pk]],
            waiting=waiting[lesson.pk],
        )
        for lesson in lessons
    ]


def _terms_of(lessons: Iterable[Lesson]) -> dict[int, Terms]:
    """The terms of each lesson's class, each region and first day asked for once."""
    keys = {
        one.pk: (one.training_class.region_code, one.training_class.starts_on or localdate(one.starts_at))
        for one in lessons
    }
    terms = {key: directory.terms_for(*key) for key in set(keys.values())}
    return {pk: terms[key] for pk, key in keys.items()}


def waiting_rolls(lesson_id: int) -> list[RollCall]:
    """Rolls of a lesson that were called and not yet confirmed."""
    found = RollCall.objects.filter(lesson_id=lesson_id, state=AskState.ASKED)
    return list(found.select_related("called_by").order_by("pk"))


def waiting_names(lesson_id: int, direction: str = "", at: datetime | None = None) -> set[int]:
    """The enrolments that a roll names which counts for nothing yet; of a direction, by rolls that leave nothing to add
    to one of this moment."""
    return {
        pk
        for one in waiting_rolls(lesson_id)
        if not direction or one.direction == direction
        if at is None or (one.called_at <= at if direction == Direction.IN else one.called_at >= at)
        for pk in one.enrolment_ids
    }


def roll_of_event(event_id: "UUID") -> RollCall | None:
    """The roll that was sent before under this number."""
    return RollCall.objects.filter(event_id=event_id).first()


def rolls_for(by: "Account") -> list[RollCall]:
    """Rolls that wait in the classes that this account sees and that another than it called."""
    found = RollCall.objects.filter(state=AskState.ASKED, lesson__training_class__in=visible_to(by).values("pk"))
    found = found.exclude(called_by=by).select_related("lesson__training_class", "called_by")
    return list(found.order_by("called_at")[:200])


def roll(by: "Account", roll_id: int) -> RollCall:
    """A roll that waits, locked, of a class that the account sees."""
    found = RollCall.objects.select_for_update(of=("self",)).filter(
        pk=roll_id, state=AskState.ASKED, lesson__training_class__in=visible_to(by).values("pk")
    )
    one = found.select_related("lesson__training_class", "called_by").first()
    if one is None:
        raise NotFound
    return one
