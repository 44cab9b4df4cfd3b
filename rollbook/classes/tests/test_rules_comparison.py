"""What was asked beside what was found: each reason marks exactly one row (N4.1, N4.2)."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from rollbook.classes.rules import application
from rollbook.classes.rules.application import reasons_against
from rollbook.classes.rules.comparison import compare
from rollbook.classes.tests.test_rules_application import GOOD, TERMS, lesson, trainee
from rollbook.regions.rules import WorkingDays

CALENDAR = WorkingDays({})


def rows(facts, stops=()):
    return list(compare(facts, TERMS, CALENDAR, set(stops), project="焊工 · 4", institution="金陵"))


def test_a_class_in_order_has_rows_in_order():
    found = rows(GOOD)
    assert [(one.stops, one.looks) for one in found] == [(False, False)] * len(found)
    assert {one.label: str(one.found) for one in found}["Dates"] == "Applied for 10 working days ahead; at least 5"


@pytest.mark.parametrize("code", sorted(set(re.findall(r'reason\("([a-z-]+)"', Path(application.__file__).read_text(
    encoding="utf-8"))) - {"unverified", "unsigned", "old"} | {"room-taken", "teacher-taken"}))  # fmt: skip
def test_each_reason_marks_one_row(code):
    assert sum(one.stops for one in rows(GOOD, [code])) == 1


@pytest.mark.parametrize(
    ("change", "label", "said"),
    [
        ({"starts_on": None}, "Dates", "At least 5 working days ahead"),
        ({"lessons": []}, "Hours", "The directory asks for 8 h, 60 % practice"),
        ({"item_hours": None}, "Project", "Not in the directory in force"),
        ({"project_in_list": False}, "Project", "Not in the directory in force"),
        ({"institution_listed": False}, "Institution", "Not in the directory of institutions"),
        ({"project_permitted": False}, "Institution", "Listed; this project is not permitted on these dates"),
        ({"restrictions": ["x"]}, "Institution", "Listed, project permitted; papers lacking: 0, restrictions: 1"),
        ({"lessons": [lesson(taken_room="x")]}, "Rooms", "Smallest room: 30 seats; lessons where a room is taken: 1"),
        ({"lessons": [lesson(teacher_qualified=False)]}, "Teachers",
         "0 of 1 qualified; lessons where one teaches elsewhere: 0"),
        ({"trainees": []}, "Class size", "2 to 3 in a class"),
        ({"trainees": [trainee(verification="mismatched")]}, "Identities",
         "0 verified, 0 waiting, 1 that do not match"),
        ({"has_commitment": False}, "Papers of the class",
         "Commitment of the institution not signed; of the trainees 2 of 2"),
    ],
)  # fmt: skip
def test_what_was_found_is_said_with_its_figures(change, label, said):
    facts = replace(GOOD, **change)
    found = rows(facts, [one.code for one in reasons_against(facts, TERMS, CALENDAR)])
    assert str(next(one.found for one in found if one.label == label)) == said


@pytest.mark.parametrize("who", [trainee(verification="pending"), trainee(age=60), trainee(signed=False)])
def test_what_an_officer_should_look_at_is_marked(who):
    found = rows(replace(GOOD, trainees=[trainee(), who]))
    assert sum(one.looks for one in found) == 1
    assert not any(one.stops for one in found)


def test_a_room_taken_for_many_lessons_is_one_reason():
    busy = [lesson(n, taken_room="别班", taken_teacher=application.ELSEWHERE) for n in range(2)]
    found = [str(one) for one in reasons_against(replace(GOOD, lessons=busy), TERMS, CALENDAR)]
    assert found == [
        "Room A is taken by 别班: 2 lessons, the first on 2026-03-16.",
        "王 teaches for another institution at the same time: 2 lessons, the first on 2026-03-16.",
    ]
