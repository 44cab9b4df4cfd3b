from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollbook.evidence import rules


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2026, 3, 31), 1, date(2026, 4, 30)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2026, 11, 24), 36, date(2029, 11, 24)),
        (date(2026, 12, 31), 2, date(2027, 2, 28)),
        (date(2026, 3, 2), 120, date(2036, 3, 2)),
    ],
)
def test_months_end_where_a_month_ends(day, months, later):
    """Domain 2.7: raw recordings 2 months, videos 36, class files 120."""
    assert rules.months_later(day, months) == later


@given(st.integers(-(2**63), 2**63 - 1), st.sets(st.integers(0, 63), max_size=rules.ALIKE))
def test_near_hashes_share_a_part(fingerprint, turned):
    """Domain 5.2, D50: whatever few bits differ, the index finds the pair, since one of six parts is the same."""
    other = fingerprint
    for bit in turned:
        other ^= 1 << bit if bit < 63 else -(1 << 63)
    assert set(rules.bands(fingerprint)) & set(rules.bands(other))
    assert rules.distance(fingerprint, other) == len(turned)


def test_a_bare_wall_is_like_nothing():
    assert rules.is_plain(0)
    assert rules.is_plain(-1)
    assert not rules.is_plain(0x5555555555555555)


@pytest.mark.parametrize(
    ("today", "is_held", "codes"),
    [
        (date(2026, 3, 2), False, ["too-early"]),
        (date(2026, 3, 3), False, []),
        (date(2026, 3, 3), True, ["held"]),
        (date(2026, 3, 1), True, ["too-early", "held"]),
    ],
)
def test_removal(today, is_held, codes):
    found = rules.reasons_against_removal(date(2026, 3, 2), today, is_held=is_held)
    assert [one.code for one in found] == codes


def test_quota_counts_what_is_added():
    assert not list(rules.reasons_against_quota(2**30 - 10, 10, 1))
    [told] = rules.reasons_against_quota(2**30 - 10, 11, 1)
    assert told.values == {"used": 1023, "most": 1, "more": 1}
