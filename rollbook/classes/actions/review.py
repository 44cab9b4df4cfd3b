from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import IntegrityError, connection, transaction
from django.db.models import Model, QuerySet
from django.utils.timezone import localdate

from rollbook.accounts.rules import Permission, authorise
from rollbook.classes import queries
from rollbook.classes.actions.application import free_places, note
from rollbook.classes.actions.doubts import go_on
from rollbook.classes.models import Lesson, LevelReservation, PlanChange, Review, TrainingClass
from rollbook.classes.rules import states
from rollbook.institutions import queries as institutions
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import NotFound, Refused, reason, refuse_if
from rollbook.persons import queries as persons

if TYPE_CHECKING:
    from rollbook.accounts.models import Account
    from rollbook.classes.models import Enrolment

State, Move = states.State, states.Move
T = TypeVar("T", bound=Model)
# What a granted change of one lesson may not bring about.
ABOUT_LESSONS = frozenset({"lesson-outside", "long-day", "too-few-seats", "teacher-unqualified", "trainee-taken"})
# What an officer may tick when an application is returned or refused; the sentence is kept.
RETURN_REASONS: dict[str, str] = {
    "plan": _("The teaching plan does not fit the project"),
    "teachers": _("The teachers do not fit the plan"),
    "roster": _("The roster has persons who are not eligible"),
    "place": _("The place is not as filed"),
    "papers": _("Papers are missing"),
}


@transaction.atomic
def review_class(
    *,
    by: "Account",
    class_id: int,
    move: str,
    now: datetime,
    ticked: Sequence[str] = (),
    remark: str = "",
    despite: str = "",
) -> TrainingClass:
    """Approve, return or refuse an application; the second officer's word where the region asks for it.

    An approval runs every check again, under a lock on each person (N4.1, N12.3, N14.1). While an alert about the class or
    its people is not decided, it wants a reason, `despite`.
    """
    klass = queries.get(by, class_id, lock=True)
    is_second = klass.state == State.REVIEWED
    authorise(
        by, Permission.CLASS_SECOND_REVIEW if is_second else Permission.CLASS_REVIEW, region_code=klass.region_code
    )
    stops, warnings = queries.findings(klass, now)
    terms = queries.terms_of(klass, now)
    if move not in (Move.APPROVE, Move.RETURN, Move.REFUSE):
        raise Refused(reason("bad-move", _("Approve, return or refuse.")))
    wanted = Move(move)
    if wanted == Move.APPROVE and not is_second and terms["second-review"]:
        wanted = Move.PASS_ON
    if wanted in (Move.RETURN, Move.REFUSE) and not ticked and not remark.strip():
        raise Refused(reason("no-reasons", _("Tick or write at least one reason."), "N4.1"))
    if is_second and klass.reviewed_by_id == by.pk:
        raise Refused(reason("same-officer", _("The second officer must be another than the first."), "N14.1"))
    state = states.LIFECYCLE.after(State(klass.state), wanted)
    _write_review(klass, "second" if is_second else "first", wanted, by, now, ticked, remark, [*stops, *warnings])
    if wanted in (Move.PASS_ON, Move.APPROVE):
        go_on(by=by, class_id=klass.pk, despite=despite, step=wanted, region_code=klass.region_code, now=now)
    match wanted:
        case Move.PASS_ON:
            refuse_if(stops)
            klass.reviewed_by = by
        case Move.APPROVE:
            _approve(klass, by, now)
        case Move.RETURN:
            free_places(klass, now)
            klass.reviewed_by = klass.submitted_at = klass.decide_by = None  # days ahead count anew
        case Move.REFUSE:
            free_places(klass, now)
            klass.decided_by, klass.decided_at = by, now
    klass.state = state
    klass.save()
    kinds = {Move.PASS_ON: "passed-on", Move.APPROVE: "approved", Move.RETURN: "returned", Move.REFUSE: "refused"}
    note(f"class.{kinds[wanted]}", klass, by=by, at=now, ticked=list(ticked), remark=remark, number=klass.number)
    return klass


def _write_review(
    klass: TrainingClass, stage: str, move: states.Move, by: "Account | None", now: datetime,
    ticked: Sequence[str], remark: str, findings: Sequence[Message],
) -> None:  # fmt: skip
    Review.objects.create(
        training_class=klass,
        stage=stage,
        move=move,
        by=by,
        at=now,
        reasons=list(ticked),
        remark=remark,
        findings=[one.kept() for one in findings],
    )


def _approve(klass: TrainingClass, by: "Account | None", now: datetime) -> None:
    """Check all again with everybody locked, reserve each person's level, give the number."""
    people = list(queries.roster(klass.pk).values_list("person_id", flat=True))
    institutions.lock(klass.institution_id)
    persons.lock_all(people)
    stops, _warnings = queries.findings(klass, now)
    refuse_if(stops)
    reserve(klass, now)
    klass.number = _next_number(klass, localdate(now))
    klass.decided_by, klass.decided_at = by, now


def reserve(klass: TrainingClass, now: datetime) -> None:
    """Reserve the level for everyone on the roster who has no reservation yet (N12.3).

    The unique index refuses what two counties do at once; this explains it.
    """
    assert klass.occupation is not None  # noqa: S101 the checks asked for a project
    people = queries.roster(klass.pk).exclude(reservations__released_at=None, reservations__isnull=False)
    rows = [
        LevelReservation(
            person_id=one.person_id,
            occupation_identity=klass.occupation.identity,
            level=klass.level,
            enrolment=one,
            reserved_at=now,
        )
        for one in people
    ]
    try:
        with transaction.atomic():
            LevelReservation.objects.bulk_create(rows)
    except IntegrityError as error:
        text = _("A person of the roster was approved for the same occupation and level elsewhere a moment ago.")
        raise Refused(reason("level-had-meanwhile", text, "N12.3")) from error


def _next_number(klass: TrainingClass, today: date) -> str:
    """The county's filing number: without gaps, since the last one's row is locked while it is taken."""
    start = f"KB{klass.region_code}{today.year}"
    _county_lock(klass.region_code)
    latest = TrainingClass.objects.filter(number__startswith=start).order_by("-number").first()
    serial = int((latest.number or "")[-5:]) + 1 if latest else 1
    return f"{start}{serial:05}"


def _county_lock(region_code: str) -> None:
    """One approval of a county at a time, so that numbers follow each other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(7302, %s)", [int(region_code)])


@transaction.atomic
def approve_by_silence(*, class_id: int, now: datetime) -> bool:
    """What happens when the county's limit has passed (domain 2.2, 7): consent, marked as such.

    A class that any check stops, or about which an alert is not decided, is not deemed approved: it stays in the queue.
    """
    klass = TrainingClass.objects.select_for_update(of=("self",)).select_related("institution", "occupation", "item")
    one = klass.get(pk=class_id)
    overdue = one.state in (State.SUBMITTED, State.REVIEWED) and one.decide_by and one.decide_by < localdate(now)
    if not overdue or not queries.terms_of(one, now)["deemed-approval"]:
        return False
    stops, warnings = queries.findings(one, now)
    if stops or queries.doubts_on(one.pk):
        return False
    try:
        with transaction.atomic():
            _approve(one, None, now)
    except Refused:
        return False
    one.state, one.is_deemed = State.APPROVED, True
    one.save()
    _write_review(one, "deemed", Move.APPROVE, None, now, (), "", warnings)
    note("class.deemed-approved", one, by=None, at=now, number=one.number, limit=str(one.decide_by))
    return True


@transaction.atomic
def start_class(*, by: "Account | None", class_id: int, now: datetime) -> TrainingClass:
    """The first day has come: attendance counts from now on."""
    klass = _for_move(by, class_id)
    klass.state = states.LIFECYCLE.after(State(klass.state), Move.START)
    if klass.starts_on and localdate(now) < klass.starts_on:
        raise Refused(reason("too-early", _("The class starts on {day}."), "N4.1", day=klass.starts_on))
    klass.started_at = now
    klass.save(update_fields=["state", "started_at"])
    note("class.started", klass, by=by, at=now)
    return klass


@transaction.atomic
def end_class(*, by: "Account | None", class_id: int, now: datetime) -> TrainingClass:
    """The last lesson is over: the class may be assessed."""
    klass = _for_move(by, class_id)
    klass.state = states.LIFECYCLE.after(State(klass.state), Move.END)
    last = klass.lessons.filter(is_make_up=False).order_by("-ends_at").first()
    if last and now < last.ends_at:
        raise Refused(reason("lessons-to-come", _("The last lesson ends at {moment}."), "N4.1", moment=last.ends_at))
    klass.ended_at = now
    klass.save(update_fields=["state", "ended_at"])
    note("class.ended", klass, by=by, at=now)
    return klass


def _for_move(by: "Account | None", class_id: int) -> TrainingClass:
    """The class locked: for its institution's manager, or for the system at its time."""
    if by is None:
        return TrainingClass.objects.select_for_update().get(pk=class_id)
    klass = queries.get(by, class_id, lock=True)
    authorise(by, Permission.CLASS_APPLY, institution_id=klass.institution_id)
    return klass


@transaction.atomic
def freeze_roster(*, class_id: int, now: datetime) -> bool:
    """Close the roster so many days after the start as the region says."""
    klass = TrainingClass.objects.select_for_update().get(pk=class_id)
    if klass.roster_frozen_at or klass.state != State.RUNNING or klass.starts_on is None:
        return False
    days = queries.terms_of(klass, now)["roster-days"]
    if localdate(now) <= klass.starts_on + timedelta(days):
        return False
    klass.roster_frozen_at = now
    klass.save(update_fields=["roster_frozen_at"])
    note("class.roster-frozen", klass, by=None, at=now)
    return True


def mark_assessed(*, class_id: int) -> TrainingClass:
    """The results are locked: called by the deed that locks them, in its transaction."""
    klass = TrainingClass.objects.select_for_update().get(pk=class_id)
    klass.state = states.LIFECYCLE.after(State(klass.state), Move.ASSESS)
    klass.save(update_fields=["state"])
    return klass


def hold_reservation(*, enrolment: "Enrolment", now: datetime) -> None:
    """Hold the level for a trainee who claims: kept since the approval, or taken anew where it was released."""
    if enrolment.reservations.filter(released_at=None).exists():
        return
    klass = queries.by_id(enrolment.training_class_id)
    assert klass.occupation is not None  # noqa: S101 an approved class has its project
    try:
        with transaction.atomic():
            LevelReservation.objects.create(
                person_id=enrolment.person_id,
                occupation_identity=klass.occupation.identity,
                level=klass.level,
                enrolment=enrolment,
                reserved_at=now,
            )
    except IntegrityError as error:
        text = _("The person is being trained in this occupation at this or a higher level elsewhere.")
        raise Refused(reason("level-had-meanwhile", text, "N12.3")) from error


def confirm_reservation(*, enrolment_id: int, now: datetime) -> None:
    """The subsidy was paid: from now on the level has been had."""
    LevelReservation.objects.filter(enrolment_id=enrolment_id, released_at=None).update(confirmed_at=now)


def release_reservation(*, enrolment_id: int, now: datetime, is_recovered: bool = False) -> None:
    """The person was not paid after all: the level may be trained at public cost again.

    What was paid is given free only where the money came back.
    """
    found = LevelReservation.objects.filter(enrolment_id=enrolment_id, released_at=None)
    if not is_recovered:
        found = found.filter(confirmed_at=None)
    found.update(released_at=now)


@transaction.atomic
def ask_plan_change(
    *, by: "Account", lesson_id: int, starts_at: datetime | None, room_id: int | None, teacher_id: int | None,
    why: str, now: datetime,
) -> PlanChange:  # fmt: skip
    """Ask for another time, room or teacher before the lesson begins (domain 2.2, 10)."""
    lesson = queries.lesson(by, lesson_id, lock=True)
    klass = lesson.training_class
    authorise(by, Permission.CLASS_APPLY, institution_id=klass.institution_id)
    refuse_if(_reasons_against_change(klass, lesson, starts_at, why, now))
    if room_id and not institutions.rooms_of(klass.institution_id).filter(pk=room_id).exists():
        raise NotFound
    if teacher_id and not institutions.teachers_of(klass.institution_id).filter(pk=teacher_id).exists():
        raise NotFound
    proposed = {"starts_at": starts_at and starts_at.isoformat(), "room_id": room_id, "teacher_id": teacher_id}
    proposed = {name: value for name, value in proposed.items() if value}
    if not proposed:
        raise Refused(reason("no-change", _("Change the time, the room or the teacher.")))
    change = PlanChange.objects.create(
        training_class=klass, lesson=lesson, proposed=proposed, reason=why, asked_by=by, asked_at=now
    )
    note("class.change-asked", klass, by=by, at=now, lesson=lesson.subject, why=why, **proposed)
    return change


def _reasons_against_change(
    klass: TrainingClass, lesson: Lesson, starts_at: datetime | None, why: str, now: datetime
) -> list[Message]:
    found = []
    if klass.state not in (State.APPROVED, State.RUNNING):
        found.append(
            reason("not-approved", _("Only the plan of an approved class needs to be asked to change."), "N4.1")
        )
    if lesson.is_make_up:
        found.append(reason("make-up-fixed", _("Cancel the make-up lesson and plan it anew."), "N4.1"))
    if now >= lesson.starts_at:
        found.append(reason("too-late-to-change", _("A change is asked for before the lesson, not after it."), "N4.1"))
    if starts_at is not None and starts_at <= now:
        found.append(reason("past", _("The new time has passed already."), "N4.1"))
    if not why.strip():
        found.append(reason("why", _("Say why the plan has to change."), "N4.1"))
    return found


@transaction.atomic
def decide_plan_change(*, by: "Account", change_id: int, grant: bool, remark: str, now: datetime) -> PlanChange:
    """The county grants or refuses; what is granted is checked by the database once more."""
    seen = queries.visible_to(by).values("pk")
    found = PlanChange.objects.select_for_update(of=("self",)).filter(
        pk=change_id, training_class__in=seen, state="asked"
    )
    change = found.select_related("training_class", "lesson").first()
    if change is None:
        raise NotFound
    klass, lesson = change.training_class, change.lesson
    authorise(by, Permission.CLASS_REVIEW, region_code=klass.region_code)
    change.state = states.AskState.GRANTED if grant else states.AskState.REFUSED
    change.decided_by, change.decided_at, change.remark = by, now, remark
    if grant:
        if now >= lesson.starts_at:
            raise Refused(
                reason("too-late-to-change", _("A change is asked for before the lesson, not after it."), "N4.1")
            )
        _apply(lesson, change.proposed)
        if lesson.starts_at <= now:
            raise Refused(reason("past", _("The new time has passed already."), "N4.1"))
        stops, _warnings = queries.findings(klass, now)
        refuse_if(one for one in stops if one.code in ABOUT_LESSONS)
    change.save()
    note("class.change-decided", klass, by=by, at=now, granted=grant, remark=remark)
    return change


def _still(found: "QuerySet[T]", pk: int) -> T:
    """What was asked for, if it is still filed when the county decides."""
    one = found.filter(pk=pk).first()
    if one is None:
        raise NotFound
    return one


def _apply(lesson: Lesson, proposed: dict[str, Any]) -> None:
    if "starts_at" in proposed:
        length = lesson.ends_at - lesson.starts_at
        lesson.starts_at = datetime.fromisoformat(proposed["starts_at"])
        lesson.ends_at = lesson.starts_at + length
    institution_id = lesson.training_class.institution_id
    if "room_id" in proposed:
        lesson.room = _still(institutions.rooms_of(institution_id), proposed["room_id"])
    if "teacher_id" in proposed:
        lesson.teacher = _still(institutions.teachers_of(institution_id), proposed["teacher_id"])
        lesson.teacher_person_id = lesson.teacher.person_id
    try:
        with transaction.atomic():
            lesson.save()
    except IntegrityError as error:
        raise Refused(reason("taken", _("The room or the teacher is taken at that time."), "N4.2")) from error
