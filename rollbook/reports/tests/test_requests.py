"""Rolls, corrections and make-up lessons wait on the workbench of who must act (N14.1)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from rollbook.classes.models import MakeUp, RollCall
from rollbook.classes.tests.factories import LessonFactory
from rollbook.classes.tests.scenes import NOW, running
from rollbook.classes.tests.test_teaching_corrections import correct
from rollbook.reports import queries

pytestmark = pytest.mark.django_db


def kinds(by):
    return {one.kind: one.title for one in queries.todos(by)}


def test_what_waits_in_a_class_is_shown_to_who_must_act(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    scene = running(teacher_check_in=1)
    RollCall.objects.create(
        lesson=scene.lesson, direction="in", enrolment_ids=[1], called_by=scene.teacher, called_at=NOW
    )
    correct(scene)
    when = timezone.now() + timedelta(days=2)
    again = LessonFactory(
        training_class=scene.klass, room=scene.lesson.room, teacher=scene.lesson.teacher, hours=0, is_make_up=True,
        starts_at=when,
    )  # fmt: skip
    MakeUp.objects.create(
        missed=scene.lesson, lesson=again, starts_at=when, ends_at=again.ends_at, room=again.room,
        teacher=again.teacher, reason="补课", planned_by=scene.manager, planned_at=NOW,
    )  # fmt: skip
    manager, county = kinds(scene.manager), kinds(scene.county)
    assert manager["Rolls to confirm"] == f"{scene.klass} · 1"
    assert "Requests" not in manager  # asked by this account itself
    assert county["Requests"] == f"{scene.klass} · 1"
    assert county["Make-up lessons to come"] == "1"
    assert "Rolls to confirm" not in county
