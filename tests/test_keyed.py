"""What carries a key goes the short way through the server, and is answered there as on the whole one (quality: check-ins)."""

import io
import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.utils import timezone

from rollbook.accounts import actions as accounts
from rollbook.accounts.queries import ticket_for
from rollbook.classes import actions
from rollbook.classes.models import CheckIn
from rollbook.classes.tests.scenes import running
from rollbook.config.keyed import Keyed

pytestmark = pytest.mark.django_db


def asked(application, path, key, *, body=None, language="en"):
    """Status, language and text of what comes back."""
    sent = json.dumps(body).encode() if body is not None else b""
    environ = {
        "REQUEST_METHOD": "POST" if sent else "GET", "PATH_INFO": path, "SERVER_NAME": "testserver", "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.input": io.BytesIO(sent), "wsgi.errors": io.StringIO(),
        "wsgi.url_scheme": "http", "CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(sent)),
        "HTTP_AUTHORIZATION": f"Bearer {key}", "HTTP_ACCEPT_LANGUAGE": language,
    }  # fmt: skip
    told = []
    answer = application(environ, lambda status, headers: told.append((status, dict(headers))))
    status, headers = told[0]
    return int(status[:3]), headers.get("Content-Language"), b"".join(answer).decode()


@pytest.fixture(autouse=True)
def _one_connection():
    """A request leaves the test's connection open, as the test client sees to."""
    for one in (request_started, request_finished):
        one.disconnect(close_old_connections)
    yield
    for one in (request_started, request_finished):
        one.connect(close_old_connections)


@pytest.fixture
def scene():
    found = running()
    lesson, now = found.lesson, timezone.now()
    lesson.starts_at, lesson.ends_at = now - timedelta(minutes=2), now + timedelta(hours=3)
    lesson.save()
    return found


def keys(scene):
    device, key = actions.register_device(
        by=scene.manager, name="门口", kind="reader", serial="1", room_id=None, now=timezone.now()
    )
    actions.activate_device(by=scene.county, device_id=device.pk, now=timezone.now())
    _token, token = accounts.make_token(by=scene.manager, name="系统", scopes=["classes"], now=timezone.now())
    return {"device": key, "token": token, "wrong": "device-wrong"}


@pytest.mark.parametrize("path", ["/api/devices/me", "/api/classes", "/api/claims", "/api/classes/999999"])
@pytest.mark.parametrize("kind", ["device", "token", "wrong"])
def test_both_ways_answer_alike(scene, client, path, kind):
    key = keys(scene)[kind]
    short, whole = (asked(way, path, key) for way in (Keyed(never), WSGIHandler()))
    if path == "/api/devices/me" and kind == "device":
        short, whole = ((one[0], one[1], json.loads(one[2]) | {"server_time": ""}) for one in (short, whole))
        assert short[0] == 200
    assert short == whole


def never(environ, start_response):
    raise AssertionError("went the whole way")


def test_what_carries_no_key_or_is_no_api_goes_the_whole_way():
    gone = []
    keyed = Keyed(lambda environ, _start: gone.append(environ["PATH_INFO"]) or [b""])
    keyed({"PATH_INFO": "/api/classes"}, None)
    keyed({"PATH_INFO": "/work/", "HTTP_AUTHORIZATION": "Bearer x"}, None)
    assert gone == ["/api/classes", "/work/"]


def test_a_phone_checks_in_by_the_short_way_in_its_language(scene, client):
    """N4.1, N7.4."""
    client.force_login(scene.worker)
    accounts.bind_device(scene.worker, client.session.session_key)
    ticket = ticket_for(scene.worker, client.session.session_key, timezone.now())
    path = f"/api/classes/lessons/{scene.lesson.pk}/check-in"
    body = {"event_id": str(uuid4()), "code": "000000x"}
    status, language, text = asked(Keyed(never), path, ticket, body=body, language="zh-hans")
    assert (status, language) == (422, "zh-hans")
    assert json.loads(text)["reasons"][0]["code"] == "wrong-code"
    body = {"event_id": str(uuid4()), "code": actions.code_of(scene.lesson, timezone.now())}
    status, _language, text = asked(Keyed(never), path, ticket, body=body)
    assert (status, json.loads(text)["presence"]) == (200, "absent")  # until it has lasted
    assert CheckIn.objects.filter(set_aside="").count() == 1
    client.logout()
    assert asked(Keyed(never), path, ticket, body=body | {"event_id": str(uuid4())})[0] == 401
    assert CheckIn.objects.filter(set_aside="").count() == 1
