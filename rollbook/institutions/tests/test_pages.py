"""Who sees which institutions, on pages and through the API (N2.1, N2.2)."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rollbook.accounts.rules import Role
from rollbook.accounts.tests.factories import AccountFactory
from rollbook.directory.tests.factories import OccupationFactory, load_terms
from rollbook.institutions import queries
from rollbook.institutions.tests.factories import InstitutionFactory, PaperFactory, equipped

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def terms():
    load_terms()


@pytest.fixture
def office():
    return {"first": AccountFactory(role=Role.COUNTY_REVIEWER)}


@pytest.mark.parametrize(
    ("who", "seen"),
    [
        ({"role": Role.COUNTY_REVIEWER}, True),
        ({"role": Role.COUNTY_REVIEWER, "region_code": "320583"}, False),
        ({"role": Role.CITY_OFFICER, "region_code": "320100"}, True),
        ({"role": Role.CITY_OFFICER, "region_code": "320500"}, False),
        ({"role": Role.PROVINCE_OFFICER, "region_code": "320000"}, True),
        ({"role": Role.SYSTEM_ADMINISTRATOR, "region_code": "320000"}, False),
    ],
)
def test_who_sees_an_institution(who, seen):
    one = equipped()
    assert queries.visible_to(AccountFactory(**who)).filter(pk=one.pk).exists() is seen


def test_papers_that_lapse_are_told_unless_renewed(office):
    """N2.2: a warning 60 days before; not for a paper that has a successor."""
    today = date(2026, 3, 2)
    one = InstitutionFactory()
    for kind, days in (("fire", 30), ("health", 61), ("safety", 59), ("licence", -1)):
        PaperFactory(institution=one, kind=kind, valid=(date(2025, 1, 1), today + timedelta(days)))
    PaperFactory(institution=one, kind="safety", valid=(today, date(2028, 1, 1)))
    found = queries.papers_expiring(office["first"], today)
    assert [paper.kind for paper in found] == ["fire"]


def test_lists_take_the_same_queries_for_one_and_for_many(client, settings, django_assert_num_queries):
    settings.DEMO = True
    equipped()
    client.force_login(AccountFactory(role=Role.COUNTY_REVIEWER))
    for address in ("/institutions/", "/open/institutions/"):
        client.get(address)
        with CaptureQueriesContext(connection) as few:
            client.get(address)
        for _ in range(12):
            equipped()
        with django_assert_num_queries(len(few)):
            assert client.get(address).status_code == 200


def test_the_public_directory_finds_each_institution_once(client):
    """N2.1: by its name, pinyin or a project; two projects of one word are one row."""
    one = equipped(name="江宁学校", pinyin="jiangningxuexiao jnxx")
    for level in ("3", "5"):
        one.projects.create(
            occupation=OccupationFactory(), level=level, state="approved", decided_by=AccountFactory(),
            in_force=(date(2026, 1, 1), date(2027, 1, 1)),
        )  # fmt: skip
    for text in ("江宁", "jnxx", "焊工"):
        assert client.get("/open/institutions/", {"q": text}).context["listing"].total == 1


def test_the_api_reads_and_saves_the_own_institution_alone(client, settings):
    settings.DEMO = True
    own, other = equipped(), equipped()
    client.force_login(AccountFactory(role=Role.INSTITUTION_MANAGER, institution_id=own.pk))
    assert [row["id"] for row in client.get("/api/institutions").json()["items"]] == [own.pk]
    body = {"address": "新址 2 号", "contact": "钱", "phone": "13800001111", "capacity": 90}
    answer = client.put(f"/api/institutions/{other.pk}", body, content_type="application/json")
    assert answer.status_code == 404
    answer = client.put(f"/api/institutions/{own.pk}", body, content_type="application/json")
    assert (answer.status_code, answer.json()["capacity"]) == (200, 90)
    assert (
        client.put(f"/api/institutions/{own.pk}", {"capacity": "many"}, content_type="application/json").status_code
        == 422
    )
