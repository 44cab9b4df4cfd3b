"""An inspector at a classroom door without signal: nothing is lost, nothing is sent twice (N4.1, N11.3)."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone
from PIL import Image

from rollbook.accounts.rules import Role
from rollbook.accounts.tests.factories import AccountFactory
from rollbook.classes.tests.factories import ClassFactory, LessonFactory
from rollbook.directory.tests.factories import DemandItemFactory, load_terms
from rollbook.evidence.models import Item
from rollbook.institutions.models import Room, Teacher
from rollbook.institutions.tests.factories import equipped
from rollbook.subsidies.models import Hold
from rollbook.supervision import actions
from rollbook.supervision.models import Inspection
from tests.browser.steps import press


@pytest.fixture
def task(site, transactional_db):
    load_terms()
    institution, now = equipped(), timezone.now()
    klass = ClassFactory(
        institution=institution, item=DemandItemFactory(), state="running", trainees=4, starts_on=timezone.localdate()
    )
    LessonFactory(
        training_class=klass, room=Room.objects.filter(site__institution=institution).first(),
        teacher=Teacher.objects.filter(institution=institution).first(), starts_at=now - timedelta(hours=1),
        ends_at=now + timedelta(hours=1),
    )  # fmt: skip
    first, second = AccountFactory(), AccountFactory(role=Role.SUPERVISOR)
    return actions.plan_task(
        by=first, class_id=klass.pk, kind="on-site", first_id=first.pk, second_id=second.pk,
        due_on=timezone.localdate(), now=now,
    )  # fmt: skip


def drafts(page):
    """How many drafts the phone keeps."""
    return page.evaluate(
        """() => new Promise((resolve) => {
            const request = indexedDB.open("rollbook-inspections", 1);
            request.onsuccess = () => {
                const count = request.result.transaction("drafts").objectStore("drafts").count();
                count.onsuccess = () => { request.result.close(); resolve(count.result); };
            };
        })"""
    )


def opened(page):
    page.wait_for_selector("form[data-ready]")
    return page


def fill(page):
    opened(page)
    page.locator("[name=present]").first.check()
    for box in page.locator("[name=item]").all():
        box.check()
    page.locator("[name=remark]").fill("40 人的班只有 1 人到课")
    page.locator("[name=qualified][value='0']").check()


def test_filled_in_without_signal_and_sent_when_there_is_one(task, at):
    """The draft outlives the page, waits for the signal, goes once; the second inspector's signature holds the claims."""
    page = at(task.second, f"/supervision/tasks/{task.pk}/inspect/", width=390)
    page.context.set_offline(True)
    fill(page)
    page.get_by_role("button", name="Sign and send").click()
    page.wait_for_selector("[data-draft-note][data-state=waiting]")
    assert Inspection.objects.count() == 0
    page.context.set_offline(False)
    page.wait_for_url("**/supervision/findings/**")
    made = Inspection.objects.get()
    assert (made.recorded_by, len(made.present), made.qualified) == (task.second, 1, False)
    assert drafts(page) == 0, "the draft is gone"

    page = at(task.first, f"/supervision/findings/{made.pk}/")
    press(page, "Sign what we found")
    assert page.get_by_text("All claims of this class are held.").count()
    assert Hold.objects.get().training_class_id == task.training_class_id


def test_a_draft_is_found_again_and_what_is_wrong_is_said(task, at):
    """Closed by mistake: the same form, the same number; a refusal leaves the draft where it is."""
    page = at(task.second, f"/supervision/tasks/{task.pk}/inspect/", width=390)
    fill(page)
    number = page.locator("[name=event_id]").input_value()
    page.reload()
    opened(page)
    assert page.locator("[name=event_id]").input_value() == number
    assert page.locator("[name=present]:checked").count() == 1
    page.locator("[name=qualified][value='1']").check()
    page.get_by_role("button", name="Sign and send").click()
    page.get_by_text("By this the class is unqualified").wait_for()
    assert Inspection.objects.count() == 0
    assert page.locator("[name=present]:checked").count() == 1


def test_a_phone_whose_session_ended_loses_nothing(task, at, tmp_path):
    """Opened again without a signal, filled in with a photograph; signed out meanwhile: kept, and sent after signing in."""
    path = f"/supervision/tasks/{task.pk}/inspect/"
    task.second.set_password("the right password")
    task.second.save()
    page = at(task.second, path, width=390)
    opened(page)
    page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    page.wait_for_function("() => navigator.serviceWorker.controller")
    page.context.set_offline(True)
    page.reload()
    fill(page)
    picture = tmp_path / "room.jpg"
    Image.new("RGB", (640, 480), "teal").save(picture)
    page.locator("[name=photos]").set_input_files(picture)
    page.get_by_role("button", name="Sign and send").click()
    page.wait_for_selector("[data-draft-note][data-state=waiting]")
    Session.objects.all().delete()
    page.context.set_offline(False)
    page.wait_for_selector("[data-draft-note][data-state=out]")
    assert (Inspection.objects.count(), drafts(page)) == (0, 1)
    page.get_by_role("link", name="Sign in").click()
    page.locator("[name=login]").fill(task.second.username)
    page.locator("[name=password]").fill("the right password")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/supervision/findings/**")
    made = Inspection.objects.get()
    assert (len(made.present), made.qualified) == (1, False)
    assert Item.objects.filter(subject=f"supervision.Inspection:{made.pk}").count() == 1
    assert drafts(page) == 0
    assert page.evaluate("async () => (await caches.keys()).length") == 0
