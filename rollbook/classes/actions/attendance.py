from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import transaction

from rollbook.accounts.rules import Permission, authorise
from rollbook.classes import queries
from rollbook.classes.actions.application import note
from rollbook.classes.models import Attendance, CheckIn, Correction, Enrolment, Leave, Lesson
from rollbook.classes.rules import attendance as rules
from rollbook.classes.rules.states import AskState, Direction, Means, Presence, State
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import Forbidden, NotFound, Refused, reason, refuse_if
from rollbook.web import uploads

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
    return rules.code_at(SECRET, lesson.pk, now, terms["code-seconds"])


@transaction.atomic
def check_in(*, by: "Account", lesson_id: int, code: str, direction: str, event_id: UUID, now: datetime) -> Attendance:
    """A trainee checks in or out with the code of the lesson (N4.1, N7.4).

    The same `event_id` again gives the same answer and changes nothing.
    """
    lesson = queries.lesson(by, lesson_id)
    authorise(by, Permission.CHECK_IN)
    one = lesson.training_class.enrolments.filter(person_id=by.person_id or 0, dropped_at=None).first()
    if one is None:
        raise NotFound
    mark = _locked(lesson, [one.pk])[one.pk]
    if CheckIn.objects.filter(event_id=event_id).exists():
        return mark
    terms = queries.terms_of(lesson.training_class, now)
    if not rules.right_code(SECRET, lesson.pk, now, terms["code-seconds"], code):
        raise Refused(reason("wrong-code", _("The code is wrong or has passed; take the one shown now."), "N4.1"))
    refuse_if(_against(lesson, mark, direction, now, terms))
    _put(lesson, {one.pk: mark}, [Event(event_id, one.pk, direction, now)], Means.CODE, by, now, terms)
    return mark


@transaction.atomic
def call_roll(*, by: "Account", lesson_id: int, direction: str, enrolment_ids: Sequence[int], now: datetime) -> int:
    """The teacher calls the roll: those named are there now. Others keep what they have."""
    lesson = _of_teacher(by, lesson_id)
    terms = queries.terms_of(lesson.training_class, now)
    marks = _locked(lesson, enrolment_ids)
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
    marks = _locked(lesson, [one.enrolment_id for one in events])
    known = set(
        CheckIn.objects.filter(event_id__in=[one.event_id for one in events]).values_list("event_id", flat=True)
    )
    answers: dict[UUID, Message | None] = dict.fromkeys(known)
    good = []
    for one in sorted(events, key=lambda event: (event.happened_at, event.direction)):
        if one.event_id in answers:
            continue
        mark = marks.get(one.enrolment_id)
        if mark is None:
            answers[one.event_id] = reason("not-on-roster", _("You are not on the roster of this class."), "N3.7")
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


def _locked(lesson: Lesson, enrolment_ids: Sequence[int]) -> dict[int, Attendance]:
    """The rows of these trainees, made when missing and locked, so that events follow each other."""
    people = Enrolment.objects.filter(
        pk__in=enrolment_ids, training_class_id=lesson.training_class_id, dropped_at=None
    ).order_by("pk")
    Attendance.objects.bulk_create((Attendance(lesson=lesson, enrolment=one) for one in people), ignore_conflicts=True)
    rows = Attendance.objects.select_for_update().filter(lesson=lesson, enrolment__in=people)
    return {row.enrolment_id: row for row in rows.order_by("pk")}


def _against(lesson: Lesson, mark: Attendance, direction: str, at: datetime, terms: "Terms") -> list[Message]:
    return list(
        rules.reasons_against_check_in(
            direction=Direction(direction),
            at=at,
            begins=lesson.starts_at,
            ends=lesson.ends_at,
            before=terms["sign-in-before"],
            after=terms["sign-out-after"],
            is_on_roster=True,
            is_running=lesson.training_class.state == State.RUNNING,
            is_closed=lesson.attendance_closed_at is not None,
            has_in=mark.in_at is not None,
        )
    )


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
    changed = []
    for one in events:
        mark = marks[one.enrolment_id]
        _move(mark, one)
        if mark.presence != Presence.LEAVE:
            mark.presence, mark.minutes = rules.presence(
                mark.in_at, mark.out_at, lesson.starts_at, lesson.ends_at, terms["sign-in-late"]
            )
        changed.append(mark)
    Attendance.objects.bulk_update(changed, ["in_at", "out_at", "presence", "minutes"])


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
    _locked(lesson, people)
    lesson.attendance_closed_at = now
    lesson.save(update_fields=["attendance_closed_at"])
    return len(people)


@transaction.atomic
def ask_leave(
    *, by: "Account", lesson_id: int, enrolment_id: int, ground: str, explanation: str, proof: bytes, now: datetime
) -> Leave:
    """Ask for leave from a lesson, with the paper that its ground needs (domain 2.5)."""
    lesson, one = queries.lesson(by, lesson_id), queries.enrolment(by, enrolment_id)
    if one.training_class_id != lesson.training_class_id:
        raise NotFound
    found = []
    if ground not in rules.GROUNDS:
        found.append(reason("ground", _("Choose one of the accepted grounds."), "N4.1"))
    if now >= lesson.ends_at:
        found.append(reason("leave-too-late", _("Leave is asked for before the lesson ends."), "N4.1"))
    if not proof:
        found.append(reason("no-proof", _("Add a photograph or scan of the proof."), "N4.1"))
    if Leave.objects.filter(lesson=lesson, enrolment=one).exists():
        found.append(reason("leave-asked", _("Leave from this lesson was asked for already."), "N4.1"))
    attended = queries.attendance_of(lesson.training_class_id)[one.pk]
    percent = queries.terms_of(lesson.training_class, now)["leave-percent"]
    if (attended.leave_hours + lesson.hours) * 100 > attended.planned_hours * percent:
        text = _("Leave would pass {percent} % of the hours.")
        found.append(reason("too-much-leave", text, "N4.1", percent=percent))
    refuse_if(found)
    extension, digest = uploads.checked(proof)
    leave = Leave(lesson=lesson, enrolment=one, ground=ground, explanation=explanation, asked_by=by, asked_at=now)
    leave.proof.save(f"{digest}.{extension}", ContentFile(proof), save=False)
    leave.save()
    note("attendance.leave-asked", lesson.training_class, by=by, at=now, lesson=lesson.pk, ground=ground)
    return leave


def _decided(by: "Account", row: Any, grant: bool, now: datetime, kind: str) -> Lesson:
    """A second person's word on a request (never the asker's)."""
    if row is None:
        raise NotFound
    lesson: Lesson = row.lesson
    if row.asked_by_id == by.pk:
        raise Refused(reason("same-person", _("Another person than who asked must decide."), "N14.1"))
    row.state = AskState.GRANTED if grant else AskState.REFUSED
    row.decided_by, row.decided_at = by, now
    row.save()
    note(kind, lesson.training_class, by=by, at=now, lesson=lesson.pk, granted=grant)
    return lesson


@transaction.atomic
def decide_leave(*, by: "Account", leave_id: int, grant: bool, now: datetime) -> Leave:
    """The institution's manager or the county grants leave; the lesson then counts as leave."""
    seen = queries.visible_to(by).values("pk")
    leave = (
        Leave.objects.select_for_update(of=("self",))
        .filter(pk=leave_id, state="asked", lesson__training_class__in=seen)
        .select_related("lesson__training_class")
        .first()
    )
    if leave is not None and by.role == "worker":
        raise Forbidden("leave")
    lesson = _decided(by, leave, grant, now, "attendance.leave-decided")
    assert leave is not None  # noqa: S101 _decided has asked
    if grant:
        mark = _locked(lesson, [leave.enrolment_id])[leave.enrolment_id]
        mark.presence, mark.minutes = Presence.LEAVE, 0
        mark.save(update_fields=["presence", "minutes"])
    return leave


@transaction.atomic
def ask_correction(
    *, by: "Account", lesson_id: int, enrolment_id: int, presence: str, why: str, now: datetime
) -> Correction:
    """Ask to correct a record; it changes only when the county grants it (N14.1)."""
    lesson = queries.lesson(by, lesson_id)
    authorise(by, Permission.ATTENDANCE_CORRECT, institution_id=lesson.training_class.institution_id)
    if not why.strip():
        raise Refused(reason("why", _("Say why the record is wrong."), "N4.1"))
    mark = _locked(lesson, [enrolment_id]).get(enrolment_id)
    if mark is None:
        raise NotFound
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
    seen = queries.visible_to(by).values("pk")
    correction = (
        Correction.objects.select_for_update(of=("self",))
        .filter(pk=correction_id, state="asked", lesson__training_class__in=seen)
        .select_related("lesson__training_class")
        .first()
    )
    if correction is None:
        raise NotFound
    authorise(by, Permission.ATTENDANCE_APPROVE, region_code=correction.lesson.training_class.region_code)
    lesson = _decided(by, correction, grant, now, "attendance.correction-decided")
    if grant:
        mark = _locked(lesson, [correction.enrolment_id])[correction.enrolment_id]
        mark.presence, mark.minutes = correction.presence, correction.minutes
        mark.save(update_fields=["presence", "minutes"])
    return correction
