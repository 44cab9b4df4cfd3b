"""The teacher's own attendance, and rolls that a second person confirms (N4.1, N14.1)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from rollbook.accounts.tests.factories import AccountFactory
from rollbook.classes import actions, queries
from rollbook.classes.models import Attendance, CheckIn, Lesson, RollCall, Teaching
from rollbook.classes.tests.scenes import BEGINS, ENDS, NOW, running
from rollbook.journal.models import Entry
from rollbook.kernel.reasons import Forbidden, NotFound, Refused

pytestmark = pytest.mark.django_db


def codes(caught):
    return [one.code for one in caught.value.reasons]


def teach(scene, by=None, direction="in", now=NOW):
    return actions.check_in_teacher(by=by or scene.teacher, lesson_id=scene.lesson.pk, direction=direction, now=now)


def roll(scene, direction="in", now=NOW, by=None):
    ids = [one.pk for one in scene.people]
    return actions.call_roll(
        by=by or scene.teacher, lesson_id=scene.lesson.pk, direction=direction, enrolment_ids=ids, now=now
    )


def decide(scene, now=NOW + timedelta(minutes=5), by=None, grant=True):
    return actions.decide_roll(by=by or scene.manager, roll_id=RollCall.objects.latest("pk").pk, grant=grant, now=now)


def test_a_teacher_comes_and_goes():
    scene = running(teacher_check_in=1)
    teach(scene)
    teach(scene, direction="out", now=ENDS - timedelta(minutes=9))
    teach(scene, direction="out", now=ENDS)  # the last going counts
    assert list(Teaching.objects.values_list("in_at", "out_at")) == [(NOW, ENDS)]
    assert Entry.objects.filter(kind="attendance.taught").count() == 3
    assert queries.without_teacher(scene.klass.pk, ENDS) == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"direction": "out"}, "out-without-in"),
        ({"direction": "up"}, "direction"),
        ({"now": BEGINS - timedelta(hours=2)}, "outside-window"),
        ({"now": ENDS + timedelta(hours=2)}, "outside-window"),
    ],
)
def test_a_teachers_check_in_is_refused_and_nothing_kept(change, code):
    scene = running()
    with pytest.raises(Refused) as caught:
        teach(scene, **change)
    assert codes(caught) == [code]
    assert not Teaching.objects.exists()
    assert not Entry.objects.exists()


def test_a_teacher_comes_once_and_only_while_the_class_runs():
    scene = running()
    teach(scene)
    with pytest.raises(Refused) as caught:
        teach(scene, now=NOW + timedelta(minutes=1))
    assert codes(caught) == ["double"]
    type(scene.klass).objects.update(state="ended")
    with pytest.raises(Refused) as caught:
        teach(scene, direction="out", now=ENDS)
    assert codes(caught) == ["not-running"]
    assert Teaching.objects.get().out_at is None


@pytest.mark.parametrize(("who", "error"), [("manager", Forbidden), ("worker", Forbidden), ("county", Forbidden)])
def test_nobody_checks_in_for_the_teacher(who, error):
    scene = running()
    with pytest.raises(error):
        teach(scene, by=getattr(scene, who))
    assert not Teaching.objects.exists()


def test_a_lesson_without_its_filed_teacher_is_found():
    """No check-in, no check-out, or less than half of the lesson: nothing proves that the filed teacher taught."""
    scene = running(lessons=2, teacher_check_in=1)
    Lesson.objects.update(is_binding=True)
    first = scene.lesson
    assert queries.without_teacher(scene.klass.pk, ENDS - timedelta(minutes=1)) == []  # not over yet
    assert queries.without_teacher(scene.klass.pk, ENDS) == [first]
    teach(scene)
    assert queries.without_teacher(scene.klass.pk, ENDS) == [first]
    teach(scene, direction="out", now=BEGINS + timedelta(minutes=80))
    assert queries.without_teacher(scene.klass.pk, ENDS) == [first]
    teach(scene, direction="out", now=BEGINS + timedelta(minutes=100))
    assert queries.without_teacher(scene.klass.pk, ENDS) == []
    assert queries.lessons_without_teacher(BEGINS, ENDS + timedelta(days=2)) == [Lesson.objects.latest("starts_at")]
    # Another's check-in proves nothing of the teacher who is filed.
    Teaching.objects.update(person=scene.people[0].person)
    assert queries.without_teacher(scene.klass.pk, ENDS) == [first]


def test_where_the_terms_ask_nothing_no_lesson_is_without_its_teacher():
    scene = running()
    Lesson.objects.update(is_binding=True)
    assert queries.without_teacher(scene.klass.pk, ENDS) == []


def test_the_database_keeps_a_teachers_hours_in_order():
    scene = running()
    one = {"lesson": scene.lesson, "person_id": scene.teacher.person_id}
    with pytest.raises(IntegrityError, match="teaching_ends_after_it_starts"), transaction.atomic():
        Teaching.objects.create(**one, in_at=ENDS, out_at=NOW)
    Teaching.objects.create(**one, in_at=NOW)
    with pytest.raises(IntegrityError, match="teaching_once_a_lesson"), transaction.atomic():
        Teaching.objects.create(**one, in_at=NOW)


def test_a_roll_counts_once_a_second_person_confirms_it():
    scene = running(roll_confirm=1)
    assert roll(scene) == 3
    assert roll(scene) == 0  # they wait already
    assert not CheckIn.objects.exists()
    assert queries.waiting_names(scene.lesson.pk) == {one.pk for one in scene.people}
    decide(scene)
    assert set(Attendance.objects.values_list("in_at", flat=True)) == {NOW}  # when it was called
    assert queries.waiting_rolls(scene.lesson.pk) == []
    roll(scene, "out", ENDS)
    assert set(Attendance.objects.values_list("presence", flat=True)) == {"absent"}
    decide(scene, now=ENDS + timedelta(days=2))  # until the lock date
    assert set(Attendance.objects.values_list("presence", flat=True)) == {"present"}
    assert set(CheckIn.objects.values_list("means", "by_id")) == {("roll-call", scene.manager.pk)}
    kinds = list(Entry.objects.order_by("pk").values_list("kind", flat=True))
    assert kinds == ["attendance.rolled"] * 2 + ["attendance.roll-decided", "attendance.rolled"] + [
        "attendance.roll-decided"
    ]


def test_a_roll_that_is_refused_counts_for_nothing():
    scene = running(roll_confirm=1)
    roll(scene)
    assert decide(scene, grant=False).state == "refused"
    assert not CheckIn.objects.exists()
    with pytest.raises(NotFound):
        decide(scene)
    assert roll(scene) == 3  # it may be called again


def test_who_calls_a_roll_does_not_confirm_it_from_whichever_account():
    """Two people, two accounts (N14.1)."""
    scene = running(roll_confirm=1)
    roll(scene)
    twin = AccountFactory(
        role="institution-manager", institution_id=scene.klass.institution_id, person_id=scene.teacher.person_id
    )
    for by in (scene.teacher, twin):
        with pytest.raises(Refused) as caught:
            decide(scene, by=by)
        assert codes(caught) == ["same-person"]
    for by in (scene.worker, scene.county):
        with pytest.raises(Forbidden):
            decide(scene, by=by)
    assert not CheckIn.objects.exists()
    one = RollCall.objects.get()
    with pytest.raises(IntegrityError, match="roll_is_confirmed_by_another"), transaction.atomic():
        RollCall.objects.update(state="granted", decided_by=one.called_by, decided_at=NOW)
    with pytest.raises(IntegrityError, match="roll_is_decided_by_somebody"), transaction.atomic():
        RollCall.objects.update(state="granted")


@pytest.mark.parametrize(
    ("terms", "direction", "now", "code"),
    [
        ({}, "in", ENDS + timedelta(days=1), "outside-window"),
        ({"method_roll": 0}, "in", NOW, "method-off"),
    ],
)
def test_a_roll_that_could_never_count_is_not_kept(terms, direction, now, code):
    scene = running(roll_confirm=1, **terms)
    with pytest.raises(Refused) as caught:
        roll(scene, direction, now)
    assert codes(caught) == [code]
    assert not RollCall.objects.exists()


@pytest.mark.parametrize(
    ("days", "state", "code"), [(31, "running", "attendance-closed"), (1, "assessed", "not-running")]
)
def test_a_roll_is_confirmed_before_the_lock_and_the_results(days, state, code):
    scene = running(roll_confirm=1)
    roll(scene)
    type(scene.klass).objects.update(state=state)
    with pytest.raises(Refused) as caught:
        decide(scene, now=ENDS + timedelta(days=days))
    assert set(codes(caught)) == {code}
    assert RollCall.objects.get().state == "asked"
    assert not CheckIn.objects.exists()


def test_who_dropped_out_or_had_checked_in_by_then_is_left_as_is():
    scene = running(roll_confirm=1)
    roll(scene)
    scene.check_in(now=NOW)
    type(scene.people[1]).objects.filter(pk=scene.people[1].pk).update(dropped_at=NOW)
    decide(scene)
    assert set(CheckIn.objects.values_list("enrolment_id", "means")) == {
        (scene.people[0].pk, "code"),
        (scene.people[2].pk, "roll-call"),
    }


@pytest.mark.django_db(transaction=True)
def test_one_roll_confirmed_and_refused_at_once_is_decided_once():
    """N7.4."""
    scene = running(roll_confirm=1)
    roll(scene)

    def deed(grant):
        try:
            decide(scene, grant=grant)
        except NotFound:
            return "late"
        finally:
            connection.close()
        return "decided"

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(deed, [True, False] * 4))
    assert found.count("decided") == 1
    granted = RollCall.objects.get().state == "granted"
    assert CheckIn.objects.count() == (3 if granted else 0)


def going_on(scene):
    now = timezone.now()
    begins = max(now - timedelta(minutes=5), timezone.localtime(now).replace(hour=0, minute=0))  # of today
    Lesson.objects.filter(pk=scene.lesson.pk).update(starts_at=begins, ends_at=begins + timedelta(hours=3))
    return reverse("classes:lesson", args=[scene.lesson.pk])


def enter(client, account):
    client.force_login(account)
    type(account).objects.filter(pk=account.pk).update(session_key="")


def test_pages_of_the_teacher_and_of_who_confirms(client):
    scene = running(roll_confirm=1, teacher_check_in=1)
    page = going_on(scene)
    enter(client, scene.teacher)
    assert reverse("classes:teach", args=[scene.lesson.pk]) in client.get(page).content.decode()
    client.post(reverse("classes:teach", args=[scene.lesson.pk]), {"direction": "in"})
    assert Teaching.objects.get().person_id == scene.teacher.person_id
    ids = [one.pk for one in scene.people]
    client.post(reverse("classes:roll", args=[scene.lesson.pk]), {"direction": "in", "enrolment": ids})
    url = reverse("classes:decide_roll", args=[RollCall.objects.get().pk])
    assert url not in client.get(page).content.decode()
    enter(client, scene.manager)
    text = client.get(page).content.decode()
    assert url in text
    assert reverse("classes:teach", args=[scene.lesson.pk]) not in text
    assert url in client.get(reverse("classes:asks")).content.decode()
    assert client.post(url, {"grant": "1"}).status_code == 302
    assert CheckIn.objects.count() == 3


def test_the_class_page_counts_lessons_without_their_teacher(client):
    scene = running(teacher_check_in=1)
    Lesson.objects.update(is_binding=True)
    enter(client, scene.manager)
    page = client.get(reverse("classes:class_detail", args=[scene.klass.pk]))
    assert page.context["untaught"] == [scene.lesson]


def test_api_of_the_teacher_and_of_who_confirms(client):
    scene = running(roll_confirm=1)
    going_on(scene)
    enter(client, scene.teacher)
    url = f"/api/classes/lessons/{scene.lesson.pk}"
    answer = client.post(f"{url}/teacher", {"direction": "in"}, content_type="application/json")
    assert answer.status_code == 200, answer.content
    assert answer.json()["out_at"] is None
    actions.call_roll(
        by=scene.teacher, lesson_id=scene.lesson.pk, direction="in", enrolment_ids=[scene.people[0].pk],
        now=timezone.now(),
    )  # fmt: skip
    enter(client, scene.manager)
    [waits] = client.get(f"{url}/attendance").json()["waiting_rolls"]
    assert waits["enrolment_ids"] == [scene.people[0].pk]
    decision = f"/api/classes/rolls/{waits['id']}/decide"
    answer = client.post(decision, {"grant": True}, content_type="application/json")
    assert answer.json()["state"] == "granted", answer.content
    assert CheckIn.objects.count() == 1
