"""Accounts of the demo province: every office of every county, and one of each role by its name."""

import random
from collections.abc import Iterator
from datetime import date, datetime

from django.contrib.auth.hashers import make_password

from rollbook.accounts.models import Account
from rollbook.accounts.rules import Role
from rollbook.classes.rules.states import State
from rollbook.config.demo import people
from rollbook.config.demo.courses import Course
from rollbook.config.demo.places import Place
from rollbook.persons.models import Person

PASSWORD = "demo"  # noqa: S105 printed on the sign-in page of the demo
HOME, CITY, PROVINCE = "320102", "320100", "320000"
OFFICES: list[tuple[Role, str]] = [
    (Role.COUNTY_REVIEWER, HOME),
    (Role.COUNTY_SECOND_REVIEWER, HOME),
    (Role.COUNTY_FINANCE, HOME),
    (Role.COUNTY_FINANCE_RELEASER, HOME),
    (Role.CITY_OFFICER, CITY),
    (Role.CITY_FINANCE, CITY),
    (Role.PROVINCE_OFFICER, PROVINCE),
    (Role.PROVINCE_FINANCE, PROVINCE),
    (Role.AUDITOR, PROVINCE),
    (Role.SYSTEM_ADMINISTRATOR, PROVINCE),
    (Role.SECURITY_ADMINISTRATOR, PROVINCE),
    (Role.AUDIT_ADMINISTRATOR, PROVINCE),
    (Role.SUPERVISOR, CITY),
]
ELSEWHERE = (
    Role.COUNTY_REVIEWER,
    Role.COUNTY_SECOND_REVIEWER,
    Role.COUNTY_FINANCE,
    Role.COUNTY_FINANCE_RELEASER,
)


def officials(rng: random.Random, counties: list[str], today: date, now: datetime) -> dict[tuple[str, str], Account]:
    """One account an office, by (role, region). Those at home are called by their role."""
    offices = OFFICES + [(role, code) for code in counties if code != HOME for role in ELSEWHERE]
    made = [people.make(rng, code, 900_000 + n, today) for n, (_, code) in enumerate(offices)]
    staff = people.write(made, now)
    password = make_password(PASSWORD)
    accounts = Account.objects.bulk_create(
        Account(
            username=role.value if (role, code) in OFFICES else f"{role.value}-{code}",
            password=password,
            name=person.name,
            role=role,
            region_code=code,
            person_id=person.pk,
        )
        for (role, code), person in zip(offices, staff, strict=True)
    )
    return {(one.role, one.region_code): one for one in accounts}


def institution_people(
    places: list[Place], courses: list[Course], rng: random.Random, today: date, now: datetime
) -> None:
    """A manager for each institution and accounts for its teachers; two at home are called
    `institution-manager` and `teacher`."""
    home, known = at_home(courses)
    password = make_password(PASSWORD)
    made = [people.make(rng, place.institution.region_code, 950_000 + n, today) for n, place in enumerate(places)]
    managers = people.write(made, now)
    Account.objects.bulk_create(_managers(places, home, managers, password))
    Account.objects.bulk_create(_teachers(places, known, password))


def managers() -> dict[int, Account]:
    """The manager of each institution."""
    return {one.institution_id or 0: one for one in Account.objects.filter(role=Role.INSTITUTION_MANAGER)}


def worker(person: Person, username: str = Role.WORKER.value) -> Account:
    """A worker's own account; the demo's `worker` is someone whose money is on its way."""
    return Account.objects.create(
        username=username,
        password=make_password(PASSWORD),
        name=person.name,
        role=Role.WORKER,
        region_code=person.region_code,
        person_id=person.pk,
    )


def at_home(courses: list[Course]) -> tuple[Place, Person]:
    """The institution that the demo's manager works for, and the teacher of its running class."""
    running = next(one for one in courses if one.fixed == State.RUNNING)
    return running.place, running.lessons[0].teacher.person


def _managers(places: list[Place], home: Place, managers: list[Person], password: str) -> Iterator[Account]:
    for n, (place, person) in enumerate(zip(places, managers, strict=True)):
        name = "institution-manager" if place is home else f"manager-{n + 1}"
        yield _of(place, person, name, Role.INSTITUTION_MANAGER, password)


def _teachers(places: list[Place], known: Person, password: str) -> Iterator[Account]:
    for n, place in enumerate(places):
        for k, teacher in enumerate(place.teachers):
            name = "teacher" if teacher.person == known else f"teacher-{n + 1}-{k + 1}"
            yield _of(place, teacher.person, name, Role.TEACHER, password)


def _of(place: Place, person: Person, username: str, role: Role, password: str) -> Account:
    return Account(
        username=username,
        password=password,
        name=person.name,
        role=role,
        region_code=place.institution.region_code,
        institution_id=place.institution.pk,
        person_id=person.pk,
    )
