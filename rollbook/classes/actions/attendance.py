from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection, transaction

from rollbook.accounts.rules import Permission, authorise
from rollbook.classes import queries
from rollbook.classes.actions.application import note
from rollbook.classes.models import Attendance, CheckIn, Enrolment, Lesson
from rollbook.classes.rules import attendance as rules
from rollbook.classes.rules.states import Direction, Means, State
from rollbook.directory.rules import TermKey
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import Forbidden, NotFound, Refused, reason, refuse_if

if TYPE_CHECKING:
    from rollbook.accounts.models import Account
    from rollbook.directory.rules import Terms

SECRET = settings.SECRET_KEY.encode()


@dataclass(frozen=True, slots=True)
class Event:
    """A check-in as a device sends it."""

    event_id: UUID
    enrolment_id: int
    direction: str
    happened_at: datetime


def code_of(lesson: Lesson, now: datetime) -> str:
    """The code that the teacher's page shows now."""
    terms = queries.terms_of(lesson.training_class, now)
    return rules.code_at(SECRET, lesson.pk, now, terms[TermKey.CODE_SECONDS])


def check_in(*, by: "Account", lesson_id: int, code: str, direction: str, event_id: UUID, now: datetime) -> Attendance:
    """A trainee checks in or out with the code of the lesson (N4.1, N7.4).

    The same `event_id` again gives the same answer and changes nothing, however many come at
    once: whoever comes second waits for the trainee's row and then finds the event. Wrong codes are
    counted, so that the six digits cannot be found by trying.
    """
    try:
        return _check_in(by, lesson_id, code, direction, event_id, now)
    except Refused as refused:
        if any(one.code == "wrong-code" for one in refused.reasons):
            _count_wrong_code(by, lesson_id)
        raise


@transaction.atomic
def _count_wrong_code(by: "Account", lesson_id: int) -> None:
    lesson = queries.lesson(by, lesson_id)
    one = lesson.training_class.enrolments.get(person_id=by.person_id or 0, dropped_at=None)
    mark = locked(lesson, [one.pk])[one.pk]
    mark.wrong_codes = min(mark.wrong_codes + 1, rules.WRONG_CODES)
    mark.save(update_fields=["wrong_codes"])


@transaction.atomic
def _check_in(by: "Account", lesson_id: int, code: str, direction: str, event_id: UUID, now: datetime) -> Attendance:
    lesson = queries.lesson(by, lesson_id)
    authorise(by, Permission.CHECK_IN)
    one = lesson.training_class.enrolments.filter(person_id=by.person_id or 0, dropped_at=None).first()
    if one is None:
        raise NotFound
    mark = locked(lesson, [one.pk])[one.pk]
    known = CheckIn.objects.filter(event_id=event_id).first()
    if known is not None:
        refuse_if(_elsewhere(known, lesson, one.pk))
        return mark
    refuse_if(rules.reasons_against_trying(mark.wrong_codes))
    terms = queries.terms_of(lesson.training_class, now)
    if not rules.right_code(SECRET, lesson.pk, now, terms[TermKey.CODE_SECONDS], code):
        raise Refused(reason("wrong-code", _("The code is wrong or has passed; take the one shown now."), "N4.1"))
    refuse_if(_against(lesson, mark, direction, now, terms, once=True))
    _put(lesson, {one.pk: mark}, [Event(event_id, one.pk, direction, now)], Means.CODE, by, now, terms)
    note("attendance.checked", lesson.training_class, by=by, at=now, lesson=lesson.pk, direction=direction)
    return mark


@transaction.atomic
def call_roll(*, by: "Account", lesson_id: int, direction: str, enrolment_ids: Sequence[int], now: datetime) -> int:
    """The teacher calls the roll: those named are there now. Others keep what they have."""
    lesson = _of_teacher(by, lesson_id)
    terms = queries.terms_of(lesson.training_class, now)
    marks = locked(lesson, enrolment_ids)
    events = [
        Event(uuid4(), pk, direction, now)
        for pk, mark in marks.items()
        if not (mark.in_at if direction == Direction.IN else mark.out_at)
    ]
    for one in events:
        refuse_if(_against(lesson, marks[one.enrolment_id], direction, now, terms))
    _put(lesson, marks, events, Means.ROLL_CALL, by, now, terms)
    note(
        "attendance.rolled",
        lesson.training_class,
        by=by,
        at=now,
        lesson=lesson.pk,
        direction=direction,
        people=len(events),
    )
    return len(events)


@transaction.atomic
def take_events(
    *, by: "Account", lesson_id: int, events: Sequence[Event], device: str, now: datetime
) -> dict[UUID, Message | None]:
    """A class device hands in what it recorded, perhaps later and more than once.

    Each event is answered: None when it counts (now or before), else why it does not.
    """
    lesson = _of_teacher(by, lesson_id)
    terms = queries.terms_of(lesson.training_class, now)
    marks = locked(lesson, [one.enrolment_id for one in events])
    known = CheckIn.objects.filter(event_id__in=[one.event_id for one in events])
    answers: dict[UUID, Message | None] = {
        row.event_id: next(iter(_elsewhere(row, lesson, row.enrolment_id)), None) for row in known
    }
    good = []
    for one in sorted(events, key=lambda event: (event.happened_at, event.direction)):
        if one.event_id in answers:
            continue
        mark = marks.get(one.enrolment_id)
        if mark is None:
            answers[one.event_id] = reason("not-on-roster", _("You are not on the roster of this class."), "N3.7")
            continue
        if one.direction not in Direction.values():
            answers[one.event_id] = reason("direction", _("The direction is “in” or “out”."), "N4.1")
            continue
        if one.happened_at > now:
            answers[one.event_id] = reason("future", _("The device's clock is ahead of the server's."), "N4.1")
            continue
        wrong = next(iter(_against(lesson, mark, one.direction, one.happened_at, terms)), None)
        answers[one.event_id] = wrong
        if wrong is None:
            good.append(one)
            _move(mark, one)
    _put(lesson, marks, good, Means.CARD, by, now, terms, device=device)
    note(
        "attendance.received", lesson.training_class, by=by, at=now, lesson=lesson.pk, taken=len(good), sent=len(events)
    )
    return answers


def _of_teacher(by: "Account", lesson_id: int) -> Lesson:
    lesson = queries.lesson(by, lesson_id)
    authorise(by, Permission.ATTENDANCE_TAKE, institution_id=lesson.training_class.institution_id)
    if by.role == "teacher" and lesson.teacher_person_id != by.person_id:
        raise Forbidden("attendance")
    return lesson


def locked(lesson: Lesson, enrolment_ids: Sequence[int]) -> dict[int, Attendance]:
    """The rows of these trainees, made when missing and locked, so that events follow each other."""
    rows = _rows(lesson, enrolment_ids)
    if missing := set(enrolment_ids) - set(rows):
        people = Enrolment.objects.filter(
            pk__in=missing, training_class_id=lesson.training_class_id, dropped_at=None
        ).order_by("pk")
        Attendance.objects.bulk_create(
            (Attendance(lesson=lesson, enrolment=one) for one in people), ignore_conflicts=True
        )
        rows = _rows(lesson, enrolment_ids)
    return rows


def _rows(lesson: Lesson, enrolment_ids: Sequence[int]) -> dict[int, Attendance]:
    found = Attendance.objects.select_for_update(of=("self",)).filter(
        lesson=lesson, enrolment__in=enrolment_ids, enrolment__dropped_at=None
    )
    return {row.enrolment_id: row for row in found.order_by("pk")}


def _against(
    lesson: Lesson, mark: Attendance, direction: str, at: datetime, terms: "Terms", *, once: bool = False
) -> list[Message]:
    return list(
        rules.reasons_against_check_in(
            direction=Direction(direction),
            at=at,
            begins=lesson.starts_at,
            ends=lesson.ends_at,
            before=terms[TermKey.SIGN_IN_BEFORE],
            after=terms[TermKey.SIGN_OUT_AFTER],
            is_on_roster=True,
            is_running=lesson.training_class.state == State.RUNNING,
            is_closed=lesson.attendance_closed_at is not None,
            has_in=mark.in_at is not None and mark.in_at <= at,
            is_double=once and direction == Direction.IN and mark.in_at is not None,
        )
    )


def _elsewhere(known: CheckIn, lesson: Lesson, enrolment_id: int) -> list[Message]:
    if (known.lesson_id, known.enrolment_id) == (lesson.pk, enrolment_id):
        return []
    return [reason("event-used", _("This event was sent before for another person or lesson."), "N7.4")]


def _move(mark: Attendance, event: Event) -> None:
    """The first check-in and the last check-out count."""
    if event.direction == Direction.IN:
        mark.in_at = min(mark.in_at or event.happened_at, event.happened_at)
    else:
        mark.out_at = max(mark.out_at or event.happened_at, event.happened_at)


def _put(
    lesson: Lesson, marks: Mapping[int, Attendance], events: Sequence[Event], means: Means, by: "Account",
    now: datetime, terms: "Terms", device: str = "",
) -> None:  # fmt: skip
    """Keep the events for good, and bring what they come to up to date."""
    CheckIn.objects.bulk_create(
        CheckIn(
            event_id=one.event_id,
            lesson=lesson,
            enrolment_id=one.enrolment_id,
            direction=one.direction,
            means=means,
            happened_at=one.happened_at,
            received_at=now,
            device=device,
            by=by,
        )
        for one in events
    )
    if not events:
        return
    changed = {}
    decided = queries.decided_of(lesson.pk)
    for one in events:
        mark = marks[one.enrolment_id]
        _move(mark, one)
        if one.enrolment_id not in decided:
            mark.presence, mark.minutes = rules.presence(
                mark.in_at, mark.out_at, lesson.starts_at, lesson.ends_at, terms[TermKey.SIGN_IN_LATE]
            )
        changed[mark.pk] = mark
    _write(list(changed.values()))


def _write(marks: Sequence[Attendance]) -> None:
    """All marks in one statement of five arrays: bulk_update's cases take longer than everything else."""
    columns = [[getattr(mark, name) for mark in marks] for name in ("pk", "in_at", "out_at", "presence", "minutes")]
    columns[3] = [str(presence) for presence in columns[3]]
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE classes_attendance AS mark
               SET in_at = new.in_at, out_at = new.out_at, presence = new.presence, minutes = new.minutes
               FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[], %s::text[], %s::smallint[])
                    AS new (id, in_at, out_at, presence, minutes)
               WHERE mark.id = new.id""",
            columns,
        )


@transaction.atomic
def close_attendance(*, lesson_id: int, now: datetime) -> int:
    """After a lesson's window: whoever has no record was absent. Run by the clock."""
    lesson = Lesson.objects.select_for_update().get(pk=lesson_id)
    if lesson.attendance_closed_at:
        return 0
    people = list(
        Enrolment.objects.filter(training_class_id=lesson.training_class_id, dropped_at=None).values_list(
            "pk", flat=True
        )
    )
    locked(lesson, people)
    lesson.attendance_closed_at = now
    lesson.save(update_fields=["attendance_closed_at"])
    note("attendance.closed", lesson.training_class, by=None, at=now, lesson=lesson.pk, people=len(people))
    return len(people)


@transaction.atomic
def recompute_attendance(*, class_id: int, now: datetime) -> int:
    """Bring every mark of a class to what its events and decisions come to; how many differed.

    Nothing but a fault makes them differ, so this is for the operator, who sees each in the journal.
    """
    klass = queries.by_id(class_id)
    marks = {one.pk: one for one in Attendance.objects.select_for_update().filter(lesson__training_class=klass)}
    found = queries.differences(class_id)
    for one in found:
        marks[one.attendance_id].presence, marks[one.attendance_id].minutes = one.presence, one.minutes
    Attendance.objects.bulk_update([marks[one.attendance_id] for one in found], ["presence", "minutes"])
    if found:
        note("attendance.recomputed", klass, by=None, at=now, marks=len(found))
    return len(found)
