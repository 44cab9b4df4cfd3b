"""Drafts, files, submission and decisions: what succeeds and what is refused (N4.1, N4.2, N4.6, N1.3, N3.7, N14.1)."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.db.models import F
from django.utils import timezone
from openpyxl import Workbook

from rollbook.accounts.tests.factories import AccountFactory
from rollbook.classes import actions, files, queries
from rollbook.classes.models import Enrolment, Lesson, LevelReservation, Review, TrainingClass
from rollbook.classes.tests.applications import BEGINS, NOW, START, ready
from rollbook.directory.tests.factories import DemandItemFactory, DemandListFactory, load_terms
from rollbook.institutions.models import Room
from rollbook.institutions.tests.factories import RoomFactory, equipped
from rollbook.journal.models import Entry
from rollbook.kernel.reasons import Forbidden, NotFound, Refused
from rollbook.persons.models import Person
from rollbook.persons.sealing import digest
from rollbook.persons.tests.factories import number

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked():
    load_terms(class_min=2)
    return ready()


def codes(caught):
    return [one.code for one in caught.value.reasons]


def excel(columns, *rows):
    book = Workbook()
    book.active.append([one.header for one in columns])
    for row in rows:
        book.active.append([row.get(one.key, "") for one in columns])
    content = BytesIO()
    book.save(content)
    return content.getvalue()


def person_row(n, **values):
    base = {"number": number(7000 + n), "name": f"学员{n}", "category": "登记失业人员", "phone": "13800001234"}
    return base | values


def test_a_draft_is_made_once_by_its_local_id_and_saved_as_it_goes(asked):
    draft = actions.start_draft(by=asked.manager, local_id="X-1", now=NOW)

    assert actions.start_draft(by=asked.manager, local_id="X-1", now=NOW) == draft
    actions.save_draft(by=asked.manager, class_id=draft.pk, starts_on=START, item_id=asked.klass.item_id, now=NOW)
    draft.refresh_from_db()
    assert (draft.level, draft.occupation) == (asked.klass.level, asked.klass.occupation)
    assert draft.title.startswith("2026 ")
    assert "焊工中级" in draft.title


@pytest.mark.parametrize(("change", "code"), [({"ends_on": START - timedelta(1)}, "ends-first"),
                                              ({"item_id": 999_999}, "not-in-list")])  # fmt: skip
def test_a_draft_that_cannot_be_is_refused_and_nothing_is_kept(asked, change, code):
    entries = Entry.objects.count()
    with pytest.raises(Refused) as caught:
        actions.save_draft(by=asked.manager, class_id=asked.klass.pk, head="另一人", now=NOW, **change)

    asked.klass.refresh_from_db()
    assert (codes(caught), asked.klass.head, Entry.objects.count()) == ([code], "王校长", entries)


def test_a_project_of_a_list_not_in_force_stops_the_draft(asked):
    """A class has the version of the list that its region's rule chooses (N1.3)."""
    elsewhere = DemandItemFactory(
        hours=8, occupation=asked.klass.occupation, demand_list=DemandListFactory(region_code="320200", state="draft")
    )
    TrainingClass.objects.filter(pk=asked.klass.pk).update(item=elsewhere)
    with pytest.raises(Refused) as caught:
        asked.submit()
    assert codes(caught) == ["not-in-list"]


def test_lessons_are_laid_over_working_days(asked):
    room = Room.objects.filter(site__institution=asked.klass.institution).first()
    teacher = asked.klass.lessons.first().teacher
    made = actions.generate_lessons(
        by=asked.manager, class_id=asked.klass.pk, room_id=room.pk, practice_room_id=room.pk, teacher_id=teacher.pk,
        now=NOW,
    )  # fmt: skip

    assert sum(one.hours for one in made) == 8
    assert asked.klass.lessons.count() == len(made) == 2


def test_lessons_do_not_use_the_rooms_of_others(asked):
    with pytest.raises(NotFound):
        actions.generate_lessons(
            by=asked.manager, class_id=asked.klass.pk, room_id=RoomFactory().pk, practice_room_id=1, teacher_id=1,
            now=NOW,
        )  # fmt: skip
    assert asked.klass.lessons.count() == 2


def test_a_roster_is_imported_and_known_persons_are_found(asked):
    """The roster of the application, from its 16 columns (N4.2)."""
    content = excel(files.ROSTER, person_row(1), person_row(2))
    before = Person.objects.count()

    assert actions.import_roster(by=asked.manager, class_id=asked.klass.pk, content=content, now=NOW) == 2
    assert Person.objects.count() == before + 2
    assert queries.roster(asked.klass.pk).count() == 4


@pytest.mark.parametrize(
    ("wrong", "column"),
    [
        ({"number": "110105194912310021"}, "身份证号"),
        ({"category": "宇航员"}, "人员类别"),
        ({"phone": "12345"}, "联系电话"),
        ({"name": ""}, "姓名"),
        ({"number": number(7001)}, "身份证号"),
        ({"bank_account": "6214830000000001"}, "银行账号"),
    ],
)
def test_a_wrong_roster_is_marked_and_nothing_written(asked, wrong, column):
    content = excel(files.ROSTER, person_row(1), person_row(2, **wrong))
    before = Person.objects.count(), Enrolment.objects.count(), Entry.objects.count()

    sheet = actions.preview_roster(by=asked.manager, class_id=asked.klass.pk, content=content, today=NOW.date())
    assert [(one.row, one.column) for one in sheet.wrong] == [(3, column)]
    with pytest.raises(Refused) as caught:
        actions.import_roster(by=asked.manager, class_id=asked.klass.pk, content=content, now=NOW)
    assert set(codes(caught)) == {"wrong-cell"}
    assert (Person.objects.count(), Enrolment.objects.count(), Entry.objects.count()) == before


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no workbook", "姓名,身份证号\n".encode(), b"\x00" * 100])
def test_hostile_files_are_refused(asked, content):
    for read in (actions.import_roster, actions.import_lessons):
        with pytest.raises(Refused):
            read(by=asked.manager, class_id=asked.klass.pk, content=content, now=NOW)
    assert (asked.klass.lessons.count(), asked.klass.enrolments.count()) == (2, 2)


def test_a_plan_is_imported_or_its_wrong_cells_told(asked):
    content = excel(
        files.LESSONS,
        {"day": "2026-03-16", "subject": "焊接", "hours": "4", "begins": "12:00", "ends": "09:00", "room": "无此室",
         "teacher": "王", "teacher_number": number(1)},
    )  # fmt: skip
    sheet = actions.preview_lessons(by=asked.manager, class_id=asked.klass.pk, content=content)
    assert {one.column for one in sheet.wrong} == {"教室", "教师身份证号", "结束时间"}

    lesson = asked.klass.lessons.first()
    good = {"day": "2026-03-17", "subject": "理论", "hours": "4", "begins": "09:00", "ends": "12:00",
            "room": lesson.room.name, "teacher": "王", "teacher_number": number(8001)}  # fmt: skip
    Person.objects.filter(pk=lesson.teacher_person_id).update(id_digest=digest(good["teacher_number"]))
    actions.import_lessons(by=asked.manager, class_id=asked.klass.pk, content=excel(files.LESSONS, good), now=NOW)
    assert [one.kind for one in asked.klass.lessons.all()] == ["theory"]


def test_who_was_dropped_after_approval_does_not_come_back_by_a_file(asked):
    content = excel(files.ROSTER, person_row(1))
    actions.import_roster(by=asked.manager, class_id=asked.klass.pk, content=content, now=NOW)
    asked.submit()
    asked.review()
    one = queries.roster(asked.klass.pk).last()
    actions.drop_trainee(by=asked.manager, enrolment_id=one.pk, why="病", now=NOW)

    assert not one.reservations.filter(released_at=None).exists()
    asked.klass.refresh_from_db()
    assert queries.changed_since_approval(asked.klass) == {"came": 0, "left": 1}  # whoever looks at the roster reads it
    with pytest.raises(Refused) as caught:
        actions.import_roster(by=asked.manager, class_id=asked.klass.pk, content=content, now=NOW)
    assert codes(caught) == ["wrong-cell"]


def test_a_commitment_keeps_who_signed_which_text(asked):
    """The institution signs by a named person, the trainee by the own account (N4.6)."""
    signed = asked.klass.commitments.get()
    assert (signed.signed_name, len(signed.text_sha256)) == ("王校长", 64)

    one = asked.klass.enrolments.first()
    TrainingClass.objects.filter(pk=asked.klass.pk).update(state="submitted")
    worker = AccountFactory(role="worker", person_id=one.person_id)
    with pytest.raises(Refused):
        actions.sign_commitment(by=worker, enrolment_id=one.pk, signed_name="别人", now=NOW)
    actions.sign_commitment(by=worker, enrolment_id=one.pk, signed_name=one.person.name, now=NOW)
    assert (
        actions.commit_trainees(
            by=asked.manager,
            class_id=asked.klass.pk,
            enrolment_ids=[e.pk for e in asked.klass.enrolments.all()],
            now=NOW,
        )
        == 1
    )


def test_submission_binds_places_and_sets_the_limit(asked):
    klass = asked.submit()

    assert (klass.state, str(klass.decide_by)) == ("submitted", "2026-03-09")
    assert all(klass.lessons.values_list("is_binding", flat=True))
    actions.withdraw_class(by=asked.manager, class_id=klass.pk, now=NOW)
    assert not any(klass.lessons.values_list("is_binding", flat=True))


def test_every_reason_is_told_at_once_and_nothing_is_submitted(asked):
    TrainingClass.objects.filter(pk=asked.klass.pk).update(resources="", assessment_plan="")
    asked.klass.commitments.all().delete()
    with pytest.raises(Refused) as caught:
        asked.submit()

    assert codes(caught) == ["no-resources", "no-assessment-plan", "no-commitment"]
    asked.klass.refresh_from_db()
    assert asked.klass.state == "draft"
    assert not Lesson.objects.filter(is_binding=True).exists()


def test_approval_reserves_levels_and_numbers_without_gaps(asked):
    """One traced life of a class, its officer named (N4.1, N14.1)."""
    asked.submit()
    klass = asked.review(remark="同意")

    assert (klass.number, klass.decided_by) == ("KB320102202600001", asked.county)
    assert LevelReservation.objects.filter(enrolment__training_class=klass, released_at=None).count() == 2
    assert list(Review.objects.values_list("stage", "move")) == [("first", "approve")]
    other = ready(institution=klass.institution, room=Room.objects.last())
    later = timedelta(hours=5)
    other.klass.lessons.update(starts_at=F("starts_at") + later, ends_at=F("ends_at") + later)
    other.submit()
    assert other.review(by=asked.county).number == "KB320102202600002"


def test_the_days_ahead_count_anew_after_a_return(asked):
    asked.submit()
    klass = asked.review("return", ticked=["plan"])
    assert (klass.state, klass.submitted_at, klass.decide_by) == ("draft", None, None)

    with pytest.raises(Refused) as caught:
        actions.submit_class(by=asked.manager, class_id=klass.pk, now=BEGINS - timedelta(1))
    assert codes(caught) == ["too-late"]


@pytest.mark.parametrize(
    ("move", "code"), [("return", "no-reasons"), ("refuse", "no-reasons"), ("submit", "bad-move"), ("x", "bad-move")]
)
def test_a_decision_without_reasons_is_refused(asked, move, code):
    asked.submit()
    with pytest.raises(Refused) as caught:
        asked.review(move)
    asked.klass.refresh_from_db()
    assert (codes(caught), asked.klass.state, Review.objects.count()) == ([code], "submitted", 0)


def test_a_second_officer_must_be_another_person():
    load_terms(class_min=2, second_review=1)
    asked = ready()
    asked.submit()
    assert asked.review().state == "reviewed"

    with pytest.raises((Refused, Forbidden)):
        asked.review()
    second = AccountFactory(role="county-second-reviewer")
    assert asked.review(by=second).state == "approved"


def test_consent_by_silence_only_where_nothing_stops(asked):
    asked.submit()
    late = NOW + timedelta(8)

    assert not actions.approve_by_silence(class_id=asked.klass.pk, now=NOW)
    assert actions.approve_by_silence(class_id=asked.klass.pk, now=late)
    asked.klass.refresh_from_db()
    assert (asked.klass.state, asked.klass.is_deemed, asked.klass.decided_by) == ("approved", True, None)
    assert LevelReservation.objects.count() == 2
    assert Entry.objects.filter(kind="class.deemed-approved").exists()


def test_what_a_check_stops_is_never_deemed_approved(asked):
    asked.submit()
    Person.objects.filter(pk__in=asked.klass.enrolments.values("person_id")).update(verification="mismatched")

    assert not actions.approve_by_silence(class_id=asked.klass.pk, now=NOW + timedelta(8))
    asked.klass.refresh_from_db()
    assert (asked.klass.state, LevelReservation.objects.count()) == ("submitted", 0)


def test_a_class_starts_freezes_and_is_cancelled(asked):
    asked.submit()
    asked.review()
    with pytest.raises(Refused):
        actions.start_class(by=asked.manager, class_id=asked.klass.pk, now=NOW)
    actions.start_class(by=None, class_id=asked.klass.pk, now=BEGINS)
    assert not actions.freeze_roster(class_id=asked.klass.pk, now=BEGINS)
    assert actions.freeze_roster(class_id=asked.klass.pk, now=BEGINS + timedelta(3))
    with pytest.raises(Refused) as caught:
        actions.add_trainee(
            by=asked.manager, class_id=asked.klass.pk, name="新", number=number(7100), category="unemployed",
            phone="13800001234", now=BEGINS + timedelta(3),
        )  # fmt: skip
    assert codes(caught) == ["roster-frozen"]
    with pytest.raises(Refused):
        actions.end_class(by=asked.manager, class_id=asked.klass.pk, now=BEGINS)
    actions.cancel_class(by=asked.manager, class_id=asked.klass.pk, why="停办", now=BEGINS)
    assert not LevelReservation.objects.filter(released_at=None).exists()


def test_a_change_of_plan_is_asked_before_and_decided_by_the_county(asked):
    asked.submit()
    asked.review()
    lesson = asked.klass.lessons.order_by("starts_at").first()
    ask = {"by": asked.manager, "lesson_id": lesson.pk, "room_id": None, "teacher_id": None, "why": "停电"}
    with pytest.raises(Refused) as caught:
        actions.ask_plan_change(**ask, starts_at=BEGINS + timedelta(hours=4), now=BEGINS)
    assert codes(caught) == ["too-late-to-change"]
    with pytest.raises(NotFound):
        actions.ask_plan_change(**ask | {"room_id": RoomFactory().pk}, starts_at=None, now=NOW)

    change = actions.ask_plan_change(**ask, starts_at=BEGINS + timedelta(hours=4), now=NOW)
    with pytest.raises(Forbidden):
        actions.decide_plan_change(by=asked.manager, change_id=change.pk, grant=True, remark="", now=NOW)
    actions.decide_plan_change(by=asked.county, change_id=change.pk, grant=True, remark="", now=NOW)
    lesson.refresh_from_db()
    assert lesson.starts_at == BEGINS + timedelta(hours=4)


def test_a_change_out_of_the_class_is_refused_and_nothing_moves(asked):
    asked.submit()
    asked.review()
    lesson = asked.klass.lessons.order_by("starts_at").first()
    change = actions.ask_plan_change(
        by=asked.manager, lesson_id=lesson.pk, room_id=None, teacher_id=None, why="停电",
        starts_at=BEGINS + timedelta(30), now=NOW,
    )  # fmt: skip
    with pytest.raises(Refused) as caught:
        actions.decide_plan_change(by=asked.county, change_id=change.pk, grant=True, remark="", now=NOW)
    lesson.refresh_from_db()
    assert (codes(caught), lesson.starts_at) == (["lesson-outside"], BEGINS)


@pytest.mark.parametrize("who", ["institution", "county"])
def test_foreign_classes_are_not_there(asked, who, client, settings):
    settings.DEMO = True
    asked.submit()
    other = (
        AccountFactory(role="institution-manager", institution_id=equipped().pk)
        if who == "institution"
        else AccountFactory(region_code="320104")
    )
    with pytest.raises(NotFound):
        queries.get(other, asked.klass.pk)
    client.force_login(other)
    assert client.get(f"/classes/{asked.klass.pk}/").status_code == 404


def test_the_pages_of_an_application_do_what_they_say(asked, client, settings, monkeypatch):
    settings.DEMO = True
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    client.force_login(asked.manager)
    for wrong in ("move/fly/", "import/cats/"):
        assert client.post(f"/classes/{asked.klass.pk}/{wrong}").status_code == 404
    assert client.post(f"/classes/{asked.klass.pk}/move/submit/").status_code == 302
    client.force_login(asked.county)
    assert asked.klass.title in client.get("/classes/queue/").content.decode()
    assert client.post(f"/classes/{asked.klass.pk}/review/", {"move": "approve"}).status_code == 302
