"""What cameras, evidence, trainees, other departments and the recomputation say reaches the detectors (N3.5, N4.3, N4.5)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from rollbook.accounts.tests.factories import AccountFactory
from rollbook.assessment import actions as assessment
from rollbook.assessment.models import Assessment, Score
from rollbook.classes import queries as classes
from rollbook.classes.models import Denial, Feedback, TrainingClass
from rollbook.classes.tests.factories import ClassFactory
from rollbook.classes.tests.scenes import ENDS, running
from rollbook.evidence import actions as evidence
from rollbook.evidence.rules import Keep, Kind
from rollbook.evidence.tests.pictures import photo
from rollbook.exchange.tests.test_months import drop, paid
from rollbook.faces import actions as faces
from rollbook.faces.tests import drawn
from rollbook.learning import actions as learning
from rollbook.learning import rules as online
from rollbook.live.models import Camera, CameraCall, Fault, HeadCount
from rollbook.persons.models import Person
from rollbook.risk import actions
from rollbook.risk.models import Extract, Hit, Setting
from rollbook.risk.queries import facts, sources
from rollbook.subsidies.models import Discrepancy
from rollbook.subsidies.tests import factories as f

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
NOW = ENDS + timedelta(days=3)


@pytest.fixture(autouse=True)
def lake_of_its_own(settings, tmp_path):
    settings.LAKE_ROOT = tmp_path
    settings.DEMO = True


@pytest.fixture
def scene():
    made = running(trainees=6, lessons=2)
    made.first, made.second = classes.lessons_of(made.klass.pk)
    return made


def camera(scene):
    return Camera.objects.create(
        room=scene.lesson.room, institution=scene.klass.institution, region_code="320102", name="前方", stream="room1",
        key_digest="x", registered_at=NOW, registered_by=scene.county,
    )  # fmt: skip


def stored(scene, lesson, picture, now):
    place = classes.place_of(scene.klass, lesson, Keep.FILE, now)
    return evidence.store(by=scene.manager, kind=Kind.PHOTO, content=picture, place=place, now=now)


def test_what_the_system_keeps_fires_its_detectors(scene):
    """D25, D50, D51, D52, D69, D118, D122: a row of each, and no other class is suspected."""
    ClassFactory(item=scene.klass.item, state="running", trainees=3)
    Person.objects.filter(pk__in=[one.person_id for one in scene.people]).update(phone_digest="d")
    one = camera(scene)
    again = photo(9)
    stored(scene, scene.first, again, NOW)
    item = stored(scene, scene.second, again, NOW)
    Fault.objects.create(
        lesson=scene.first, camera=one, kind="gap", begins_at=scene.first.starts_at,
        ends_at=scene.first.starts_at + timedelta(hours=1),
    )  # fmt: skip
    HeadCount.objects.create(
        lesson=scene.first, camera=one, item=item, taken_at=NOW, checked_in=12, counted=4, counted_by=scene.county,
        counted_at=NOW,
    )  # fmt: skip
    absent, denier, payer = scene.people[:3]
    CameraCall.objects.create(
        lesson=scene.first, enrolment=absent, outcome="absent", called_at=NOW, called_by=scene.county
    )
    Denial.objects.create(
        lesson=scene.first, enrolment=denier, presence="present", said_at=NOW, said_by=AccountFactory()
    )
    Feedback.objects.create(enrolment=payer, answers={"attended": "yes", "returned": "yes"}, given_at=NOW)
    codes = ("D25", "D50", "D51", "D52", "D69", "D118", "D122")
    run = actions.screen_everyone(now=NOW, codes=codes)
    assert {step.detector: step.error for step in run.steps.all() if step.error} == {}
    hits = Hit.objects.values_list("finding__detector", "subject", "subject_id")
    assert set(hits) == {(code, "class", scene.klass.pk) for code in codes}
    [row] = Hit.objects.get(finding__detector="D69").rows
    assert (row["kind"], row["share"]) == ("offline", 33)
    assert Hit.objects.get(finding__detector="D52").rows[0]["people"] == 4


def test_pictures_are_read_on_from_where_the_last_night_ended(scene):
    """Only what is new is read, also after a break; an older picture is still there to be compared with."""
    stored(scene, scene.first, photo(9), NOW)
    assert actions.refresh(now=NOW)["photos"] == 1
    item = stored(scene, scene.second, photo(9), NOW + timedelta(hours=1))
    again = actions.refresh(now=NOW + timedelta(1))
    assert (again["photos"], again["photo_pairs"]) == (1, 1)
    assert Extract.objects.get(table="photos").last_id == item.pk
    assert Extract.objects.get(table="photos").rows == 2
    actions.refresh(
        now=NOW + timedelta(2)
    )  # which may read the last row again: others on the server hold its mark back
    assert Extract.objects.get(table="photos").rows == 2
    run = actions.screen_everyone(now=NOW + timedelta(3), codes=("D50",))
    assert [(step.findings, step.error) for step in run.steps.all()] == [(1, "")]


def test_what_is_filed_of_sittings_fires_the_control_of_assessment(scene):
    """D97, D99, D103, D104, D105, D109 from sittings, duties and answer sheets (N6.2); none before the lock."""
    TrainingClass.objects.filter(pk=scene.klass.pk).update(certificate_kind="level", state="assessed")
    made = Assessment.objects.create(training_class=scene.klass, held_on=NOW.date(), assessors="甲")
    filed = {"filed_at": NOW, "filed_by": scene.manager}
    first, _second = sittings = [
        made.sittings.create(
            part="theory", room=scene.lesson.room, starts_at=NOW + timedelta(days), paper="T-7", minutes=90,
            ends_at=NOW + timedelta(days, hours=2), key=",".join("A" * 20), **filed,
        )
        for days in (0, 3)
    ]  # fmt: skip
    for sitting in sittings:
        sitting.duties.create(person=scene.lesson.teacher.person, kind="invigilator")
    chosen = ["B" * 10 + "A" * 10, "B" * 10 + "A" * 10, "A" * 12 + "C" * 8, "A" * 20, "A" * 20, " " * 20]
    for one, choices in zip(scene.people, chosen, strict=True):
        first.sheets.create(
            enrolment=one, minutes=12, choices=",".join(choices.replace(" ", "-")).replace("-", ""), **filed
        )
        Score.objects.create(
            assessment=made, enrolment=one, theory=60, practice=60 + one.pk % 7, result="passed", entered_at=NOW,
            entered_by=scene.manager,
        )  # fmt: skip
    codes = ("D97", "D99", "D103", "D104", "D105", "D109")
    run = actions.screen_everyone(now=NOW, codes=codes)
    assert {step.detector: step.error for step in run.steps.all() if step.error} == {}
    hits = Hit.objects.values_list("finding__detector", "subject_id")
    copied = [one.pk for one in scene.people[:2]]
    of_class = {(code, scene.klass.pk) for code in ("D99", "D103", "D104", "D105")}
    assert set(hits) == of_class | {("D97", pk) for pk in copied}
    assert Hit.objects.filter(finding__detector="D97").first().rows[0]["wrong"] == 10
    Assessment.objects.update(locked_at=NOW)
    actions.screen_everyone(now=NOW + timedelta(1), codes=("D109",))
    assert {row["what"] for row in Hit.objects.get(finding__detector="D109").rows} == {"video", "sign_in", "papers"}


def test_somebody_else_at_the_door_of_an_exam_is_found_the_night_after(scene, monkeypatch):
    """D101 from photographs as examiners take them (N7.4): by the machine, by the examiner, and nobody else."""
    drawn.set_up(monkeypatch)
    TrainingClass.objects.filter(pk=scene.klass.pk).update(state="ended")
    made = Assessment.objects.create(training_class=scene.klass, held_on=NOW.date(), assessors="甲")
    filed = {"filed_at": NOW, "filed_by": scene.manager}
    sitting = made.sittings.create(
        part="theory", room=scene.lesson.room, starts_at=NOW, ends_at=NOW + timedelta(hours=2), minutes=90, **filed
    )
    [own, unlike, other, unknown, *_rest] = scene.people
    for one in (own, unlike):
        faces.give_consent(by=AccountFactory(role="worker", person_id=one.person_id), agrees=True, now=NOW)
        faces.enrol_at_counter(by=scene.county, person_id=one.person_id, picture=drawn.picture(one.pk), now=NOW)
    for one, face, word in ((own, own.pk, "same"), (unlike, 9, "same"), (other, 9, "other"), (unknown, 8, "same")):
        assessment.photograph(
            by=scene.manager, sitting_id=sitting.pk, enrolment_id=one.pk, picture=drawn.taken(face), word=word,
            remark="不是本人" if word == "other" else "", now=NOW,
        )  # fmt: skip
    marks = {one.pk: assessment.Marks(70, 70) for one in scene.people}
    assessment.enter_scores(by=scene.manager, class_id=scene.klass.pk, marks=marks, now=NOW + timedelta(hours=3))
    run = actions.screen_everyone(now=NOW + timedelta(1), codes=("D101",))
    assert [(step.findings, step.error) for step in run.steps.all()] == [(2, "")]
    rows = {hit.subject_id: hit.rows[0] for hit in Hit.objects.all()}
    assert {pk: row["what"] for pk, row in rows.items()} == {unlike.pk: "unlike", other.pk: "another"}
    assert (rows[unlike.pk]["likeness"] < 60, rows[other.pk]["likeness"]) == (True, None)


def test_what_platforms_file_fires_the_detectors_of_online_study(scene):
    """D83-D96 from sessions and tests as they are filed (N7.4); what is in order fires none of them."""
    [a, b, c, d, good, *_rest] = [one.pk for one in scene.people]
    starts = ENDS - timedelta(hours=12)

    def session(pk, number, hours=0, length=2, **said):
        at = starts + timedelta(hours=hours)
        ordinary = {
            "course": "焊接安全", "device": f"d{pk}", "content": length * 3600, "credited": length * 3600, "idle": 20,
            "beats": 240, "beat_spread_ms": 900.0, "clicks": 40, "click_places": 25, "face_checks": 8,
            "answer_spread_ms": 800.0, "city": "320100",
        }  # fmt: skip
        return online.Session(
            enrolment_id=pk, number=number, starts_at=at, ends_at=at + timedelta(hours=length), **{**ordinary, **said}
        )

    filed = [
        session(a, "1"), session(a, "2", device="other"),
        session(b, "3", content=20_000, unseen_jump=40, idle=900, blurs=12, seeks=6),
        session(b, "4", hours=2.5, city="440100", face_fails=3, fails_in_a_row=2),
        session(c, "5", beat_spread_ms=1.0), session(c, "6", course="别的", beat_spread_ms=1.0),
        session(d, "7", hours=-24, credited=9 * 3600),
        session(good, "8"),
    ]  # fmt: skip
    values = {"by": scene.manager, "class_id": scene.klass.pk, "platform": "职培云", "now": NOW}
    learning.file_sessions(sessions=filed, **values)
    quick = [
        online.Quiz(
            enrolment_id=a, number=str(n), course="焊接安全", taken_at=starts, questions=10, right_first=10, seconds=20
        )
        for n in range(2)
    ]
    learning.file_quizzes(quizzes=quick, **values)
    codes = tuple(f"D{n}" for n in range(83, 97))
    Setting.objects.create(
        region_code="320102", detector="D92", name="people", value=1, in_force=("2026-01-01", None), why="小班",
        set_by=scene.county, set_at=NOW,
    )  # fmt: skip
    run = actions.screen_everyone(now=NOW, codes=codes)
    assert {step.detector: step.error for step in run.steps.all() if step.error} == {}
    found = {}
    for code, pk in Hit.objects.values_list("finding__detector", "subject_id"):
        found.setdefault(code, set()).add(pk)
    assert good not in set().union(*(pks for code, pks in found.items() if code not in ("D92", "D93")))
    assert found == {
        "D83": {a}, "D84": {c}, "D85": {b}, "D86": {b}, "D87": {b}, "D88": {b}, "D89": {d}, "D90": {b}, "D91": {c},
        "D92": {scene.klass.pk}, "D93": {scene.klass.pk}, "D94": {b}, "D96": {d},
    }  # fmt: skip


def test_how_many_examine_is_ruled_for_evaluation_only(scene):
    """D104, D109 say nothing of a completion assessment, which S64 is not about."""
    made = Assessment.objects.create(training_class=scene.klass, held_on=NOW.date(), locked_at=None)
    filed = {"filed_at": NOW, "filed_by": scene.manager}
    made.sittings.create(
        part="practice", room=scene.lesson.room, starts_at=NOW, ends_at=NOW + timedelta(1), minutes=60, **filed
    )
    Assessment.objects.update(locked_at=NOW)
    run = actions.screen_everyone(now=NOW, codes=("D104", "D109"))
    assert [(step.findings, step.error) for step in run.steps.all()] == [(0, ""), (0, "")]


def test_an_amount_that_the_rule_does_not_give_is_found():
    """D113, N14.1: only where the stored facts give another amount; changed facts are proposals, not errors."""
    right, wrong, changed = f.claims(3)
    values = {"differences": [], "found_at": NOW, "seen_at": NOW}
    Discrepancy.objects.create(claim=wrong, basis="stored", was_fen=wrong.amount_fen, now_fen=1, **values)
    Discrepancy.objects.create(claim=changed, basis="present", was_fen=changed.amount_fen, now_fen=1, **values)
    run = actions.screen_everyone(now=timezone.now(), codes=("D113",))
    assert [step.error for step in run.steps.all()] == [""]
    assert list(Hit.objects.values_list("subject_id", flat=True)) == [wrong.pk]
    assert Hit.objects.get().rows[0]["due_fen"] == 1
    assert right.pk != wrong.pk


def test_months_of_insurance_are_there_for_all_and_for_a_few(settings):
    """D12, D14, D63, D78, D119, D125 read them; the employer is the digest that contracts and companies have too."""
    from rollbook.exchange.tests.factories import contract
    from rollbook.persons.tests.factories import PersonFactory

    settings.DROP_ROOT.mkdir(exist_ok=True)
    contract("insurance-months", matched_percent=100, changed_percent=100)
    one, other = PersonFactory(n=1), PersonFactory(n=2)
    drop(settings, [paid(1, "2026-01"), paid(2, "2026-01"), paid(2, "2026-02")])
    everybody = [row for batch in facts.insured_months() for row in batch.to_pylist()]
    assert sorted((row["person_id"], f"{row['month']:%Y-%m}") for row in everybody) == sorted(
        [(one.pk, "2026-01"), (other.pk, "2026-01"), (other.pk, "2026-02")]
    )
    few = sources.read("insured_months", [one.pk], []).to_pylist()
    assert [row["person_id"] for row in few] == [one.pk]
    assert len(few[0]["company"]) == 32
    assert actions.refresh(now=NOW)["insured_months"] == 3
