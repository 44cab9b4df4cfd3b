"""Double random, one public (N11.2, B3): drawn by a seed, drawn again by anyone, published by two."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from math import ceil
from threading import Barrier

import pytest
from django.db import DatabaseError, connection, transaction

from rollbook.accounts.models import Account
from rollbook.accounts.tests.factories import AccountFactory
from rollbook.directory.tests.factories import load_terms
from rollbook.institutions.models import Teacher
from rollbook.institutions.tests.factories import equipped
from rollbook.journal.models import Entry
from rollbook.kernel.reasons import Forbidden, NotFound, Refused
from rollbook.supervision import actions, queries, rules
from rollbook.supervision.models import Check, Draw

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 20, 2, tzinfo=UTC)
DUE = date(2026, 4, 20)


@pytest.fixture
def county(settings):
    settings.DEMO = True
    load_terms(draw_percent=50)
    made = AccountFactory(role="county-reviewer")
    for _n in range(5):
        equipped()
    AccountFactory.create_batch(3, role="county-reviewer")
    return made


def drawn(by, **changes):
    return actions.draw(by=by, **{"title": "一季度双随机检查", "due_on": DUE, "now": NOW, **changes})


def again(file):
    """Written from the sentence on the public page, without our rules."""

    def of(*parts):
        return hashlib.sha256(":".join(map(str, parts)).encode()).hexdigest()

    seed, pairs, sent = file["seed"], [], dict.fromkeys((one["id"] for one in file["inspectors"]), 0)
    bodies = sorted(file["institutions"], key=lambda one: (not one["waits"], of(seed, one["id"])))
    for body in bodies[: ceil(len(bodies) * file["percent"] / 100)]:
        free = [one for one in file["inspectors"] if one["person"] is None or one["person"] not in body["persons"]]
        free.sort(key=lambda one: (sent[one["id"]], of(seed, body["id"], one["id"])))
        pair = [free[0], next(one for one in free[1:] if one["person"] is None or one["person"] != free[0]["person"])]
        for one in pair:
            sent[one["id"]] += 1
        pairs.append({"institution": body["id"], "inspectors": [one["id"] for one in pair]})
    return pairs


def test_anyone_draws_the_same_from_the_public_file(client, county):
    one = drawn(county)
    assert one.checks.count() == 3, "half of five, rounded up"
    file = json.loads(client.get(f"/open/draws/{one.pk}/?file=1").content)
    assert again(file) == file["drawn"]
    assert queries.holds_still(one)
    assert Entry.objects.get(kind="draw.made").data["seed"] == one.seed
    assert "name" not in file["inspectors"][0]


def test_two_seeds_draw_differently_and_each_everybody_in_time():
    """Of 40 institutions each has its turn; over 400 seeds none is drawn far more often than its share."""
    bodies = [rules.Body(n, waits=True) for n in range(40)]
    often = dict.fromkeys(range(40), 0)
    for seed in range(400):
        for one in rules.drawn_bodies(bodies, 10, f"s{seed}"):
            often[one] += 1
    assert sum(often.values()) == 1600
    assert 15 < min(often.values()) <= max(often.values()) < 75
    lately = [rules.Body(n, waits=n >= 38) for n in range(40)]
    assert {38, 39} <= set(rules.drawn_bodies(lately, 10, "s1")), "those that wait come first"


def test_nobody_checks_their_own_and_no_person_counts_twice():
    inspectors = [rules.Inspector(1, 10), rules.Inspector(2, 10), rules.Inspector(3, 30), rules.Inspector(4, None)]
    for seed in map(str, range(50)):
        pairs = rules.drawn_pairs([7, 8], inspectors, {7: {30}, 8: {10, 30}}, seed)
        assert set(pairs[7]) in ({1, 4}, {2, 4})
        assert 8 not in pairs, "only one is apart from it"


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"title": " "}, "draw-title"), ({"due_on": date(2026, 3, 19)}, "day-past")],
)
def test_refused_and_nothing_drawn(county, changes, code):
    with pytest.raises(Refused, match=code):
        drawn(county, **changes)
    with pytest.raises(Forbidden):
        drawn(AccountFactory(role="supervisor"))
    assert not Draw.objects.exists()


def test_a_teacher_of_the_institution_is_not_sent_there(county):
    body = Teacher.objects.first().institution
    mine = AccountFactory(role="county-reviewer", person_id=Teacher.objects.first().person_id)
    for _n in range(4):
        one = drawn(county)
        assert not one.checks.filter(institution=body, first=mine).exists()
        assert not one.checks.filter(institution=body, second=mine).exists()
        told(one)


def told(one):
    for check in one.checks.all():
        actions.record_check(
            by=check.first, check_id=check.pk, checked_on=NOW.date(), in_order=True, finding="", now=NOW
        )
        actions.sign_check(by=check.second, check_id=check.pk, now=NOW)


def test_no_second_draw_until_the_first_is_published_and_then_the_others_come(county):
    """N11.2: everyone within three years; a draw beside another would be a choice between two."""
    first = drawn(county)
    with pytest.raises(Refused, match="draw-open"):
        drawn(county)
    told(first)
    second = drawn(county)
    before = set(first.checks.values_list("institution", flat=True))
    waiting = {row["id"] for row in second.bodies} - before
    assert waiting <= set(second.checks.values_list("institution", flat=True))


def test_the_result_is_recorded_by_one_and_published_by_the_other(client, county):
    check = drawn(county).checks.first()
    values = {"check_id": check.pk, "checked_on": NOW.date(), "in_order": False, "now": NOW}
    for changes, code in (({"finding": ""}, "describe"), ({"finding": "x", "checked_on": DUE}, "check-ahead")):
        with pytest.raises(Refused, match=code):
            actions.record_check(by=check.first, **{**values, **changes})
    with pytest.raises(Refused, match="not-recorded"):
        actions.sign_check(by=check.second, check_id=check.pk, now=NOW)
    actions.record_check(by=check.first, finding="消防通道堵塞", **values)
    public = f"/open/draws/{check.draw_id}/"
    assert "消防通道堵塞" not in client.get(public).content.decode(), "not before both have signed"
    with pytest.raises(Refused, match="own-record"):
        actions.sign_check(by=check.first, check_id=check.pk, now=NOW)
    stranger = AccountFactory(role="county-reviewer")
    with pytest.raises(Forbidden):
        actions.sign_check(by=stranger, check_id=check.pk, now=NOW)
    actions.sign_check(by=check.second, check_id=check.pk, now=NOW)
    assert "消防通道堵塞" in client.get(public).content.decode()
    with pytest.raises(Refused, match="published"):
        actions.record_check(by=check.first, **{**values, "finding": "没有问题"})
    for change in ({"finding": "没有问题"}, {"first": county}):
        with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
            Check.objects.filter(pk=check.pk).update(**change)
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        Draw.objects.update(seed="0")


def test_a_supervisor_sees_what_it_was_drawn_for(county):
    apart = AccountFactory(role="supervisor", region_code="320100")
    one = drawn(county)
    if not one.checks.filter(first=apart).exists() and not one.checks.filter(second=apart).exists():
        with pytest.raises(NotFound):
            queries.draw(apart, one.pk)
    sent = one.checks.first().first
    assert queries.draw(sent, one.pk) == one


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_two_draws_at_once_are_one(county):
    gate = Barrier(2)

    def deed(_n):
        gate.wait()
        try:
            return bool(drawn(county))
        except Refused as refused:
            return refused.reasons[0].code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        assert sorted(map(str, threads.map(deed, range(2)))) == ["True", "draw-open"]
    assert Draw.objects.count() == 1


def test_the_pages_of_a_draw(client, county, monkeypatch):
    client.force_login(county)
    client.cookies["django_language"] = "en"
    answer = client.post("/supervision/draws/new/", {"title": "检查", "due_on": str(date.today() + timedelta(9))})  # noqa: DTZ011
    one = Draw.objects.get()
    assert answer.url == f"/supervision/draws/{one.pk}/"
    assert "The same" in client.get(answer.url).content.decode()
    check = one.checks.first()
    client.force_login(check.first)
    form = {"checked_on": "2026-03-20", "in_order": "1", "finding": ""}
    assert client.post(f"/supervision/checks/{check.pk}/record/", form).status_code == 302
    client.force_login(check.second)
    assert "Sign and publish" in client.get(answer.url).content.decode()
    assert client.post(f"/supervision/checks/{check.pk}/sign/").status_code == 302
    assert client.get("/supervision/draws/?export=1")["Content-Type"].startswith("application/vnd")
    client.logout()
    for path in ("/open/draws/", f"/open/draws/{one.pk}/"):
        assert check.institution.name in client.get(path).content.decode() or path == "/open/draws/"


def test_draws_through_the_api(client, county):
    """Drawn, read with both lists, recorded and signed as on the pages (N13)."""
    client.force_login(county)

    def ask(path="", **body):
        answer = client.post(f"/api/draws{path}", json.dumps(body), content_type="application/json")
        return answer.status_code, answer.json()

    status, made = ask(title="检查", due_on=str(date.today() + timedelta(9)))  # noqa: DTZ011
    assert (status, len(made["checks"]), made["drawn"], made["published"], made["holds"]) == (200, 3, 3, 0, True)
    assert set(made["inspectors"][0]) == {"id", "person"}
    kept = [{"institution": one["institution_id"], "inspectors": one["inspectors"]} for one in made["checks"]]
    assert again(made) == kept
    status, refused = ask(title="检查", due_on="2020-01-01")
    assert (status, [one["code"] for one in refused["reasons"]]) == (422, ["day-past", "draw-open"])
    check = Check.objects.get(pk=made["checks"][0]["id"])
    found = {"checked_on": "2026-03-20", "in_order": False, "finding": "消防通道堵塞"}
    outsider = next(one for one in made["inspectors"] if one["id"] not in (check.first_id, check.second_id))
    for account, path, body, status in (
        (outsider["id"], "", found, 403), (check.first_id, "", found, 200), (check.first_id, "/sign", {}, 422),
        (check.second_id, "/sign", {}, 200),
    ):  # fmt: skip
        client.force_login(Account.objects.get(pk=account))
        assert ask(f"/checks/{check.pk}{path}", **body)[0] == status
    [row] = client.get("/api/draws").json()["items"]
    assert (row["id"], row["published"]) == (made["id"], 1)
    shown = client.get(f"/api/draws/{made['id']}").json()["checks"][0]
    assert (shown["finding"], shown["in_order"], bool(shown["published_at"])) == ("消防通道堵塞", False, True)
    client.force_login(AccountFactory(role="county-reviewer", region_code="320104"))
    assert client.get("/api/draws").json()["items"] == []
    assert client.get(f"/api/draws/{made['id']}").status_code == 404
