"""What is owed when trainees pay themselves (N16.1)."""

import pytest

from rollbook.fees import rules

TERMS = rules.Terms(before_percent=100, first_percent=50, later_percent=0, completed_percent=30, by_subsidy=True)


def standing(**values):
    wanted = {"way": "advance", "price_fen": 100_000, "share_fen": 30_000} | values
    return rules.Standing(**wanted)


class TestRules:
    @pytest.mark.parametrize(
        ("values", "owed"),
        [
            ({}, 100_000),
            ({"is_completed": True}, 70_000),  # the institution gives 30 % of an advance back
            ({"held_percent": 0}, 0),
            ({"held_percent": 1}, 50_000),
            ({"held_percent": 49}, 50_000),
            ({"held_percent": 50}, 100_000),
            ({"way": "credit"}, 0),
            ({"way": "credit", "is_completed": True}, 0),  # the subsidy was not paid yet
            ({"way": "credit", "is_completed": True, "subsidy_fen": 80_000}, 80_000),
            ({"way": "credit", "is_completed": True, "subsidy_fen": 180_000}, 100_000),
            ({"way": "credit", "held_percent": 60}, 100_000),
            ({"way": "part"}, 30_000),
            ({"way": "part", "is_completed": True}, 30_000),
            ({"way": "part", "held_percent": 10}, 15_000),
            ({"price_fen": 101, "held_percent": 10}, 50),  # the odd fen is the trainee's
        ],
    )
    def test_what_is_owed(self, values, owed):
        assert rules.owed_fen(standing(**values), TERMS) == owed

    def test_by_another_term_who_pays_on_credit_owes_the_price(self):
        terms = rules.Terms(
            before_percent=100, first_percent=50, later_percent=0, completed_percent=0, by_subsidy=False
        )  # fmt: skip
        assert rules.owed_fen(standing(way="credit", is_completed=True), terms) == 100_000

    def test_who_owes_whom(self):
        paid = {"taken_fen": 100_000, "refunded_fen": 20_000}
        assert rules.balance_fen(standing(**paid), TERMS) == 20_000
        assert rules.balance_fen(standing(**paid, held_percent=0), TERMS) == -80_000

    @pytest.mark.parametrize(
        ("price", "share", "ways", "codes"),
        [
            (0, 0, [], []),
            (100, 0, ["advance"], []),
            (100, 50, ["part", "credit"], []),
            (0, 0, ["credit"], ["price"]),
            (-1, 0, [], ["price"]),
            (100, 0, [], ["no-way"]),
            (100, 0, ["part"], ["share"]),
            (100, 100, ["part"], ["share"]),
        ],
    )
    def test_prices(self, price, share, ways, codes):
        assert [one.code for one in rules.reasons_against_price(price, share, ways)] == codes
