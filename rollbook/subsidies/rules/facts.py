"""What is known of each case on the day it is decided: columns of numbers, words as codes."""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from typing import Any

from rollbook.funds.rules import Fund
from rollbook.kernel.columns import Bools, Columns, Counts, Ints, Texts, pick
from rollbook.subsidies.rules.policy import Exclusion, Kind, Mode, Stage, Urgency

NEVER = 9  # a level below all levels: nothing was had
WORDS: Mapping[str, Sequence[str]] = {
    "kind": Kind.values(),
    "urgency": Urgency.values(),
    "mode": Mode.values(),
    "stage": Stage.values(),
    "grade": ("", "A", "B", "C", "A+"),
    "category": (
        "", "rural", "unemployed", "difficulty", "monitored", "graduate", "leaver", "employee", "veteran", "disabled",
        "flexible", "student",
    ),
}  # fmt: skip
EXCLUSIONS = Exclusion.values()
FUNDS = Fund.values()


def code(column: str, word: str) -> int:
    """The number that a word has in a column."""
    return WORDS[column].index(word)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts(Columns):
    kind: Ints  # what it would count as
    identity: Ints  # of the occupation; 0 where there is none
    grade: Ints
    level: Ints  # 1 highest … 5, 0 none
    hours: Ints  # academic hours of the class
    urgency: Ints
    mode: Ints
    category: Ints  # on the day that the policy freezes it
    has_proof: Bools  # of the category
    excluded: Ints  # bits in the order of `Exclusion`
    is_public_base: Bools
    is_starred: Bools
    units: Ints  # hours, days attended or years that are paid by the piece
    cost_fen: Ints  # published cost of the class, a person
    list_fen: Ints  # standard in the demand directory; -1 where its list gives none
    stage: Ints
    paid_fen: Ints  # what this very case has had
    attended_percent: Ints  # of the planned academic hours
    attendance_least: Ints
    worst_day_percent: Ints  # of the class, on its worst day
    day_attendance_least: Ints
    attendance_document: Texts
    is_committed: Bools
    is_verified: Bools  # against the population service
    days_since_certificate: Ints
    months_since_certificate: Ints  # begun; on the day itself, a month later, none more than these
    insured_months: Ints
    contract_months: Ints
    has_payee: Bools  # the employer or institution that is paid by the policy is known
    same_level_had: Bools
    highest_had_level: Ints  # of the same occupation, paid or claimed before; 9 where none
    had_year: Counts  # awards of this person this year, paid or under way, a column each `Kind`
    had_ever: Counts
    had_occupation_year: Counts  # of the same occupation
    had_occupation_ever: Counts
    had_fund_year: Counts  # awards of this person this year, a column each `Fund`
    had_fund_ever: Counts


# What was not yet asked when the first decisions were kept: it did not weigh in them.
ADDED_LATER: Mapping[str, Any] = {
    "months_since_certificate": 0,
    "has_payee": False,  # only persons were paid
    "had_fund_year": [0] * len(FUNDS),
    "had_fund_ever": [0] * len(FUNDS),
}


def months_begun(since: date, today: date) -> int:
    """Calendar months that have begun since a day: within 12 months is as long as this is not above 12.
    A month that has no such day ends on its last."""
    return (today.year - since.year) * 12 + today.month - since.month + (today.day > since.day)


def months_later(since: date, months: int) -> date:
    """The last day within so many calendar months; a month that has no such day ends on its last."""
    year, month = divmod(since.year * 12 + since.month - 1 + months, 12)
    return date(year, month + 1, min(since.day, monthrange(year, month + 1)[1]))


def years_of(first: date | None, last: date | None) -> int:
    """Whole years from the first day of an apprenticeship to its last (domain 3.5)."""
    return whole_months(first, last) // 12 if first and last else 0


def whole_months(first: date, last: date) -> int:
    """Months that are complete from one day to another, both included: 1 January to 31 December are twelve."""
    end = last + timedelta(1)
    return (end.year - first.year) * 12 + end.month - first.month - (end.day < first.day)


def said(facts: Facts, row: int) -> dict[str, Any]:
    """One case with its words, as it is kept beside the decision and shown (B1)."""
    found = pick({one.name: getattr(facts, one.name) for one in fields(facts)}, row)
    return found | {name: words[found[name]] for name, words in WORDS.items()}


def heard(case: Mapping[str, Any]) -> Facts:
    """The case of `said`, to be decided again."""
    return Facts.one(**{**ADDED_LATER, **case} | {name: code(name, case[name]) for name in WORDS})
