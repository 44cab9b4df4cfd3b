"""Files of events that a device kept: the same state as the same events one batch after the other, however they come,
and whatever stops the worker (N4.1, N7.4)."""

import csv
import io
import json
import threading
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from rollbook.accounts.tests.factories import AccountFactory
from rollbook.classes import actions, queries
from rollbook.classes.actions import event_files
from rollbook.classes.api.devices import _blocks
from rollbook.classes.models import CheckIn, Device, EventAnswers, EventFile, RefusedEvent
from rollbook.classes.rules import events as rules
from rollbook.classes.tests.scenes import ENDS, NOW, another, running
from rollbook.classes.tests.test_devices import LATE, activated, codes, event, marks, state, story, take
from rollbook.journal.models import Entry
from rollbook.kernel.reasons import Forbidden, NotFound, Refused
from rollbook.persons.sealing import digest

pytestmark = pytest.mark.django_db
NUMBER = "320102199001011234"
FIELDS = ("event_id", "sequence", "lesson_id", "direction", "happened_at", "enrolment_id")


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def scene():
    return running()


def row(one, **changes):
    return {name: getattr(one, name) for name in FIELDS} | changes


def ndjson(rows):
    return "".join(json.dumps(one, default=str) + "\n" for one in rows).encode()


def as_csv(rows):
    target = io.StringIO()
    writer = csv.DictWriter(target, list(dict.fromkeys(name for one in rows for name in one)))
    writer.writeheader()
    writer.writerows(rows)
    return target.getvalue().encode("utf-8-sig")


def put(known, content, now=LATE, **values):
    one = actions.file_events(device=known, content=[content], sent_at=None, now=now, **values)
    actions.run_event_file(file_id=one.pk)
    one.refresh_from_db()
    return one


def answers(one):
    return list(csv.DictReader(io.StringIO("".join(queries.event_answers(one)))))


def figures(one):
    return one.state, one.rows, one.wrong, one.done, one.counted, one.kept, one.refused


@hypothesis_settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 2), st.lists(st.booleans(), min_size=2, max_size=4))
def test_some_by_batch_and_some_by_file_come_to_the_same(scene, rng, times, by_file):
    """Permutations of a reader's events, doubled and cut: each part is sent as a batch, or as a file of either kind."""
    with transaction.atomic():
        known, _key = activated(scene)
        events = story(scene)
        take(known, events)
        want = state(known)
        transaction.set_rollback(True)
    with transaction.atomic():
        known, _key = activated(scene)
        sent = events * times
        rng.shuffle(sent)
        for n, is_file in enumerate(by_file):
            part = sent[n :: len(by_file)]
            if is_file and part:
                content = rng.choice([ndjson, as_csv])([row(one) for one in part])
                assert put(known, content, now=LATE + timedelta(hours=n)).state == "done"
            elif part:
                take(known, part, now=LATE + timedelta(hours=n))
        found = state(known)
        transaction.set_rollback(True)
    assert found == want


def test_every_event_of_a_file_is_answered(scene, folder):
    """What was kept and counts, what was set aside and why, what belongs to nobody; the file itself is gone."""
    known, _key = activated(scene)
    events = story(scene)
    one = put(known, ndjson([row(each) for each in events]), name="march.ndjson")
    assert figures(one) == ("done", 10, 0, 10, 8, 1, 1)
    told = {each["event_id"]: (each["row"], each["state"], each["code"]) for each in answers(one)}
    assert told[str(events[0].event_id)] == ("1", "counts", "")
    assert told[str(events[8].event_id)] == ("9", "refused", "not-on-roster")
    assert told[str(events[9].event_id)] == ("10", "kept", "outside-window")
    assert set(CheckIn.objects.values_list("received_at", "by")) == {(LATE, None)}
    kinds = list(Entry.objects.filter(kind__contains=".").order_by("pk").values_list("kind", flat=True))[-3:]
    assert kinds == ["device.file-received", "attendance.received", "device.file-taken"]
    assert Entry.objects.get(kind="device.file-taken").data["counted"] == 8
    assert one.file.name == ""


def test_the_file_is_removed_once_its_transaction_is_kept(scene, folder, django_capture_on_commit_callbacks):
    known, _key = activated(scene)
    with django_capture_on_commit_callbacks(execute=True):
        put(known, ndjson([row(event(scene, 1))]))
    assert [path for path in folder.rglob("*") if path.is_file()] == []


def test_rows_that_are_no_events_are_told_all_at_once_and_the_rest_is_taken(scene):
    known, _key = activated(scene)
    good = row(event(scene, 1))
    bad = [
        {**good, "event_id": "x", "direction": "up"},
        {**good, "happened_at": "2026-03-02T09:02:00"},
        {name: value for name, value in good.items() if name != "sequence"},
        {**good, "event_id": uuid4(), "position": {"latitude": 99, "longitude": 1}},
    ]
    content = ndjson([bad[0], good, *bad[1:]]) + b"{\n\n[1]\n" + b'{"a": "' + b"x" * 20_000 + b'"}\n'
    one = put(known, content)
    assert (one.state, one.wrong, one.counted) == ("done", 7, 1)
    assert [(each["row"], each["field"], each["code"]) for each in answers(one)][:-1] == [
        ("1", "event_id", "no-uuid"), ("1", "direction", "no-direction"), ("3", "happened_at", "no-time"),
        ("4", "sequence", "missing"), ("5", "position.latitude", "no-value"), ("6", "", "no-event"),
        ("8", "", "no-event"), ("9", "", "no-event"),
    ]  # fmt: skip
    assert one.wrong_fields[0] == [1, "event_id", "no-uuid"]
    assert {code for _row, _field, code in one.wrong_fields} <= rules.WRONG.keys()


def test_csv_may_quote_lack_optional_columns_and_name_what_lies_within(scene):
    known, _key = activated(scene)
    one, other = event(scene, 1), event(scene, 2, 1)
    rows = [row(one, **{"position.latitude": 32.05, "position.longitude": 118.79}), row(other)]
    lines = as_csv(rows).decode().splitlines(keepends=True)
    broken = lines[1].replace(str(one.event_id), '"' + str(one.event_id))  # a quote left open spoils its own line only
    done = put(known, "".join([lines[0], broken, *lines[1:], "1,2\n"]).encode())
    assert (done.wrong, done.counted) == (2, 2)
    assert [(each["row"], each["code"]) for each in answers(done)[:2]] == [("2", "no-cells"), ("5", "no-cells")]
    assert CheckIn.objects.get(event_id=one.event_id).latitude == 32.05
    assert CheckIn.objects.get(event_id=other.event_id).latitude is None


def test_a_file_that_is_none_is_refused_whole_and_may_be_put_again_mended(scene):
    known, _key = activated(scene)
    one = put(known, b"a,b\n1,2\n")
    assert (one.state, [why["code"] for why in one.failure], one.done) == ("failed", ["event-columns"], 0)
    with pytest.raises(Refused) as caught:
        put(known, b"")
    assert codes(caught) == ["event-file-empty"]
    assert put(known, ndjson([row(event(scene, 1))])).counted == 1


def test_a_file_that_is_too_large_or_too_long_is_refused(scene, monkeypatch):
    known, _key = activated(scene)
    monkeypatch.setattr(rules, "MOST_BYTES", 10)
    with pytest.raises(Refused) as caught:
        put(known, ndjson([row(event(scene, 1))]))
    assert codes(caught) == ["event-file-large"]
    assert not EventFile.objects.exists()
    monkeypatch.undo()
    monkeypatch.setattr(rules, "MOST_ROWS", 1)
    one = put(known, ndjson([row(event(scene, 1)), row(event(scene, 2))]))
    assert (one.state, one.failure[0]["code"]) == ("failed", "event-file-long")
    assert not CheckIn.objects.exists()


def test_an_identity_card_finds_its_trainee_and_goes_no_further(scene):
    known, _key = activated(scene)
    person = scene.people[0].person
    person.id_digest = digest(NUMBER)
    person.save()
    one = put(known, as_csv([row(event(scene, 1), enrolment_id="", id_number=NUMBER)]))
    assert CheckIn.objects.get().enrolment_id == scene.people[0].pk
    kept = [list(table.objects.values()) for table in (Entry, EventFile, EventAnswers)]
    assert NUMBER not in json.dumps(kept, default=str)
    assert one.counted == 1


def test_after_a_stop_it_goes_on_where_it_was(scene, monkeypatch):
    """Parts that have their answers stay; the others are taken when it goes on, and the state is as without a stop."""
    known, _key = activated(scene)
    events = story(scene)
    monkeypatch.setattr(event_files, "PART", 3)
    settle, parts = event_files.settle_events, []

    def breaks(*args):
        parts.append(1)
        if len(parts) == 3:
            raise OSError("no space left")
        return settle(*args)

    monkeypatch.setattr(event_files, "settle_events", breaks)
    one = actions.file_events(device=known, content=[ndjson([row(each) for each in events])], sent_at=None, now=LATE)
    with pytest.raises(OSError, match="no space"):
        actions.run_event_file(file_id=one.pk)
    one.refresh_from_db()
    assert (one.state, one.done, one.failure[0]["code"]) == ("failed", 6, "event-file-broken")
    assert len(answers(one)) == 6
    monkeypatch.setattr(event_files, "settle_events", settle)
    actions.go_on_with_file(by=scene.manager, file_id=one.pk, now=LATE + timedelta(hours=1))
    actions.run_event_file(file_id=one.pk)
    one.refresh_from_db()
    assert figures(one) == ("done", 10, 0, 10, 8, 1, 1)
    assert len({each["event_id"] for each in answers(one)}) == 10
    assert marks()[0] == (NOW, ENDS, "present", 178)


def test_the_same_file_again_is_the_same(scene):
    known, _key = activated(scene)
    content = ndjson([row(event(scene, 1))])
    one = put(known, content)
    assert put(known, content, now=LATE + timedelta(days=1)).pk == one.pk
    assert EventFile.objects.count() == CheckIn.objects.count() == 1


def test_a_worker_that_was_killed_is_noticed_by_its_silence(scene):
    known, _key = activated(scene)
    one = actions.file_events(device=known, content=[ndjson([row(event(scene, 1))])], sent_at=None, now=LATE)
    EventFile.objects.update(state="running", seen_at=LATE)
    soon, later = LATE + timedelta(minutes=9), LATE + timedelta(minutes=11)
    assert queries.event_files_cut_off(soon) == []
    with pytest.raises(Refused) as caught:
        actions.go_on_with_file(by=None, file_id=one.pk, now=soon)
    assert codes(caught) == ["not-broken"]
    assert queries.event_files_cut_off(later) == [one.pk]
    assert actions.go_on_with_file(by=None, file_id=one.pk, now=later).state == "waiting"


def test_a_device_revoked_meanwhile_takes_nothing(scene):
    known, _key = activated(scene)
    one = actions.file_events(device=known, content=[ndjson([row(event(scene, 1))])], sent_at=None, now=LATE)
    actions.revoke_device(by=scene.manager, device_id=known.id, why="stolen", now=LATE)
    actions.run_event_file(file_id=one.pk)
    one.refresh_from_db()
    assert (one.state, one.failure[0]["code"]) == ("failed", "device-inactive")
    assert not CheckIn.objects.exists()
    with pytest.raises(Refused) as caught:
        by_hand(scene, known, b"{}")
    assert codes(caught) == ["device-inactive"]


def by_hand(scene, known, content, by=None):
    return actions.file_events_by_hand(
        by=by or scene.manager, device_id=known.id, content=[content], name="f.csv", now=LATE
    )


def test_what_a_person_brings_carries_who_did(scene):
    known, _key = activated(scene)
    one = by_hand(scene, known, as_csv([row(event(scene, 1))]))
    actions.run_event_file(file_id=one.pk)
    assert CheckIn.objects.get().by == scene.manager
    assert {entry.by for entry in Entry.objects.filter(kind__in=["attendance.received", "device.file-taken"])} == {
        scene.manager
    }


def test_who_may_not_bring_a_file_nor_see_it(scene):
    known, _key = activated(scene)
    with pytest.raises(Forbidden):
        by_hand(scene, known, b"{}", by=scene.county)
    for stranger in (scene.teacher, scene.worker, another().manager):
        with pytest.raises(NotFound):
            by_hand(scene, known, b"{}", by=stranger)
    assert not EventFile.objects.exists()
    one = by_hand(scene, known, b"{}")
    assert queries.event_file(scene.county, one.pk) == one
    for stranger in (scene.worker, AccountFactory(region_code="320583")):
        with pytest.raises(NotFound):
            queries.event_file(stranger, one.pk)


def test_answers_and_broken_files_are_removed_in_time(scene, folder):
    known, _key = activated(scene)
    done, broken = put(known, ndjson([row(event(scene, 1))])), put(known, b"a,b\n")
    ended = EventFile.objects.get(pk=done.pk).ended_at
    assert actions.tidy_event_files(now=ended + timedelta(days=29)) == 0
    assert actions.tidy_event_files(now=ended + timedelta(days=31)) == 1
    broken.refresh_from_db()
    assert broken.file.name == ""
    assert actions.tidy_event_files(now=ended + timedelta(days=91)) == 2
    assert not EventAnswers.objects.exists()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_two_workers_and_the_device_itself_at_once_keep_each_event_once(monkeypatch):
    """A worker that was only slow goes on beside the one that took its place, while the device sends the same events."""
    scene = running()
    known, _key = activated(scene)
    monkeypatch.setattr(event_files, "PART", 2)
    events = story(scene)
    one = actions.file_events(device=known, content=[ndjson([row(each) for each in events])], sent_at=None, now=LATE)

    def work(deed):
        try:
            deed()
        finally:
            connection.close()

    deeds = [lambda: actions.run_event_file(file_id=one.pk)] * 2 + [lambda: take(known, events)]
    threads = [threading.Thread(target=work, args=[deed]) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    one.refresh_from_db()
    assert figures(one) == ("done", 10, 0, 10, 8, 1, 1)
    assert (CheckIn.objects.count(), RefusedEvent.objects.count()) == (9, 1)
    assert len(answers(one)) == 10
    assert Device.objects.count() == 1


# Over HTTP


def test_a_device_puts_a_file_and_fetches_its_answers(client, scene):
    _known, key = activated(scene)
    auth = {"authorization": f"Bearer {key}"}
    events = story(scene)
    content = ndjson([row(each) for each in events])
    address = "/api/devices/files?name=march.ndjson&sent_at=2100-01-01T00:00:00Z"
    assert client.generic("POST", address, content, headers=auth).status_code == 422
    answer = client.generic("POST", address.replace("2100", "2030"), content, "application/x-ndjson", headers=auth)
    assert answer.status_code == 202
    one = EventFile.objects.get(pk=answer.json()["id"])
    assert (one.name, one.size, one.filed_by, one.skew_seconds > 0) == ("march.ndjson", len(content), None, True)
    unfinished = client.get(f"/api/devices/files/{one.pk}/answers", headers=auth)
    assert [why["code"] for why in unfinished.json()["reasons"]] == ["event-file-unfinished"]
    actions.run_event_file(file_id=one.pk)
    told = client.get(f"/api/devices/files/{one.pk}", headers=auth).json()
    assert (told["state"], told["done"], told["refused"]) == ("done", 10, 1)
    found = client.get(f"/api/devices/files/{one.pk}/answers", headers=auth)
    assert len(list(csv.DictReader(io.StringIO(found.getvalue().decode())))) == 10
    other = another()
    _known, stranger = activated(other)
    for path in ("", "/answers"):
        again = client.get(f"/api/devices/files/{one.pk}{path}", headers={"authorization": f"Bearer {stranger}"})
        assert again.status_code == 404


def test_a_file_that_was_cut_off_on_its_way_is_refused(rf, scene):
    known, _key = activated(scene)
    request = rf.generic("POST", "/api/devices/files", b"{}", CONTENT_LENGTH="9")
    request._stream = io.BytesIO(b"{}")
    with pytest.raises(Refused) as caught:
        actions.file_events(device=known, content=_blocks(request), sent_at=None, now=LATE)
    assert codes(caught) == ["event-file-cut"]
    assert not EventFile.objects.exists()


# Pages


def test_the_manager_brings_a_file_on_the_device_s_page_and_sees_what_came_of_it(client, scene):
    known, _key = activated(scene)
    client.force_login(scene.manager)
    headers = {"accept-language": "en"}
    assert "Take the events" in client.get(f"/classes/devices/{known.id}/", headers=headers).text
    events = [row(each) for each in story(scene)]
    content = ndjson([{**events[0], "direction": "up"}, *events])
    answer = client.post(f"/classes/devices/{known.id}/events/", {"file": SimpleUploadedFile("march.ndjson", content)})
    one = EventFile.objects.get()
    assert answer.url == f"/classes/devices/files/{one.pk}/"
    assert "Waits for a worker." in client.get(answer.url, headers=headers).text
    actions.run_event_file(file_id=one.pk)
    page = client.get(answer.url, headers=headers).text
    assert "“in” or “out” is expected." in page
    assert "march.ndjson" in client.get(f"/classes/devices/{known.id}/", headers=headers).text
    found = client.get(answer.url + "?export=1")
    assert len(list(csv.DictReader(io.StringIO(found.getvalue().decode())))) == 11
    assert Entry.objects.filter(kind="list.exported").count() == 1
    EventFile.objects.update(state="failed", failure=[])
    client.post(f"{answer.url}go-on/")
    one.refresh_from_db()
    assert one.state == "waiting"
