"""I. Who is on the roster and may not be (domain 5.2 D01-D24)."""

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
    "D01",
    _("Identity number is not valid"),
    _("The identity number is not one that can exist."),
    S.ENROLMENT,
    BLOCK,
    ELIGIBILITY,
    clause="N3.1",
    excuses=(E.NAME,),
)
def bad_number(t: Tables, _p: Limits) -> Table:
    e, who = live(t), t.persons
    found = e.join(who, [e.person_id == who.person_id, who.id_kind == "citizen", ~who.id_valid])
    return found.select(subject_id=e.enrolment_id, person_id=e.person_id)


@detector(
    "D02",
    _("Name and number do not match"),
    _("The population service does not know this name with this number."),
    S.ENROLMENT,
    BLOCK,
    ELIGIBILITY,
    clause="N3.7",
    excuses=(E.NAME,),
)
def wrong_name(t: Tables, _p: Limits) -> Table:
    e, who = live(t), t.persons
    found = e.join(who, [e.person_id == who.person_id, who.verification == "mismatched"])
    return found.select(subject_id=e.enrolment_id, person_id=e.person_id)


@detector(
    "D03",
    _("Died before"),
    _("Died on {died_on} and is trained on {day}."),
    S.ENROLMENT,
    BLOCK,
    ELIGIBILITY,
    excuses=(E.RECORD,),
)
def deceased(t: Tables, _p: Limits) -> Table:
    d, e, p = t.deaths, live(t), came(t.presences)
    enrolled = e.join(d, [e.person_id == d.person_id, d.died_on <= e.starts_on])
    present = p.join(d, [p.person_id == d.person_id, d.died_on < p.day])
    return either(
        enrolled.select(subject_id=e.enrolment_id, died_on=d.died_on, day=e.starts_on),
        present.select(subject_id=p.enrolment_id, died_on=d.died_on, day=p.day),
    )


@detector(
    "D04",
    _("In prison or detention"),
    _("Present on {day}, in custody from {since} to {until}."),
    S.ENROLMENT,
    REVIEW,
    ELIGIBILITY,
    excuses=(E.PRISON_CLASS, E.RECORD),
)
def in_custody(t: Tables, _p: Limits) -> Table:
    return away(t, t.detentions)


@detector(
    "D05",
    _("Abroad"),
    _("Present on {day}, out of the country from {since} to {until}."),
    S.ENROLMENT,
    REVIEW,
    ELIGIBILITY,
    excuses=(E.DAY_TRIP, E.RECORD),
)
def abroad(t: Tables, _p: Limits) -> Table:
    return away(t, t.travels)


@detector(
    "D06",
    _("In hospital"),
    _("Present on {day}, in hospital from {since} to {until}."),
    S.ENROLMENT,
    REVIEW,
    ELIGIBILITY,
    excuses=(E.DAY_TRIP, E.RECORD),
)
def in_hospital(t: Tables, _p: Limits) -> Table:
    return away(t, t.stays)


@detector(
    "D07",
    _("Draws a pension"),
    _("Has drawn a pension since {since}; the class began on {starts_on}."),
    S.ENROLMENT,
    BLOCK,
    ELIGIBILITY,
    clause="S1 art.16",
    excuses=(E.SURVIVOR, E.RECORD),
)
def pensioner(t: Tables, _p: Limits) -> Table:
    return at_start(t, t.pensions, t.pensions.kind != "survivor")


@detector(
    "D08",
    _("At or over the age of retirement"),
    _("Born {birth_on}; reaches the legal age in about {months} months."),
    S.ENROLMENT,
    WARN,
    ELIGIBILITY,
    clause="S71",
    excuses=(E.DELAYED,),
    age=(60, 60, 63),
    women_age=(55, 50, 58),
    months=(0, 0, 24),
)
def near_retirement(t: Tables, p: Limits) -> Table:
    """The legal age moves since 2025: a month for every four months of birth from January 1965 (men) on."""
    e, who = live(t), t.persons
    women = who.sex == "2"
    base = ibis.ifelse(women, p["women_age"], p["age"])
    step, cap = (2, 60) if p["women_age"] == 50 else (4, 36)
    late = (who.birth_on.year() + base - 2025) * 12 + who.birth_on.month() - 1
    every, most = ibis.ifelse(women, step, 4), ibis.ifelse(women, cap, 36)
    delay = ibis.ifelse(late < 0, 0, ibis.least((late / every).floor().cast("int64") + 1, most))
    left = late + 2025 * 12 + delay - (e.starts_on.year() * 12 + e.starts_on.month() - 1)
    found = e.join(who, e.person_id == who.person_id).filter(left <= p["months"])
    return found.select(subject_id=e.enrolment_id, birth_on=who.birth_on, months=left.cast("int64"))


@detector(
    "D09",
    _("Too young"),
    _("Born {birth_on}: younger than {least} when the class began on {starts_on}."),
    S.ENROLMENT,
    BLOCK,
    ELIGIBILITY,
    clause="S1 art.16",
    age=(16, 14, 18),
)
def too_young(t: Tables, p: Limits) -> Table:
    e, who = live(t), t.persons
    birthday = who.birth_on.year() * 10000 + who.birth_on.month() * 100 + who.birth_on.day()
    start = e.starts_on.year() * 10000 + e.starts_on.month() * 100 + e.starts_on.day()
    found = e.join(who, e.person_id == who.person_id).filter(start - birthday < p["age"] * 10000)
    return found.select(
        subject_id=e.enrolment_id, birth_on=who.birth_on, starts_on=e.starts_on, least=ibis.literal(p["age"], "int64")
    )


@detector(
    "D10",
    _("Full-time student"),
    _("On the school roll since {since} and not in the year of graduation on {starts_on}."),
    S.ENROLMENT,
    BLOCK,
    ELIGIBILITY,
    clause="S1 art.16",
    excuses=(E.GRADUATION, E.RECORD),
    days=(365, 180, 540),
)
def student(t: Tables, p: Limits) -> Table:
    """The year of graduation runs from June to June: within so many days before the diploma one may train."""
    roll = t.school_rolls
    soon = roll.graduates_on.isnull() | (days(roll.graduates_on, t.enrolments.starts_on) > p["days"])
    e = t.enrolments
    found = e.join(roll, [e.person_id == roll.person_id, held(roll, e.starts_on)]).filter(soon)
    found = found.filter(e.dropped_on.isnull())
    return found.select(subject_id=e.enrolment_id, starts_on=e.starts_on, since=roll.from_on)


@detector(
    "D11",
    _("Staff of the establishment"),
    _("On the payroll of the establishment since {since}, class from {starts_on}."),
    S.ENROLMENT,
    BLOCK,
    ELIGIBILITY,
    clause="S1 art.16",
    excuses=(E.CONTRACT_STAFF, E.RECORD),
)
def on_payroll(t: Tables, _p: Limits) -> Table:
    return at_start(t, t.payrolls)


WITHOUT_WORK = ["unemployed", "difficulty", "flexible"]
TRAINED_WITHOUT_WORK = [*WITHOUT_WORK, "rural"]  # who has an employer is trained as an employee, by that policy


@detector(
    "D12",
    _("Employed, claimed as without work"),
    _("An employer paid pension insurance for {month}, within the class from {starts_on}."),
    S.ENROLMENT,
    BLOCK,
    ELIGIBILITY,
    clause="S1 art.5",
    excuses=(E.ARREARS, E.RECORD),
)
def employed(t: Tables, _p: Limits) -> Table:
    e, m = live(t), t.insured_months
    e = e.filter(e.category.isin(TRAINED_WITHOUT_WORK))
    found = e.join(
        m, [e.person_id == m.person_id, m.company.notnull(), m.month >= e.starts_on.truncate("M"), m.month <= e.ends_on]
    )
    return found.select(subject_id=e.enrolment_id, month=m.month, starts_on=e.starts_on)


@detector(
    "D13",
    _("On shift during the lesson"),
    _("Present on {day} while the employer recorded a shift."),
    S.ENROLMENT,
    WARN,
    ELIGIBILITY,
    excuses=(E.NIGHT_CLASS, E.RECORD),
)
def on_shift(t: Tables, _p: Limits) -> Table:
    p, s = came(t.presences), t.shifts
    found = p.join(s, [p.person_id == s.person_id, p.day == s.day, meets(p, s)])
    return found.select(subject_id=p.enrolment_id, day=p.day).distinct()


@detector(
    "D14",
    _("Had left the employer"),
    _("The employer stopped paying insurance in {month}; the class began on {starts_on}."),
    S.ENROLMENT,
    REVIEW,
    ELIGIBILITY,
    excuses=(E.ARREARS, E.RECORD),
    days=(62, 31, 186),
)
def left_employer(t: Tables, p: Limits) -> Table:
    """Taizhou: people who had left the firm were used for its claim. A month or two late is no proof."""
    e, m = live(t), t.insured_months
    e = e.filter(e.category == "employee")
    last = e.join(m, [e.person_id == m.person_id, e.employer == m.company]).aggregate(
        by=[e.enrolment_id, e.starts_on], month=m.month.max()
    )
    last = last.filter(days(last.starts_on, last.month) > p["days"])
    return last.select(subject_id=last.enrolment_id, month=last.month, starts_on=last.starts_on)


# Categories that a list of another department proves, each by the feed that claims are decided by too.
ON_A_LIST = ("difficulty", "monitored", "disabled", "veteran", "unemployed", "rural", "flexible")


@detector(
    "D15",
    _("Category without proof"),
    _("Claimed as “{category}”; not on that list when the class began on {starts_on}."),
    S.ENROLMENT,
    REVIEW,
    ELIGIBILITY,
    excuses=(E.RECORD, E.PROOF_MISSING),
    days=(31, 0, 92),
)
def unproved(t: Tables, p: Limits) -> Table:
    """Only where that list was received at all; and a list may lag by a month."""
    e, on = live(t), t.lists
    e = e.filter(e.category.isin(list(ON_A_LIST)))
    e = e.semi_join(on.select("kind").distinct(), e.category == on.kind)
    near = [
        e.person_id == on.person_id,
        e.category == on.kind,
        days(on.from_on, e.starts_on) <= p["days"],
        on.until_on.isnull() | (days(e.starts_on, on.until_on) <= p["days"]),
    ]
    missing = e.anti_join(on, near)
    return missing.select(subject_id=missing.enrolment_id, category=missing.category, starts_on=missing.starts_on)


@detector(
    "D16",
    _("Company owner as unemployed"),
    _("{role} of an active company since {since}, claimed as “{category}”."),
    S.ENROLMENT,
    REVIEW,
    ELIGIBILITY,
    excuses=(E.DORMANT, E.RECORD),
)
def owner(t: Tables, _p: Limits) -> Table:
    e, at, c = live(t), t.positions, t.companies
    closed = c.filter(c.closed_on.notnull())
    at = at.filter(at.role.isin(["legal-person", "director", "shareholder"])).anti_join(closed, "company")
    e = e.filter(e.category.isin(WITHOUT_WORK))
    found = e.join(at, [e.person_id == at.person_id, held(at, e.starts_on)])
    return found.select(subject_id=e.enrolment_id, role=at.role, since=at.from_on, category=e.category)


@detector(
    "D17",
    _("Staff or relative of the institution on the roster"),
    _("Belongs to the institution: {role}."),
    S.ENROLMENT,
    REVIEW,
    ELIGIBILITY,
    excuses=(E.DUTY,),
)
def own_people(t: Tables, _p: Limits) -> Table:
    e, teach, kin, who, at, i = live(t), t.teachers, t.relatives, t.persons, t.positions, t.institutions

    def found(rows: Table, role: str) -> Table:
        return rows.select(subject_id=e.enrolment_id, role=ibis.literal(role))

    staff = e.join(teach, [e.person_id == teach.person_id, e.institution_id == teach.institution_id])
    family = e.join(kin, e.person_id == kin.person_id).join(
        teach, [kin.other_person_id == teach.person_id, e.institution_id == teach.institution_id]
    )
    contact = e.join(who, e.person_id == who.person_id).join(
        i, [e.institution_id == i.institution_id, (who.phone == i.phone) | (who.address == i.address)]
    )
    office = e.join(at, [e.person_id == at.person_id, held(at, e.starts_on)]).join(
        i, [e.institution_id == i.institution_id, at.company == i.company]
    )
    return either(
        found(staff, "teacher"), found(family, "relative"), found(contact, "same-contact"), found(office, "company")
    )


DETECTORS = (
    bad_number, wrong_name, deceased, in_custody, abroad, in_hospital, pensioner, near_retirement, too_young, student, on_payroll, employed, on_shift, left_employer, unproved, owner, own_people,
)  # fmt: skip
