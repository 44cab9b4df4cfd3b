"""IV. Classes held otherwise than filed (domain 5.2 D64-D71, D78)."""

from collections.abc import Mapping

import ibis
from ibis import Table

from rollbook.kernel.messages import _
from rollbook.risk.detectors.eligibility import live
from rollbook.risk.detectors.shapes import (
    Tables,
    came,
    days,
    either,
    percent,
    rosters,
)
from rollbook.risk.rules import Excuse, Scheme, Severity, Subject, detector

E, S = Excuse, Subject
CAPACITY, CLASS = Scheme.CAPACITY, Scheme.CLASS
BLOCK, REVIEW, WARN = Severity.BLOCK, Severity.REVIEW, Severity.WARN
Limits = Mapping[str, int]


@detector(
    "D64",
    _("Too many hours"),
    _("{hours} academic hours on {day} or in its week: {what}."),
    S.CLASS,
    WARN,
    CLASS,
    clause="N4.1",
    excuses=(E.CAMPAIGN, E.CHANGE_FILED),
    hours=(8, 4, 12),
    week_hours=(40, 20, 60),
)
def too_many_hours(t: Tables, p: Limits) -> Table:
    lesson = t.lessons.mutate(week=t.lessons.day.truncate("W"))

    def beyond(by: str, period: str, most: int, what: str) -> Table:
        total = lesson.aggregate(by=[by, period], total=lesson.hours.sum())
        total = total.filter(total.total > most)
        rows = lesson.select("class_id", *{by, period} - {"class_id"}).distinct().join(total, [by, period])
        return rows.select(subject_id=rows.class_id, day=rows[period], hours=rows.total, what=ibis.literal(what))

    return either(
        beyond("class_id", "day", p["hours"], "class"),
        beyond("person_id", "day", p["hours"], "teacher"),
        beyond("class_id", "week", p["week_hours"], "class"),
        beyond("person_id", "week", p["week_hours"], "teacher"),
    )


@detector(
    "D65",
    _("Hours cut"),
    _("{minutes} of {plan} planned minutes were held: {share} %."),
    S.CLASS,
    REVIEW,
    CLASS,
    clause="N4.1",
    excuses=(E.REPAIR, E.CHANGE_FILED),
    share=(95, 70, 100),
    other_share=(80, 50, 100),
)
def hours_cut(t: Tables, p: Limits) -> Table:
    """From the first to the last presence of each lesson; or the recording, where there is one (`other_share`)."""
    lesson = t.lessons

    def short(column: str, least: int) -> Table:
        known = lesson.filter(lesson[column].notnull())
        total = known.aggregate(by="class_id", minutes=known[column].sum(), plan=known.minutes.sum())
        share = percent(total.minutes, total.plan)
        return total.filter(share < least).select(
            subject_id=total.class_id, minutes=total.minutes, plan=total.plan, share=share
        )

    return either(short("taught_minutes", p["share"]), short("video_minutes", p["other_share"]))


@detector(
    "I05",
    _("Without the filed teacher"),
    _("In {count} of {lessons} lessons the filed teacher did not check in and out."),
    S.CLASS,
    REVIEW,
    CLASS,
    clause="N4.1",
    excuses=(E.CHANGE_FILED,),
    share=(50, 20, 90),
    count=(2, 1, 20),
)
def without_teacher(t: Tables, p: Limits) -> Table:
    """Only where the region's terms ask the teacher to check in; one lesson forgotten is corrected, not screened."""
    lesson = t.lessons.filter(t.lessons.teacher_minutes.notnull())
    found = lesson.aggregate(
        by="class_id",
        lessons=lesson.count(),
        count=lesson.count(where=percent(lesson.teacher_minutes, lesson.minutes) < p["share"]),
    )
    return found.filter(found["count"] >= p["count"]).select(
        subject_id=found.class_id, count=found["count"], lessons=found.lessons
    )


@detector(
    "D66",
    _("Plan below the standard"),
    _("{hours} hours with {share} % practice; the project asks for {least_hours} and {least} %."),
    S.CLASS,
    BLOCK,
    CLASS,
    clause="N4.2",
    excuses=(E.CHANGE_FILED,),
)
def plan_below_standard(t: Tables, _p: Limits) -> Table:
    c = t.classes
    share = percent(c.practice_hours, c.hours)
    return c.filter((c.hours < c.least_hours) | (share < c.least_practice)).select(
        subject_id=c.class_id, hours=c.hours, share=share, least_hours=c.least_hours, least=c.least_practice
    )


@detector(
    "D67",
    _("Not in the filed room"),
    _("On {day} in another room than filed, without approval."),
    S.CLASS,
    REVIEW,
    CLASS,
    clause="S3 art.21",
    excuses=(E.CHANGE_FILED, E.REPAIR),
)
def other_room(t: Tables, _p: Limits) -> Table:
    lesson = t.lessons
    found = lesson.filter(lesson.filed_room_id != lesson.room_id, ~lesson.plan_changed.fill_null(False))
    return found.select(subject_id=found.class_id, day=found.day, room_id=found.room_id)


@detector(
    "D69",
    _("Camera dark, frozen or moved"),
    _("On {day} the camera was {kind} for {share} % of the lesson."),
    S.CLASS,
    REVIEW,
    CLASS,
    clause="N4.3",
    excuses=(E.REPAIR,),
    share=(10, 5, 50),
)
def camera_fault(t: Tables, p: Limits) -> Table:
    k = t.camera_faults
    k = k.filter(k.kind != "still")
    group = k.aggregate(
        by=["class_id", "lesson_id", "day", "kind"], seconds=k.seconds.sum(), whole=k.lesson_seconds.max()
    )
    share = percent(group.seconds, group.whole)
    return group.filter(share > p["share"]).select(
        subject_id=group.class_id, day=group.day, kind=group.kind, share=share
    )


@detector(
    "D70",
    _("Ghost class"),
    _("On {day} {people} people checked in and nothing moved before the camera for {share} % of the lesson."),
    S.CLASS,
    REVIEW,
    CLASS,
    clause="N4.3",
    excuses=(E.REPAIR, E.CHANGE_FILED),
    share=(80, 50, 100),
    people=(5, 1, 30),
)
def ghost_class(t: Tables, p: Limits) -> Table:
    k, r = t.camera_faults, came(t.presences)
    k = k.filter(k.kind == "still")
    still = k.aggregate(by=["class_id", "lesson_id", "day"], seconds=k.seconds.sum(), whole=k.lesson_seconds.max())
    there = r.aggregate(by="lesson_id", people=r.person_id.nunique())
    found = still.join(there, "lesson_id")
    share = percent(found.seconds, found.whole)
    return found.filter(share >= p["share"], found.people >= p["people"]).select(
        subject_id=found.class_id, day=found.day, people=found.people, share=share
    )


@detector(
    "D71",
    _("Hardly any material"),
    _("{fen} fen of material a head; classes of this occupation use {usual}."),
    S.CLASS,
    WARN,
    CLASS,
    clause="N4.1",
    excuses=(E.PROOF_MISSING, E.GROUP),
    share=(20, 5, 50),
    count=(5, 3, 30),
)
def no_material(t: Tables, p: Limits) -> Table:
    """Of practice only, and where at least `count` classes of the occupation show what is usual."""
    buy, c = t.purchases, t.classes
    spent = buy.aggregate(by="class_id", spent=buy.amount_fen.sum())
    each = c.filter(c.practice_hours > 0).join(rosters(t.enrolments), "class_id").join(spent, "class_id")
    each = each.select("class_id", "occupation", fen=(each.spent / each.roster).floor().cast("int64"))
    usual = each.aggregate(by="occupation", usual=each.fen.mean().floor().cast("int64"), classes=each.count())
    found = each.join(usual, "occupation")
    found = found.filter(found.classes >= p["count"], found.fen * 100 < found.usual * p["share"])
    return found.select(subject_id=found.class_id, fen=found.fen, usual=found.usual)


@detector(
    "D78",
    _("For interest or to fill numbers"),
    _("Average age {age}, {share} % at work half a year later."),
    S.CLASS,
    WARN,
    CLASS,
    clause="N11.4",
    excuses=(E.CAMPAIGN, E.VILLAGE_CLASS),
    age=(52, 45, 60),
    share=(20, 5, 60),
    people=(10, 5, 50),
    days=(180, 90, 365),
)
def interest_class(t: Tables, p: Limits) -> Table:
    """Old on average, and few insured by an employer within half a year; only where that half-year is on record."""
    e, who, m, c = live(t), t.persons, t.insured_months, t.classes
    latest = m.aggregate(latest=m.month.max())
    years = e.starts_on.year().cast("int64") - who.birth_on.year().cast("int64")
    aged = e.join(who, "person_id").select(e.class_id, e.person_id, e.ends_on, age=years)
    soon = [
        aged.person_id == m.person_id,
        m.company.notnull(),
        m.month > aged.ends_on,
        days(m.month, aged.ends_on) <= p["days"],
    ]
    employed = aged.join(m, soon).select(aged.class_id, aged.person_id)
    working = employed.aggregate(by="class_id", working=employed.person_id.nunique())
    group = aged.aggregate(
        by=["class_id", "ends_on"], people=aged.person_id.nunique(), age=aged.age.mean().floor().cast("int64")
    )
    group = group.semi_join(c.filter(c.ended_on.notnull()), "class_id").cross_join(latest)
    group = group.filter(days(group.latest, group.ends_on) >= p["days"] - 31)
    found = group.left_join(working, "class_id")
    share = percent(found.working.fill_null(0), found.people)
    return found.filter(found.people >= p["people"], found.age >= p["age"], share < p["share"]).select(
        subject_id=found.class_id, age=found.age, share=share, people=found.people
    )


DETECTORS = (
    too_many_hours, hours_cut, without_teacher, plan_below_standard, other_room, camera_fault, ghost_class, no_material, interest_class,
)  # fmt: skip
