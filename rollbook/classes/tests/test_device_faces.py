"""Faces at a device: one way beside others, with consent, a fresh challenge and a score (N7.2; domain 4)."""

import json
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from rollbook.accounts.rules import Role
from rollbook.accounts.tests.factories import AccountFactory
from rollbook.classes.actions import faces as class_faces
from rollbook.classes.actions.faces import FaceSaid
from rollbook.classes.queries import screening
from rollbook.classes.rules.positions import Position
from rollbook.classes.rules.states import Means
from rollbook.classes.tests.scenes import running
from rollbook.classes.tests.test_devices import LATE, NOW, activated, event, take
from rollbook.evidence.models import Item
from rollbook.evidence.tests.pictures import photo
from rollbook.faces import actions as faces
from rollbook.faces import queries as face_queries
from rollbook.faces.models import Check
from rollbook.faces.tests import drawn

pytestmark = pytest.mark.django_db
GOOD = FaceSaid(vendor="v", model="m1", score=0.9, liveness=0.95)


@pytest.fixture
def scene(monkeypatch, request):
    drawn.set_up(monkeypatch)
    found = running(method_face=1, fence=0, face_sample_percent=100, **getattr(request, "param", {}))
    site = found.lesson.room.site
    site.latitude, site.longitude = "39.915000", "116.404000"
    site.save()
    person = found.people[0].person
    by = AccountFactory(role=Role.WORKER, person_id=person.pk)
    faces.give_consent(by=by, agrees=True, now=NOW)
    officer = AccountFactory(region_code=person.region_code)
    faces.enrol_at_counter(by=officer, person_id=person.pk, picture=drawn.picture(), now=NOW)
    found.worker = by
    return found


def seen(scene, known, sequence=1, face=GOOD, nonce=None, **changes):
    if nonce is None:
        nonce = class_faces.challenges(device=known, count=1, now=NOW)[0].nonce
    here = Position(latitude=39.915, longitude=116.404, accuracy=10)
    return event(scene, sequence, means=Means.FACE, nonce=nonce, face=face, position=here, **changes)


def test_a_face_counts_with_consent_challenge_and_score(scene):
    known, _key = activated(scene)
    one = seen(scene, known)
    assert take(known, [one])[one.event_id].aside == ""
    check = Check.objects.get()
    assert (check.passed, check.score, check.recheck) == (True, 0.9, "wanted")
    assert take(known, [one])[one.event_id].aside == ""  # sent again: the same answer
    assert Check.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"face": None}, "face-unproven"),
        ({"nonce": "made-up"}, "face-challenge"),
        ({"at": NOW + timedelta(seconds=40)}, "face-challenge"),
        ({"face": FaceSaid(vendor="v", model="m", score=0.59, liveness=0.9)}, "face-score"),
        ({"face": FaceSaid(vendor="v", model="m", score=0.99, liveness=0.3)}, "face-liveness"),
        ({"person": 1}, "face-consent"),
    ],
)
def test_what_is_lacking_sets_the_event_aside(scene, changes, code):
    """Kept, with the reason, and never counted."""
    known, _key = activated(scene)
    one = seen(scene, known, **changes)
    assert take(known, [one])[one.event_id].aside == code
    assert not Check.objects.filter(passed=True).exists()


def test_one_challenge_is_for_one_event(scene):
    known, _key = activated(scene)
    one = seen(scene, known)
    take(known, [one])
    again = seen(scene, known, 2, nonce=one.nonce, direction="out")
    assert take(known, [again])[again.event_id].aside == "face-challenge"


def test_who_takes_consent_back_is_known_to_no_device(scene):
    known, _key = activated(scene)
    faces.withdraw_consent(by=scene.worker, now=LATE)
    one = seen(scene, known)
    assert take(known, [one])[one.event_id].aside == "face-consent"
    assert not Check.objects.exists()  # of whom does not agree nothing is kept


def test_a_device_asks_for_challenges_over_the_api(scene, client):
    _known, key = activated(scene)
    headers = {"authorization": f"Bearer {key}"}
    given = client.post("/api/devices/challenges?count=3", headers=headers)
    assert given.status_code == 200
    assert len({one["nonce"] for one in json.loads(given.content)}) == 3
    assert client.post("/api/devices/challenges?count=51", headers=headers).status_code == 422
    assert client.post("/api/devices/challenges").status_code == 401


@pytest.fixture
def agrees(monkeypatch):
    """The server's own matcher, which knows a face in a real picture."""
    monkeypatch.setattr(drawn.Drawn, "compare", lambda _matcher, _template, _content: 0.8)


def sent(client, key, event_id, content):
    picture = SimpleUploadedFile("a.jpg", content, "image/jpeg")
    return client.post(
        f"/api/devices/events/{event_id}/picture", {"file": picture}, headers={"authorization": f"Bearer {key}"}
    )


def test_the_picture_of_a_sample_is_asked_for_compared_and_forgotten(scene, agrees, client):
    """Matching at the device first, a share compared again on the server (N7.2): once, and from its institution alone."""
    known, key = activated(scene)
    one = seen(scene, known)
    take(known, [one])
    assert face_queries.wanted_events([one.event_id]) == {one.event_id}
    assert sent(client, key, one.event_id, b"no picture").status_code == 422
    assert sent(client, key, uuid4(), photo(1)).status_code == 404
    assert sent(client, "another", one.event_id, photo(1)).status_code == 401
    assert sent(client, key, one.event_id, photo(1)).status_code == 204
    check = Check.objects.get()
    assert (check.recheck, check.server_score) == ("agrees", 0.8)
    assert not Item.objects.exists()
    assert face_queries.wanted_events([one.event_id]) == set()
    assert sent(client, key, one.event_id, photo(1)).status_code == 422


@pytest.mark.parametrize("scene", [{"face_evidence": 1}], indirect=True)
def test_the_picture_of_a_sample_is_kept_where_the_terms_say_so(scene, agrees, client):
    known, key = activated(scene)
    one = seen(scene, known)
    take(known, [one])
    assert sent(client, key, one.event_id, photo(1)).status_code == 204
    assert Item.objects.get().keep == "raw"


def test_screening_reads_the_face_that_failed_before_a_roll_call(scene):
    """D33 and D49 have what they ask for."""
    known, _key = activated(scene)
    passed, failed = seen(scene, known), seen(scene, known, 2, face=replace(GOOD, score=0.2), direction="out")
    take(known, [passed, failed])
    by_hand = event(scene, 3, means=Means.ROLL_CALL, direction="out", at=NOW + timedelta(minutes=1))
    take(known, [by_hand])
    rows = {row["means"]: row for row in screening.check_ins()}
    assert (rows["face"]["face_score"], rows["face"]["liveness"]) == (0.9, 0.95)
    assert (rows["roll-call"]["face_score"], rows["roll-call"]["liveness"]) == (0.2, None)
