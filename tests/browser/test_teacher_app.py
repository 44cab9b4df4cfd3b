"""The teacher's app on a phone of 390 px: the roll with a signal and without (N4.1, N7.4)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from rollbook.classes.models import CheckIn, RollCall, Teaching
from rollbook.classes.tests.scenes import running


@pytest.fixture
def scene(site, transactional_db):
    """A lesson that is going on by the clocks of server, database and phone alike; a second person confirms rolls."""
    scene = running(roll_confirm=1)
    now = timezone.now()
    scene.lesson.starts_at, scene.lesson.ends_at = now - timedelta(minutes=5), now + timedelta(minutes=30)
    if timezone.localdate(scene.lesson.starts_at) != timezone.localdate(now):
        scene.lesson.starts_at = now  # just after midnight
    scene.lesson.save()
    return scene


def opened(scene, at):
    page = at(scene.teacher, "/classes/app/", width=390)
    page.get_by_label(scene.people[0].person.name).wait_for()
    return page


def call(page, scene, count=2):
    for one in scene.people[:count]:
        page.get_by_label(one.person.name).check()
    page.get_by_role("button", name="Ticked are in").click()


def test_with_a_signal_a_roll_waits_for_the_second_person(scene, at):
    page = opened(scene, at)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    call(page, scene)
    row = page.locator("#queue [data-state=acknowledged]")
    row.wait_for()
    assert "Waits for a second person" in row.inner_text()
    assert RollCall.objects.get().enrolment_ids == [one.pk for one in scene.people[:2]]
    page.get_by_role("button", name="I am here to teach").click()
    page.locator("#queue [data-state=acknowledged]").nth(1).wait_for()
    assert Teaching.objects.get().in_received_at is not None  # the phone's own moment, and the server's
    page.locator("#people li", has_text="Waits for a second person").first.wait_for()
    assert page.faults == []


def test_without_a_signal_it_opens_keeps_and_sends_later(scene, at):
    page = opened(scene, at)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.reload()
    page.context.set_offline(True)
    page.reload()  # from what the phone has kept
    page.get_by_label(scene.people[0].person.name).wait_for()
    call(page, scene, 3)
    page.locator("#queue [data-state=queued]").wait_for()
    assert "No signal" in page.locator("#state").inner_text()
    assert not RollCall.objects.exists()
    page.context.set_offline(False)
    page.locator("#queue [data-state=acknowledged]").wait_for(timeout=20_000)
    one = RollCall.objects.get()
    assert len(one.enrolment_ids) == 3
    assert one.called_at < one.received_at
    assert not CheckIn.objects.exists()
