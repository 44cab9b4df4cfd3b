"""Everything about a class in one archive that anyone can check without us (N4.1, N4.3; domain 2.7)."""

import json
import subprocess
import sys
import zipfile
from datetime import timedelta
from io import BytesIO

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.translation import override
from pypdf import PdfReader

from rollbook.accounts.tests.factories import AccountFactory
from rollbook.assessment import actions as assessment
from rollbook.classes import actions as classes
from rollbook.classes.models import Attendance, Denial, Enrolment, Feedback, Lesson, RollCall, Teaching
from rollbook.classes.tests.scenes import BEGINS, ENDS, NOW, running
from rollbook.evidence.tests.pictures import photo
from rollbook.fees import actions as fees
from rollbook.journal.actions import record
from rollbook.journal.models import Entry
from rollbook.journal.queries import timeline
from rollbook.learning import actions as learning
from rollbook.learning.rules import Session
from rollbook.live.models import Camera, Fault
from rollbook.persons.tests.factories import PersonFactory, number
from rollbook.supervision import queries, rules
from rollbook.supervision.rules import Stand

pytestmark = pytest.mark.django_db
FULL = {
    "state": "assessed", "trainees": 30, "commitments": 30, "has_own_commitment": True, "lessons_over": 10,
    "lessons_open": 0, "lessons_without_photos": 0, "lessons_without_recording": 0, "inspections": 1, "unsigned": 0,
    "is_locked": True, "certificates": 28, "entitled": 28, "claims": 28, "unpaid": 0, "holds": 0, "gone": 0,
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({}, {}),
        ({"state": "draft", "commitments": 0, "inspections": 0, "is_locked": False}, {}),
        (
            {"state": "running", "commitments": 29, "inspections": 0, "is_locked": False},
            {"commitments": ["commitments"]},
        ),
        (
            {"state": "ended", "inspections": 0, "is_locked": False},
            {"inspections": ["no-inspection"], "scores": ["not-locked"]},
        ),
        ({"has_own_commitment": False}, {"commitments": ["own-commitment"]}),
        ({"lessons_open": 2}, {"attendance": ["attendance-open"]}),
        ({"lessons_without_photos": 3, "gone": 1}, {"evidence": ["photos", "gone"]}),
        ({"certificates": 27}, {"certificates": ["certificates"]}),
        ({"unpaid": 1, "holds": 1}, {"claims": ["held", "unpaid"]}),
        ({"claims": 0}, {"claims": ["no-claims"]}),
        ({"unsigned": 1}, {"inspections": ["unsigned"]}),
    ],
)
def test_what_is_missing_depends_on_how_far_the_class_has_come(changes, missing):
    found = rules.lacking(Stand(**{**FULL, **changes}))
    assert {name: [one.code for one in told] for name, told in found.items() if told} == missing


@pytest.fixture
def scene(settings, monkeypatch):
    settings.DEMO = True
    monkeypatch.setattr(timezone, "now", lambda: ENDS)
    made = running(trainees=3, lessons=2)
    values = {"by": made.teacher, "class_id": made.klass.pk, "lesson_id": made.lesson.pk, "title": "", "now": NOW}
    classes.add_evidence(kind="photo", content=photo(), **values)
    values["lesson_id"] = None
    classes.add_evidence(kind="paper", content=b"%PDF-1.4 plan %%EOF", **{**values, "by": made.manager})
    return made


def archive_of(scene, by=None):
    client = Client(headers={"accept-language": "en"})
    client.force_login(by or scene.county)
    answer = client.post(f"/supervision/dossiers/{scene.klass.pk}/archive.zip")
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)


def unpacked(content, folder):
    with zipfile.ZipFile(BytesIO(content)) as packed:
        packed.extractall(folder)
    return folder


def verify(folder, *arguments):
    """The script as an inspector runs it: no packages, nothing of ours."""
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-I", "-S", str(folder / "verify.py"), *arguments], capture_output=True, text=True, check=False,
        env={"PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip
    return done.returncode, done.stdout


def test_the_archive_has_all_and_checks_itself_offline(scene, tmp_path):
    """N4.1: PDF, a table for each part, the evidence, a manifest, and the script; the journal has its digest."""
    folder = unpacked(archive_of(scene), tmp_path)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    paths = {row["path"] for row in manifest["files"]}
    assert len([path for path in paths if path.startswith("tables/")]) == 30
    assert len([path for path in paths if path.startswith("evidence/")]) == 2
    assert any("commitment" in one for one in manifest["missing"])
    digest = Entry.objects.get(kind="class.dossier-made").data["sha256"]
    code, told = verify(folder, digest)
    assert (code, digest in told) == (0, True), told
    pages = PdfReader(folder / "dossier.pdf").pages
    text = "".join(page.extract_text() for page in pages)
    assert scene.klass.number in text
    assert scene.people[0].person.name in "".join(text.split())
    roster = next(folder.glob("tables/*-roster.csv")).read_text(encoding="utf-8-sig")
    assert scene.people[0].person.id_masked in roster
    assert scene.people[0].person.name in roster


@pytest.mark.parametrize("what", ["changed", "one byte", "missing", "added", "manifest", "exchanged"])
def test_any_tampering_is_found(scene, tmp_path, what):
    folder = unpacked(archive_of(scene), tmp_path)
    digest = Entry.objects.get(kind="class.dossier-made").data["sha256"]
    one = next(folder.glob("evidence/*photo*"))
    match what:
        case "changed":
            one.write_bytes(photo(9))
        case "one byte":
            content = bytearray(one.read_bytes())
            content[len(content) // 2] ^= 1
            one.write_bytes(content)
        case "missing":
            next(folder.glob("tables/*-claims.csv")).unlink()
        case "added":
            (folder / "evidence" / "9999-photo.jpg").write_bytes(photo(9))
        case "manifest":
            path = folder / "manifest.json"
            path.write_text(
                path.read_text(encoding="utf-8").replace(scene.klass.institution.name, "别的学校"), encoding="utf-8"
            )
        case "exchanged":  # file and manifest together: only the journal's digest tells
            path = folder / "manifest.json"
            manifest = json.loads(path.read_text(encoding="utf-8"))
            one.unlink()
            manifest["files"] = [row for row in manifest["files"] if "photo" not in row["path"]]
            path.write_text(json.dumps(manifest), encoding="utf-8")
            assert verify(folder)[0] == 0
    code, told = verify(folder, digest)
    assert code == 1
    assert "WRONG" in told


def test_who_may_have_a_dossier(scene):
    """N14.1: offices, auditors and the own institution; the number of every deed is the same for all."""
    for account, status in (
        (scene.county, 200), (scene.manager, 200), (AccountFactory(role="auditor", region_code="320000"), 200),
        (scene.teacher, 403), (scene.worker, 403), (AccountFactory(region_code="320583"), 404),
        (AccountFactory(role="county-finance"), 403),
    ):  # fmt: skip
        client = Client()
        client.force_login(account)
        assert client.get(f"/supervision/dossiers/{scene.klass.pk}/").status_code == status, account.role
        if status != 200:
            assert client.post(f"/supervision/dossiers/{scene.klass.pk}/archive.zip").status_code == status
    assert not Entry.objects.filter(kind="class.dossier-made").exists()


def test_its_queries_do_not_grow_with_the_class(scene, django_assert_max_num_queries):
    with django_assert_max_num_queries(60):
        parts = queries.dossier(scene.klass, ENDS + timedelta(hours=1))
    assert [part.name for part in parts][:3] == ["application", "reviews", "roster"]
    assert {part.name for part in parts if part.missing} == {"commitments", "attendance", "evidence"}


def test_what_was_sat_and_studied_online_is_of_the_dossier(scene):
    """Everything about a class, also what its platform and its examiners filed (N6.2, N7.2)."""
    klass, [one, *_rest], later = scene.klass, scene.people, ENDS + timedelta(days=9)
    session = Session(enrolment_id=one.pk, number="1", course="焊接安全", starts_at=BEGINS, ends_at=ENDS, credited=3600)
    learning.file_sessions(by=scene.manager, class_id=klass.pk, platform="职培云", sessions=[session], now=later)
    type(klass).objects.filter(pk=klass.pk).update(state="ended", ends_on=ENDS.date())
    held = {"by": scene.manager, "class_id": klass.pk, "now": later}
    assessment.plan_assessment(held_on=(ENDS + timedelta(days=7)).date(), place="考场", assessors="甲", **held)
    assessment.file_sitting(
        part="theory", room_id=scene.lesson.room_id, starts_at=ENDS + timedelta(days=8), minutes=60, paper="T-7", key=["A"],
        ends_at=later, drawn_on=None, examiners=[assessment.Examiner("监考", number(60_801), "invigilator")], **held,
    )  # fmt: skip
    with override("en"):
        parts = {part.name: part.rows for part in queries.dossier(klass, later)}
    assert parts["study"] == [(one.person.name, 1, 60, 0, "")]
    [sitting] = parts["sittings"]
    assert sitting[3:] == ("T-7", "监考 (Invigilator)", 0)


def test_what_trainees_paid_and_got_back_is_of_the_dossier(scene):
    """N16.1: each receipt with the trainee's word on it, and what was given back."""
    one, day = scene.people[0], NOW.date()
    fees.state_price(
        by=scene.manager, class_id=scene.klass.pk, price_fen=100_000, share_fen=0, ways=["advance"], now=NOW
    )
    signed = fees.sign_up(by=scene.worker, class_id=scene.klass.pk, way="advance", now=NOW)
    given = {"by": scene.manager, "sign_up_id": signed.pk, "on": day, "note": "", "now": NOW}
    paid = fees.enter(kind="taken", amount_fen=100_000, means="cash", **given)
    fees.answer(by=scene.worker, entry_id=paid.pk, answer="denied", said="只交了五百", now=NOW)
    back = fees.enter(kind="refunded", amount_fen=20_000, means="transfer", **given)
    with override("en"):
        parts = {part.name: part.rows for part in queries.dossier(scene.klass, ENDS)}
    name = one.person.name
    assert parts["fees"] == [
        (paid.number, name, "Paid by the trainee", "¥1,000.00", str(day), "Cash", "Denied by the trainee 只交了五百"),
        (back.number, name, "Given back to the trainee", "¥200.00", str(day), "Bank transfer", "Not answered by the trainee"),
    ]  # fmt: skip


def test_nothing_of_a_long_class_is_left_out(scene, django_assert_max_num_queries):
    """Domain 2.7: fifty people in twenty-one lessons, every check-in and all that the journal knows, to the first entry."""
    klass = scene.klass
    people = [
        Enrolment(training_class=klass, person=PersonFactory(), category="unemployed", added_at=NOW) for _ in range(47)
    ]
    Enrolment.objects.bulk_create(people)
    people = [*klass.enrolments.all()]
    lessons = Lesson.objects.bulk_create(
        copied(scene.lesson, starts_at=BEGINS + timedelta(days=n), ends_at=BEGINS + timedelta(days=n, hours=3))
        for n in range(40, 59)
    )
    whole = [scene.lesson, *klass.lessons.exclude(pk=scene.lesson.pk)]
    assert (len(people), len(whole), len(lessons)) == (50, 21, 19)
    Attendance.objects.bulk_create(
        Attendance(lesson=lesson, enrolment=one, in_at=lesson.starts_at, out_at=lesson.ends_at, presence="present", minutes=180)
        for lesson in whole for one in people
    )  # fmt: skip
    before = timeline(klass, limit=None)
    for n in range(2100):
        record("class.check-in", klass, by=None, at=NOW + timedelta(seconds=n), region_code=klass.region_code, code=n)
    with django_assert_max_num_queries(60), override("en"):
        parts = {part.name: part.rows for part in queries.dossier(klass, ENDS)}
    assert len(parts["marks"]) == 1050
    assert len(parts["journal"]) == 2100 + len(before)
    assert [row[3] for row in parts["journal"]][len(before)].endswith("0")
    client = Client()
    client.force_login(AccountFactory())
    page = client.get(f"/supervision/dossiers/{klass.pk}/", headers={"accept-language": "en"}).text
    assert "The first 100 of 1050 rows; the archive has them all." in page


def copied(lesson, **values):
    kept = {field.attname: getattr(lesson, field.attname) for field in lesson._meta.fields if field.attname != "id"}
    return Lesson(**{**kept, **values})


def test_what_was_watched_and_what_followed_is_of_the_dossier(scene):
    """N4.3, N4.5, N14.2: rolls, make-up lessons, denials, answers, the teacher's own word, pictures; measures and cases."""
    one, lesson, klass = scene.people[0], scene.lesson, scene.klass
    Teaching.objects.create(lesson=lesson, person=lesson.teacher.person, in_at=BEGINS, out_at=ENDS)
    Attendance.objects.create(lesson=lesson, enrolment=one, in_at=BEGINS, presence="present")
    RollCall.objects.create(
        lesson=lesson, direction="in", enrolment_ids=[one.pk], called_by=scene.teacher, called_at=BEGINS
    )
    Denial.objects.create(lesson=lesson, enrolment=one, presence="present", said_at=ENDS, said_by=scene.worker)
    Feedback.objects.create(enrolment=one, answers={"attended": "no"}, remark="没去", given_at=ENDS)
    camera = Camera.objects.create(
        room=lesson.room, institution=klass.institution, region_code=klass.region_code, name="前方", stream="s",
        key_digest="k", registered_at=NOW, registered_by=scene.manager,
    )  # fmt: skip
    Fault.objects.create(lesson=lesson, camera=camera, kind="gap", begins_at=BEGINS, ends_at=ENDS)
    with override("en"):
        parts = {part.name: part.rows for part in queries.dossier(klass, ENDS)}
    name = one.person.name
    assert [row[1] for row in parts["teaching"]] == [lesson.teacher.person.name]
    assert [(row[3], row[5]) for row in parts["rolls"]] == [(name, "Asked")]
    assert [row[1:3] for row in parts["denials"]] == [(name, "Present")]
    assert [row[3] for row in parts["questions"]] == ["没去"]
    assert [row[1:3] for row in parts["camera"]] == [("前方", "No picture")]
    assert [len(row) for part in queries.dossier(klass, ENDS) for row in part.rows] == [
        len(part.columns) for part in queries.dossier(klass, ENDS) for _row in part.rows
    ], "a cell to each column"
