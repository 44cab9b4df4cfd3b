"""Worked cases at the edges of the rules (N12.3, N13.1, N6.4): what is one hour, day, fen or award from another answer."""

from dataclasses import replace
from datetime import date

import pytest

from rollbook.subsidies import rules
from rollbook.subsidies.tests.cases import counts, decided, shipped

TIANJIN = shipped("120000", "training")
JIANGSU = replace(shipped("320000", "training"), source="table")
WELD = {"grade": "", "urgency": "very-scarce"}
LADDER = (
    rules.Instalment(stage="completed", percent=60),
    rules.Instalment(stage="certified", percent=80),
    rules.Instalment(stage="employed", percent=100),
)


@pytest.mark.parametrize(
    ("hours", "yuan", "codes"),
    [(79, 0, ["no-row"]), (80, 2160, []), (81, 2160, []), (119, 2160, []), (120, 3240, []), (121, 3240, [])],
)
def test_tiers_of_hours(hours, yuan, codes):
    one = decided(TIANJIN, **WELD, hours=hours)
    assert (one.payable, one.codes) == (yuan, codes)


@pytest.mark.parametrize(
    ("level", "urgency", "yuan"),
    [
        (5, "very-scarce", 2128), (4, "very-scarce", 2268), (3, "very-scarce", 2646), (2, "very-scarce", 2898),
        (1, "very-scarce", 3024), (5, "scarce", 1915.2), (4, "scarce", 2041.2), (3, "scarce", 2381.4),
        (2, "scarce", 2898), (5, "fairly-scarce", 1702.4), (3, "fairly-scarce", 2116.8), (1, "fairly-scarce", 3024),
    ],
)  # fmt: skip
def test_blended_at_each_level(level, urgency, yuan):
    assert decided(TIANJIN, grade="", level=level, urgency=urgency, mode="blended").payable == yuan


@pytest.mark.parametrize(
    ("stage", "paid", "yuan"),
    [
        ("completed", 0, 1944), ("certified", 0, 2592), ("employed", 0, 3240),
        ("certified", 194_400, 648), ("employed", 194_400, 1296), ("employed", 259_200, 648), ("employed", 324_000, 0),
        ("completed", 259_200, -648), ("certified", 324_000, -648),
    ],
)  # fmt: skip
def test_instalments_of_60_80_100_and_what_was_paid(stage, paid, yuan):
    """Due in all at the stage, less what was had; below nothing is to be recovered."""
    assert decided(replace(TIANJIN, instalments=LADDER), **WELD, stage=stage, paid_fen=paid).yuan == yuan


def test_before_the_first_instalment_nothing_is_due():
    one = decided(replace(TIANJIN, instalments=LADDER), **WELD, stage="filed")
    assert (one.codes, one.yuan) == (["not-completed"], 0)


@pytest.mark.parametrize(
    ("stage", "paid", "yuan"),
    [
        ("filed", 0, 2500),  # half is paid in advance
        ("certified", 250_000, 2500),  # the rest at the end
        ("completed", 250_000, -2500),  # finished without certificate: Fujian pays for those alone who have it
        ("dropped", 250_000, -2500),  # left before the end: what was paid in advance comes back
        ("dropped", 0, 0),
    ],
)
def test_an_apprentice_of_fujian_at_every_end(stage, paid, yuan):
    policy = shipped("350000", "apprentice")
    assert decided(policy, kind="apprentice", grade="", level=4, units=1, stage=stage, paid_fen=paid).yuan == yuan


def test_an_apprentice_of_tianjin_who_finished_keeps_the_half():
    policy, one = shipped("120000", "apprentice"), {"kind": "apprentice", "grade": "", "level": 4, "units": 1}
    kept = decided(policy, **one, stage="completed", paid_fen=250_000)
    assert (kept.yuan, kept.codes) == (0, [])
    assert decided(policy, **one, stage="dropped", paid_fen=250_000).yuan == -2500


@pytest.mark.parametrize(
    ("certified", "dropped", "yuan"), [(20, 0, 50_000), (15, 5, 25_000), (10, 10, 0), (5, 15, -25_000)]
)
def test_recoveries_of_an_employer_are_netted_by_number(certified, dropped, yuan):
    policy, one = shipped("350000", "apprentice"), {"kind": "apprentice", "grade": "", "level": 4, "paid_fen": 250_000}
    good, bad = (decided(policy, **one, stage=stage).yuan for stage in ("certified", "dropped"))
    assert certified * good + dropped * bad == yuan


@pytest.mark.parametrize(
    ("had", "category", "is_over"),
    [
        (counts(level=1), "rural", False), (counts(level=2), "rural", True), (counts(level=1, special=1), "rural", True),
        (counts(evaluation=5), "rural", False), (counts(living=3), "rural", False), (counts(), "student", False),
        (counts(level=1), "student", True), (counts(evaluation=1), "student", False),
    ],
)  # fmt: skip
def test_tianjin_counts_two_a_year_and_students_apart(had, category, is_over):
    assert (decided(TIANJIN, **WELD, category=category, had_year=had).codes == ["yearly-cap"]) is is_over


@pytest.mark.parametrize(
    ("year", "ever", "codes"),
    [
        (0, 2, []), (0, 3, ["lifetime-cap"]), (2, 2, []), (3, 3, ["lifetime-cap", "yearly-cap"]), (0, 4, ["lifetime-cap"]),
    ],
)  # fmt: skip
def test_jiangsu_counts_three_in_all_and_three_a_year(year, ever, codes):
    one = decided(JIANGSU, hours=56, had_year=counts(level=year), had_ever=counts(level=ever))
    assert one.codes == codes


def test_the_year_counts_what_the_unemployment_fund_paid_and_the_life_does_not():
    had = {"had_year": counts(upgrade=3), "had_ever": counts(upgrade=3)}
    assert decided(JIANGSU, hours=56, **had).codes == ["yearly-cap"]


def capped(**values):
    return replace(JIANGSU, caps=(rules.Cap(**values),))


@pytest.mark.parametrize(
    ("cap", "facts", "is_over"),
    [
        ({"limit": 1, "period": "year", "fund": "unemployment"}, {"had_fund_year": [5, 0, 0]}, False),
        ({"limit": 1, "period": "year", "fund": "unemployment"}, {"had_fund_year": [0, 1, 0]}, True),
        ({"limit": 2, "period": "ever", "fund": "special"}, {"had_fund_ever": [9, 9, 1]}, False),
        ({"limit": 2, "period": "ever", "fund": "special"}, {"had_fund_ever": [0, 0, 2]}, True),
        ({"limit": 2, "period": "ever", "fund": "special"}, {"had_fund_year": [0, 0, 2]}, False),
        ({"limit": 1, "period": "year", "scope": "occupation"}, {"had_year": counts(level=2)}, False),
        ({"limit": 1, "period": "year", "scope": "occupation"}, {"had_occupation_year": counts(level=1)}, True),
        ({"limit": 1, "period": "ever", "scope": "occupation"}, {"had_occupation_ever": counts(level=1)}, True),
        ({"limit": 1, "period": "year", "kinds": ("special",)}, {"had_year": counts(special=1)}, False),
        ({"limit": 1, "period": "year", "kinds": ("level",)}, {"had_year": counts(special=1)}, False),
        ({"limit": 1, "period": "year", "kinds": ("level",)}, {"had_year": counts(level=1)}, True),
        ({"limit": 1, "period": "year", "category": "veteran"}, {"had_year": counts(level=9)}, False),
        ({"limit": 1, "period": "year", "category": "rural"}, {"had_year": counts(level=1)}, True),
    ],
)
def test_caps_by_fund_occupation_kind_and_category(cap, facts, is_over):
    assert bool(decided(capped(**cap), hours=56, **facts).codes) is is_over


@pytest.mark.parametrize(
    ("since", "today", "months"),
    [
        ("2025-03-20", "2025-03-20", 0), ("2025-03-20", "2025-03-21", 1), ("2025-03-20", "2025-04-20", 1),
        ("2025-03-20", "2026-03-20", 12), ("2025-03-20", "2026-03-21", 13), ("2024-02-29", "2025-02-28", 12),
        ("2024-02-29", "2025-03-01", 13), ("2023-02-28", "2024-02-28", 12), ("2023-02-28", "2024-02-29", 13),
        ("2025-12-31", "2026-01-01", 1), ("2025-08-31", "2026-02-28", 6), ("2025-08-31", "2026-03-01", 7),
    ],
)  # fmt: skip
def test_months_end_on_the_same_day_or_the_last(since, today, months):
    assert rules.months_begun(date.fromisoformat(since), date.fromisoformat(today)) == months


@pytest.mark.parametrize(("months", "codes"), [(12, []), (13, ["too-late"])])
def test_a_claim_within_twelve_months(months, codes):
    policy = replace(JIANGSU, limits=rules.Limits(claim_months=12))
    assert decided(policy, hours=56, months_since_certificate=months, days_since_certificate=366).codes == codes


@pytest.mark.parametrize(("days", "yuan"), [(0, 0), (1, 30), (29, 870), (30, 900), (31, 900), (60, 900)])
def test_a_living_allowance_by_day_attended_up_to_thirty(days, yuan):
    amounts = (rules.Amount(kind="living", unit="day", amount_fen=3_000, most_units=30),)
    policy = rules.Policy(
        subsidy="living", document="文件", amounts=amounts, caps=(rules.Cap(limit=1, period="year", kinds=("living",)),)
    )
    one = {"kind": "living", "grade": "", "level": 0, "identity": 0}
    assert decided(policy, **one, units=days).yuan == yuan
    assert decided(policy, **one, units=days, had_year=counts(living=1)).codes == ["yearly-cap"]


@pytest.mark.parametrize(
    ("rounding", "percent", "yuan"),
    [(1, 33, 1069.2), (100, 33, 1069), (1000, 33, 1060), (10_000, 33, 1000), (1, 77, 2494.8)],
)
def test_amounts_are_cut_to_whole_multiples_and_never_rounded_up(rounding, percent, yuan):
    factor = rules.Factor(name="系数", percent=percent)
    assert decided(replace(TIANJIN, factors=(factor,), rounding_fen=rounding), **WELD).yuan == yuan


@pytest.mark.parametrize(
    ("kind", "values", "codes"),
    [
        ("living", {"same_level_had": True}, []),  # those have caps of their own
        ("safety", {"same_level_had": True}, []),
        ("evaluation", {"same_level_had": True}, ["same-level"]),
        ("evaluation", {"highest_had_level": 3}, ["higher-level"]),
        ("upgrade", {"highest_had_level": 4}, []),
        ("upgrade", {"highest_had_level": 3}, ["higher-level"]),
        ("special", {"highest_had_level": 1}, []),
        ("special", {"same_level_had": True}, ["same-level"]),
    ],
)
def test_never_twice_by_kind(kind, values, codes):
    policy = rules.Policy(
        subsidy=kind if kind != "special" else "training",
        document="文件",
        amounts=(rules.Amount(kind=kind, amount_fen=100),),
    )
    level = 4 if kind in ("evaluation", "upgrade") else 0
    assert decided(policy, kind=kind, level=level, grade="", **values).codes == codes


@pytest.mark.parametrize(
    ("category", "has_proof", "codes", "payee", "has_payee"),
    [
        ("rural", True, [], "person", False), ("rural", False, ["no-proof"], "person", False),
        ("employee", False, ["payee"], "employer", False), ("employee", False, [], "employer", True),
        ("student", True, [], "institution", True), ("veteran", True, ["not-eligible"], "person", False),
    ],
)  # fmt: skip
def test_categories_their_proof_and_their_payee(category, has_proof, codes, payee, has_payee):
    """Tianjin pays the employer for employees, the institution for students, else the person (N16.2, domain 1.2)."""
    categories = (
        rules.Category(category="rural", proof="户口簿"),
        rules.Category(category="employee", payee="employer"),
        rules.Category(category="student", proof="学籍", payee="institution"),
    )
    policy = replace(JIANGSU, categories=categories)
    assert decided(policy, hours=56, category=category, has_proof=has_proof, has_payee=has_payee).codes == codes
    assert policy.payee_of(category) == payee


# What is odd but lawful is shown, not refused


def doubts(**changes):
    return [one.code for one in rules.doubts_about(replace(JIANGSU, **changes))]


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({}, []),
        ({"factors": (rules.Factor(name="夜班", percent=110, kinds=("living",)),)}, ["idle-factor"]),
        ({"factors": (rules.Factor(name="夜班", percent=110, kinds=("level",)),)}, []),
        ({"amounts": (rules.Amount(kind="level", level=4, amount_fen=1),), "factors": (rules.Factor(name="高级", percent=110, levels=(3,)),)}, ["idle-factor"]),
        ({"categories": (rules.Category(category="rural"),), "factors": (rules.Factor(name="残疾", percent=110, categories=("disabled",)),)}, ["idle-factor"]),
        ({"categories": (rules.Category(category="rural"),), "caps": (rules.Cap(limit=1, period="year", category="student"),)}, ["idle-cap"]),
        ({"caps": (rules.Cap(limit=3, period="year"), rules.Cap(limit=2, period="ever"))}, ["idle-cap"]),
        ({"caps": (rules.Cap(limit=2, period="year"), rules.Cap(limit=3, period="ever"))}, []),
        ({"caps": (rules.Cap(limit=2, period="year", fund="special", kinds=("level",)),)}, ["fund-cap"]),
        ({"instalments": (rules.Instalment(stage="completed", percent=80),)}, ["never-whole"]),
        ({"limits": rules.Limits(claim_days=30, claim_months=12)}, ["two-limits"]),
        ({"amounts": (rules.Amount(kind="level", level=4, hours=80, amount_fen=9), rules.Amount(kind="level", level=4, hours=120, amount_fen=8)), "factors": ()}, ["tiers"]),
        ({"amounts": (rules.Amount(kind="level", level=4, amount_fen=9), rules.Amount(kind="level", level=4, urgency="scarce", amount_fen=8)), "factors": ()}, ["urgency"]),
    ],
)  # fmt: skip
def test_doubts(changes, codes):
    assert doubts(**changes) == codes


def test_no_shipped_policy_is_doubtful():
    for region, subsidy, day in (("320000", "training", "2023-06-01"), ("320200", "training", "2023-06-01"), ("120000", "training", "2023-06-01"),
                                 ("120000", "apprentice", "2023-06-01"), ("630000", "training", "2023-06-01"), ("500000", "training", "2020-06-01")):  # fmt: skip
        assert [one.code for one in rules.doubts_about(shipped(region, subsidy, day))] == []
