"""Two counties, two classes, one person or one room: exactly one wins (N12.3, N4.2)."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from rollbook.classes.models import LevelReservation, TrainingClass
from rollbook.classes.tests.applications import ready
from rollbook.directory.tests.factories import load_terms
from rollbook.institutions.models import Room
from rollbook.kernel.reasons import Refused
from rollbook.persons.tests.factories import PersonFactory

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
