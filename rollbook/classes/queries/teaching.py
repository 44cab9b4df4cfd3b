"""Whether the filed teacher was in a lesson, and rolls that wait for a second person (N4.1)."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import QuerySet

from rollbook.classes.models import Lesson, RollCall, Teaching
from rollbook.classes.queries.classes import visible_to
from rollbook.classes.rules.attendance import presence
from rollbook.classes.rules.states import AskState, Presence, State
from rollbook.directory import queries as directory
from rollbook.directory.rules import TermKey
from rollbook.kernel.reasons import NotFound

if TYPE_CHECKING:
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
    keys = {
        one.pk: (one.training_class.region_code, one.training_class.starts_on or one.starts_at.date()) for one in rows
    }
    asked = {key: directory.terms_for(*key)[TermKey.TEACHER_CHECK_IN] for key in set(keys.values())}
    return [
        one for one in rows if asked[keys[one.pk]] and not _was_there(one, there.get((one.pk, one.teacher_person_id)))
    ]


def _was_there(lesson: Lesson, found: Teaching | None) -> bool:
    """As for trainees: without a check-out nothing is proven, nor by less than half of the lesson."""
    if found is None:
        return False
    kind, _minutes = presence(found.in_at, found.out_at, lesson.starts_at, lesson.ends_at, 0)
    return kind != Presence.ABSENT


def waiting_rolls(lesson_id: int) -> list[RollCall]:
    """Rolls of a lesson that were called and not yet confirmed."""
    found = RollCall.objects.filter(lesson_id=lesson_id, state=AskState.ASKED)
    return list(found.select_related("called_by").order_by("pk"))


def waiting_names(lesson_id: int) -> set[int]:
    """The enrolments that a roll names which counts for nothing yet."""
    return {pk for one in waiting_rolls(lesson_id) for pk in one.enrolment_ids}


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
