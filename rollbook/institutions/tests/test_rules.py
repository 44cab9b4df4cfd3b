"""What stands against an institution (N2.1, N2.2, N4.4, N10.1), as tables."""

from datetime import date, timedelta

import pytest

from rollbook.institutions.rules import (
    CHECKLIST,
    LIFECYCLE,
    REQUIRED_PAPERS,
    Application,
    Move,
    State,
    covers_all,
    reasons_against_application,
    reasons_against_listing,
    reasons_against_uscc,
)
from rollbook.kernel.reasons import Refused

COMPLETE = {
    "sites": 1, "seats": 40, "equipment": 1, "teachers": 4, "full_time": 1, "papers": list(REQUIRED_PAPERS),
    "projects": ["焊工 4"], "teachers_by_project": {"焊工 4": 2},
}  # fmt: skip


@pytest.mark.parametrize(
    ("code", "codes"),
    [
        ("91350100M000100Y43", []),  # the example of GB 32100-2015
        ("91350100m000100y43", []),
        (" 91350100M000100Y43 ", []),
        ("91350100M000100Y44", ["uscc-check"]),
        ("91350100M000100Y4", ["uscc-form"]),
        ("91350100M000100Y433", ["uscc-form"]),
        ("9135O100M000100Y43", ["uscc-form"]),
        ("", ["uscc-form"]),
    ],
)
def test_uscc(code, codes):
    """N2.1."""
    assert [one.code for one in reasons_against_uscc(code)] == codes


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        ({}, []),
        ({"sites": 0}, ["no-rooms"]),
        ({"seats": 0}, ["no-rooms"]),
        ({"equipment": 0}, ["no-equipment"]),
        ({"projects": [], "teachers_by_project": {}}, ["no-projects"]),
        ({"papers": REQUIRED_PAPERS[1:]}, ["paper-missing"]),
        ({"papers": []}, ["paper-missing"] * 4),
        ({"teachers_by_project": {"焊工 4": 1}}, ["too-few-teachers"]),
        ({"teachers_by_project": {}}, ["too-few-teachers"]),
        ({"full_time": 0}, ["too-few-full-time"]),
        ({"teachers": 5}, ["too-few-full-time"]),
        ({"teachers": 0, "full_time": 0, "teachers_by_project": {}}, ["too-few-teachers"]),
        (
            {"sites": 0, "equipment": 0, "papers": [], "full_time": 0},
            ["no-rooms", "no-equipment", *["paper-missing"] * 4, "too-few-full-time"],
        ),
    ],
)
def test_all_that_is_missing_is_told_at_once(change, codes):
    """N2.1, N2.2, N10.1."""
    found = list(reasons_against_application(Application(**COMPLETE | change), teachers_least=2, full_time_percent=25))
    assert [one.code for one in found] == codes
    assert all(one.clause and str(one) for one in found)


@pytest.mark.parametrize(
    ("passed", "confirmed", "missing", "codes"),
    [
        (True, True, [], []),
        (None, False, [], ["no-visit"]),
        (False, True, [], ["visit-failed"]),
        (True, False, [], ["visit-unconfirmed"]),
        (True, True, ["fire"], ["paper-missing"]),
        (None, False, ["fire", "health"], ["no-visit", "paper-missing", "paper-missing"]),
    ],
)
def test_an_institution_is_listed_after_a_visit_of_two(passed, confirmed, missing, codes):
    """N4.4."""
    found = reasons_against_listing(visit_passed=passed, visit_confirmed=confirmed, papers_missing=missing)
    assert [one.code for one in found] == codes


FIRST = date(2026, 3, 2)


@pytest.mark.parametrize(
    ("periods", "covered"),
    [
        ([(0, 10)], True),
        ([(-5, 20)], True),
        ([(0, 9)], False),  # ends a day early
        ([(1, 20)], False),  # begins a day late
        ([(0, 5), (5, 10)], True),  # renewed without a gap
        ([(5, 10), (0, 5)], True),
        ([(0, 5), (6, 10)], False),  # a day without paper
        ([(0, 8), (2, 4), (7, 12)], True),
        ([], False),
    ],
)
def test_papers_cover_every_day_of_a_class(periods, covered):
    """N2.2: ten days from the first; a renewal counts with what it renews."""
    days = [(FIRST + timedelta(begins), FIRST + timedelta(ends)) for begins, ends in periods]
    assert covers_all(days, FIRST, FIRST + timedelta(9)) is covered


@pytest.mark.parametrize(
    ("state", "move"),
    [(State.DRAFT, Move.APPROVE), (State.APPLIED, Move.APPROVE), (State.LISTED, Move.APPLY), (State.REMOVED, Move.APPLY),
     (State.REFUSED, Move.APPROVE), (State.REMOVED, Move.REMOVE)],
)  # fmt: skip
def test_no_step_is_skipped(state, move):
    with pytest.raises(Refused):
        LIFECYCLE.after(state, move)


def test_the_checklist_asks_for_what_the_law_asks():
    assert {"fire", "rooms", "equipment", "teachers"} <= set(CHECKLIST)
