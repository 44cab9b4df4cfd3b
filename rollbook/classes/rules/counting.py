"""From lessons to hours: what counts toward the certificate and what toward the subsidy, as a region's terms say
(domain 2.5; N4.1, N5.1)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from rollbook.classes.rules.states import Presence

CERTIFICATE, SUBSIDY = 1, 2  # the two bits of a term that says what something counts toward


class Held(NamedTuple):
    """One lesson of one trainee."""

    day: date
    is_afternoon: bool
    hours: int
    presence: str
    made_up: str = ""  # what the make-up lesson came to, where one was held


@dataclass(frozen=True, slots=True, kw_only=True)
class Counting:
    """What the terms say of counting."""

    lates_an_absence: int = 0
    by_half_days: bool = False
    late_counts: int = CERTIFICATE | SUBSIDY
    leave_counts: int = 0
    make_up_counts: int = 0


def counting(terms: Mapping[str, int]) -> Counting:
    return Counting(
        lates_an_absence=terms["lates-an-absence"],
        by_half_days=bool(terms["half-days"]),
        late_counts=terms["late-counts"],
        leave_counts=terms["leave-counts"],
        make_up_counts=terms["make-up-counts"],
    )


def hours(lessons: Iterable[Held], toward: int, rule: Counting) -> int:
    """The academic hours that count toward one of the two, of lessons in the order they were held."""
    ordered = sorted(lessons, key=lambda one: (one.day, one.is_afternoon))
    counted = [_counts(one.presence, toward, rule) or _made_up(one, toward, rule) for one in ordered]
    for place in _absences_by_lates(ordered, rule.lates_an_absence):
        counted[place] = False
    if rule.by_half_days:
        missed = {_half(one) for one, good in zip(ordered, counted, strict=True) if not good}
        counted = [_half(one) not in missed for one in ordered]
    return sum(one.hours for one, good in zip(ordered, counted, strict=True) if good)


def _half(one: Held) -> tuple[date, bool]:
    return one.day, one.is_afternoon


def _counts(presence: str, toward: int, rule: Counting) -> bool:
    if presence == Presence.PRESENT:
        return True
    if presence == Presence.LATE:
        return bool(rule.late_counts & toward)
    return presence == Presence.LEAVE and bool(rule.leave_counts & toward)


def _made_up(one: Held, toward: int, rule: Counting) -> bool:
    """Whether a lesson missed, on leave or without, counts because it was made up: as the make-up was attended."""
    missed = one.presence in (Presence.ABSENT, Presence.LEAVE)
    return missed and bool(rule.make_up_counts & toward) and _counts(one.made_up, toward, rule)


def _absences_by_lates(ordered: Sequence[Held], lates_an_absence: int) -> list[int]:
    """The places of the lessons that are absences because they complete a number of lates: with three, every third."""
    if not lates_an_absence:
        return []
    late = [place for place, one in enumerate(ordered) if one.presence == Presence.LATE]
    return late[lates_an_absence - 1 :: lates_an_absence]
