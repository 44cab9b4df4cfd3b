"""The teacher's own attendance, and rolls that a second person confirms (N4.1, N14.1)."""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from django.db import transaction

from rollbook.accounts.rules import Permission, authorise
from rollbook.classes import queries
from rollbook.classes.actions.application import note
from rollbook.classes.actions.check_ins import settle
from rollbook.classes.models import Enrolment, Lesson, RollCall, Teaching
from rollbook.classes.rules import attendance as rules
from rollbook.classes.rules import methods
from rollbook.classes.rules.check_ins import Wish, is_locked, kept_too_long, moment, used
from rollbook.classes.rules.states import AskState, Direction, Means, takes_check_ins
from rollbook.directory.rules import Terms
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import Forbidden, reason, refuse_if

if TYPE_CHECKING:
    from rollbook.accounts.models import Account

TWICE = timedelta(seconds=1)  # apart at most lie the times of one coming that was sent twice


@transaction.atomic
def check_in_teacher(
    *, by: "Account", lesson_id: int, direction: str, now: datetime, happened_at: datetime | None = None,
    sent_at: datetime | None = None,
) -> Teaching:  # fmt: skip
    """The filed teacher comes or goes, with the teacher's own account alone: the first in and the last out count.

    What a phone kept for want of a signal says when it happened, and is the same however often it is sent.
    """
    lesson = queries.lesson(by, lesson_id, lock=True)
    authorise(by, Permission.ATTENDANCE_TAKE, institution_id=lesson.training_class.institution_id)
    if by.person_id is None or lesson.teacher_person_id != by.person_id:
        raise Forbidden("attendance")
    found = queries.teaching_of(lesson)
    at = moment(happened_at, sent_at, now)
    counted = found and (found.in_at if direction == Direction.IN else found.out_at)
    if found is not None and counted and happened_at is not None and abs(at - counted) < TWICE:
        return found  # sent before
    refuse_if(_against(lesson, direction, queries.terms_of(lesson.training_class, now), at, now, found))
    received = now if at < now else None
    if found is None:
        found = Teaching(lesson=lesson, person_id=by.person_id, in_at=at, in_received_at=received)
    elif direction == Direction.IN:
        found.in_at, found.in_received_at = at, received
    elif found.out_at is None or at > found.out_at:
        found.out_at, found.out_received_at = at, received
    found.save()
    note("attendance.taught", lesson.training_class, by=by, at=now, lesson=lesson.pk, direction=direction)
    return found


def _against(
    lesson: Lesson, direction: str, terms: Terms, at: datetime, now: datetime, found: Teaching | None
) -> Iterator[Message]:
    chosen = methods.policy(terms.values)
    if direction not in Direction.values():
        yield reason("direction", _("The direction is “in” or “out”."), "N4.1")
        return
    yield from kept_too_long(at, now, chosen)
    yield from rules.reasons_against_check_in(
        direction=Direction(direction),
        at=at,
        begins=lesson.starts_at,
        ends=lesson.ends_at,
        before=chosen.before,
        after=chosen.after,
        is_on_roster=True,
        is_running=takes_check_ins(lesson.training_class.state, is_make_up=lesson.is_make_up),
        is_closed=is_locked(at, now, lesson.ends_at, lesson.attendance_closed_at, chosen),
        has_in=found is not None and found.in_at <= at,
        is_double=found is not None and found.in_at <= at,
    )


def keep_roll(
    lesson: Lesson, direction: str, named: Collection[int], terms: Terms, *, by: "Account", now: datetime,
    called_at: datetime, event_id: UUID,
) -> int:  # fmt: skip
    """A roll that counts for nothing until a second person confirms it; who waits already is not named again."""
    if sent := queries.roll_of_event(event_id):
        if sent.lesson_id != lesson.pk:
            refuse_if([used()])
        return len(sent.enrolment_ids)
    waiting = queries.waiting_names(lesson.pk, direction, called_at)
    ids = sorted(set(named) - waiting)
    here = queries.those_in(lesson).filter(pk__in=ids).count()
    chosen = methods.policy(terms.values)
    refuse_if(
        [
            *methods.against_means(Means.ROLL_CALL, chosen, with_other_proof=True),
            *rules.reasons_against_check_in(
                direction=Direction(direction),
                at=called_at,
                begins=lesson.starts_at,
                ends=lesson.ends_at,
                before=chosen.before,
                after=chosen.after,
                is_on_roster=here == len(ids),
                is_running=takes_check_ins(lesson.training_class.state, is_make_up=lesson.is_make_up),
                is_closed=is_locked(called_at, now, lesson.ends_at, lesson.attendance_closed_at, chosen),
                has_in=True,  # it may wait as well; asked for when this is confirmed
            ),
        ]
    )
    if ids:
        RollCall.objects.create(
            lesson=lesson, direction=direction, enrolment_ids=ids, called_by=by, called_at=called_at, received_at=now,
            event_id=event_id,
        )  # fmt: skip
    klass = lesson.training_class
    note("attendance.rolled", klass, by=by, at=now, lesson=lesson.pk, direction=direction, people=len(ids), waits=True)
    return len(ids)


@transaction.atomic
def decide_roll(*, by: "Account", roll_id: int, grant: bool, now: datetime) -> RollCall:
    """A second person of the institution confirms a roll, which then counts from when it was called, or refuses it."""
    roll = queries.roll(by, roll_id)
    lesson = roll.lesson
    authorise(by, Permission.ATTENDANCE_TAKE, institution_id=lesson.training_class.institution_id)
    same_person = by.person_id is not None and roll.called_by.person_id == by.person_id
    if roll.called_by_id == by.pk or same_person:
        refuse_if([reason("same-person", _("Another person than who asked must decide."), "N14.1")])
    made = _make_check_ins(roll, by, now) if grant else 0
    roll.state = AskState.GRANTED if grant else AskState.REFUSED
    roll.decided_by, roll.decided_at = by, now
    roll.save()
    if not made:  # the check-ins bring their own entry
        note("attendance.roll-decided", lesson.training_class, by=by, at=now, lesson=lesson.pk, granted=grant)
    return roll


def _make_check_ins(roll: RollCall, by: "Account", now: datetime) -> int:
    there = queries.checked(roll.lesson_id, roll.direction, roll.called_at)
    still = Enrolment.objects.filter(pk__in=roll.enrolment_ids, dropped_at=None).order_by("pk")
    wishes = [
        Wish(
            lesson_id=roll.lesson_id,
            event_id=uuid4(),
            direction=roll.direction,
            happened_at=roll.called_at,
            now=now,
            means=Means.ROLL_CALL,
            kind="attendance.roll-decided",
            by_id=by.pk,
            enrolment_id=pk,
        )
        for pk in still.values_list("pk", flat=True)
        if pk not in there
    ]
    refuse_if(one for answer in settle(wishes) for one in answer.reasons)
    return len(wishes)
