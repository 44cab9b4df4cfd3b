"""Institutions of the demo province: sites, rooms, equipment, teachers, papers, projects."""

import random
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db.backends.postgresql.psycopg_any import DateRange
from pypinyin import Style, lazy_pinyin

from rollbook.accounts.models import Account
from rollbook.config.demo import people
from rollbook.directory.models import DemandItem
from rollbook.institutions import rules
from rollbook.institutions.models import (
    Equipment,
    Institution,
    Paper,
    ProjectApproval,
    Qualification,
    Room,
    Site,
    Teacher,
)
from rollbook.persons.models import Person

WORDS = (
    "启航", "金桥", "宏业", "新程", "惠民", "匠心", "育才", "立业", "华盛", "远志", "博雅", "天工",
    "精益", "同创", "鼎新", "诚信", "江海", "春晖", "百川", "致远",
)  # fmt: skip
KINDS = (
    (rules.Kind.PRIVATE_SCHOOL, "职业培训学校", "private", 60),
    (rules.Kind.TECHNICAL_COLLEGE, "技工学校", "public", 14),
    (rules.Kind.VOCATIONAL_COLLEGE, "职业技术学院", "public", 10),
    (rules.Kind.ENTERPRISE, "实业有限公司培训中心", "private", 10),
    (rules.Kind.SOCIAL_ORGANISATION, "职业技能协会", "private", 6),
)
STREETS = ("人民路", "解放路", "建设路", "中山路", "文昌路", "学府路", "新华路", "创业路")
ROOMS = (
    ("101 教室", "classroom"),
    ("102 教室", "classroom"),
    ("1 号实训室", "workshop"),
    ("2 号实训室", "workshop"),
    ("机房", "computer-room"),
)
REQUIRED = ("licence", "fire", "health", "safety", "agreement")


@dataclass(slots=True)
class Place:
    """An institution with what its classes may use."""

    institution: Institution
    items: list[DemandItem] = field(default_factory=list)
    rooms: list[Room] = field(default_factory=list)
    teachers: list[Teacher] = field(default_factory=list)


def uscc(serial: int, region_code: str) -> str:
    """A valid unified social credit code (GB 32100) of a social organisation."""
    letters = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    organisation = f"MJ{serial:06}"
    values = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    weights = (3, 7, 9, 10, 5, 8, 4, 2)
    rest = 11 - sum(values.index(c) * w for c, w in zip(organisation, weights, strict=True)) % 11
    first17 = f"52{region_code}{organisation}{'X' if rest == 10 else rest % 11}"
    total = sum(letters.index(c) * pow(3, n, 31) for n, c in enumerate(first17))
    return first17 + letters[-total % 31]


def build(
    rng: random.Random,
    regions: list[tuple[str, str]],
    items: dict[str, list[DemandItem]],
    *,
    officer: Account,
    today: date,
    now: datetime,
    home: str,
) -> list[Place]:
    """Institutions of these counties (code, name); `home` gets more, for the demo accounts."""
    made: list[Institution] = []
    for code, county in regions:
        for word in rng.sample(WORDS, 9 if code == home else rng.choice((2, 3, 4))):
            made.append(_institution(rng, len(made), code, county, word, now))
    # A few on their way into the directory, so that each office has some to decide.
    for n, institution in enumerate(made):
        if n % 23 == 5 or (institution.region_code == home and n % 9 in (7, 8)):
            institution.state, institution.listed_at = rules.State.APPLIED, None
            institution.applied_at = now - timedelta(days=rng.randrange(1, 9))
    Institution.objects.bulk_create(made)
    places = [Place(institution) for institution in made]
    _rooms(rng, places)
    _teachers(rng, places, now, today)
    _papers(rng, places, today)
    _projects(rng, places, items, officer, today)
    return places


def _institution(rng: random.Random, n: int, code: str, county: str, word: str, now: datetime) -> Institution:
    kind, suffix, nature, _ = rng.choices(KINDS, [row[3] for row in KINDS])[0]
    name = f"{county}{word}{suffix}"
    return Institution(
        name=name,
        short_name=f"{county[:2]}{word}",
        uscc=uscc(n + 1, code),
        kind=kind,
        nature=nature,
        region_code=code,
        address=f"{county}{rng.choice(STREETS)} {rng.randrange(1, 300)} 号",
        legal_person=_name(rng),
        contact=_name(rng),
        phone=f"025-8{rng.randrange(10**6):06}",
        capacity=rng.choice((160, 240, 300, 400)),
        state=rules.State.LISTED,
        applied_at=now - timedelta(days=420),
        listed_at=now - timedelta(days=rng.randrange(380, 410)),
        pinyin=" ".join(("".join(lazy_pinyin(name)), "".join(lazy_pinyin(name, style=Style.FIRST_LETTER)))),
    )


def _name(rng: random.Random) -> str:
    return rng.choice(people.SURNAMES) + "".join(rng.sample(people.MALE, 2))


def _rooms(rng: random.Random, places: list[Place]) -> None:
    sites = Site.objects.bulk_create(
        Site(
            institution=place.institution,
            name="本部",
            address=place.institution.address,
            region_code=place.institution.region_code,
            longitude=round(118 + rng.random() * 3, 6),
            latitude=round(31 + rng.random() * 3, 6),
        )
        for place in places
    )
    rooms = Room.objects.bulk_create(
        Room(site=site, name=name, kind=kind, seats=rng.choice((40, 45, 50)), area_m2=120)
        for site in sites
        for name, kind in ROOMS
    )
    for n, place in enumerate(places):
        place.rooms = rooms[n * len(ROOMS) : (n + 1) * len(ROOMS)]
    Equipment.objects.bulk_create(
        Equipment(room=room, name="实训工位", model="标准型", quantity=room.seats, work_stations=40)
        for room in rooms
        if room.kind == "workshop"
    )


def _teachers(rng: random.Random, places: list[Place], now: datetime, today: date) -> None:
    each = 6
    regions = [p.institution.region_code for p in places for _ in range(each)]
    made = [people.make(rng, code, 800_000 + n, today) for n, code in enumerate(regions)]
    unique = {one.number: one for one in made}
    persons = people.write(list(unique.values()), now)
    by_number = dict(zip(unique, persons, strict=True))
    staff: list[Person] = [by_number[one.number] for one in made]
    teachers: list[Teacher] = []
    for n, place in enumerate(places):
        mine = dict.fromkeys(staff[n * each : (n + 1) * each])
        place.teachers = [
            Teacher(
                institution=place.institution,
                person=person,
                is_full_time=k < 4,
                is_craftsman=k == 5,
                experience_years=rng.randrange(3, 25),
            )
            for k, person in enumerate(mine)
        ]
        teachers += place.teachers
    Teacher.objects.bulk_create(teachers)


def _papers(rng: random.Random, places: list[Place], today: date) -> None:
    papers = []
    for n, place in enumerate(places):
        for kind in REQUIRED:
            ends = today + timedelta(rng.randrange(200, 900))
            if kind == "fire" and n % 17 == 3:
                ends = today + timedelta(rng.randrange(5, 50))  # someone must be warned
            number = f"{kind[:2].upper()}{place.institution.region_code}{n:05}"
            valid = DateRange(today - timedelta(420), ends)
            papers.append(Paper(institution=place.institution, kind=kind, number=number, valid=valid))
    Paper.objects.bulk_create(papers)


def _projects(
    rng: random.Random,
    places: list[Place],
    items: dict[str, list[DemandItem]],
    officer: Account,
    today: date,
) -> None:
    """Three or four projects each; every teacher may teach them all."""
    projects, qualifications = [], []
    serial = 0
    for place in places:
        institution = place.institution
        place.items = rng.sample(items[institution.region_code], rng.choice((3, 4)))
        listed = institution.state == rules.State.LISTED
        pairs = dict.fromkeys((item.occupation_id, item.level) for item in place.items)
        for occupation_id, level in pairs:
            projects.append(
                ProjectApproval(
                    institution=institution,
                    occupation_id=occupation_id,
                    level=level,
                    state="approved" if listed else "asked",
                    in_force=DateRange(today - timedelta(380), today + timedelta(200)) if listed else None,
                    decided_by=officer if listed else None,
                )
            )
        for occupation_id in dict.fromkeys(item.occupation_id for item in place.items):
            for teacher in place.teachers:
                serial += 1
                number = f"S000032{serial:014}2"
                qualifications.append(
                    Qualification(
                        teacher=teacher,
                        occupation_id=occupation_id,
                        level="2",
                        certificate_number=number[:22],
                        expires_on=None,
                    )
                )
    ProjectApproval.objects.bulk_create(projects)
    Qualification.objects.bulk_create(qualifications, batch_size=5000)
