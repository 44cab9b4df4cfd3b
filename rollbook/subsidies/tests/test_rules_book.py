"""The worked cases of the rule book come to what it prints, and it leaves no rule out (N13.1, B1)."""

import json
from dataclasses import replace
from html import unescape

import pytest

from rollbook.subsidies import rules
from rollbook.subsidies.rules import book
from rollbook.subsidies.tests.cases import BOOK, DATA, shipped

FILES = [one for path in sorted(DATA.glob("*.json")) for one in json.loads(path.read_text("utf-8"))]
READ = book.read(FILES, BOOK)


@pytest.mark.parametrize("case", READ.cases, ids=lambda case: case.name["en"])
def test_each_case_comes_to_what_is_written(case):
    assert (sorted(case.codes), case.fen) == (sorted(case.expected_codes), case.expected_fen)


def test_every_policy_that_is_shipped_has_a_case():
    assert {(one.region_code, one.policy.subsidy, one.since) for one in READ.policies} == {
        (one.region_code, one.policy.subsidy, one.since) for one in READ.policies if READ.cases_of(one)
    }


def test_every_ground_and_every_line_of_the_rules_appears():
    """A policy with a rule of each sort names every ground that there is; the book has a case for each."""
    everything = replace(
        shipped("320000", "training"), instalments=(rules.Instalment(stage="completed", percent=100),),
        limits=rules.Limits(claim_days=1, claim_months=1, insured_months=1, contract_months=1), categories=(rules.Category(category="rural", proof="x"),),
        exclusions=tuple(rules.Excluded(exclusion=one) for one in rules.EXCLUSIONS),
        caps=(rules.Cap(limit=1, period="year"), rules.Cap(limit=1, period="ever")),
    )  # fmt: skip
    one = rules.heard(BOOK["base"])
    grounds = {ground.code for ground in rules.grounds(one, everything)} | {
        "not-certified",
        "not-employed",
        "not-filed",
    }
    assert grounds - {code for case in READ.cases for code in case.codes} == set()
    lines = {line.label for line in rules.award(one, everything).lines}
    assert lines - {line.template for case in READ.cases for line, _fen in case.lines} == set()


@pytest.mark.parametrize(("language", "words"), [("en", "Worked cases"), ("zh-hans", "算例")])
def test_it_prints_in_both_languages(language, words, tmp_path):
    from django.core.management import call_command

    call_command("print_rules", to=tmp_path, verbosity=0)
    printed = (tmp_path / f"rules-{language}.html").read_text("utf-8")
    assert words in printed
    for case in READ.cases:
        assert case.name["en" if language == "en" else "zh"] in unescape(printed)
    for one in READ.policies:
        assert (one.title in printed, one.policy.document in printed) == (True, True)
    assert "¥3,240.00" in printed
