"""What happens when messages are lost, keys are revoked and a camera sends all day (N3.7, N4.3; D69, D70)."""

import os
import time
from datetime import timedelta

import pytest
from django.core.management import call_command

from rollbook.classes.models import Attendance
from rollbook.classes.tests.factories import LessonFactory
from rollbook.classes.tests.scenes import BEGINS, NOW
from rollbook.journal.models import Entry
from rollbook.kernel.reasons import Refused
from rollbook.live import actions, files, queries, rules
from rollbook.live.models import Fault, RawFile, Recording, Sending
from rollbook.live.tests.test_actions import ffmpeg, hook, make_video, scene  # noqa: F401 a fixture

pytestmark = pytest.mark.django_db


def admitted(scene, now=NOW):  # noqa: F811
    return actions.admit_sending(stream=scene.camera.stream, key=scene.key, address="", now=now)


def goes_on(scene, now):  # noqa: F811
    actions.keep_sending(stream=scene.camera.stream, address="", now=now)


def following(scene, minutes=10):  # noqa: F811
    """The lesson that follows in the same room."""
    begins = scene.lesson.ends_at + timedelta(minutes=minutes)
    return LessonFactory(
        training_class=scene.klass, room=scene.lesson.room, teacher=scene.lesson.teacher, starts_at=begins,
        ends_at=begins + timedelta(hours=1), is_binding=True,
    )  # fmt: skip


def aged(path, seconds=600):
    os.utime(path, (time.time() - seconds,) * 2)
    return path


def test_a_camera_that_sends_all_day_belongs_to_each_lesson_in_turn(scene):  # noqa: F811
    """N3.7: the wall and calls find the picture of the second lesson too; a break does not bind to what is over."""
    after = following(scene)
    admitted(scene)
    goes_on(scene, NOW + timedelta(minutes=1))
    assert queries.live_in(scene.lesson.pk) == scene.camera
    goes_on(scene, scene.lesson.ends_at + timedelta(minutes=5))
    assert queries.live_in(after.pk) == scene.camera, "the one that begins, not the one that ended"
    goes_on(scene, after.starts_at + timedelta(minutes=1))
    assert queries.live_in(scene.lesson.pk) is None
    assert queries.live_cameras(scene.county, [after.pk]) == [scene.camera]
    spans = list(Sending.objects.order_by("pk").values_list("lesson", "ended_at"))
    assert spans == [(scene.lesson.pk, scene.lesson.ends_at + timedelta(minutes=5)), (after.pk, None)]


def test_a_revoked_key_and_the_end_of_lessons_cut_the_line(scene):  # noqa: F811
    """N4.3: the media server asks again and again; 403 makes it hang up."""
    admitted(scene)
    told = {"name": scene.camera.stream, "addr": "10.0.0.5"}
    assert hook("update", **told).status_code == 204
    late = scene.lesson.ends_at + timedelta(minutes=16)
    with pytest.raises(Refused) as refused:
        goes_on(scene, late)
    assert [one.code for one in refused.value.reasons] == ["no-lesson"]
    assert Sending.objects.get().ended_at == late
    admitted(scene)
    actions.revoke_camera(by=scene.manager, camera_id=scene.camera.pk, now=NOW)
    assert hook("update", **told).status_code == 403
    assert not Sending.objects.filter(ended_at=None).exists()
    assert hook("update", name="nothing").status_code == 403


def test_a_line_whose_end_nobody_told_is_closed_and_shows_nothing(scene, settings):  # noqa: F811
    """A media server that was killed leaves its last parts: they are not what the camera shows now."""
    admitted(scene)
    where = settings.MEDIA_SERVER_FOLDER / "hls" / f"{scene.camera.stream}.m3u8"
    where.write_text(f"#EXTM3U\n#EXTINF:2,\n{scene.camera.stream}-0.ts\n")
    later = NOW + timedelta(minutes=2)
    assert actions.end_silent(now=later) == 0
    aged(where)
    assert files.live_picture(scene.camera.stream) is None
    assert actions.end_silent(now=NOW) == 0, "it has only just begun"
    assert actions.end_silent(now=later) == 1
    assert Sending.objects.get().ended_at == later
    goes_on(scene, later)  # and one that sends all the same is open again
    assert queries.live_in(scene.lesson.pk) == scene.camera


@ffmpeg
def test_a_file_that_nobody_told_of_is_taken_and_cut(scene, settings, django_capture_on_commit_callbacks):  # noqa: F811
    """The hook was lost; then the worker was: no recording is."""
    folder = settings.MEDIA_SERVER_FOLDER / "records"
    path = folder / f"{scene.camera.stream}-{int(BEGINS.timestamp())}.flv"
    make_video(path, "testsrc=s={size}:r={rate}:d=20")
    (folder / "stranger-1772413200.flv").write_bytes(b"x")
    aged(folder / "stranger-1772413200.flv")
    assert actions.take_left_behind(now=NOW) == 0, "it may still grow"
    aged(path)
    assert [actions.take_left_behind(now=NOW) for _ in range(2)] == [1, 0]
    raw = RawFile.objects.get()
    assert actions.take_left_behind(now=NOW + timedelta(hours=3)) == 1
    assert set(Entry.objects.filter(subject=f"live.RawFile:{raw.pk}").values_list("kind", flat=True)) == {
        "camera.recorded", "camera.asked-again",
    }  # fmt: skip
    with django_capture_on_commit_callbacks(execute=True):
        assert len(actions.cut_recording(raw_id=raw.pk, now=NOW)) == 1
    assert actions.take_left_behind(now=NOW + timedelta(hours=9)) == 0
    assert not path.exists()


def test_a_file_that_is_gone_is_said_to_be(scene):  # noqa: F811
    raw = RawFile.objects.create(camera=scene.camera, path="/nowhere/a-1772413200.flv", began_at=NOW, asked_at=NOW)
    assert actions.cut_recording(raw_id=raw.pk, now=NOW) == []
    assert Entry.objects.filter(kind="camera.file-missing").count() == 1
    assert actions.take_left_behind(now=NOW + timedelta(hours=9)) == 0


def test_a_camera_that_was_switched_off_is_a_fault(scene, django_assert_num_queries):  # noqa: F811
    """D69: filed an hour after the lesson, once; what is still to be cut is waited for; what comes late mends it."""
    over = scene.lesson.ends_at + timedelta(hours=1)
    scene.camera.registered_at = BEGINS - timedelta(days=1)
    scene.camera.save()
    assert actions.file_gaps(now=over - timedelta(minutes=1)) == 0
    raw = RawFile.objects.create(camera=scene.camera, path="x", began_at=BEGINS, asked_at=NOW)
    assert actions.file_gaps(now=over) == 0
    raw.delete()
    assert [actions.file_gaps(now=over) for _ in range(2)] == [1, 0]
    with django_assert_num_queries(7):  # nothing new: however many lessons there are
        actions.file_gaps(now=over)
    gap = Fault.objects.get()
    assert (gap.kind, gap.begins_at, gap.ends_at) == ("gap", BEGINS, scene.lesson.ends_at)
    [row] = queries.screened()["camera_faults"]
    assert (row["kind_"], row["seconds"], row["lesson_seconds"]) == ("offline", 10800, 10800)
    assert [one.code for one in queries.told_of(scene.lesson, over)] == ["no-picture"]
    make_recording(scene, BEGINS, BEGINS + timedelta(hours=2))
    assert actions.file_gaps(now=over) == 1
    assert Fault.objects.get().begins_at == BEGINS + timedelta(hours=2)
    call_command("file_gaps")


def make_recording(scene, begins, ends):  # noqa: F811
    from rollbook.evidence.models import Item

    item = Item.objects.create(
        kind="recording", subject="x", dossier="x", region_code="320102", extension="mp4", size=1, sha256="0" * 64,
        sha256_sent="0" * 64, keep="video", keep_until=NOW.date(), stored_at=NOW, seconds=7200,
    )  # fmt: skip
    return Recording.objects.create(
        lesson=scene.lesson, camera=scene.camera, region_code="320102", item=item, begins_at=begins, ends_at=ends
    )


@ffmpeg
@pytest.mark.slow
def test_an_empty_room_is_still_and_a_class_is_not(tmp_path):
    """D70: grain and nothing else is no movement; people who move about are."""
    empty, full = tmp_path / "empty.mp4", tmp_path / "full.mp4"
    make_video(empty, "color=gray:s={size}:r={rate}:d=400,noise=alls=6:allf=t", size="640x360", rate=1)
    make_video(full, "testsrc2=s={size}:r={rate}:d=400", size="320x180", rate=1)
    kinds = {path: {kind for kind, _span in files.faults_in(path, NOW, 400)} for path in (empty, full)}
    assert kinds == {empty: {"still"}, full: set()}


def test_a_view_that_is_turned_late_is_found():
    """D69: the last two of five views; one alone may be somebody before the camera."""
    at = [NOW + timedelta(minutes=n) for n in range(6)]

    def spans(*far):
        return [(one.begins_at, one.ends_at) for one in rules.away(list(zip(at, far, strict=False)), at[5])]

    assert spans(False, False, False, True, True) == [(at[3], at[5])]
    assert spans(True, True, False, True, False) == [(at[0], at[2])]
    assert spans(False, True, False, True, False) == []
    assert spans(True, True, True, True, True) == [(at[0], at[5])]


def test_nothing_moved_where_people_had_checked_in_reaches_screening(scene):  # noqa: F811
    """D70 reads what is filed here."""
    Attendance.objects.create(lesson=scene.lesson, enrolment=scene.people[0], in_at=BEGINS)
    Fault.objects.create(
        lesson=scene.lesson, camera=scene.camera, kind="still", begins_at=BEGINS, ends_at=BEGINS + timedelta(hours=3)
    )
    [row] = queries.screened()["camera_faults"]
    assert (row["kind_"], row["seconds"]) == ("still", 10800)
    over = scene.lesson.ends_at + timedelta(minutes=1)
    make_recording(scene, BEGINS, scene.lesson.ends_at)
    assert queries.told_of(scene.lesson, over) == [], "a still picture is a picture"
