from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction

from rollbook.accounts.rules import Permission, authorise, holds
from rollbook.classes import queries
from rollbook.classes.actions.application import note
from rollbook.classes.actions.attendance import locked
from rollbook.classes.models import Correction, Enrolment, Leave, Lesson, Teaching, TeachingCorrection, TrainingClass
from rollbook.classes.rules import attendance as rules
from rollbook.classes.rules.states import AskState, Presence, State
from rollbook.directory.rules import TermKey
from rollbook.evidence import actions as evidence
from rollbook.evidence.rules import Keep, Kind
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import NotFound, Refused, reason, refuse_if

if TYPE_CHECKING:
    from rollbook.accounts.models import Account
    from rollbook.evidence.models import Item


@transaction.atomic
def ask_leave(
    *, by: "Account", lesson_id: int, enrolment_id: int, ground: str, explanation: str, proof: bytes, now: datetime
) -> Leave:
    """Ask for leave from a lesson, with the paper that its ground needs (domain 2.5): the trainee
    for oneself, or the institution for a trainee."""
    lesson, one = queries.lesson(by, lesson_id), queries.enrolment(by, enrolment_id)
    if one.training_class_id != lesson.training_class_id:
        raise NotFound
    if by.role != "worker":
        authorise(by, Permission.ATTENDANCE_CORRECT, institution_id=lesson.training_class.institution_id)
    Enrolment.objects.select_for_update().get(pk=one.pk)  # two requests at once share one limit
    terms = queries.terms_of(lesson.training_class, now)
    asked, planned = queries.leave_hours(one)
    refuse_if(
        rules.reasons_against_leave(
            ground=ground,
            kinds=rules.leave_kinds(terms.values),
            has_proof=bool(proof),
            is_over=now >= lesson.ends_at,
            is_asked=Leave.objects.filter(lesson=lesson, enrolment=one).exists(),
            is_off_roster=one.dropped_at is not None,
            is_make_up=lesson.is_make_up,
            is_open=lesson.training_class.state in (State.APPROVED, State.RUNNING),
            hours=asked + lesson.hours,
            planned_hours=planned,
            percent=terms[TermKey.LEAVE_PERCENT],
        )
    )
    leave = Leave.objects.create(
        lesson=lesson, enrolment=one, ground=ground, explanation=explanation, asked_by=by, asked_at=now,
        paper=_kept(by, one, proof, rules.GROUNDS[ground], now) if proof else None,
    )  # fmt: skip
    note("attendance.leave-asked", lesson.training_class, by=by, at=now, lesson=lesson.pk, ground=ground)
    return leave


def _kept(by: "Account | None", one: Enrolment, proof: bytes, title: str, now: datetime) -> "Item":
    """The proof among the evidence of the class, as of this trainee: the same paper of two trainees is found."""
    place = replace(queries.place_of(one.training_class, None, Keep.FILE, now), subject=queries.trainee_of(one.pk))
    return evidence.store(by=by, kind=Kind.PAPER, content=proof, place=place, title=title, now=now)


@transaction.atomic
def move_proof(*, leave_id: int, now: datetime) -> bool:
    """Bring a proof that lies as a plain file among the evidence; run by the operator after an upgrade."""
    leave = Leave.objects.select_for_update(of=("self",)).select_related("asked_by", "enrolment__training_class")
    one = leave.get(pk=leave_id)
    if not one.proof:
        return False
    with one.proof.open("rb") as file:
        one.paper = _kept(one.asked_by, one.enrolment, file.read(), rules.GROUNDS.get(one.ground, one.ground), now)
    name, storage, one.proof = one.proof.name or "", one.proof.storage, ""
    one.save(update_fields=["paper", "proof"])
    transaction.on_commit(lambda: storage.delete(name))
    return True


def _decided(by: "Account", row: Any, grant: bool, now: datetime, kind: str) -> Lesson:
    """A second person's word on a request: never the asker's, from whichever account."""
    lesson: Lesson = row.lesson
    same_person = by.person_id is not None and row.asked_by.person_id == by.person_id
    if row.asked_by_id == by.pk or same_person:
        raise Refused(reason("same-person", _("Another person than who asked must decide."), "N14.1"))
    refuse_if(_against_final(lesson.training_class))
    row.state = AskState.GRANTED if grant else AskState.REFUSED
    row.decided_by, row.decided_at = by, now
    row.save()
    note(kind, lesson.training_class, by=by, at=now, lesson=lesson.pk, granted=grant)
    return lesson


def _against_final(klass: TrainingClass) -> Iterator[Message]:
    """Results and claims stand on the attendance: once the class is assessed it stays."""
    if klass.state not in (State.APPROVED, State.RUNNING, State.ENDED):
        yield reason("attendance-final", _("The class is assessed; its attendance stays as it is."), "N4.1")


@transaction.atomic
def decide_leave(*, by: "Account", leave_id: int, grant: bool, now: datetime) -> Leave:
    """The institution's manager or the county grants leave; the lesson then counts as leave."""
    leave: Leave = _asked(Leave, by, leave_id)
    klass = leave.lesson.training_class
    if holds(by, Permission.ATTENDANCE_APPROVE):
        authorise(by, Permission.ATTENDANCE_APPROVE, region_code=klass.region_code)
    else:
        authorise(by, Permission.CLASS_APPLY, institution_id=klass.institution_id)
    lesson = _decided(by, leave, grant, now, "attendance.leave-decided")
    if grant:
        _mark(lesson, leave.enrolment_id, Presence.LEAVE, 0)
    return leave


@transaction.atomic
def ask_correction(
    *, by: "Account", lesson_id: int, enrolment_id: int, presence: str, why: str, now: datetime
) -> Correction:
    """Ask to correct a record; it changes only when the county grants it (N14.1)."""
    lesson = queries.lesson(by, lesson_id)
    authorise(by, Permission.ATTENDANCE_CORRECT, institution_id=lesson.training_class.institution_id)
    mark = locked(lesson, [enrolment_id]).get(enrolment_id)
    if mark is None:
        raise NotFound
    refuse_if(
        [
            *rules.reasons_against_correction(
                presence=presence,
                why=why,
                is_over=now >= lesson.ends_at,
                is_asked=Correction.objects.filter(
                    lesson=lesson, enrolment_id=enrolment_id, state=AskState.ASKED
                ).exists(),
            ),
            *_against_final(lesson.training_class),
        ]
    )
    length = int((lesson.ends_at - lesson.starts_at).total_seconds() // 60)
    correction = Correction.objects.create(
        lesson=lesson,
        enrolment_id=enrolment_id,
        presence=Presence(presence),
        minutes=length if rules.counts(presence) else 0,
        was={"presence": mark.presence, "minutes": mark.minutes},
        reason=why,
        asked_by=by,
        asked_at=now,
    )
    note("attendance.correction-asked", lesson.training_class, by=by, at=now, lesson=lesson.pk, why=why, to=presence)
    return correction


@transaction.atomic
def decide_correction(*, by: "Account", correction_id: int, grant: bool, now: datetime) -> Correction:
    """The county's word on a correction: granted, it is what the lesson came to (N14.1)."""
    correction: Correction = _asked(Correction, by, correction_id)
    authorise(by, Permission.ATTENDANCE_APPROVE, region_code=correction.lesson.training_class.region_code)
    lesson = _decided(by, correction, grant, now, "attendance.correction-decided")
    if grant:
        _mark(lesson, correction.enrolment_id, Presence(correction.presence), correction.minutes)
    return correction


@transaction.atomic
def ask_teaching_correction(
    *, by: "Account", lesson_id: int, in_at: datetime, out_at: datetime, why: str, paper: bytes, now: datetime
) -> TeachingCorrection:
    """The institution asks to record a teacher who forgot to check in or out, with a paper that shows the teaching."""
    lesson = queries.lesson(by, lesson_id, lock=True)  # two requests at once are one
    klass = lesson.training_class
    authorise(by, Permission.CLASS_APPLY, institution_id=klass.institution_id)
    terms, found = queries.terms_of(klass, now), queries.teaching_of(lesson)
    asked = TeachingCorrection.objects.filter(lesson=lesson, state=AskState.ASKED)
    refuse_if(
        [
            *rules.reasons_against_teaching(
                in_at,
                out_at,
                lesson.starts_at,
                lesson.ends_at,
                before=terms[TermKey.SIGN_IN_BEFORE],
                after=terms[TermKey.SIGN_OUT_AFTER],
                why=why,
                has_paper=bool(paper),
                is_over=now >= lesson.ends_at,
                is_asked=asked.exists(),
            ),
            *_against_final(klass),
        ]
    )
    place = queries.place_of(klass, lesson, Keep.FILE, now)
    item = evidence.store(by=by, kind=Kind.PAPER, content=paper, place=place, title=why, now=now)
    was = {"in_at": found and found.in_at.isoformat(), "out_at": found and found.out_at and found.out_at.isoformat()}
    made = TeachingCorrection.objects.create(
        lesson=lesson, in_at=in_at, out_at=out_at, was=was, reason=why.strip(), paper=item, asked_by=by, asked_at=now
    )
    note("attendance.teaching-asked", klass, by=by, at=now, lesson=lesson.pk, why=why.strip())
    return made


@transaction.atomic
def decide_teaching_correction(*, by: "Account", correction_id: int, grant: bool, now: datetime) -> TeachingCorrection:
    """The county's word: granted, the filed teacher was in the lesson from when to when the paper says."""
    asked: TeachingCorrection = _asked(TeachingCorrection, by, correction_id)
    authorise(by, Permission.ATTENDANCE_APPROVE, region_code=asked.lesson.training_class.region_code)
    lesson = _decided(by, asked, grant, now, "attendance.teaching-decided")
    if grant:
        Teaching.objects.update_or_create(
            lesson=lesson,
            person_id=lesson.teacher_person_id,
            defaults={"in_at": asked.in_at, "out_at": asked.out_at, "is_corrected": True},
        )
    return asked


def _asked(model: Any, by: "Account", pk: int) -> Any:
    """The open request, locked, when this account sees its class."""
    found = model.objects.select_for_update(of=("self",)).filter(
        pk=pk, state=AskState.ASKED, lesson__training_class__in=queries.visible_to(by).values("pk")
    )
    row = found.select_related("lesson__training_class", "asked_by").first()
    if row is None:
        raise NotFound
    return row


def _mark(lesson: Lesson, enrolment_id: int, presence: Presence, minutes: int) -> None:
    for mark in locked(lesson, [enrolment_id]).values():
        mark.presence, mark.minutes = presence, minutes
        mark.save(update_fields=["presence", "minutes"])
