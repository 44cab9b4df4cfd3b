"""Records of one person are noted for the province to compare, once, and again only if nobody put them aside (N3.1)."""

import pytest

from rollbook.exchange import actions
from rollbook.exchange.tests.factories import NOW, contract, officer, push, write_csv
from rollbook.persons import actions as persons
from rollbook.persons import queries
from rollbook.persons.tests.factories import PersonFactory, number

pytestmark = pytest.mark.django_db


def two(one="王小明", other="王晓明"):
    """Records of the same birthday."""
    return PersonFactory(n=11, name=one), PersonFactory(n=12, name=other)


def test_pairs_are_noted_once_and_a_merge_takes_them_away():
    older, newer = two()
    PersonFactory(n=13, name="赵钱孙")
    assert actions.find_likely(now=NOW) == 1
    assert actions.find_likely(now=NOW) == 0
    by = officer()
    [pair] = queries.candidates(by)
    assert (pair.older, pair.newer, pair.likeness) == (older, newer, "alike")
    persons.merge(by=by, keep_id=older.pk, merge_id=newer.pk, why="同一人", now=NOW)
    assert not queries.candidates(by).exists()
    persons.unmerge(by=by, person_id=newer.pk, why="不是同一人", now=NOW)
    assert queries.candidates(by).count() == 1


def test_what_was_put_aside_stays_so():
    two()
    actions.find_likely(now=NOW)
    by = officer()
    persons.dismiss_candidate(by=by, candidate_id=queries.candidates(by).get().pk, why="当面核对，确系两人", now=NOW)
    assert actions.find_likely(now=NOW) == 0
    assert not queries.candidates(by).exists()


def test_a_changed_number_is_told_by_the_population_register(tmp_path):
    """Domain 10.8: whose number changed has two records until somebody compares them."""
    contract("population", matched_percent=100)
    old, new = PersonFactory(n=21, name="甲乙丙"), PersonFactory(n=4021, name="丁戊己")
    row = {"身份证号": number(4021), "姓名": "丁戊己", "户籍地区划": "320102", "曾用身份证号": number(21)}
    push(write_csv(tmp_path / "p.csv", [row]), source="s-population", feed="population")
    assert actions.find_likely(now=NOW) == 1
    [pair] = queries.candidates(officer())
    assert (pair.older, pair.newer, pair.likeness) == (old, new, "number")
