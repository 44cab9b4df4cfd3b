"""Three departments over a real connection: slow, down, wrong, replayed; and files left in a folder (N3.5)."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection

from rollbook.exchange import actions, adapters, queries
from rollbook.exchange.models import Batch, Fact, Source
from rollbook.exchange.rules import lines
from rollbook.exchange.tests.factories import NOW, TERMS, contract, death, manifest, officer, write_csv
from rollbook.journal.models import Entry
from rollbook.persons.tests.factories import PersonFactory
from simulators import department as played

pytestmark = [pytest.mark.django_db, pytest.mark.enable_socket]


@pytest.fixture(scope="module")
def port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = free.getsockname()[1]
    command = [sys.executable, "-m", "simulators.department", "--port", str(number)]
    server = subprocess.Popen(command, env=os.environ | {"DEPARTMENT_KEY": played.KEY}, stdout=subprocess.DEVNULL)  # noqa: S603
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", number), 1).close()
            break
        except OSError:
            time.sleep(0.05)
    yield number
    server.terminate()
    server.wait()


def source(port, name, how):
    by = officer()
    made = actions.add_source(
        by=by,
        code=name,
        name=name,
        public_key=played.public_key(name),
        url=f"http://127.0.0.1:{port}/{name}/{how}",
        now=NOW,
    )
    feed = played.DEPARTMENTS[name][0]
    actions.set_contract(
        by=by, source_id=made.pk, feed=feed, from_on=TERMS_FROM, now=NOW, **(TERMS | {"matched_percent": 100})
    )
    return made


TERMS_FROM = NOW.date().replace(year=2020)


@pytest.mark.parametrize(("name", "facts"), [("civil-affairs", 40), ("education", 40), ("social-insurance", 0)])
def test_what_a_department_offers_is_fetched_once(port, name, facts):
    made = source(port, name, "ok")
    [batch] = actions.pull(source_id=made.pk, now=NOW)
    assert (batch.state, batch.rows, batch.wrong, batch.is_signed, Fact.objects.count()) == (
        "loaded",
        40,
        0,
        True,
        facts,
    )
    assert actions.pull(source_id=made.pk, now=NOW + timedelta(minutes=1)) is None, "its turn has not come"
    assert actions.pull(source_id=made.pk, now=NOW + timedelta(minutes=11)) == []
    made.refresh_from_db()
    assert (made.failures, made.failure, made.answered_at) == (0, "", NOW + timedelta(minutes=11))


@pytest.mark.parametrize("how", ["slow", "down", "drops", "wrong", "cut", "unsigned"])
def test_what_is_not_in_order_is_no_fact_and_is_tried_again(port, how, monkeypatch):
    monkeypatch.setattr(adapters, "SECONDS", 0.3)
    made = source(port, "civil-affairs", how)
    assert actions.pull(source_id=made.pk, now=NOW) == []
    made.refresh_from_db()
    assert (made.failures, bool(made.failure), Batch.objects.count(), Fact.objects.count()) == (1, True, 0, 0)
    assert NOW + lines.FIRST / 2 <= made.next_try_at <= NOW + lines.FIRST
    assert queries.line_state(made) == lines.LineState.WAITING


def test_a_number_used_again_is_refused(port):
    made = source(port, "education", "replayed")
    [batch] = actions.pull(source_id=made.pk, now=NOW)
    content, signature = adapters.offered(made.url)[0].content, adapters.offered(made.url)[0].signature
    assert actions.pull(source_id=made.pk, now=NOW + timedelta(minutes=11)) == [], "the known number is not fetched"
    assert (json.loads(content)["number"], bool(signature)) == (batch.number, True)
    assert Batch.objects.count() == 1


def test_the_circuit_opens_after_five_failures_and_closes_with_an_answer(port):
    """All workers share the back-off: it stands in the source's row (N3.5)."""
    made, now, waits = source(port, "civil-affairs", "down"), NOW, []
    for _ in range(6):
        assert actions.pull(source_id=made.pk, now=now) == []
        made.refresh_from_db()
        waits.append((made.next_try_at - now).total_seconds())
        assert actions.pull(source_id=made.pk, now=made.next_try_at - timedelta(seconds=1)) is None
        now = made.next_try_at
    assert all(full / 2 <= wait <= full for wait, full in zip(waits, (30, 60, 120, 240, 1800, 1800), strict=True))
    assert queries.line_state(made) == lines.LineState.OPEN
    Source.objects.filter(pk=made.pk).update(url=made.url.replace("down", "ok"))
    assert len(actions.pull(source_id=made.pk, now=now)) == 1
    made.refresh_from_db()
    assert queries.line_state(made) == lines.LineState.WORKS
    told = Entry.objects.filter(kind="exchange.line-changed").order_by("pk").values_list("data__outcome", flat=True)
    assert list(told) == ["left-alone", "works"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_one_worker_at_a_time_tries_a_line(port):
    made, found, barrier = source(port, "civil-affairs", "ok"), [], threading.Barrier(5)

    def work():
        try:
            barrier.wait()
            found.append(actions.pull(source_id=made.pk, now=NOW))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(5)]
    [one.start() for one in threads]
    [one.join() for one in threads]
    assert sorted(one is None for one in found) == [False, True, True, True, True]
    assert Batch.objects.count() == 1


def test_months_in_a_row_are_one_line_of_a_persons_facts(port):
    """N3.3: what the lake has of a person is shown with date and source, and is not there for others."""
    person, other = PersonFactory(n=3), PersonFactory(n=5000)
    actions.pull(source_id=source(port, "social-insurance", "ok").pk, now=NOW)
    [fact] = queries.facts_of(person, sensitive=False)
    assert (str(fact.from_on), str(fact.until_on), fact.months) == ("2026-06-01", "2026-09-30", 4)
    assert (fact.source, fact.as_of) == ("social-insurance", played.AS_OF)
    assert queries.facts_of(other, sensitive=False) == []


def drop(settings, path, name, signature=None, **values):
    content, own = manifest(path, **values)
    (settings.DROP_ROOT / f"{name}.json").write_bytes(content)
    if signature != "":
        (settings.DROP_ROOT / f"{name}.json.sig").write_text(signature or own)


def test_signed_files_in_the_folder_are_taken_or_refused(settings, capsys):
    contract()
    settings.DROP_ROOT.mkdir()
    for n in range(4):
        write_csv(settings.DROP_ROOT / f"f{n}.csv", [death(n)])
    drop(settings, settings.DROP_ROOT / "f0.csv", "a", batch="a")
    drop(settings, settings.DROP_ROOT / "f1.csv", "b", signature="bm8=", batch="b")
    drop(settings, settings.DROP_ROOT / "f2.csv", "c", signature="", batch="c")  # still being left
    drop(settings, settings.DROP_ROOT / "f3.csv", "d", batch="d", rows=9)
    call_command("receive_facts")
    assert [one.number for one in Batch.objects.all()] == ["a"]
    left = {one.relative_to(settings.DROP_ROOT).as_posix() for one in settings.DROP_ROOT.rglob("*") if one.is_file()}
    assert left == {
        "taken/a.json", "taken/a.json.sig", "taken/f0.csv", "refused/b.json", "refused/b.json.sig", "refused/f1.csv",
        "c.json", "f2.csv", "refused/d.json", "refused/d.json.sig", "refused/f3.csv",
    }  # fmt: skip
    told = capsys.readouterr()
    assert "b.json: The signature is not of a source that we know." in told.err
    assert "d.json: The file has 1 rows" in told.err


def test_a_link_in_the_folder_is_never_followed(settings, tmp_path):
    contract()
    settings.DROP_ROOT.mkdir()
    outside = write_csv(tmp_path / "outside.csv", [death(1)])
    (settings.DROP_ROOT / "f.csv").symlink_to(outside)
    drop(settings, settings.DROP_ROOT / "f.csv", "a")
    assert actions.take_drops(now=NOW) == ([], ["a.json: It is a link, not a file."])
    assert outside.exists()
