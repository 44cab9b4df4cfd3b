"""What trainees pay themselves, over the API: an institution's own system with its key, a worker, the office (N16.1)."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from rollbook.accounts.actions import make_token
from rollbook.accounts.tests.factories import AccountFactory
from rollbook.classes.tests.factories import ClassFactory
from rollbook.directory.tests.factories import load_terms
from rollbook.fees.models import Entry, SignUp
from rollbook.fees.tests.test_fees import joined, klass, manager, price, worker  # noqa: F401
from rollbook.persons.tests.factories import PersonFactory

pytestmark = pytest.mark.django_db
JSON = {"content_type": "application/json"}
RECEIPT = {"kind": "taken", "amount_fen": 30_000, "means": "cash", "on": "2026-04-01"}


@pytest.fixture(autouse=True)
def _no_second_factor(settings):
    settings.DEMO = True


def key_of(klass, *scopes):  # noqa: F811
    _, secret = make_token(by=manager(klass), name="教务系统", scopes=scopes, now=timezone.now())
    return {"HTTP_AUTHORIZATION": f"Bearer {secret}", **JSON}


def test_an_institutions_system_states_the_price_and_enters_receipts(client, klass):  # noqa: F811
    mine = key_of(klass, "fees")
    stated = {"price_fen": 100_000, "share_fen": 30_000, "ways": ["part"]}
    assert client.put(f"/api/fees/classes/{klass.pk}", stated, **mine).json()["class_id"] == klass.pk
    wrong = client.put(f"/api/fees/classes/{klass.pk}", stated | {"share_fen": 0}, **mine)
    assert (wrong.status_code, wrong.json()["reasons"][0]["code"]) == (422, "share")
    one = joined(klass, "part")
    answers = [
        client.post(f"/api/fees/{one.pk}/receipts", RECEIPT, headers={"idempotency-key": "kassa-0001"}, **mine)
        for _again in range(3)
    ]
    assert [answer.status_code for answer in answers] == [201] * 3
    assert len({answer.content for answer in answers}) == 1
    assert Entry.objects.get().number == answers[0].json()["number"]
    other = client.post(
        f"/api/fees/{one.pk}/receipts", RECEIPT | {"amount_fen": 1}, headers={"idempotency-key": "kassa-0001"}, **mine
    )
    assert (other.status_code, other.json()["reasons"][0]["code"]) == (422, "key-used")
    refused = [
        client.post(f"/api/fees/{one.pk}/receipts", RECEIPT, headers={"idempotency-key": key}, **mine)
        for key in ("kassa-0002", "kassa-0002", "short")
    ]
    assert [one.json()["reasons"][0]["code"] for one in refused] == ["too-much", "too-much", "key-length"]
    said = client.get(f"/api/fees/{one.pk}", **mine).json()
    assert (said["owed_fen"], said["balance_fen"], len(said["receipts"])) == (30_000, 0, 1)
    [listed] = client.get("/api/fees", **mine).json()["items"]
    assert (listed["id"], listed["id_masked"], listed["taken_fen"]) == (one.pk, one.person.id_masked, 30_000)
    assert client.get("/api/fees", **key_of(klass, "claims")).status_code == 403
    stranger = key_of(ClassFactory(item=klass.item), "fees")
    assert client.get(f"/api/fees/{one.pk}", **stranger).status_code == 404
    assert client.post(f"/api/fees/{one.pk}/receipts", RECEIPT, **stranger).status_code == 404
    assert Entry.objects.count() == 1


def test_a_worker_signs_up_and_denies_what_was_not_paid(client, klass):  # noqa: F811
    start = timezone.localdate() + timedelta(days=9)
    type(klass).objects.filter(pk=klass.pk).update(starts_on=start, ends_on=start + timedelta(days=9))
    price(klass)
    person, mine = PersonFactory(), key_of(klass, "fees")
    client.force_login(worker(person))
    made = client.post(f"/api/fees/classes/{klass.pk}/sign-ups", {"way": "advance"}, **JSON)
    assert (made.status_code, made.json()["state"]) == (201, "asked")
    pk = made.json()["id"]
    again = client.post(f"/api/fees/classes/{klass.pk}/sign-ups", {"way": "advance"}, **JSON)
    assert again.json()["reasons"][0]["code"] == "signed-up"
    boss = Client()
    assert boss.post(f"/api/fees/{pk}/decide", {"accept": True}, **mine).json()["state"] == "accepted"
    receipt = boss.post(f"/api/fees/{pk}/receipts", RECEIPT | {"on": str(timezone.localdate())}, **mine).json()
    url = f"/api/fees/receipts/{receipt['id']}/answer"
    assert boss.post(url, {"answer": "confirmed"}, **mine).status_code == 403
    assert client.post(url, {"answer": "denied"}, **JSON).status_code == 422
    assert client.post(url, {"answer": "denied", "said": "没有缴过"}, **JSON).json()["answer"] == "denied"
    assert client.post(f"/api/fees/{pk}/withdraw", **JSON).status_code == 422
    office = Client()
    office.force_login(AccountFactory(role="county-reviewer"))
    assert office.get(f"/api/fees/{pk}").json()["receipts"][0]["said"] == "没有缴过"
    assert office.post(f"/api/fees/{pk}/receipts", RECEIPT, **JSON).status_code == 403


@pytest.mark.parametrize("count", [1, 5])
def test_a_page_of_accounts_takes_a_fixed_number_of_queries(client, klass, count, django_assert_max_num_queries):  # noqa: F811
    price(klass)
    for _ in range(count):
        joined(klass)
    client.force_login(manager(klass))
    with django_assert_max_num_queries(9):
        assert client.get("/api/fees").json()["count"] == count


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_same_key_at_the_same_moment_does_it_once(settings):
    settings.DEMO = True
    load_terms()
    made = ClassFactory(state="approved", starts_on=timezone.localdate(), ends_on=timezone.localdate())
    price(made)
    one, by, answers, start = joined(made), manager(made), [], threading.Barrier(6)

    def work():
        own = Client()
        own.force_login(by)
        start.wait()
        try:
            sent = {"data": RECEIPT, "headers": {"idempotency-key": "kassa-0003"}, **JSON}
            answers.append(own.post(f"/api/fees/{one.pk}/receipts", **sent))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [201] * 6
    assert len({answer.content for answer in answers}) == 1
    assert (Entry.objects.count(), SignUp.objects.count()) == (1, 1)
