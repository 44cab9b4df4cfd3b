"""The check-in app on a phone of 390 px, with a signal and without (N7.4)."""

import pytest
from django.utils import timezone

from rollbook.classes import actions
from rollbook.classes.models import CheckIn
from rollbook.classes.tests.scenes import NOW, running


@pytest.fixture
def scene(site, transactional_db, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    return running(code_seconds=86_400)


def opened(scene, at):
    page = at(scene.worker, "/me/app/", width=390)
    page.clock.set_fixed_time(NOW)
    page.reload()
    page.locator(f"#lesson option[value='{scene.lesson.pk}']").wait_for(state="attached")
    return page


def check_in(page, scene, code=None):
    page.fill("#code", code or actions.code_of(scene.lesson, NOW))
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
