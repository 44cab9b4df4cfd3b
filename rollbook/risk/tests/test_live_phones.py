"""What trainees' own telephones send reaches the detectors (N3.5, N7.4)."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from rollbook.accounts.tests.factories import AccountFactory
from rollbook.classes import actions as classes
from rollbook.classes.models import CheckIn
from rollbook.classes.tests.scenes import ENDS, NOW, running
from rollbook.risk import actions
from rollbook.risk.models import Hit

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture(autouse=True)
def lake_of_its_own(settings, tmp_path):
    settings.LAKE_ROOT = tmp_path


def sent(client, scene, one, at, **changes):
    """By the page of a trainee, with what its script says of the telephone."""
    account = AccountFactory(role="worker", person_id=one.person_id)
    client.force_login(account)
    body = {
        "event_id": str(uuid4()), "code": classes.code_of(scene.lesson, at), "direction": "in",
        "happened_at": at.isoformat(), "sent_at": at.isoformat(), **changes,
    }  # fmt: skip
    url = f"/api/classes/lessons/{scene.lesson.pk}/check-in"
    return client.post(url, json.dumps(body), content_type="application/json").status_code


def found(code):
    run = actions.screen_everyone(now=ENDS + timedelta(days=1), codes=(code,))
    assert [step.error for step in run.steps.all() if step.error] == []
    return set(Hit.objects.filter(finding__detector=code).values_list("subject_id", flat=True))


@pytest.mark.parametrize(("phones", "fires"), [(1, True), (5, False)])
def test_one_telephone_that_checks_in_five_people_is_found(client, monkeypatch, phones, fires):
    """D30: whoever hands a telephone around, or holds five of the accounts."""
    scene, devices = running(trainees=5), [str(uuid4()) for _ in range(phones)]
    for n, one in enumerate(scene.people):
        at = NOW + timedelta(seconds=40 * n)
        monkeypatch.setattr(timezone, "now", lambda at=at: at)
        phone = {"device": devices[n % phones], "sequence": n + 1, "nonce": str(uuid4())}
        assert sent(client, scene, one, at, **phone) == 200
    assert CheckIn.objects.filter(set_aside="").count() == 5
    assert found("D30") == ({scene.klass.pk} if fires else set())


def test_a_made_up_position_that_is_refused_is_found(client, monkeypatch):
    """D40: where the position must be within, the made-up one does not count, and screening reads it."""
    scene = running(fence=2)
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    here = {"latitude": 39.9, "longitude": 116.4, "accuracy": 10}
    assert sent(client, scene, scene.people[0], NOW, position={**here, "is_mock": True}) == 422
    assert sent(client, scene, scene.people[1], NOW, position=here) == 200
    assert found("D40") == {scene.people[0].pk}
