"""The API of classes: what an institution's own system reads and writes with its key (N4.1, N4.2, N14.1)."""

import pytest
from django.test import Client
from django.utils import timezone

from rollbook.accounts.actions import make_token
from rollbook.accounts.tests.factories import AccountFactory
from rollbook.classes import actions
from rollbook.classes.models import Review, TrainingClass
from rollbook.classes.tests.applications import BEGINS, NOW, START, ready
from rollbook.directory.tests.factories import load_terms
from rollbook.institutions.tests.factories import equipped
from rollbook.journal.models import Entry

pytestmark = pytest.mark.django_db
JSON = "application/json"


@pytest.fixture
def asked(settings, monkeypatch):
    settings.DEMO = True
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    load_terms(class_min=2)
    return ready()


def keyed(account, *scopes):
    """A client with a key and no session, as a program is."""
    _token, secret = make_token(by=account, name="own system", scopes=list(scopes), now=NOW)
    return Client(enforce_csrf_checks=True, headers={"Authorization": f"Bearer {secret}"})


def signed_in(account):
    client = Client()
    client.force_login(account)
    type(account).objects.filter(pk=account.pk).update(session_key="")
    return client


def stranger():
    return AccountFactory(role="institution-manager", institution_id=equipped().pk)


def read_paths(asked):
    lesson = asked.klass.lessons.first()
    base = f"/api/classes/{asked.klass.pk}"
    return {
        base: "classes",
        f"{base}/roster": "classes",
        f"{base}/lessons": "classes",
        f"{base}/findings": "classes",
        f"{base}/attendance": "attendance",
        f"/api/classes/lessons/{lesson.pk}/attendance": "attendance",
    }


def test_what_is_read_needs_the_scope_and_the_institution(asked):
    """Own key: 200; key for something else: 403; key of another institution: 404; nobody: 401."""
    own = {name: keyed(asked.manager, name) for name in ("classes", "attendance")}
    scores, foreign = keyed(asked.manager, "scores"), keyed(stranger(), "classes", "attendance")
    for path, scope in read_paths(asked).items():
        assert own[scope].get(path).status_code == 200, path
        assert scores.get(path).status_code == 403, path
        assert foreign.get(path).status_code == 404, path
        assert Client().get(path).status_code == 401, path


def test_officials_read_their_own_region_once_it_is_submitted(asked):
    county, other = signed_in(asked.county), signed_in(AccountFactory(region_code="320583"))
    assert {county.get(path).status_code for path in read_paths(asked)} == {404}  # a draft is the institution's
    asked.submit()
    assert {county.get(path).status_code for path in read_paths(asked)} == {200}
    assert {other.get(path).status_code for path in read_paths(asked)} == {404}


def test_a_trainee_reads_no_classmates(asked):
    asked.submit()
    person = asked.klass.enrolments.first().person_id
    client = signed_in(AccountFactory(role="worker", person_id=person))
    answers = {path.rsplit("/", 1)[-1]: client.get(path).status_code for path in read_paths(asked)}
    assert (answers["roster"], answers["attendance"], answers["findings"], answers["lessons"]) == (403, 403, 403, 200)


def test_the_list_is_paged_and_narrowed(asked):
    client = keyed(asked.manager, "classes")
    assert client.get("/api/classes", {"state": "draft"}).json()["count"] == 1
    assert client.get("/api/classes", {"state": "running"}).json()["count"] == 0
    assert keyed(stranger(), "classes").get("/api/classes").json()["items"] == []


def test_roster_and_lessons_show_nothing_in_clear(asked):
    client = keyed(asked.manager, "classes")
    roster = client.get(f"/api/classes/{asked.klass.pk}/roster").json()
    assert [row["name"] for row in roster] == [one.person.name for one in asked.klass.enrolments.order_by("pk")]
    assert all("*" in row["id_masked"] for row in roster)
    lessons = client.get(f"/api/classes/{asked.klass.pk}/lessons").json()
    assert [(row["hours"], row["is_closed"]) for row in lessons] == [(4, False), (4, False)]


def test_attendance_of_a_lesson(asked):
    asked.submit()
    asked.review()
    actions.start_class(by=asked.manager, class_id=asked.klass.pk, now=BEGINS)
    lesson, one = asked.klass.lessons.order_by("starts_at").first(), asked.klass.enrolments.first()
    actions.call_roll(by=asked.manager, lesson_id=lesson.pk, direction="in", enrolment_ids=[one.pk], now=BEGINS)

    answer = keyed(asked.manager, "attendance").get(f"/api/classes/lessons/{lesson.pk}/attendance").json()

    assert {row["enrolment_id"] for row in answer["marks"]} == set(asked.klass.enrolments.values_list("pk", flat=True))
    here = {row["enrolment_id"]: row["in_at"] for row in answer["marks"]}
    assert here[one.pk]
    assert sum(value is None for value in here.values()) == 1


def test_a_draft_is_put_by_the_own_number_and_submitted(asked):
    client = keyed(asked.manager, "classes")
    sent = {"starts_on": str(START), "item_id": asked.klass.item_id, "head": "王校长"}
    first = client.put("/api/classes/by-local-id/A-1", sent, content_type=JSON)
    again = client.put("/api/classes/by-local-id/A-1", sent | {"head": "李校长"}, content_type=JSON)
    assert first.status_code == again.status_code == 200
    assert first.json()["id"] == again.json()["id"]
    assert TrainingClass.objects.get(local_id="A-1").head == "李校长"

    refused = client.post(f"/api/classes/{first.json()['id']}/submit")
    assert refused.status_code == 422
    assert {"no-lessons", "class-size", "no-commitment"} <= {one["code"] for one in refused.json()["reasons"]}
    assert all(one["text"] and one["clause"] for one in refused.json()["reasons"])
    assert client.post(f"/api/classes/{asked.klass.pk}/submit").json()["state"] == "submitted"


def test_a_draft_that_cannot_be_is_refused_and_nothing_is_kept(asked):
    client, url = keyed(asked.manager, "classes"), "/api/classes/by-local-id/A-2"
    before = Entry.objects.count()
    assert client.put(url, {"starts_on": "x"}, content_type=JSON).status_code == 422
    assert client.put(url, {"item_id": 999_999}, content_type=JSON).status_code == 422
    assert not TrainingClass.objects.filter(local_id="A-2").exists()
    assert Entry.objects.count() == before


@pytest.mark.parametrize(("scopes", "who", "status"), [(["scores"], "own", 403), (["classes"], "foreign", 404)])
def test_a_foreign_or_narrow_key_submits_nothing(asked, scopes, who, status):
    account = asked.manager if who == "own" else stranger()
    client = keyed(account, *scopes)
    count = Entry.objects.count()
    assert client.post(f"/api/classes/{asked.klass.pk}/submit").status_code == status
    asked.klass.refresh_from_db()
    assert (asked.klass.state, Entry.objects.count()) == ("draft", count)


def test_an_officer_reviews_and_others_do_not(asked):
    asked.submit()
    url = f"/api/classes/{asked.klass.pk}/review"
    for account, status in ((asked.manager, 403), (stranger(), 404), (AccountFactory(region_code="320583"), 404)):
        assert signed_in(account).post(url, {"move": "approve"}, content_type=JSON).status_code == status
    assert not Review.objects.exists()
    refused = signed_in(asked.county).post(url, {"move": "return"}, content_type=JSON)
    assert (refused.status_code, refused.json()["reasons"][0]["code"]) == (422, "no-reasons")
    answer = signed_in(asked.county).post(url, {"move": "approve", "remark": "同意"}, content_type=JSON)
    assert (answer.status_code, answer.json()["state"]) == (200, "approved")
