import pytest

from rollbook.faces import rules
from rollbook.faces.rules import liveness
from rollbook.faces.rules.liveness import Frame

STRAIGHT, LEFT, RIGHT, SHUT = Frame(0.02, 0.3), Frame(0.45, 0.3), Frame(-0.45, 0.3), Frame(0.0, 0.12)
ME, OTHER = (1.0, 0.0), (0.0, 1.0)
NOT_SEEN = [
    (["left", "blink"], [STRAIGHT] * 8, "move-missing"),  # a photograph
    (["left", "blink"], [STRAIGHT, SHUT, STRAIGHT, LEFT, STRAIGHT], "move-missing"),  # the other order: a film
    (["left", "right"], [STRAIGHT, RIGHT, STRAIGHT, LEFT, STRAIGHT], "move-missing"),
    (["blink", "left"], [STRAIGHT, SHUT, SHUT, SHUT, LEFT], "move-missing"),  # never opened again
    (["left", "right"], [LEFT, LEFT, RIGHT, RIGHT], "never-straight"),
    (["left", "blink"], [STRAIGHT, LEFT, STRAIGHT, SHUT, STRAIGHT, RIGHT], "move-more"),  # a film of everything
    (["left"], [None, None, STRAIGHT, LEFT, STRAIGHT], "few-faces"),
    (["left"], [Frame(0, 0.3, ME), Frame(0.5, 0.3, OTHER), STRAIGHT, STRAIGHT], "another-face"),
    (["blink", "left"], [Frame(0, 0.1), Frame(0, 0.05), Frame(0, 0.1), LEFT], "move-missing"),  # a drawing without eyes
]
SEEN = [
    (["left", "blink"], [STRAIGHT, LEFT, STRAIGHT, SHUT, STRAIGHT]),
    (["blink", "right"], [STRAIGHT, STRAIGHT, SHUT, STRAIGHT, RIGHT]),
    (["right", "left"], [None, STRAIGHT, RIGHT, None, STRAIGHT, LEFT]),
    (["left"], [Frame(0, 0.3, ME), Frame(0.5, 0.3, ME), STRAIGHT, STRAIGHT]),
    (["left", "blink", "left"], [STRAIGHT, LEFT, LEFT, SHUT, STRAIGHT, LEFT]),
]


@pytest.mark.parametrize(("moves", "frames", "code"), NOT_SEEN)
def test_what_does_not_live_is_told_why(moves, frames, code):
    """N7.2, D49: a photograph makes no moves, a film makes others."""
    assert [one.code for one in liveness.reasons_against_liveness(moves, frames)] == [code]


@pytest.mark.parametrize(("moves", "frames"), SEEN)
def test_moves_in_their_order_are_enough(moves, frames):
    assert list(liveness.reasons_against_liveness(moves, frames)) == []


def test_a_flat_picture_turned_before_the_camera_stays_straight():
    """A photograph that is turned gets narrower everywhere: the nose stays in the middle."""
    points = [(float(n), float(n % 7)) for n in range(68)]
    points[1], points[30], points[15] = (0.0, 50.0), (50.0, 50.0), (100.0, 50.0)
    narrow = [(x * 0.4, y) for x, y in points]
    assert liveness.frame(points).turn == liveness.frame(narrow).turn == 0.0
    points[30] = (75.0, 50.0)
    assert liveness.frame(points).turn == 0.5


def good(**changes):
    return rules.Quality(**{"faces": 1, "width": 200, "sharpness": 30, "brightness": 120, "turn": 0, **changes})


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({}, []),
        ({"faces": 0, "width": 0}, ["no-face"]),
        ({"faces": 2}, ["many-faces"]),
        ({"width": 60, "sharpness": 2}, ["face-small", "blurred"]),
        ({"brightness": 20}, ["dark"]),
        ({"brightness": 240}, ["bright"]),
        ({"turn": -0.5}, ["turned"]),
    ],
)
def test_a_bad_picture_is_told_all_that_is_wrong(changes, codes):
    assert [one.code for one in rules.reasons_against_picture(good(**changes))] == codes


def test_likeness_falls_with_distance_and_can_be_turned_round():
    scores = [rules.score(one / 10) for one in range(15)]
    assert scores == sorted(scores, reverse=True)
    assert rules.score(0) > 0.99
    assert rules.score(1.4) < 0.01
    for share in (0.6, 0.85, 0.99):
        assert rules.score(rules.distance_at(share)) == pytest.approx(share)


POLICY = rules.policy(
    {"face-score": 60, "face-pair-score": 85, "face-sample-percent": 5, "face-months": 12, "face-alarm": 90, "face-filing": 100,
     "face-filing-days": 30, "face-nonce-seconds": 30, "face-evidence": 0, "face-tries": 3}
)  # fmt: skip


@pytest.mark.parametrize(
    ("stored", "is_filed", "codes"),
    [
        (89, False, []),
        (90, False, ["filing-near"]),
        (99, False, ["filing-near"]),
        (100, False, ["filing-due"]),
        (100, True, []),
    ],
)
def test_the_province_is_warned_before_it_must_file(stored, is_filed, codes):
    """S69: filing within 30 working days once 100 000 persons' faces are stored; alarm at 90 000."""
    assert [one.code for one in rules.reasons_of_count(stored, POLICY, due_on=None, is_filed=is_filed)] == codes


@pytest.mark.parametrize(
    ("says", "server", "agrees"), [(True, 0.8, True), (True, 0.5, False), (False, 0.5, True), (False, 0.9, False)]
)
def test_a_sample_agrees_when_both_come_to_the_same(says, server, agrees):
    assert rules.sampled_agrees(says, server, 60) is agrees


def test_a_sample_has_its_share():
    assert sum(rules.is_sampled(n, 5) for n in range(10_000)) == 500
