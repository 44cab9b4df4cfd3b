"""Scores over the API, by the institution's own system (N5.1, N5.2)."""

import pytest
from django.utils import timezone

from rollbook.accounts.actions import make_token
from rollbook.accounts.rules import Role
from rollbook.accounts.tests.factories import AccountFactory
from rollbook.assessment.models import Score
from rollbook.classes.tests.factories import ClassFactory
from rollbook.directory.tests.factories import load_terms

pytestmark = pytest.mark.django_db
JSON = {"content_type": "application/json"}


@pytest.fixture(autouse=True)
def _no_second_factor(settings):
    settings.DEMO = True


@pytest.fixture
def klass():
    load_terms()
    return ClassFactory(state="ended", trainees=2)


@pytest.fixture
def mine(klass):
    manager = AccountFactory(role=Role.INSTITUTION_MANAGER, institution_id=klass.institution_id)
    _, secret = make_token(by=manager, name="教务系统", scopes=["scores"], now=timezone.now())
    return {"HTTP_AUTHORIZATION": f"Bearer {secret}", **JSON}


def test_a_class_is_assessed_from_plan_to_granted_change(client, klass, mine):
    url = f"/api/assessments/{klass.pk}"
    ids = list(klass.enrolments.values_list("pk", flat=True))
    plan = {"held_on": "2026-03-16", "place": "考场", "assessors": "甲"}
    assert client.post(f"{url}/lock", **mine).status_code == 422
    assert client.put(f"{url}/plan", plan, **mine).status_code == 204
    marks = {pk: {"theory": 70, "practice": 59} for pk in ids}
    for _ in range(2):  # the same PUT is the same scores
        answer = client.put(f"{url}/scores", marks, **mine)
        assert [one["result"] for one in answer.json()] == ["failed", "failed"]
    assert client.post(f"{url}/lock", **mine).status_code == 200
    assert client.put(f"{url}/scores", marks, **mine).status_code == 422
    change = {"theory": 70, "practice": 95, "why": "登分有误"}
    asked = client.post(f"/api/assessments/enrolments/{ids[0]}/change", change, **mine).json()
    decide = f"/api/assessments/changes/{asked['id']}/decide"
    assert client.post(decide, {"grant": True}, **mine).status_code == 403
    client.force_login(AccountFactory(role=Role.COUNTY_SECOND_REVIEWER))
    assert client.post(decide, {"grant": True}, **JSON).json()["state"] == "granted"
    assert sorted(one["result"] for one in client.get(url).json()) == ["failed", "passed"]


def test_what_is_wrong_is_told_and_nothing_is_written(client, klass, mine):
    url = f"/api/assessments/{klass.pk}/scores"
    pk = klass.enrolments.first().pk
    answer = client.put(url, {pk: {"theory": 101, "practice": -1}}, **mine)
    assert (answer.status_code, [one["code"] for one in answer.json()["reasons"]]) == (422, ["mark-range"] * 2)
    stranger = ClassFactory(item=klass.item, state="ended", trainees=1)
    other = stranger.enrolments.first().pk
    assert client.put(url, {pk: {"theory": 60, "practice": 60}, other: {"theory": 1}}, **mine).status_code == 404
    assert client.get(f"/api/assessments/{stranger.pk}", **mine).status_code == 404
    assert not Score.objects.exists()
