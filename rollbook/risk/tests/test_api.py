"""Alerts for other systems: offices settle them in a session, an institution's key reads and explains (N13, N14.1)."""

import json

import pytest
from django.utils import timezone

from rollbook.accounts import actions as accounts
from rollbook.accounts.rules import GRANTS, Permission, Role
from rollbook.accounts.tests.factories import AccountFactory
from rollbook.classes.tests.factories import ClassFactory
from rollbook.risk import actions
from rollbook.risk.models import Alert
from rollbook.risk.tests.test_alerts import found, official
from rollbook.subsidies.tests.factories import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def alert(settings):
    settings.DEMO = True
    found(ClassFactory(region_code="320102", state="running"))
    return Alert.objects.get()


def send(client, path, **data):
    return client.post(f"/api/alerts/{path}", json.dumps(data), content_type="application/json")


def entered(client, by, settings):
    client.force_login(by, backend=settings.AUTHENTICATION_BACKENDS[0])
    return client


def test_an_office_reads_and_settles(client, alert, settings):
    entered(client, official(), settings)
    [row] = client.get("/api/alerts?scheme=attendance").json()["items"]
    assert (row["id"], row["class_id"], row["state"]) == (alert.pk, alert.training_class_id, "open")
    assert client.get("/api/alerts?scheme=money").json()["items"] == []
    assert client.get("/api/alerts?detector=D50").json()["count"] == 1
    [ground] = client.get(f"/api/alerts/{alert.pk}").json()["grounds"]
    assert (ground["detector"], ground["count"], ground["is_true"]) == ("D50", 1, None)
    wrong = send(client, f"{alert.pk}/settle", true_codes=["D50"], finding="照片重复")
    assert (wrong.status_code, [one["code"] for one in wrong.json()["reasons"]]) == (422, ["consequence-missing"])
    done = send(client, f"{alert.pk}/settle", true_codes=["D50"], finding="照片重复", consequences=["inspection"])
    assert (done.status_code, done.json()["state"], done.json()["outcome"]) == (200, "closed", "true")
    assert client.get("/api/alerts").json()["items"] == []
    assert client.get("/api/alerts?state=closed").json()["count"] == 1


def test_what_is_grave_is_confirmed_by_another(client, alert, settings):
    """N14.1: a hold that goes or stays, money or a case is never one officer's word, also where no claim is filed yet."""
    entered(client, official(), settings)
    data = {"true_codes": ["D50"], "finding": "照片重复", "consequences": ["hold", "case"]}
    assert send(client, f"{alert.pk}/settle", **data).json()["state"] == "proposed"
    assert send(client, f"{alert.pk}/close").status_code == 403
    entered(client, official(Role.COUNTY_SECOND_REVIEWER), settings)
    assert send(client, f"{alert.pk}/send-back", text=" ").status_code == 422
    assert send(client, f"{alert.pk}/close").json()["state"] == "closed"


def test_foreign_alerts_are_not_there(client, alert, settings):
    entered(client, official(region="320583"), settings)
    assert client.get("/api/alerts").json()["items"] == []
    assert client.get(f"/api/alerts/{alert.pk}").status_code == 404
    assert send(client, f"{alert.pk}/ask").status_code == 404


def test_an_institutions_key_reads_what_it_was_asked_and_explains(client, alert):
    by = AccountFactory(role=Role.INSTITUTION_MANAGER, institution_id=alert.institution_id, region_code="320102")
    now = timezone.now()
    keys = {
        scope: accounts.make_token(by=by, name=scope, scopes=[scope], now=now)[1] for scope in ("alerts", "classes")
    }

    def as_key(scope, method, path, **data):
        headers = {"authorization": f"Bearer {keys[scope]}"}
        return getattr(client, method)(
            f"/api/alerts/{path}", json.dumps(data) or None, content_type="application/json", headers=headers
        )

    def read(scope):
        return client.get(f"/api/alerts/{alert.pk}", headers={"authorization": f"Bearer {keys[scope]}"}).status_code

    assert read("alerts") == 404, "not told yet"
    actions.ask(by=official(), alert_id=alert.pk, now=NOW)
    assert (read("alerts"), read("classes")) == (200, 403)
    assert as_key("classes", "post", f"{alert.pk}/explain", text="补课").status_code == 403
    assert as_key("alerts", "post", f"{alert.pk}/settle", finding="无").status_code == 403
    assert as_key("alerts", "post", f"{alert.pk}/explain", text="当日补课").json()["state"] == "answered"
    assert alert.explanations.get().text == "当日补课"


def test_whoever_closes_an_alert_may_let_go_what_it_held():
    """N14.1: else an officer would be refused in the middle of closing."""
    assert {role for role, granted in GRANTS.items() if Permission.ALERT_CONFIRM in granted} <= {
        role for role, granted in GRANTS.items() if Permission.HOLD_LIFT in granted
    }
