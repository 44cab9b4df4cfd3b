import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.timezone import localdate

from rollbook.accounts.rules import Permission, authorise
from rollbook.classes import queries as classes
from rollbook.directory import queries as directory
from rollbook.directory.rules import TermKey
from rollbook.evidence import actions as evidence
from rollbook.evidence.rules import Keep, months_later
from rollbook.evidence.rules import Kind as EvidenceKind
from rollbook.institutions import actions as institutions
from rollbook.institutions import queries as institution_queries
from rollbook.journal.actions import record
from rollbook.kernel.messages import _
from rollbook.kernel.reasons import Forbidden, NotFound, Refused, reason, refuse_if
from rollbook.regions import queries as regions
from rollbook.risk import actions as risk
from rollbook.subsidies import actions as subsidies
from rollbook.supervision import queries, rules
from rollbook.supervision.models import Inspection, Measure, PhoneCall, Task

if TYPE_CHECKING:
    from rollbook.accounts.models import Account
    from rollbook.classes.models import TrainingClass

S = rules.TaskState


def _note(kind: str, task: Task, *, by: "Account | None", at: datetime, **data: object) -> None:
    record(kind, task, by=by, at=at, region_code=task.region_code, institution_id=task.institution_id, **data)


@transaction.atomic
def plan_task(
    *, by: "Account", class_id: int, kind: str, first_id: int, second_id: int | None, due_on: date, now: datetime
) -> Task:
    """Plan an inspection of a class on site by two, or by phone of a sample (N4.1, N11.3; domain 2.6, 6.3)."""
    klass = classes.get(by, class_id)
    task = Task(training_class=klass, institution_id=klass.institution_id, region_code=klass.region_code)
    return _planned(task, klass, by=by, kind=kind, first_id=first_id, second_id=second_id, due_on=due_on, now=now)


@transaction.atomic
def plan_wanted(
    *, by: "Account", task_id: int, kind: str, first_id: int, second_id: int | None, due_on: date, now: datetime
) -> Task:
    """Name who makes an inspection that an alert asked for, how and until when."""
    task = queries.get(by, task_id, lock=True)
    if task.state != S.WANTED:
        raise Refused(reason("not-wanted", _("It is planned already.")))
    klass = classes.get(by, task.training_class_id)
    return _planned(task, klass, by=by, kind=kind, first_id=first_id, second_id=second_id, due_on=due_on, now=now)


def _planned(
    task: Task, klass: "TrainingClass", *, by: "Account", kind: str, first_id: int, second_id: int | None, due_on: date,
    now: datetime,
) -> Task:  # fmt: skip
    authorise(by, Permission.INSPECTION_PLAN, region_code=klass.region_code)
    if kind not in rules.Kind.values():
        raise Refused(reason("inspection-kind", _("Choose how the class is inspected.")))
    if klass.state not in ("running", "ended", "assessed") or (kind == rules.Kind.ON_SITE and klass.state != "running"):
        raise Refused(reason("not-running", _("The class is not in training."), "6.3"))
    if due_on < localdate(now):
        raise Refused(reason("day-past", _("This day is past.")))
    people = {one.pk: one.person_id for one in queries.inspectors(klass.region_code)}
    if kind == rules.Kind.ON_SITE:
        refuse_if(rules.reasons_against_pair(first_id, second_id, people))
    elif first_id not in people:
        raise Refused(reason("no-inspector", _("Choose inspectors of the region."), "6.3"))
    seed = secrets.token_hex(16) if kind == rules.Kind.PHONE else ""
    percent = classes.terms_of(klass, now)[TermKey.CALL_PERCENT]
    task.sample = rules.sample((one.pk for one in classes.roster(klass.pk)), percent, seed) if seed else []
    task.kind, task.seed, task.state, task.due_on = kind, seed, S.PLANNED, due_on
    task.first_id, task.second_id = first_id, second_id if kind == rules.Kind.ON_SITE else None
    task.planned_at, task.planned_by = now, by
    task.save()
    _note("inspection.planned", task, by=by, at=now, inspection=kind, due_on=str(due_on), seed=seed)
    return task


@transaction.atomic
def cancel_task(*, by: "Account", task_id: int, why: str, now: datetime) -> Task:
    task = queries.get(by, task_id, lock=True)
    authorise(by, Permission.INSPECTION_PLAN, region_code=task.region_code)
    if task.state not in (S.WANTED, S.PLANNED):
        raise Refused(reason("not-planned", _("It is recorded already.")))
    if not why.strip():
        raise Refused(reason("ground", _("Say on what ground.")))
    task.state = S.CANCELLED
    task.save(update_fields=["state"])
    _note("inspection.cancelled", task, by=by, at=now, why=why)
    return task


def _assigned(by: "Account", task: Task) -> None:
    """An inspection is made by whom it was given to, nobody else."""
    if by.pk not in (task.first_id, task.second_id):
        raise Forbidden(Permission.INSPECTION_DO)
    authorise(by, Permission.INSPECTION_DO, region_code=task.region_code)


@transaction.atomic
def record_inspection(
    *, by: "Account", task_id: int, event_id: UUID, lesson_id: int | None, arrived_at: datetime, left_at: datetime,
    present: Sequence[int], checklist: Mapping[str, Mapping[str, Any]], is_held: bool, qualified: bool, remark: str,
    now: datetime, photos: Sequence[bytes] = (),
) -> Inspection:  # fmt: skip
    """What was found on site, compared with what was filed; the other inspector signs. Sent twice is one (N4.1), and a
    picture that cannot be kept keeps nothing."""
    if known := queries.by_event(event_id):
        queries.get(by, known.task_id)  # not for others to learn of
        return known
    task = queries.get(by, task_id, lock=True)
    _assigned(by, task)
    if task.kind != rules.Kind.ON_SITE or task.state != S.PLANNED:
        raise Refused(reason("not-planned", _("It is recorded already.")))
    if not arrived_at <= left_at <= now:
        raise Refused(reason("inspection-times", _("Give when you came and left; neither lies ahead."), "6.3"))
    klass = classes.by_id(task.training_class_id)
    lesson = next((one for one in classes.lessons_of(klass.pk) if one.pk == lesson_id), None)
    if is_held and lesson is None:
        raise Refused(reason("which-lesson-seen", _("Say which lesson you saw."), "6.3"))
    roster = {one.pk for one in classes.roster(klass.pk)}
    there = sorted(set(present) & roster)
    failed = [item for item in rules.CHECKLIST if is_held and not checklist.get(item, {}).get("passed")]
    terms = classes.terms_of(klass, now)
    seen = rules.Seen(present=len(there), roster=len(roster), failed=failed, is_held=is_held)
    grounds = list(rules.reasons_unqualified(seen, terms[TermKey.DAY_ATTENDANCE_PERCENT]))
    if grounds and qualified:
        raise Refused(*grounds, reason("not-qualified", _("By this the class is unqualified; conclude so."), "2.5"))
    if not qualified and not grounds and not remark.strip():
        raise Refused(reason("describe", _("Describe what you saw."), "6.3"))
    try:
        with transaction.atomic():
            made = Inspection.objects.create(
                task=task, event_id=event_id, lesson=lesson, arrived_at=arrived_at, left_at=left_at, present=there,
                roster=len(roster), checklist={item: _item(checklist.get(item, {})) for item in rules.CHECKLIST},
                filed=queries.filed(lesson) if lesson else {}, is_held=is_held, qualified=qualified, grounds=[one.kept() for one in grounds],
                remark=remark.strip(), recorded_at=now, recorded_by=by,
                is_late=rules.is_late(left_at, now, terms[TermKey.RESULT_DAYS]),
            )  # fmt: skip
    except IntegrityError:
        raise Refused(reason("not-planned", _("It is recorded already."))) from None
    task.state = S.RECORDED
    task.save(update_fields=["state"])
    for content in photos:
        add_photo(by=by, inspection_id=made.pk, content=content, now=now)
    _note("inspection.recorded", task, by=by, at=now, qualified=qualified, present=len(there), roster=len(roster))
    return made


def _item(found: Mapping[str, Any]) -> dict[str, Any]:
    return {"passed": bool(found.get("passed")), "remark": str(found.get("remark", ""))[:200]}


@transaction.atomic
def sign_inspection(*, by: "Account", inspection_id: int, now: datetime) -> Inspection:
    """The other inspector signs: the result stands, and an unqualified class's claims are held (N4.1; domain 2.5)."""
    made = queries.inspection(by, inspection_id, lock=True)
    task = queries.get(by, made.task_id, lock=True)
    _assigned(by, task)
    if made.recorded_by_id == by.pk:
        raise Refused(reason("own-record", _("The other inspector signs what you recorded."), "6.3"))
    if made.signed_at is not None:
        raise Refused(reason("signed", _("It is signed already.")))
    made.signed_by, made.signed_at = by, now
    made.save(update_fields=["signed_by", "signed_at"])
    task.state = S.DONE
    task.save(update_fields=["state"])
    _note("inspection.signed", task, by=by, at=now, qualified=made.qualified)
    if not made.qualified:
        text = _("The inspection of {day} found the class unqualified.")
        ground = reason("unqualified", text, "2.5", day=localdate(made.left_at))
        subsidies.hold_class(
            by=by, class_id=task.training_class_id, ground=ground, source=f"supervision.Inspection:{made.pk}", now=now
        )
    return made


@transaction.atomic
def answer_inspection(*, by: "Account", inspection_id: int, agrees: bool, answer: str, now: datetime) -> Inspection:
    """The institution signs what was found, or says why it does not agree (domain 6.3)."""
    made = queries.inspection(by, inspection_id, lock=True)
    authorise(by, Permission.CLASS_APPLY, institution_id=made.task.institution_id)
    if made.answered_at is not None:
        raise Refused(reason("answered", _("The institution has answered already.")))
    if not agrees and not answer.strip():
        raise Refused(reason("why-not", _("Say why you do not agree."), "6.3"))
    made.answered_by, made.answered_at, made.agrees, made.answer = by, now, agrees, answer.strip()[:500]
    made.save(update_fields=["answered_by", "answered_at", "agrees", "answer"])
    _note("inspection.answered", made.task, by=by, at=now, granted=agrees, why=answer)
    return made


@transaction.atomic
def add_photo(*, by: "Account", inspection_id: int, content: bytes, now: datetime) -> None:
    """A photograph taken during the inspection, kept as evidence of the class."""
    made = queries.inspection(by, inspection_id)
    _assigned(by, made.task)
    klass = classes.by_id(made.task.training_class_id)
    whole = classes.place_of(klass, None, Keep.FILE, now)
    place = type(whole)(**{**asdict(whole), "subject": f"supervision.Inspection:{made.pk}", "keep": Keep.FILE})
    evidence.store(
        by=by,
        kind=EvidenceKind.PHOTO,
        content=content,
        place=place,
        title=f"{klass} · {localdate(made.left_at)}",
        now=now,
    )


@transaction.atomic
def record_call(
    *, by: "Account", task_id: int, enrolment_id: int, answer: str, remark: str, now: datetime
) -> PhoneCall:
    """What one of the drawn trainees answered; when all have been called the task is done (domain 2.6)."""
    task = queries.get(by, task_id, lock=True)
    _assigned(by, task)
    if enrolment_id not in task.sample:
        raise NotFound
    if answer not in rules.Answer.values():
        raise Refused(reason("no-answer", _("Say what was answered.")))
    if rules.Answer(answer) in rules.SUSPICIOUS and not remark.strip():
        raise Refused(reason("describe-call", _("Write down what was said."), "2.6"))
    if task.calls.filter(enrolment_id=enrolment_id).exists():
        raise Refused(reason("called", _("This call is written down already.")))
    made = PhoneCall.objects.create(
        task=task, enrolment_id=enrolment_id, answer=answer, remark=remark.strip()[:200], called_at=now, called_by=by
    )
    if heard := rules.HEARD.get(rules.Answer(answer)):
        risk.note_told(
            enrolment_id=enrolment_id, outcome=heard, paid_back=answer == rules.Answer.PAID_BACK,
            source=f"supervision.PhoneCall:{made.pk}", now=now,
        )  # fmt: skip
    if task.calls.count() == len(task.sample):
        task.state = S.DONE
        task.save(update_fields=["state"])
    _note("inspection.called", task, by=by, at=now, answer=answer, why=remark)
    return made


@transaction.atomic
def take_measure(
    *,
    by: "Account",
    institution_id: int,
    grade: str,
    trigger: str,
    ground: str,
    inspection_id: int | None,
    now: datetime,
) -> Measure:
    """A step of the ladder with its consequences: days to mend, months without new classes (N11.4; domain 6.1)."""
    one = institution_queries.get(by, institution_id, lock=True)
    authorise(by, Permission.MEASURE_TAKE, region_code=one.region_code)
    if grade not in rules.Grade.values() or trigger not in rules.TRIGGERS:
        raise Refused(reason("no-grade", _("Choose the measure and what it is for."), "6.1"))
    if not ground.strip():
        raise Refused(reason("ground", _("Say on what ground.")))
    today = localdate(now)
    terms = directory.terms_for(one.region_code, today)
    least, raised = rules.least_grade(trigger, queries.measures_this_year(one.pk, now), terms[TermKey.LADDER_REPEATS])
    refuse_if(rules.reasons_against_measure(rules.Grade(grade), least, raised))
    found = queries.inspection(by, inspection_id) if inspection_id else None
    months = {
        rules.Grade.LETTER: TermKey.LETTER_MONTHS, rules.Grade.NOTICE: TermKey.NOTICE_MONTHS,
        rules.Grade.ENDED: TermKey.ENDED_MONTHS,
    }  # fmt: skip
    if grade == rules.Grade.TALK:
        mend_by = regions.working_days().after(today, terms[TermKey.TALK_DAYS])
        ends_on = mend_by  # no subsidised classes while it mends (art. 24)
    else:
        mend_by = today + timedelta(terms[TermKey.MEND_DAYS])
        ends_on = months_later(today, terms[months[rules.Grade(grade)]])
    text = f"{rules.Grade(grade).label}: {ground.strip()}"
    restriction = institutions.restrict(by=by, institution_id=one.pk, ground=text[:200], ends_on=ends_on, now=now)
    made = Measure.objects.create(
        institution=one, region_code=one.region_code, grade=grade, trigger=trigger, ground=ground.strip()[:500],
        inspection=found, restriction=restriction, taken_at=now, taken_by=by, mend_by=mend_by,
    )  # fmt: skip
    if grade == rules.Grade.ENDED:
        institutions.remove_institution(by=by, institution_id=one.pk, why=text[:200], now=now)
    record("measure.taken", made, by=by, at=now, region_code=one.region_code, institution_id=one.pk, grade=grade,
           ground=ground, mend_by=str(mend_by), until=str(ends_on))  # fmt: skip
    return made


@transaction.atomic
def accept_mended(*, by: "Account", measure_id: int, now: datetime) -> Measure:
    """An officer has seen that what a measure was about is mended."""
    made = queries.measure(by, measure_id)
    authorise(by, Permission.MEASURE_TAKE, region_code=made.region_code)
    if made.mended_at is not None:
        raise Refused(reason("mended", _("It was accepted as mended already.")))
    made.mended_at, made.mended_by = now, by
    made.save(update_fields=["mended_at", "mended_by"])
    record("measure.mended", made, by=by, at=now, region_code=made.region_code, institution_id=made.institution_id)
    return made
