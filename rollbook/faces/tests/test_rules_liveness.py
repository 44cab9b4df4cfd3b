"""What a still picture and a film can do against the moves of a challenge, on all that may be drawn (N7.2, D49). What is
tried here, and on real pictures in test_local.py, is all that docs/decisions/faces.md says of it."""

from itertools import product

import pytest

from rollbook.faces.rules import liveness
from rollbook.faces.rules.liveness import Frame, Move

STRAIGHT, SHUT = Frame(0.02, 0.3), Frame(0.0, 0.12)
SHOWN = {Move.LEFT: Frame(0.45, 0.3), Move.RIGHT: Frame(-0.45, 0.3), Move.BLINK: SHUT}
DRAWN = [one for group in liveness.ORDERS for one in group]


def film(moves):
    found = [STRAIGHT, STRAIGHT]
    for one in moves:
        found += [SHOWN[one], SHOWN[one], STRAIGHT]
    return [*found, STRAIGHT]


def codes(moves, frames):
    return [one.code for one in liveness.reasons_against_liveness(moves, frames)]


def test_every_challenge_is_answered_by_its_own_moves_and_by_no_still_picture():
    assert len(DRAWN) == len(set(DRAWN)) == 12
    for moves in DRAWN:
        assert codes(moves, film(moves)) == []
        assert codes(moves, [STRAIGHT] * liveness.MOST_FRAMES) == ["move-missing"]
        assert codes(moves, film([moves[0]] + [Move.BLINK] * 2)) != []


@pytest.mark.parametrize("turns", list(product([Move.LEFT, Move.RIGHT], repeat=2)))
def test_a_film_of_two_turns_that_blinks_all_the_time_answers_one_group_of_eight(turns):
    """The best that a film made before can do: its turns are those of one group, and of each blink it has one."""
    made = film([Move.BLINK, turns[0], Move.BLINK, turns[1], Move.BLINK])
    answered = [n for n, group in enumerate(liveness.ORDERS) if any(codes(one, made) == [] for one in group)]
    assert len(liveness.ORDERS) == 8
    assert [liveness.turns_of(liveness.ORDERS[n][0]) for n in answered] == [turns]


def test_a_film_that_turns_all_ways_answers_nothing():
    made = film([Move.LEFT, Move.RIGHT, Move.BLINK] * 3)
    assert {code for moves in DRAWN for code in codes(moves, made)} == {"move-more"}


def test_a_film_of_one_challenge_shown_for_another_fails_in_all_but_its_group():
    for group, moves in product(liveness.ORDERS, DRAWN):
        passed = [one for one in group if codes(one, film(moves)) == []]
        if liveness.turns_of(moves) != liveness.turns_of(group[0]):
            assert passed == []


def test_who_sends_chosen_pictures_past_the_camera_passes():
    """What it does not stop, written down so that nobody trusts it with more: four pictures of the person, straight, to both
    sides and with shut eyes, answer every challenge if a program sends them in the order that was asked."""
    for moves in DRAWN:
        sent = [frame for one in moves for frame in (STRAIGHT, SHOWN[one])]
        assert codes(moves, [*sent, STRAIGHT]) == []
