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


@pytest.fixture
def quick(site, transactional_db):
    """As `scene`, with codes of ten seconds, and a phone of which the clock is off."""
    scene = running()
    scene.lesson.starts_at = timezone.now() - timedelta(minutes=5)
    scene.lesson.ends_at = timezone.now() + timedelta(hours=2)
    scene.lesson.save()
    return scene


@pytest.mark.parametrize("seconds", [-45, 180, 86_400])
def test_by_a_wrong_clock_with_a_signal_and_without(quick, site, signed_in, seconds):
    page = signed_in(quick.worker, width=390)
    page.add_init_script(f"""
        const Real = Date;
        window.Date = class extends Real {{
            constructor(...given) {{ if (given.length) super(...given); else super(Real.now() + {seconds * 1000}); }}
            static now() {{ return Real.now() + {seconds * 1000}; }}
        }};
    """)
    page.goto(site.url + "/me/app/")
    page.locator(f"#lesson option[value='{quick.lesson.pk}']").wait_for(state="attached")
    check_in(page, quick)
    page.locator("#queue [data-state=acknowledged]").wait_for()
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.context.set_offline(True)
    page.fill("#code", actions.code_of(quick.lesson, timezone.now()))
    page.get_by_role("button", name="Check out").click()
    page.locator("#queue [data-state=queued]").wait_for()
    page.wait_for_timeout(1500)
    page.context.set_offline(False)
    page.locator("#queue [data-state=acknowledged]").nth(1).wait_for(timeout=20_000)
    first, second = CheckIn.objects.order_by("sequence")
    assert abs((first.received_at - first.happened_at).total_seconds()) < 2
    assert 1 < (second.received_at - second.happened_at).total_seconds() < 20
    assert abs(first.skew_seconds - seconds) < 3
    assert (first.device, first.sequence, second.sequence) == (second.device, 1, 2)
    assert len(first.device) == 36
    assert first.nonce != second.nonce


def test_where_the_region_takes_it_the_position_alone_checks_in(site, transactional_db, signed_in):
    """N4.1: the digits may be left out; a phone that gives no position says so and sends nothing."""
    scene = running(method_fence=1)
    site_of = scene.lesson.room.site
    site_of.latitude, site_of.longitude = "39.915000", "116.404000"
    site_of.save()
    scene.lesson.starts_at = timezone.now() - timedelta(minutes=5)
    scene.lesson.ends_at = timezone.now() + timedelta(hours=2)
    scene.lesson.save()
    page = signed_in(scene.worker, width=390)
    page.goto(site.url + "/me/app/")
    page.get_by_text("In this lesson your position is enough").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="Check in").click()
    page.get_by_text("The phone gives no position").wait_for()
    assert not CheckIn.objects.exists()
    page.context.grant_permissions(["geolocation"])
    page.context.set_geolocation({"latitude": 39.9153, "longitude": 116.4041, "accuracy": 15})
    page.get_by_role("button", name="Check in").click()
    page.locator("#queue [data-state=acknowledged]").wait_for()
    row = CheckIn.objects.get()
    assert (row.means, row.set_aside, row.accuracy) == ("fence", "", 15)
    assert 20 < row.distance < 60
