"""What must hold when it happens at the same moment (N7.4)."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import uuid4

import pytest
from django.db import connection

from rollbook.classes.models import Attendance, CheckIn
from rollbook.classes.tests.scenes import NOW, running
from rollbook.journal.models import Entry
from rollbook.kernel.reasons import Refused

pytestmark = pytest.mark.django_db(transaction=True)
TIMES = 64


def at_once(deed, times=TIMES):
    barrier = Barrier(times)

    def one(n):
        try:
            barrier.wait(30)
            return deed(n)
        except Refused as refused:
            return [reason.code for reason in refused.reasons]
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as threads:
        return list(threads.map(one, range(times)))


def test_the_same_check_in_64_times_at_once_is_one():
    scene, event = running(), uuid4()

    answers = at_once(lambda _: scene.check_in(event_id=event).in_at)

    assert len(set(answers)) == 1
    assert (CheckIn.objects.count(), Attendance.objects.count(), Entry.objects.count()) == (1, 1, 1)


def test_eight_different_punches_at_once_are_one():
    scene = running()

    answers = at_once(lambda _: scene.check_in().in_at, 8)

    assert [answer for answer in answers if answer == ["double"]] == [["double"]] * 7
    assert Attendance.objects.get().in_at == NOW
