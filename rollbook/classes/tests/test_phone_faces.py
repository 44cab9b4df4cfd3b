"""A trainee's face before the own phone: beside the code or the position, never alone, three tries a day (N4.1, N7.2)."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.conf import settings as project
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from rollbook.classes import actions
from rollbook.classes.actions import faces as class_faces
from rollbook.classes.models import Attendance, CheckIn
from rollbook.classes.queries import screening
from rollbook.classes.rules.positions import Position
from rollbook.classes.tests.scenes import NOW, another, running
from rollbook.faces import actions as faces
from rollbook.faces.models import Challenge, Check
from rollbook.faces.tests import drawn
from rollbook.journal.models import Entry
from rollbook.kernel.reasons import NotFound, Refused

pytestmark = pytest.mark.django_db
HERE = Position(latitude=39.915, longitude=116.404, accuracy=10)


@pytest.fixture
def scene(monkeypatch, request):
    drawn.set_up(monkeypatch)
    found = running(**{"method_face": 1, "fence": 0, **getattr(request, "param", {})})
    site = found.lesson.room.site
    site.latitude, site.longitude = "39.915000", "116.404000"
    site.save()
    faces.give_consent(by=found.worker, agrees=True, now=NOW)
    asked = faces.challenge_account(by=found.worker, now=NOW)
    faces.enrol(by=found.worker, nonce=asked.nonce, pictures=drawn.answering(asked.moves), now=NOW)
    return found


def shown(scene, *, face=1, now=NOW, **changes):
    asked = faces.challenge_account(by=scene.worker, purpose="check-in", now=now)
    pictures = [drawn.taken(face, **looks(one)) for one in drawn.answering(asked.moves, face)]
    values = {
        "by": scene.worker, "lesson_id": scene.lesson.pk, "nonce": asked.nonce, "pictures": pictures, "position": None,
        "code": actions.code_of(scene.lesson, now), "direction": "in", "event_id": uuid4(), "now": now, **changes,
    }  # fmt: skip
    return class_faces.check_in_by_face(**values), values


def looks(picture):
    return {name: value for name, value in json.loads(picture).items() if name != "person"}


def code_of(*args, **values):
    with pytest.raises(Refused) as refused:
        shown(*args, **values)
    return refused.value.reasons[0].code


def test_a_face_beside_the_code_checks_in_and_is_noted(scene):
    mark, values = shown(scene)
    assert mark.in_at == NOW
    assert CheckIn.objects.get().means == "face"
    check = Check.objects.get()
    assert (check.passed, check.vendor, check.model, check.liveness, check.recheck) == (
        True,
        "phone",
        "drawn",
        1.0,
        "none",
    )
    assert check.score > 0.99
    assert check.fingerprint is not None
    again = class_faces.check_in_by_face(**values)  # the answer was lost: sent again, it is the same
    assert (again.in_at, CheckIn.objects.count(), Check.objects.count()) == (NOW, 1, 1)


def test_a_face_beside_the_position_checks_in(scene):
    shown(scene, code="", position=HERE)
    assert CheckIn.objects.get().distance == 0


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"code": "", "position": None}, "face-alone"),
        ({"code": "", "position": Position(latitude=39.5, longitude=116.4, accuracy=10)}, "outside-fence"),
        ({"code": "000000"}, "wrong-code"),
        ({"face": 2}, "face-score"),
        ({"pictures": [drawn.taken()] * 6}, "move-missing"),
        ({"pictures": [drawn.taken()] * 2}, "pictures"),
        ({"nonce": "made-up"}, "challenge-unknown"),
        ({"now": NOW - timedelta(hours=3)}, "outside-window"),
    ],
)
def test_what_is_lacking_is_said_and_nothing_counts(scene, changes, code):
    assert code_of(scene, **changes) == code
    assert not CheckIn.objects.filter(set_aside="").exists()
    assert not Attendance.objects.filter(in_at__isnull=False).exists()
    assert not Check.objects.filter(passed=True).exists()


@pytest.mark.parametrize("scene", [{"method_face": 0}], indirect=True)
def test_where_the_region_does_not_take_faces_no_try_is_spent(scene):
    assert code_of(scene) == "method-off"
    assert not Challenge.objects.filter(purpose="check-in", used_at__isnull=False).exists()


def test_who_is_not_in_the_class_has_no_such_lesson(scene):
    other = another().lesson
    with pytest.raises(NotFound):
        shown(scene, lesson_id=other.pk)


def test_a_matcher_that_is_away_takes_no_try_and_lets_nobody_in(scene):
    assert code_of(scene, pictures=[drawn.taken(away=True)] * 6) == "matcher-away"
    assert not Challenge.objects.filter(purpose="check-in").exists()
    shown(scene)


def test_tries_have_a_limit_the_code_stays_open_and_screening_hears_of_it(scene):
    """Dated term; D49 reads the last try of who then comes in with the code alone."""
    still = [drawn.taken()] * 6
    assert [code_of(scene, pictures=still) for _n in range(3)] == ["move-missing"] * 3
    assert code_of(scene) == "face-tries"
    assert list(Check.objects.order_by("pk").values_list("passed", "used_up")) == [(False, False)] * 2 + [(False, True)]
    assert [one.data["used_up"] for one in Entry.objects.filter(kind="face.not-passed").order_by("pk")] == [
        False,
        False,
        True,
    ]
    scene.check_in(now=NOW + timedelta(minutes=1))
    [row] = screening.check_ins()
    assert (row["means"], row["liveness"]) == ("code", 0.0)


def test_one_try_that_failed_is_no_signal(scene):
    code_of(scene, pictures=[drawn.taken()] * 6)
    scene.check_in(now=NOW + timedelta(minutes=1))
    assert [row["liveness"] for row in screening.check_ins()] == [None]


def test_the_phone_speaks_to_the_api_and_the_page_offers_it(scene, client):
    now = timezone.now()
    scene.lesson.starts_at, scene.lesson.ends_at = now - timedelta(minutes=5), now + timedelta(hours=2)
    scene.lesson.save()
    client.force_login(scene.worker, backend=project.AUTHENTICATION_BACKENDS[0])
    assert "data-camera" in client.get(f"/me/lessons/{scene.lesson.pk}/").content.decode()
    given = client.post("/api/faces/challenges/check-in").json()
    moves = [one["move"] for one in given["moves"]]
    pictures = [
        SimpleUploadedFile(f"{n}.jpg", drawn.taken(1, **looks(one))) for n, one in enumerate(drawn.answering(moves))
    ]
    sent = {
        "nonce": given["nonce"], "event_id": str(uuid4()), "direction": "in", "pictures": pictures,
        "code": actions.code_of(scene.lesson, timezone.now()), "latitude": "39.915", "longitude": "116.404", "accuracy": "8",
    }  # fmt: skip
    answer = client.post(f"/api/classes/lessons/{scene.lesson.pk}/face", sent)
    assert answer.status_code == 200
    assert CheckIn.objects.get().means == "face"
    assert client.post("/api/faces/challenges/nothing").status_code == 422
    client.logout()
    assert client.post("/api/faces/challenges/check-in").status_code == 401
