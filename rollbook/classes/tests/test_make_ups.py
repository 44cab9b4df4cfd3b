"""Lessons held again for those who missed them (domain 2.5; N4.1, N7.4)."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from rollbook.accounts.tests.factories import AccountFactory
from rollbook.classes import actions, queries
from rollbook.classes.models import Attendance, CheckIn, Leave, Lesson, MakeUp, MakeUpPlace
from rollbook.classes.queries import clock
from rollbook.classes.rules.make_ups import Missed, Plan, Policy, reasons_against_plan, reasons_against_trainee
from rollbook.classes.tests.factories import ClassFactory, EnrolmentFactory, LessonFactory
from rollbook.classes.tests.scenes import BEGINS, ENDS, another, running
from rollbook.directory.models import Term
from rollbook.institutions.models import Room, Teacher
from rollbook.journal.models import Entry
from rollbook.kernel.reasons import Forbidden, NotFound, Refused

pytestmark = pytest.mark.django_db
FEWEST = 8  # queries of the list
LATER = ENDS + timedelta(hours=3)
AGAIN = BEGINS + timedelta(days=7)


def codes(caught):
    return [one.code for one in caught.value.reasons]


@pytest.fixture
def scene(settings):
    """The first of three trainees was on leave for illness, the second absent, the third there."""
    settings.DEMO = True  # officials without a second factor
    found = running(lessons=5, make_up_absent=1, make_up_percent=40)
    first, second, third = found.people
    Leave.objects.create(
        lesson=found.lesson, enrolment=first, ground="illness", state="granted", asked_by=found.manager,
        asked_at=BEGINS, decided_by=found.county, decided_at=BEGINS,
    )  # fmt: skip
    mark(found.lesson, first, "leave")
    mark(found.lesson, second, "absent")
    mark(found.lesson, third, "present")
    Lesson.objects.filter(pk=found.lesson.pk).update(attendance_closed_at=ENDS)
    return found


def mark(lesson, one, presence):
    Attendance.objects.update_or_create(lesson=lesson, enrolment=one, defaults={"presence": presence})


def term(key, value):
    Term.objects.filter(key=key).update(value=value)


def plan(scene, people=(0, 1), **changes):
    values = {
        "by": scene.manager,
        "lesson_id": scene.lesson.pk,
        "starts_at": AGAIN,
        "room_id": scene.lesson.room_id,
        "teacher_id": scene.lesson.teacher_id,
        "enrolment_ids": [scene.people[n].pk for n in people],
        "why": "补上焊接操作",
        "now": LATER,
        **changes,
    }
    return actions.plan_make_up(**values)


def attend(scene, made, people=(0,)):
    ids = [scene.people[n].pk for n in people]
    for direction, now in (("in", AGAIN), ("out", AGAIN + timedelta(hours=3))):
        actions.call_roll(by=scene.teacher, lesson_id=made.lesson_id, direction=direction, enrolment_ids=ids, now=now)


POLICY = Policy(grounds=frozenset({"illness"}), percent=20, days=30, ahead=1, hours_per_day=8)
FIT = Plan(
    is_open=True, is_over=True, is_make_up=False, missed_on=BEGINS.date(), day=AGAIN.date(), is_past=False,
    days_ahead=5, people=2, room="A", seats=2, teacher="王", is_qualified=True,
)  # fmt: skip
WHO = Missed(name="李", ground="illness", hours=4, planned_hours=20)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, None),
        ({"is_open": False}, "not-running"),
        ({"is_make_up": True}, "made-up-twice"),
        ({"is_over": False}, "not-over-yet"),
        ({"people": 0}, "nobody-named"),
        ({"is_past": True, "days_ahead": -1}, "past"),
        ({"days_ahead": 0}, "make-up-short"),
        ({"day": BEGINS.date() + timedelta(30)}, None),
        ({"day": BEGINS.date() + timedelta(31)}, "make-up-late"),
        ({"seats": 1}, "too-few-seats"),
        ({"is_qualified": False}, "teacher-unqualified"),
    ],
)
def test_when_a_lesson_may_be_held_again(change, code):
    assert [one.code for one in reasons_against_plan(replace(FIT, **change), POLICY)] == ([code] if code else [])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, None),
        ({"ground": ""}, "not-missed"),
        ({"ground": "work"}, "make-up-ground"),
        ({"ground": "absent"}, "make-up-ground"),
        ({"is_planned": True}, "make-up-planned"),
        ({"is_made_up": True}, "made-up"),
        ({"made_up_hours": 1}, "make-up-much"),
        ({"overlaps": ["KB1"]}, "trainee-taken"),
        ({"hours_that_day": 4}, None),
        ({"hours_that_day": 5}, "long-day"),
    ],
)
def test_who_may_make_a_lesson_up(change, code):
    assert [one.code for one in reasons_against_trainee(replace(WHO, **change), POLICY)] == ([code] if code else [])


def test_a_lesson_held_again_is_attended_like_any_and_counts_as_the_terms_say(scene):
    """Certificate yes, subsidy by the term (N4.1, N5.1)."""
    made = plan(scene)
    assert (made.ends_at, made.lesson.hours, made.lesson.subject) == (AGAIN + timedelta(hours=3), 0, "焊接操作")
    assert Entry.objects.get(kind="class.make-up-planned").data["people"] == 2
    attend(scene, made)
    actions.close_attendance(lesson_id=made.lesson_id, now=AGAIN + timedelta(hours=6))
    marks = dict(Attendance.objects.filter(lesson=made.lesson).values_list("enrolment_id", "presence"))
    assert marks == {scene.people[0].pk: "present", scene.people[1].pk: "absent"}  # nobody else was to be there

    found = queries.attendance_of(scene.klass.pk)
    first, second, third = (found[one.pk] for one in scene.people)
    assert (first.hours, first.certificate_hours, first.planned_hours) == (0, 4, 20)
    assert (second.certificate_hours, third.hours) == (0, 4)
    assert queries.worst_day_percent(scene.klass.pk) == 33  # the class's line is of its own days
    assert queries.days_attended(scene.klass.pk) == {scene.people[2].pk: 1}
    term("make-up-counts", 3)
    assert queries.attendance_of(scene.klass.pk)[scene.people[0].pk].hours == 4
    assert queries.days_attended(scene.klass.pk)[scene.people[0].pk] == 1
    term("make-up-counts", 0)
    assert queries.attendance_of(scene.klass.pk)[scene.people[0].pk].certificate_hours == 0


def test_only_those_named_check_in(scene):
    made = plan(scene, people=[0])
    code = actions.code_of(made.lesson, AGAIN)
    scene.check_in(lesson_id=made.lesson_id, code=code, now=AGAIN)
    stranger = AccountFactory(role="worker", person_id=scene.people[1].person_id)
    with pytest.raises(NotFound):
        scene.check_in(by=stranger, lesson_id=made.lesson_id, code=code, now=AGAIN)
    with pytest.raises(Refused) as caught:
        attend(scene, made, people=[2])
    assert codes(caught) == ["not-on-roster"]
    assert set(CheckIn.objects.values_list("enrolment_id", flat=True)) == {scene.people[0].pk}
    assert [one.pk for one, _mark in queries.lesson_rows(made.lesson)] == [scene.people[0].pk]
    ahead = [queries.lessons_ahead(one, AGAIN).filter(is_make_up=True).count() for one in scene.people]
    assert ahead == [1, 0, 0]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"people": []}, {"nobody-named"}),
        ({"people": [2]}, {"not-missed"}),
        ({"starts_at": BEGINS + timedelta(days=40)}, {"make-up-late"}),
        ({"starts_at": LATER + timedelta(minutes=1)}, {"make-up-short"}),
        ({"starts_at": BEGINS + timedelta(days=1)}, {"trainee-taken"}),  # the class's own next lesson
        ({"why": " "}, {"why"}),
    ],
)
def test_a_plan_that_does_not_fit_is_refused_and_nothing_is_kept(scene, change, found):
    with pytest.raises(Refused) as caught:
        plan(scene, **change)
    assert set(codes(caught)) == found
    assert not MakeUp.objects.exists()
    assert not Lesson.objects.filter(is_make_up=True).exists()
    assert not Entry.objects.exists()


def test_terms_say_whose_absence_and_how_much_is_made_up(scene):
    term("make-up-absent", 0)
    with pytest.raises(Refused) as caught:
        plan(scene)
    assert codes(caught) == ["make-up-ground"]
    term("make-up-percent", 19)
    with pytest.raises(Refused) as caught:
        plan(scene, people=[0])
    assert codes(caught) == ["make-up-much"]
    term("make-up-percent", 20)
    plan(scene, people=[0])
    with pytest.raises(Refused) as caught:
        plan(scene, people=[0], starts_at=AGAIN + timedelta(days=1))
    assert codes(caught) == ["make-up-planned"]


def test_rooms_teachers_and_trainees_are_in_one_place_at_a_time(scene):
    """The rules against overlaps hold for make-up lessons as well (N3.7, N4.2), here and elsewhere."""
    LessonFactory(training_class=scene.klass, room=scene.lesson.room, teacher=scene.lesson.teacher, starts_at=AGAIN)
    with pytest.raises(Refused) as caught:
        plan(scene)
    assert set(codes(caught)) == {"trainee-taken"}
    Lesson.objects.filter(starts_at=AGAIN).delete()
    other = another()
    LessonFactory(training_class=other.klass, room=scene.lesson.room, teacher=other.lesson.teacher, starts_at=AGAIN)
    with pytest.raises(Refused) as caught:
        plan(scene)
    assert codes(caught) == ["taken"]
    elsewhere = ClassFactory(institution=other.klass.institution, state="submitted", item=scene.klass.item)
    for one in scene.people:
        EnrolmentFactory(training_class=elsewhere, person=one.person)
    room = Room.objects.filter(site__institution=other.klass.institution).last()
    teacher = Teacher.objects.filter(institution=other.klass.institution).last()
    Lesson.objects.filter(starts_at=AGAIN).delete()
    made = plan(scene, people=[0])
    LessonFactory(training_class=elsewhere, room=room, teacher=teacher, starts_at=AGAIN)
    ids = [one.person_id for one in scene.people]
    assert queries.overlapping_classes(elsewhere, ids) == {scene.people[0].person_id: [scene.klass.number]}
    assert made.lesson in Lesson.objects.filter(is_binding=True)


def test_only_the_institution_plans_and_cancels(scene):
    made = plan(scene)
    stranger = another().manager
    for by, error in ((scene.county, Forbidden), (scene.teacher, Forbidden), (stranger, NotFound)):
        with pytest.raises(error):
            plan(scene, by=by)
        with pytest.raises(error):
            actions.cancel_make_up(by=by, make_up_id=made.pk, why="x", now=LATER)
    with pytest.raises(NotFound):
        plan(scene, room_id=Room.objects.exclude(site__institution=scene.klass.institution).first().pk)
    assert MakeUp.objects.count() == 1


def test_cancelled_before_check_in_opens_it_frees_room_teacher_and_trainees(scene):
    made = plan(scene)
    with pytest.raises(Refused) as caught:
        actions.cancel_make_up(by=scene.manager, make_up_id=made.pk, why="x", now=AGAIN - timedelta(minutes=30))
    assert codes(caught) == ["make-up-begun"]
    actions.cancel_make_up(by=scene.manager, make_up_id=made.pk, why="教师生病", now=LATER)
    kept = MakeUp.objects.get()
    assert (kept.lesson, kept.starts_at, kept.cancel_reason) == (None, AGAIN, "教师生病")
    assert not Lesson.objects.filter(is_make_up=True).exists()
    with pytest.raises(NotFound):
        actions.cancel_make_up(by=scene.manager, make_up_id=made.pk, why="x", now=LATER)
    plan(scene)


def test_a_make_up_lesson_has_neither_leave_nor_change_nor_make_up_of_its_own(scene):
    made = plan(scene)
    with pytest.raises(Refused) as caught:
        actions.ask_plan_change(
            by=scene.manager, lesson_id=made.lesson_id, starts_at=None, room_id=None, why="x", now=LATER,
            teacher_id=scene.lesson.teacher_id,
        )  # fmt: skip
    assert codes(caught) == ["make-up-fixed"]
    with pytest.raises(Refused) as caught:
        plan(scene, lesson_id=made.lesson_id, starts_at=AGAIN + timedelta(days=2), now=AGAIN + timedelta(hours=4))
    assert "made-up-twice" in codes(caught)


def test_held_between_the_end_of_the_class_and_its_results(scene):
    """The class ends by its plan; a make-up lesson may follow, and the results wait for it."""
    made = plan(scene)
    over = BEGINS + timedelta(days=4, hours=6)
    assert clock.to_end(over) == [scene.klass.pk]
    actions.end_class(by=None, class_id=scene.klass.pk, now=over)
    assert queries.make_ups_open(scene.klass.pk) == 1
    attend(scene, made)
    assert made.lesson_id in clock.to_close(AGAIN + timedelta(hours=6))
    actions.close_attendance(lesson_id=made.lesson_id, now=AGAIN + timedelta(hours=6))
    assert queries.make_ups_open(scene.klass.pk) == 0
    assert queries.attendance_of(scene.klass.pk)[scene.people[0].pk].certificate_hours == 4
    late = plan(scene, people=[1], starts_at=AGAIN + timedelta(days=1), now=AGAIN + timedelta(hours=6))
    type(scene.klass).objects.update(state="assessed")
    with pytest.raises(Refused) as caught:
        actions.call_roll(
            by=scene.teacher, lesson_id=late.lesson_id, direction="in", enrolment_ids=[scene.people[1].pk],
            now=late.starts_at,
        )  # fmt: skip
    assert codes(caught) == ["not-running"]


def test_the_database_keeps_plans_whole(scene):
    made = plan(scene)
    with pytest.raises(IntegrityError, match="make_up_has_its_lesson_until_cancelled"), transaction.atomic():
        MakeUp.objects.update(lesson=None)
    with pytest.raises(IntegrityError, match="make_up_is_another_lesson"), transaction.atomic():
        MakeUp.objects.update(missed=made.lesson)
    with pytest.raises(IntegrityError, match="make_up_adds_no_hours"), transaction.atomic():
        Lesson.objects.filter(pk=made.lesson_id).update(hours=4)
    with pytest.raises(IntegrityError, match="named_once_a_make_up"), transaction.atomic():
        MakeUpPlace.objects.create(make_up=made, enrolment=scene.people[0])


@pytest.mark.django_db(transaction=True)
def test_one_trainee_planned_twice_at_once_is_planned_once(scene):
    """N7.4."""
    rooms = list(Room.objects.filter(site__institution=scene.klass.institution))

    def deed(n):
        try:
            plan(scene, people=[0], starts_at=AGAIN + timedelta(days=n), room_id=rooms[n % len(rooms)].pk)
        except Refused as refused:
            return refused.reasons[0].code
        finally:
            connection.close()
        return "planned"

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(deed, range(4)))
    assert sorted(found) == ["make-up-planned"] * 3 + ["planned"]
    assert MakeUpPlace.objects.count() == 1


def enter(client, account):
    client.force_login(account)
    type(account).objects.filter(pk=account.pk).update(session_key="")


def soon(scene):
    """The same lesson missed yesterday, so that a page can plan now."""
    begins = timezone.now() - timedelta(days=1)
    Lesson.objects.filter(pk=scene.lesson.pk).update(starts_at=begins, ends_at=begins + timedelta(hours=3))
    return timezone.localtime(timezone.now() + timedelta(days=7)).replace(second=0, microsecond=0)


def test_pages_of_who_plans_who_is_told_and_who_comes(client, scene, django_assert_num_queries):
    when = soon(scene)
    page = reverse("classes:plan_make_up", args=[scene.lesson.pk])
    enter(client, scene.county)
    assert client.get(page).status_code == 403
    enter(client, scene.manager)
    assert page in client.get(reverse("classes:lesson", args=[scene.lesson.pk])).content.decode()
    term("make-up-absent", 0)
    context = client.get(page).context
    assert [name for _pk, name in context["fits"]] == [scene.people[0].person.name]
    assert [name for name, _why in context["against"]] == [scene.people[1].person.name]
    sent = {
        "enrolment_ids": [scene.people[0].pk], "starts_at": f"{when:%Y-%m-%dT%H:%M}", "why": "补课",
        "room_id": scene.lesson.room_id, "teacher_id": scene.lesson.teacher_id,
    }  # fmt: skip
    assert client.post(page, sent).status_code == 302
    made = MakeUp.objects.get()
    assert made.starts_at == when
    enter(client, scene.county)
    with django_assert_num_queries(FEWEST):
        listed = client.get(reverse("classes:make_up_list"))
    assert scene.people[0].person.name in listed.content.decode()
    assert client.get(reverse("classes:make_up_list"), {"export": 1})["Content-Type"].endswith("sheet")
    assert reverse("classes:cancel_make_up", args=[made.pk]) not in listed.content.decode()
    for one, seen in ((scene.people[0], True), (scene.people[1], False)):
        enter(client, AccountFactory(role="worker", person_id=one.person_id))
        assert (
            reverse("portal:check_in", args=[made.lesson_id]) in client.get(reverse("portal:me")).content.decode()
        ) is seen
        app = client.get(reverse("portal:app_data")).json()
        assert (made.lesson_id in [lesson["id"] for lesson in app["lessons"]]) is seen
    assert client.get(reverse("classes:make_up_list")).status_code == 403
    enter(client, scene.manager)
    client.post(reverse("classes:cancel_make_up", args=[made.pk]), {"why": "教师生病"})
    assert "教师生病" in client.get(reverse("classes:make_up_list"), {"state": "True"}).content.decode()


def test_make_up_lessons_over_the_api(client, scene):
    when = soon(scene)
    enter(client, scene.manager)
    sent = {
        "lesson_id": scene.lesson.pk, "enrolment_ids": [scene.people[0].pk], "starts_at": when.isoformat(),
        "room_id": scene.lesson.room_id, "teacher_id": scene.lesson.teacher_id, "why": "补课",
    }  # fmt: skip
    answer = client.post("/api/make-ups", sent, content_type="application/json")
    assert answer.status_code == 200, answer.content
    again = client.post("/api/make-ups", sent, content_type="application/json")
    assert [one["code"] for one in again.json()["reasons"]] == ["make-up-planned", "trainee-taken"]
    [listed] = client.get("/api/make-ups").json()["items"]
    assert listed["enrolment_ids"] == [scene.people[0].pk]
    answer = client.post(f"/api/make-ups/{listed['id']}/cancel", {"why": "x"}, content_type="application/json")
    assert answer.json()["lesson_id"] is None
