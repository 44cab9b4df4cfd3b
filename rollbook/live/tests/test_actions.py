import shutil
import subprocess
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import DatabaseError, transaction
from django.test import Client
from django.utils import timezone

from rollbook.accounts.tests.factories import AccountFactory
from rollbook.classes.models import Attendance
from rollbook.classes.tests.scenes import BEGINS, NOW, another, running
from rollbook.evidence import files as evidence_files
from rollbook.evidence.models import Item
from rollbook.faces import actions as faces
from rollbook.faces.adapters import Unavailable
from rollbook.faces.models import Consent
from rollbook.faces.tests import drawn
from rollbook.journal.models import Entry
from rollbook.kernel.reasons import Forbidden, NotFound, Refused
from rollbook.live import actions, files, queries
from rollbook.live.models import Camera, CameraCall, Fault, HeadCount, RawFile, Recording, Sending

pytestmark = pytest.mark.django_db
ffmpeg = pytest.mark.skipif(not shutil.which("ffmpeg"), reason="ffmpeg is not installed here")
PATH = "/live/hooks/{}/{}/"


@pytest.fixture
def scene(settings, tmp_path, monkeypatch):
    settings.DEMO, settings.MEDIA_SERVER_FOLDER = True, tmp_path
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    for part in ("hls", "records"):
        (tmp_path / part).mkdir()
    made = running()
    made.camera, made.key = actions.register_camera(by=made.manager, room_id=made.lesson.room_id, name="前方", now=NOW)
    return made


def code_of(deed, **values):
    with pytest.raises(Refused) as refused:
        deed(**values)
    return refused.value.reasons[0].code


def hook(what, secret=None, **told):
    from django.conf import settings

    return Client().post(PATH.format(secret or settings.MEDIA_HOOK_KEY, what), told)


def make_video(path, *inputs, seconds=10, size="64x48", rate=2):
    """A video that ffmpeg makes of its own sources, one after the other."""
    command = ["ffmpeg", "-v", "error", "-y"]
    for source in inputs:
        command += ["-f", "lavfi", "-i", source.format(size=size, rate=rate)]
    joined = "".join(f"[{n}:v]" for n in range(len(inputs))) + f"concat=n={len(inputs)}[v]"
    command += ["-filter_complex", joined, "-map", "[v]", "-c:v", "libx264", "-preset", "ultrafast", "-g", str(rate)]
    subprocess.run([*command, "-pix_fmt", "yuv420p", str(path)], check=True)  # noqa: S603


def test_a_key_is_shown_once_and_only_its_digest_kept(scene):
    """N4.3: registered by the institution for its own room."""
    assert scene.key not in str(Camera.objects.values().get())
    assert (
        code_of(actions.register_camera, by=scene.manager, room_id=scene.lesson.room_id, name="前方", now=NOW)
        == "camera-known"
    )
    with pytest.raises(NotFound):
        actions.register_camera(by=another().manager, room_id=scene.lesson.room_id, name="后方", now=NOW)
    for by in (scene.county, scene.teacher):
        with pytest.raises(Forbidden):
            actions.register_camera(by=by, room_id=scene.lesson.room_id, name="后方", now=NOW)
    assert Camera.objects.count() == 1


def test_the_media_server_is_told_who_may_send(scene):
    """N4.3: the right key, in a lesson: 204; a wrong one, another room's, a revoked one, no lesson, a wrong hook: 403."""
    told = {"name": scene.camera.stream, "key": scene.key, "addr": "10.0.0.5"}
    assert hook("publish", **told).status_code == 204
    assert Sending.objects.get().lesson == scene.lesson
    other = another()
    camera, key = actions.register_camera(by=other.manager, room_id=other.lesson.room_id, name="前方", now=NOW)
    wrong = [
        {**told, "key": "guess"}, {**told, "key": ""}, {**told, "key": key}, {**told, "name": camera.stream},
        {**told, "name": "nothing"},
    ]  # fmt: skip
    assert [hook("publish", **one).status_code for one in wrong] == [403] * 5
    assert hook("publish", secret="guess", **told).status_code == 403
    assert Client().get(PATH.format("x", "publish")).status_code == 405
    actions.revoke_camera(by=scene.manager, camera_id=scene.camera.pk, now=NOW)
    assert hook("publish", **told).content == b"revoked-key"
    assert Sending.objects.count() == 1


def test_no_lesson_no_picture(scene):
    values = {"stream": scene.camera.stream, "key": scene.key, "address": ""}
    assert code_of(actions.admit_sending, now=BEGINS - timedelta(minutes=16), **values) == "no-lesson"
    assert actions.admit_sending(now=BEGINS - timedelta(minutes=15), **values).lesson == scene.lesson
    assert code_of(actions.admit_sending, now=scene.lesson.ends_at + timedelta(minutes=16), **values) == "no-lesson"


def test_a_broken_line_is_closed_by_the_next_and_an_end_told_twice_is_one(scene):
    values = {"stream": scene.camera.stream, "key": scene.key, "address": ""}
    actions.admit_sending(now=NOW, **values)
    actions.admit_sending(now=NOW + timedelta(minutes=1), **values)
    for _ in range(2):
        actions.end_sending(stream=scene.camera.stream, now=NOW + timedelta(minutes=2))
    ends = list(Sending.objects.order_by("pk").values_list("ended_at", flat=True))
    assert ends == [NOW + timedelta(minutes=1), NOW + timedelta(minutes=2)]
    Sending.objects.create(camera=scene.camera, lesson=scene.lesson, began_at=NOW)
    with pytest.raises(DatabaseError), transaction.atomic():
        Sending.objects.create(camera=scene.camera, lesson=scene.lesson, began_at=NOW)


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "{}/records/../nginx.conf", "{}/records/a-1.flv", "{}/hls/a-1772413200.flv", ""]
)
def test_only_own_recordings_are_taken(scene, settings, path):
    (settings.MEDIA_SERVER_FOLDER / "hls" / "a-1772413200.flv").write_bytes(b"x")
    where = path.format(settings.MEDIA_SERVER_FOLDER)
    assert hook("recorded", name=scene.camera.stream, path=where).status_code == 403
    assert RawFile.objects.count() == 0


@ffmpeg
@pytest.mark.slow
def test_a_recording_is_cut_by_lesson_hashed_and_looked_through(scene, settings, django_capture_on_commit_callbacks):
    """N4.3, D69: one file over the start of a lesson: the cut begins with it; black and frozen stretches and a moved
    camera are found, heads wait to be counted beside the check-ins; the raw file is kept two months."""
    began = BEGINS - timedelta(seconds=20)
    path = settings.MEDIA_SERVER_FOLDER / "records" / f"{scene.camera.stream}-{int(began.timestamp())}.flv"
    make_video(
        path, "testsrc=s={size}:r={rate}:d=60", "color=black:s={size}:r={rate}:d=20", "smptebars=s={size}:r={rate}:d=90",
        "testsrc=s={size}:r={rate}:d=30",
    )  # fmt: skip
    other = queries.get(scene.manager, scene.camera.pk)
    other.view_fingerprint = ~0x5555555555555555
    other.save()
    Attendance.objects.create(lesson=scene.lesson, enrolment=scene.people[0], in_at=BEGINS)
    assert hook("recorded", name=scene.camera.stream, path=str(path)).status_code == 204
    with django_capture_on_commit_callbacks(execute=True):
        [made] = actions.cut_recording(raw_id=RawFile.objects.get().pk, now=NOW)
    assert abs((made.begins_at - BEGINS).total_seconds()) < 1
    assert 175 <= made.item.seconds <= 183
    assert made.item.keep_until.isoformat() == "2029-03-13"
    assert evidence_files.digest_at(made.item.path) == made.item.sha256
    kinds = {one.kind: one for one in Fault.objects.all()}
    assert set(kinds) == {"black", "frozen", "moved"}
    assert abs((kinds["black"].begins_at - BEGINS).total_seconds() - 40) <= 2
    assert 88 <= (kinds["frozen"].ends_at - kinds["frozen"].begins_at).total_seconds() <= 92
    raw = Item.objects.get(extension="flv")
    assert (raw.keep, raw.keep_until.isoformat()) == ("raw", "2026-05-13")
    assert not path.exists()
    assert [one.checked_in for one in HeadCount.objects.all()] == [1, 1]
    assert actions.cut_recording(raw_id=RawFile.objects.get().pk, now=NOW) == [], "told twice is cut once"
    told = queries.told_of(scene.lesson, scene.lesson.ends_at + timedelta(minutes=1))
    assert [one.code for one in told] == ["no-picture", "moved"]


@pytest.fixture
def live(scene, settings):
    """The camera sends: a playlist with one part, as the media server writes it."""
    if not shutil.which("ffmpeg"):
        pytest.skip("ffmpeg is not installed here")
    actions.admit_sending(stream=scene.camera.stream, key=scene.key, address="", now=NOW)
    folder = settings.MEDIA_SERVER_FOLDER / "hls"
    make_video(folder / f"{scene.camera.stream}-0.ts", "testsrc=s={size}:r={rate}:d=2")
    (folder / f"{scene.camera.stream}.m3u8").write_text(f"#EXTM3U\n#EXTINF:2,\n{scene.camera.stream}-0.ts\n")
    return scene


def test_a_trainee_is_called_to_the_camera(live):
    """Domain 2.6 (Yilong), N3.7: who came is written down with the picture of that moment."""
    values = {"lesson_id": live.lesson.pk, "enrolment_id": live.people[0].pk, "remark": "", "now": NOW}
    assert code_of(actions.call_to_camera, by=live.county, outcome="other", **values) == "describe"
    assert code_of(actions.call_to_camera, by=live.county, outcome="perhaps", **values) == "no-outcome"
    for by in (live.manager, live.worker):
        with pytest.raises((Forbidden, NotFound)):
            actions.call_to_camera(by=by, outcome="same", **values)
    with pytest.raises(NotFound):
        actions.call_to_camera(by=live.county, outcome="same", **{**values, "enrolment_id": another().people[0].pk})
    assert CameraCall.objects.count() == 0
    made = actions.call_to_camera(by=live.county, outcome="same", **values)
    assert made.item.sha256
    assert Entry.objects.get(kind="lesson.trainee-called").data["called"] == "same"


class Room(drawn.Drawn):
    """A matcher before the camera of a classroom."""

    def __init__(self, *, found=5, like=0.834, away=False):
        self.found, self.like, self.is_away = found, like, away

    def count(self, content):
        if self.is_away:
            raise Unavailable("away")
        return self.found

    def nearest(self, _template, content):
        self.count(content)
        return self.like


def with_face(live, monkeypatch, **room):
    """The called trainee agreed and has a face set up."""
    drawn.set_up(monkeypatch)
    faces.give_consent(by=live.worker, agrees=True, now=NOW)
    officer = AccountFactory(region_code=live.people[0].person.region_code)
    person_id = live.people[0].person_id
    faces.enrol_at_counter(by=officer, person_id=person_id, picture=drawn.picture(), now=NOW)
    drawn.set_up(monkeypatch, Room(**room))


def called(live, outcome="same", one=0):
    return actions.call_to_camera(
        by=live.county, lesson_id=live.lesson.pk, enrolment_id=live.people[one].pk, outcome=outcome,
        remark="看不清", now=NOW,
    )  # fmt: skip


def test_the_machines_likeness_stands_beside_the_officers_word(live, monkeypatch):
    """Domain 2.6, N7.2: where the trainee agreed to it; the officer's word is what screening reads, whatever it says."""
    with_face(live, monkeypatch, like=0.2)
    made = called(live)
    assert (made.outcome, made.compared, made.percent) == ("same", "done", 20)
    assert Entry.objects.get(kind="lesson.trainee-called").data["percent"] == 20
    [row] = queries.screened()["calls"]
    assert row["enrolment_id"] == live.people[0].pk
    assert "likeness" not in row
    client = Client()
    client.force_login(live.county)
    assert "20 %" in client.get(f"/live/lessons/{live.lesson.pk}/").text


@pytest.mark.parametrize(
    ("room", "one", "outcome", "compared"),
    [
        ({}, 1, "same", "not-agreed"),
        ({"like": None}, 0, "unclear", "no-face"),
        ({"away": True}, 0, "same", "away"),
        ({}, 0, "absent", "no-face"),
    ],
)
def test_what_cannot_be_compared_says_why(live, monkeypatch, room, one, outcome, compared):
    with_face(live, monkeypatch, **room)
    made = called(live, outcome, one)
    assert (made.compared, made.likeness) == (compared, None)


def test_consent_to_the_earlier_wording_does_not_cover_the_call(live, monkeypatch):
    """S69: for this purpose; the first statement named checking in alone."""
    with_face(live, monkeypatch)
    Consent.objects.update(text=1)
    assert called(live).compared == "not-agreed"


def test_faces_that_the_machine_finds_are_a_suggestion_and_a_lower_bound(live, monkeypatch):
    """D52: more faces than check-ins ask a person to look; fewer say nothing; screening reads what people count alone."""
    Attendance.objects.create(lesson=live.lesson, enrolment=live.people[0], in_at=NOW - timedelta(minutes=1))
    after = live.lesson.ends_at + timedelta(minutes=1)
    told = lambda: {one.code for one in queries.told_of(live.lesson, after)} - {"no-picture"}  # noqa: E731
    drawn.set_up(monkeypatch, Room(found=0))
    assert actions.take_picture(by=live.county, lesson_id=live.lesson.pk, now=NOW).found == 0
    assert told() == set()
    drawn.set_up(monkeypatch, Room(found=3))
    one = actions.take_picture(by=live.county, lesson_id=live.lesson.pk, now=NOW + timedelta(seconds=1))
    assert told() == {"faces-found"}
    assert not queries.screened()["head_counts"].exists()
    actions.count_heads(by=live.county, count_id=one.pk, counted=1, now=NOW)
    assert told() == set()
    drawn.set_up(monkeypatch, Room(away=True))
    away = actions.take_picture(by=live.county, lesson_id=live.lesson.pk, now=NOW + timedelta(seconds=2))
    assert away.found is None


def test_more_faces_than_check_ins_are_told_while_the_lesson_goes_on(live, monkeypatch):
    """D52: at the moment of the picture, with both figures; what tells nothing is not kept; counted, it is told no more."""
    Attendance.objects.create(lesson=live.lesson, enrolment=live.people[0], in_at=NOW - timedelta(minutes=1))
    assert actions.sample_classrooms(now=NOW) == [], "nothing here counts faces"
    drawn.set_up(monkeypatch, Room(found=1))
    assert actions.sample_classrooms(now=NOW) == []
    assert not HeadCount.objects.exists()
    drawn.set_up(monkeypatch, Room(found=4))
    [one] = actions.sample_classrooms(now=NOW)
    assert (one.found, one.checked_in, Entry.objects.filter(kind="camera.more-faces").count()) == (4, 1, 1)
    assert actions.sample_classrooms(now=NOW + timedelta(minutes=9)) == [], "not again within minutes"
    assert {told.code for told in queries.told_of(live.lesson, NOW)} == {"faces-found"}
    client = Client()
    client.force_login(live.county)
    client.cookies["django_language"] = "en"
    for address in ("/live/", f"/live/lessons/{live.lesson.pk}/", "/live/more-faces/"):
        page = client.get(address).text
        assert "machine: at least 4" in page, address
        assert "1 checked in" in page, address
    assert "machine" not in client.get(f"/live/more-faces/?lesson={live.lesson.pk + 1}").text
    far = AccountFactory(region_code="320583")
    assert queries.crowded(far, NOW) == []
    actions.count_heads(by=live.county, count_id=one.pk, counted=2, now=NOW)
    assert queries.crowded(live.county, NOW) == []


def test_heads_are_counted_once_by_a_person(live):
    """D52."""
    Attendance.objects.create(lesson=live.lesson, enrolment=live.people[0], in_at=NOW - timedelta(minutes=1))
    one = actions.take_picture(by=live.county, lesson_id=live.lesson.pk, now=NOW)
    assert one.checked_in == 1
    assert code_of(actions.count_heads, by=live.county, count_id=one.pk, counted=-1, now=NOW) == "impossible-count"
    actions.count_heads(by=live.county, count_id=one.pk, counted=3, now=NOW)
    assert code_of(actions.count_heads, by=live.county, count_id=one.pk, counted=1, now=NOW) == "counted"
    with pytest.raises(NotFound):
        actions.count_heads(by=AccountFactory(region_code="320583"), count_id=one.pk, counted=1, now=NOW)


def test_looking_in_is_written_down_and_bound_to_the_account(live):
    """N14.2: no live picture without a purpose; the parts are for that account alone."""
    client = Client()
    client.force_login(live.county)
    assert client.get("/live/").text.count("<video") == 0
    assert client.post("/live/watch/", {"camera": live.camera.pk, "purpose": ""}).status_code == 422
    answer = client.post("/live/watch/", {"camera": live.camera.pk, "purpose": "inspection"})
    assert Entry.objects.get(kind="camera.watched").by == live.county
    page = client.get(answer["Location"])
    assert page.text.count("<video") == 1
    key = answer["Location"].partition("key=")[2]
    base = f"/live/cameras/{live.camera.pk}/hls/{key}/"
    assert b"EXTM3U" in client.get(f"{base}index.m3u8").content
    assert client.get(f"{base}{live.camera.stream}-0.ts").status_code == 200
    for name in ("other-0.ts", "nginx.conf", f"{live.camera.stream}-0.flv"):
        assert client.get(base + name).status_code == 404
    manager = Client()
    manager.force_login(live.manager)
    assert manager.get(f"{base}index.m3u8").status_code == 403
    assert client.get(base.replace(key, "made-up") + "index.m3u8").status_code == 403


def test_a_view_is_filed_by_an_officer(live):
    """D67: what the camera should show; the institution cannot file it itself."""
    with pytest.raises(Forbidden):
        actions.file_view(by=live.manager, camera_id=live.camera.pk, now=NOW)
    camera = actions.file_view(by=live.county, camera_id=live.camera.pk, now=NOW)
    assert camera.view_fingerprint is not None


def test_recordings_by_class_lesson_and_minute(scene):
    """N4.3: found by the minute, opened at it."""
    item = Item.objects.create(
        kind="recording", subject="x", dossier="x", region_code="320102", extension="mp4", size=1, sha256="0" * 64,
        sha256_sent="0" * 64, keep="video", keep_until=NOW.date(), stored_at=NOW, seconds=10800,
    )  # fmt: skip
    made = Recording.objects.create(
        lesson=scene.lesson,
        camera=scene.camera,
        region_code="320102",
        item=item,
        begins_at=BEGINS,
        ends_at=scene.lesson.ends_at,
    )
    client = Client()
    client.force_login(scene.county)
    link = f"/live/recordings/{made.pk}/?second=5400"
    assert link in client.get("/live/recordings/?day=2026-03-02&at=10:30").text
    assert f"/live/recordings/{made.pk}/" not in client.get("/live/recordings/?day=2026-03-02&at=12:30").text
    assert f"/live/recordings/{made.pk}/" in client.get(f"/live/recordings/?q={scene.klass.number}").text
    assert client.get("/live/recordings/?q=没有").text.count("/live/recordings/1") == 0
    shown = client.post(f"/live/recordings/{made.pk}/", {"purpose": "complaint", "second": "5400"})
    assert "#t=5400" in shown.text
    assert Entry.objects.filter(kind="evidence.opened").count() == 1


def test_pages_have_a_fixed_number_of_queries(scene, django_assert_max_num_queries):
    client = Client()
    client.force_login(scene.county)
    for address in ("/live/", "/live/cameras/", "/live/recordings/", f"/live/lessons/{scene.lesson.pk}/"):
        with django_assert_max_num_queries(22):
            assert client.get(address).status_code == 200


def test_without_a_media_server_the_rest_works_and_says_so(scene, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    client = Client()
    client.force_login(scene.county)
    assert "This machine has no media server" in client.get("/live/", headers={"accept-language": "en"}).text
    from django.core.management import CommandError

    with pytest.raises(CommandError):
        call_command("serve_media")
    assert files.has_media_server() is False
