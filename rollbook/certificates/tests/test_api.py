"""Certificates over the API: what a key is for, what an office may, what a stranger learns (N5.3, N6.4)."""

import statistics
import time

import pytest
from django.utils import timezone

from rollbook.accounts.actions import make_token
from rollbook.accounts.rules import Role
from rollbook.accounts.tests.factories import AccountFactory
from rollbook.certificates import actions, queries, rules
from rollbook.certificates.tests.scenes import NOW, passed

pytestmark = pytest.mark.django_db
JSON = {"content_type": "application/json"}


@pytest.fixture(autouse=True)
def _no_second_factor(settings):
    settings.DEMO = True


def key(manager, *scopes):
    _, secret = make_token(by=manager, name="教务系统", scopes=scopes, now=timezone.now())
    return {"HTTP_AUTHORIZATION": f"Bearer {secret}"}


@pytest.fixture
def issued():
    klass, manager = passed(2)
    return actions.issue_certificates(by=manager, class_id=klass.pk, now=NOW), manager


def test_a_key_issues_only_when_it_is_for_certificates(client):
    klass, manager = passed(2)
    url = f"/api/certificates/classes/{klass.pk}/issue"
    assert client.post(url, **key(manager, "scores")).status_code == 403
    assert client.post(url).status_code == 401
    answer = client.post(url, **key(manager, "certificates"))
    assert [one["number"] for one in answer.json()] == [rules.number_of("320000", 2026, n) for n in (1, 2)] or (
        timezone.localdate().year != 2026
    )
    again = client.post(url, **key(manager, "certificates"))
    assert (again.status_code, again.json()["reasons"][0]["code"]) == (422, "nobody")


def test_one_is_read_printed_again_and_revoked(client, issued):
    made, manager = issued
    mine = key(manager, "certificates")
    url = f"/api/certificates/{made[0].pk}"
    assert client.get(url, **mine).json()["number"] == made[0].number
    assert client.get(f"{url}/pdf", **mine).content.startswith(b"%PDF")
    assert client.post(f"{url}/reprint", {"why": " "}, **JSON, **mine).status_code == 422
    assert client.post(f"{url}/reprint", {"why": "遗失"}, **JSON, **mine).json()["prints"] == 1
    assert client.post(f"{url}/revoke", {"why": "替考"}, **JSON, **mine).status_code == 403, "not by who issued it"
    client.force_login(AccountFactory(role=Role.COUNTY_SECOND_REVIEWER))
    assert client.post(f"{url}/revoke", {"why": "替考"}, **JSON).json()["state"] == "revoked"
    stranger = AccountFactory(role=Role.COUNTY_SECOND_REVIEWER, region_code="320505")
    client.force_login(stranger)
    assert client.get(url).status_code == 404
    assert client.post(f"{url}/revoke", {"why": "替考"}, **JSON).status_code == 404


def test_what_is_void_stays_void_and_is_printed_as_such(client, issued):
    """N6.4: the reason shows on the page of the office, the word for everyone; reprints are counted with their why."""
    made, manager = issued
    client.force_login(manager)
    answer = client.post(f"/certificates/{made[0].pk}/reprint/", {"why": "遗失补办"})
    assert answer.status_code == 302
    client.force_login(AccountFactory(role=Role.COUNTY_SECOND_REVIEWER))
    client.post(f"/certificates/{made[0].pk}/revoke/", {"why": "替考查实"})
    page = client.get(f"/certificates/{made[0].pk}/").text
    assert "替考查实" in page
    assert "遗失补办" in page
    public = client.get(f"/verify/{made[0].token}/").text
    assert 'data-state="revoked"' in public
    assert "替考查实" not in public, "why is the office's own"
    assert client.get("/api/public/certificates/verify", {"number": made[0].number, "name": made[0].name}).json()[
        "state"
    ] == ("revoked")


def test_unknown_number_and_wrong_name_are_one_answer_in_words_and_in_time(client, issued, django_assert_num_queries):
    """N5.3: neither the page, nor the number of queries, nor the time tells which numbers exist."""
    made, _ = issued
    there, not_there = made[0].number, rules.number_of("320000", 2026, 77)

    def page(number):
        return client.get("/verify/", {"number": number, "name": "别人"}).text.replace(number, "")

    def strip(text):  # the token against forgery is another each time
        return [line for line in text.splitlines() if "csrf" not in line and "nonce" not in line]

    assert strip(page(there)) == strip(page(not_there))
    api = [
        client.get("/api/public/certificates/verify", {"number": number, "name": "别人"}).json()
        for number in (there, not_there)
    ]
    assert api[0] == api[1] == {"found": False, "state": "", "project": "", "issued_on": ""}
    took: dict[str, list[float]] = {there: [], not_there: []}
    for _ in range(150):
        for number, times in took.items():
            began = time.perf_counter()
            assert queries.verify(number, "别人") is None
            times.append(time.perf_counter() - began)
    fast, slow = sorted(statistics.median(times) for times in took.values())
    assert slow < fast * 1.6
    for number in took:
        with django_assert_num_queries(1):
            queries.verify(number, "别人")


def test_whoever_asks_too_often_is_told_to_wait(client, issued):
    """N5.3: right answers stop as well, so that trying is of no use."""
    made, _ = issued
    question = {"number": made[0].number, "name": made[0].name}
    statuses = [client.get("/api/public/certificates/verify", question).status_code for _ in range(22)]
    assert statuses == [200] * 20 + [429] * 2
    limited = client.get("/verify/", question)
    assert limited.status_code == 429, "pages and API share the limit"
    assert made[0].institution_name not in limited.text
    elsewhere = client.get("/verify/", question, REMOTE_ADDR="10.1.2.3")
    assert made[0].institution_name in elsewhere.text
