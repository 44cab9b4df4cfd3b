"""Whether a living person did what the server asked, decided from a few frames by their landmarks (N7.2, D49).

What it stops and what it does not stands in docs/decisions/faces.md, and tests/test_liveness.py tries it: a still picture
makes no moves, and a film that was made before has the turns of one challenge in eight.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise, product
from math import dist, sqrt

from rollbook.kernel.choices import Choice
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import reason

Point = tuple[float, float]

MOVES = 3  # of one challenge
LEAST_FRAMES = 4
MOST_FRAMES = 16
STRAIGHT = 0.20  # of half the face's width: the nose is about in the middle
TURNED = 0.33  # the nose has moved that far from the middle
SHUT = 0.72  # of the eyes' usual opening in these frames
OPEN_LEAST = 0.16  # an opening below this is never that of open eyes
ONE_PERSON = 0.60  # distance of two frames' vectors, as of a match


class Move(Choice):
    LEFT = "left", _("Turn your head to your left")
    RIGHT = "right", _("Turn your head to your right")
    BLINK = "blink", _("Close your eyes for a second and open them again")


def turns_of(moves: Sequence[Move]) -> tuple[Move, ...]:
    return tuple(one for one in moves if one != Move.BLINK)


def _orders() -> tuple[tuple[tuple[Move, ...], ...], ...]:
    found = [one for one in product(Move, repeat=MOVES) if all(a != b for a, b in pairwise(one))]
    return tuple(tuple(group) for _turns, group in groupby(sorted(found, key=turns_of), key=turns_of))


# Every challenge that may be drawn, none with one move twice running, in groups of the same turns. A group is drawn first
# and then one of it, since a film cannot be told from a living head by its blinks, which are made at any time anyway.
ORDERS = _orders()


@dataclass(frozen=True, slots=True)
class Frame:
    """What the landmarks of one frame say; `vector` is asked for where frames are compared."""

    turn: float  # −1 to the own right … 1 to the own left
    eyes: float  # opening by width, mean of both
    vector: tuple[float, ...] = ()


def frame(points: Sequence[Point], vector: tuple[float, ...] = ()) -> Frame:
    """Turn and opening of the eyes from 68 landmarks (iBUG 300-W). A camera does not mirror: who turns to the own left
    moves the nose to the right of the picture."""
    nose, one_cheek, other_cheek = points[30], points[1], points[15]
    width = other_cheek[0] - one_cheek[0]
    turn = ((nose[0] - one_cheek[0]) - (other_cheek[0] - nose[0])) / width if width > 0 else 0.0
    return Frame(turn, (_opening(points[36:42]) + _opening(points[42:48])) / 2, vector)


def _opening(eye: Sequence[Point]) -> float:
    """The eye aspect ratio (Soukupová and Čech 2016)."""
    width = dist(eye[0], eye[3])
    return (dist(eye[1], eye[5]) + dist(eye[2], eye[4])) / (2 * width) if width else 0.0


def apart(one: Sequence[float], other: Sequence[float]) -> float:
    """Euclidean distance of two vectors."""
    return sqrt(sum((a - b) ** 2 for a, b in zip(one, other, strict=True)))


def reasons_against_liveness(moves: Sequence[str], seen: Sequence[Frame | None]) -> Iterator[Message]:
    """Every move that was asked for and not seen, in its order; and whether it was one person throughout."""
    frames = [one for one in seen if one is not None]
    if len(frames) < LEAST_FRAMES:
        text = _("A face was found in {count} pictures of {all}; at least {least} are needed. Stay in the oval.")
        yield reason("few-faces", text, "N7.2", count=len(frames), all=len(seen), least=LEAST_FRAMES)
        return
    opened = sorted(one.eyes for one in frames)[-(len(frames) // 2 + 1)]  # the median: eyes are open most of the time
    where = next((n for n, one in enumerate(frames) if abs(one.turn) <= STRAIGHT), None)
    if where is None:
        yield reason("never-straight", _("Look straight into the camera first."), "N7.2")
        return
    for move in moves:
        found = _done(Move(move), frames, where, opened)
        if found is None:
            text = _("Not seen: “{move}”. Do it slowly, and stay in the oval.")
            yield reason("move-missing", text, "N7.2", move=Move(move).label)
            return
        where = found
    if len(_turns(frames)) > len(turns_of([Move(one) for one in moves])):
        yield reason(
            "move-more", _("More turns of the head were seen than were asked for; do only what is asked."), "N7.2"
        )
    first = next((one.vector for one in frames if one.vector), ())
    if any(one.vector and apart(first, one.vector) > ONE_PERSON for one in frames):
        yield reason("another-face", _("The pictures are not all of one person."), "N7.2")


def _turns(frames: Sequence[Frame]) -> list[Move]:
    """The turns that frames show, each once however many frames it lasts; one ends when the face is straight again."""
    found: list[Move] = []
    last: Move | None = None
    for one in frames:
        if abs(one.turn) >= TURNED:
            side = Move.LEFT if one.turn > 0 else Move.RIGHT
            if side != last:
                found.append(side)
            last = side
        elif abs(one.turn) <= STRAIGHT:
            last = None
    return found


def _done(move: Move, frames: Sequence[Frame], first: int, opened: float) -> int | None:
    """The frame in which a move was over, from the first that may show it."""
    for n in range(first, len(frames)):
        one = frames[n]
        if move == Move.LEFT and one.turn >= TURNED:
            return n
        if move == Move.RIGHT and one.turn <= -TURNED:
            return n
        shut = opened >= OPEN_LEAST and one.eyes <= opened * SHUT and abs(one.turn) <= TURNED
        if move == Move.BLINK and shut and n > 0:
            after = next((m for m in range(n + 1, len(frames)) if frames[m].eyes > opened * SHUT), None)
            if after is not None:
                return after
    return None
