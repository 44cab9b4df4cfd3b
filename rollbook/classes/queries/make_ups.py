"""Lessons held again: who missed what, who is to be where, and what was made up (domain 2.5; N4.1)."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import F, Q, QuerySet, Sum
from django.utils.timezone import localdate

from rollbook.classes.models import Attendance, Enrolment, Leave, Lesson, MakeUp, MakeUpPlace
from rollbook.classes.queries.classes import visible_to
from rollbook.classes.rules import make_ups as rules
from rollbook.classes.rules.states import AskState, Presence, State
from rollbook.kernel.reasons import NotFound

if TYPE_CHECKING:
    from rollbook.accounts.models import Account

ATTENDED = Q(presence__in=[Presence.PRESENT, Presence.LATE])


def of_whom(enrolment: Enrolment) -> Q:
    """Narrows lessons of a class to those that one trainee is to be in."""
    return Q(is_make_up=False) | Q(make_up__places__enrolment=enrolment)


def those_in(lesson: Lesson) -> QuerySet[Enrolment]:
    """Who is to be in a lesson: everyone on the roster, or those whom a make-up lesson names."""
    found = Enrolment.objects.filter(training_class_id=lesson.training_class_id, dropped_at=None)
    return found.filter(make_up_places__make_up__lesson=lesson) if lesson.is_make_up else found


def those_in_each(lessons: Collection[Lesson]) -> dict[int, list[Enrolment]]:
    """As `those_in`, of many lessons at once: one query, and one for make-up lessons."""
    roster, named = defaultdict[int, list[Enrolment]](list), set[tuple[int, int]]()
    found = Enrolment.objects.filter(training_class__in={one.training_class_id for one in lessons}, dropped_at=None)
    for one in found.select_related("person").order_by("pk"):
        roster[one.training_class_id].append(one)
    if make_ups := [one.pk for one in lessons if one.is_make_up]:
        places = MakeUpPlace.objects.filter(make_up__lesson__in=make_ups)
        named = set(places.values_list("make_up__lesson_id", "enrolment_id"))
    return {
        one.pk: [x for x in roster[one.training_class_id] if not one.is_make_up or (one.pk, x.pk) in named]
        for one in lessons
    }


def checked_into() -> Q:
    """Narrows lessons to those of classes in training, and make-up lessons until the results."""
    running, ended = Q(training_class__state=State.RUNNING), Q(training_class__state=State.ENDED)
    return running | (ended & Q(is_make_up=True))


def made_up_in(class_id: int) -> Mapping[tuple[int, int], str]:
    """What the make-up of each missed lesson came to, by trainee and lesson; the best where there were several."""
    rows = Attendance.objects.filter(ATTENDED, lesson__training_class_id=class_id, lesson__is_make_up=True)
    pairs = rows.values_list("enrolment_id", "lesson__make_up__missed_id", "presence")
    return {(one, missed): presence for one, missed, presence in pairs.order_by("presence")[::-1]}


def make_ups(by: "Account") -> QuerySet[MakeUp]:
    """Those of the classes that an account sees, the next first."""
    found = MakeUp.objects.filter(missed__training_class__in=visible_to(by).values("pk"))
    found = found.annotate(is_cancelled=Q(cancelled_at__isnull=False))
    related = ("missed__training_class__institution", "room", "teacher__person", "planned_by", "lesson")
    return found.select_related(*related).prefetch_related("places__enrolment__person").order_by("-starts_at", "-pk")


def make_up(by: "Account", make_up_id: int) -> MakeUp:
    """One that is not cancelled, locked."""
    found = MakeUp.objects.select_for_update(of=("self",)).filter(pk__in=make_ups(by).order_by().values("pk"))
    one = found.filter(pk=make_up_id, lesson__isnull=False).select_related("missed__training_class", "lesson").first()
    if one is None:
        raise NotFound
    return one


def make_up_of(lesson: Lesson) -> MakeUp | None:
    """The plan behind a make-up lesson."""
    return MakeUp.objects.filter(lesson=lesson).select_related("missed").first() if lesson.is_make_up else None


def make_ups_open(class_id: int) -> int:
    """Make-up lessons of a class whose attendance is not closed yet: results wait for them."""
    return Lesson.objects.filter(training_class_id=class_id, is_make_up=True, attendance_closed_at=None).count()


def make_ups_ahead(by: "Account", now: datetime) -> QuerySet[MakeUp]:
    """Those told and still to come: for the office that may look in."""
    return make_ups(by).filter(lesson__isnull=False, starts_at__gt=now)


def missed_by(
    lesson: Lesson, now: datetime, starts_at: datetime | None = None, ends_at: datetime | None = None
) -> dict[int, rules.Missed]:
    """Everyone on the roster with why the lesson was missed, and what speaks against a time: a fixed number of queries."""
    people = list(Enrolment.objects.filter(training_class_id=lesson.training_class_id, dropped_at=None)
                  .select_related("person").order_by("pk"))  # fmt: skip
    grounds = _grounds(lesson)
    planned = Lesson.objects.filter(training_class_id=lesson.training_class_id).aggregate(n=Sum("hours", default=0))[
        "n"
    ]
    made = made_up_in(lesson.training_class_id)
    to_come, hours = _plans(lesson.training_class_id, made, now)
    taken, that_day = {}, 0
    if starts_at and ends_at:
        taken = taken_during([one.person_id for one in people], starts_at, ends_at)
        that_day = _hours_on(lesson.training_class_id, starts_at)
    return {
        one.pk: rules.Missed(
            name=one.person.name,
            ground=grounds.get(one.pk, ""),
            hours=lesson.hours,
            made_up_hours=sum(n for pk, n in hours[one.pk].items() if pk != lesson.pk),
            planned_hours=planned,
            is_planned=(one.pk, lesson.pk) in to_come,
            is_made_up=(one.pk, lesson.pk) in made,
            overlaps=taken.get(one.person_id, ()),
            hours_that_day=that_day,
        )
        for one in people
    }


def _grounds(lesson: Lesson) -> dict[int, str]:
    """Why each who missed the lesson did: absent once the attendance is closed, or on which granted leave."""
    granted = Leave.objects.filter(lesson=lesson, state=AskState.GRANTED).values_list("enrolment_id", "ground")
    leaves = dict(granted)
    marks = Attendance.objects.filter(lesson=lesson, presence__in=[Presence.ABSENT, Presence.LEAVE])
    found = {}
    for pk, presence in marks.values_list("enrolment_id", "presence"):
        if presence == Presence.LEAVE:
            found[pk] = leaves.get(pk, rules.ABSENT)
        elif lesson.attendance_closed_at is not None:
            found[pk] = rules.ABSENT
    return found


def _plans(
    class_id: int, made: Collection[tuple[int, int]], now: datetime
) -> tuple[set[tuple[int, int]], dict[int, dict[int, int]]]:
    """The pairs of trainee and missed lesson whose make-up is to come, and the hours that each makes up in all."""
    places = MakeUpPlace.objects.filter(make_up__missed__training_class_id=class_id, make_up__lesson__isnull=False)
    to_come, hours = set(), defaultdict[int, dict[int, int]](dict)
    for place in places.select_related("make_up__missed", "make_up__lesson"):
        plan, key = place.make_up, (place.enrolment_id, place.make_up.missed_id)
        waits = plan.ends_at > now or (plan.lesson is not None and plan.lesson.attendance_closed_at is None)
        if waits and key not in made:
            to_come.add(key)
        if waits or key in made:
            hours[place.enrolment_id][plan.missed_id] = plan.missed.hours
    return to_come, hours


def taken_during(person_ids: Collection[int], starts_at: datetime, ends_at: datetime) -> dict[int, list[str]]:
    """Persons who are to be in a lesson of any class during a time, with the class's number."""
    found = Enrolment.objects.filter(
        Q(training_class__lessons__is_make_up=False) | Q(training_class__lessons__make_up__places__enrolment=F("pk")),
        person_id__in=person_ids,
        dropped_at=None,
        training_class__lessons__is_binding=True,
        training_class__lessons__starts_at__lt=ends_at,
        training_class__lessons__ends_at__gt=starts_at,
    )
    rows = found.values_list("person_id", "training_class__number", "training_class__title").distinct()
    taken = defaultdict[int, list[str]](list)
    for person_id, number, title in rows:
        taken[person_id].append(number or title)
    return dict(taken)


def _hours_on(class_id: int, moment: datetime) -> int:
    """The hours that the class has on the day of a moment."""
    found = Lesson.objects.filter(training_class_id=class_id, starts_at__date=localdate(moment))
    total: int = found.aggregate(n=Sum("hours", default=0))["n"]
    return total
