"""What screening reads of attendance besides the marks: each row is somebody's word or a phone's, never a verdict."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from django.db import connection
from django.db.models import QuerySet
from django.utils.timezone import localdate

from rollbook.classes.models import Attendance, CheckIn, Denial, Enrolment, Feedback, Lesson
from rollbook.classes.queries.make_ups import of_whom
from rollbook.classes.queries.months import check_ins_of
from rollbook.classes.rules.signals import is_noted
from rollbook.directory import queries as directory
from rollbook.directory.rules import TermKey
from rollbook.kernel.reasons import NotFound

if TYPE_CHECKING:
    from rollbook.accounts.models import Account


def own_enrolment(by: "Account", class_id: int) -> Enrolment:
    """The trainee's own place in a class."""
    found = Enrolment.objects.filter(training_class_id=class_id, person_id=by.person_id or 0, dropped_at=None)
    try:
        return found.get()
    except Enrolment.DoesNotExist:
        raise NotFound from None


@dataclass(frozen=True, slots=True)
class Lived:
    """One lesson as its trainee sees it."""

    lesson: Lesson
    mark: Attendance | None
    events: list[CheckIn]
    is_denied: bool

    @property
    def may_deny(self) -> bool:
        mark = self.mark
        return not self.is_denied and mark is not None and is_noted(mark.in_at, mark.out_at, mark.presence)


def lived(one: Enrolment, now: datetime) -> list[Lived]:
    """The lessons that have begun, newest first, with every event behind them: a fixed number of queries."""
    lessons = Lesson.objects.filter(of_whom(one), training_class_id=one.training_class_id, starts_at__lte=now)
    lessons = lessons.select_related("room")
    marks = {mark.lesson_id: mark for mark in Attendance.objects.filter(enrolment=one)}
    events: dict[int, list[CheckIn]] = {}
    for event in check_ins_of([lesson.pk for lesson in lessons]):
        if event.enrolment_id == one.pk:
            events.setdefault(event.lesson_id, []).append(event)
    denied = set(Denial.objects.filter(enrolment=one).values_list("lesson_id", flat=True))
    return [
        Lived(lesson, marks.get(lesson.pk), events.get(lesson.pk, []), lesson.pk in denied)
        for lesson in lessons.order_by("-starts_at")
    ]


@dataclass(frozen=True, slots=True)
class Day:
    """What a trainee attended on one day."""

    on: date
    lessons: list[tuple[Lesson, Attendance | None]]

    @property
    def minutes(self) -> int:
        return sum(mark.minutes for _lesson, mark in self.lessons if mark)


def days_of(one: Enrolment) -> list[Day]:
    """Every lesson that a trainee is to be in, with what is recorded, day by day."""
    marks = {mark.lesson_id: mark for mark in Attendance.objects.filter(enrolment=one)}
    found: dict[date, list[tuple[Lesson, Attendance | None]]] = {}
    lessons = Lesson.objects.filter(of_whom(one), training_class_id=one.training_class_id).order_by("starts_at")
    for lesson in lessons.select_related("teacher__person", "room"):
        found.setdefault(localdate(lesson.starts_at), []).append((lesson, marks.get(lesson.pk)))
    return [Day(on, rows) for on, rows in found.items()]


def denials(since: datetime) -> QuerySet[Denial]:
    """Trainees who say that they were not there, for screening."""
    return Denial.objects.filter(said_at__gte=since).select_related("lesson", "enrolment").order_by("pk")


def feedback(since: datetime) -> QuerySet[Feedback]:
    """Answers to the questions after a class, for screening."""
    return Feedback.objects.filter(given_at__gte=since).select_related("enrolment").order_by("pk")


def feedback_of(enrolment_id: int) -> Feedback | None:
    return Feedback.objects.filter(enrolment_id=enrolment_id).first()


def mocked(since: datetime) -> QuerySet[CheckIn]:
    """Check-ins whose phone said that its position was made up (domain D40)."""
    return CheckIn.objects.filter(received_at__gte=since, is_mock=True).order_by("received_at")


@dataclass(frozen=True, slots=True)
class Travel:
    """Two check-ins of one person that lie further apart than anybody travels in between."""

    person_id: int
    earlier: str  # event ids
    later: str
    metres: int
    seconds: int

    @property
    def kmh(self) -> int:
        return round(self.metres / max(self.seconds, 1) * 3.6)


def impossible_travel(since: datetime, until: datetime) -> list[Travel]:
    """Neighbouring positioned check-ins of a person further apart than anybody travels in between, less the
    inaccuracy of both (domain D40). The speed is the term of the later one's class."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT region_code, starts_on, metres / greatest(seconds, 1) * 3.6,
                      person_id, before, event_id, metres::integer, seconds::integer FROM (
                   SELECT region_code, starts_on, person_id, before, event_id, seconds,
                          2 * 6371008.8 * asin(least(1, sqrt(
                              sin(radians(latitude - lat0) / 2) ^ 2
                              + cos(radians(lat0)) * cos(radians(latitude)) * sin(radians(longitude - lon0) / 2) ^ 2
                          ))) - coalesce(accuracy, 0) - coalesce(accuracy0, 0) AS metres
                   FROM (
                       SELECT t.region_code, coalesce(t.starts_on, c.held_on) AS starts_on, e.person_id, c.event_id,
                              c.latitude, c.longitude, c.accuracy,
                              lag(c.event_id) OVER w AS before, lag(c.latitude) OVER w AS lat0,
                              lag(c.longitude) OVER w AS lon0, lag(c.accuracy) OVER w AS accuracy0,
                              extract(epoch FROM c.happened_at - lag(c.happened_at) OVER w) AS seconds
                       FROM classes_checkin c JOIN classes_enrolment e ON e.id = c.enrolment_id
                            JOIN classes_trainingclass t ON t.id = e.training_class_id
                       WHERE c.latitude IS NOT NULL AND c.happened_at >= %s AND c.happened_at < %s
                       WINDOW w AS (PARTITION BY e.person_id ORDER BY c.happened_at, c.event_id)
                   ) AS pairs WHERE before IS NOT NULL
               ) AS measured WHERE metres > greatest(seconds, 1) / 3.6 * %s ORDER BY person_id, event_id""",
            [since, until, directory.lowest(TermKey.TRAVEL_KMH)],
        )
        rows = cursor.fetchall()
    limits = {key: directory.terms_for(*key)[TermKey.TRAVEL_KMH] for key in {(row[0], row[1]) for row in rows}}
    return [
        Travel(person, str(a), str(b), metres, seconds)
        for region, day, kmh, person, a, b, metres, seconds in rows
        if kmh > limits[region, day]
    ]
