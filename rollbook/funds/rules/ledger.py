"""Public money: the three funds, the accounts of the ledger, and what seals a movement."""

import hashlib
import hmac
from collections.abc import Collection, Iterable, Iterator
from datetime import date

from rollbook.kernel.choices import Choice
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import reason
from rollbook.regions.rules import covers


class Fund(Choice):
    EMPLOYMENT = "employment", _("Employment subsidy fund")
    UNEMPLOYMENT = "unemployment", _("Unemployment insurance fund")
    SPECIAL = "special", _("Special account for skill upgrading")


class AccountKind(Choice):
    """What a ledger account of a region, fund and year holds.

    The Treasury gives the budget; money moves budget → reserved → in transit → paid. What a payee has to pay back is
    set off on the way; what is given up moves from paid to written off and never leaves the books.
    """

    TREASURY = "treasury", _("Treasury")
    BUDGET = "budget", _("Available budget")
    FROZEN = "frozen", _("Frozen")
    RESERVED = "reserved", _("Reserved for claims")
    TRANSIT = "transit", _("In transit at the bank")
    PAID = "paid", _("Paid out")
    NETTING = "netting", _("Being set off")
    WRITTEN_OFF = "written-off", _("Written off")
    INTEREST = "interest", _("Interest received")
    OUTSIDE = "outside", _("Payers of interest")


class Movement(Choice):
    """What a transaction of the ledger is."""

    BUDGET = "budget", _("Budget granted")
    TRANSFER = "transfer", _("Transfer down")
    FREEZE = "freeze", _("Freeze")
    UNFREEZE = "unfreeze", _("Freeze ended")
    RESERVE = "reserve", _("Reserved for a claim")
    RELEASE = "release", _("Reservation given back")
    PAY = "pay", _("Released to the bank")
    VOID = "void", _("Release taken back")
    SETTLE = "settle", _("Paid by the bank")
    FAIL = "fail", _("Refused by the bank")
    RECOVER = "recover", _("Recovered money received")
    NET = "net", _("Set off against a payment")
    INTEREST = "interest", _("Interest received")
    WRITE_OFF = "write-off", _("Written off")
    REOPEN = "reopen", _("Written off, opened again")
    REVERSE = "reverse", _("Reversal")


SUBJECTS = {
    "subsidies.Claim": _("Claim {number}"),
    "funds.LedgerAccount": _("Budget of account {number}"),
    "funds.FundOrder": _("Transfer or freeze {number}"),
}


def about(subject: str) -> Message:
    """What a transaction is for, in words: "subsidies.Claim:3" is claim 3."""
    kind, _colon, number = subject.rpartition(":")
    template = SUBJECTS.get(kind)
    return Message(template, {"number": number}) if template else Message("{number}", {"number": subject})


# Money in these waits: whatever put it there is pending until one other transaction takes it out, whole.
HOLDING = (AccountKind.FROZEN, AccountKind.RESERVED, AccountKind.TRANSIT, AccountKind.NETTING)
SOURCES = (AccountKind.TREASURY, AccountKind.OUTSIDE)  # where money comes from: these may hold less than nothing


def seal(key: bytes, *said: object, entries: Iterable[tuple[int, int]]) -> str:
    """What binds a transaction to its entries, as nobody without the key can write it. `said`: id, kind, subject,
    time in UTC, day of the books, who, document, what it reverses, what it closes."""
    moved = ",".join(f"{account}:{amount}" for account, amount in sorted(entries))
    text = "|".join(["" if one is None else str(one) for one in said] + [moved])
    return hmac.digest(key, text.encode(), hashlib.sha256).hex()


class OrderKind(Choice):
    """What is done with a budget itself, by two people."""

    TRANSFER = "transfer", _("Transfer down")
    FREEZE = "freeze", _("Freeze")
    UNFREEZE = "unfreeze", _("Release what is frozen")
    REVERSE = "reverse", _("Reversal")


class OrderState(Choice):
    ASKED = "asked", _("Waits for a second person")
    DONE = "done", _("Done")
    REFUSED = "refused", _("Refused")


REVERSIBLE = ("budget", "transfer")  # the rest is undone by the deed that follows it: released, failed, recovered
AGES = (30, 60, 90)  # days: an open item is of the first bucket that it is not older than


def reasons_against_transfer(source: str, target: str) -> Iterator[Message]:
    """Money goes down, to a region within one's own (N12.1)."""
    if target == source or not covers(source, target):
        text = _("Money is transferred down: choose a region within one's own.")
        yield reason("not-below", text, "N12.1")


def reasons_against_order(amount_fen: int, document: str, until: date | None, today: date) -> Iterator[Message]:
    if amount_fen <= 0 or not document.strip():
        yield reason("budget", _("Give an amount above zero and the document that grants it."), "N12.1")
    if until is not None and until <= today:
        yield reason("until-past", _("A freeze ends after today."), "N12.1")


def reasons_against_reversal(
    kind: str, *, is_reversal: bool, posted_on: date, booked_on: date | None, today: date
) -> Iterator[Message]:
    """What may be reversed, and in whose books (domain 6.2: corrected, never overwritten)."""
    if kind not in REVERSIBLE or is_reversal:
        text = _("Only budgets and transfers are reversed; the rest is undone by the deed that follows it.")
        yield reason("not-reversible", text, "N14.1")
    if booked_on is not None and not posted_on <= booked_on <= today:
        text = _("The reversal stands in the books of a day from {first} to {last}.")
        yield reason("reversal-day", text, "N14.1", first=posted_on, last=today)


def reasons_against_closing(month: date, today: date, closed: Collection[date]) -> Iterator[Message]:
    """A month is closed when it is over, and once."""
    if (month.year, month.month) >= (today.year, today.month):
        yield reason("month-not-over", _("The month is not over yet."), "N14.1")
    if month in closed:
        yield reason("closed-before", _("This month is closed already."), "N14.1")


def age_of(days: int) -> int:
    """The number of the bucket for an item that has been open so many days."""
    return next((n for n, most in enumerate(AGES) if days <= most), len(AGES))
