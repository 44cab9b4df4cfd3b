"""Two counties, two classes, one person or one room: exactly one wins (N12.3, N4.2)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection
from django.db.models import F

from rollbook.classes import actions
from rollbook.classes.models import LevelReservation, TrainingClass
from rollbook.classes.tests.applications import NOW, ready
from rollbook.directory.tests.factories import DemandItemFactory, OccupationFactory, load_terms
from rollbook.institutions.models import Institution, Room
from rollbook.institutions.tests.factories import equipped
from rollbook.journal.models import Entry
from rollbook.kernel.reasons import Refused
from rollbook.persons.tests.factories import PersonFactory, number

pytestmark = pytest.mark.django_db(transaction=True)


def both(*deeds):
    barrier = Barrier(len(deeds))

    def one(deed):
        try:
            barrier.wait(30)
            deed()
        except Refused as refused:
            return {reason.code for reason in refused.reasons}
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(len(deeds)) as threads:
        return list(threads.map(one, deeds))


def test_two_counties_approve_one_person_at_once():
    load_terms(class_min=2)
    people = PersonFactory.create_batch(2)
    first, second = ready(people), ready(people, region="320104")
    # Other days, so that only the level can bar.
    TrainingClass.objects.filter(pk=second.klass.pk).update(starts_on="2026-03-18", ends_on="2026-03-19")
    for lesson in second.klass.lessons.all():
        lesson.starts_at, lesson.ends_at = (moment.replace(day=moment.day + 2) for moment in
                                            (lesson.starts_at, lesson.ends_at))  # fmt: skip
        lesson.save()
    first.submit(), second.submit()

    answers = both(first.review, second.review)

    assert answers.count("done") == 1
    assert {"level-had"} in answers or {"level-had-meanwhile"} in answers
    assert LevelReservation.objects.filter(released_at=None).count() == 2
    assert TrainingClass.objects.filter(state="approved").count() == 1


def test_two_classes_take_one_room_at_once():
    load_terms(class_min=2)
    first = ready()
    room = Room.objects.get(pk=first.klass.lessons.first().room_id)
    second = ready(room=room)

    answers = both(first.submit, second.submit)

    assert answers.count("done") == 1
    assert {"taken-meanwhile"} in answers or {"room-taken"} in answers
    assert TrainingClass.objects.filter(state="submitted").count() == 1


def test_the_last_seat_is_taken_once():
    """Two come to the roster of an approved class at once, and the room has one seat left (N2.2, N4.2)."""
    load_terms(class_min=2)
    asked = ready()
    Room.objects.update(seats=3)
    asked.submit()
    asked.review()

    def add(n):
        return lambda: actions.add_trainee(
            by=asked.manager, class_id=asked.klass.pk, name=f"后来{n}", number=number(600 + n), category="unemployed",
            phone="13800001234", now=NOW,
        )  # fmt: skip

    answers = both(add(1), add(2))

    assert answers.count("done") == 1
    assert {"too-few-seats"} in answers
    assert asked.klass.enrolments.count() == 3


def test_an_institution_is_not_filled_beyond_its_capacity():
    """Two of its classes are approved at once, and together they are too many (N2.2)."""
    load_terms(class_min=2)
    first = ready()
    institution = first.klass.institution
    second = ready(institution=institution, room=Room.objects.filter(site__institution=institution).last())
    second.klass.lessons.update(
        starts_at=F("starts_at") + timedelta(hours=5), ends_at=F("ends_at") + timedelta(hours=5)
    )
    Institution.objects.update(capacity=3)
    first.submit(), second.submit()

    answers = both(first.review, second.review)

    assert answers.count("done") == 1
    assert {"over-capacity"} in answers


def moved(asked, days):
    """The same class so many days later, so that only what is raced for can bar."""
    lessons, klass = asked.klass.lessons, TrainingClass.objects.filter(pk=asked.klass.pk)
    lessons.update(starts_at=F("starts_at") + timedelta(days), ends_at=F("ends_at") + timedelta(days))
    klass.update(starts_on=F("starts_on") + timedelta(days), ends_on=F("ends_on") + timedelta(days))


def test_two_editions_of_one_occupation_are_one_level():
    """The code of 2015 in one county and that of 2022 in another, for one person, at once (N12.3)."""
    load_terms(class_min=2)
    people = PersonFactory.create_batch(2)
    first = ready(people)
    older = OccupationFactory(code="6-04-02-05", edition=2015, identity=first.klass.occupation.identity)
    second = ready(people, region="320104", institution=equipped(region_code="320104", occupation=older))
    item = DemandItemFactory(hours=8, occupation=older, demand_list=first.klass.item.demand_list)
    TrainingClass.objects.filter(pk=second.klass.pk).update(occupation=older, item=item)
    moved(second, 7)
    first.submit(), second.submit()

    answers = both(first.review, second.review)

    assert answers.count("done") == 1
    assert {"level-had"} in answers or {"level-had-meanwhile"} in answers
    assert LevelReservation.objects.filter(released_at=None).count() == 2
    assert TrainingClass.objects.filter(state="approved").count() == 1


def test_a_teacher_of_two_institutions_teaches_one_class_at_a_time():
    """One person files as a teacher in two counties; both submit the same hours at once (N4.2, N10.1)."""
    load_terms(class_min=2)
    first, second = ready(), ready(region="320583")
    person = first.klass.lessons.first().teacher_person
    teacher = second.klass.lessons.first().teacher
    type(teacher).objects.filter(pk=teacher.pk).update(person=person)
    second.klass.lessons.update(teacher_person=person)

    answers = both(first.submit, second.submit)

    assert answers.count("done") == 1
    assert {"taken-meanwhile"} in answers or {"teacher-taken"} in answers
    assert TrainingClass.objects.filter(state="submitted").count() == 1


def test_one_class_is_submitted_and_decided_once():
    """The same button pressed four times (N4.1)."""
    load_terms(class_min=2)
    asked = ready()
    assert both(*[asked.submit] * 4).count("done") == 1
    assert both(*[asked.review] * 4).count("done") == 1
    assert LevelReservation.objects.count() == 2
    assert Entry.objects.filter(kind="class.approved").count() == 1


def test_numbers_of_a_county_follow_each_other_when_four_are_approved_at_once():
    load_terms(class_min=2)
    several = [ready() for _n in range(4)]
    for one in several:
        one.submit()
    assert both(*[one.review for one in several]) == ["done"] * 4
    numbers = sorted(TrainingClass.objects.values_list("number", flat=True))
    assert [int(one[-5:]) for one in numbers] == [1, 2, 3, 4]
