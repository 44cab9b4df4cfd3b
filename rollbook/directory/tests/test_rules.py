"""Why a project may not stand on a list as it is (N1.1, N1.2, N13.1), as a table."""

from dataclasses import replace

import pytest

from rollbook.directory.rules import LISTS, ListMove, ListState, Project, difference, reasons_against_project
from rollbook.kernel.reasons import Refused

UPPER = Project(key=("level", "6-18-02-04", "4"), name="焊工", hours=56, practice_percent=60, amount_fen=150_000)


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        ({}, []),
        ({"hours": 55}, ["item-hours"]),
        ({"hours": 80}, []),
        ({"hours": 0}, ["item-figures", "item-hours"]),
        ({"practice_percent": 59}, ["item-practice"]),
        ({"practice_percent": 101}, ["item-figures"]),
        ({"amount_fen": 195_000}, []),
        ({"amount_fen": 195_001}, ["item-amount"]),
        ({"amount_fen": 105_000}, []),
        ({"amount_fen": 104_999}, ["item-amount"]),
        ({"scarce_amount_fen": 150_000}, []),
        ({"scarce_amount_fen": 149_999}, ["scarce-below"]),
        ({"key": ("level", "6-18-02-04", "0")}, ["level-missing"]),
        ({"key": ("completion", "6-18-02-04", "4")}, ["level-unknown"]),
        ({"hours": 10, "practice_percent": 10, "amount_fen": 1}, ["item-hours", "item-practice", "item-amount"]),
    ],
)
def test_within_the_upper_lists_limits(change, codes):
    found = list(reasons_against_project(replace(UPPER, **change), UPPER, 30))
    assert [one.code for one in found] == codes
    assert all(str(one) for one in found)


def test_what_the_upper_list_does_not_have_is_free_in_its_figures():
    assert list(reasons_against_project(replace(UPPER, hours=8, amount_fen=1), None, 30)) == []


def test_a_new_version_shows_what_it_adds_drops_and_changes():
    """N1.3."""
    other = replace(UPPER, key=("level", "6-18-01-01", "4"))
    dearer = replace(UPPER, amount_fen=160_000)
    found = difference({UPPER.key: UPPER, other.key: other}, {UPPER.key: dearer})
    assert found == {"added": [], "dropped": [(other, None)], "changed": [(UPPER, dearer)]}


@pytest.mark.parametrize("state", [ListState.DRAFT, ListState.SUBMITTED, ListState.PUBLISHED])
def test_nothing_is_published_that_finance_has_not_agreed(state):
    with pytest.raises(Refused):
        LISTS.after(state, ListMove.PUBLISH)
