"""What of a paid claim is to come back, as the facts of now have it (N6.4, N7.5; domain 6.1: "already paid is recovered")."""

from collections.abc import Collection, Iterator

from rollbook.funds.rules import RecoveryGround
from rollbook.kernel.choices import Choice
from rollbook.kernel.messages import Message, _
from rollbook.kernel.money import plain
from rollbook.kernel.reasons import reason

# Holds that rest on what people have confirmed; those that screening placed by itself wait for their alert.
CONFIRMED = ("supervision.Inspection:", "risk.Alert:")
TWICE = frozenset({"same-level", "higher-level"})


class ProposalState(Choice):
    OPEN = "open", _("To be decided")
    ORDERED = "ordered", _("Ordered to come back")
    CLOSED = "closed", _("Closed without recovery")
    GONE = "gone", _("No longer due")  # found by working it out again, never said by a person


def is_confirmed(source: str) -> bool:
    """Whether a hold takes the ground from under what was paid."""
    return source.startswith(CONFIRMED)


def ground_of(sources: Collection[str], codes: Collection[str], *, is_revoked: bool) -> RecoveryGround:
    """On which ground it is proposed; who orders it may name another."""
    if is_revoked:
        return RecoveryGround.REVOKED
    if any(one.startswith("supervision.") for one in sources):
        return RecoveryGround.DISQUALIFIED
    if TWICE & set(codes):
        return RecoveryGround.DUPLICATE
    return RecoveryGround.FACTS


def to_come_back(*, paid_fen: int, ordered_fen: int, due_fen: int) -> int:
    """Due to date minus paid to date: what is ordered to come back already is not proposed again."""
    return max(paid_fen - ordered_fen - due_fen, 0)


def reasons_against_ordering(state: str, *, now_fen: int, amount_fen: int) -> Iterator[Message]:
    """The facts may have changed again since it was found: no more is ordered than they say now."""
    if state != ProposalState.OPEN:
        yield reason("decided", _("This is decided already."), "N14.1")
    elif now_fen == 0:
        yield reason("nothing-back", _("By the facts of now nothing is to come back of this claim."), "N6.4")
    elif not 0 < amount_fen <= now_fen:
        text = _("By the facts of now from 0.01 to {left} yuan are to come back.")
        yield reason("proposal-amount", text, "N6.4", left=plain(now_fen))


def reasons_against_closing(state: str, why: str) -> Iterator[Message]:
    if state != ProposalState.OPEN:
        yield reason("decided", _("This is decided already."), "N14.1")
    if not why.strip():
        yield reason("why", _("Say on what ground."), "N14.1")
