"""What counts toward certificate and subsidy by the terms of a region (domain 2.5; N4.1)."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollbook.classes.rules.counting import CERTIFICATE, SUBSIDY, Counting, Held, hours

DAY = date(2026, 3, 2)


def lessons(*presences):
    """Two a day, morning and afternoon, of four hours each."""
    return [Held(DAY + timedelta(n // 2), bool(n % 2), 4, one) for n, one in enumerate(presences)]


@pytest.mark.parametrize(
    ("case", "presences", "rule", "certificate", "subsidy"),
    [
        ("all there", ("present", "present"), {}, 8, 8),
        ("absent", ("present", "absent"), {}, 4, 4),
        ("late is attended", ("late", "present"), {}, 8, 8),
        ("late for the certificate alone", ("late", "present"), {"late_counts": 1}, 8, 4),
        ("late for nothing", ("late", "present"), {"late_counts": 0}, 4, 4),
        ("leave is not attended", ("leave", "present"), {}, 4, 4),
        ("leave counts toward the certificate", ("leave", "present"), {"leave_counts": 1}, 8, 4),
        ("leave counts toward the subsidy", ("leave", "present"), {"leave_counts": 2}, 4, 8),
        ("three lates are an absence", ("late", "late", "late", "present"), {"lates_an_absence": 3}, 12, 12),
        ("two lates are none yet", ("late", "late", "present"), {"lates_an_absence": 3}, 12, 12),
        ("six lates are two", ("late",) * 6, {"lates_an_absence": 3}, 16, 16),
        ("every late one", ("late", "present"), {"lates_an_absence": 1}, 4, 4),
    ],
)
def test_hours(case, presences, rule, certificate, subsidy):
    found = [hours(lessons(*presences), toward, Counting(**rule)) for toward in (CERTIFICATE, SUBSIDY)]
    assert found == [certificate, subsidy], case


def test_a_half_day_counts_whole_or_not_at_all():
    morning = [Held(DAY, False, 2, "present"), Held(DAY, False, 2, "absent"), Held(DAY, True, 3, "present")]
    assert hours(morning, SUBSIDY, Counting()) == 5
    assert hours(morning, SUBSIDY, Counting(by_half_days=True)) == 3


@given(st.lists(st.sampled_from(["present", "late", "leave", "absent"]), max_size=12), st.integers(0, 4), st.randoms())
def test_the_order_of_the_rows_does_not_matter(presences, lates, rng):
    held, rule = lessons(*presences), Counting(lates_an_absence=lates, by_half_days=True)
    want = hours(held, SUBSIDY, rule)
    rng.shuffle(held)
    assert hours(held, SUBSIDY, rule) == want
    assert 0 <= want <= 4 * len(held)
