import pytest

from rollbook.assessment import rules
from rollbook.assessment.rules import Result


@pytest.mark.parametrize(
    ("theory", "practice", "absent", "expected"),
    [
        (60, 60, False, Result.PASSED),
        (59, 100, False, Result.FAILED),
        (100, 59, False, Result.FAILED),
        (None, 80, False, Result.PENDING),
        (None, None, False, Result.PENDING),
        (None, None, True, Result.ABSENT),
    ],
)
def test_result(theory, practice, absent, expected):
    """N5.2: theory and practice each reach the mark."""
    assert rules.result(theory, practice, absent, 60) == expected


@pytest.mark.parametrize(
    ("marks", "codes"),
    [
        ((0, 100, False), []),
        ((101, 50, False), ["mark-range"]),
        ((-1, 101, False), ["mark-range"] * 2),
        ((50, None, True), ["absent-with-marks"]),
    ],
)
def test_reasons_against_marks(marks, codes):
    assert [one.code for one in rules.reasons_against_marks(*marks)] == codes


def test_every_reason_against_the_lock_is_told():
    """N5.1."""
    found = rules.reasons_against_lock(trainees=3, pending=2, held=False, class_ended=False, make_ups=1)
    assert [one.code for one in found] == ["not-ended", "not-held", "make-ups-open", "pending"]
    assert not list(rules.reasons_against_lock(trainees=3, pending=0, held=True, class_ended=True, make_ups=0))
