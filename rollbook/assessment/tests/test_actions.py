from datetime import UTC, date, datetime
from io import BytesIO

import pytest
from django.db import DatabaseError, transaction
from openpyxl import Workbook

from rollbook.accounts.rules import Role
from rollbook.accounts.tests.factories import AccountFactory
from rollbook.assessment import actions, queries
from rollbook.assessment.actions import Marks
from rollbook.assessment.models import Score, ScoreChange
from rollbook.assessment.rules import Result
from rollbook.classes.tests.factories import ClassFactory
from rollbook.directory.tests.factories import load_terms
from rollbook.kernel.reasons import Forbidden, NotFound, Refused
from rollbook.persons.tests.factories import number

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 20, 2, tzinfo=UTC)


@pytest.fixture
def klass():
    load_terms()
    return ClassFactory(state="ended", trainees=2)


@pytest.fixture
def manager(klass):
    return AccountFactory(role=Role.INSTITUTION_MANAGER, institution_id=klass.institution_id)


def scored(manager, klass):
    actions.plan_assessment(
        by=manager, class_id=klass.pk, held_on=date(2026, 3, 16), place="考场", assessors="甲", now=NOW
    )
    marks = {one.pk: Marks(70, 80) for one in klass.enrolments.all()}
    actions.enter_scores(by=manager, class_id=klass.pk, marks=marks, now=NOW)


def test_scores_are_entered_and_locked(manager, klass):
    """N5.1, N5.2."""
    scored(manager, klass)
    assert queries.results_of(klass.pk) == {}, "nothing counts before the lock"
    actions.lock_scores(by=manager, class_id=klass.pk, now=NOW)
    klass.refresh_from_db()
    assert klass.state == "assessed"
    assert set(queries.results_of(klass.pk).values()) == {Result.PASSED}


def test_nothing_is_locked_before_everybody_has_a_result(manager, klass):
    with pytest.raises(Refused) as refusal:
        actions.lock_scores(by=manager, class_id=klass.pk, now=NOW)
    assert {one.code for one in refusal.value.reasons} == {"not-held", "pending"}
    klass.refresh_from_db()
    assert klass.state == "ended"


def test_it_is_not_held_before_the_end(manager, klass):
    with pytest.raises(Refused, match="before-end"):
        actions.plan_assessment(
            by=manager, class_id=klass.pk, held_on=date(2026, 3, 1), place="", assessors="", now=NOW
        )


def test_a_locked_score_changes_only_by_a_second_person(manager, klass):
    """N5.2, N14.1: asked with a reason by the institution, granted by the county."""
    scored(manager, klass)
    actions.lock_scores(by=manager, class_id=klass.pk, now=NOW)
    one = klass.enrolments.first()
    with pytest.raises(Refused, match="not-to-assess"):
        actions.enter_scores(by=manager, class_id=klass.pk, marks={one.pk: Marks(99, 99)}, now=NOW)
    change = actions.ask_score_change(by=manager, enrolment_id=one.pk, theory=50, practice=80, why="登分有误", now=NOW)
    with pytest.raises(Forbidden):
        actions.decide_score_change(by=manager, change_id=change.pk, grant=True, now=NOW)
    second = AccountFactory(role=Role.COUNTY_SECOND_REVIEWER)
    actions.decide_score_change(by=second, change_id=change.pk, grant=True, now=NOW)
    assert queries.results_of(klass.pk)[one.pk] == Result.FAILED


def test_the_database_refuses_a_score_that_nobody_granted(manager, klass):
    scored(manager, klass)
    actions.lock_scores(by=manager, class_id=klass.pk, now=NOW)
    with pytest.raises(DatabaseError, match="granted request"), transaction.atomic():
        Score.objects.update(theory=100)
    assert not ScoreChange.objects.exists()


def test_another_institution_does_not_find_the_class(klass):
    other = ClassFactory(item=klass.item)
    by = AccountFactory(role=Role.INSTITUTION_MANAGER, institution_id=other.institution_id)
    with pytest.raises(NotFound):
        actions.enter_scores(by=by, class_id=klass.pk, marks={}, now=NOW)


def file(*rows, header=("身份证号", "姓名", "理论成绩", "实操成绩", "缺考")):
    book, content = Workbook(), BytesIO()
    for row in (header, *rows):
        book.worksheets[0].append(row)
    book.save(content)
    return content.getvalue()


def test_a_file_with_wrong_cells_is_refused_whole(manager, klass):
    """Row and column of every wrong cell at once, and nothing is written."""
    people = [one.person for one in klass.enrolments.select_related("person")]
    numbers = {one.pk: number(int(one.name.removeprefix("学员"))) for one in people}
    content = file(
        (numbers[people[0].pk], people[0].name, 101, 80, "否"),
        (numbers[people[1].pk], "别人", 70, 80, "否"),
        (number(9999), "没有", 70, 80, "否"),
    )
    sheet = actions.preview_scores(by=manager, class_id=klass.pk, content=content)
    assert {(one.row, one.column) for one in sheet.wrong} == {(2, "理论成绩"), (3, "姓名"), (4, "身份证号")}
    with pytest.raises(Refused):
        actions.import_scores(by=manager, class_id=klass.pk, content=content, now=NOW)
    assert not Score.objects.exists()


def test_a_right_file_is_taken(manager, klass):
    people = [one.person for one in klass.enrolments.select_related("person")]
    rows = [(number(int(one.name.removeprefix("学员"))), one.name, 70, 80, "否") for one in people]
    assert actions.import_scores(by=manager, class_id=klass.pk, content=file(*rows), now=NOW) == 2


def test_a_file_with_a_wrong_header_is_refused(manager, klass):
    with pytest.raises(Refused) as refusal:
        actions.preview_scores(by=manager, class_id=klass.pk, content=file(("x",), header=("甲",)))
    assert {one.code for one in refusal.value.reasons} == {"column-missing"}
