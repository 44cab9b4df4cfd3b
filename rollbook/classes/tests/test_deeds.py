"""Each deed of an application: done, or refused and nothing changed (N4.1, N4.2, N4.6, N12.3, N14.1)."""

from datetime import timedelta

import pytest

from rollbook.accounts.tests.factories import AccountFactory
from rollbook.classes import actions, queries
from rollbook.classes.models import Commitment, Enrolment, LevelReservation, PlanChange, Review, TrainingClass
from rollbook.classes.tests.applications import BEGINS, NOW, START, ready
from rollbook.directory.tests.factories import OccupationFactory, load_terms
from rollbook.institutions.models import Room
from rollbook.institutions.tests.factories import equipped
from rollbook.journal.models import Entry
from rollbook.kernel.reasons import Forbidden, NotFound, Refused
from rollbook.persons.models import Person
from rollbook.persons.tests.factories import number

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked():
    load_terms(class_min=2)
    return ready()


def trainee(**values):
    return {
        "name": "新来",
        "number": number(7100),
        "category": "unemployed",
        "phone": "13800001234",
        "now": NOW,
    } | values


def snapshot():
    """Everything that a deed on a class may touch."""
    rows = [TrainingClass, Enrolment, Commitment, LevelReservation, PlanChange, Review]
    kept = {model.__name__: list(model.objects.order_by("pk").values()) for model in rows}
    lessons = list(TrainingClass.objects.order_by("pk").values_list("lessons__pk", "lessons__is_binding"))
    return kept, sorted(map(str, lessons)), Person.objects.count(), Entry.objects.count()


def refused(deed, *codes, kind=Refused):
    """The deed is refused, for these reasons, and nothing at all is changed."""
    before = snapshot()
    with pytest.raises(kind) as caught:
        deed()
    assert snapshot() == before
    if codes:
        assert [one.code for one in caught.value.reasons] == list(codes)


def foreign():
    return AccountFactory(role="institution-manager", institution_id=equipped().pk)


def last_kind():
    return Entry.objects.order_by("-pk").first().kind


DRAFT_DEEDS = {
    "save": lambda a, by: actions.save_draft(by=by, class_id=a.klass.pk, head="新", now=NOW),
    "generate": lambda a, by: actions.generate_lessons(
        by=by, class_id=a.klass.pk, room_id=room_of(a), practice_room_id=room_of(a),
        teacher_id=a.klass.lessons.first().teacher_id, now=NOW,
    ),
    "add": lambda a, by: actions.add_trainee(by=by, class_id=a.klass.pk, **trainee()),
    "drop": lambda a, by: actions.drop_trainee(by=by, enrolment_id=a.klass.enrolments.first().pk, why="病", now=NOW),
    "commit": lambda a, by: actions.commit_trainees(
        by=by, class_id=a.klass.pk, enrolment_ids=[a.klass.enrolments.first().pk], now=NOW
    ),
    "submit": lambda a, by: actions.submit_class(by=by, class_id=a.klass.pk, now=NOW),
    "cancel": lambda a, by: actions.cancel_class(by=by, class_id=a.klass.pk, why="停办", now=NOW),
}  # fmt: skip


def room_of(asked):
    return Room.objects.filter(site__institution=asked.klass.institution).first().pk


@pytest.mark.parametrize("name", DRAFT_DEEDS)
def test_the_deeds_on_a_draft(asked, name):
    """Done by its institution and recorded once; not there for another; not for an official or a teacher."""
    deed, stranger = DRAFT_DEEDS[name], foreign()
    refused(lambda: deed(asked, stranger), kind=NotFound)
    refused(lambda: deed(asked, asked.county), kind=NotFound)  # a draft is the institution's alone
    lesson = asked.klass.lessons.first()
    teacher = AccountFactory(
        role="teacher", institution_id=asked.klass.institution_id, person_id=lesson.teacher_person_id
    )
    refused(lambda: deed(asked, teacher), kind=Forbidden)
    count = Entry.objects.count()

    deed(asked, asked.manager)

    assert Entry.objects.count() == count + (2 if name == "add" else 1)  # and the person registered


@pytest.mark.parametrize(
    ("name", "code"),
    [("save", "not-a-draft"), ("generate", "not-a-draft"), ("add", "roster-frozen"), ("drop", "roster-frozen"),
     ("submit", "not-a-draft")],
)  # fmt: skip
def test_what_is_with_the_county_is_not_changed(asked, name, code):
    asked.submit()
    refused(lambda: DRAFT_DEEDS[name](asked, asked.manager), code)


def test_a_trainee_is_added_once(asked):
    actions.add_trainee(by=asked.manager, class_id=asked.klass.pk, **trainee())
    assert last_kind() == "class.trainee-added"
    refused(lambda: actions.add_trainee(by=asked.manager, class_id=asked.klass.pk, **trainee()), "enrolled")
    refused(lambda: actions.add_trainee(by=asked.manager, class_id=asked.klass.pk, **trainee(number="320102")))


def test_a_trainee_added_after_approval_reserves_the_level(asked):
    asked.submit()
    asked.review()
    one = actions.add_trainee(by=asked.manager, class_id=asked.klass.pk, **trainee())
    assert one.reservations.filter(released_at=None).count() == 1

    actions.drop_trainee(by=asked.manager, enrolment_id=one.pk, why="病", now=NOW)
    one.refresh_from_db()
    assert (one.drop_reason, one.reservations.filter(released_at=None).count()) == ("病", 0)


def test_who_is_trained_elsewhere_does_not_come_to_an_approved_class(asked):
    """The same occupation at the same level, approved in another county (N12.3)."""
    other = ready(region="320104", institution=None)
    for lesson in other.klass.lessons.all():
        lesson.starts_at, lesson.ends_at = lesson.starts_at + timedelta(7), lesson.ends_at + timedelta(7)
        lesson.save()
    TrainingClass.objects.filter(pk=other.klass.pk).update(starts_on=START + timedelta(7), ends_on=START + timedelta(8))
    actions.add_trainee(by=other.manager, class_id=other.klass.pk, **trainee())
    other.submit()
    other.review()
    asked.submit()
    asked.review()

    refused(lambda: actions.add_trainee(by=asked.manager, class_id=asked.klass.pk, **trainee()), "level-had")


def test_the_institution_signs_once(asked):
    asked.klass.commitments.all().delete()
    deed, stranger = {"class_id": asked.klass.pk, "signed_name": "王校长", "now": NOW}, foreign()
    refused(lambda: actions.commit_institution(by=stranger, **deed), kind=NotFound)
    refused(lambda: actions.commit_institution(by=asked.manager, **deed | {"signed_name": " "}), "no-name")
    signed = actions.commit_institution(by=asked.manager, **deed)
    assert (signed.signed_by, signed.text_version, last_kind()) == (asked.manager, "1", "class.committed")


def test_an_application_is_withdrawn_until_it_is_decided(asked):
    asked.submit()
    klass = actions.withdraw_class(by=asked.manager, class_id=asked.klass.pk, now=NOW)
    assert (klass.state, klass.submitted_at, klass.decide_by) == ("draft", None, None)
    asked.submit()
    refused(lambda: actions.withdraw_class(by=asked.county, class_id=asked.klass.pk, now=NOW), kind=Forbidden)
    asked.review()
    refused(lambda: actions.withdraw_class(by=asked.manager, class_id=asked.klass.pk, now=NOW))


def test_a_refused_class_is_over_and_its_places_are_free(asked):
    asked.submit()
    klass = asked.review("refuse", ticked=["plan"], remark="不符")
    assert (klass.state, klass.decided_by, klass.number) == ("refused", asked.county, None)
    assert not klass.lessons.filter(is_binding=True).exists()
    assert Review.objects.get().reasons == ["plan"]
    for move in ("approve", "return", "refuse"):
        refused(lambda move=move: asked.review(move, remark="x"))
    refused(lambda: actions.cancel_class(by=asked.manager, class_id=klass.pk, why="x", now=NOW))


@pytest.mark.parametrize(
    "account",
    [
        lambda a: (a.manager, Forbidden),
        lambda a: (foreign(), NotFound),
        lambda a: (AccountFactory(region_code="320583"), NotFound),
        lambda a: (AccountFactory(role="city-officer", region_code="320100"), Forbidden),
        lambda a: (AccountFactory(role="county-second-reviewer"), Forbidden),
    ],
)
def test_only_the_countys_reviewer_decides(asked, account):
    asked.submit()
    by, kind = account(asked)
    refused(lambda: asked.review(by=by), kind=kind)


def test_an_approval_that_a_check_stops_changes_nothing(asked):
    """What came up after the submission stops the approval (N4.1)."""
    asked.submit()
    Person.objects.filter(pk=asked.klass.enrolments.first().person_id).update(verification="mismatched")
    refused(asked.review, "identity-mismatch")


def test_the_first_officer_has_not_the_second_word():
    load_terms(class_min=2, second_review=1)
    asked = ready()
    asked.submit()
    assert asked.review().state == "reviewed"
    refused(asked.review, kind=Forbidden)
    second = AccountFactory(role="county-second-reviewer")
    TrainingClass.objects.filter(pk=asked.klass.pk).update(reviewed_by=second)
    refused(lambda: asked.review(by=second), "same-officer")


def test_a_class_runs_ends_and_is_assessed_in_its_order(asked):
    asked.submit()
    asked.review()
    by = {"by": asked.manager, "class_id": asked.klass.pk}
    refused(lambda: actions.end_class(**by, now=BEGINS))
    refused(lambda: actions.start_class(**by, now=BEGINS - timedelta(1)), "too-early")
    refused(lambda: actions.mark_assessed(class_id=asked.klass.pk))
    assert actions.start_class(**by, now=BEGINS).started_at == BEGINS
    refused(lambda: actions.start_class(**by, now=BEGINS))
    refused(lambda: actions.end_class(**by, now=BEGINS), "lessons-to-come")
    assert actions.end_class(**by, now=BEGINS + timedelta(2)).state == "ended"
    refused(lambda: actions.cancel_class(**by, why="x", now=BEGINS + timedelta(2)))
    assert actions.mark_assessed(class_id=asked.klass.pk).state == "assessed"


def test_a_reservation_is_released_once_and_for_one_person(asked):
    asked.submit()
    asked.review()
    one = queries.roster(asked.klass.pk).first()
    for moment in (NOW, NOW + timedelta(1)):
        actions.release_reservation(enrolment_id=one.pk, now=moment)
    assert list(LevelReservation.objects.exclude(released_at=None).values_list("enrolment_id", "released_at")) == [
        (one.pk, NOW)
    ]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"why": " "}, "why"),
        ({"starts_at": None}, "no-change"),
        ({"starts_at": NOW - timedelta(1)}, "past"),
    ],
)
def test_a_change_of_plan_needs_a_change_and_its_reason(asked, change, code):
    asked.submit()
    asked.review()
    lesson = asked.klass.lessons.first()
    ask = {"by": asked.manager, "lesson_id": lesson.pk, "room_id": None, "teacher_id": None, "why": "停电",
           "starts_at": BEGINS + timedelta(hours=4), "now": NOW}  # fmt: skip
    refused(lambda: actions.ask_plan_change(**ask | change), code)


def test_a_plan_is_not_asked_to_change_before_it_is_approved(asked):
    lesson = asked.klass.lessons.first()
    refused(
        lambda: actions.ask_plan_change(
            by=asked.manager, lesson_id=lesson.pk, room_id=None, teacher_id=None, why="停电",
            starts_at=BEGINS + timedelta(hours=4), now=NOW,
        ),
        "not-approved",
    )  # fmt: skip


def test_a_change_is_decided_once_by_the_county(asked):
    asked.submit()
    asked.review()
    lesson = asked.klass.lessons.order_by("starts_at").first()
    change = actions.ask_plan_change(
        by=asked.manager, lesson_id=lesson.pk, room_id=None, teacher_id=None, why="停电",
        starts_at=BEGINS + timedelta(hours=4), now=NOW,
    )  # fmt: skip
    decide = {"change_id": change.pk, "remark": "", "now": NOW}
    refused(lambda: actions.decide_plan_change(by=asked.manager, grant=True, **decide), kind=Forbidden)
    refused(
        lambda: actions.decide_plan_change(by=AccountFactory(region_code="320583"), grant=True, **decide), kind=NotFound
    )
    refused(
        lambda: actions.decide_plan_change(by=asked.county, grant=True, **decide | {"now": BEGINS}),
        "too-late-to-change",
    )
    actions.decide_plan_change(by=asked.county, grant=False, **decide)
    lesson.refresh_from_db()
    assert (lesson.starts_at, last_kind()) == (BEGINS, "class.change-decided")
    refused(lambda: actions.decide_plan_change(by=asked.county, grant=True, **decide), kind=NotFound)


def test_a_person_has_a_level_once_whatever_the_edition_of_the_classification(asked):
    """Two editions of one occupation have one identity: the later code does not open a second subsidy (N12.3)."""
    person = asked.klass.enrolments.first().person
    asked.submit()
    asked.review()
    older = OccupationFactory(code="6-04-02-05", edition=2015, identity=asked.klass.occupation.identity)
    other = ready([person], region="320104", institution=equipped(region_code="320104", occupation=older))
    TrainingClass.objects.filter(pk=other.klass.pk).update(occupation=older)
    stops, _warnings = queries.findings(queries.get(other.manager, other.klass.pk), NOW)
    assert "level-had" in [one.code for one in stops]


def test_who_signed_may_still_be_taken_off_a_draft(asked):
    one = asked.klass.enrolments.first()
    actions.commit_trainees(by=asked.manager, class_id=asked.klass.pk, enrolment_ids=[one.pk], now=NOW)
    actions.drop_trainee(by=asked.manager, enrolment_id=one.pk, why="病", now=NOW)
    assert not Enrolment.objects.filter(pk=one.pk).exists()
    assert not Commitment.objects.filter(enrolment_id=one.pk).exists()
