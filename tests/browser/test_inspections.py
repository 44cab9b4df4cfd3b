"""An inspector at a classroom door without signal: nothing is lost, nothing is sent twice (N4.1, N11.3)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from rollbook.accounts.rules import Role
from rollbook.accounts.tests.factories import AccountFactory
from rollbook.classes.tests.factories import ClassFactory, LessonFactory
from rollbook.directory.tests.factories import DemandItemFactory, load_terms
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


def fill(page):
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
    assert page.evaluate("() => localStorage.length") <= 1, "the draft is gone; the theme may stay"

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
    assert page.locator("[name=event_id]").input_value() == number
    assert page.locator("[name=present]:checked").count() == 1
    page.locator("[name=qualified][value='1']").check()
    page.get_by_role("button", name="Sign and send").click()
    page.get_by_text("By this the class is unqualified").wait_for()
    assert Inspection.objects.count() == 0
    assert page.locator("[name=present]:checked").count() == 1
