"""I. What nobody gets twice, too often or too early (domain 5.2 D18-D24)."""

from collections.abc import Mapping

import ibis
from ibis import Table

from rollbook.kernel.messages import _
from rollbook.risk.detectors.shapes import Column, Tables, came, days, either, held, inside, meets
from rollbook.risk.rules import Excuse, Scheme, Severity, Subject, detector

E, S = Excuse, Subject
ELIGIBILITY, DOUBLE = Scheme.ELIGIBILITY, Scheme.DOUBLE
BLOCK, REVIEW, WARN = Severity.BLOCK, Severity.REVIEW, Severity.WARN
Limits = Mapping[str, int]


def live(t: Tables) -> Table:
    """Those on a roster who did not drop out."""
    return t.enrolments.filter(t.enrolments.dropped_on.isnull())


def at_start(t: Tables, facts: Table, more: Column = True, **columns: Column) -> Table:
    """Trainees of whom a fact was in force on the first day of their class."""
    e = live(t)
    found = e.join(facts, [e.person_id == facts.person_id, held(facts, e.starts_on)])
    return found.filter(more).select(subject_id=e.enrolment_id, starts_on=e.starts_on, since=facts.from_on, **columns)


def away(t: Tables, facts: Table) -> Table:
    """Trainees who count as present on a day on which they were elsewhere."""
    p = came(t.presences)
    found = p.join(facts, [p.person_id == facts.person_id, inside(facts, p.day)])
    return found.select(subject_id=p.enrolment_id, day=p.day, since=facts.from_on, until=facts.until_on).distinct()


@detector(
    "D18",
    _("Same occupation and level already paid"),
    _("The same occupation and level was claimed or paid on {day} ({fund})."),
    S.ENROLMENT,
    BLOCK,
    DOUBLE,
    clause="N12.3",
    excuses=(E.RECORD,),
)
def repeated(t: Tables, _p: Limits) -> Table:
    e, c, o = live(t), t.claims, t.other_subsidies
    earlier = c.view()
    same = [
        e.person_id == earlier.person_id,
        e.occupation == earlier.occupation,
        e.level == earlier.level,
        e.enrolment_id > earlier.enrolment_id,
        days(e.starts_on, earlier.filed_on) > -365,
    ]
    elsewhere = [e.person_id == o.person_id, e.occupation == o.occupation, e.level == o.level]
    return either(
        e.join(earlier, same).select(subject_id=e.enrolment_id, day=earlier.filed_on, fund=ibis.literal("own")),
        e.join(o, elsewhere).select(subject_id=e.enrolment_id, day=o.paid_on, fund=o.fund),
    )


@detector(
    "D19",
    _("A higher level was paid before"),
    _("Level {level} of the same occupation was paid on {day}."),
    S.ENROLMENT,
    BLOCK,
    DOUBLE,
    clause="N12.3",
    excuses=(E.RECORD,),
)
def lower_after_higher(t: Tables, _p: Limits) -> Table:
    e, c, o = live(t), t.claims, t.other_subsidies
    e = e.filter(e.level != "0")

    def higher(paid: Table) -> Table:
        return e.join(
            paid,
            [
                e.person_id == paid.person_id,
                e.occupation == paid.occupation,
                paid.level != "0",
                paid.level < e.level,
                paid.paid_on <= e.ends_on,
            ],
        ).select(subject_id=e.enrolment_id, level=paid.level, day=paid.paid_on)

    return either(higher(c), higher(o))


@detector(
    "D20",
    _("More subsidies than allowed"),
    _("This is subsidy number {number} of the person ({year}: number {in_year})."),
    S.CLAIM,
    BLOCK,
    DOUBLE,
    clause="S1 art.5",
    years=(3, 1, 6),
    times=(3, 1, 12),
)
def over_cap(t: Tables, p: Limits) -> Table:
    """`years`: most in one year; `times`: most in a lifetime."""
    c = t.claims
    part = ibis.row_number().over(ibis.window(group_by=[c.enrolment_id, c.kind], order_by=[c.filed_on, c.claim_id]))
    c = c.mutate(part=part).filter(lambda one: one.part == 0)  # instalments of a training are one subsidy
    order = [c.filed_on, c.claim_id]
    numbered = c.mutate(
        year=c.filed_on.year().cast("int64"),
        number=ibis.row_number().over(ibis.window(group_by=c.person_id, order_by=order)) + 1,
        in_year=ibis.row_number().over(ibis.window(group_by=[c.person_id, c.filed_on.year()], order_by=order)) + 1,
    )
    found = numbered.filter((numbered.number > p["times"]) | (numbered.in_year > p["years"]))
    return found.select(subject_id=found.claim_id, number=found.number, year=found.year, in_year=found.in_year)


@detector(
    "D21",
    _("Two classes at the same time"),
    _("On {day} a lesson of another class overlaps with one of this class."),
    S.ENROLMENT,
    BLOCK,
    DOUBLE,
    clause="N4.1",
    excuses=(E.RECORD,),
)
def overlapping_classes(t: Tables, _p: Limits) -> Table:
    """First the rosters whose days overlap, which are few; only of these the lessons."""
    e, lesson = live(t), t.lessons
    o, other = e.view(), t.lessons.view()
    same_days = [
        e.person_id == o.person_id,
        e.class_id != o.class_id,
        e.starts_on <= o.ends_on,
        o.starts_on <= e.ends_on,
    ]
    pairs = e.join(o, same_days).select(e.enrolment_id, e.class_id, other_class_id=o.class_id)
    mine = pairs.join(lesson, pairs.class_id == lesson.class_id).select(
        pairs.enrolment_id, pairs.other_class_id, lesson.day, lesson.starts_at, lesson.ends_at
    )
    found = mine.join(other, [mine.other_class_id == other.class_id, mine.day == other.day, meets(mine, other)])
    return found.select(subject_id=mine.enrolment_id, day=mine.day, other_class_id=mine.other_class_id).distinct()


@detector(
    "D22",
    _("Teaching or examining at the same time"),
    _("Present on {day} while on duty elsewhere: {duty}."),
    S.ENROLMENT,
    REVIEW,
    ELIGIBILITY,
    excuses=(E.RECORD, E.CHANGE_FILED),
)
def on_duty_elsewhere(t: Tables, _p: Limits) -> Table:
    p, lesson, staff = came(t.presences), t.lessons, t.exam_staff
    taught = p.join(lesson, [p.person_id == lesson.person_id, p.day == lesson.day, meets(p, lesson)])
    judged = p.join(staff, [p.person_id == staff.person_id, p.day == staff.day, meets(p, staff)])
    return either(
        taught.select(subject_id=p.enrolment_id, day=p.day, duty=ibis.literal("teacher")),
        judged.select(subject_id=p.enrolment_id, day=p.day, duty=staff.duty),
    )


YEARS_ALONE = {"4": 5, "3": 10, "2": 99, "1": 99}  # years of work without an earlier certificate (S58)
YEARS_AFTER = {"4": 3, "3": 4, "2": 5, "1": 5}  # and with one of the level below


def years_of(table: Mapping[str, int], level: Column) -> Column:
    return ibis.cases(*[(level == one, ibis.literal(years, "int64")) for one, years in table.items()], else_=0)


@detector(
    "D23",
    _("Level cannot be reached yet"),
    _("{years} proven years and no certificate of the level below long enough for level {level}."),
    S.ENROLMENT,
    BLOCK,
    ELIGIBILITY,
    clause="S58",
    excuses=(E.PROOF_MISSING,),
)
def unreachable(t: Tables, _p: Limits) -> Table:
    """Only where years of work are on record: without any, nothing is known, which is no ground."""
    e, w, own, other = live(t), t.work_years, t.certificates, t.other_certificates
    e = e.filter(e.level.isin(list(YEARS_ALONE)))
    known = e.join(w, [e.person_id == w.person_id, e.occupation == w.occupation]).select(
        e.enrolment_id, e.person_id, e.occupation, e.level, e.starts_on, w.years
    )
    short = known.filter(known.years < years_of(YEARS_ALONE, known.level))
    held_before = ibis.union(
        own.select("person_id", "occupation", "level", "issued_on"),
        other.select("person_id", "occupation", "level", "issued_on"),
    )
    enough = [
        short.person_id == held_before.person_id,
        short.occupation == held_before.occupation,
        held_before.level.cast("int64") == short.level.cast("int64") + 1,
        days(short.starts_on, held_before.issued_on) >= years_of(YEARS_AFTER, short.level) * 365,
    ]
    found = short.anti_join(held_before, enough)
    return found.select(subject_id=found.enrolment_id, years=found.years, level=found.level)


@detector(
    "D24",
    _("Trained too often"),
    _("{count} classes in twelve months, {occupations} occupations."),
    S.ENROLMENT,
    WARN,
    ELIGIBILITY,
    excuses=(E.CAMPAIGN,),
    count=(3, 2, 8),
    other_count=(2, 1, 6),
)
def too_often(t: Tables, p: Limits) -> Table:
    e = live(t)
    o = e.view()
    year = e.join(o, [e.person_id == o.person_id, o.starts_on <= e.starts_on, days(e.starts_on, o.starts_on) < 365])
    found = year.aggregate(by=[e.enrolment_id], count=o.class_id.nunique(), occupations=o.occupation.nunique())
    found = found.filter((found["count"] > p["count"]) | (found.occupations > p["other_count"]))
    return found.select(subject_id=found.enrolment_id, count=found["count"], occupations=found.occupations)


DETECTORS = (
    repeated, lower_after_higher, over_cap, overlapping_classes, on_duty_elsewhere, unreachable, too_often,
)  # fmt: skip
