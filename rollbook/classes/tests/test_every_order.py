"""Phones, rolls and readers of one lesson, each heard sooner or later: one state, in whatever order they come (N7.4)."""

from contextlib import suppress
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rollbook.accounts.tests.factories import AccountFactory
from rollbook.classes import actions
from rollbook.classes.actions.devices import DeviceEvent
from rollbook.classes.models import Attendance, CheckIn
from rollbook.classes.rules.positions import Position
from rollbook.classes.tests.scenes import BEGINS, ENDS, NOW, running
from rollbook.classes.tests.test_devices import activated
from rollbook.kernel.reasons import Refused

pytestmark = pytest.mark.django_db
SITE = Position(39.9, 116.4, "wgs84", 10)
LEAST, MOST = timedelta(minutes=2), timedelta(hours=11)  # that what lacked a signal is kept
MADE_UP = Position(39.9, 116.4, "wgs84", 10, is_mock=True)


@pytest.fixture
def story():
    """The deeds of a morning: when each was, whether it is heard at once, and how it is sent then."""
    scene = running(fence=2)
    site = scene.lesson.room.site
    site.latitude, site.longitude = "39.900000", "116.400000"
    site.save()
    known, _key = activated(scene)
    workers = [scene.worker, *(AccountFactory(role="worker", person_id=one.person_id) for one in scene.people[1:])]
    numbers = iter(range(1, 99))
    found = []

    def phone(at, who, direction="in", *, live=False, here=SITE, code=None):
        send = partial(
            actions.check_in_together, by=workers[who], lesson_id=scene.lesson.pk, direction=direction, position=here,
            event_id=UUID(int=next(numbers)), happened_at=at, code=code or actions.code_of(scene.lesson, at),
        )  # fmt: skip
        found.append((at, live, lambda now: send(now=now, sent_at=now)))

    def roll(at, direction="in"):
        send = partial(
            actions.call_roll, by=scene.teacher, lesson_id=scene.lesson.pk, direction=direction, called_at=at,
            enrolment_ids=[one.pk for one in scene.people[:2]], event_id=UUID(int=next(numbers)),
        )  # fmt: skip
        found.append((at, False, lambda now: send(now=now)))

    def reader(at, who, direction="in"):
        n = next(numbers)
        one = DeviceEvent(
            event_id=UUID(int=n), sequence=n, lesson_id=scene.lesson.pk, direction=direction, happened_at=at,
            enrolment_id=scene.people[who].pk,
        )  # fmt: skip
        found.append(
            (at, False, lambda now: actions.take_device_events(device=known, events=[one], sent_at=now, now=now))
        )

    phone(BEGINS + timedelta(minutes=30), 0, live=True)
    phone(BEGINS - timedelta(minutes=5), 0)
    phone(BEGINS + timedelta(minutes=31), 0, live=True)  # twice
    phone(ENDS, 0, "out", live=True)
    roll(BEGINS + timedelta(minutes=2))
    roll(ENDS - timedelta(minutes=3), "out")
    phone(ENDS + timedelta(minutes=4), 1, "out", live=True)  # came by the roll alone
    reader(BEGINS + timedelta(minutes=40), 1)
    reader(NOW, 2)
    phone(ENDS, 2, "out")
    phone(NOW, 2, here=MADE_UP)
    phone(NOW, 1, code="no code")
    phone(BEGINS - timedelta(hours=1), 1)
    return found


def state():
    marks = Attendance.objects.order_by("enrolment").values_list(
        "in_at", "out_at", "presence", "minutes", "wrong_codes"
    )
    events = CheckIn.objects.exclude(means="roll-call").order_by("event_id")
    return list(marks), list(events.values_list("event_id", "happened_at", "set_aside"))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rng=st.randoms(use_true_random=False), times=st.integers(1, 2))
def test_in_whatever_order_they_are_heard(story, rng, times):
    heard = [
        (at if live else at + LEAST + (MOST - LEAST) * rng.random(), n, send)
        for n, (at, live, send) in enumerate(story * times)
    ]
    with transaction.atomic():
        for at, _n, send in sorted(heard, key=lambda one: one[:2]):
            with suppress(Refused):
                send(at)
        marks, events = state()
        transaction.set_rollback(True)
    assert [one[:3] for one in marks] == [
        (BEGINS - timedelta(minutes=5), ENDS, "present"),
        (BEGINS + timedelta(minutes=2), ENDS + timedelta(minutes=4), "present"),
        (NOW, ENDS, "present"),
    ]
    assert [one[4] for one in marks] == [0, 1, 0]
    assert {one[0].int: one[2] for one in events if one[2]} == {
        11: "mock-position", 12: "wrong-code", 13: "outside-window",
    }  # fmt: skip
    assert len(events) == 11


def test_going_without_having_come_is_said_and_stays_until_the_check_in_arrives():
    """Another phone may hold it still: the going counts from when it was."""
    scene = running()
    with pytest.raises(Refused) as caught:
        scene.check_in(direction="out", now=ENDS)
    assert [one.code for one in caught.value.reasons] == ["out-without-in"]
    assert Attendance.objects.get().presence == "absent"
    ids = [scene.people[0].pk]
    actions.call_roll(
        by=scene.teacher, lesson_id=scene.lesson.pk, direction="in", enrolment_ids=ids, called_at=NOW, now=ENDS
    )
    assert Attendance.objects.get().presence == "present"


def test_after_ten_wrong_codes_nothing_more_is_looked_at_or_kept():
    scene = running()
    for _ in range(12):
        with pytest.raises(Refused) as caught:
            scene.check_in(code="nothing")
    assert [one.code for one in caught.value.reasons] == ["too-many-codes"]
    assert (CheckIn.objects.count(), Attendance.objects.get().wrong_codes) == (10, 10)
