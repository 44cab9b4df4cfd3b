"""VI. Assessment, evaluation and certificates under statistical control (domain 5.2 D97-D112)."""

from collections.abc import Mapping

import ibis
from ibis import Table

from rollbook.kernel.messages import _
from rollbook.risk.detectors.shapes import Tables, counted, days, either, meets, percent
from rollbook.risk.rules import Excuse, Scheme, Severity, Subject, detector

E, S = Excuse, Subject
EXAM, CERTIFICATE = Scheme.EXAM, Scheme.CERTIFICATE
BLOCK, REVIEW, WARN = Severity.BLOCK, Severity.REVIEW, Severity.WARN
Limits = Mapping[str, int]


@detector(
    "D97",
    _("Equal wrong answers"),
    _("{same} of {wrong} wrong answers are the same as of another candidate in the room."),
    S.ENROLMENT,
    REVIEW,
    EXAM,
    clause="N6.2",
    excuses=(E.SAME_PLAN,),
    share=(80, 60, 100),
    count=(8, 4, 40),
    times=(4, 2, 10),
)
def equal_answers(t: Tables, p: Limits) -> Table:
    """Wrong and alike: beyond `share`, on at least `count` questions, and `times` as often as the room's habit.

    The habit: how often two of the room who both miss a question choose the same wrong answer, over all pairs of it.
    """
    a = t.answers
    a = a.filter(~a.is_right)
    b = a.view()
    same_question = [
        a.exam_id == b.exam_id,
        a.room_id == b.room_id,
        a.question == b.question,
        a.enrolment_id != b.enrolment_id,
    ]
    pairs = a.join(b, same_question).aggregate(
        by=[a.exam_id, a.room_id, a.enrolment_id, b.enrolment_id.name("other_enrolment_id")],
        wrong=a.question.count(),
        same=counted(a.choice == b.choice),
    )
    habit = pairs.aggregate(by=["exam_id", "room_id"], all_wrong=pairs.wrong.sum(), all_same=pairs.same.sum())
    found = pairs.join(habit, ["exam_id", "room_id"])
    rest_wrong, rest_same = found.all_wrong - 2 * found.wrong, found.all_same - 2 * found.same
    found = found.filter(
        found.wrong >= p["count"],
        percent(found.same, found.wrong) > p["share"],
        (rest_wrong == 0) | (found.same * rest_wrong > rest_same * found.wrong * p["times"] / 2),
    )
    return found.select(
        subject_id=found.enrolment_id, same=found.same, wrong=found.wrong, other_enrolment_id=found.other_enrolment_id
    )


@detector(
    "D98",
    _("Scores out of the ordinary"),
    _("{people} candidates: {what} ({value})."),
    S.CLASS,
    REVIEW,
    EXAM,
    clause="N6.2",
    excuses=(E.SMALL_CLASS,),
    people=(30, 10, 100),
    share=(50, 25, 100),
    other_share=(90, 60, 100),
    sigma=(3, 2, 6),
    count=(10, 5, 100),
)
def odd_scores(t: Tables, p: Limits) -> Table:
    """All pass; marks heap from 60 to 62 (`share`); one practice mark for nearly all (`other_share`); the class's mean
    lies `sigma` standard deviations from those of at least `count` classes of its occupation and level."""
    s = t.scores
    group = s.aggregate(
        by=["class_id", "occupation", "level"], people=s.person_id.nunique(), passed=counted(s.passed), marks=s.count(),
        heap=counted(s.theory.between(60, 62)), mean=s.theory.mean(),
    )  # fmt: skip
    large = group.filter(group.people >= p["people"])
    all_pass = large.filter(large.passed == large.marks)
    heaped = large.filter(percent(large.heap, large.marks) >= p["share"])
    equal = s.aggregate(by=["class_id", "practice"], alike=s.count()).join(large, "class_id")
    equal = equal.filter(percent(equal.alike, equal.marks) >= p["other_share"])
    peers = group.aggregate(
        by=["occupation", "level"],
        classes=group.count(),
        usual=group["mean"].mean(),
        spread=group["mean"].std(how="pop"),
    )
    far = large.join(peers, ["occupation", "level"])
    far = far.filter(far.classes >= p["count"], (far["mean"] - far.usual).abs() > far.spread * p["sigma"])

    def row(rows: Table, what: str, value: object) -> Table:
        return rows.select(
            subject_id=rows.class_id,
            people=rows.people,
            what=ibis.literal(what),
            value=value.cast("int64"),  # type: ignore[attr-defined]
        )

    return either(
        row(all_pass, "all-pass", percent(all_pass.passed, all_pass.marks)),
        row(heaped, "heap-at-60", percent(heaped.heap, heaped.marks)),
        row(equal, "equal-practice", equal.practice),
        row(far, "far-from-peers", far["mean"].floor()),
    )


@detector(
    "D99",
    _("Finished too fast"),
    _("{people} of {total} candidates finished within {share} % of the time."),
    S.CLASS,
    WARN,
    EXAM,
    clause="S66",
    share=(20, 5, 50),
    people=(3, 1, 30),
)
def finished_fast(t: Tables, p: Limits) -> Table:
    s, exam = t.scores, t.exams
    j = s.join(exam, "exam_id").select(s.class_id, s.person_id, took=s.minutes, given=exam.minutes)
    quick = counted((j.took * 100 < j.given * p["share"]).fill_null(False))
    group = j.aggregate(by="class_id", people=quick, total=j.person_id.nunique())
    found = group.filter(group.people >= p["people"])
    return found.select(
        subject_id=found.class_id, people=found.people, total=found.total, share=ibis.literal(p["share"], "int64")
    )


@detector(
    "D100",
    _("Scores changed after the lock"),
    _("{count} marks changed after the lock, {lifted} of them to a pass, {night} out of hours."),
    S.CLASS,
    REVIEW,
    EXAM,
    clause="N6.4",
    excuses=(E.CORRECTED,),
    count=(3, 1, 30),
    from_minute=(1200, 1020, 1440),
    until_minute=(420, 0, 540),
)
def scores_changed(t: Tables, p: Limits) -> Table:
    """Any lifted over 60 out of hours, or `count` of any kind."""
    k = t.score_changes
    lifted = (k.was < 60) & (k["now"] >= 60)
    night = (k.minute >= p["from_minute"]) | (k.minute < p["until_minute"])
    group = k.aggregate(
        by="class_id", count=k.count(), lifted=counted(lifted), night=counted(night), both=counted(lifted & night)
    )
    found = group.filter((group["count"] >= p["count"]) | (group.both > 0))
    return found.select(subject_id=found.class_id, count=found["count"], lifted=found.lifted, night=found.night)


@detector(
    "D101",
    _("Somebody else sat the exam"),
    _("The candidate at the door of the exam: {what}."),
    S.ENROLMENT,
    BLOCK,
    EXAM,
    clause="N7.4",
    excuses=(E.BAD_SIGNAL,),
    similarity=(60, 40, 90),
)
def substitute(t: Tables, p: Limits) -> Table:
    s = t.scores
    likeness = (s.photo_score * 100).floor().cast("int64")
    unlike, another = s.filter(likeness < p["similarity"]), s.filter(s.photo_word == "other")
    return either(
        unlike.select(subject_id=unlike.enrolment_id, day=unlike.day, what=ibis.literal("unlike"), likeness=likeness),
        another.select(
            subject_id=another.enrolment_id, day=another.day, what=ibis.literal("another"), likeness=likeness
        ),
    )


@detector(
    "D102",
    _("Exam while elsewhere"),
    _("Sat the exam on {day} and was then {place}."),
    S.ENROLMENT,
    REVIEW,
    EXAM,
    clause="N6.2",
    excuses=(E.RECORD, E.DAY_TRIP),
)
def exam_elsewhere(t: Tables, _p: Limits) -> Table:
    s, exam, r = t.scores, t.exams, t.presences

    def during(facts: Table, place: str) -> Table:
        j = s.join(
            facts,
            [s.person_id == facts.person_id, facts.from_on < s.day, facts.until_on.isnull() | (facts.until_on > s.day)],
        )
        return j.select(subject_id=s.enrolment_id, day=s.day, place=ibis.literal(place))

    d = t.deaths
    dead = s.join(d, [s.person_id == d.person_id, d.died_on < s.day])
    sat = s.join(exam, "exam_id").select(s.enrolment_id, s.person_id, s.class_id, s.day, exam.starts_at, exam.ends_at)
    in_class = sat.join(r, [sat.person_id == r.person_id, sat.day == r.day, sat.class_id != r.class_id, meets(sat, r)])
    return either(
        during(t.detentions, "detention"),
        during(t.travels, "abroad"),
        during(t.stays, "hospital"),
        dead.select(subject_id=s.enrolment_id, day=s.day, place=ibis.literal("dead")),
        in_class.select(subject_id=sat.enrolment_id, day=sat.day, place=ibis.literal("class")),
    )


@detector(
    "D103",
    _("Examiner in conflict"),
    _("An examiner on {day} {why}."),
    S.CLASS,
    REVIEW,
    EXAM,
    clause="N6.2",
    excuses=(E.CHANGE_FILED,),
    share=(100, 80, 100),
    count=(10, 5, 60),
)
def examiner_in_conflict(t: Tables, _p: Limits) -> Table:
    """Taught the class, is related to a candidate or owns a share of who trained it, or is on duty in two rooms."""
    staff, exam, lesson, kin, s, at, i = (
        t.exam_staff, t.exams, t.lessons, t.relatives, t.scores, t.positions, t.institutions
    )  # fmt: skip
    duty = staff.join(exam, "exam_id").select(
        staff.exam_id, staff.person_id, staff.day, staff.starts_at, staff.ends_at, exam.class_id, exam.room_id,
        exam.trainer_id,
    )  # fmt: skip
    other = duty.view()

    def row(rows: Table, why: str) -> Table:
        return rows.select(subject_id=rows.class_id, day=rows.day, person_id=rows.person_id, why=ibis.literal(why))

    taught = duty.semi_join(lesson, [duty.class_id == lesson.class_id, duty.person_id == lesson.person_id])
    candidates = s.select("exam_id", candidate_id=s.person_id)
    seen = duty.join(candidates, "exam_id").select("class_id", "day", "person_id", "candidate_id")
    family = seen.semi_join(kin, [seen.person_id == kin.person_id, seen.candidate_id == kin.other_person_id])
    behind = i.join(at, at.company == i.company).select(i.institution_id, at.person_id)
    owns = duty.semi_join(behind, [duty.trainer_id == behind.institution_id, duty.person_id == behind.person_id])
    two_rooms = duty.semi_join(
        other,
        [duty.person_id == other.person_id, duty.day == other.day, duty.room_id != other.room_id, meets(duty, other)],
    )
    return either(
        taught.select(
            subject_id=taught.class_id, day=taught.day, person_id=taught.person_id, why=ibis.literal("taught-it")
        ),
        row(family, "related"), row(owns, "owner"), row(two_rooms, "two-rooms"),
    )  # fmt: skip


@detector(
    "D104",
    _("Too few examiners"),
    _("On {day} {assessors} assessors and {invigilators} invigilators for {candidates} candidates."),
    S.CLASS,
    BLOCK,
    EXAM,
    clause="S64",
    excuses=(E.CHANGE_FILED,),
    count=(3, 2, 5),
    people=(15, 5, 30),
    other_count=(2, 1, 4),
)
def few_examiners(t: Tables, p: Limits) -> Table:
    """Practice: at least three and an odd number; theory: one for `people`, at least `other_count` a room."""
    x = t.exams
    practice = (x.kind == "practice") & ((x.assessors < p["count"]) | (x.assessors % 2 == 0))
    thin = (x.invigilators * p["people"] < x.candidates) | (x.invigilators < p["other_count"])
    found = x.filter(practice | ((x.kind == "theory") & thin))
    return found.select(
        subject_id=found.class_id, day=found.day, assessors=found.assessors, invigilators=found.invigilators,
        candidates=found.candidates,
    )  # fmt: skip


@detector(
    "D105",
    _("Paper used again or drawn early"),
    _("Paper of {day}, drawn on {drawn_on}, {used} times used in {days} days."),
    S.CLASS,
    REVIEW,
    EXAM,
    clause="S59",
    excuses=(E.SAME_PLAN,),
    days=(90, 30, 365),
    times=(2, 2, 10),
    count=(1, 0, 7),
)
def paper_again(t: Tables, p: Limits) -> Table:
    """Used on different days; or drawn more than `count` days before the exam."""
    x = t.exams
    x = x.filter(x.paper.notnull())
    o = x.view()
    uses = x.join(o, [x.paper == o.paper, days(x.day, o.day) >= 0, days(x.day, o.day) <= p["days"]]).aggregate(
        by=[x.class_id, x.day, x.paper_drawn_on], used=o.day.nunique()
    )
    early = (days(uses.day, uses.paper_drawn_on) > p["count"]).fill_null(False)
    found = uses.filter((uses.used >= p["times"]) | early)
    return found.select(
        subject_id=found.class_id, day=found.day, drawn_on=found.paper_drawn_on, used=found.used,
        days=ibis.literal(p["days"], "int64"),
    )  # fmt: skip


@detector(
    "D109",
    _("No evidence of the exam"),
    _("Of the exam on {day} there is no {what}."),
    S.CLASS,
    BLOCK,
    EXAM,
    clause="N6.2",
    excuses=(E.PROOF_MISSING,),
)
def no_evidence(t: Tables, _p: Limits) -> Table:
    x = t.exams

    def without(column: str) -> Table:
        rows = x.filter(~x[column])
        return rows.select(subject_id=rows.class_id, day=rows.day, what=ibis.literal(column.removeprefix("has_")))

    return either(without("has_video"), without("has_sign_in"), without("has_papers"))


DETECTORS = (
    equal_answers, odd_scores, finished_fast, scores_changed, substitute, exam_elsewhere, examiner_in_conflict, few_examiners, paper_again, no_evidence,
)  # fmt: skip
