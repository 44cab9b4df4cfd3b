"""Coordinates against published points, and back again (N4.1)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollbook.classes.rules import positions
from rollbook.classes.rules.positions import Position, metres_between, metres_from

# The points of coordtransform's README, which other implementations test themselves against too.
POINT = (39.915, 116.404)


@pytest.mark.parametrize(
    ("convert", "want"),
    [
        (positions.wgs84_to_gcj02, (39.91640428150164, 116.41024449916938)),
        (positions.gcj02_to_bd09, (39.92133699351021, 116.41036949371029)),
    ],
)
def test_published_points(convert, want):
    assert convert(*POINT) == pytest.approx(want, abs=1e-9)


@pytest.mark.parametrize(
    ("convert", "published"),
    [
        (positions.gcj02_to_wgs84, (39.91359571849836, 116.39775550083061)),
        (positions.bd09_to_gcj02, (39.90865673957631, 116.39762729119315)),
    ],
)
def test_the_ways_back_are_within_a_metre_of_the_published_approximation(convert, published):
    assert metres_between(convert(*POINT), published) < 1


@given(st.floats(18, 53), st.floats(74, 134))
def test_there_and_back_is_the_same_place(latitude, longitude):
    gcj02 = positions.wgs84_to_gcj02(latitude, longitude)
    bd09 = positions.gcj02_to_bd09(*gcj02)
    for here in (Position(*gcj02, "gcj02"), Position(*bd09, "bd09"), Position(latitude, longitude)):
        assert metres_between(here.wgs84(), (latitude, longitude)) < 0.001


def test_abroad_nothing_is_moved():
    assert positions.wgs84_to_gcj02(48.8584, 2.2945) == (48.8584, 2.2945)


def test_distance():
    """Beijing to Shanghai by the great circle: 1 067 km between these two points."""
    assert metres_between((39.9042, 116.4074), (31.2304, 121.4737)) == pytest.approx(1_067_000, rel=0.002)


@given(st.floats(18, 53), st.floats(74, 134), st.floats(-0.02, 0.02), st.floats(-0.02, 0.02))
def test_a_flat_map_is_as_far_as_the_surface(latitude, longitude, north, east):
    """What a picture shows to scale is what the fence was measured by (N4.1)."""
    there = latitude + north, longitude + east
    x, y = metres_from((latitude, longitude), there)
    assert (x**2 + y**2) ** 0.5 == pytest.approx(metres_between((latitude, longitude), there), rel=0.001, abs=0.01)
    assert x * east >= 0
    assert y * north >= 0
