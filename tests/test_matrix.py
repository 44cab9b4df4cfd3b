"""Every page × role × own and foreign object: what is seen is what is meant to be seen (N3.2)."""

import re

import pytest
from django.conf import settings
from django.urls import get_resolver, reverse

from rollbook.accounts.rules import INSTITUTIONAL, Role
from rollbook.accounts.tests.factories import AccountFactory
from rollbook.assessment.models import Assessment
from rollbook.classes.tests.factories import ClassFactory, EnrolmentFactory, LessonFactory
from rollbook.config.navigation import offered
from rollbook.directory.tests.factories import DemandItemFactory, load_terms
from rollbook.funds.models import PaymentBatch
from rollbook.institutions.models import Room, Teacher
from rollbook.institutions.tests.factories import equipped
from rollbook.persons.tests.factories import PersonFactory

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
HERE, ELSEWHERE = "320102", "320583"
# Pages that need no account: the rest send a stranger to the sign-in page.
OPEN = re.compile(r"^$|^open/|^verify/|^look/|^language/|^account/|^api/")
# Addresses that only take a deed answer a GET with 405, or 404 where the object is not there.
EXPECTED = {200, 302, 403, 404, 405}


def patterns(resolver=None, before=""):
    for one in (resolver or get_resolver()).url_patterns:
        route = before + str(one.pattern)
        if hasattr(one, "url_patterns"):
            yield from patterns(one, route)
        elif not route.startswith(("api/", "account/", "static/")):
            yield route


class County:
    """One of every object, all of one county and institution."""

    def __init__(self, region_code, item):
        self.region_code = region_code
        self.institution = equipped(occupation=item.occupation, region_code=region_code)
        self.klass = ClassFactory(institution=self.institution, item=item, state="running")
        self.enrolment = EnrolmentFactory(training_class=self.klass, person__region_code=region_code)
        room = Room.objects.filter(site__institution=self.institution).first()
        teacher = Teacher.objects.filter(institution=self.institution).first()
        self.lesson = LessonFactory(training_class=self.klass, room=room, teacher=teacher)
        Assessment.objects.create(training_class=self.klass)
        self.batch = PaymentBatch.objects.create(
            number=f"PB{region_code}", region_code=region_code, fund="employment", year=2026,
            made_by=AccountFactory(region_code=region_code), made_at=self.klass.created_at,
        )  # fmt: skip
        self.ids = {
            "institution_id": self.institution.pk,
            "class_id": self.klass.pk,
            "enrolment_id": self.enrolment.pk,
            "lesson_id": self.lesson.pk,
            "person_id": self.enrolment.person_id,
            "batch_id": self.batch.pk,
            "paper_id": self.institution.papers.first().pk,
        }

    def account(self, role):
        teacher = Teacher.objects.filter(institution=self.institution).first()
        person = {Role.WORKER: self.enrolment.person_id, Role.TEACHER: teacher.person_id}.get(role)
        return AccountFactory(
            role=role,
            region_code=self.region_code,
            institution_id=self.institution.pk if role in INSTITUTIONAL else None,
            person_id=person,
        )


@pytest.fixture
def counties(settings):
    settings.DEMO = True
    load_terms()
    item = DemandItemFactory()
    return County(HERE, item), County(ELSEWHERE, item)


def filled(route, ids):
    """The address of an object; None where the page is of another kind."""
    for name in re.findall(r"<\w+:(\w+)>", route):
        if name in ("what", "token"):
            route = re.sub(r"<\w+:\w+>", "lessons", route, count=1)
        elif name not in ids:
            return None
        else:
            route = re.sub(rf"<\w+:{name}>", str(ids[name]), route)
    return f"/{route}"


@pytest.mark.parametrize("role", list(Role))
def test_nobody_sees_what_is_another_countys(client, counties, role):
    """A page of a foreign object is 404 (or 403, 405) for whoever belongs elsewhere."""
    here, there = counties
    client.force_login(here.account(role), backend=settings.AUTHENTICATION_BACKENDS[0])
    seen = []
    for route in patterns():
        if "_id>" not in route or OPEN.match(route):
            continue
        own, foreign = filled(route, here.ids), filled(route, there.ids)
        if own is None:
            continue
        assert client.get(own).status_code in EXPECTED, own
        if client.get(foreign).status_code in (200, 302):
            seen.append(foreign)
    assert seen == []


@pytest.mark.parametrize("role", list(Role))
def test_every_menu_entry_opens(client, counties, role):
    here, _ = counties
    client.force_login(here.account(role), backend=settings.AUTHENTICATION_BACKENDS[0])
    wrong = {page.url_name: client.get(reverse(page.url_name)).status_code for page in offered(role)}
    assert {name: status for name, status in wrong.items() if status != 200} == {}


def test_a_stranger_is_sent_to_the_sign_in_page(client, counties):
    here, _ = counties
    seen = []
    for route in patterns():
        url = filled(route, here.ids)
        if url is None or OPEN.match(route):
            continue
        answer = client.get(url)
        if not (answer.status_code == 302 and "/account/login/" in answer["Location"]):
            seen.append((url, answer.status_code))
    assert seen == []


@pytest.mark.parametrize(
    "route",
    [
        "",
        "open/directory/",
        "open/institutions/",
        "open/publicity/",
        "open/disclosure/",
        "verify/",
        "open/institutions/apply/",
        "account/login/",
        "look/",
    ],
)
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_public_pages(client, counties, route, language):
    """N1.3, N2.1, N14.2, N16.1: anyone may look."""
    answer = client.get(f"/{route}", headers={"accept-language": language})
    assert answer.status_code == 200
    policy = answer["Content-Security-Policy"]
    assert "unsafe" not in policy
    for inline in ("<style", " style=", " onclick", "<script>"):
        assert inline not in answer.text, inline


def test_people_without_a_region_of_their_own_see_nothing_of_persons(client, counties):
    here, _ = counties
    client.force_login(here.account(Role.TEACHER), backend=settings.AUTHENTICATION_BACKENDS[0])
    assert client.get(f"/persons/{PersonFactory().pk}/").status_code == 404
