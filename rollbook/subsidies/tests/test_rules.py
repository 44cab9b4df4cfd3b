"""Entitlement as tables of cases: each ground, each line, the replay (N12.2, N12.3, B1)."""

import pytest

from rollbook.kernel.decisions import reasons
from rollbook.subsidies import rules

FACTS = {
    "attended_percent": 80,
    "worst_day_percent": 80,
    "has_certificate": True,
    "is_committed": True,
    "is_verified": True,
    "level": 4,
    "highest_paid_level": 9,
    "same_level_had": False,
    "paid_this_year": 0,
    "paid_ever": 0,
    "days_since_certificate": 365,
}
TERMS = {
    "amount_fen": 150_000,
    "scarce_extra_fen": 0,
    "attendance_percent": 80,
    "day_attendance_percent": 80,
    "claims_a_year": 3,
    "claims_lifetime": 9,
    "claim_days": 365,
    "list_document": "list",
    "attendance_document": "attendance",
    "caps_document": "caps",
    "days_document": "days",
}


def decided(facts, terms):
    one, other = rules.Facts.one(**FACTS | facts), rules.Terms.one(**TERMS | terms)
    codes = [reason.code for reason in reasons(rules.grounds(one, other), 0)]
    return codes, rules.payable_fen(one, other).item()


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        ({}, []),
        ({"attended_percent": 79}, ["attendance"]),
        ({"worst_day_percent": 79}, ["class-unqualified"]),
        ({"has_certificate": False}, ["no-certificate"]),
        ({"is_committed": False}, ["no-commitment"]),
        ({"is_verified": False}, ["unverified"]),
        ({"same_level_had": True}, ["same-level"]),
        ({"highest_paid_level": 3}, ["higher-level"]),
        ({"highest_paid_level": 4}, []),
        ({"highest_paid_level": 5}, []),
        ({"highest_paid_level": 1, "level": 0}, []),  # a project without levels bars and is barred by none
        ({"paid_this_year": 2}, []),
        ({"paid_this_year": 3}, ["yearly-cap"]),
        ({"paid_ever": 9}, ["lifetime-cap"]),
        ({"days_since_certificate": 366}, ["too-late"]),
        ({"attended_percent": 0, "is_verified": False, "paid_ever": 20}, ["attendance", "unverified", "lifetime-cap"]),
    ],
)
def test_every_reason_is_given_and_any_of_them_bars(facts, codes):
    assert decided(facts, {}) == (codes, 0 if codes else 150_000)


def test_the_scarce_amount_is_two_lines_that_add_up():
    facts, terms = rules.Facts.one(**FACTS), rules.Terms.one(**TERMS | {"scarce_extra_fen": 45_000})
    award = rules.award(facts, terms)
    assert [line["amount_fen"] for line in award.working(0)] == [150_000, 45_000]
    assert award.amount_fen.item() == 195_000


def test_reasons_carry_their_clause_and_figures():
    facts, terms = rules.Facts.one(**FACTS | {"attended_percent": 61}), rules.Terms.one(**TERMS)
    [reason] = reasons(rules.grounds(facts, terms), 0)
    assert (reason.clause, dict(reason.values)) == ("attendance", {"percent": 61, "least": 80})


def test_many_are_decided_as_each_would_be():
    rows = [FACTS | {"attended_percent": n, "paid_this_year": n % 5} for n in range(60, 100)]
    columns = {name: [row[name] for row in rows] for name in FACTS}
    terms = rules.Terms(**{name: [value] * len(rows) for name, value in TERMS.items()})
    together = rules.payable_fen(rules.Facts(**columns), terms).tolist()
    assert together == [decided(row, {})[1] for row in rows]


S, M = rules.State, rules.Move


def test_nothing_is_paid_without_both_reviews_and_publicity():
    """Every way from filed to paid leads through both reviews, publicity and a batch (N14.1)."""
    for dropped in ({M.PASS_FIRST}, {M.PASS_SECOND}, {M.FINISH_PUBLICITY}, {M.BATCH}):
        reached, fresh = {S.FILED}, {S.FILED}
        while fresh:
            fresh = {to for (a, move), to in rules.LIFECYCLE.moves.items() if a in fresh and move not in dropped}
            fresh -= reached
            reached |= fresh
        assert S.PAID not in reached
