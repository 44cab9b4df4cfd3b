"""Check-ins by month: made ahead, moved out, found all the same (issue 4.5; domain 2.7)."""

import hashlib
from datetime import date, timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from rollbook.classes import actions, queries
from rollbook.classes.models import CheckIn, MonthArchive
from rollbook.classes.queries import months
from rollbook.classes.tests.scenes import BEGINS, ENDS, running
from rollbook.journal.models import Entry

pytestmark = pytest.mark.django_db
MARCH = date(2026, 3, 1)


def lies_in():
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT tableoid::regclass::text FROM classes_checkin")
        return {row[0] for row in cursor.fetchall()}


@pytest.fixture
def scene(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return running()


def attended(scene):
    scene.check_in()
    scene.check_in(direction="out", now=ENDS)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # what a commit would do


def test_months_are_made_ahead_and_once(scene):
    assert actions.make_months(now=BEGINS)[0] == MARCH
    assert actions.make_months(now=BEGINS) == []
    attended(scene)
    assert lies_in() == {"classes_checkin_202603"}


def test_without_its_month_a_check_in_is_kept_among_the_others(scene):
    attended(scene)
    assert lies_in() == {"classes_checkin_other"}
    assert MARCH not in actions.make_months(now=BEGINS)  # its rows lie among the others already


def test_a_month_is_moved_out_and_still_found(scene, settings, monkeypatch):
    """The file is what the table was; the class is worked out from it as before (N4.3)."""
    actions.make_months(now=BEGINS)
    attended(scene)
    before = queries.check_ins_of([scene.lesson.pk])
    monkeypatch.setattr(timezone, "now", lambda: BEGINS + timedelta(days=365))
    call_command("keep_check_ins")
    assert not MonthArchive.objects.exists()  # a year is less than the term's eighteen months
    monkeypatch.setattr(timezone, "now", lambda: BEGINS + timedelta(days=600))
    call_command("keep_check_ins")

    one = MonthArchive.objects.get()
    assert (one.month, one.rows) == (MARCH, 2)
    content = (settings.MEDIA_ROOT / one.path).read_bytes()
    assert hashlib.sha256(content).hexdigest() == one.sha256
    assert Entry.objects.get(kind="attendance.archived").data["sha256"] == one.sha256
    assert not CheckIn.objects.exists()
    after = queries.check_ins_of([scene.lesson.pk])
    fields = [field.attname for field in CheckIn._meta.concrete_fields]
    assert [[str(getattr(row, name)) for name in fields] for row in after] == [
        [str(getattr(row, name)) for name in fields] for row in before
    ]
    assert queries.differences(scene.klass.pk) == []
    assert MARCH not in months.months_in_tables()
