"""What supervision hears reaches screening (N11.3, domain 5.2 D118, D122)."""

from datetime import timedelta

import pytest

from rollbook.accounts.tests.factories import AccountFactory
from rollbook.classes.tests.scenes import ENDS, running
from rollbook.risk.actions import screen_everyone
from rollbook.risk.models import Hit, Told
from rollbook.supervision import actions
from rollbook.supervision.models import Task

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
NOW = ENDS + timedelta(days=1)


def test_what_trainees_say_on_the_phone_fires(settings, tmp_path):
    """Two who were not there and one who paid; that somebody did not pick up is no sign."""
    settings.LAKE_ROOT, settings.DEMO = tmp_path, True
    scene = running(trainees=5)
    officer = AccountFactory(role="county-reviewer")
    task = Task.objects.create(
        training_class=scene.klass, institution=scene.klass.institution, region_code="320102", kind="phone",
        state="planned", due_on=NOW.date(), first=officer, sample=[one.pk for one in scene.people], planned_at=NOW,
        planned_by=officer,
    )  # fmt: skip
    answers = ("not-attended", "wrong-number", "paid-back", "unreachable", "attended")
    for one, answer in zip(scene.people, answers, strict=True):
        actions.record_call(by=officer, task_id=task.pk, enrolment_id=one.pk, answer=answer, remark="如实记录", now=NOW)
    assert Told.objects.count() == 4
    run = screen_everyone(now=NOW, codes=("D118", "D122"))
    assert {step.error for step in run.steps.all()} == {""}
    found = {hit.finding.detector: hit for hit in Hit.objects.select_related("finding")}
    assert {code: (hit.subject_id, hit.rows[0]["people"]) for code, hit in found.items()} == {
        "D118": (scene.klass.pk, 1),
        "D122": (scene.klass.pk, 2),
    }
