"""Every detector on small tables, without Django or a database: what it must find and what it must not (N3.5, B6)."""

import string
from pathlib import Path

import ibis
import pytest

from rollbook.risk.detectors import DETECTORS, LEFT_OUT, WAITING
from rollbook.risk.detectors.shapes import Tables, unbound
from rollbook.risk.rules import LIMITS, Excuse, Severity
from rollbook.risk.tests import cases_capacity, cases_money, cases_people, cases_results, cases_training, worlds

FILES = (cases_people, cases_training, cases_capacity, cases_results, cases_money)
CASES = {code: case for file in FILES for code, case in file.CASES.items()}


@pytest.fixture(scope="module")
def engine():
    return ibis.duckdb.connect()


def on(rows):
    made = worlds.tables(rows)
    return Tables(lambda name: ibis.memtable(made[name]))


@pytest.mark.parametrize("code", DETECTORS)
def test_it_finds_what_it_must_and_nothing_else(engine, code):
    rows, expected = CASES[code]
    one = DETECTORS[code]
    found = engine.to_pyarrow(one.find(on(rows), one.defaults())).to_pylist()
    assert {row["subject_id"] for row in found} == expected
    for row in found:
        assert str(one.ground(row))


@pytest.mark.parametrize("code", DETECTORS)
def test_it_says_a_sentence_of_its_own_columns_and_has_limits_with_words(code):
    one, tables = DETECTORS[code], unbound()
    columns = one.find(tables, one.defaults()).schema()
    named = {field for _text, field, _spec, _conversion in string.Formatter().parse(one.sentence) if field}
    assert named <= set(columns)
    assert str(columns["subject_id"]) == "int64"
    assert tables.read, "reads no table"
    assert one.clause
    assert set(one.limits) <= set(LIMITS)
    assert all(limit.least <= limit.default <= limit.most for limit in one.limits.values())
    assert set(one.excuses) <= set(Excuse)


def test_nothing_is_found_in_an_empty_province(engine):
    nothing = on({})
    for one in DETECTORS.values():
        assert engine.to_pyarrow(one.find(nothing, one.defaults())).num_rows == 0, one.code


def test_likelihoods_never_stop_anything_by_themselves():
    """Domain 5.3: only hard legal rules are B; a picture, a share or a cluster is for a person."""
    blocking = {one.code for one in DETECTORS.values() if one.severity == Severity.BLOCK}
    hard = "D01 D02 D03 D07 D09 D10 D11 D12 D18 D19 D20 D21 D23 D26 D27 D44 D45 D58 D59 D60 D66 D79"
    hard += " D83 D101 D104 D107 D109 D113 D114 D115 D116"
    assert blocking == set(hard.split())


def test_the_list_of_detectors_in_the_docs_is_current():
    """Issue 5.4: at least 90 of 126, and what was left out is told."""
    from rollbook.risk.management.commands.list_detectors import lines

    written = (Path(__file__).parents[3] / "docs" / "detectors.md").read_text(encoding="utf-8")
    assert written.splitlines() == list(lines()), "run manage.py list_detectors > docs/detectors.md"
    catalogue = {f"D{n:02}" for n in range(1, 127)}
    assert catalogue - set(DETECTORS) == set(LEFT_OUT)


def test_whatever_a_detector_reads_is_filled_or_said_to_be_waited_for():
    """Issue 5.4: a detector whose inputs nothing fills can find nothing; which these are is told with the reason."""
    from rollbook.risk.queries import waits_for

    waited = {name for code in DETECTORS for name in waits_for(code)}
    assert waited - set(WAITING) == set(), "nothing fills this: select it in its source, or say why not"
    assert set(WAITING) - waited == set(), "filled, or read by none: no longer waited for"
