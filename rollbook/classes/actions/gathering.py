"""Check-ins that come at the same moment share one transaction.

A class is sixty people at a door within a minute, a province 240 000 within ten. A commit costs the same for one
check-in as for thirty, so whoever comes while a transaction is under way waits for it and then goes with all the
others who came meanwhile. Each is answered after its transaction is kept, and only then.
"""

from dataclasses import dataclass, field
from threading import Event, Lock

from rollbook.classes.actions.check_ins import settle
from rollbook.classes.rules.check_ins import Answer, Wish

MOST = 100  # in one transaction


@dataclass(slots=True, eq=False)
class _Waiting:
    wish: Wish
    turn: Event = field(default_factory=Event)  # it is answered, or it is the one to go next
    answer: Answer | None = None
    error: Exception | None = None


_waiting: list[_Waiting] = []
_guard = Lock()
_under_way = False


def settle_together(wish: Wish) -> Answer:
    """As `settle` for one, in one transaction with the others of this process that wait."""
    mine = _Waiting(wish)
    if not _goes_first(mine):
        mine.turn.wait()
    if mine.answer is None and mine.error is None:
        _go()
    if mine.error is not None:
        raise mine.error
    assert mine.answer is not None  # noqa: S101 it went itself or was taken along
    return mine.answer


def _goes_first(mine: _Waiting) -> bool:
    global _under_way
    with _guard:
        _waiting.append(mine)
        first, _under_way = not _under_way, True
        return first


def _go() -> None:
    """One transaction for the first of those who wait; then the next in line goes."""
    global _under_way
    with _guard:
        taken = _waiting[:MOST]
        del _waiting[: len(taken)]
    try:
        _settle(taken)
    finally:
        with _guard:
            if _waiting:
                _waiting[0].turn.set()
            else:
                _under_way = False
        for one in taken:
            if one.answer is None and one.error is None:
                one.error = RuntimeError("the transaction was broken off")
            one.turn.set()


def _settle(taken: list[_Waiting]) -> None:
    """What makes a whole transaction fail is found by giving each its own."""
    try:
        for one, answer in zip(taken, settle([one.wish for one in taken]), strict=True):
            one.answer = answer
    except Exception as error:
        if len(taken) == 1:
            taken[0].error = error
            return
        for one in taken:
            _settle([one])
