"""What settled alerts teach, as pure rules (B8)."""

import pytest

from rollbook.risk.rules import Precision, choices, proposed, score
from rollbook.risk.rules.learning import steps


@pytest.mark.parametrize(
    ("true", "settled", "low", "high"), [(0, 0, 0, 100), (1, 1, 21, 100), (50, 100, 40, 60), (95, 100, 89, 98)]
)
def test_the_interval_narrows_with_cases(true, settled, low, high):
    assert Precision(true, settled).interval() == (low, high)


def test_the_strictest_value_that_keeps_the_true_ones_is_proposed():
    cases = [(n, n >= 6) for n in range(1, 11)] * 3
    found = choices(cases)
    best = proposed(found, len(cases))
    assert (best.value, best.true, best.false, best.kept) == (6, 15, 0, 100)
    assert proposed(found, 5) is None, "five cases are no ground"


def test_where_less_is_worse_the_limit_lies_above_what_it_finds():
    cases = [(n, n <= 5) for n in range(1, 11)] * 3
    best = proposed(choices(cases, below=True), len(cases))
    assert (best.value, best.true, best.false) == (6, 15, 0)


def test_severity_weighs_more_than_any_money_and_money_more_than_agreement():
    assert score([3], 0) > score([2, 2, 2], 10**9)
    assert score([2], 10**7) > score([2, 2], 0) > score([2], 0)


@pytest.mark.parametrize(
    ("values", "limit", "expected"),
    [
        ([3, 4, 4], 3, [(3, 4), (4, 5)]),
        ([10, 38], 60, [(10, 15), (15, 20), (20, 25), (25, 30), (30, 35), (35, 40), (40, 45), (45, 50), (50, 55), (55, 60), (60, 65)]),
        ([5], 5, [(5, 6)]),
    ],
)  # fmt: skip
def test_the_limit_begins_a_step(values, limit, expected):
    assert steps(values, limit) == expected


def test_every_value_has_its_step_however_far_apart():
    for values in ([1, 1_000_000], [-3, 7, 900], list(range(100))):
        found = steps(values, 8)
        assert len(found) <= 15
        assert all(sum(low <= value < high for low, high in found) == 1 for value in values)
        assert 8 in {low for low, _high in found}
