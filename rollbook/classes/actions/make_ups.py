"""Lessons held again for those who missed them: planned by the institution, told to the county (domain 2.5; N4.1)."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils.timezone import localdate, localtime

from rollbook.accounts.rules import Permission, authorise
from rollbook.classes import queries
from rollbook.classes.actions.application import note
from rollbook.classes.models import Enrolment, Lesson, MakeUp, MakeUpPlace
from rollbook.classes.rules import make_ups as rules
from rollbook.classes.rules.states import State
from rollbook.directory.rules import TermKey
from rollbook.institutions import queries as institutions
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import NotFound, Refused, reason, refuse_if
from rollbook.persons import queries as persons
from rollbook.regions import queries as regions

if TYPE_CHECKING:
    from rollbook.accounts.models import Account
    from rollbook.institutions.models import Room, Teacher


@transaction.atomic
def plan_make_up(
    *, by: "Account", lesson_id: int, starts_at: datetime, room_id: int, teacher_id: int,
    enrolment_ids: Sequence[int], why: str, now: datetime,
) -> MakeUp:  # fmt: skip
    """Hold a lesson again for named trainees; from now on the county sees it, and room and teacher are taken."""
    missed = queries.lesson(by, lesson_id)
    klass = missed.training_class
    authorise(by, Permission.CLASS_APPLY, institution_id=klass.institution_id)
    room = institutions.rooms_of(klass.institution_id).filter(pk=room_id).first()
    teacher = institutions.teachers_of(klass.institution_id).filter(pk=teacher_id).first()
    if room is None or teacher is None:
        raise NotFound
    ends_at = starts_at + (missed.ends_at - missed.starts_at)
    named = _locked(missed, enrolment_ids)
    if not why.strip():
        refuse_if([reason("why", _("Say why the lesson is held again."), "N4.1")])
    refuse_if(_against(missed, room, teacher, starts_at, ends_at, [one.pk for one in named], now))
    lesson = _take(missed, room, teacher, starts_at, ends_at)
    plan = MakeUp.objects.create(
        missed=missed, lesson=lesson, starts_at=starts_at, ends_at=ends_at, room=room, teacher=teacher,
        reason=why.strip(), planned_by=by, planned_at=now,
    )  # fmt: skip
    MakeUpPlace.objects.bulk_create(MakeUpPlace(make_up=plan, enrolment=one) for one in named)
    told = {"lesson": missed.pk, "make_up": lesson.pk, "people": len(named), "room": room.name, "why": why.strip()}
    note("class.make-up-planned", klass, by=by, at=now, starts_at=f"{localtime(starts_at):%Y-%m-%d %H:%M}", **told)
    return plan


def _locked(missed: Lesson, enrolment_ids: Sequence[int]) -> list[Enrolment]:
    """Those named, with their persons locked as an approval locks them: nobody is planned for two places at once."""
    named = Enrolment.objects.filter(
        pk__in=enrolment_ids, training_class_id=missed.training_class_id, dropped_at=None
    ).order_by("pk")
    persons.lock_all([one.person_id for one in named])
    found = list(named)
    if len(found) != len(set(enrolment_ids)):
        raise NotFound
    return found


def _against(
    missed: Lesson, room: "Room", teacher: "Teacher", starts_at: datetime, ends_at: datetime, ids: Sequence[int],
    now: datetime,
) -> Iterator[Message]:  # fmt: skip
    klass, day, identity = missed.training_class, localdate(starts_at), missed.training_class.occupation
    terms = queries.terms_of(klass, now)
    chosen = rules.policy(terms.values)
    qualified = institutions.teachers_qualified(
        klass.institution_id, identity.identity if identity else 0, klass.level, day
    )
    plan = rules.Plan(
        is_open=klass.state in (State.RUNNING, State.ENDED),
        is_over=now >= missed.ends_at,
        is_make_up=missed.is_make_up,
        missed_on=localdate(missed.starts_at),
        day=day,
        is_past=starts_at <= now,
        days_ahead=regions.working_days().between(localdate(now), day),
        people=len(ids),
        room=room.name,
        seats=room.seats,
        teacher=teacher.person.name,
        is_qualified=teacher.pk in qualified,
    )
    yield from rules.reasons_against_plan(plan, chosen)
    found = queries.missed_by(missed, now, starts_at, ends_at)
    for pk in ids:
        yield from rules.reasons_against_trainee(found[pk], chosen)


def _take(missed: Lesson, room: "Room", teacher: "Teacher", starts_at: datetime, ends_at: datetime) -> Lesson:
    """The lesson itself; the database keeps room and teacher from being in two places."""
    try:
        with transaction.atomic():
            return Lesson.objects.create(
                training_class_id=missed.training_class_id, starts_at=starts_at, ends_at=ends_at, hours=0,
                kind=missed.kind, subject=missed.subject, textbook=missed.textbook, room=room, teacher=teacher,
                teacher_person_id=teacher.person_id, is_binding=True, is_make_up=True,
            )  # fmt: skip
    except IntegrityError as error:
        raise Refused(reason("taken", _("The room or the teacher is taken at that time."), "N4.2")) from error


@transaction.atomic
def cancel_make_up(*, by: "Account", make_up_id: int, why: str, now: datetime) -> MakeUp:
    """Take a make-up lesson back before anybody can check in; what the county was told stays on record."""
    plan = queries.make_up(by, make_up_id)
    klass, lesson = plan.missed.training_class, plan.lesson
    assert lesson is not None  # noqa: S101 only those that stand are found
    authorise(by, Permission.CLASS_APPLY, institution_id=klass.institution_id)
    before = timedelta(minutes=queries.terms_of(klass, now)[TermKey.SIGN_IN_BEFORE])
    if not why.strip():
        refuse_if([reason("why", _("Say why it is cancelled."), "N4.1")])
    if now >= lesson.starts_at - before:
        refuse_if(
            [reason("make-up-begun", _("Check-in to this lesson is open; it can no longer be cancelled."), "N4.1")]
        )
    plan.lesson, plan.cancelled_by, plan.cancelled_at, plan.cancel_reason = None, by, now, why.strip()
    plan.save()
    try:
        with transaction.atomic():
            lesson.delete()
    except ProtectedError as error:
        text = _("Something is on file about this lesson, such as an inspection; it can no longer be cancelled.")
        raise Refused(reason("make-up-used", text, "N4.1")) from error
    note("class.make-up-cancelled", klass, by=by, at=now, lesson=plan.missed_id, why=why.strip())
    return plan
