"""What the bank says beside what the ledger says, and what it does not say."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from rollbook.funds.rules.payments import LineState
from rollbook.kernel.choices import Choice
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import reason


class Direction(Choice):
    OUT = "out", _("Paid out")
    IN = "in", _("Came back")


class DifferenceKind(Choice):
    """How the bank's statements and the ledger disagree about one payment."""

    TWICE = "twice", _("Paid more than once by the bank")
    AMOUNT = "amount", _("Another amount")
    AGAINST = "against", _("Paid although refused")
    MISSING = "missing", _("Paid by the ledger, not by the statements")
    BACK = "back", _("Came back after it was paid")
    UNKNOWN = "unknown", _("No payment of ours")


class DifferenceState(Choice):
    OPEN = "open", _("Open")
    OWNED = "owned", _("Being looked into")
    SETTLED = "settled", _("Settled")


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One payment as the ledger has it, beside all that the statements so far say of it."""

    state: str | None  # of the payment; None where we have none of that reference
    amount_fen: int
    outs: int  # how often the bank paid it
    out_fen: int
    in_fen: int

    @property
    def ledger_fen(self) -> int:
        return self.amount_fen if self.state == LineState.PAID else 0

    @property
    def bank_fen(self) -> int:
        return self.out_fen - self.in_fen


def difference(one: Compared) -> DifferenceKind | None:
    """Ledger = statement + in transit: what is with the bank may have been paid already, once and as sent; what is
    answered must have been paid as answered (quality.md). None where both agree."""
    if one.bank_fen == one.ledger_fen or (one.state == LineState.SENT and one.bank_fen == one.amount_fen):
        return None
    if one.state is None:
        return DifferenceKind.UNKNOWN
    if one.outs > 1 and one.out_fen == one.outs * one.amount_fen:
        return DifferenceKind.TWICE
    if one.bank_fen > 0 and one.state in (LineState.PAID, LineState.SENT):
        return DifferenceKind.AMOUNT
    if one.state == LineState.PAID:
        return DifferenceKind.BACK if one.in_fen else DifferenceKind.MISSING
    return DifferenceKind.AGAINST


def reasons_against_settling(*, owner_id: int | None, by_id: int, outcome: str) -> Iterator[Message]:
    """Who looks into a difference says what was found; another agrees."""
    if owner_id is None:
        yield reason("no-owner", _("Somebody has to look into it first."), "N14.1")
    elif owner_id == by_id:
        yield reason("same-person", _("Another person than who asked must decide."), "N14.1")
    if not outcome.strip():
        yield reason("outcome", _("Write down what was found and how it was made good."), "N14.1")


def reasons_against_resolution(
    state: str, *, sent_at: datetime | None, now: datetime, hours: int, evidence: str
) -> Iterator[Message]:
    """A payment is settled by hand when the bank has had its time, on a paper of the bank's (N16.3)."""
    if state != LineState.SENT or sent_at is None:
        yield reason("answered", _("The bank has answered for this payment, or does not have it yet."), "N14.1")
    elif now < sent_at + timedelta(hours=hours):
        text = _("The bank may still answer; by hand it is settled {hours} hours after it was handed over.")
        yield reason("too-early", text, "N16.3", hours=hours)
    if not evidence.strip():
        yield reason("evidence", _("Name the bank's paper that says so."), "N14.1")
