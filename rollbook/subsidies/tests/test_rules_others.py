"""What facts of other departments show: categories, exclusions, contracts, work in time (N3.5, domain 3.1, 3.2, 3.5)."""

from datetime import date

import pytest

from rollbook.subsidies import rules
from rollbook.subsidies.rules.facts import months_later, whole_months, years_of
from rollbook.subsidies.rules.others import Fact, proves
from rollbook.subsidies.tests.cases import decided, shipped

START = date(2026, 3, 2)
DAYS = {"start": START, "sign-up": date(2026, 2, 20), "certificate": date(2026, 4, 1)}


def fact(feed, first="2025-01-01", last=None, **data):
    return Fact(feed, date.fromisoformat(first), date.fromisoformat(last) if last else None, data)


@pytest.mark.parametrize(
    ("category", "one", "is_proved"),
    [
        ("unemployed", fact("unemployed"), True),
        ("unemployed", fact("unemployed", last="2026-03-01"), False),  # found work the day before
        ("difficulty", fact("unemployed"), False),  # another list
        ("rural", fact("rural", "2026-03-02"), True),
        ("flexible", fact("flexible", "2026-03-03"), False),
        ("employee", fact("labour-contracts", employer="X"), True),
        ("graduate", fact("schooling", graduates_in=2026), True),
        ("graduate", fact("schooling", graduates_in="2027"), False),
        ("leaver", fact("schooling", last="2025-03-02"), True),
        ("leaver", fact("schooling", last="2025-03-01"), False),  # more than a year ago
        ("leaver", fact("schooling"), False),  # has not left
        ("student", fact("schooling"), True),
        ("", fact("schooling"), False),
    ],
)
def test_each_category_is_proved_by_its_list_on_the_day(category, one, is_proved):
    assert proves(one, category, START) is is_proved


def test_the_policy_freezes_the_day_of_a_category():
    one = fact("unemployed", last="2026-02-25")
    policy = rules.Policy.of({"subsidy": "training", "document": "x", "categories": [{"category": "unemployed"}]})
    assert rules.proof_of([one], "unemployed", policy, DAYS) is None
    early = policy.having("categories", [rules.Category(category="unemployed", frozen_at="sign-up")])
    assert rules.proof_of([one], "unemployed", early, DAYS) == one


@pytest.mark.parametrize(("feed", "exclusion"), [("pupils", "pupil"), ("apprentices", "apprentice")])
def test_pupils_and_apprentices_are_excluded_by_their_rolls(feed, exclusion):
    policy = rules.Policy.of({"subsidy": "training", "document": "x", "exclusions": [{"exclusion": exclusion}]})
    bit = 1 << rules.EXCLUSIONS.index(exclusion)
    assert rules.excluded([fact(feed)], policy, DAYS) == bit
    assert rules.excluded([fact(feed, last="2026-03-01")], policy, DAYS) == 0


def test_the_contract_that_holds_is_the_latest_and_of_the_employer_that_is_asked_for():
    old, new = fact("labour-contracts", employer="A"), fact("labour-contracts", "2026-01-01", employer="B")
    assert rules.contract_on([old, new], START) == new
    assert rules.contract_on([old, new], START, "A") == old
    assert rules.contract_on([old, new], START, "C") is None
    assert rules.contract_on([fact("labour-contracts", "2026-03-03")], START) is None


@pytest.mark.parametrize(("last", "months"), [("2025-12-31", 12), ("2025-12-30", 11), ("2026-01-01", 12), (None, 600)])
def test_a_contract_runs_so_many_whole_months(last, months):
    assert rules.contract_months(fact("labour-contracts", "2025-01-01", last)) == months


def test_no_contract_has_no_months():
    assert rules.contract_months(None) == 0


@pytest.mark.parametrize(
    ("first", "last", "is_employed"),
    [
        ("2026-04-02", None, True),
        ("2026-10-01", None, True),  # the last day of six months
        ("2026-10-02", None, False),
        ("2025-01-01", None, True),  # kept the work
        ("2025-01-01", "2026-04-01", False),  # it ended with the certificate
    ],
)
def test_work_within_six_months_of_the_certificate(first, last, is_employed):
    since = date(2026, 4, 1)
    until = months_later(since, 6)
    assert (rules.employment([fact("labour-contracts", first, last)], since, until) is not None) is is_employed


def test_months_and_years_of_the_calendar():
    assert months_later(date(2026, 8, 31), 6) == date(2027, 2, 28)
    assert months_later(date(2026, 12, 1), 1) == date(2027, 1, 1)
    assert whole_months(date(2026, 1, 31), date(2026, 2, 28)) == 1
    assert years_of(date(2026, 3, 2), date(2027, 3, 1)) == 1
    assert years_of(date(2026, 3, 2), date(2027, 2, 28)) == 0
    assert years_of(None, None) == 0


def test_an_apprentices_advance_asks_for_no_attendance_and_years_have_a_limit():
    """Half is paid after filing; attendance counts at the end; at most three years are paid (domain 3.5)."""
    policy, one = shipped("350000", "apprentice"), {"kind": "apprentice", "grade": "", "attended_percent": 0}
    assert decided(policy, **one, stage="filed").codes == []
    assert decided(policy, **one, stage="filed", units=1).yuan == 2500
    assert decided(policy, **one).codes == ["attendance"]
    assert decided(policy, **one, stage="filed", units=5).yuan == 7500
