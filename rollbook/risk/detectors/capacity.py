"""IV. Classes, rooms, teachers and institutions that are not what was filed (domain 5.2 D58-D73, D75, D78, D79, D82)."""

from collections.abc import Mapping

import ibis
from ibis import Table

from rollbook.kernel.messages import _
from rollbook.risk.detectors.eligibility import live
from rollbook.risk.detectors.shapes import (
    Tables,
    counted,
    crowds,
    days,
    either,
    meets,
    metres,
    percent,
    rosters,
    seconds,
)
from rollbook.risk.rules import Excuse, Scheme, Severity, Subject, detector

E, S = Excuse, Subject
CAPACITY, CLASS = Scheme.CAPACITY, Scheme.CLASS
BLOCK, REVIEW, WARN = Severity.BLOCK, Severity.REVIEW, Severity.WARN
Limits = Mapping[str, int]


@detector(
    "D58",
    _("Over capacity"),
    _("{people} people, more than the {most} that the {what} allows."),
    S.CLASS,
    BLOCK,
    CAPACITY,
    clause="S3 art.20",
    excuses=(E.CHANGE_FILED,),
)
def over_capacity(t: Tables, _p: Limits) -> Table:
    roster, c, lesson, room, i = rosters(t.enrolments), t.classes, t.lessons, t.rooms, t.institutions
    here = roster.join(c, "class_id").select(c.class_id, c.institution_id, c.most_size, roster.roster)
    by_term = here.filter(here.roster > here.most_size).select(
        subject_id=here.class_id, people=here.roster, most=here.most_size, what=ibis.literal("term")
    )
    seats = lesson.join(room, "room_id").aggregate(by=[lesson.class_id], seats=room.seats.min())
    full = here.join(seats, "class_id")
    by_room = full.filter(full.roster > full.seats).select(
        subject_id=full.class_id, people=full.roster, most=full.seats, what=ibis.literal("room")
    )
    taught = lesson.select("class_id", "institution_id", "day").distinct().join(roster, "class_id")
    at_once = taught.aggregate(by=["institution_id", "day"], people=taught.roster.sum())
    licensed = (
        at_once.join(i, "institution_id")
        .filter(i.capacity > 0, at_once.people > i.capacity)
        .select(at_once.institution_id, at_once.day, at_once.people, i.capacity)
    )
    each = taught.select("class_id", "institution_id", "day").join(licensed, ["institution_id", "day"])
    by_licence = each.aggregate(by=["class_id", "capacity"], people=each.people.max())
    return either(
        by_term, by_room,
        by_licence.select(
            subject_id=by_licence.class_id, people=by_licence.people, most=by_licence.capacity, what=ibis.literal("licence")
        ),
    )  # fmt: skip


@detector(
    "D59",
    _("Room taken twice"),
    _("On {day} another class has the room at the same time."),
    S.CLASS,
    BLOCK,
    CAPACITY,
    clause="N4.1",
    excuses=(E.CHANGE_FILED,),
)
def room_twice(t: Tables, _p: Limits) -> Table:
    one = t.lessons
    other = one.view()
    found = one.join(
        other, [one.room_id == other.room_id, one.day == other.day, one.class_id != other.class_id, meets(one, other)]
    )
    return found.select(
        subject_id=one.class_id, day=one.day, room_id=one.room_id, other_class_id=other.class_id
    ).distinct()


@detector(
    "D60",
    _("Teacher in two places"),
    _("On {day} the teacher has another class at that time, or no time to get there."),
    S.CLASS,
    BLOCK,
    CAPACITY,
    clause="N10.1",
    excuses=(E.CHANGE_FILED,),
    speed=(60, 30, 120),
)
def teacher_twice(t: Tables, p: Limits) -> Table:
    one, site = t.lessons, t.sites
    other = one.view()
    same = [one.person_id == other.person_id, one.day == other.day, one.class_id != other.class_id]
    at_once = one.join(other, [*same, meets(one, other)])
    placed = one.join(site, "site_id").select(
        one.class_id, one.day, one.person_id, one.site_id, one.starts_at, one.ends_at, site.longitude, site.latitude
    )
    after = placed.view()
    next_one = [
        placed.person_id == after.person_id,
        placed.day == after.day,
        placed.class_id != after.class_id,
        placed.site_id != after.site_id,
        placed.ends_at <= after.starts_at,
    ]
    way = metres(placed, after) * 3600 > seconds(after.starts_at, placed.ends_at) * p["speed"] * 1000
    rushed = placed.join(after, [*next_one, way])
    return either(
        at_once.select(subject_id=one.class_id, day=one.day, person_id=one.person_id, other_class_id=other.class_id),
        rushed.select(
            subject_id=after.class_id, day=after.day, person_id=after.person_id, other_class_id=placed.class_id
        ),
    )


@detector(
    "D61",
    _("Teacher not filed"),
    _("On {day} a teacher who is not filed for it: {why}."),
    S.CLASS,
    REVIEW,
    CAPACITY,
    clause="S3 art.20-21",
    excuses=(E.CHANGE_FILED,),
)
def teacher_not_filed(t: Tables, _p: Limits) -> Table:
    lesson, teach = t.lessons, t.teachers
    swapped = lesson.filter(lesson.filed_teacher_id != lesson.teacher_id, ~lesson.plan_changed.fill_null(False))
    mine = teach.filter(teach.person_id.notnull())
    unknown = lesson.anti_join(
        mine,
        [
            lesson.person_id == mine.person_id,
            lesson.institution_id == mine.institution_id,
            mine.left_on.isnull() | (mine.left_on >= lesson.day),
        ],
    )
    return either(
        swapped.select(
            subject_id=swapped.class_id, day=swapped.day, person_id=swapped.person_id, why=ibis.literal("changed")
        ),
        unknown.select(
            subject_id=unknown.class_id, day=unknown.day, person_id=unknown.person_id, why=ibis.literal("unknown")
        ),
    )


@detector(
    "D62",
    _("Teacher not qualified"),
    _("{lessons} lessons by a teacher without a valid certificate for the occupation and level."),
    S.CLASS,
    REVIEW,
    CAPACITY,
    clause="N10.1",
    excuses=(E.PROOF_MISSING,),
)
def teacher_unqualified(t: Tables, _p: Limits) -> Table:
    lesson, c, q = t.lessons, t.classes, t.qualifications
    need = lesson.join(c, "class_id").select(
        c.class_id, c.occupation, c.level, lesson.lesson_id, lesson.teacher_id, lesson.person_id, lesson.day
    )
    good = need.anti_join(
        q,
        [
            need.teacher_id == q.teacher_id,
            need.occupation == q.occupation,
            (need.level == "0") | (q.level <= need.level),
            q.expires_on.isnull() | (q.expires_on >= need.day),
        ],
    )
    found = good.aggregate(by=["class_id", "person_id"], lessons=good.lesson_id.nunique())
    return found.select(subject_id=found.class_id, person_id=found.person_id, lessons=found.lessons)


@detector(
    "D63",
    _("Teacher rented"),
    _("A full-time teacher is filed with {institutions} institutions or insured elsewhere."),
    S.INSTITUTION,
    WARN,
    CAPACITY,
    clause="N10.1",
    excuses=(E.GROUP, E.RECORD),
    count=(3, 2, 6),
    months=(3, 1, 12),
)
def teacher_rented(t: Tables, p: Limits) -> Table:
    teach, m, i = t.teachers, t.insured_months, t.institutions
    teach = teach.filter(teach.left_on.isnull())
    many = teach.aggregate(by="person_id", institutions=teach.institution_id.nunique())
    spread = teach.join(many.filter(many.institutions >= p["count"]), "person_id")
    full = (
        teach.filter(teach.is_full_time)
        .join(i, "institution_id")
        .select("person_id", "institution_id", "joined_on", "company")
    )
    other_employer = [
        full.person_id == m.person_id,
        m.company.notnull(),
        full.company.notnull(),
        m.company != full.company,
        full.joined_on.isnull() | (m.month >= full.joined_on),
    ]
    paid = full.join(m, other_employer).select(full.institution_id, full.person_id, m.month)
    elsewhere = paid.aggregate(by=["institution_id", "person_id"], months=paid.month.nunique())
    elsewhere = elsewhere.filter(elsewhere.months >= p["months"])
    return either(
        spread.select(subject_id=spread.institution_id, person_id=spread.person_id, institutions=spread.institutions),
        elsewhere.select(
            subject_id=elsewhere.institution_id, person_id=elsewhere.person_id, institutions=ibis.literal(1, "int64")
        ),
    )


@detector(
    "D68",
    _("One place, two institutions"),
    _("On {day} another institution teaches at the same address at the same time."),
    S.CLASS,
    REVIEW,
    CAPACITY,
    clause="N4.4",
    excuses=(E.GROUP,),
)
def place_shared(t: Tables, _p: Limits) -> Table:
    """Only lessons at an address that two institutions filed are compared."""
    site, lesson = t.sites, t.lessons
    site = site.filter(site.address.notnull())
    shared = crowds(site, ["address"], "institution_id", 2)
    there = site.join(shared, "address").select("site_id", "address")
    at = lesson.join(there, "site_id").select(
        lesson.class_id, lesson.institution_id, lesson.day, lesson.starts_at, lesson.ends_at, there.address
    )
    other = at.view()
    found = at.join(
        other,
        [at.address == other.address, at.day == other.day, at.institution_id != other.institution_id, meets(at, other)],
    )
    return found.select(subject_id=at.class_id, day=at.day, other_class_id=other.class_id).distinct()


@detector(
    "D72",
    _("Too few work stations"),
    _("{people} people practise at {stations} stations."),
    S.CLASS,
    WARN,
    CAPACITY,
    clause="N2.2",
    excuses=(E.CHANGE_FILED, E.SMALL_CLASS),
    share=(50, 20, 100),
)
def few_stations(t: Tables, p: Limits) -> Table:
    """`share`: of the people that must have a station at one time."""
    lesson, room = t.lessons, t.rooms
    practice = lesson.filter(lesson.kind == "practice")
    found = practice.join(room, "room_id").aggregate(by=[practice.class_id], stations=room.stations.min())
    found = found.join(rosters(t.enrolments), "class_id")
    found = found.filter(found.stations * 100 < found.roster * p["share"])
    return found.select(subject_id=found.class_id, people=found.roster, stations=found.stations)


@detector(
    "D73",
    _("Jump in size"),
    _("{people} trainees in the half-year from {since}, {before} in the one before."),
    S.INSTITUTION,
    REVIEW,
    CAPACITY,
    clause="N11.4",
    excuses=(E.CAMPAIGN,),
    share=(300, 150, 1000),
    people=(100, 30, 1000),
)
def jump_in_size(t: Tables, p: Limits) -> Table:
    e = live(t)
    e = e.mutate(half=e.starts_on.year().cast("int64") * 2 + ibis.ifelse(e.starts_on.month() > 6, 1, 0))
    size = e.aggregate(by=["institution_id", "half"], people=e.enrolment_id.nunique(), since=e.starts_on.min())
    before = size.view()
    found = size.join(before, [size.institution_id == before.institution_id, size.half == before.half + 1])
    found = found.filter(size.people >= p["people"], size.people * 100 >= before.people * p["share"])
    return found.select(subject_id=size.institution_id, people=size.people, since=size.since, before=before.people)


@detector(
    "D75",
    _("Shell employer"),
    _("{people} trained for an employer registered on {since} with {insured} insured."),
    S.CLASS,
    REVIEW,
    CAPACITY,
    clause="N11.4",
    excuses=(E.RECORD, E.GROUP),
    months=(6, 3, 24),
    count=(5, 1, 20),
    people=(10, 5, 100),
)
def shell_employer(t: Tables, p: Limits) -> Table:
    """Young and nearly without insured staff, or more trained than insured at all."""
    e, c = live(t), t.companies
    e = e.filter(e.employer.notnull(), e.category == "employee")
    group = e.aggregate(by=["class_id", "employer", "starts_on"], people=e.person_id.nunique())
    whole = e.aggregate(by="employer", trained=e.person_id.nunique())
    found = group.join(whole, "employer").join(c, group.employer == c.company)
    young = (days(found.starts_on, found.registered_on) < p["months"] * 30) & (found.insured < p["count"])
    found = found.filter(found.people >= p["people"], young | (found.trained > found.insured))
    return found.select(
        subject_id=found.class_id,
        people=found.people,
        since=found.registered_on,
        insured=found.insured,
        company=found.company,
    )


@detector(
    "D79",
    _("Not entitled during the class"),
    _("{kind} is valid until {until}; the class runs from {starts_on} to {ends_on}."),
    S.CLASS,
    BLOCK,
    CAPACITY,
    clause="N2.2",
    excuses=(E.PROOF_MISSING,),
)
def not_entitled(t: Tables, _p: Limits) -> Table:
    """A paper or project that ended and was not renewed before the last day of the class."""
    c, paper, project = t.classes, t.papers, t.projects
    last = paper.aggregate(by=["institution_id", "kind"], until=paper.valid_until.max())
    lapsed = c.join(last, "institution_id")
    lapsed = lapsed.filter(lapsed.until < lapsed.ends_on).select(
        subject_id=lapsed.class_id,
        kind=lapsed.kind,
        until=lapsed.until,
        starts_on=lapsed.starts_on,
        ends_on=lapsed.ends_on,
    )
    asked = project.aggregate(by=["institution_id", "occupation", "level"], until=project.until_on.max())
    over = c.join(asked, ["institution_id", "occupation", "level"])
    over = over.filter(over.until < over.ends_on).select(
        subject_id=over.class_id, kind=ibis.literal("agreement"), until=over.until, starts_on=over.starts_on,
        ends_on=over.ends_on,
    )  # fmt: skip
    return either(lapsed, over)


@detector(
    "D82",
    _("Approved by silence"),
    _("{share} % of the county's approvals were by silence ({count})."),
    S.COUNTY,
    WARN,
    Scheme.INSIDER,
    clause="S4",
    excuses=(E.CAMPAIGN,),
    share=(30, 10, 80),
    count=(5, 3, 50),
)
def silent_approvals(t: Tables, p: Limits) -> Table:
    c = t.classes
    c = c.filter(c.decided_at.notnull())
    group = c.aggregate(by="region_code", all=c.count(), count=counted(c.is_deemed))
    share = percent(group["count"], group["all"])
    return group.filter(group["count"] >= p["count"], share > p["share"]).select(
        subject_id=group.region_code.cast("int64"), share=share, count=group["count"]
    )


DETECTORS = (
    over_capacity, room_twice, teacher_twice, teacher_not_filed, teacher_unqualified, teacher_rented, place_shared, few_stations, jump_in_size, shell_employer, not_entitled, silent_approvals,
)  # fmt: skip
