"""New apprenticeship: an enterprise trains its own people, half is paid ahead, the rest by who passes (domain 3.5, N16.2)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rollbook.classes.rules.states import State as ClassState
from rollbook.institutions.rules import reasons_against_uscc
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import reason

# From approval on a class is filed with the county, and an advance may be claimed where the policy pays one.
OPENED = (ClassState.APPROVED, ClassState.RUNNING, ClassState.ENDED, ClassState.ASSESSED)


def reasons_against_apprenticeship(
    *, is_apprenticeship: bool, state: str, years: int, is_claimed: bool
) -> Iterator[Message]:
    """Why no enterprise can be filed for a class."""
    if not is_apprenticeship:
        yield reason("not-apprenticeship", _("The class was not applied for as a new apprenticeship."), "3.5")
    if state not in OPENED:
        yield reason("not-approved", _("The county has not approved the class."), "N4.1")
    if years < 1:
        yield reason("apprentice-years", _("An apprenticeship runs at least one whole year."), "3.5")
    if is_claimed:
        text = _("Subsidies were claimed for this enterprise already: who is paid stays.")
        yield reason("apprentice-claimed", text, "N16.2")


def reasons_against_agreement(uscc: str, name: str, agreement: str, *, has_paper: bool) -> Iterator[Message]:
    """What is wrong with what was filled in of an enterprise."""
    yield from reasons_against_uscc(uscc)
    if not name.strip() or not agreement.strip():
        yield reason("agreement", _("Name the enterprise and the agreement with it."), "3.5")
    if not has_paper:
        yield reason("no-paper", _("Attach the agreement with the enterprise."), "3.5")


@dataclass(frozen=True, slots=True)
class Apprentice:
    """What one apprentice's subsidy came to so far."""

    paid_ahead_fen: int
    paid_later_fen: int
    back_fen: int  # to come back: proposed, ordered or back already
    is_certified: bool


@dataclass(frozen=True, slots=True)
class Tally:
    """An apprenticeship by number: what was paid ahead, what followed, what comes back, and what that leaves."""

    people: int
    certified: int
    ahead: int
    ahead_fen: int
    later: int
    later_fen: int
    back: int
    back_fen: int

    @property
    def left_fen(self) -> int:
        return self.ahead_fen + self.later_fen - self.back_fen


def tally(people: Iterable[Apprentice]) -> Tally:
    rows = list(people)
    return Tally(
        people=len(rows),
        certified=sum(one.is_certified for one in rows),
        ahead=sum(one.paid_ahead_fen > 0 for one in rows),
        ahead_fen=sum(one.paid_ahead_fen for one in rows),
        later=sum(one.paid_later_fen > 0 for one in rows),
        later_fen=sum(one.paid_later_fen for one in rows),
        back=sum(one.back_fen > 0 for one in rows),
        back_fen=sum(one.back_fen for one in rows),
    )
