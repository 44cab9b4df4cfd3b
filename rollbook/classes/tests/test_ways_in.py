"""What each way in may send: no one person marks a class where a second must confirm (N4.1, N7.4, N14.1)."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from rollbook.classes import actions
from rollbook.classes.models import Attendance, CheckIn, Device, RefusedEvent
from rollbook.classes.rules.states import Means
from rollbook.classes.tests.scenes import BEGINS, ENDS, NOW, running
from rollbook.classes.tests.test_devices import activated, event, register, take
from rollbook.journal.models import Entry
from rollbook.kernel.reasons import Forbidden, Refused

pytestmark = pytest.mark.django_db


def handed_on(scene, by, serial="SN1", now=ENDS):
    events = [
        actions.Event(uuid4(), one.pk, direction, at)
        for one in scene.people
        for direction, at in (("in", BEGINS), ("out", ENDS))
    ]
    return actions.take_events(by=by, lesson_id=scene.lesson.pk, events=events, device=serial, now=now)


def nobody_is_marked():
    return not CheckIn.objects.exists() and not Attendance.objects.exists() and not RefusedEvent.objects.exists()


@pytest.mark.parametrize("confirm", [0, 1])
def test_a_roll_from_a_device_counts_only_where_nobody_must_confirm_it(confirm):
    scene = running(roll_confirm=confirm)
    known, _key = activated(scene)
    there = [event(scene, 1, means=Means.ROLL_CALL), event(scene, 2, direction="out", at=ENDS, means=Means.ROLL_CALL)]
    answers = take(known, there)
    assert {one.aside for one in answers.values()} == ({"roll-unconfirmed"} if confirm else {""})
    assert Attendance.objects.get().presence == ("absent" if confirm else "present")


def test_an_institutions_system_hands_on_what_an_active_device_recorded():
    scene = running(roll_confirm=1)
    known, _key = activated(scene)
    assert set(handed_on(scene, scene.manager).values()) == {None}
    assert set(CheckIn.objects.values_list("reader", "by")) == {(known.id, scene.manager.pk)}
    assert Entry.objects.get(kind="attendance.received").data["device"] == known.id


@pytest.mark.parametrize("who", ["teacher", "worker", "county"])
def test_no_teacher_and_nobody_else_speaks_for_a_device(who):
    scene = running(roll_confirm=1)
    activated(scene)
    with pytest.raises(Forbidden):
        handed_on(scene, getattr(scene, who))
    assert nobody_is_marked()


@pytest.mark.parametrize("state", ["none", "registered", "revoked"])
def test_a_device_that_is_not_active_is_nobody(state):
    scene = running()
    if state != "none":
        device, _key = register(scene)
        changes = {"state": "revoked", "revoked_at": NOW} if state == "revoked" else {}
        Device.objects.filter(pk=device.pk).update(**changes, serial="SN1")
    with pytest.raises(Refused) as caught:
        handed_on(scene, scene.manager)
    assert [one.code for one in caught.value.reasons] == ["device-unknown"]
    assert nobody_is_marked()


def test_a_teachers_browser_marks_nobody_over_the_api(client, monkeypatch):
    scene = running(roll_confirm=1, device_by_county=1)
    activated(scene)
    monkeypatch.setattr(timezone, "now", lambda: ENDS + timedelta(minutes=10))
    client.force_login(scene.teacher)
    events = [
        {"event_id": str(uuid4()), "enrolment_id": one.pk, "direction": direction, "happened_at": at.isoformat()}
        for one in scene.people
        for direction, at in (("in", BEGINS), ("out", ENDS))
    ]
    url = f"/api/classes/lessons/{scene.lesson.pk}/events"
    answer = client.post(url, json.dumps({"device": "SN1", "events": events}), content_type="application/json")
    assert answer.status_code == 403
    assert nobody_is_marked()
