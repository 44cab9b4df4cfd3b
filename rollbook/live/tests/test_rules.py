from datetime import UTC, datetime, timedelta

import pytest

from rollbook.live import rules
from rollbook.live.rules import FaultKind, Span

NINE = datetime(2026, 3, 2, 1, tzinfo=UTC)
TWELVE = NINE + timedelta(hours=3)


def span(first, last):
    return Span(NINE + timedelta(seconds=first), NINE + timedelta(seconds=last))


@pytest.mark.parametrize(
    ("seen", "found"),
    [
        ([], [(0, 10800)]),
        ([(0, 10800)], []),
        ([(30, 5000), (5040, 10790)], []),  # less than a minute is no gap
        ([(0, 5000), (5061, 10800)], [(5000, 5061)]),
        ([(5000, 6000), (0, 3000)], [(3000, 5000), (6000, 10800)]),
        ([(0, 6000), (1000, 2000), (5000, 10800)], []),
        ([(-600, 11000)], []),
    ],
)
def test_gaps(seen, found):
    """D69: what no recording covers, whatever the order and overlap of the pieces."""
    assert rules.gaps(NINE, TWELVE, [span(*one) for one in seen]) == [span(*one) for one in found]


@pytest.mark.parametrize(
    ("without", "percent"), [([], 0), ([(0, 1080)], 10), ([(0, 1080), (540, 1080)], 10), ([(-100, 20000)], 100)]
)
def test_missing_counts_once(without, percent):
    assert rules.missing_percent(NINE, TWELVE, [span(*one) for one in without]) == percent


def test_what_ffmpeg_tells():
    """A stretch that lasts to the end has no end told."""
    black = "[blackdetect @ 0x1] black_start:10 black_end:21.5 black_duration:11.5\n[blackdetect] black_start:50"
    assert rules.detected(black, FaultKind.BLACK, NINE, 60) == [span(10, 21.5), span(50, 60)]
    frozen = "lavfi.freezedetect.freeze_start: 3.5\nlavfi.freezedetect.freeze_duration: 70\nlavfi.freezedetect.freeze_end: 73.5"
    assert rules.detected(frozen, FaultKind.FROZEN, NINE, 100) == [span(3.5, 73.5)]
    assert rules.detected("nothing", FaultKind.BLACK, NINE, 60) == []


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        ({}, []),
        ({"is_known": False, "has_lesson": False}, ["unknown-key"]),
        ({"is_revoked": True, "has_lesson": False}, ["revoked-key", "no-lesson"]),
        ({"institution_listed": False}, ["not-listed"]),
    ],
)
def test_who_may_send(facts, codes):
    """N4.3: a key is for one room and the time of its lessons; all reasons at once."""
    values = {"is_known": True, "is_revoked": False, "has_lesson": True, "institution_listed": True, **facts}
    assert [one.code for one in rules.reasons_against_sending(**values)] == codes


@pytest.mark.parametrize(
    ("counted", "there", "says"),
    [(24, 30, False), (23, 30, True), (0, 0, False), (5, 0, True), (36, 30, False), (40, 30, True)],
)
def test_heads_and_check_ins(counted, there, says):
    """D52: a difference of more than 20 per cent."""
    assert bool(list(rules.reasons_of_count(counted=counted, checked_in=there, percent=20))) == says


def test_a_lesson_without_camera_or_picture():
    facts = {"percent": 11, "most": 10, "has_camera": True, "is_moved": True}
    assert [one.code for one in rules.reasons_of_lesson(**facts)] == ["no-picture", "moved"]
    assert [one.code for one in rules.reasons_of_lesson(**{**facts, "has_camera": False, "is_moved": False})] == [
        "no-camera"
    ]
    assert not list(rules.reasons_of_lesson(percent=10, most=10, has_camera=True, is_moved=False))
