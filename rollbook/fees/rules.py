"""What trainees pay themselves (N16.1): a class states its price and the ways of paying that it takes; who owes what to
whom. The institution keeps the money; kept here is what both sides say of it."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from rollbook.kernel.choices import Choice
from rollbook.kernel.messages import Message, _
from rollbook.kernel.money import plain
from rollbook.kernel.reasons import reason


class Way(Choice):
    ADVANCE = "advance", _("Pay in advance, the subsidy comes after completion")
    CREDIT = "credit", _("Pay on credit, after completion")
    PART = "part", _("Pay a share, the rest is not asked for")


class SignUpState(Choice):
    ASKED = "asked", _("Asked to join")
    ACCEPTED = "accepted", _("Joined")
    DECLINED = "declined", _("Declined")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class EntryKind(Choice):
    TAKEN = "taken", _("Paid by the trainee")
    REFUNDED = "refunded", _("Given back to the trainee")


class Means(Choice):
    CASH = "cash", _("Cash")
    TRANSFER = "transfer", _("Bank transfer")
    CARD = "card", _("Bank card")
    PHONE = "phone", _("Paid by phone")


class Answer(Choice):
    WAITING = "waiting", _("Not answered by the trainee")
    CONFIRMED = "confirmed", _("Confirmed by the trainee")
    DENIED = "denied", _("Denied by the trainee")


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the region's dated terms say of money that trainees paid."""

    before_percent: int  # given back to who drops out before the first lesson
    first_percent: int  # … before half of the hours were held
    later_percent: int
    completed_percent: int  # of an advance, given back by the institution after completion
    by_subsidy: bool  # who pays on credit owes no more than the subsidy that was paid


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """All that decides who owes what; `held_percent` of the hours when a trainee dropped out, None where none did."""

    way: str
    price_fen: int
    share_fen: int
    taken_fen: int = 0
    refunded_fen: int = 0
    subsidy_fen: int = 0  # paid to the trainee
    is_completed: bool = False
    held_percent: int | None = None

    @property
    def kept_fen(self) -> int:
        return self.taken_fen - self.refunded_fen


def refund_percent(held_percent: int, terms: Terms) -> int:
    """How much of the price is given back, or not asked for, of who leaves when so much was held."""
    if held_percent <= 0:
        return terms.before_percent
    return terms.first_percent if held_percent < 50 else terms.later_percent


def owed_fen(one: Standing, terms: Terms) -> int:
    """What the trainee is to have paid by now in all; what does not come to a whole fen is in the trainee's favour."""
    base = one.share_fen if one.way == Way.PART else one.price_fen
    if one.held_percent is not None:
        return base * (100 - refund_percent(one.held_percent, terms)) // 100
    if one.way == Way.CREDIT:
        if not one.is_completed:
            return 0
        return min(base, one.subsidy_fen) if terms.by_subsidy else base
    if one.way == Way.ADVANCE and one.is_completed:
        return base * (100 - terms.completed_percent) // 100
    return base


def balance_fen(one: Standing, terms: Terms) -> int:
    """Above nothing the trainee owes it, below nothing the institution does."""
    return owed_fen(one, terms) - one.kept_fen


def reasons_against_price(price_fen: int, share_fen: int, ways: Collection[str]) -> Iterator[Message]:
    if price_fen < 0 or (price_fen == 0 and ways):
        yield reason(
            "price", _("A class that costs nothing takes no way of paying; else give a price above zero."), "N16.1"
        )
    if price_fen > 0 and not ways:
        yield reason("no-way", _("Choose at least one way of paying."), "N16.1")
    if Way.PART in ways and not 0 < share_fen < price_fen:
        yield reason("share", _("The share of the trainee lies between zero and the price."), "N16.1")


def reasons_against_way(way: str, ways: Collection[str], price_fen: int) -> Iterator[Message]:
    if price_fen > 0 and way not in ways:
        yield reason("way", _("Choose one of the ways of paying that the class takes."), "N16.1")


def reasons_against_entry(kind: str, amount_fen: int, *, balance_fen: int, kept_fen: int) -> Iterator[Message]:
    """No more is taken than is owed now, and no more given back than was taken."""
    if kind == EntryKind.TAKEN and not 0 < amount_fen <= balance_fen:
        text = _("The trainee owes {left} yuan now; no more is taken.")
        yield reason("too-much", text, "N16.1", left=plain(max(balance_fen, 0)))
    if kind == EntryKind.REFUNDED and not 0 < amount_fen <= kept_fen:
        text = _("The trainee has paid {left} yuan in all; no more is given back.")
        yield reason("too-much-back", text, "N16.1", left=plain(max(kept_fen, 0)))


def reasons_against_answer(answer: str, now: str, said: str) -> Iterator[Message]:
    if now != Answer.WAITING:
        yield reason("answered", _("You have answered this already."), "N16.1")
    if answer not in (Answer.CONFIRMED, Answer.DENIED):
        yield reason("answer", _("Say whether you paid this or got this."), "N16.1")
    if answer == Answer.DENIED and not said.strip():
        yield reason("said", _("Say what is wrong with it."), "N16.1")
