"""Kiosks and ID-card readers: registered, activated, revoked; what they send comes to the same however it comes (N4.1, N4.3, N7.4)."""

import json
import random
import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from rollbook.accounts.tests.factories import AccountFactory
from rollbook.classes import actions, queries
from rollbook.classes.actions.devices import DeviceEvent, digest_of
from rollbook.classes.models import Attendance, CheckIn, Device, RefusedEvent
from rollbook.classes.queries.devices import Gap
from rollbook.classes.rules.positions import Position
from rollbook.classes.rules.states import Means
from rollbook.classes.tests.scenes import BEGINS, ENDS, NOW, another, running
from rollbook.journal.models import Entry
from rollbook.kernel.reasons import Forbidden, NotFound, Refused, SignedOut
from rollbook.persons.sealing import digest

pytestmark = pytest.mark.django_db
LATE = ENDS + timedelta(days=28)


@pytest.fixture
def scene():
    return running()


def codes(caught):
    return [one.code for one in caught.value.reasons]


def register(scene, **changes):
    values = {"name": "Door", "kind": "reader", "serial": "SN1", "room_id": None, "now": BEGINS, **changes}
    return actions.register_device(by=values.pop("by", scene.manager), **values)


def activated(scene, **changes):
    device, key = register(scene, **changes)
    actions.activate_device(by=scene.county, device_id=device.pk, now=BEGINS)
    return queries.active_device(digest_of(key)), key


def event(scene, sequence, person=0, direction="in", at=NOW, **changes):
    values = {"lesson_id": scene.lesson.pk, "enrolment_id": scene.people[person].pk, **changes}
    return DeviceEvent(event_id=uuid4(), sequence=sequence, direction=direction, happened_at=at, **values)


def take(known, events, now=LATE, sent_at=None):
    return actions.take_device_events(device=known, events=events, sent_at=sent_at, now=now)


def marks():
    return list(Attendance.objects.order_by("enrolment").values_list("in_at", "out_at", "presence", "minutes"))


def test_a_device_is_registered_activated_and_revoked(scene):
    """The institution registers, the county activates; the key is kept as a digest and dies with the revocation (N14.1)."""
    device, key = register(scene)
    assert key not in json.dumps(list(Device.objects.values()), default=str)
    assert queries.active_device(digest_of(key)) is None
    with pytest.raises(Forbidden):
        actions.activate_device(by=scene.manager, device_id=device.pk, now=NOW)
    actions.activate_device(by=scene.county, device_id=device.pk, now=NOW)
    known = queries.active_device(digest_of(key))
    assert known.id == device.pk
    actions.revoke_device(by=scene.manager, device_id=device.pk, why="stolen", now=NOW)
    with pytest.raises(SignedOut):  # also from who still remembers it
        take(known, [event(scene, 1)])
    assert not CheckIn.objects.exists()
    assert list(Entry.objects.order_by("pk").values_list("kind", flat=True)) == [
        "device.registered", "device.activated", "device.revoked",
    ]  # fmt: skip
    with pytest.raises(Refused):
        actions.activate_device(by=scene.county, device_id=device.pk, now=NOW)


def test_where_the_region_leaves_it_to_the_institution_it_activates_itself():
    scene = running(device_by_county=0)
    device, _key = register(scene)
    assert actions.activate_device(by=scene.manager, device_id=device.pk, now=NOW).state == "active"


@pytest.mark.parametrize(
    ("change", "code"),
    [({"name": " "}, "device-name"), ({"serial": ""}, "device-serial"), ({"room_id": 0}, "device-room")],
)
def test_a_device_that_cannot_be_registered(scene, change, code):
    with pytest.raises(Refused) as caught:
        register(scene, **change)
    assert codes(caught) == [code]
    assert not Device.objects.exists()


def test_a_serial_number_is_registered_once(scene):
    device, _key = register(scene)
    with pytest.raises(Refused) as caught:
        register(scene)
    assert codes(caught) == ["device-known"]
    with pytest.raises(IntegrityError, match="device_serial_once"), transaction.atomic():
        Device.objects.create(
            institution_id=device.institution_id, name="x", kind="kiosk", serial="SN1", digest="d",
            registered_by=scene.manager, registered_at=NOW,
        )  # fmt: skip


@pytest.mark.parametrize(("who", "error"), [("teacher", Forbidden), ("worker", Forbidden), ("county", Forbidden)])
def test_who_may_not_register(scene, who, error):
    with pytest.raises(error):
        register(scene, by=getattr(scene, who))
    assert not Device.objects.exists()


def test_a_device_of_another_institution_is_not_found(scene):
    device, _key = register(scene)
    other = another()
    with pytest.raises(NotFound):
        actions.revoke_device(by=other.manager, device_id=device.pk, why="x", now=NOW)
    elsewhere = AccountFactory(region_code="320583")
    with pytest.raises(NotFound):
        actions.activate_device(by=elsewhere, device_id=device.pk, now=NOW)


def story(scene):
    """Three trainees in and out, twice for one; one event of nobody, one outside the lesson's window."""
    found = [event(scene, n, n) for n in range(3)]
    found += [event(scene, 3 + n, n, "out", ENDS - timedelta(minutes=20 * n)) for n in range(3)]
    found += [
        event(scene, 6, 0, at=NOW + timedelta(minutes=30)),
        event(scene, 7, 0, "out", ENDS - timedelta(minutes=5)),
    ]
    found += [event(scene, 8, enrolment_id=10**9), event(scene, 9, 1, at=BEGINS - timedelta(hours=5))]
    return found


def state(known):
    """Everything that must not depend on the order of arrival."""
    events = CheckIn.objects.order_by("sequence").values_list(
        "event_id", "sequence", "happened_at", "set_aside", "enrolment"
    )
    refused = RefusedEvent.objects.order_by("sequence").values_list("event_id", "sequence", "code")
    return marks(), list(events), list(refused), queries.gaps_of([known.id])


@hypothesis_settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.randoms(use_true_random=False), st.integers(1, 3), st.integers(1, 5))
def test_every_permutation_comes_to_the_same(scene, rng, times, parts):
    """Doubled, shuffled, cut into batches and four weeks late: one final state (N7.4)."""
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
        for n in range(parts):
            if sent[n::parts]:
                take(known, sent[n::parts], now=LATE + timedelta(hours=n))
        found = state(known)
        transaction.set_rollback(True)
    assert found == want
    assert want[0][0] == (NOW, ENDS, "present", 178)
    assert [one[2] for one in want[2]] == ["not-on-roster"]


def test_events_are_answered_and_the_journal_has_one_entry(scene):
    known, _key = activated(scene)
    events = story(scene)
    answers = take(known, events)
    assert [answers[one.event_id].aside for one in events] == [""] * 9 + ["outside-window"]
    assert [one.code for one in answers[events[8].event_id].reasons] == ["not-on-roster"]
    entry = Entry.objects.get(kind="attendance.received")
    assert entry.data == {"lesson": scene.lesson.pk, "people": 9, "device": known.id}


def test_after_the_lock_date_events_are_kept_and_do_not_count(scene):
    known, _key = activated(scene)
    one = event(scene, 1)
    answers = take(known, [one], now=ENDS + timedelta(days=31))
    assert answers[one.event_id].aside == "attendance-closed"
    assert CheckIn.objects.get().set_aside == "attendance-closed"
    assert marks() == [(None, None, "absent", 0)]
    assert take(known, [one], now=ENDS + timedelta(days=31))[one.event_id].aside == "attendance-closed"  # again


def test_a_closed_lesson_still_takes_what_a_device_kept(scene):
    """The clock closes a lesson after two hours; a device without a signal may come later."""
    known, _key = activated(scene)
    actions.close_attendance(lesson_id=scene.lesson.pk, now=ENDS + timedelta(hours=2))
    take(known, [event(scene, 1), event(scene, 2, direction="out", at=ENDS)])
    assert marks()[0] == (NOW, ENDS, "present", 178)


def test_the_lesson_of_another_institution_is_not_there(scene):
    known, _key = activated(scene)
    other = another()
    one = event(other, 1)
    answers = take(known, [one])
    assert not answers[one.event_id].is_found
    assert RefusedEvent.objects.get().code == "no-lesson"
    assert not CheckIn.objects.exists()


def test_gaps_and_a_clock_set_back_are_found(scene):
    known, _key = activated(scene)
    take(
        known,
        [event(scene, 1), event(scene, 2, 1, at=NOW - timedelta(minutes=5)), event(scene, 7, 2)],
        sent_at=LATE + timedelta(hours=1),
    )
    assert queries.gaps_of([known.id]) == [Gap(known.id, 3, 6)]
    assert queries.gaps_of([known.id])[0].missing == 4
    assert [(a.sequence, b.sequence) for a, b in queries.clock_steps_back(known.id)] == [(1, 2)]
    device = Device.objects.get(pk=known.id)
    assert (device.skew_seconds, device.seen_at) == (3600, LATE)
    assert set(CheckIn.objects.values_list("skew_seconds", flat=True)) == {3600}


def test_a_correction_that_was_granted_stays(scene):
    known, _key = activated(scene)
    one = actions.ask_correction(
        by=scene.teacher,
        lesson_id=scene.lesson.pk,
        enrolment_id=scene.people[0].pk,
        presence="present",
        why="x",
        now=ENDS,
    )
    actions.decide_correction(by=scene.county, correction_id=one.pk, grant=True, now=ENDS)
    take(known, [event(scene, 1)])
    assert Attendance.objects.get(enrolment=scene.people[0]).presence == "present"


def test_a_method_the_region_has_not_chosen_does_not_count():
    scene = running(method_card=0)
    known, _key = activated(scene)
    one = event(scene, 1)
    assert take(known, [one])[one.event_id].aside == "method-off"


def test_a_face_alone_never_counts():
    """Another way always exists, and a face is only ever the second proof."""
    scene = running(method_face=1)
    known, _key = activated(scene)
    one = event(scene, 1, means=Means.FACE)
    assert take(known, [one])[one.event_id].aside == "face-alone"


def test_a_position_is_kept_in_wgs84_with_its_distance(scene):
    site = scene.lesson.room.site
    site.latitude, site.longitude = "39.915000", "116.404000"
    site.save()
    known, _key = activated(scene)
    here = Position(39.91640428150164, 116.41024449916938, "gcj02", 20)
    take(known, [event(scene, 1, position=here)])
    row = CheckIn.objects.get()
    assert (round(row.latitude, 5), round(row.longitude, 5), row.distance, row.accuracy) == (39.915, 116.404, 0, 20)


# Over HTTP


def post(client, key, body):
    return client.post(
        "/api/devices/events", json.dumps(body, default=str), content_type="application/json",
        headers={"authorization": f"Bearer {key}"},
    )  # fmt: skip


def sent(one, **changes):
    row = {
        name: getattr(one, name)
        for name in ("event_id", "sequence", "lesson_id", "direction", "happened_at", "enrolment_id")
    }
    return {**row, **changes}


def test_a_reader_fetches_the_roster_and_sends_what_it_read(client, scene, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    known, key = activated(scene)
    auth = {"authorization": f"Bearer {key}"}
    assert client.get("/api/devices/me", headers=auth).json()["id"] == known.id
    [lesson] = client.get("/api/devices/lessons", headers=auth).json()
    assert {one["enrolment_id"] for one in lesson["roster"]} == {one.pk for one in scene.people}
    good, lost = event(scene, 1), event(scene, 2, enrolment_id=10**9)
    answer = post(client, key, {"sent_at": NOW, "events": [sent(good), sent(lost)]})
    assert [(one["state"], one["code"]) for one in answer.json()] == [("counts", ""), ("refused", "not-on-roster")]


def test_an_id_card_finds_its_trainee(client, scene, monkeypatch):
    number = "320102199001011234"
    person = scene.people[0].person
    person.id_digest = digest(number)
    person.save()
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    _known, key = activated(scene)
    one = event(scene, 1)
    answer = post(client, key, {"events": [sent(one, enrolment_id=None, id_number=number)]})
    assert answer.json()[0]["state"] == "counts"
    assert CheckIn.objects.get().enrolment_id == scene.people[0].pk
    assert number not in json.dumps(list(Entry.objects.values()), default=str)


def test_a_wrong_key_and_a_session_open_nothing(client, scene):
    client.force_login(scene.manager)
    for headers in ({}, {"authorization": "Bearer device-nothing"}):
        assert client.get("/api/devices/me", headers=headers).status_code == 401


@pytest.mark.slow
def test_many_permutations_of_offline_batches(scene):
    """Whatever an afternoon without a signal does to the order of five batches; a thousand of them are measured
    by `python -m benchmarks faults`."""
    rng, seen = random.Random(7), set()  # noqa: S311 the same orders each time
    events = story(scene)
    for _ in range(20):
        with transaction.atomic():
            device, _key = register(scene)
            Device.objects.filter(pk=device.pk).update(state="active", activated_at=NOW)
            known = queries.devices(scene.manager).get(pk=device.pk)
            rng.shuffle(events)
            for n in range(5):
                take(known, events[n::5])
            seen.add(
                json.dumps(
                    [marks(), list(CheckIn.objects.order_by("sequence").values_list("event_id", "set_aside"))],
                    default=str,
                )
            )
            transaction.set_rollback(True)
    assert len(seen) == 1


# Pages

KEY = r"device-[\w-]{43}"


def test_the_manager_registers_a_device_on_the_page_and_sees_the_key_once(client, scene):
    client.force_login(scene.manager)
    answer = client.post(
        "/classes/devices/", {"name": "Door", "kind": "kiosk", "serial": "SN9", "room_id": scene.lesson.room_id}
    )
    assert re.search(KEY, answer.text)
    device = Device.objects.get(serial="SN9")
    assert f"/classes/devices/{device.pk}/" in answer.text
    assert not re.search(KEY, client.get("/classes/devices/").text)


def test_the_county_activates_and_sees_gaps_and_refused_events(client, scene, settings):
    settings.DEMO = True  # an official without a second factor
    device, key = register(scene)
    client.force_login(scene.county)
    client.post(f"/classes/devices/{device.pk}/activate/")
    known = queries.active_device(digest_of(key))
    take(
        known,
        [event(scene, 1), event(scene, 5, 1), event(scene, 6, enrolment_id=10**9)],
        sent_at=LATE + timedelta(hours=2),
    )
    page = client.get(f"/classes/devices/{device.pk}/", headers={"accept-language": "en"}).text
    assert "2–4" in page
    assert "not-on-roster" in page
    listed = client.get("/classes/devices/?q=SN1", headers={"accept-language": "en"}).text
    assert "clock 7200 s ahead" in listed
    client.post(f"/classes/devices/{device.pk}/revoke/", {"why": "stolen"})
    device.refresh_from_db()
    assert (device.state, device.revoke_reason) == ("revoked", "stolen")


def test_the_list_of_devices_has_a_fixed_number_of_queries(client, scene, settings, django_assert_max_num_queries):
    settings.DEMO = True
    for n in range(5):
        register(scene, serial=f"S{n}")
    client.force_login(scene.county)
    with django_assert_max_num_queries(12):
        assert client.get("/classes/devices/").status_code == 200
