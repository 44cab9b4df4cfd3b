"""What trainees say of their own attendance and of their class (N4.5)."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction

from rollbook.accounts.rules import Permission, authorise
from rollbook.classes import queries
from rollbook.classes.actions.application import note
from rollbook.classes.models import Denial, Enrolment, Feedback
from rollbook.classes.rules import signals as rules
from rollbook.classes.rules.states import State
from rollbook.kernel.reasons import NotFound, refuse_if

if TYPE_CHECKING:
    from rollbook.accounts.models import Account


@transaction.atomic
def deny_attendance(*, by: "Account", lesson_id: int, now: datetime) -> Denial:
    """I was not there: the mark stays, the office can see what the trainee says."""
    authorise(by, Permission.CHECK_IN)
    lesson, mark = queries.lesson(by, lesson_id), queries.mark_of(lesson_id, by.person_id or 0)
    one = _locked(queries.own_enrolment(by, lesson.training_class_id).pk)
    refuse_if(
        rules.reasons_against_denial(
            counts=mark is not None and rules.is_noted(mark.in_at, mark.out_at, mark.presence),
            has_begun=now >= lesson.starts_at,
            is_said=Denial.objects.filter(lesson=lesson, enrolment=one).exists(),
        )
    )
    presence = mark.presence if mark else ""
    denial = Denial.objects.create(lesson=lesson, enrolment=one, presence=presence, said_at=now, said_by=by)
    note("attendance.denied", lesson.training_class, by=by, at=now, lesson=lesson.pk)
    return denial


@transaction.atomic
def give_feedback(
    *, by: "Account", enrolment_id: int, answers: Mapping[str, str], remark: str, now: datetime
) -> Feedback:
    """The questions after a class, answered once."""
    authorise(by, Permission.CHECK_IN)
    one = _locked(queries.enrolment(by, enrolment_id).pk)
    klass = one.training_class
    known = {name: str(answers.get(name, "")) for name in rules.QUESTIONS}
    refuse_if(
        rules.reasons_against_answers(
            known,
            is_over=klass.state in (State.ENDED, State.ASSESSED),
            is_given=Feedback.objects.filter(enrolment=one).exists(),
        )
    )
    given = Feedback.objects.create(enrolment=one, answers=known, remark=remark.strip()[:500], given_at=now)
    note("class.answered", klass, by=by, at=now, ticked=rules.telling(known))
    return given


def _locked(enrolment_id: int) -> Enrolment:
    """The trainee's row, so that saying it twice at once is once."""
    found = Enrolment.objects.select_for_update(of=("self",), no_key=True).filter(pk=enrolment_id)
    one = found.select_related("training_class").first()
    if one is None:
        raise NotFound
    return one
