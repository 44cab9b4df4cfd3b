from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import TruncDate
from django.utils.timezone import localtime

from rollbook.classes.models import Attendance, CheckIn, Correction, Enrolment, Leave, Lesson, TrainingClass
from rollbook.classes.queries.application import terms_of
from rollbook.classes.queries.classes import visible_to
from rollbook.classes.queries.make_ups import made_up_in, of_whom, those_in
from rollbook.classes.queries.months import check_ins_of
from rollbook.classes.rules import Attended, attendance, counting
from rollbook.classes.rules.check_ins import Mark
from rollbook.classes.rules.methods import policy
from rollbook.classes.rules.states import AskState, Direction, Means, Presence, State
from rollbook.directory.rules import TermKey, Terms
from rollbook.kernel.messages import Message
from rollbook.kernel.reasons import NotFound

if TYPE_CHECKING:
    from rollbook.accounts.models import Account

NOON = 12  # where a day is split in half (domain 2.5)
JUST_ENDED = timedelta(minutes=30)
COUNTS = Q(presence__in=[Presence.PRESENT, Presence.LATE])


def attendance_of(class_id: int, now: datetime | None = None) -> dict[int, Attended]:
    """What each trainee of a class attended, in academic hours as the terms count them: a fixed number of queries.

    `held` counts lessons that ended before `now`, or all without it.
    """
    klass = TrainingClass.objects.get(pk=class_id)
    terms = terms_of(klass, now or klass.created_at)
    rule = counting.counting(terms.values)
    lessons = {one.pk: one for one in Lesson.objects.filter(training_class_id=class_id)}
    planned = sum(one.hours for one in lessons.values())
    so_far = sum(one.hours for one in lessons.values() if now is None or one.ends_at <= now)
    held: dict[int, list[counting.Held]] = {
        pk: [] for (pk,) in Enrolment.objects.filter(training_class_id=class_id).order_by("pk").values_list("pk")
    }
    places = {pk: _place(one) for pk, one in lessons.items() if not one.is_make_up}
    made = made_up_in(class_id)
    marks = Attendance.objects.filter(enrolment__training_class_id=class_id, lesson__in=places).order_by("lesson")
    for enrolment_id, lesson_id, presence in marks.values_list("enrolment_id", "lesson_id", "presence"):
        held[enrolment_id].append(counting.Held(*places[lesson_id], presence, made.get((enrolment_id, lesson_id), "")))
    return {pk: _attended(rows, so_far, planned, rule) for pk, rows in held.items()}


def _place(lesson: Lesson) -> tuple[date, bool, int]:
    begins = localtime(lesson.starts_at)
    return begins.date(), begins.hour >= NOON, lesson.hours


def _attended(rows: list[counting.Held], so_far: int, planned: int, rule: counting.Counting) -> Attended:
    return Attended(
        hours=counting.hours(rows, counting.SUBSIDY, rule),
        held_hours=so_far,
        planned_hours=planned,
        leave_hours=sum(one.hours for one in rows if one.presence == Presence.LEAVE),
        certificate_hours=counting.hours(rows, counting.CERTIFICATE, rule),
    )


def days_attended(class_id: int) -> dict[int, int]:
    """On how many days each trainee of a class was there for any of its lessons; for a make-up lesson where the terms
    count it toward the subsidy."""
    klass = TrainingClass.objects.get(pk=class_id)
    there = Attendance.objects.filter(COUNTS, lesson__training_class_id=class_id)
    if not terms_of(klass, klass.created_at)[TermKey.MAKE_UP_COUNTS] & counting.SUBSIDY:
        there = there.filter(lesson__is_make_up=False)
    days = there.values("enrolment_id").annotate(count=Count(TruncDate("lesson__starts_at"), distinct=True))
    return dict(days.values_list("enrolment_id", "count"))


def worst_day_percent(class_id: int, until: datetime | None = None) -> int:
    """The lowest attendance of any day that has been held, per cent of those on the roster."""
    days = (
        Attendance.objects.filter(
            lesson__training_class_id=class_id, lesson__is_make_up=False, enrolment__dropped_at=None
        )
        .annotate(day=TruncDate("lesson__starts_at"))
        .values("day")
        .annotate(there=Count("pk", filter=COUNTS), all=Count("pk"))
    )
    if until:
        days = days.filter(lesson__ends_at__lte=until)
    return min((day["there"] * 100 // day["all"] for day in days), default=100)


def held_percents(enrolment_ids: Collection[int]) -> dict[int, int]:
    """How much of the class's hours was held when a trainee dropped out, per cent, of those among these who did."""
    hours, past = "training_class__lessons__hours", Q(training_class__lessons__ends_at__lte=F("dropped_at"))
    gone = Enrolment.objects.filter(pk__in=enrolment_ids, dropped_at__isnull=False).annotate(
        all_hours=Sum(hours, default=0), held_hours=Sum(hours, filter=past, default=0)
    )
    found = gone.values_list("pk", "all_hours", "held_hours")
    return {pk: held * 100 // whole if whole else 0 for pk, whole, held in found}


def lessons_today(by: "Account", today: date) -> QuerySet[Lesson]:
    """The lessons that a teacher gives, or an institution holds, on a day."""
    found = Lesson.objects.filter(is_binding=True, starts_at__date=today).select_related(
        "training_class", "room", "teacher__person"
    )
    if by.role == "teacher":
        found = found.filter(teacher_person_id=by.person_id)
    return found.filter(training_class__institution_id=by.institution_id or 0).order_by("starts_at")


def lesson_rows(lesson: Lesson) -> list[tuple[Enrolment, Attendance | None]]:
    """Everybody who is to be in a lesson with what is recorded of it."""
    marks = {one.enrolment_id: one for one in Attendance.objects.filter(lesson=lesson)}
    people = those_in(lesson).select_related("person").order_by("pk")
    return [(one, marks.get(one.pk)) for one in people]


def grid_of(class_id: int) -> tuple[list[Lesson], list[tuple[Enrolment, list[Attendance | None]]]]:
    """People by lessons, as the class's attendance page shows it: three queries."""
    lessons = list(Lesson.objects.filter(training_class_id=class_id).order_by("starts_at"))
    marks = {
        (one.enrolment_id, one.lesson_id): one for one in Attendance.objects.filter(lesson__training_class_id=class_id)
    }
    people = Enrolment.objects.filter(training_class_id=class_id).select_related("person").order_by("pk")
    return lessons, [(one, [marks.get((one.pk, lesson.pk)) for lesson in lessons]) for one in people]


def lessons_ahead(one: Enrolment, now: datetime) -> QuerySet[Lesson]:
    """What is still to come for a trainee, is going on, or has just ended and may be checked out of."""
    return (
        Lesson.objects.filter(of_whom(one), training_class_id=one.training_class_id, ends_at__gt=now - JUST_ENDED)
        .select_related("room")
        .order_by("starts_at")
    )


def mark_of(lesson_id: int, person_id: int) -> Attendance | None:
    """What is recorded of a person's attendance of a lesson: for that person."""
    return Attendance.objects.filter(lesson_id=lesson_id, enrolment__person_id=person_id).first()


def takes(means: Means, klass: TrainingClass, now: datetime) -> bool:
    """Whether the region of a class takes this way of checking in."""
    return means in policy(terms_of(klass, now).values).methods


def mark_of_event(event_id: UUID, enrolment_id: int) -> Mark | None:
    """What is recorded where an event of a trainee counts already."""
    known = CheckIn.objects.filter(event_id=event_id, enrolment_id=enrolment_id, set_aside="").first()
    if known is None:
        return None
    row = Attendance.objects.get(lesson_id=known.lesson_id, enrolment_id=enrolment_id)
    return Mark(row.lesson_id, enrolment_id, row.in_at, row.out_at, row.presence, row.minutes)


def checked(lesson_id: int, direction: str, at: datetime) -> set[int]:
    """The enrolments whose check-in of a lesson is as early as this, or whose check-out is as late: for whom a roll
    of that moment changes nothing."""
    has = {"in_at__lte": at} if direction == Direction.IN else {"out_at__gte": at}
    return set(Attendance.objects.filter(lesson_id=lesson_id, **has).values_list("enrolment_id", flat=True))


def lacking(one: Enrolment, attended: Attended, terms: Terms) -> list[Message]:
    """What a trainee still lacks; nothing is said of a class that is over and decided."""
    if one.training_class.state not in (State.APPROVED, State.RUNNING, State.ENDED):
        return []
    return list(
        attendance.lacking(
            attended,
            attendance.Least(
                subsidy_percent=terms[TermKey.ATTENDANCE_PERCENT],
                certificate_percent=terms[TermKey.CERTIFICATE_PERCENT],
                hours=terms[TermKey.HOURS_LEAST],
            ),
            is_committed=hasattr(one, "commitment"),
            is_verified=one.person.verification == "matched",
        )
    )


def day_percents(class_id: int, until: datetime) -> list[tuple[date, int]]:
    """For each day held so far the attendance, per cent of those on the roster."""
    days = (
        Attendance.objects.filter(
            lesson__training_class_id=class_id,
            lesson__is_make_up=False,
            enrolment__dropped_at=None,
            lesson__ends_at__lte=until,
        )
        .annotate(day=TruncDate("lesson__starts_at"))
        .values("day")
        .annotate(there=Count("pk", filter=COUNTS), all=Count("pk"))
    )
    return [(row["day"], row["there"] * 100 // row["all"]) for row in days.order_by("day")]


def leave_proof(by: "Account", leave_id: int) -> Leave:
    """A request for leave whose proof this account may look at: it sees the class, or asked itself."""
    found = Leave.objects.select_related("paper").filter(
        pk=leave_id, lesson__training_class__in=visible_to(by).values("pk")
    )
    if by.role == "worker":
        found = found.filter(enrolment__person_id=by.person_id or 0)
    try:
        return found.get()
    except Leave.DoesNotExist:
        raise NotFound from None


def leave_hours(enrolment: Enrolment) -> tuple[int, int]:
    """The hours of leave that a trainee asked for and was not refused, and the hours planned."""
    lessons = Lesson.objects.filter(training_class_id=enrolment.training_class_id)
    asked = Leave.objects.filter(enrolment=enrolment).exclude(state=AskState.REFUSED)
    return (
        asked.aggregate(n=Sum("lesson__hours", default=0))["n"],
        lessons.aggregate(n=Sum("hours", default=0))["n"],
    )


@dataclass(frozen=True, slots=True)
class Difference:
    """A mark that is not what its events and decisions come to."""

    attendance_id: int
    lesson_id: int
    enrolment_id: int
    was: str
    presence: str
    minutes: int


def differences(class_id: int) -> list[Difference]:
    """Every mark of a class worked out again from its check-ins, granted leave and corrections."""
    lessons = list(Lesson.objects.filter(training_class_id=class_id).select_related("training_class"))
    if not lessons:
        return []
    late = terms_of(lessons[0].training_class, lessons[0].starts_at)[TermKey.SIGN_IN_LATE]
    by_id = {one.pk: one for one in lessons}
    first: dict[tuple[int, int], datetime] = {}
    last: dict[tuple[int, int], datetime] = {}
    for one in check_ins_of(by_id):
        key = one.lesson_id, one.enrolment_id
        if one.set_aside:
            continue
        if one.direction == Direction.IN:
            first.setdefault(key, one.happened_at)
        else:
            last[key] = one.happened_at
    decided = _decisions(class_id)
    found = []
    for mark in Attendance.objects.filter(lesson__training_class_id=class_id).order_by("pk"):
        key, lesson = (mark.lesson_id, mark.enrolment_id), by_id[mark.lesson_id]
        presence, minutes = decided.get(key) or attendance.presence(
            first.get(key), last.get(key), lesson.starts_at, lesson.ends_at, late
        )
        if (presence, minutes) != (mark.presence, mark.minutes):
            found.append(Difference(mark.pk, *key, mark.presence, presence, minutes))
    return found


def _decisions(class_id: int) -> Mapping[tuple[int, int], tuple[str, int]]:
    """What second persons decided, the latest word last."""
    granted = Q(lesson__training_class_id=class_id, state=AskState.GRANTED)
    rows: list[Leave | Correction] = [*Leave.objects.filter(granted), *Correction.objects.filter(granted)]
    rows.sort(key=lambda row: (row.decided_at or row.asked_at, row.pk))
    return {
        (row.lesson_id, row.enrolment_id): (row.presence, row.minutes)
        if isinstance(row, Correction)
        else (Presence.LEAVE.value, 0)
        for row in rows
    }
