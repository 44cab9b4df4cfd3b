"""The pages and the API of attendance: who sees what, and what they do (N4.1, N7.4, N14.1)."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from rollbook.accounts.actions import make_token
from rollbook.accounts.tests.factories import AccountFactory
from rollbook.classes import actions
from rollbook.classes.models import Attendance, CheckIn, Correction, Leave
from rollbook.classes.tests.scenes import NOW, PROOF, running
from rollbook.journal.models import Entry
from rollbook.persons.tests.factories import PersonFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene(settings, tmp_path):
    """The lesson is going on now, since pages read the clock."""
    settings.MEDIA_ROOT, settings.DEMO = tmp_path, True
    scene = running(lessons=5)
    begins = timezone.now() - timedelta(minutes=5)
    scene.lesson.starts_at, scene.lesson.ends_at = begins, begins + timedelta(hours=3)
    scene.lesson.save()
    for n, one in enumerate(scene.klass.lessons.exclude(pk=scene.lesson.pk), 1):
        one.starts_at, one.ends_at = begins + timedelta(n), begins + timedelta(n, hours=3)
        one.save()
    return scene


def signed_in(client, account):
    client.force_login(account)
    type(account).objects.filter(pk=account.pk).update(session_key="")
    return client


def test_the_teachers_page_shows_code_and_people(client, scene):
    page = signed_in(client, scene.teacher).get(reverse("classes:lesson", args=[scene.lesson.pk]))
    text = page.content.decode()
    code = page.context["code"]
    assert len(code) == 6
    assert code in text
    assert all(one.person.name in text for one in scene.people)
    picture = client.get(reverse("classes:code_image", args=[scene.lesson.pk]))
    assert picture["Content-Type"] == "image/svg+xml"


def test_the_code_is_not_for_trainees(client, scene):
    """A trainee who could read the code would check in from anywhere (N7.4)."""
    signed_in(client, scene.worker)
    assert client.get(reverse("classes:code_image", args=[scene.lesson.pk])).status_code == 403
    page = client.get(reverse("classes:lesson", args=[scene.lesson.pk]))
    assert page.status_code == 403


def test_roll_call_by_page(client, scene):
    ids = [str(one.pk) for one in scene.people[:2]]
    client = signed_in(client, scene.teacher)
    answer = client.post(reverse("classes:roll", args=[scene.lesson.pk]), {"enrolment": ids, "direction": "in"})
    assert answer.status_code == 302
    assert CheckIn.objects.filter(means="roll-call").count() == 2


@pytest.mark.parametrize(("who", "status"), [("manager", 200), ("county", 200), ("stranger", 404)])
def test_the_grid(client, scene, who, status):
    actions.call_roll(
        by=scene.teacher, lesson_id=scene.lesson.pk, direction="in",
        enrolment_ids=[one.pk for one in scene.people], now=timezone.now(),
    )  # fmt: skip
    stranger = AccountFactory(region_code="320205")
    account = {"manager": scene.manager, "county": scene.county, "stranger": stranger}[who]
    signed_in(client, account)
    page = client.get(reverse("classes:grid", args=[scene.klass.pk]))
    assert page.status_code == status
    export = client.get(reverse("classes:grid", args=[scene.klass.pk]), {"export": 1})
    assert export.status_code == status


def test_a_trainee_sees_the_own_row_only(client, scene):
    page = signed_in(client, scene.worker).get(reverse("classes:grid", args=[scene.klass.pk]))
    assert [one.pk for one, _marks, _rate in page.context["people"]] == [scene.people[0].pk]


def test_the_grid_takes_a_fixed_number_of_queries(client, scene, django_assert_max_num_queries):
    signed_in(client, scene.manager)
    with django_assert_max_num_queries(22):
        client.get(reverse("classes:grid", args=[scene.klass.pk]))


def test_a_trainee_checks_in_by_page_and_sees_the_servers_time(client, scene):
    signed_in(client, scene.worker)
    page = client.get(reverse("portal:check_in", args=[scene.lesson.pk]), {"code": "123456"})
    assert 'value="123456"' in page.content.decode()
    sent = {"code": actions.code_of(scene.lesson, timezone.now()), "direction": "in", "event": str(uuid4())}
    answer = client.post(reverse("portal:do_check_in", args=[scene.lesson.pk]), sent, follow=True)
    assert answer.status_code == 200
    mark = Attendance.objects.get()
    assert f"{timezone.localtime(mark.in_at):%H:%M:%S}" in answer.content.decode()


def test_a_wrong_code_is_said_with_its_clause(client, scene):
    signed_in(client, scene.worker)
    answer = client.post(reverse("portal:do_check_in", args=[scene.lesson.pk]), {"code": "no", "direction": "in"})
    assert answer.status_code == 422
    assert "N4.1" in answer.content.decode()
    assert CheckIn.objects.get().set_aside == "wrong-code"


def test_another_code_on_the_same_page_is_another_try(client, scene):
    signed_in(client, scene.worker)
    url, sent = reverse("portal:do_check_in", args=[scene.lesson.pk]), {"direction": "in", "event": str(uuid4())}
    assert client.post(url, {**sent, "code": "000000"}).status_code == 422
    for _ in range(2):  # and the same one is the same, however often it is sent
        assert client.post(url, {**sent, "code": actions.code_of(scene.lesson, timezone.now())}).status_code == 302
    assert CheckIn.objects.filter(set_aside="").count() == 1


def test_my_training_says_what_is_missing(client, scene):
    """Hours of hours, what is still needed, whose turn it is (N3.3, N16.3)."""
    page = signed_in(client, scene.worker).get(reverse("portal:me"))
    assert page.status_code == 200
    assert [one.code for one in page.context["mine"][0]["lacking"]] == ["attendance-needed", "not-committed"]


def test_my_training_is_mine_alone(client, scene):
    other = AccountFactory(role="worker", person_id=PersonFactory().pk)
    page = signed_in(client, other).get(reverse("portal:me"))
    assert page.context["mine"] == []
    assert client.get(reverse("portal:check_in", args=[scene.lesson.pk])).status_code == 404


def test_leave_from_the_phone_to_its_decision(client, scene):
    """Asked with proof by the trainee, seen with the proof and granted by another (N14.1)."""
    signed_in(client, scene.worker)
    sent = {"ground": "illness", "explanation": "fever", "proof": SimpleUploadedFile("x.pdf", PROOF)}
    assert client.post(reverse("portal:leave", args=[scene.lesson.pk]), sent).status_code == 302
    leave = Leave.objects.get()
    signed_in(client, scene.manager)
    assert "fever" in client.get(reverse("classes:asks")).content.decode()
    proof = reverse("classes:leave_proof", args=[leave.pk])
    assert client.get(proof)["Location"] == reverse("evidence:item_detail", args=[leave.paper_id])
    signed_in(client, scene.worker)
    assert b"".join(client.get(proof, follow=True).streaming_content) == PROOF
    opened = Entry.objects.get(kind="evidence.opened")  # who looked, and what for (N14.2)
    assert (opened.by, opened.data["purpose"]) == (scene.worker, "own-records")
    signed_in(client, scene.manager)
    client.post(reverse("classes:decide", args=["leave", leave.pk]), {"grant": "1"})
    leave.refresh_from_db()
    assert (leave.state, leave.decided_by) == ("granted", scene.manager)


def test_a_proof_is_not_for_other_trainees(client, scene):
    leave = actions.ask_leave(
        by=scene.worker, lesson_id=scene.lesson.pk, enrolment_id=scene.people[0].pk,
        ground="illness", explanation="", proof=PROOF, now=NOW,
    )  # fmt: skip
    classmate = AccountFactory(role="worker", person_id=scene.people[1].person_id)
    signed_in(client, classmate)
    assert client.get(reverse("classes:leave_proof", args=[leave.pk])).status_code == 404


def test_a_correction_by_pages(client, scene):
    scene.lesson.starts_at -= timedelta(hours=4)
    scene.lesson.ends_at -= timedelta(hours=4)
    scene.lesson.save()
    signed_in(client, scene.teacher)
    sent = {"enrolment_id": scene.people[0].pk, "presence": "present", "why": "the reader was off"}
    assert client.post(reverse("classes:correct", args=[scene.lesson.pk]), sent).status_code == 302
    one = Correction.objects.get()
    signed_in(client, scene.county)
    assert "the reader was off" in client.get(reverse("classes:asks")).content.decode()
    client.post(reverse("classes:decide", args=["correction", one.pk]), {"grant": "1"})
    assert Attendance.objects.get().presence == "present"


def test_the_api_takes_a_check_in_once(client, scene):
    signed_in(client, scene.worker)
    sent = {"event_id": str(uuid4()), "code": actions.code_of(scene.lesson, timezone.now()), "direction": "in"}
    url = f"/api/classes/lessons/{scene.lesson.pk}/check-in"
    first = client.post(url, sent, content_type="application/json")
    again = client.post(url, sent, content_type="application/json")
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    refused = client.post(url, {**sent, "event_id": str(uuid4())}, content_type="application/json")
    assert (refused.status_code, refused.json()["reasons"][0]["code"]) == (422, "double")


def test_the_api_takes_a_readers_batch_with_a_key(scene):
    client = Client(enforce_csrf_checks=True)  # a reader is no browser
    _, secret = make_token(by=scene.manager, name="reader", scopes=["attendance"], now=timezone.now())
    now = timezone.now().isoformat()
    events = [
        {"event_id": str(uuid4()), "enrolment_id": pk, "direction": "in", "happened_at": now}
        for pk in [*(one.pk for one in scene.people), 0]
    ]
    device, _key = actions.register_device(
        by=scene.manager, name="Door", kind="reader", serial="r1", room_id=None, now=timezone.now()
    )
    actions.activate_device(by=scene.county, device_id=device.pk, now=timezone.now())
    url = f"/api/classes/lessons/{scene.lesson.pk}/events"
    head = {"Authorization": f"Bearer {secret}"}
    answer = client.post(url, {"device": "r1", "events": events}, content_type="application/json", headers=head)
    assert answer.status_code == 200
    assert sorted(one["counts"] for one in answer.json()) == [False, True, True, True]
    assert CheckIn.objects.filter(reader=device, by=scene.manager).count() == 3


def test_a_key_for_something_else_takes_no_check_ins(client, scene):
    _, secret = make_token(by=scene.manager, name="scores", scopes=["scores"], now=timezone.now())
    url = f"/api/classes/lessons/{scene.lesson.pk}/events"
    head = {"Authorization": f"Bearer {secret}"}
    answer = client.post(url, {"device": "r1", "events": []}, content_type="application/json", headers=head)
    assert answer.status_code == 403
