"""The API of devices against its own description: whatever is sent, it answers as it says it does, and keeps each event
once (N4.1, N7.4)."""

import json
from collections import Counter

import pytest
import schemathesis
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from rollbook.classes import actions
from rollbook.classes.models import Attendance, CheckIn
from rollbook.classes.tests.scenes import BEGINS, ENDS, NOW, running
from rollbook.config.api import api

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
SCHEMA = schemathesis.openapi.from_dict(api.get_openapi_schema())
OPERATIONS = {
    (method.upper(), path): SCHEMA[path][method]
    for path in SCHEMA.raw_schema["paths"]
    for method in SCHEMA.raw_schema["paths"][path]
    if path.startswith("/api/devices") and "/files" not in path  # whole files of events: test_event_files
}
EVENTS = ("POST", "/api/devices/events")
PICTURE = "/api/devices/events/{event_id}/picture"
POOL = [f"00000000-0000-4000-8000-{n:012}" for n in range(8)]  # events that come again


def test_the_operations_are_those_that_devices_are_told_of():
    assert {path for _method, path in OPERATIONS} == {
        "/api/devices/me", "/api/devices/lessons", "/api/devices/challenges", "/api/devices/events", PICTURE,
    }  # fmt: skip


@pytest.fixture
def scene(monkeypatch):
    """A running lesson, and a device of its institution with its key."""
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    found = running(method_face=1)
    device, found.key = actions.register_device(
        by=found.manager, name="Door", kind="kiosk", serial="S", room_id=None, now=BEGINS
    )
    actions.activate_device(by=found.county, device_id=device.pk, now=BEGINS)
    found.answered = {}  # event: what was said of it
    return found


def aimed(scene, draw, body):
    """Events as they were drawn, most of them led to the lesson that is going on and to those who are to be there."""
    for one in body.get("events", ()) if isinstance(body, dict) else ():
        if not isinstance(one, dict):
            continue
        if draw(st.integers(0, 3)):
            one["lesson_id"] = scene.lesson.pk
        if draw(st.integers(0, 3)):
            one["enrolment_id"] = draw(st.sampled_from([who.pk for who in scene.people]))
        if draw(st.integers(0, 2)):
            one["happened_at"] = (
                draw(st.datetimes(BEGINS.replace(tzinfo=None), ENDS.replace(tzinfo=None))).isoformat() + "Z"
            )
        if draw(st.booleans()):
            one["event_id"] = draw(st.sampled_from(POOL))
    return body


def sent(client, scene, draw, operation):
    method, path = operation
    case = draw(OPERATIONS[operation].as_strategy())
    headers = {"authorization": f"Bearer {scene.key}"}
    if path.endswith("/picture"):
        file = SimpleUploadedFile("x.jpg", draw(st.binary(max_size=64)), "image/jpeg")
        event = draw(st.sampled_from(POOL) | st.text("0123456789abcdef-", min_size=1, max_size=36))
        return client.post(path.replace("{event_id}", event), {"file": file}, headers=headers), None
    query = {name: value for name, value in (case.query or {}).items() if value is not None}
    if method == "GET":
        return client.get(path, query, headers=headers), None
    body = aimed(scene, draw, case.body) if operation == EVENTS else case.body
    content = json.dumps(body) if isinstance(body, (dict, list)) else ""
    url = f"{path}?count={query['count']}" if "count" in query else path
    return client.post(url, content, content_type="application/json", headers=headers), body


def test_whatever_fits_the_description_is_answered_and_kept_once(client, scene):
    reached = set()
    first = {
        "event_id": POOL[0], "lesson_id": scene.lesson.pk, "enrolment_id": scene.people[0].pk, "sequence": 1,
        "direction": "in", "means": "card", "happened_at": BEGINS.isoformat(), "sent_at": NOW.isoformat(),
    }  # fmt: skip
    headers = {"authorization": f"Bearer {scene.key}"}
    answer = client.post(EVENTS[1], {"events": [first]}, content_type="application/json", headers=headers)
    noted(scene, {"events": [first]}, answer.json())

    @seed(2026)
    @settings(max_examples=100, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(data=st.data())
    def one_of_many(data):
        operation = data.draw(st.sampled_from(sorted(OPERATIONS)) | st.just(EVENTS))
        answer, body = sent(client, scene, data.draw, operation)
        documented = {int(code) for code in OPERATIONS[operation].definition.raw["responses"]}
        assert answer.status_code in documented - {401, 503}, (operation, answer.status_code, answer.content[:300])
        reached.add((operation[1], answer.status_code))
        if operation == EVENTS and answer.status_code == 200:
            noted(scene, body, answer.json())
        kept_once(scene)

    one_of_many()
    assert {path for path, status in reached if status < 300} >= {path for _method, path in OPERATIONS} - {PICTURE}
    assert set(scene.answered.values()) == {"counts", "kept", "refused"}  # or nothing of the lesson was reached


def noted(scene, body, answers):
    """Every event of a request is answered once, and sent again it is answered the same."""
    said = {one["event_id"]: one["state"] for one in answers}
    assert len(answers) == len(said)
    assert set(said) == {one["event_id"].lower() for one in body["events"]}
    for event, state in said.items():
        before = scene.answered.get(event, "refused")
        if before == "refused":
            scene.answered[event] = state
        else:
            assert state in (before, "refused")  # the number is used: for another lesson or person it is nobody's


def kept_once(scene):
    kept = Counter(str(one) for one in CheckIn.objects.values_list("event_id", flat=True))
    assert kept == Counter(event for event, state in scene.answered.items() if state != "refused")
    first = {}
    for one in CheckIn.objects.filter(set_aside="", direction="in"):
        first[one.enrolment_id] = min(one.happened_at, first.get(one.enrolment_id, one.happened_at))
    assert dict(Attendance.objects.exclude(in_at=None).values_list("enrolment_id", "in_at")) == first
