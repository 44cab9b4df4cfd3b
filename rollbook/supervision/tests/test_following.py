"""What an alert that is closed sets off (N3.6, N11.4)."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from rollbook.accounts.tests.factories import AccountFactory
from rollbook.classes.tests.scenes import BEGINS, another, running
from rollbook.kernel.reasons import Forbidden, NotFound, Refused
from rollbook.risk import actions as risk
from rollbook.risk.models import Alert, Finding, Hit, Run
from rollbook.subsidies import actions as subsidies
from rollbook.subsidies.models import Proposal
from rollbook.subsidies.tests.test_proposals import paid
from rollbook.supervision import actions, queries
from rollbook.supervision.models import Task

pytestmark = pytest.mark.django_db
NOW = BEGINS + timedelta(hours=2)
ROW = {"day": "2026-03-02", "people": 3, "roster": 9, "share": 33}


@pytest.fixture
def scene(settings, monkeypatch):
    settings.DEMO = True
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    made = running(trainees=5)
    made.first = AccountFactory(role="county-reviewer")
    made.second = AccountFactory(role="county-second-reviewer")
    return made


def alert_of(scene, **changes):
    values = {
        "subject": "class", "subject_id": scene.klass.pk, "scheme": "attendance", "severity": 3, "score": 3000,
        "title": str(scene.klass), "region_code": scene.klass.region_code, "institution": scene.klass.institution,
        "training_class": scene.klass, "first_found_at": NOW, "last_found_at": NOW, **changes,
    }  # fmt: skip
    made = Alert.objects.create(**values)
    ground = {
        "template": "On {day} {people} of {roster} came: {share} %.", "clause": "S4", "code": "D44", "values": ROW,
    }  # fmt: skip
    finding = Finding.objects.create(
        alert=made, detector="D44", severity=made.severity, rows=[ROW], count=1, version="x", found_at=NOW, ground=ground,
        run=Run.objects.create(kind="night", engine="duckdb", started_at=NOW),
    )  # fmt: skip
    Hit.objects.create(
        finding=finding, subject=made.subject, subject_id=made.subject_id, ground=ground, rows=[ROW], count=1, digest="x",
        found_at=NOW,
    )  # fmt: skip
    return made


def closed(scene, alert, *consequences):
    risk.settle(
        by=scene.first, alert_id=alert.pk, true_codes=["D44"], excuse="", finding="到课不足", now=NOW,
        consequences=consequences,
    )  # fmt: skip
    if Alert.objects.get(pk=alert.pk).state != "closed":
        risk.close(by=scene.second, alert_id=alert.pk, now=NOW)
    return alert


def queued():
    return DBTaskResult.objects.filter(task_path="rollbook.supervision.tasks.follow_alert").count()


def test_an_alert_that_two_officers_closed_asks_for_an_inspection_once(scene):
    """N3.6, N11.4: nothing before the second pair of eyes; then the class stands among those to be planned."""
    alert = alert_of(scene)
    risk.settle(
        by=scene.first, alert_id=alert.pk, true_codes=["D44"], excuse="", finding="到课不足", now=NOW,
        consequences=["inspection"],
    )  # fmt: skip
    assert queued() == 0
    risk.close(by=scene.second, alert_id=alert.pk, now=NOW)
    assert queued() == 1
    for _again in range(2):
        actions.follow_alert(alert_id=alert.pk, now=NOW)
    task = Task.objects.get()
    assert (task.state, task.kind, task.training_class, task.first, task.alert) == (
        "wanted", "on-site", scene.klass, None, alert,
    )  # fmt: skip
    assert task.due_on > NOW.date()
    assert queries.asked_for(scene.first, alert) == task


def test_without_that_consequence_nothing_is_asked_for(scene):
    actions.follow_alert(alert_id=closed(scene, alert_of(scene), "refusal").pk, now=NOW)
    assert not Task.objects.exists()


def test_what_an_alert_asked_for_is_planned_or_dropped_with_a_reason(scene):
    actions.follow_alert(alert_id=closed(scene, alert_of(scene), "inspection").pk, now=NOW)
    task = Task.objects.get()
    third = AccountFactory(role="city-officer", region_code="320100")
    values = {"task_id": task.pk, "kind": "on-site", "due_on": NOW.date(), "now": NOW}
    with pytest.raises(Refused):
        actions.plan_wanted(by=scene.county, first_id=scene.first.pk, second_id=scene.first.pk, **values)
    far = AccountFactory(role="county-reviewer", region_code="320583")
    with pytest.raises(NotFound):
        actions.plan_wanted(by=far, first_id=scene.first.pk, second_id=third.pk, **values)
    with pytest.raises(Forbidden):
        actions.plan_wanted(by=scene.second, first_id=scene.first.pk, second_id=third.pk, **values)
    with pytest.raises(Refused):
        actions.cancel_task(by=scene.first, task_id=task.pk, why=" ", now=NOW)
    task.refresh_from_db()
    assert task.state == "wanted"
    made = actions.plan_wanted(by=scene.first, first_id=scene.first.pk, second_id=third.pk, **values)
    assert (made.pk, made.state, made.alert_id, made.second) == (task.pk, "planned", task.alert_id, third)
    with pytest.raises(Refused) as refused:
        actions.plan_wanted(by=scene.first, first_id=scene.first.pk, second_id=third.pk, **values)
    assert refused.value.reasons[0].code == "not-wanted"


def test_nobody_is_sent_without_a_name_whatever_our_code_does(scene):
    actions.follow_alert(alert_id=closed(scene, alert_of(scene), "inspection").pk, now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        Task.objects.update(state="planned")
    with pytest.raises(IntegrityError), transaction.atomic():
        Task.objects.create(
            training_class=scene.klass, institution=scene.klass.institution, region_code="320102", kind="on-site",
            state="wanted", alert=Alert.objects.get(), due_on=NOW.date(), planned_at=NOW, planned_by=scene.first,
        )  # fmt: skip


def test_an_institutions_alert_leads_to_its_class_and_one_about_nobodys_class_to_none(scene):
    """N11.4: what cannot be inspected is said when the alert is settled, not found out later."""
    body = alert_of(
        scene, subject="institution", subject_id=scene.klass.institution_id, scheme="collusion", training_class=None
    )
    actions.follow_alert(alert_id=closed(scene, body, "inspection").pk, now=NOW)
    assert Task.objects.get().training_class == scene.klass
    county = alert_of(
        scene, subject="county", subject_id=320102, scheme="money", training_class=None, institution=None, severity=2
    )
    with pytest.raises(Refused) as refused:
        closed(scene, county, "inspection")
    assert refused.value.reasons[0].code == "nothing-to-inspect"
    assert Alert.objects.get(pk=county.pk).state == "open"


def test_alerts_bring_a_class_forward_in_the_order_of_inspections(scene):
    """N11.4: open grounds and those proven in a year count; warnings do not."""
    other = another(trainees=2).klass

    def points():
        return {one.class_id: (one.alerts, one.proven) for _klass, one in queries.candidates(scene.first, NOW.date())}

    assert points()[scene.klass.pk] == (0, 0)
    alert_of(scene, scheme="money", severity=1)
    assert points()[scene.klass.pk] == (0, 0)
    alert = alert_of(scene)
    assert points()[scene.klass.pk] == (1, 0)
    closed(scene, alert, "refusal")
    assert points()[scene.klass.pk] == (0, 1)
    assert points()[other.pk] == (0, 0)
    assert [klass for klass, _one in queries.candidates(scene.first, NOW.date())] == [scene.klass, other]


def test_the_way_from_an_alert_to_its_inspection_and_back(client, scene, settings):
    alert = closed(scene, alert_of(scene), "inspection")
    actions.follow_alert(alert_id=alert.pk, now=NOW)
    task = Task.objects.get()
    client.force_login(scene.first, backend=settings.AUTHENTICATION_BACKENDS[0])
    page = client.get(f"/alerts/{alert.pk}/").content.decode()
    assert f"/supervision/alerts/{alert.pk}/" in page
    assert f"/supervision/tasks/{task.pk}/" in client.get(f"/supervision/alerts/{alert.pk}/").content.decode()
    page = client.get(f"/supervision/tasks/{task.pk}/").content.decode()
    assert f"/alerts/{alert.pk}/" in page
    assert f"/supervision/tasks/{task.pk}/plan/" in page
    answer = client.post(
        f"/supervision/tasks/{task.pk}/plan/",
        {"kind": "phone", "due_on": "2026-12-01", "first_id": scene.first.pk, "second_id": ""},
    )
    assert answer.status_code == 302, answer.content.decode()[:2000]
    task.refresh_from_db()
    assert (task.state, task.kind, bool(task.sample)) == ("planned", "phone", True)


@pytest.mark.parametrize("subject", ["class", "claim"])
def test_an_alert_names_what_of_its_claims_is_to_come_back(client, settings, subject):
    """N6.4: with the way to each for whoever may open it, in words for another officer, and to nobody elsewhere."""
    settings.DEMO = True
    one, other = paid(2)
    klass, hit = one.enrolment.training_class, one.enrolment.training_class if subject == "class" else one
    scene = SimpleNamespace(
        klass=klass, first=AccountFactory(role="county-reviewer"), second=AccountFactory(role="county-second-reviewer")
    )
    alert = closed(scene, alert_of(scene, subject=subject, subject_id=hit.pk, amount_fen=150_000), "recovery")
    url, amount = f"/supervision/alerts/{alert.pk}/", "¥1,500.00"

    def page(by):
        client.force_login(by, backend=settings.AUTHENTICATION_BACKENDS[0])
        return client.get(url)

    assert amount not in page(scene.first).text
    subsidies.propose(claim_ids=[one.pk, other.pk], now=NOW)
    links = [f"/claims/proposals/{proposal.pk}/" for proposal in Proposal.objects.all()]
    assert len(links) == (2 if subject == "class" else 1)
    seen = page(scene.first).text
    assert amount in seen
    assert all(link in seen for link in links)
    words = page(scene.second).text
    assert amount in words
    assert not any(link in words for link in links)
    assert page(AccountFactory(role="county-reviewer", region_code="320583")).status_code == 404
