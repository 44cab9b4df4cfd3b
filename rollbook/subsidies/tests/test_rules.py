"""Entitlement as tables of cases: each ground, each line, many as each (N12.2, N12.3, N13.1, B1)."""

from dataclasses import replace

import pytest

from rollbook.subsidies import rules
from rollbook.subsidies.tests.cases import SAID, counts, decided, facts

POLICY = rules.Policy(
    subsidy="training",
    document="文件",
    amounts=(rules.Amount(kind="level", level=4, amount_fen=150_000),),
    caps=(rules.Cap(limit=3, period="year"), rules.Cap(limit=9, period="ever")),
    exclusions=(rules.Excluded(exclusion="pension"), rules.Excluded(exclusion="minor")),
    instalments=(rules.Instalment(stage="certified", percent=100),),
    limits=rules.Limits(claim_days=365, insured_months=12, contract_months=12),
)


@pytest.mark.parametrize(
    ("values", "codes"),
    [
        ({}, []),
        ({"attended_percent": 80}, []),
        ({"attended_percent": 79}, ["attendance"]),
        ({"worst_day_percent": 79}, ["class-unqualified"]),
        ({"stage": "completed"}, ["not-certified"]),
        ({"stage": "employed"}, []),
        ({"is_committed": False}, ["no-commitment"]),
        ({"is_verified": False}, ["unverified"]),
        ({"same_level_had": True}, ["same-level"]),
        ({"highest_had_level": 3}, ["higher-level"]),
        ({"highest_had_level": 4}, []),
        ({"highest_had_level": 5}, []),
        ({"had_year": counts(level=2)}, []),
        ({"had_year": counts(level=2, upgrade=1)}, ["yearly-cap"]),
        ({"had_ever": counts(level=9)}, ["lifetime-cap"]),
        ({"days_since_certificate": 365}, []),
        ({"days_since_certificate": 366}, ["too-late"]),
        ({"insured_months": 11}, ["insured-months"]),
        ({"contract_months": 11}, ["contract-months"]),
        ({"excluded": 0b10}, ["is-pension"]),
        ({"excluded": 0b1010}, ["is-pension", "is-minor"]),
        ({"excluded": 0b1}, []),  # on the establishment: this policy does not exclude it
        ({"level": 5}, ["no-row"]),
        ({"kind": "special", "level": 0}, ["no-row"]),
        ({"attended_percent": 0, "is_verified": False, "had_ever": counts(level=20)},
         ["attendance", "unverified", "lifetime-cap"]),
    ],
)  # fmt: skip
def test_every_reason_is_given_and_any_of_them_bars(values, codes):
    one = decided(POLICY, **values)
    assert (one.codes, one.payable) == (codes, 0 if codes else 1500)


def test_projects_without_levels_bar_none_and_are_barred_by_none():
    policy = replace(POLICY, amounts=(rules.Amount(kind="special", amount_fen=80_000),))
    assert decided(policy, kind="special", level=0, highest_had_level=1).codes == []


def test_reasons_carry_their_clause_and_figures():
    [reason] = decided(POLICY, attended_percent=61).against
    assert (reason.clause, dict(reason.values)) == ("attendance", {"percent": 61, "least": 80})
    [reason] = decided(POLICY, had_year=counts(level=3)).against
    assert (reason.clause, dict(reason.values)) == ("文件", {"count": 3, "limit": 3})


def row(**values):
    return rules.Amount(**{"kind": "level", "amount_fen": 100} | values)


@pytest.mark.parametrize(
    ("rows", "values", "yuan"),
    [
        ([row(), row(grade="A", amount_fen=200)], {}, 2),  # a class says more than nothing
        ([row(grade="A", amount_fen=200), row(identity=6180204, amount_fen=300)], {}, 3),  # an occupation more yet
        ([row(identity=1, amount_fen=300), row(amount_fen=200)], {}, 2),  # another occupation's row
        ([row(urgency="scarce", amount_fen=500), row()], {}, 1),
        ([row(urgency="scarce", amount_fen=500), row()], {"urgency": "scarce"}, 5),
        ([row(hours=80, amount_fen=200), row(hours=120, amount_fen=300)], {"hours": 119}, 2),
        ([row(hours=80, amount_fen=200), row(hours=120, amount_fen=300)], {"hours": 120}, 3),
        ([row(hours=80, amount_fen=200)], {"hours": 79}, 0),
        ([row(level=4, amount_fen=400), row()], {"level": 3}, 1),
        ([row(grade="A", urgency="scarce", amount_fen=7), row(grade="A", level=4, amount_fen=9)], {"urgency": "scarce"}, 0.07),
    ],
)  # fmt: skip
def test_the_row_that_says_most_wins(rows, values, yuan):
    assert decided(replace(POLICY, amounts=tuple(rows)), **values).yuan == yuan


@pytest.mark.parametrize(
    ("factor", "values", "yuan"),
    [
        ({}, {}, 750),
        ({"urgency": ("scarce",)}, {}, 1500),
        ({"urgency": ("scarce",)}, {"urgency": "scarce"}, 750),
        ({"levels": (5, 3)}, {}, 1500),
        ({"levels": (5, 4)}, {}, 750),
        ({"mode": "blended"}, {}, 1500),
        ({"mode": "blended"}, {"mode": "blended"}, 750),
        ({"categories": ("disabled",)}, {}, 1500),
        ({"categories": ("rural", "disabled")}, {}, 750),
        ({"is_public_base": True}, {}, 1500),
        ({"is_public_base": True}, {"is_public_base": True}, 750),
        ({"is_starred": True}, {"is_starred": True}, 750),
        ({"kinds": ("special",)}, {}, 1500),
    ],
)
def test_a_factor_is_applied_where_all_its_conditions_hold(factor, values, yuan):
    policy = replace(POLICY, factors=(rules.Factor(name="减半", percent=50, **factor),))
    assert decided(policy, **values).yuan == yuan


def test_factors_follow_one_another_and_amounts_are_cut_not_rounded_up():
    third = rules.Factor(name="三分之一", percent=33)
    one = decided(replace(POLICY, factors=(third, third), rounding_fen=1000))
    assert [line["amount_fen"] for line in one.working] == [150_000, -101_000, -33_000]
    assert one.yuan == 160


def test_the_lists_standard_stands_in_the_tables_place():
    """The directory of the class gives the standard; what it contains is not added again (N13.1)."""
    uplift = rules.Factor(name="紧缺", percent=130, is_for_table=True)
    policy = replace(POLICY, source="list", factors=(uplift,))
    assert decided(policy, list_fen=180_000).yuan == 1800
    assert decided(policy, list_fen=-1).yuan == 1950
    assert decided(policy, list_fen=180_000, level=1).codes == []  # no row of the table is needed


@pytest.mark.parametrize(
    ("stage", "paid", "codes", "yuan"),
    [
        ("filed", 0, ["not-completed"], -0.0),
        ("completed", 0, [], 900),
        ("certified", 0, [], 1200),
        ("employed", 0, [], 1500),
        ("employed", 120_000, [], 300),
        ("certified", 120_000, [], 0),
        ("completed", 150_000, [], -600),  # more was paid than is due: to be recovered (N6.4)
    ],
)
def test_instalments_are_due_to_date_less_paid_to_date(stage, paid, codes, yuan):
    ladder = [("completed", 60), ("certified", 80), ("employed", 100)]
    policy = replace(POLICY, instalments=tuple(rules.Instalment(stage=s, percent=p) for s, p in ladder))
    one = decided(policy, stage=stage, paid_fen=paid)
    assert (one.codes, one.yuan) == (codes, yuan)


@pytest.mark.parametrize(
    ("cap", "values", "is_over"),
    [
        ({"limit": 1, "kinds": ("level",)}, {"had_year": counts(upgrade=5)}, False),
        ({"limit": 1, "kinds": ("level", "upgrade")}, {"had_year": counts(upgrade=1)}, True),
        ({"limit": 1, "kinds": ("special",)}, {"had_year": counts(special=5)}, False),  # counts no level training
        ({"limit": 1, "scope": "occupation"}, {"had_year": counts(level=5)}, False),
        ({"limit": 1, "scope": "occupation"}, {"had_occupation_year": counts(level=1)}, True),
        ({"limit": 1, "category": "student"}, {"had_year": counts(level=1)}, False),
        ({"limit": 1, "category": "student"}, {"had_year": counts(level=1), "category": "student"}, True),
    ],
)
def test_caps_count_what_they_name(cap, values, is_over):
    policy = replace(POLICY, caps=(rules.Cap(**{"period": "year"} | cap),))
    assert (decided(policy, **values).codes == ["yearly-cap"]) is is_over


def test_persons_with_a_cap_of_their_own_are_not_under_the_others():
    policy = replace(
        POLICY, caps=(rules.Cap(limit=4, period="year", category="veteran"), rules.Cap(limit=2, period="year"))
    )
    three = {"had_year": counts(level=3)}
    assert decided(policy, **three, category="veteran").codes == []
    assert decided(policy, **three).codes == ["yearly-cap"]


def test_categories_are_closed_and_need_their_proof():
    policy = replace(
        POLICY, categories=(rules.Category(category="disabled", proof="残疾人证"), rules.Category(category="rural"))
    )
    assert decided(policy, category="rural", has_proof=False).codes == []
    assert decided(policy, category="disabled", has_proof=False).codes == ["no-proof"]
    assert decided(policy, category="veteran").codes == ["not-eligible"]


def test_many_are_decided_as_each_would_be():
    rows = [
        {"attended_percent": 60 + n % 40, "level": n % 6, "had_year": counts(level=n % 5), "stage": ("certified", "completed")[n % 2]}
        for n in range(200)
    ]  # fmt: skip
    ones = [facts(**row) for row in rows]
    names = rules.Facts.__dataclass_fields__
    together = rules.Facts(**{name: [getattr(one, name)[0] for one in ones] for name in names})
    assert rules.payable_fen(together, POLICY).tolist() == [rules.payable_fen(one, POLICY).item() for one in ones]


def test_a_case_is_kept_in_words_and_heard_again():
    assert rules.said(facts(), 0) == SAID


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
