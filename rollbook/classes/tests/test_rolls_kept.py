"""Rolls and a teacher's own check-in that a phone kept for want of a signal (N4.1, N7.4)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from rollbook.classes import actions, queries
from rollbook.classes.models import CheckIn, RollCall, Teaching
from rollbook.classes.tests.scenes import BEGINS, ENDS, NOW, running
from rollbook.classes.tests.test_teaching import codes, enter, going_on
from rollbook.journal.models import Entry
from rollbook.kernel.reasons import Refused

pytestmark = pytest.mark.django_db
SENT = ENDS + timedelta(hours=4)  # when the phone found the network


def roll(scene, event=None, called_at=NOW, now=SENT, **changes):
    ids = [one.pk for one in scene.people]
    values = {"by": scene.teacher, "lesson_id": scene.lesson.pk, "direction": "in", "enrolment_ids": ids, **changes}
    return actions.call_roll(**values, event_id=event or uuid4(), called_at=called_at, now=now)


@pytest.mark.parametrize("confirm", [0, 1])
def test_a_kept_roll_counts_from_when_it_was_called_and_once(confirm):
    scene, event = running(roll_confirm=confirm), uuid4()
    actions.close_attendance(lesson_id=scene.lesson.pk, now=ENDS + timedelta(hours=2))
    assert [roll(scene, event), roll(scene, event)] == [3, 3]  # the same answer, and nothing more
    assert Entry.objects.filter(kind="attendance.rolled").count() == 1
    if confirm:
        found = RollCall.objects.get()
        assert (found.called_at, found.received_at) == (NOW, SENT)
        actions.decide_roll(by=scene.manager, roll_id=found.pk, grant=True, now=SENT)
    assert set(CheckIn.objects.values_list("happened_at", flat=True)) == {NOW}
    assert CheckIn.objects.count() == 3


@pytest.mark.parametrize("confirm", [0, 1])
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"now": NOW + timedelta(hours=13)}, "kept-too-long"),
        ({"called_at": BEGINS - timedelta(hours=2), "now": BEGINS}, "outside-window"),
    ],
)
def test_a_kept_roll_that_does_not_count_is_refused(confirm, change, code):
    scene = running(roll_confirm=confirm)
    with pytest.raises(Refused) as caught:
        roll(scene, **change)
    assert set(codes(caught)) == {code}
    assert not CheckIn.objects.exists()
    assert not RollCall.objects.exists()


def test_a_clock_ahead_of_ours_counts_as_now():
    scene = running()
    roll(scene, called_at=NOW + timedelta(minutes=9), now=NOW)
    assert set(CheckIn.objects.values_list("happened_at", flat=True)) == {NOW}


def test_a_teachers_kept_check_in_has_both_times_and_is_one():
    scene = running()

    def teach(direction, at, now=SENT):
        return actions.check_in_teacher(
            by=scene.teacher, lesson_id=scene.lesson.pk, direction=direction, happened_at=at, now=now
        )

    for _ in range(2):
        teach("in", BEGINS)
        teach("out", ENDS)
    one = Teaching.objects.get()
    assert (one.in_at, one.in_received_at, one.out_at, one.out_received_at) == (BEGINS, SENT, ENDS, SENT)
    assert Entry.objects.filter(kind="attendance.taught").count() == 2
    teach("out", ENDS - timedelta(minutes=9))  # an earlier going, come later: the last counts
    assert Teaching.objects.get().out_at == ENDS
    with pytest.raises(Refused) as caught:
        teach("out", ENDS + timedelta(minutes=1), now=ENDS + timedelta(hours=13))
    assert codes(caught) == ["kept-too-long"]


def test_a_teachers_earlier_coming_heard_later_is_the_one_that_counts():
    """And by whatever clock: it is as long ago as lay between the coming and the sending."""
    scene, off = running(), timedelta(days=1)
    for at, now in ((NOW, NOW), (BEGINS, SENT)):
        actions.check_in_teacher(
            by=scene.teacher,
            lesson_id=scene.lesson.pk,
            direction="in",
            happened_at=at - off,
            sent_at=now - off,
            now=now,
        )
    one = Teaching.objects.get()
    assert (one.in_at, one.in_received_at) == (BEGINS, SENT)


@pytest.mark.django_db(transaction=True)
def test_one_roll_sent_many_times_at_once_is_one():
    scene, event = running(roll_confirm=1), uuid4()

    def deed(_):
        try:
            return roll(scene, event)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(deed, range(6))) == [3] * 6
    assert RollCall.objects.count() == 1


def test_what_the_phone_keeps(client, django_assert_num_queries):
    """The lessons of today with the names, for who takes the attendance alone: a fixed number of queries."""
    scene = running(roll_confirm=1)
    going_on(scene)
    roll(scene, called_at=None, now=timezone.now(), enrolment_ids=[scene.people[0].pk])
    enter(client, scene.worker)
    assert client.get(reverse("classes:app")).status_code == 403
    assert client.get(reverse("classes:app_data")).status_code == 403
    enter(client, scene.teacher)
    assert client.get(reverse("classes:app")).status_code == 200
    found = client.get(reverse("classes:app_data")).json()
    assert found["account"] == scene.teacher.pk
    [lesson] = found["lessons"]
    assert (lesson["confirms"], lesson["is_mine"]) == (True, True)
    assert [one["waits"] for one in lesson["people"]] == [True, False, False]
    with django_assert_num_queries(6):
        queries.roll_sheets(scene.teacher, timezone.now())


def test_a_roll_over_the_api(client):
    scene, event = running(), str(uuid4())
    going_on(scene)
    enter(client, scene.teacher)
    url = f"/api/classes/lessons/{scene.lesson.pk}/roll"
    sent = {"event_id": event, "direction": "in", "enrolment_ids": [scene.people[0].pk]}
    for _ in range(2):
        answer = client.post(url, sent, content_type="application/json")
        assert answer.json() == {"people": 1, "waits": False}, answer.content
    assert CheckIn.objects.count() == 1
    assert client.post(url, {**sent, "enrolment_ids": []}, content_type="application/json").status_code == 422
    enter(client, scene.worker)
    assert client.post(url, sent, content_type="application/json").status_code == 403
