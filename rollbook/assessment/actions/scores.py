from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from django.db import transaction

from rollbook.accounts.rules import Permission, authorise
from rollbook.assessment import files, queries, rules
from rollbook.assessment.models import Assessment, Score, ScoreChange
from rollbook.classes import actions as class_actions
from rollbook.classes import queries as classes
from rollbook.classes.rules.states import State
from rollbook.journal.actions import record
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import NotFound, Refused, reason, refuse_if
from rollbook.persons import queries as persons
from rollbook.persons import rules as person_rules
from rollbook.web.sheets import Column, Sheet, read, refuse_wrong

if TYPE_CHECKING:
    from rollbook.accounts.models import Account
    from rollbook.classes.models import TrainingClass


@dataclass(frozen=True, slots=True)
class Marks:
    """One trainee's marks out of 100; None where there is none yet."""

    theory: int | None
    practice: int | None
    is_absent: bool = False


def note(kind: str, klass: "TrainingClass", *, by: "Account", at: datetime, **data: object) -> None:
    record(kind, klass, by=by, at=at, region_code=klass.region_code, institution_id=klass.institution_id, **data)


def opened(by: "Account", class_id: int) -> tuple["TrainingClass", Assessment]:
    """The class, locked, with its assessment that is not locked yet."""
    klass = classes.get(by, class_id, lock=True)
    authorise(by, Permission.SCORE_ENTER, institution_id=klass.institution_id)
    if klass.state not in (State.RUNNING, State.ENDED):
        raise Refused(reason("not-to-assess", _("This class is not to be assessed now."), "N5.1"))
    assessment, _new = Assessment.objects.get_or_create(training_class=klass)
    if assessment.locked_at:
        raise Refused(reason("locked", _("The results are locked; ask for a change."), "N5.2"))
    return klass, assessment


@transaction.atomic
def plan_assessment(
    *, by: "Account", class_id: int, held_on: date, place: str, assessors: str, now: datetime
) -> Assessment:
    """When, where and by whom the class is assessed: not before its last lesson (N5.1)."""
    klass, assessment = opened(by, class_id)
    if klass.ends_on and held_on < klass.ends_on:
        raise Refused(
            reason("before-end", _("The training ends on {day}; assess it then or later."), "N5.1", day=klass.ends_on)
        )
    assessment.held_on, assessment.place, assessment.assessors = held_on, place, assessors
    assessment.save()
    note("assessment.planned", klass, by=by, at=now, held_on=str(held_on), place=place, assessors=assessors)
    return assessment


@transaction.atomic
def enter_scores(*, by: "Account", class_id: int, marks: Mapping[int, Marks], now: datetime) -> int:
    """Enter marks by enrolment, as many as there are; nothing is final before the lock."""
    klass, assessment = opened(by, class_id)
    roster = set(classes.roster(klass.pk).values_list("pk", flat=True))
    if set(marks) - roster:
        raise NotFound
    found: list[Message] = []
    for one in marks.values():
        found += rules.reasons_against_marks(one.theory, one.practice, one.is_absent)
    refuse_if(found)
    pass_mark = classes.terms_of(klass, now)["pass-mark"]
    for enrolment_id, one in marks.items():
        Score.objects.update_or_create(
            enrolment_id=enrolment_id,
            defaults={
                "assessment": assessment,
                "theory": one.theory,
                "practice": one.practice,
                "is_absent": one.is_absent,
                "result": rules.result(one.theory, one.practice, one.is_absent, pass_mark),
                "entered_at": now,
                "entered_by": by,
            },
        )
    note("assessment.scored", klass, by=by, at=now, people=len(marks))
    return len(marks)


def read_of_roster(columns: Sequence[Column], content: bytes, class_id: int) -> Sheet:
    """A file with a row for each trainee of a class: `enrolment` is who it is; who is not of the roster is marked."""
    sheet = read(content, columns, max_rows=1000)
    known = persons.found_by_numbers([row["number"] for row in sheet.rows if row["number"]])
    roster = {one.person_id: one for one in classes.roster(class_id)}
    seen = set()
    for row in sheet.rows:
        person = known.get(row["number"])
        row["enrolment"] = roster.get(person.pk) if person else None
        if row["number"] and row["enrolment"] is None:
            sheet.mark(row["row"], "身份证号", reason("not-on-roster", _("Nobody on the roster has this number.")))
        elif person and not person_rules.same_name(person.name, row["name"]):
            sheet.mark(row["row"], "姓名", reason("name-differs", _("The roster has another name for this number.")))
        if row["number"] in seen:
            sheet.mark(row["row"], "身份证号", reason("twice", _("This number stands in the file twice.")))
        seen.add(row["number"])
    return sheet


def preview_scores(*, by: "Account", class_id: int, content: bytes) -> Sheet:
    """Read a file of scores; every wrong cell is marked, and nothing is written."""
    sheet = read_of_roster(files.SCORES, content, classes.get(by, class_id).pk)
    for row in sheet.rows:
        row["is_absent"] = row["is_absent"] is True
        for name in ("theory", "practice"):
            row[name] = None if row[name] == "" else row[name]
        for wrong in rules.reasons_against_marks(row["theory"], row["practice"], row["is_absent"]):
            sheet.mark(row["row"], "缺考", wrong)
    return sheet


@transaction.atomic
def import_scores(*, by: "Account", class_id: int, content: bytes, now: datetime) -> int:
    sheet = preview_scores(by=by, class_id=class_id, content=content)
    refuse_wrong(sheet)
    marks = {row["enrolment"].pk: Marks(row["theory"], row["practice"], row["is_absent"]) for row in sheet.rows}
    return enter_scores(by=by, class_id=class_id, marks=marks, now=now)


@transaction.atomic
def lock_scores(*, by: "Account", class_id: int, now: datetime) -> Assessment:
    """Close the results; from now on they change only by a granted request (N5.2)."""
    klass, assessment = opened(by, class_id)
    roster = classes.roster(klass.pk)
    done = Score.objects.filter(enrolment__in=roster).exclude(result=rules.Result.PENDING).count()
    refuse_if(
        rules.reasons_against_lock(
            trainees=roster.count(),
            pending=roster.count() - done,
            held=assessment.held_on is not None and bool(assessment.assessors.strip()),
            class_ended=klass.state == State.ENDED,
            make_ups=classes.make_ups_open(klass.pk),
            sittings=queries.sittings_to_come(assessment.pk, now),
        )
    )
    assessment.locked_at, assessment.locked_by = now, by
    assessment.save()
    class_actions.mark_assessed(class_id=klass.pk)
    note("assessment.locked", klass, by=by, at=now, people=done)
    return assessment


@transaction.atomic
def ask_score_change(
    *, by: "Account", enrolment_id: int, theory: int | None, practice: int | None, why: str, now: datetime
) -> ScoreChange:
    """Ask to change a locked score, with the reason (N5.2)."""
    enrolment = classes.enrolment(by, enrolment_id)
    klass = enrolment.training_class
    authorise(by, Permission.SCORE_ENTER, institution_id=klass.institution_id)
    score = Score.objects.filter(enrolment=enrolment, assessment__locked_at__isnull=False).first()
    if score is None:
        raise Refused(reason("not-locked", _("The results are not locked; simply enter the score.")))
    found = list(rules.reasons_against_marks(theory, practice, False))
    if not why.strip():
        found.append(reason("why", _("Say why the score is wrong."), "N5.2"))
    refuse_if(found)
    change = ScoreChange.objects.create(
        score=score,
        theory=theory,
        practice=practice,
        was={"theory": score.theory, "practice": score.practice, "result": score.result},
        reason=why,
        asked_by=by,
        asked_at=now,
    )
    note(
        "assessment.change-asked",
        klass,
        by=by,
        at=now,
        name=enrolment.person.name,
        why=why,
        theory=theory,
        practice=practice,
    )
    return change


@transaction.atomic
def decide_score_change(*, by: "Account", change_id: int, grant: bool, now: datetime) -> ScoreChange:
    """The county grants or refuses; never who asked. A certificate already issued stays until revoked."""
    change = queries.changes_asked(by).select_for_update(of=("self",)).filter(pk=change_id).first()
    if change is None:
        raise NotFound
    klass = change.score.assessment.training_class
    authorise(by, Permission.SCORE_CHANGE_APPROVE, region_code=klass.region_code)
    if change.asked_by_id == by.pk:
        raise Refused(reason("same-person", _("Another person than who asked must decide."), "N14.1"))
    change.state = rules.ChangeState.GRANTED if grant else rules.ChangeState.REFUSED
    change.decided_by, change.decided_at = by, now
    change.save()
    if grant:
        score = change.score
        score.theory, score.practice, score.is_absent = change.theory, change.practice, False
        pass_mark = classes.terms_of(klass, now)["pass-mark"]
        score.result = rules.result(score.theory, score.practice, False, pass_mark)
        score.save()
    note("assessment.change-decided", klass, by=by, at=now, granted=grant, was=change.was)
    return change
