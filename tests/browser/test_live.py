"""A camera, a media server, an officer: from the room's RTMP to the recording that is found again (N3.7, N4.3)."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from rollbook.accounts.rules import Role
from rollbook.accounts.tests.factories import AccountFactory
from rollbook.classes.tests.factories import ClassFactory, LessonFactory
from rollbook.directory.tests.factories import DemandItemFactory, load_terms
from rollbook.evidence.models import Item
from rollbook.institutions.models import Room, Teacher
from rollbook.institutions.tests.factories import equipped
from rollbook.journal.models import Entry
from rollbook.live import actions, files
from rollbook.live.models import CameraCall, RawFile, Recording, Sending
from tests.browser.conftest import account_of
from tests.browser.steps import press, write

needs_server = pytest.mark.skipif(
    not files.has_media_server(), reason="nginx with RTMP or ffmpeg is not installed here"
)


def until(what, seconds=30):
    """Wait for something that other programs bring about."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if found := what():
            return found
        time.sleep(0.2)
    raise AssertionError("it did not come about in time")


def port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.fixture
def serving(site, settings, tmp_path):
    """The media server as `make media` starts it, asking this site."""
    settings.MEDIA_SERVER_FOLDER, servers = tmp_path, []

    def start(*options):
        here = port()
        command = [sys.executable, "manage.py", "serve_media", "--site", site.url, "--rtmp-port", str(here), *options]
        environment = {**os.environ, "MEDIA_SERVER_FOLDER": str(tmp_path), "MEDIA_UPDATE_SECONDS": "2"}
        servers.append(subprocess.Popen(command, env=environment, start_new_session=True))  # noqa: S603
        until(lambda: _answers(here))
        return f"rtmp://127.0.0.1:{here}/live"

    yield start
    for one in servers:
        os.killpg(one.pid, signal.SIGTERM)
        one.wait(10)


@pytest.fixture
def media(serving):
    return serving()


def _answers(number):
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", number)) == 0


def camera_at(address):
    """A camera: a moving picture and a tone, H.264 and AAC as cameras send them."""
    return subprocess.Popen(  # noqa: S603
        [
            shutil.which("ffmpeg"), "-v", "error", "-re", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=10", "-f", "lavfi",
            "-i", "sine=frequency=440", "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "10",
            "-pix_fmt", "yuv420p", "-c:a", "aac", "-t", "90", "-f", "flv", address,
        ],
        stderr=subprocess.DEVNULL,
    )  # fmt: skip


def room_with_camera():
    """A lesson that is going on in a room with a camera; the camera and its key."""
    load_terms()
    institution, now = equipped(), timezone.now()
    klass = ClassFactory(
        institution=institution, item=DemandItemFactory(), state="running", trainees=2, starts_on=timezone.localdate()
    )
    room = Room.objects.filter(site__institution=institution).first()
    lesson = LessonFactory(
        training_class=klass, room=room, teacher=Teacher.objects.filter(institution=institution).first(),
        starts_at=now - timedelta(minutes=5), ends_at=now + timedelta(hours=1),
    )  # fmt: skip
    manager = AccountFactory(role=Role.INSTITUTION_MANAGER, institution_id=institution.pk)
    return klass, lesson, *actions.register_camera(by=manager, room_id=room.pk, name="前方", now=now)


@pytest.fixture
def certificate(tmp_path):
    made = [
        shutil.which("openssl"),
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-subj",
        "/CN=localhost",
        "-days",
        "1",
    ]
    files_ = [str(tmp_path / name) for name in ("key.pem", "certificate.pem")]
    subprocess.run([*made, "-keyout", files_[0], "-out", files_[1]], check=True, capture_output=True)  # noqa: S603
    return files_


@needs_server
@pytest.mark.slow
@pytest.mark.skipif(not files.STREAM_MODULE.exists(), reason="nginx's stream module is not installed here")
@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed here")
def test_a_camera_of_another_building_sends_by_tls_until_its_key_is_revoked(certificate, serving, transactional_db):
    """N4.3: RTMPS; a running line is cut within seconds of the revocation."""
    _klass, _lesson, camera, key = room_with_camera()
    here = port()
    serving(
        "--rtmps-port",
        str(here),
        "--listen",
        "127.0.0.1",
        "--certificate-key",
        certificate[0],
        "--certificate",
        certificate[1],
    )
    until(lambda: _answers(here))
    sending = camera_at(f"rtmps://127.0.0.1:{here}/live/{camera.stream}?key={key}")
    until(lambda: Sending.objects.filter(camera=camera, ended_at=None).exists())
    actions.revoke_camera(by=camera.registered_by, camera_id=camera.pk, now=timezone.now())
    sending.wait(30)
    assert not Sending.objects.filter(ended_at=None).exists()


@needs_server
def test_from_the_camera_to_the_recording(media, transactional_db, at):
    """Refused with a wrong key; live in Chromium within seconds; a trainee called; cut, hashed, found by its minute."""
    klass, lesson, camera, key = room_with_camera()

    refused = camera_at(f"{media}/{camera.stream}?key=a-guess")
    refused.wait(20)
    assert Sending.objects.count() == 0

    sending = camera_at(f"{media}/{camera.stream}?key={key}")
    until(lambda: Sending.objects.filter(camera=camera).exists())
    until(lambda: files.playlist(camera.stream).exists())
    officer = account_of(Role.COUNTY_REVIEWER)
    page = at(officer, "/live/")
    write(page, purpose="inspection")
    press(page, "Show the pictures")
    page.wait_for_selector("video[data-state=playing]", timeout=30_000)
    until(lambda: page.evaluate("() => document.querySelector('video').currentTime > 1"))
    assert page.faults == []

    with page.expect_navigation():
        page.locator("main article a").first.click()
    write(page, purpose="inspection")
    press(page, "Show the picture")
    page.wait_for_selector("video[data-state=playing]", timeout=30_000)
    write(page, outcome="other", remark="与花名册照片不符")
    press(page, "Write down who came")
    assert CameraCall.objects.get().item.sha256
    press(page, "Keep a picture now")
    time.sleep(4)  # some seconds more for the recording

    sending.send_signal(signal.SIGINT)
    sending.wait(10)
    until(lambda: RawFile.objects.exists())
    call_command("db_worker", "--batch", "--no-startup-delay", verbosity=0)
    made = Recording.objects.get()
    assert made.lesson == lesson
    assert Sending.objects.get().ended_at
    assert made.item.seconds >= 8
    assert Item.objects.filter(keep="raw").count() == 1
    minute = timezone.localtime(made.begins_at + timedelta(seconds=made.item.seconds / 2))
    page = at(officer, f"/live/recordings/?day={minute:%Y-%m-%d}&at={minute:%H:%M:%S}&q={klass.number}")
    with page.expect_navigation():
        page.locator("main tbody a").first.click()
    write(page, purpose="complaint")
    press(page, "Show the recording")
    until(lambda: page.evaluate("() => document.querySelector('video').readyState >= 2"))
    assert page.evaluate("() => document.querySelector('video').duration") == pytest.approx(made.item.seconds, abs=1.5)
    assert page.evaluate("() => document.querySelector('video').currentTime") >= 1
    assert {"camera.watched", "lesson.recorded", "lesson.trainee-called", "evidence.opened"} <= set(
        Entry.objects.values_list("kind", flat=True)
    )
    assert page.faults == []
