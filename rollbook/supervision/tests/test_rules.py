from datetime import UTC, datetime, timedelta

import pytest

from rollbook.supervision import rules
from rollbook.supervision.rules import Candidate, Grade, Seen


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        ({}, []),
        ({"present": 24}, []),
        ({"present": 23}, ["few-present"]),
        ({"present": 0, "is_held": False}, ["not-held"]),
        ({"failed": ["teacher", "textbooks", "room"]}, ["not-as-filed", "not-as-filed"]),
        ({"failed": ["seats"]}, []),
        ({"present": 10, "failed": ["plan"]}, ["few-present", "not-as-filed"]),
    ],
)
def test_what_makes_a_class_unqualified(facts, codes):
    """Domain 2.5, 6.1: below 80 % or not as filed, whatever is concluded; all reasons at once."""
    values = {"present": 30, "roster": 30, "failed": [], "is_held": True, **facts}
    assert [one.code for one in rules.reasons_unqualified(Seen(**values), 80)] == codes


@pytest.mark.parametrize(
    ("second", "people", "codes"),
    [
        (2, {1: 10, 2: 20}, []),
        (None, {1: 10}, ["two-inspectors"]),
        (1, {1: 10}, ["two-inspectors"]),
        (3, {1: 10, 2: 20}, ["no-inspector"]),
        (2, {1: 10, 2: 10}, ["same-person"]),
        (2, {1: None, 2: None}, []),
    ],
)
def test_two_inspectors_are_two_people(second, people, codes):
    """Domain 6.3: also where one person has two accounts."""
    assert [one.code for one in rules.reasons_against_pair(1, second, people)] == codes


@pytest.mark.parametrize(("size", "drawn"), [(1, 1), (9, 1), (10, 1), (11, 2), (30, 3), (41, 5)])
def test_the_sample_is_at_least_its_share_and_anyone_draws_the_same(size, drawn):
    """B3, domain 2.6: ten per cent rounded up; the order in which they are known does not matter."""
    ids = range(100, 100 + size)
    found = rules.sample(ids, 10, "seed")
    assert len(found) == drawn
    assert found == rules.sample(reversed(ids), 10, "seed")
    assert set(found) <= set(ids)


def test_each_is_drawn_as_often_as_the_others():
    """No place on the roster is safer than another."""
    times = dict.fromkeys(range(30), 0)
    for n in range(3000):
        for one in rules.sample(range(30), 10, f"seed {n}"):
            times[one] += 1
    assert all(230 <= count <= 370 for count in times.values()), times


def test_the_most_pressing_first_then_the_nearest():
    """Domain 6.3, N11.3."""
    one = {"inspections": 1, "unqualified": 0, "measures": 0, "worst_day_percent": 100, "distance_m": None}
    candidates = [
        Candidate(class_id=1, **one), Candidate(class_id=2, **{**one, "inspections": 0}),
        Candidate(class_id=3, **{**one, "distance_m": 500}), Candidate(class_id=4, **{**one, "unqualified": 2}),
        Candidate(class_id=5, **{**one, "inspections": 0, "distance_m": 2000}),
    ]  # fmt: skip
    assert [found.class_id for found in rules.in_order(candidates)] == [5, 2, 4, 3, 1]


def test_metres():
    """Nanjing's drum tower to Suzhou's station, about 196 km; a degree of latitude about 111 km."""
    assert rules.metres((118.0, 32.0), (118.0, 33.0)) == pytest.approx(111_195, rel=0.001)
    assert rules.metres((118.0, 32.0), (118.0, 32.0)) == 0


@pytest.mark.parametrize(
    ("trigger", "before", "grade"),
    [
        ("attendance", {}, Grade.TALK),
        ("attendance", {"talk": 1}, Grade.TALK),
        ("attendance", {"talk": 2}, Grade.LETTER),
        ("attendance", {"talk": 2, "letter": 2}, Grade.NOTICE),
        ("papers", {"notice": 2}, Grade.ENDED),
        ("fraud", {}, Grade.ENDED),
        ("false-material", {"talk": 5}, Grade.NOTICE),
    ],
)
def test_what_happened_before_raises_the_measure(trigger, before, grade):
    """Domain 6.1, N11.4: two of one grade in a year lead to the next."""
    assert rules.least_grade(trigger, before, 2)[0] == grade


def test_a_lighter_measure_is_refused_with_its_reasons():
    least, raised = rules.least_grade("attendance", {"talk": 2}, 2)
    assert [one.code for one in rules.reasons_against_measure(Grade.TALK, least, raised)] == ["too-light", "raised"]
    assert not list(rules.reasons_against_measure(Grade.NOTICE, least, raised))


@pytest.mark.parametrize(("hours", "late"), [(1, False), (24, False), (25, True)])
def test_a_result_is_entered_within_a_day(hours, late):
    """Domain 6.3."""
    left = datetime(2026, 3, 2, 4, tzinfo=UTC)
    assert rules.is_late(left, left + timedelta(hours=hours), 1) is late
