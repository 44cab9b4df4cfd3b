"""Each reason against a class, alone (N4.2, N3.7, N12.3)."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from rollbook.classes.rules.application import Facts, LessonFacts, TraineeFacts, bars, reasons_against, warnings
from rollbook.classes.rules.states import LessonKind
from rollbook.regions.rules import WorkingDays

DAY = date(2026, 3, 16)


class Figures(dict):
    def document(self, key):
        return f"document of {key}"


TERMS = Figures({"apply-days-ahead": 5, "class-min": 2, "class-max": 3, "hours-per-day": 8, "min-age": 16})


def lesson(day=0, **values):
    starts = datetime(2026, 3, 16, 1, tzinfo=UTC) + timedelta(day)
    base = {
        "day": DAY + timedelta(day), "starts_at": starts, "ends_at": starts + timedelta(hours=3), "hours": 4,
        "is_practice": True, "room": "A", "seats": 30, "teacher": "王", "teacher_qualified": True,
    }  # fmt: skip
    return LessonFacts(**base | values)


def trainee(**values):
    return TraineeFacts(**{"name": "张", "age": 30, "verification": "matched"} | values)


GOOD = Facts(
    submitted_on=date(2026, 3, 2), starts_on=DAY, ends_on=DAY + timedelta(1), level="4", item_hours=8,
    item_practice_percent=60, capacity=10, lessons=[lesson(), lesson(1)], trainees=[trainee(), trainee()],
)  # fmt: skip


def test_a_class_in_order_has_nothing_against_it():
    assert list(reasons_against(GOOD, TERMS, WorkingDays({}))) == []
    assert list(warnings(GOOD)) == []


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        ({"starts_on": None}, ["no-dates"]),
        ({"submitted_on": date(2026, 3, 10)}, ["too-late"]),
        ({"submitted_on": date(2026, 3, 9)}, []),
        ({"ends_on": DAY}, ["lesson-outside"]),
        ({"institution_listed": False}, ["not-listed"]),
        ({"project_permitted": False}, ["not-permitted"]),
        ({"project_in_list": False}, ["not-in-list"]),
        ({"restrictions": ["rectification", "suspension"]}, ["restricted", "restricted"]),
        ({"papers_lacking": [LessonKind.THEORY]}, ["paper-lacking"]),
        ({"others_in_training": 8}, []),
        ({"others_in_training": 9}, ["over-capacity"]),
        ({"item_hours": None}, ["no-project"]),
        ({"lessons": []}, ["no-lessons"]),
        ({"item_hours": 9}, ["too-few-hours"]),
        ({"lessons": [lesson(), lesson(1, is_practice=False)]}, ["too-little-practice"]),
        ({"lessons": [lesson(hours=9)]}, ["long-day"]),
        ({"lessons": [lesson(seats=1), lesson(1, seats=1)]}, ["too-few-seats"]),
        ({"lessons": [lesson(teacher_qualified=False), lesson(1)]}, ["teacher-unqualified"]),
        ({"lessons": [lesson(taken_room="x"), lesson(1, taken_teacher="y")]}, ["room-taken", "teacher-taken"]),
        ({"lessons": [lesson(), lesson()]}, ["plan-overlaps"]),
        ({"trainees": [trainee()]}, ["class-size"]),
        ({"trainees": [trainee()] * 4}, ["class-size"]),
        ({"trainees": [trainee(), trainee(age=15)]}, ["too-young"]),
        ({"trainees": [trainee(), trainee(verification="mismatched")]}, ["identity-mismatch"]),
        ({"trainees": [trainee(), trainee(overlaps=["KB1"])]}, ["trainee-taken"]),
        ({"trainees": [trainee(), trainee(levels=["3"])]}, ["level-had"]),
        ({"trainees": [trainee(), trainee(levels=["5"])]}, []),
        ({"has_resources": False}, ["no-resources"]),
        ({"has_assessment_plan": False}, ["no-assessment-plan"]),
        ({"head": " "}, ["no-head"]),
        ({"has_commitment": False}, ["no-commitment"]),
        ({"has_commitment": False, "head": "", "lessons": []}, ["no-lessons", "no-head", "no-commitment"]),
    ],
)
def test_reasons(change, codes):
    found = list(reasons_against(replace(GOOD, **change), TERMS, WorkingDays({})))

    assert [one.code for one in found] == codes
    assert all(one.clause and str(one) for one in found)


@pytest.mark.parametrize(
    ("who", "codes"),
    [
        (trainee(verification="pending"), ["unverified"]),
        (trainee(signed=False), ["unsigned"]),
        (trainee(age=60), ["old"]),
        (trainee(age=59), []),
    ],
)
def test_warnings_stop_nothing(who, codes):
    facts = replace(GOOD, trainees=[trainee(), who])

    assert [one.code for one in warnings(facts)] == codes
    assert list(reasons_against(facts, TERMS, WorkingDays({}))) == []


@pytest.mark.parametrize(
    ("had", "wanted", "barred"),
    [("4", "4", True), ("3", "4", True), ("1", "5", True), ("5", "4", False), ("0", "0", True), ("0", "4", False),
     ("4", "0", False)],
)  # fmt: skip
def test_the_same_or_a_higher_level_bars(had, wanted, barred):
    """A higher certificate bars a lower one, never the other way round (N12.3)."""
    assert bars(had, wanted) is barred
