"""III. Attendance that may not have happened (domain 5.2 D39-D56)."""

from collections.abc import Mapping

import ibis
from ibis import Table

from rollbook.kernel.messages import _
from rollbook.risk.detectors.shapes import Tables, came, counted, either, meets, percent, rosters, seconds
from rollbook.risk.rules import Excuse, Scheme, Severity, Subject, detector

E, S = Excuse, Subject
ATTENDANCE = Scheme.ATTENDANCE
BLOCK, REVIEW, WARN = Severity.BLOCK, Severity.REVIEW, Severity.WARN
Limits = Mapping[str, int]


@detector(
    "D39",
    _("Outside the fence"),
    _("{count} check-ins of the class lie outside the fence, the farthest by {metres} m."),
    S.CLASS,
    REVIEW,
    ATTENDANCE,
    excuses=(E.BAD_SIGNAL,),
    count=(3, 1, 50),
    metres=(100, 50, 1000),
)
def outside_fence(t: Tables, p: Limits) -> Table:
    """`metres`: a position less exact than this is no position."""
    c = t.check_ins
    wrong = c.filter((c.outside_m > c.accuracy_m.fill_null(0)) | (c.accuracy_m > p["metres"]))
    found = wrong.aggregate(
        by="class_id",
        count=wrong.count(),
        metres=wrong.outside_m.max().floor().cast("int64"),
        people=wrong.person_id.nunique(),
    )
    found = found.filter(found["count"] >= p["count"])
    return found.select(subject_id=found.class_id, count=found["count"], metres=found.metres, people=found.people)


@detector(
    "D40",
    _("Impossible travel or made-up position"),
    _("On {day} {metres} m in {seconds} seconds between two check-ins, or a made-up position."),
    S.ENROLMENT,
    REVIEW,
    ATTENDANCE,
    excuses=(E.BAD_SIGNAL,),
    speed=(120, 60, 400),
    metres=(1000, 200, 5000),
)
def impossible_travel(t: Tables, p: Limits) -> Table:
    """Also of events that do not count: where a position is asked for, a made-up one is among those alone."""
    names = ("check_in_id", "enrolment_id", "person_id", "day", "happened_at", "is_mock", "longitude", "latitude")
    c = t.check_ins.select(names).union(t.set_aside.select(names))
    faked = c.filter(c.is_mock)
    made_up = faked.select(
        subject_id=faked.enrolment_id, day=faked.day, metres=ibis.literal(0, "int64"), seconds=ibis.literal(0, "int64")
    )
    placed = c.filter(c.longitude.notnull(), c.latitude.notnull())
    window = ibis.window(group_by=placed.person_id, order_by=[placed.happened_at, placed.check_in_id])
    steps = placed.mutate(
        from_at=placed.happened_at.lag().over(window),
        from_longitude=placed.longitude.lag().over(window),
        from_latitude=placed.latitude.lag().over(window),
    )
    steps = steps.filter(steps.from_at.notnull())
    rad = 0.017453292519943295
    east = (steps.longitude - steps.from_longitude) * rad * (steps.latitude * rad).cos()
    north = (steps.latitude - steps.from_latitude) * rad
    far = (east * east + north * north).sqrt() * 6371000
    took = seconds(steps.happened_at, steps.from_at)
    jump = steps.filter(far > p["metres"], far * 3600 > took * p["speed"] * 1000)
    jumps = jump.select(
        subject_id=jump.enrolment_id, day=jump.day, metres=far.floor().cast("int64"), seconds=took.cast("int64")
    )
    return either(made_up, jumps)


@detector(
    "D41",
    _("Check-ins too regular"),
    _("On {day} one device sent {people} people's check-ins, {seconds} s or less apart."),
    S.CLASS,
    REVIEW,
    ATTENDANCE,
    clause="N7.4",
    excuses=(E.OFFLINE,),
    seconds=(3, 1, 10),
    people=(5, 3, 30),
)
def too_regular(t: Tables, p: Limits) -> Table:
    """One after another without anyone walking up: a list is being tapped. Kiosks have a queue, so they are left out."""
    c = t.check_ins
    c = c.filter(c.device.notnull(), c.device != "", ~c.is_kiosk.fill_null(False), ~c.by_hand.fill_null(False))
    window = ibis.window(group_by=[c.device, c.lesson_id, c.direction], order_by=[c.happened_at, c.check_in_id])
    steps = c.mutate(gap=seconds(c.happened_at, c.happened_at.lag().over(window)), other=c.person_id.lag().over(window))
    close = steps.filter(steps.gap <= p["seconds"], steps.other != steps.person_id)
    found = close.aggregate(by=["class_id", "lesson_id", "day", "device"], people=close.person_id.nunique() + 1)
    found = found.filter(found.people >= p["people"])
    return found.select(
        subject_id=found.class_id,
        day=found.day,
        people=found.people,
        seconds=ibis.literal(p["seconds"], "int64"),
        device=found.device,
    )


@detector(
    "D42",
    _("Whole class within minutes, at the end"),
    _("On {day} all {people} checked in within {seconds} s near the lesson's end."),
    S.CLASS,
    WARN,
    ATTENDANCE,
    excuses=(E.OFFLINE, E.BAD_SIGNAL),
    seconds=(120, 30, 600),
    people=(10, 5, 50),
    share=(90, 50, 100),
    minutes=(20, 5, 60),
)
def all_at_the_end(t: Tables, p: Limits) -> Table:
    c, lesson = t.check_ins, t.lessons
    c = c.filter(c.direction == "in")
    group = c.aggregate(
        by=["lesson_id", "class_id", "day"],
        people=c.person_id.nunique(),
        first=c.happened_at.min(),
        last=c.happened_at.max(),
    )
    group = group.filter(group.people >= p["people"], seconds(group["last"], group["first"]) <= p["seconds"])
    late = group.join(lesson, "lesson_id").select(
        group.class_id, group.day, group.people, took=seconds(group["last"], group["first"]),
        left=seconds(lesson.ends_at, group["first"]),
    )  # fmt: skip
    found = late.join(rosters(t.enrolments), "class_id")
    found = found.filter(found.left <= p["minutes"] * 60, percent(found.people, found.roster) >= p["share"])
    return found.select(subject_id=found.class_id, day=found.day, people=found.people, seconds=found.took)


@detector(
    "D43",
    _("Nobody ever missing"),
    _("All {people} people present in every one of {days} days."),
    S.CLASS,
    WARN,
    ATTENDANCE,
    excuses=(E.SMALL_CLASS,),
    days=(10, 5, 60),
    people=(20, 10, 60),
)
def nobody_missing(t: Tables, p: Limits) -> Table:
    r = t.presences
    group = r.aggregate(
        by="class_id", days=r.day.nunique(), people=r.person_id.nunique(), missing=counted(r.presence != "present")
    )
    found = group.filter(group.days >= p["days"], group.people >= p["people"], group.missing == 0)
    return found.select(subject_id=found.class_id, people=found.people, days=found.days)


@detector(
    "D44",
    _("A day with too few"),
    _("On {day} {people} of {roster} came: {share} %."),
    S.CLASS,
    BLOCK,
    ATTENDANCE,
    clause="S4",
    excuses=(E.CORRECTED, E.CHANGE_FILED),
    share=(80, 50, 100),
)
def thin_day(t: Tables, p: Limits) -> Table:
    """A class is unqualified when on any day fewer than this came; only days whose attendance is closed have rows."""
    r = t.presences
    day = r.aggregate(
        by=["class_id", "day"],
        roster=r.person_id.nunique(),
        people=r.person_id.nunique(where=r.presence.isin(["present", "late"])),
    )
    share = percent(day.people, day.roster)
    return day.filter(share < p["share"]).select(
        subject_id=day.class_id, day=day.day, people=day.people, roster=day.roster, share=share
    )


@detector(
    "D45",
    _("Attended too little"),
    _("Attended {minutes} of {lesson_minutes} minutes: {share} %."),
    S.ENROLMENT,
    BLOCK,
    ATTENDANCE,
    clause="S4",
    excuses=(E.CORRECTED,),
    share=(80, 50, 100),
)
def attended_little(t: Tables, p: Limits) -> Table:
    """Of a class that has ended, and only of those for whom a subsidy was claimed."""
    r, c, claim = t.presences, t.classes, t.claims
    ended = c.filter(c.ended_on.notnull())
    mine = r.semi_join(ended, "class_id").semi_join(claim, "enrolment_id")
    total = mine.aggregate(by="enrolment_id", minutes=mine.minutes.sum(), lesson_minutes=mine.lesson_minutes.sum())
    share = percent(total.minutes, total.lesson_minutes)
    return total.filter(share < p["share"]).select(
        subject_id=total.enrolment_id, minutes=total.minutes, lesson_minutes=total.lesson_minutes, share=share
    )


@detector(
    "D46",
    _("Checked in outside the lesson"),
    _("{count} check-ins far before or after the lesson or at night."),
    S.ENROLMENT,
    WARN,
    ATTENDANCE,
    excuses=(E.CHANGE_FILED, E.OFFLINE),
    minutes=(30, 10, 120),
    count=(2, 1, 20),
    from_minute=(1380, 1200, 1440),
    until_minute=(300, 0, 420),
)
def outside_lesson(t: Tables, p: Limits) -> Table:
    c, lesson = t.check_ins, t.lessons
    c = c.filter(~c.by_hand.fill_null(False))
    j = c.join(lesson, "lesson_id").select(
        c.enrolment_id,
        c.minute,
        early=seconds(lesson.starts_at, c.happened_at),
        late=seconds(c.happened_at, lesson.ends_at),
    )
    far = p["minutes"] * 60
    night = (j.minute >= p["from_minute"]) | (j.minute < p["until_minute"])
    wrong = j.filter((j.early > far) | (j.late > far) | night)
    found = wrong.aggregate(by="enrolment_id", count=wrong.count())
    found = found.filter(found["count"] >= p["count"])
    return found.select(subject_id=found.enrolment_id, count=found["count"])


@detector(
    "D47",
    _("In without out"),
    _("{count} lessons count without a check-out, or for less than {share} % of their time."),
    S.ENROLMENT,
    REVIEW,
    ATTENDANCE,
    excuses=(E.BAD_SIGNAL, E.CORRECTED),
    share=(50, 20, 90),
    count=(3, 1, 20),
)
def in_without_out(t: Tables, p: Limits) -> Table:
    r = came(t.presences)
    wrong = r.filter(r.ends_at.isnull() | (percent(r.minutes, r.lesson_minutes) < p["share"]))
    found = wrong.aggregate(by="enrolment_id", count=wrong.count())
    found = found.filter(found["count"] >= p["count"])
    return found.select(subject_id=found.enrolment_id, count=found["count"], share=ibis.literal(p["share"], "int64"))


@detector(
    "D48",
    _("Provably elsewhere"),
    _("On {day} present here and at the same time elsewhere: {place}."),
    S.ENROLMENT,
    REVIEW,
    ATTENDANCE,
    excuses=(E.RECORD, E.CHANGE_FILED),
)
def elsewhere(t: Tables, _p: Limits) -> Table:
    """In another class, at an exam, on a train. Who has one class only cannot be in two: those go first."""
    r, seen, score, exam = came(t.presences), t.sightings, t.scores, t.exams
    several = r.semi_join(crowd_of_several(t.enrolments), "person_id")
    mine, o = several.view(), several.view()
    twice = mine.join(
        o,
        [
            mine.person_id == o.person_id,
            mine.class_id != o.class_id,
            mine.day == o.day,
            meets(mine, o),
        ],
    )
    sighted = r.join(
        seen,
        [
            r.person_id == seen.person_id,
            r.day == seen.day,
            seen.at > r.starts_at,
            seen.at < r.ends_at,
            seen.class_id.isnull() | (seen.class_id != r.class_id),
        ],
    )
    sat = score.join(exam, "exam_id").select(score.person_id, score.class_id, exam.day, exam.starts_at, exam.ends_at)
    examined = r.join(sat, [r.person_id == sat.person_id, r.day == sat.day, meets(r, sat), r.class_id != sat.class_id])
    return either(
        twice.select(subject_id=mine.enrolment_id, day=mine.day, place=ibis.literal("class")),
        sighted.select(subject_id=r.enrolment_id, day=r.day, place=seen.kind),
        examined.select(subject_id=r.enrolment_id, day=r.day, place=ibis.literal("exam")),
    )


def crowd_of_several(enrolments: Table) -> Table:
    """People who are on more than one roster."""
    found = enrolments.aggregate(by="person_id", classes=enrolments.class_id.nunique())
    return found.filter(found.classes > 1)


DETECTORS = (
    outside_fence, impossible_travel, too_regular, all_at_the_end, nobody_missing, thin_day, attended_little, outside_lesson, in_without_out, elsewhere,
)  # fmt: skip
