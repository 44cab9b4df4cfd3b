from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID, uuid4, uuid5

from django.db import transaction

from rollbook.accounts.rules import Permission, Ticket, authorise
from rollbook.classes import queries
from rollbook.classes.actions.application import note
from rollbook.classes.actions.check_ins import SECRET, settle
from rollbook.classes.actions.gathering import settle_together
from rollbook.classes.actions.teaching import keep_roll
from rollbook.classes.models import Attendance, CheckIn, Enrolment, Lesson
from rollbook.classes.rules import attendance as rules
from rollbook.classes.rules.check_ins import AT_ONCE, Answer, Mark, Wish, kept_too_long, moment, skew_of
from rollbook.classes.rules.methods import policy
from rollbook.classes.rules.positions import Position
from rollbook.classes.rules.states import Means
from rollbook.directory.rules import TermKey
from rollbook.kernel.reasons import Forbidden, NotFound, SignedOut, refuse_if

if TYPE_CHECKING:
    from rollbook.accounts.models import Account


class Phone(NamedTuple):
    """What a phone says of itself: a random number that it drew once, its own counting, and a number of the event."""

    device: str = ""
    sequence: int | None = None
    nonce: str = ""


NO_PHONE = Phone()


def code_of(lesson: Lesson, now: datetime) -> str:
    """The code that the teacher's page shows now."""
    terms = queries.terms_of(lesson.training_class, now)
    return rules.code_at(SECRET, lesson.pk, lesson.room_id, now, terms[TermKey.CODE_SECONDS])


def check_in(*, by: "Account", lesson_id: int, code: str, direction: str, event_id: UUID, now: datetime) -> Mark:
    """A trainee checks in or out with the code of the lesson (N4.1, N7.4).

    The same `event_id` again gives the same answer and changes nothing, however many come at once.
    """
    authorise(by, Permission.CHECK_IN)
    [answer] = settle([own(by, lesson_id, code, direction, event_id, now)])
    return answered(answer)


def check_in_together(
    *, by: "Account | Ticket", lesson_id: int, code: str, direction: str, event_id: UUID, now: datetime,
    happened_at: datetime | None = None, sent_at: datetime | None = None, position: Position | None = None,
    phone: Phone = NO_PHONE,
) -> Mark:  # fmt: skip
    """`check_in` in one transaction with others of the same moment; `by` holds the permission or a ticket.

    A phone says by its own clock when it happened and when it sends this, so that its clock need not be right. What it
    kept for want of a signal must have the code of that moment; where it does not count it is kept for somebody to see.
    """
    wish = own(by, lesson_id, code, direction, event_id, now)
    wish.happened_at = moment(happened_at, sent_at, now)
    wish.is_live = now - wish.happened_at <= AT_ONCE
    wish.skew_seconds = skew_of(sent_at, now)
    wish.said_at = happened_at if sent_at else None
    wish.position = position
    if not code and position is not None:
        wish.means, wish.code = Means.FENCE, None
    wish.device, wish.sequence, wish.nonce = phone
    return answered(settle_together(wish))


def own(by: "Account | Ticket", lesson_id: int, code: str, direction: str, event_id: UUID, now: datetime) -> Wish:
    return Wish(
        lesson_id=lesson_id,
        event_id=event_id,
        direction=direction,
        happened_at=now,
        now=now,
        means=Means.CODE,
        kind="attendance.checked",
        by_id=by.account_id if isinstance(by, Ticket) else by.pk,
        person_id=by.person_id or 0,
        session=by.session if isinstance(by, Ticket) else None,
        code=code,
        is_own=True,
        is_live=True,
    )


def answered(answer: Answer) -> Mark:
    """The mark, or the refusal raised."""
    refuse_if(answer.reasons)
    if not answer.is_signed_in:
        raise SignedOut
    if answer.mark is None:
        raise NotFound
    return answer.mark


@transaction.atomic
def call_roll(
    *, by: "Account", lesson_id: int, direction: str, enrolment_ids: Sequence[int], now: datetime,
    event_id: UUID | None = None, called_at: datetime | None = None,
) -> int:  # fmt: skip
    """The teacher calls the roll: those named are there now. Others keep what they have.

    Where the terms ask for a second person, it counts once that person confirms it. A roll that a phone kept for want
    of a signal says when it was called; under one `event_id` it is one roll, however often it is sent.
    """
    lesson = _of_teacher(by, lesson_id)
    at, event_id = min(called_at or now, now), event_id or uuid4()
    terms = queries.terms_of(lesson.training_class, now)
    refuse_if(kept_too_long(at, now, policy(terms.values)))
    if terms[TermKey.ROLL_CONFIRM]:
        Lesson.objects.select_for_update().get(pk=lesson.pk)  # two rolls at once name nobody twice
        named = set(enrolment_ids) - queries.checked(lesson.pk, direction, at)
        return keep_roll(lesson, direction, named, terms, by=by, now=now, called_at=at, event_id=event_id)
    events = {pk: uuid5(event_id, str(pk)) for pk in sorted(set(enrolment_ids))}
    if sent := CheckIn.objects.filter(lesson=lesson, event_id__in=events.values()).count():
        return sent
    there = queries.checked(lesson.pk, direction, at)
    wishes = [
        Wish(
            lesson_id=lesson.pk,
            event_id=event,
            direction=direction,
            happened_at=at,
            now=now,
            means=Means.ROLL_CALL,
            kind="attendance.rolled",
            by_id=by.pk,
            enrolment_id=pk,
            is_live=now - at <= AT_ONCE,
        )
        for pk, event in events.items()
        if pk not in there
    ]
    answers = settle(wishes)
    refuse_if(one for answer in answers for one in answer.reasons)
    if not answers:
        klass = lesson.training_class
        note("attendance.rolled", klass, by=by, at=now, lesson=lesson.pk, direction=direction, people=0)
    return len(answers)


def _of_teacher(by: "Account", lesson_id: int) -> Lesson:
    lesson = queries.lesson(by, lesson_id)
    authorise(by, Permission.ATTENDANCE_TAKE, institution_id=lesson.training_class.institution_id)
    if by.role == "teacher" and lesson.teacher_person_id != by.person_id:
        raise Forbidden("attendance")
    return lesson


def locked(lesson: Lesson, enrolment_ids: Sequence[int]) -> dict[int, Attendance]:
    """The rows of these trainees, made when missing and locked, so that events follow each other."""
    list(
        Enrolment.objects.select_for_update(no_key=True).filter(pk__in=enrolment_ids).order_by("pk")
    )  # as check-ins do
    rows = _rows(lesson, enrolment_ids)
    if missing := set(enrolment_ids) - set(rows):
        people = queries.those_in(lesson).filter(pk__in=missing).order_by("pk")
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


@transaction.atomic
def close_attendance(*, lesson_id: int, now: datetime) -> int:
    """After a lesson's window: whoever has no record was absent. Run by the clock."""
    lesson = Lesson.objects.select_for_update().get(pk=lesson_id)
    if lesson.attendance_closed_at:
        return 0
    people = list(queries.those_in(lesson).values_list("pk", flat=True))
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
