"""A phone whose clock is wrong checks in all the same, at once or kept for want of a signal (N4.1, N7.4)."""

from datetime import timedelta
from uuid import uuid4

import pytest

from rollbook.classes import actions
from rollbook.classes.models import Attendance, CheckIn
from rollbook.classes.tests.scenes import ENDS, NOW, running
from rollbook.kernel.reasons import Refused

pytestmark = pytest.mark.django_db
CLOCKS = [
    timedelta(0), -timedelta(seconds=45), timedelta(minutes=3), timedelta(days=1), -timedelta(days=1),
    -timedelta(days=4000),
]  # fmt: skip


@pytest.fixture
def scene():
    return running()


def sent(scene, real, off, *, kept=timedelta(0), **changes):
    """A check-in of the moment `real` by a clock that is `off`, sent after it was `kept`."""
    values = {
        "by": scene.worker, "lesson_id": scene.lesson.pk, "direction": "in", "event_id": uuid4(),
        "code": actions.code_of(scene.lesson, real), "happened_at": real + off, "sent_at": real + off + kept,
        "now": real + kept, **changes,
    }  # fmt: skip
    return actions.check_in_together(**values)


@pytest.mark.parametrize("off", CLOCKS, ids=str)
@pytest.mark.parametrize("kept", [timedelta(seconds=3), timedelta(minutes=50), timedelta(hours=11)], ids=str)
def test_whatever_its_clock_the_check_in_counts_from_when_it_was(scene, off, kept):
    assert sent(scene, NOW, off, kept=kept).in_at == NOW
    row = CheckIn.objects.get()
    assert (row.happened_at, row.received_at, row.set_aside) == (NOW, NOW + kept, "")
    assert row.skew_seconds == off.total_seconds()
    assert Attendance.objects.get().wrong_codes == 0


@pytest.mark.parametrize("off", CLOCKS, ids=str)
def test_ten_check_ins_by_a_wrong_clock_lock_nobody_out(scene, off):
    for n in range(12):
        direction = "out" if n else "in"
        sent(scene, NOW + timedelta(minutes=n), off, kept=timedelta(seconds=2), direction=direction)
    assert Attendance.objects.get().wrong_codes == 0


def test_what_took_the_network_long_is_no_wrong_clock(scene):
    """Fifteen seconds on the way look like a slow clock; the code tells that the phone's clock was right."""
    at = NOW.replace(second=9)
    sent(scene, at, timedelta(0), now=at + timedelta(seconds=25))
    assert CheckIn.objects.get().happened_at == at


def test_a_clock_far_ahead_buys_no_older_code(scene):
    """Who moves the clock to make an old code fit has a check-in of the time of that code, kept for so long."""
    old = actions.code_of(scene.lesson, NOW)
    late = NOW + timedelta(hours=1)
    with pytest.raises(Refused):
        sent(scene, late, timedelta(hours=5), code=old)
    assert CheckIn.objects.get().set_aside == "wrong-code"


def test_where_phones_keep_nothing_what_is_sent_at_once_counts():
    scene = running(offline_hours=0)
    assert sent(scene, NOW, timedelta(0), kept=timedelta(seconds=20)).in_at == NOW
    with pytest.raises(Refused):
        sent(scene, ENDS, timedelta(0), kept=timedelta(minutes=2), direction="out")
    assert CheckIn.objects.get(direction="out").set_aside == "kept-too-long"
