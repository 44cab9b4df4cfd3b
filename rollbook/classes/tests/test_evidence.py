"""Evidence of a class: photographs of lessons, papers, videos (N4.3; domain 2.6, 2.7)."""

import shutil
import subprocess
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from rollbook.accounts.tests.factories import AccountFactory
from rollbook.classes import actions, queries
from rollbook.classes.tests.scenes import ENDS, NOW, another, running
from rollbook.classes.tests.test_api import keyed
from rollbook.evidence.models import Item
from rollbook.evidence.tests.pictures import photo
from rollbook.journal.models import Entry
from rollbook.kernel.reasons import Forbidden, NotFound, Refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene(settings, monkeypatch):
    settings.DEMO = True
    monkeypatch.setattr(timezone, "now", lambda: ENDS)
    return running(lessons=2)


def add(scene, **changes):
    values = {
        "by": scene.teacher, "class_id": scene.klass.pk, "lesson_id": scene.lesson.pk, "kind": "photo",
        "content": photo(), "title": "", "now": NOW, **changes,
    }  # fmt: skip
    return actions.add_evidence(**values)


def client_of(account):
    client = Client()
    client.force_login(account)
    return client


def test_a_photograph_is_kept_as_long_as_the_region_wants(scene):
    """Domain 2.7: class files ten years after the class, a dated term."""
    item = add(scene)
    assert item.dossier == f"classes.TrainingClass:{scene.klass.pk}"
    assert item.keep_until.isoformat() == "2036-03-13"
    rows = queries.evidence_of(scene.klass, ENDS + timedelta(hours=1))
    assert [[one.code for one in row.lacks] for row in rows] == [[], ["too-few-photos"], []]
    [(kept, told)] = rows[1].items
    assert (kept.pk, list(told)) == (item.pk, []), "taken at 09:30, within the lesson"


def test_what_is_to_be_looked_at_is_said(scene):
    """D51: no time in it, another time, sent late."""
    add(scene, content=photo(2, taken="2026:03:01 09:30:00"), now=ENDS + timedelta(hours=25))
    add(scene, content=photo(3, taken=""))
    rows = queries.evidence_of(scene.klass, ENDS)
    assert [[one.code for one in told] for _item, told in rows[1].items] == [
        ["other-time", "sent-late"],
        ["no-camera-time"],
    ]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"lesson_id": None}, "which-lesson"),
        ({"kind": "recording"}, "evidence-kind"),
        ({"now": NOW - timedelta(hours=1)}, "lesson-ahead"),
        ({"content": b"<html>"}, "not-a-photo"),
    ],
)
def test_refused_and_nothing_stored(scene, changes, code):
    with pytest.raises(Refused) as refused:
        add(scene, **changes)
    assert refused.value.reasons[0].code == code
    assert Item.objects.count() == 0
    assert not Entry.objects.filter(kind__startswith="evidence").exists()


def test_a_class_that_is_assessed_takes_no_more(scene):
    scene.klass.state = "assessed"
    scene.klass.save()
    with pytest.raises(Refused):
        add(scene)


def test_nobody_adds_to_anothers_class(scene):
    """N14.1: another institution, a trainee, an officer."""
    other = another()
    with pytest.raises(NotFound):
        add(scene, by=other.manager)
    for by in (scene.worker, scene.county):
        with pytest.raises(Forbidden):
            add(scene, by=by)
    with pytest.raises(NotFound):
        add(scene, lesson_id=other.lesson.pk)


def test_pages_from_upload_to_opening(scene):
    """N4.3: sent from the class's page, seen by the county, opened with a purpose that is written down."""
    teacher = client_of(scene.teacher)
    sent = [SimpleUploadedFile(f"{n}.jpg", photo(n)) for n in (1, 2)]
    address = f"/classes/{scene.klass.pk}/evidence/"
    answer = teacher.post(f"{address}add/", {"kind": "photo", "lesson_id": scene.lesson.pk, "sent": sent})
    assert (answer.status_code, answer["Location"]) == (302, address)
    assert teacher.get(address).text.count("<figure>") == 2
    county = client_of(scene.county)
    assert county.get(address).text.count("<figure>") == 2
    item = Item.objects.first()
    assert county.get(f"/evidence/{item.pk}/").status_code == 200
    assert county.post(f"/evidence/{item.pk}/open/", {"purpose": "because"}).status_code == 422
    opened = county.post(f"/evidence/{item.pk}/open/", {"purpose": "review"})
    whole = county.get(opened["Location"])
    content = b"".join(whole.streaming_content)
    assert whole["Content-Type"] == "image/jpeg"
    assert len(content) == item.size
    part = county.get(opened["Location"], headers={"range": "bytes=10-19"})
    assert (part.status_code, b"".join(part.streaming_content)) == (206, content[10:20])
    assert client_of(scene.manager).get(opened["Location"]).status_code == 403, "a key is one account's alone"
    assert Entry.objects.filter(kind="evidence.opened", by=scene.county).count() == 1


def test_the_list_has_a_fixed_number_of_queries(scene, django_assert_max_num_queries):
    for n in range(6):
        add(scene, content=photo(n, size=(64, 48)))
    county = client_of(scene.county)
    county.get("/evidence/")
    for address in ("/evidence/", "/evidence/pairs/", "/evidence/holds/", f"/classes/{scene.klass.pk}/evidence/"):
        with django_assert_max_num_queries(14):
            assert county.get(address).status_code == 200
    assert county.get("/evidence/?export=1")["Content-Type"].startswith("application/vnd")


def test_the_institutions_own_system_sends_and_reads(scene):
    """N13: with a key for attendance; the same bytes again are the same evidence; a key for claims opens nothing."""
    client = keyed(scene.manager, "attendance", "classes")
    address = f"/api/classes/{scene.klass.pk}/evidence"

    def send(client=client):
        file = SimpleUploadedFile("a.jpg", photo())
        return client.post(address, {"kind": "photo", "lesson_id": scene.lesson.pk, "file": file})

    assert send().json()["id"] == send().json()["id"]
    [one] = client.get(address).json()
    assert one["sha256"] == Item.objects.get().sha256
    assert send(keyed(scene.manager, "claims")).status_code == 403
    assert send(keyed(another().manager, "attendance")).status_code == 404
    assert Item.objects.count() == 1


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="ffmpeg is not installed here")
def test_a_video_is_cleaned_measured_and_kept(scene, tmp_path):
    """Domain 2.6, 2.7: three years; without what the camera wrote; the same pictures."""
    path = tmp_path / "phone.mp4"
    make = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=s=160x120:d=3", "-pix_fmt", "yuv420p"]
    subprocess.run([*make, "-metadata", "location=+32.06+118.79/", "-metadata", "title=hidden", str(path)], check=True)  # noqa: S603
    values = {"by": scene.teacher, "class_id": scene.klass.pk, "lesson_id": scene.lesson.pk, "title": "", "now": ENDS}
    item = actions.add_video(path=path, **values)
    assert (item.seconds, item.width, item.keep_until.isoformat()) == (3, 160, "2029-03-13")
    assert item.sha256 != item.sha256_sent
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(Refused) as refused:
        actions.add_video(path=broken, **values)
    assert refused.value.reasons[0].code == "video-broken"


def test_an_officer_of_another_county_sees_nothing(scene):
    add(scene)
    elsewhere = client_of(AccountFactory(region_code="320583"))
    assert elsewhere.get(f"/classes/{scene.klass.pk}/evidence/").status_code == 404
    assert elsewhere.get(f"/evidence/{Item.objects.get().pk}/").status_code == 404
