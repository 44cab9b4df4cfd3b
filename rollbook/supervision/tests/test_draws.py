"""Double random, one public (N11.2, B3): drawn by a seed, drawn again by anyone, published by two."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from math import ceil
from threading import Barrier

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

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


KNOWN = NOW + timedelta(hours=12)
LATER = KNOWN + timedelta(hours=1)
FIGURE = "03 08 14 19 27 31"


def announced(by, **changes):
    said = {
        "title": "一季度双随机检查",
        "due_on": DUE,
        "source": "双色球第2026034期红球",
        "draws_at": KNOWN,
        "now": NOW,
    }
    return actions.announce_draw(by=by, **{**said, **changes})


def drawn(by, **changes):
    one = announced(by, **changes)
    return actions.draw(by=by, draw_id=one.pk, figure=FIGURE, now=LATER)


def again(file):
    """Written from the sentences on the public page, without our rules."""

    def of(*parts):
        return hashlib.sha256(":".join(map(str, parts)).encode()).hexdigest()

    said = {name: file[name] for name in ("percent", "institutions", "inspectors")}
    lists = of(json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False))
    assert (of(file["secret"]), lists) == (file["announced"]["commitment"], file["announced"]["lists"])
    assert file["seed"] == of(file["secret"], file["figure"], lists)
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


def test_what_is_public_before_the_draw_tells_nobody_what_will_be_drawn(client, county):
    """Lists and secret are fixed by their digests, the figure is named; the secret itself is nowhere to be read."""
    one = announced(county)
    assert one.checks.count() == 0
    file = client.get(f"/open/draws/{one.pk}/?file=1").content.decode()
    page = client.get(f"/open/draws/{one.pk}/").content.decode()
    entry = Entry.objects.get(kind="draw.announced").data
    client.force_login(county)
    told = (
        client.get(f"/api/draws/{one.pk}").content.decode()
        + client.get(f"/supervision/draws/{one.pk}/").content.decode()
    )
    assert one.secret not in file + page + told + json.dumps(entry)
    assert one.commitment in file
    assert one.commitment in page
    assert (entry["commitment"], entry["lists"]) == (one.commitment, one.lists_digest)
    assert "双色球第2026034期红球" in page
    made = actions.draw(by=county, draw_id=one.pk, figure=f"  {FIGURE} ", now=LATER)
    assert (made.figure, made.secret in client.get(f"/open/draws/{one.pk}/").content.decode()) == (FIGURE, True)


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"now": NOW}, "draw-early"), ({"figure": "  "}, "draw-figure"), ({}, "drawn")],
)
def test_drawn_once_and_not_before_the_figure_is_known(county, changes, code):
    one = announced(county)
    values = {"by": county, "draw_id": one.pk, "figure": FIGURE, "now": LATER}
    if not changes:
        actions.draw(**values)
    before = (Draw.objects.get().seed, Check.objects.count())
    with pytest.raises(Refused, match=code):
        actions.draw(**{**values, "figure": "01 02 03 04 05 06", **changes})
    with pytest.raises(NotFound):
        actions.draw(**{**values, "by": AccountFactory(role="supervisor")})
    with pytest.raises(Forbidden):
        actions.draw(**{**values, "by": AccountFactory(role="auditor", region_code="320000")})
    assert (Draw.objects.get().seed, Check.objects.count()) == before


def tampered(pk, **changes):
    """As somebody would who owns the database: past the trigger."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        Draw.objects.filter(pk=pk).update(**changes)
        cursor.execute("RESET session_replication_role")


def test_another_secret_and_other_lists_are_refused(county):
    """Drawing until it fits: neither the secret nor the lists can be exchanged once the figure is known."""
    one = announced(county)
    kept = one.bodies
    for changes, code in (({"secret": "f" * 64}, "secret-differs"), ({"bodies": kept[:2]}, "lists-differ")):
        with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
            Draw.objects.filter(pk=one.pk).update(**changes)
        tampered(one.pk, **changes)
        with pytest.raises(Refused, match=code):
            actions.draw(by=county, draw_id=one.pk, figure=FIGURE, now=LATER)
        tampered(one.pk, secret=one.secret, bodies=kept)
    assert not Check.objects.exists()
    for wrong in ({"seed": "0" * 64, "drawn_at": LATER}, {"seed": one.secret, "drawn_at": NOW}):
        with pytest.raises(DatabaseError, match="when the figure is known"), transaction.atomic():
            Draw.objects.filter(pk=one.pk).update(drawn_by=county, figure=FIGURE, **wrong)
    with pytest.raises(DatabaseError, match="announced before it is drawn"), transaction.atomic():
        Draw.objects.create(
            title="x", region_code="320200", percent=10, bodies=[], inspectors=[], due_on=DUE, seed="1",
            drawn_at=NOW, drawn_by=county,
        )  # fmt: skip


def test_whoever_changes_a_draw_or_draws_twice_from_the_same_lists_is_seen(client, county):
    """Also past the trigger and the lock: the page of each says so, and what was published does not fit any more."""
    first = drawn(county)
    assert queries.holds_still(first)
    again_ = Draw.objects.get(pk=first.pk)
    again_.pk, again_.drawn_at, again_.drawn_by, again_.seed, again_.figure = None, None, None, "", ""
    again_.save()
    second = actions.draw(by=county, draw_id=again_.pk, figure="01 02 03 04 05 06", now=LATER)
    assert queries.from_same_lists(first) == [second.pk]
    client.cookies["django_language"] = "en"
    assert "drawn from more than once" in client.get(f"/open/draws/{first.pk}/").content.decode()
    for changes in ({"secret": "f" * 64}, {"figure": "1"}, {"bodies": first.bodies[:3]}, {"seed": "0" * 64}):
        tampered(first.pk, **changes)
        assert not queries.holds_still(queries.published_draw(first.pk)), changes
        tampered(first.pk, **{name: getattr(first, name) for name in changes})
    assert queries.holds_still(queries.published_draw(first.pk))


def test_a_draw_from_before_there_were_announcements_is_read_as_before(client, county):
    one = announced(county)
    tampered(one.pk, secret="", commitment="", lists_digest="", source="", draws_at=None, announced_at=None,
             announced_by=None, seed="ab12", drawn_at=NOW, drawn_by=county)  # fmt: skip
    old = queries.published_draw(one.pk)
    for pk, (first, second) in queries.drawn_again(old).items():
        old.checks.create(institution_id=pk, region_code=old.region_code, first_id=first, second_id=second)
    assert queries.holds_still(old)
    page = client.get(f"/open/draws/{old.pk}/").content.decode()
    assert old.checks.first().institution.name in page
    file = json.loads(client.get(f"/open/draws/{old.pk}/?file=1").content)
    assert (file["announced"], file["seed"], len(file["drawn"])) == (None, "ab12", 3)


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
    [
        ({"title": " "}, "draw-title"),
        ({"due_on": date(2026, 3, 19)}, "day-past"),
        ({"source": " "}, "draw-source"),
        ({"draws_at": NOW}, "draw-moment"),
    ],
)
def test_refused_and_nothing_announced(county, changes, code):
    with pytest.raises(Refused, match=code):
        announced(county, **changes)
    with pytest.raises(Forbidden):
        announced(AccountFactory(role="supervisor"))
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
    first = announced(county)
    with pytest.raises(Refused, match="draw-announced"):
        announced(county)
    first = actions.draw(by=county, draw_id=first.pk, figure=FIGURE, now=LATER)
    with pytest.raises(Refused, match="draw-open"):
        announced(county)
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
            return bool(announced(county))
        except Refused as refused:
            return refused.reasons[0].code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        assert sorted(map(str, threads.map(deed, range(2)))) == ["True", "draw-announced"]
    one = Draw.objects.get()

    def drawing(n):
        gate.wait()
        try:
            return bool(actions.draw(by=county, draw_id=one.pk, figure=str(n), now=LATER))
        except Refused as refused:
            return refused.reasons[0].code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        assert sorted(map(str, threads.map(drawing, range(2)))) == ["True", "drawn"]
    assert queries.holds_still(Draw.objects.get())


def test_the_pages_of_a_draw(client, county, monkeypatch):
    client.force_login(county)
    client.cookies["django_language"] = "en"
    now = timezone.now()
    form = {
        "title": "检查", "due_on": str(now.date() + timedelta(9)), "source": "双色球", "draws_at": f"{timezone.localtime(now) + timedelta(minutes=2):%Y-%m-%dT%H:%M}",
    }  # fmt: skip
    answer = client.post("/supervision/draws/new/", form)
    one = Draw.objects.get()
    assert answer.url == f"/supervision/draws/{one.pk}/"
    assert "figure as it was published" not in client.get(answer.url).content.decode()
    monkeypatch.setattr(timezone, "now", lambda: now + timedelta(minutes=5))
    assert "figure as it was published" in client.get(answer.url).content.decode()
    assert client.post(f"{answer.url}draw/", {"figure": FIGURE}).status_code == 302
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


def test_draws_through_the_api(client, county, monkeypatch):
    """Drawn, read with both lists, recorded and signed as on the pages (N13)."""
    client.force_login(county)

    def ask(path="", **body):
        answer = client.post(f"/api/draws{path}", json.dumps(body), content_type="application/json")
        return answer.status_code, answer.json()

    now = timezone.now()
    said = {"title": "检查", "due_on": str(now.date() + timedelta(9)), "source": "双色球"}
    said["draws_at"] = (now + timedelta(minutes=2)).isoformat()
    status, one = ask(**said)
    assert (status, one["checks"], one["secret"], one["drawn_at"]) == (200, [], "", None)
    monkeypatch.setattr(timezone, "now", lambda: now + timedelta(minutes=5))
    status, made = ask(f"/{one['id']}/draw", figure=FIGURE)
    assert (status, len(made["checks"]), made["drawn"], made["published"], made["holds"]) == (200, 3, 3, 0, True)
    assert set(made["inspectors"][0]) == {"id", "person"}
    kept = [{"institution": one["institution_id"], "inspectors": one["inspectors"]} for one in made["checks"]]
    file = client.get(f"/open/draws/{made['id']}/?file=1").json()
    assert again(file) == kept == file["drawn"]
    status, refused = ask(**{**said, "due_on": "2020-01-01"})
    assert (status, [one["code"] for one in refused["reasons"]]) == (422, ["draw-moment", "day-past", "draw-open"])
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
