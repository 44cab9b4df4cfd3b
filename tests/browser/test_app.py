"""The check-in app on a phone of 390 px, with a signal and without (N7.4)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from rollbook.classes import actions
from rollbook.classes.models import CheckIn
from rollbook.classes.tests.scenes import running


@pytest.fixture
def scene(site, transactional_db):
    """A lesson that is going on by the clocks of server, database and phone alike."""
    scene = running(code_seconds=86_400)
    scene.lesson.starts_at = timezone.now() - timedelta(minutes=5)
    scene.lesson.ends_at = timezone.now() + timedelta(hours=2)
    scene.lesson.save()
    return scene


def opened(scene, at):
    page = at(scene.worker, "/me/app/", width=390)
    page.locator(f"#lesson option[value='{scene.lesson.pk}']").wait_for(state="attached")
    return page


def check_in(page, scene, code=None):
    page.fill("#code", code or actions.code_of(scene.lesson, timezone.now()))
    page.get_by_role("button", name="Check in").click()


def test_online_it_is_recorded_and_said_so(scene, at):
    page = opened(scene, at)
    check_in(page, scene)
    page.locator("#queue [data-state=acknowledged]").wait_for()
    assert CheckIn.objects.get().means == "code"
    check_in(page, scene, "000000")
    refused = page.locator("#queue [data-state=refused]")
    refused.wait_for()
    assert "code is wrong" in refused.inner_text()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_without_a_signal_it_opens_keeps_and_sends_later(scene, at):
    page = opened(scene, at)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.reload()
    page.context.set_offline(True)
    page.reload()  # from what the phone has kept
    page.locator(f"#lesson option[value='{scene.lesson.pk}']").wait_for(state="attached")
    check_in(page, scene)
    page.locator("#queue [data-state=queued]").wait_for()
    assert "No signal" in page.locator("#state").inner_text()
    assert not CheckIn.objects.exists()
    page.context.set_offline(False)
    page.locator("#queue [data-state=acknowledged]").wait_for(timeout=20_000)
    assert CheckIn.objects.count() == 1
