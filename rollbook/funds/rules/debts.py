"""How a recovery is paid: by instalments, with interest, by setting off; and when it is given up (N6.4, N7.5, N14.1)."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from rollbook.funds.rules.recoveries import RecoveryState
from rollbook.kernel.choices import Choice
from rollbook.kernel.messages import Message, _
from rollbook.kernel.money import plain
from rollbook.kernel.reasons import reason

YEAR = 365 * 10_000  # rates are in 1/10 000 a year of 365 days
MOST_PERCENT = 99  # of a payment: something always goes to the bank, whose answer settles what was set off


class WriteOffGround(Choice):
    INSOLVENT = "insolvent", _("Cannot pay, as a court has found")
    DECEASED = "deceased", _("Deceased and left nothing")
    UNTRACEABLE = "untraceable", _("Not to be found")
    COST = "cost", _("Costs more than it brings")
    WAIVED = "waived", _("Waived by a decision")


@dataclass(frozen=True, slots=True, order=True)
class Part:
    """One instalment as it was agreed."""

    due_on: date
    amount_fen: int


def evenly(left_fen: int, first_on: date, count: int) -> list[Part]:
    """So many instalments from a day on, month by month; what does not divide is in the last."""
    each = left_fen // count
    days = [_months_on(first_on, n) for n in range(count)]
    return [Part(on, each if n < count - 1 else left_fen - each * (count - 1)) for n, on in enumerate(days)]


def _months_on(first: date, months: int) -> date:
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    for day in range(first.day, 27, -1):
        try:
            return date(year, month + 1, day)
        except ValueError:  # the month is shorter
            continue
    return date(year, month + 1, first.day)


def reasons_against_plan(
    parts: Sequence[Part], *, left_fen: int, state: str, today: date, months: int, document: str
) -> Iterator[Message]:
    """All that is left, on days that lie ahead and in their order, within the months that the region allows."""
    if state != RecoveryState.OPEN:
        yield reason("not-open", _("Nothing is to be paid back here now."), "N6.4")
    if not parts or any(one.amount_fen <= 0 for one in parts) or sum(one.amount_fen for one in parts) != left_fen:
        text = _("The instalments have to come to the {left} yuan that are left.")
        yield reason("plan-sum", text, "N6.4", left=plain(left_fen))
    days = [one.due_on for one in parts]
    last = _months_on(today, months)
    if days != sorted(set(days)) or any(not today < day <= last for day in days):
        text = _("Each instalment has a day of its own, in order, after today and by {last}.")
        yield reason("plan-days", text, "N6.4", last=last)
    if not document.strip():
        yield reason("plan-paper", _("Name the paper that was agreed on."), "N6.4")


def due_by(parts: Iterable[tuple[date, int]], today: date) -> int:
    """How much is to be back by a day; `parts` are days with what is to be back by each in all."""
    return max((until for day, until in parts if day <= today), default=0)


def split(total_fen: int, *, rate: int, days: int) -> tuple[int, int]:
    """Of money that came back so many days late, what pays back and what is interest.

    Simple interest on each fen for as long as it was late, 365 days a year; what pays back is rounded up to
    the fen, so that what is rounded is in favour of who pays. Whoever pays `payoff` pays back all of it.
    """
    if rate <= 0 or days <= 0:
        return total_fen, 0
    principal = -(-total_fen * YEAR // (YEAR + rate * days))
    return principal, total_fen - principal


def payoff(left_fen: int, *, rate: int, days: int) -> int:
    """What is to be paid on a day for nothing to be left: interest is rounded down to the fen."""
    return left_fen + left_fen * max(rate, 0) * max(days, 0) // YEAR


def days_late(received_on: date, *, since: date | None, due_on: date) -> int:
    """For how many days interest runs: from the payment where the region's term says so, else from the last day."""
    return max((received_on - (since or due_on)).days, 0)


def set_off(paid_fen: int, due_fen: int, *, percent: int, kept_fen: int) -> int:
    """How much of a payment is set off against what its payee has to pay back: no more than the region's share of
    it, and never what is to be paid out in any case."""
    most = min(paid_fen * min(percent, MOST_PERCENT) // 100, paid_fen - kept_fen)
    return max(min(due_fen, most), 0)


def reasons_against_write_off(
    state: str, *, amount_fen: int, left_fen: int, pending_fen: int, ground: str, why: str, document: str, asked: bool
) -> Iterator[Message]:
    """All that is left is given up, or a part, but nothing that is being set off."""
    if state != RecoveryState.OPEN:
        yield reason("not-open", _("Nothing is to be paid back here now."), "N6.4")
    elif not 0 < amount_fen <= left_fen:
        text = _("From 0.01 to {left} yuan can be written off.")
        yield reason("write-off-amount", text, "N6.4", left=plain(left_fen))
    elif amount_fen > left_fen - pending_fen:
        text = _("{fen} yuan of it are being set off in a payment; wait for the bank.")
        yield reason("being-set-off", text, "N6.4", fen=plain(pending_fen))
    if asked:
        yield reason("asked-before", _("This was asked before and waits to be decided."), "N14.1")
    if ground not in WriteOffGround.values():
        yield reason("ground", _("Choose the ground."), "N6.4")
    if not why.strip() or not document.strip():
        yield reason("write-off-paper", _("Say why and name the document that allows it."), "N14.1")


def reasons_against_second(
    state: str, *, people: Collection[int], accounts: Collection[int], person_id: int | None, account_id: int
) -> Iterator[Message]:
    """Whoever decides or signs besides is another person than those who had a hand in it."""
    if state != "asked":
        yield reason("decided", _("This is decided already."), "N14.1")
    if account_id in accounts or (person_id is not None and person_id in people):
        yield reason("same-person", _("Another person than who asked must decide."), "N14.1")


def reasons_against_reopening(written_off_fen: int, document: str, why: str) -> Iterator[Message]:
    if written_off_fen == 0:
        yield reason("not-written-off", _("Only what was written off is opened again."), "N6.4")
    if not document.strip() or not why.strip():
        yield reason("recovery-why", _("Name the decision that orders it and say why."), "N6.4")
