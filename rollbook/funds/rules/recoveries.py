"""Money that was paid and is to come back (追回): on what ground, how much, by when (N6.4, N7.5)."""

from collections.abc import Iterator
from datetime import date

from rollbook.funds.rules.ledger import AccountKind
from rollbook.kernel.choices import Choice
from rollbook.kernel.messages import Message, _
from rollbook.kernel.money import plain
from rollbook.kernel.reasons import reason


class RecoveryGround(Choice):
    REVOKED = "revoked", _("Certificate revoked")
    DISQUALIFIED = "disqualified", _("Class found unqualified")
    DUPLICATE = "duplicate", _("Paid for the same before")
    FACTS = "facts", _("Not entitled by facts found later")
    FRAUD = "fraud", _("Obtained by false statements")
    BANK = "bank", _("Paid wrongly by the bank")


class RecoveryState(Choice):
    ASKED = "asked", _("Waits for finance")
    OPEN = "open", _("To be paid back")
    DONE = "done", _("Recovered")
    WRITTEN_OFF = "written-off", _("Written off")
    REFUSED = "refused", _("Refused")


def standing(amount_fen: int, *, received_fen: int, written_off_fen: int) -> RecoveryState:
    """Of what finance confirmed: nothing is left once it came back or was given up."""
    if received_fen == amount_fen:
        return RecoveryState.DONE
    return RecoveryState.WRITTEN_OFF if received_fen + written_off_fen == amount_fen else RecoveryState.OPEN


def reasons_against_recovery(
    amount_fen: int, *, paid_fen: int, ordered_fen: int, is_paid: bool, document: str, why: str
) -> Iterator[Message]:
    """No more comes back than was paid, whatever is ordered in parts; `ordered_fen` so far."""
    if not is_paid:
        yield reason("not-paid", _("Only what was paid is recovered."), "N6.4")
    elif not 0 < amount_fen <= paid_fen - ordered_fen:
        text = _("From 0.01 to {left} yuan can be recovered of this payment.")
        yield reason("recovery-amount", text, "N6.4", left=plain(paid_fen - ordered_fen))
    if not document.strip() or not why.strip():
        yield reason("recovery-why", _("Name the decision that orders it and say why."), "N6.4")


def reasons_against_receipt(
    amount_fen: int, *, left_fen: int, is_open: bool, received_on: date, ordered_on: date, today: date, document: str
) -> Iterator[Message]:
    if not is_open:
        yield reason("not-open", _("Nothing is to be paid back here now."), "N6.4")
    elif not 0 < amount_fen <= left_fen:
        text = _("From 0.01 to {left} yuan are to be paid back still.")
        yield reason("receipt-amount", text, "N6.4", left=plain(left_fen))
    if not ordered_on <= received_on <= today:
        text = _("Money is received from {first} to {last}.")
        yield reason("receipt-day", text, "N6.4", first=ordered_on, last=today)
    if not document.strip():
        yield reason("receipt-paper", _("Name the bank's paper that shows it."), "N6.4")


def returns_to(year: int, received_on: date) -> AccountKind:
    """Money back within the year of its budget may be spent again; later it goes to the Treasury."""
    return AccountKind.BUDGET if received_on.year == year else AccountKind.TREASURY
