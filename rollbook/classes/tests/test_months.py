"""Check-ins by month: made ahead, moved out, found all the same (issue 4.5; domain 2.7)."""

import hashlib
import os
from datetime import date, timedelta

import pyarrow.parquet as pq
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from rollbook.classes import actions, queries
from rollbook.classes.models import CheckIn, MonthArchive
from rollbook.classes.queries import months
from rollbook.classes.queries.devices import Gap
from rollbook.classes.tests.factories import LessonFactory
from rollbook.classes.tests.scenes import BEGINS, ENDS, running
from rollbook.classes.tests.test_devices import activated, event
from rollbook.journal.models import Entry
from rollbook.kernel.reasons import Refused

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


def archived(scene):
    actions.make_months(now=BEGINS)
    attended(scene)
    actions.archive_month(month=MARCH, now=BEGINS + timedelta(days=600))
    return MonthArchive.objects.get()


@pytest.mark.parametrize("how", ["altered", "other rows", "gone"])
def test_a_month_whose_file_was_altered_is_told_and_not_read(scene, settings, how):
    """N4.3: no check-in comes out of a file that is not the one that was written."""
    path = settings.MEDIA_ROOT / archived(scene).path
    call_command("verify_check_ins")
    queries.check_ins_of([scene.lesson.pk])
    if how == "altered":
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    elif how == "other rows":
        table = pq.read_table(path)
        pq.write_table(table.slice(0, 1), path)
    else:
        path.unlink()
    with pytest.raises(CommandError, match="2026-03"):
        call_command("verify_check_ins")
    with pytest.raises(Refused) as caught:
        queries.check_ins_of([scene.lesson.pk])
    assert [one.code for one in caught.value.reasons] == ["archive-altered"]


def test_a_byte_changed_behind_the_files_time_is_found_by_the_nightly_check(scene, settings):
    path = settings.MEDIA_ROOT / archived(scene).path
    queries.check_ins_of([scene.lesson.pk])
    stood, content = path.stat(), bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(stood.st_atime_ns, stood.st_mtime_ns))
    with pytest.raises(CommandError, match="2026-03"):
        call_command("verify_check_ins")


def test_numbers_that_were_moved_out_are_not_missing(scene):
    """And those before the first that was received are."""
    actions.make_months(now=BEGINS)
    known, _key = activated(scene)
    sent = [event(scene, n, n % 3) for n in (3, 4, 5, 9)] + [event(scene, 6, enrolment_id=10**9)]
    actions.take_device_events(device=known, events=sent, sent_at=None, now=ENDS)
    later = LessonFactory(
        training_class=scene.klass, room=scene.lesson.room, teacher=scene.lesson.teacher,
        starts_at=BEGINS + timedelta(days=60),
    )  # fmt: skip
    at = BEGINS + timedelta(days=60)
    more = [event(scene, n, at=at, lesson_id=later.pk) for n in (8, 12)]
    actions.take_device_events(device=known, events=more, sent_at=None, now=at)
    want = [Gap(known.id, 10, 11), Gap(known.id, 7, 7), Gap(known.id, 1, 2)]
    assert queries.gaps_of([known.id]) == want
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    actions.archive_month(month=MARCH, now=BEGINS + timedelta(days=600))
    assert queries.gaps_of([known.id]) == want
