"""The API of devices against its own description: whatever is sent, it answers as it says it does."""

import json

import pytest
import schemathesis
from hypothesis import HealthCheck, given, seed, settings

from rollbook.classes import actions
from rollbook.classes.models import CheckIn
from rollbook.classes.tests.scenes import BEGINS, running
from rollbook.config.api import api

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
OPERATION = schemathesis.openapi.from_dict(api.get_openapi_schema())["/api/devices/events"]["POST"]


@pytest.fixture
def key():
    scene = running()
    device, key = actions.register_device(
        by=scene.manager, name="Door", kind="kiosk", serial="S", room_id=None, now=BEGINS
    )
    actions.activate_device(by=scene.county, device_id=device.pk, now=BEGINS)
    return key


@seed(2026)
@settings(max_examples=10, suppress_health_check=list(HealthCheck))
@given(case=OPERATION.as_strategy())
def test_whatever_fits_the_description_is_answered(client, key, case):
    """Never a fault: each event of a good request is answered, and events of lessons that are not there are refused."""
    body = case.body if isinstance(case.body, (dict, list)) else {}
    answer = client.post(
        "/api/devices/events", json.dumps(body), content_type="application/json",
        headers={"authorization": f"Bearer {key}"},
    )  # fmt: skip
    assert answer.status_code in (200, 422), answer.content
    if answer.status_code == 200:
        assert {one["event_id"] for one in answer.json()} == {one["event_id"].lower() for one in body["events"]}
    assert not CheckIn.objects.exists()
