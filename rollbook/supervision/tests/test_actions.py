from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.utils import timezone

from rollbook.accounts.tests.factories import AccountFactory
from rollbook.classes.tests.scenes import BEGINS, another, running
from rollbook.evidence.models import Item
from rollbook.evidence.tests.pictures import photo
from rollbook.institutions.models import Institution, Restriction
from rollbook.journal.models import Entry
from rollbook.kernel.reasons import Forbidden, NotFound, Refused
from rollbook.persons.tests.factories import PersonFactory
from rollbook.subsidies.models import Hold
from rollbook.supervision import actions, queries, rules
from rollbook.supervision.models import Inspection, Measure, PhoneCall, Task

pytestmark = pytest.mark.django_db
NOW = BEGINS + timedelta(hours=2)
ALL = {item: {"passed": True} for item in rules.CHECKLIST}


@pytest.fixture
def scene(settings, monkeypatch):
    settings.DEMO = True
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    made = running(trainees=5)
    made.first = AccountFactory(role="county-reviewer")
    made.second = AccountFactory(role="supervisor", region_code="320100")
    return made


def code_of(deed, **values):
    with pytest.raises(Refused) as refused:
        deed(**values)
    return [one.code for one in refused.value.reasons]


def planned(scene, **changes):
    values = {
        "by": scene.county, "class_id": scene.klass.pk, "kind": "on-site", "first_id": scene.first.pk,
        "second_id": scene.second.pk, "due_on": NOW.date(), "now": NOW, **changes,
    }  # fmt: skip
    return actions.plan_task(**values)


def found(scene, task, **changes):
    values = {
        "by": scene.first, "task_id": task.pk, "event_id": uuid4(), "lesson_id": scene.lesson.pk,
        "arrived_at": NOW - timedelta(hours=1), "left_at": NOW - timedelta(minutes=5),
        "present": [one.pk for one in scene.people], "checklist": ALL, "is_held": True, "qualified": True, "remark": "",
        "now": NOW, **changes,
    }  # fmt: skip
    return actions.record_inspection(**values)


def test_two_people_are_planned_for_a_class_in_training(scene):
    """N11.3, domain 6.3: two different people of the region or above it; by whom plans there."""
    assert planned(scene).state == "planned"
    assert code_of(planned, scene=scene, second_id=scene.first.pk) == ["two-inspectors"]
    assert code_of(planned, scene=scene, second_id=None) == ["two-inspectors"]
    far = AccountFactory(region_code="320583")
    assert code_of(planned, scene=scene, second_id=far.pk) == ["no-inspector"]
    person = PersonFactory()
    twice = (
        AccountFactory(role="supervisor", person_id=person.pk),
        AccountFactory(role="supervisor", person_id=person.pk),
    )
    assert code_of(planned, scene=scene, first_id=twice[0].pk, second_id=twice[1].pk) == ["same-person"]
    assert code_of(planned, scene=scene, due_on=NOW.date() - timedelta(1)) == ["day-past"]
    with pytest.raises(Forbidden):
        planned(scene, by=AccountFactory(role="county-second-reviewer"))
    with pytest.raises(NotFound):
        planned(scene, by=AccountFactory(region_code="320583"))
    assert Task.objects.count() == 1
    with pytest.raises(DatabaseError), transaction.atomic():
        Task.objects.update(second=scene.first)


def test_found_in_order_and_signed_by_both(scene):
    """N4.1: with presence list, what was filed beside it, both signatures; nothing is held."""
    made = found(scene, planned(scene))
    assert made.filed["teacher"] == scene.lesson.teacher.person.name
    assert made.is_late is False
    assert code_of(actions.sign_inspection, by=scene.first, inspection_id=made.pk, now=NOW) == ["own-record"]
    with pytest.raises((Forbidden, NotFound)):
        actions.sign_inspection(by=AccountFactory(role="supervisor"), inspection_id=made.pk, now=NOW)
    actions.sign_inspection(by=scene.second, inspection_id=made.pk, now=NOW)
    assert Task.objects.get().state == "done"
    assert Hold.objects.count() == 0
    assert code_of(actions.sign_inspection, by=scene.second, inspection_id=made.pk, now=NOW) == ["signed"]


def test_the_same_form_sent_twice_is_one_inspection(scene):
    """The phone had no answer and sent again."""
    task, event = planned(scene), uuid4()
    assert found(scene, task, event_id=event).pk == found(scene, task, event_id=event).pk
    assert Inspection.objects.count() == Entry.objects.filter(kind="inspection.recorded").count() == 1
    assert code_of(found, scene=scene, task=task) == ["not-planned"]


def test_an_unqualified_class_stops_its_claims_once_both_have_signed(scene):
    """N4.1, domain 2.5: below 80 %; one signature is not enough."""
    task = planned(scene)
    few = {"present": [scene.people[0].pk]}
    assert code_of(found, scene=scene, task=task, **few) == ["few-present", "not-qualified"]
    made = found(scene, task, qualified=False, **few)
    assert [one["code"] for one in made.grounds] == ["few-present"]
    assert Hold.objects.count() == 0
    actions.sign_inspection(by=scene.second, inspection_id=made.pk, now=NOW)
    hold = Hold.objects.get()
    assert (hold.training_class, hold.source) == (scene.klass, f"supervision.Inspection:{made.pk}")
    with pytest.raises(DatabaseError), transaction.atomic():
        Inspection.objects.filter(pk=made.pk).update(qualified=True, grounds=[])
    with pytest.raises(DatabaseError), transaction.atomic():
        Inspection.objects.filter(pk=made.pk).delete()


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"lesson_id": None}, ["which-lesson-seen"]),
        ({"left_at": NOW + timedelta(1)}, ["inspection-times"]),
        ({"arrived_at": NOW, "left_at": NOW - timedelta(hours=1)}, ["inspection-times"]),
        ({"qualified": False}, ["describe"]),
        ({"checklist": {**ALL, "room": {"passed": False}}}, ["not-as-filed", "not-qualified"]),
        ({"is_held": False, "present": [], "lesson_id": None}, ["not-held", "not-qualified"]),
    ],
)
def test_refused_and_nothing_recorded(scene, changes, codes):
    task = planned(scene)
    assert code_of(found, scene=scene, task=task, **changes) == codes
    assert Inspection.objects.count() == 0
    task.refresh_from_db()
    assert task.state == "planned"


def test_who_is_not_on_the_roster_was_not_there(scene):
    made = found(scene, planned(scene), present=[*(one.pk for one in scene.people), another().people[0].pk])
    assert len(made.present) == 5


def test_only_those_who_were_given_it_inspect(scene):
    task = planned(scene)
    with pytest.raises(Forbidden):
        found(scene, task, by=scene.county)
    with pytest.raises(NotFound):
        found(scene, task, by=AccountFactory(role="supervisor", region_code="320100"))


def test_a_third_party_sees_its_own_assignments_alone(scene):
    """N4.5: neither classes nor institutions nor others' inspections."""
    task = planned(scene)
    other = planned(scene, second_id=AccountFactory(role="county-second-reviewer").pk)
    assert list(queries.visible_to(scene.second)) == [task]
    client = Client()
    client.force_login(scene.second)
    assert client.get(f"/supervision/tasks/{task.pk}/").status_code == 200
    assert client.get(f"/supervision/tasks/{other.pk}/").status_code == 404
    for address in (
        f"/classes/{scene.klass.pk}/",
        f"/institutions/{scene.klass.institution_id}/",
        "/evidence/",
        "/live/",
        "/supervision/measures/",
    ):
        assert client.get(address).status_code in (403, 404), address
    assert f"/classes/{scene.klass.pk}/" not in client.get("/classes/").text


def test_late_results_are_marked(scene):
    """Domain 6.3: entered within a day."""
    made = found(scene, planned(scene), arrived_at=NOW - timedelta(hours=30), left_at=NOW - timedelta(hours=25))
    assert made.is_late


def test_the_institution_signs_or_says_why_not(scene):
    """Domain 6.3: once, for its own classes."""
    made = found(scene, planned(scene))
    values = {"by": scene.manager, "inspection_id": made.pk, "now": NOW}
    assert code_of(actions.answer_inspection, agrees=False, answer=" ", **values) == ["why-not"]
    with pytest.raises(NotFound):
        actions.answer_inspection(**{**values, "by": another().manager}, agrees=True, answer="")
    actions.answer_inspection(agrees=False, answer="当时在车间实训", **values)
    assert code_of(actions.answer_inspection, agrees=True, answer="", **values) == ["answered"]


def test_photographs_are_evidence_of_the_class(scene):
    made = found(scene, planned(scene))
    actions.add_photo(by=scene.second, inspection_id=made.pk, content=photo(), now=NOW)
    item = Item.objects.get()
    assert item.dossier == f"classes.TrainingClass:{scene.klass.pk}"
    with pytest.raises(Forbidden):
        actions.add_photo(by=scene.manager, inspection_id=made.pk, content=photo(2), now=NOW)


def test_a_sample_is_called_and_each_answer_is_final(scene):
    """Domain 2.6: at least ten per cent, drawn by a kept seed (B3)."""
    task = planned(scene, kind="phone", second_id=None)
    assert task.sample == rules.sample([one.pk for one in scene.people], 10, task.seed)
    values = {"by": scene.first, "task_id": task.pk, "enrolment_id": task.sample[0], "now": NOW}
    assert code_of(actions.record_call, answer="not-attended", remark="", **values) == ["describe-call"]
    outside = next(one.pk for one in scene.people if one.pk not in task.sample)
    with pytest.raises(NotFound):
        actions.record_call(answer="attended", remark="", **{**values, "enrolment_id": outside})
    actions.record_call(answer="not-attended", remark="没去过", **values)
    assert code_of(actions.record_call, answer="attended", remark="", **values) == ["called"]
    task.refresh_from_db()
    assert task.state == "done"
    with pytest.raises(DatabaseError), transaction.atomic():
        PhoneCall.objects.update(answer="attended")


def measure(scene, by=None, **changes):
    values = {
        "by": by or AccountFactory(role="county-second-reviewer"), "institution_id": scene.klass.institution_id,
        "grade": "talk", "trigger": "attendance", "ground": "到课率不足", "inspection_id": None, "now": NOW, **changes,
    }  # fmt: skip
    return actions.take_measure(**values)


def test_the_ladder_and_what_follows(scene):
    """N11.4, domain 6.1: a talk five working days, a letter six months, criticism a year, the end two."""
    assert measure(scene).mend_by.isoformat() == "2026-03-09"
    measure(scene)
    assert code_of(measure, scene=scene) == ["too-light", "raised"]
    until = []
    for grade in ("letter", "notice", "ended"):
        measure(scene, grade=grade, trigger="attendance")
        until.append(Restriction.objects.latest("pk").ends_on.isoformat())
    assert until == ["2026-09-02", "2027-03-02", "2028-03-02"]
    assert Institution.objects.get(pk=scene.klass.institution_id).state == "removed"
    assert Measure.objects.count() == 5


def test_who_takes_measures_and_accepts_what_was_mended(scene):
    for role in ("county-reviewer", "supervisor", "auditor"):
        with pytest.raises((Forbidden, NotFound)):
            measure(scene, by=AccountFactory(role=role))
    assert code_of(measure, scene=scene, ground=" ") == ["ground"]
    assert Measure.objects.count() == Restriction.objects.count() == 0
    made = measure(scene)
    officer = AccountFactory(role="city-officer", region_code="320100")
    actions.accept_mended(by=officer, measure_id=made.pk, now=NOW)
    assert code_of(actions.accept_mended, by=officer, measure_id=made.pk, now=NOW) == ["mended"]


def test_pages_have_a_fixed_number_of_queries(scene, django_assert_max_num_queries):
    for _ in range(4):
        planned(scene)
    client = Client()
    client.force_login(scene.county)
    for address in ("/supervision/", "/supervision/plan/", "/supervision/findings/", "/supervision/measures/"):
        with django_assert_max_num_queries(20):
            assert client.get(address).status_code == 200
    assert client.get("/supervision/?export=1")["Content-Type"].startswith("application/vnd")


def test_the_form_on_a_phone(scene):
    """N4.1: as the page sends it."""
    task = planned(scene)
    client = Client()
    client.force_login(scene.second)
    page = client.get(f"/supervision/tasks/{task.pk}/inspect/")
    assert page.text.count('name="present"') == 5
    answer = client.post(
        f"/supervision/tasks/{task.pk}/inspect/",
        {
            "event_id": str(uuid4()), "lesson_id": scene.lesson.pk, "arrived_at": "2026-03-02T09:10",
            "left_at": "2026-03-02T10:00", "is_held": "1", "qualified": "1", "item": list(rules.CHECKLIST),
            "present": [one.pk for one in scene.people], "remark": "",
        },
    )  # fmt: skip
    made = Inspection.objects.get()
    assert answer["Location"] == f"/supervision/findings/{made.pk}/"
    assert made.recorded_by == scene.second
