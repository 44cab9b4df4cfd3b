"""The shipped policies of real regions on the worked cases of the field (N13.1, N12.3, N6.4)."""

import json
from dataclasses import replace

import pytest

from rollbook.subsidies import rules
from rollbook.subsidies.tests.cases import DATA, counts, decided, identified, shipped

TIANJIN, JIANGSU = "120000", "320000"
TRAINING = shipped(TIANJIN, "training")
FEES = shipped(TIANJIN, "evaluation", "2025-01-01")


def fee(level: int, grade: str = "A") -> float:
    return decided(FEES, kind="evaluation", level=level, grade=grade).payable


def trained(**values) -> float:
    return decided(TRAINING, grade="", **{"urgency": "very-scarce"} | values).payable


# The worked cases, by their names


def test_welder_level_4_120_hours_offline_tianjin_very_scarce():
    assert (trained(), fee(4), trained() + fee(4)) == (3240, 350, 3590)


def test_same_blended():
    assert (trained(mode="blended"), fee(4)) == (2268, 350)


def test_same_in_the_fairly_scarce_list():
    assert (trained(urgency="fairly-scarce"), fee(4)) == (2592, 350)


@pytest.mark.parametrize("urgency", ["very-scarce", "scarce", "fairly-scarce"])
def test_welder_level_2_any_scarcity(urgency):
    assert (trained(level=2, urgency=urgency), fee(2)) == (4140, 520)


def test_public_base_institution_plus_25_percent():
    assert (trained(is_public_base=True), fee(4)) == (4050, 350)


def test_jiangsu_class_a_level_3_scarce_by_the_provincial_rule():
    policy = replace(shipped(JIANGSU, "training"), source="table")
    assert decided(policy, level=3, urgency="scarce", hours=56).payable == 2600


def test_field_system_passed_without_the_certificate_flag():
    ladder = (rules.Instalment(stage="completed", percent=80), rules.Instalment(stage="certified", percent=100))
    policy = replace(TRAINING, instalments=ladder)
    one = {"grade": "", "urgency": "very-scarce"}
    assert decided(policy, **one, stage="completed").payable == 0.8 * decided(policy, **one).payable


@pytest.mark.parametrize(("hours", "yuan"), [(50, 500), (60, 600), (70, 600)])
def test_taian_special_ability(hours, yuan):
    policy = shipped("370900", "training")
    assert decided(policy, kind="special", level=0, grade="", units=hours).payable == yuan


def test_apprentices_fujian_20_level_4_prepaid_15_certified():
    """Pre-paid 50 000; due 75 000 at the end; the balance of 25 000 nets 12 500 to be recovered."""
    policy = shipped("350000", "apprentice")
    one = {"kind": "apprentice", "grade": "", "units": 1}
    prepaid = 20 * decided(policy, **one, stage="filed").yuan
    passed = 15 * decided(policy, **one, stage="certified", paid_fen=250_000).yuan
    failed = 5 * decided(policy, **one, stage="completed", paid_fen=250_000).yuan
    assert (prepaid, 15 * decided(policy, **one).yuan) == (50_000, 75_000)
    assert (passed, failed, passed + failed) == (37_500, -12_500, 25_000)


def test_paid_level_3_in_may_applies_for_level_4_in_june():
    assert decided(TRAINING, grade="", urgency="scarce", highest_had_level=3).codes == ["higher-level"]


@pytest.mark.parametrize(
    ("day", "document"), [("2026-04-30", "天津市 2024 年目录"), ("2026-05-01", "天津市 2026 年目录")]
)
def test_tianjin_class_starting_either_side_of_the_first_of_may(day, document):
    policy = shipped(TIANJIN, "evaluation", day)
    assert (policy.document, policy.selector) == (document, "start")


# Edges of the tables


@pytest.mark.parametrize(
    ("values", "yuan"),
    [
        ({"level": 5}, 3040), ({"level": 4}, 3240), ({"level": 3}, 3780), ({"level": 2}, 4140), ({"level": 1}, 4320),
        ({"level": 4, "hours": 119}, 2160), ({"level": 4, "hours": 80}, 2160), ({"level": 5, "hours": 80}, 2030),
        ({"level": 3, "urgency": "scarce"}, 3402), ({"level": 1, "urgency": "scarce"}, 4320),
        ({"level": 5, "urgency": "scarce"}, 2736), ({"level": 5, "mode": "blended"}, 2128),
        ({"level": 4, "urgency": "fairly-scarce", "mode": "blended"}, 1814.4),
        ({"level": 4, "is_public_base": True, "mode": "blended"}, 2835),
        ({"identity": 6180111, "level": 4}, 2520), ({"identity": 6180202, "level": 1}, 2860),
        ({"identity": 6180401, "level": 4}, 2180), ({"identity": 6200103, "level": 4}, 0),
        ({"identity": 6200101, "level": 1, "hours": 100}, 1910), ({"identity": 6200301, "level": 4}, 3000),
    ],
)  # fmt: skip
def test_tianjin_rows(values, yuan):
    assert trained(**values) == yuan


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"identity": 6180401, "level": 5}, "no-level"),  # printed as a dash
        ({"identity": 6180401, "level": 2}, "no-level"),
        ({"hours": 79}, "no-row"),  # below every tier
        ({"identity": 1}, "no-row"),
        ({"category": "student", "had_year": counts(level=1)}, "yearly-cap"),
        ({"had_year": counts(level=2)}, "yearly-cap"),
        ({"stage": "completed"}, "not-certified"),
        ({"excluded": 0b10}, "is-pension"),
        ({"excluded": 0b1}, "is-establishment"),
    ],
)
def test_tianjin_refusals(values, code):
    assert decided(TRAINING, grade="", **{"urgency": "scarce"} | values).codes == [code]


@pytest.mark.parametrize(
    ("day", "had", "is_over"), [("2022-07-31", 2, False), ("2022-08-01", 2, True), ("2022-07-31", 3, True)]
)
def test_tianjin_caps_before_and_after_the_measure_of_2022(day, had, is_over):
    one = decided(shipped(TIANJIN, "training", day), grade="", urgency="scarce", had_year=counts(level=had))
    assert (one.codes == ["yearly-cap"]) is is_over


@pytest.mark.parametrize(
    ("grade", "level", "yuan"),
    [
        ("A", 5, 300),
        ("A", 3, 410),
        ("A", 1, 640),
        ("B", 5, 250),
        ("B", 4, 310),
        ("C", 5, 210),
        ("C", 3, 310),
        ("C", 2, 520),
    ],
)
def test_tianjin_fees(grade, level, yuan):
    assert fee(level, grade) == yuan


@pytest.mark.parametrize(
    ("grade", "level", "yuan"),
    [
        ("A", 1, 4300), ("A", 2, 3500), ("A", 3, 2000), ("A", 4, 1500), ("A", 5, 1000),
        ("B", 1, 3500), ("B", 2, 2500), ("B", 3, 1800), ("B", 4, 1200), ("B", 5, 800),
        ("C", 1, 3000), ("C", 2, 2000), ("C", 3, 1500), ("C", 4, 1000), ("C", 5, 500),
    ],
)  # fmt: skip
def test_jiangsu_table(grade, level, yuan):
    policy = shipped(JIANGSU, "training")
    assert decided(policy, grade=grade, level=level, hours=56).payable == yuan
    starred = yuan / 2 if level >= 4 else yuan
    assert decided(policy, grade=grade, level=level, hours=56, is_starred=True).payable == starred


@pytest.mark.parametrize(
    ("grade", "level", "yuan"),
    [
        ("A", 1, 5200),
        ("A", 2, 4200),
        ("A", 3, 2400),
        ("B", 1, 4200),
        ("B", 2, 3000),
        ("B", 3, 2100),
        ("C", 3, 1800),
        ("A", 4, 1500),
    ],
)
def test_wuxi_scarce_column_is_printed_not_computed(grade, level, yuan):
    policy = shipped("320200", "training")
    assert decided(policy, grade=grade, level=level, urgency="scarce").payable == yuan


@pytest.mark.parametrize(
    ("region", "values", "yuan"),
    [
        ("350200", {"level": 5}, 700), ("350200", {"level": 1}, 3000), ("350200", {"level": 3, "urgency": "scarce"}, 1800),
        ("350200", {"level": 3, "urgency": "very-scarce"}, 1950),
        ("440000", {"identity": rules.project_identity("快递员"), "level": 5}, 1000),
        ("440000", {"identity": rules.project_identity("快递员"), "level": 4, "urgency": "scarce"}, 1500),
        ("440000", {"identity": rules.project_identity("快递员"), "level": 3, "urgency": "scarce"}, 2600),
        ("630000", {"kind": "completion", "level": 0, "identity": rules.project_identity("焊工"), "grade": "A+", "hours": 360}, 1000),
        ("630000", {"kind": "completion", "level": 0, "identity": rules.project_identity("挖掘机操作"), "grade": "A+", "hours": 200}, 2000),
    ],
)  # fmt: skip
def test_other_provinces(region, values, yuan):
    day = "2024-06-01"
    assert decided(shipped(region, "training", day), **{"grade": ""} | values).payable == yuan


@pytest.mark.parametrize(
    ("values", "yuan"),
    [
        ({"level": 4}, 1500),
        ({"grade": "A", "cost_fen": 234_500}, 2345),  # inside the catalogue: the published cost
        ({"kind": "completion", "level": 0, "identity": rules.project_identity("新职业"), "units": 20}, 4000),
        ({"kind": "completion", "level": 0, "identity": rules.project_identity("新职业"), "units": 31}, 6000),
        ({"kind": "completion", "level": 0, "identity": rules.project_identity("特色职业"), "units": 30}, 3900),
        ({"kind": "completion", "level": 0, "identity": rules.project_identity("特色职业"), "units": 29}, 3770),
        ({"kind": "special", "level": 0}, 800),
    ],
)
def test_chongqing(values, yuan):
    assert decided(shipped("500000", "training", "2020-01-01"), **{"grade": ""} | values).payable == yuan


@pytest.mark.parametrize(
    ("months", "days", "codes"), [(12, 365, []), (11, 365, ["insured-months"]), (12, 366, ["too-late"])]
)
def test_skill_upgrade_of_the_unemployment_fund(months, days, codes):
    policy = shipped(JIANGSU, "upgrade", "2024-06-01")
    one = decided(policy, kind="upgrade", insured_months=months, days_since_certificate=days)
    assert (one.codes, policy.fund, one.yuan) == (codes, "unemployment", 1500)


def test_skill_upgrade_counts_the_trainings_of_the_year():
    one = decided(shipped(JIANGSU, "upgrade", "2024-06-01"), kind="upgrade", had_year=counts(level=2, upgrade=1))
    assert one.codes == ["yearly-cap"]


# What makes a policy sound


def codes(**changes):
    policy = identified(replace(shipped(JIANGSU, "training"), **changes))
    return [reason.code for reason in rules.reasons_against_policy(policy)]


def test_every_shipped_policy_is_sound_and_reads_back_equal():
    for path in DATA.glob("*.json"):
        for one in json.loads(path.read_text("utf-8")):
            policy = identified(rules.Policy.of(one["content"]))
            assert list(rules.reasons_against_policy(policy)) == []
            assert rules.Policy.of(policy.json()) == policy


def a(**values):
    return rules.Amount(**{"kind": "level", "level": 4, "amount_fen": 100} | values)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"document": " "}, "no-document"),
        ({"amounts": (), "source": "table"}, "no-amounts"),
        ({"amounts": (a(), a(amount_fen=200))}, "overlap"),
        ({"amounts": (a(), a(level=5, amount_fen=200))}, "levels"),
        ({"amounts": (a(), a(level=2, amount_fen=200))}, "gap"),
        ({"amounts": (a(kind="living"),)}, "kind"),
        ({"amounts": (a(amount_fen=0),)}, "standing"),
        ({"amounts": (a(standing="no-level"),)}, "standing"),
        ({"amounts": (a(level=7),)}, "word"),
        ({"amounts": (a(unit="week"),)}, "word"),
        ({"factors": (rules.Factor(name="x", percent=400),)}, "figure"),
        ({"factors": (rules.Factor(name="x", percent=50, categories=("king",)),)}, "word"),
        ({"caps": (rules.Cap(limit=0, period="year"),)}, "figure"),
        ({"caps": (rules.Cap(limit=1, period="year"), rules.Cap(limit=2, period="year"))}, "overlap"),
        ({"instalments": (rules.Instalment(stage="certified", percent=80), rules.Instalment(stage="completed", percent=90))}, "ladder"),
        ({"instalments": (rules.Instalment(stage="completed", percent=80), rules.Instalment(stage="certified", percent=60))}, "ladder"),
    ],
)  # fmt: skip
def test_what_contradicts_itself_is_named(changes, code):
    assert codes(**changes) == [code]


def test_what_a_version_changes_is_told_row_by_row():
    old = shipped(JIANGSU, "training")
    dearer = replace(old.amounts[0], amount_fen=440_000)
    new = replace(old, amounts=(dearer, *old.amounts[2:]), caps=old.caps[:1], rounding_fen=1000)
    found = rules.compared(old, new)
    changed, gone = found["amounts"]
    assert (changed.before.amount_fen, changed.after.amount_fen, changed.percent) == (430_000, 440_000, 2.3)
    assert [one.name for one in changed.fields] == ["amount_fen"]
    assert (gone.before, gone.after, gone.percent) == (old.amounts[1], None, None)
    assert [(one.before, one.after) for one in found["caps"]] == [(old.caps[1], None)]
    assert [(one.name, before, after) for one, before, after in rules.figures(old, new)] == [("rounding_fen", 1, 1000)]
    assert (rules.compared(old, old), rules.figures(old, old)) == ({}, [])
    assert len(rules.compared(None, old)["amounts"]) == len(old.amounts)
