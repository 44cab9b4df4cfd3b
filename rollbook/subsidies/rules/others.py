"""What facts of other departments mean for a subsidy: who is excluded, whose category is proved, who employs
whom (N3.5, domain 3.1, 3.2, 3.5)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from rollbook.exchange.rules import Feed
from rollbook.subsidies.rules.facts import EXCLUSIONS, whole_months
from rollbook.subsidies.rules.papers import PaperKind
from rollbook.subsidies.rules.policy import Exclusion, FrozenAt, Policy

# The list of another department that proves a category.
PROOFS: Mapping[str, Feed] = {
    "monitored": Feed.MONITORED, "disabled": Feed.DISABLED, "veteran": Feed.VETERANS, "graduate": Feed.SCHOOLING,
    "leaver": Feed.SCHOOLING, "student": Feed.SCHOOLING, "employee": Feed.LABOUR_CONTRACTS, "rural": Feed.RURAL,
    "unemployed": Feed.UNEMPLOYED, "difficulty": Feed.DIFFICULTY, "flexible": Feed.FLEXIBLE,
}  # fmt: skip
FEEDS = tuple(dict.fromkeys((Feed.PENSIONS, Feed.PAYROLL, Feed.PUPILS, Feed.APPRENTICES, *PROOFS.values())))
LEAVER_DAYS = 365  # "at most one year after leaving" (domain 3.1)
OPEN_ENDED = 600  # months of a labour contract without an end


@dataclass(frozen=True, slots=True)
class Fact:
    """What a department said of a person, and the span it holds for; open where it has no end."""

    feed: str
    from_on: date | None
    until_on: date | None
    data: Mapping[str, Any]
    source: str = ""  # who says so, in which delivery, as of when
    number: str = ""
    as_of: date | None = field(default=None)
    paper: int = 0  # of a trainee, where no department says so

    def holds_on(self, day: date) -> bool:
        return (self.from_on is None or self.from_on <= day) and (self.until_on is None or day <= self.until_on)


def excludes(fact: Fact, exclusion: str, day: date) -> bool:
    """Whether a fact shows that a person may not have it on a day. A survivor's pension is no pension of
    one's own; a student in the year of graduation is none that is excluded."""
    if not fact.holds_on(day):
        return False
    match exclusion:
        case Exclusion.PENSION:
            return fact.feed == Feed.PENSIONS and fact.data.get("kind") != "survivor"
        case Exclusion.ESTABLISHMENT:
            return fact.feed == Feed.PAYROLL
        case Exclusion.STUDENT:
            is_student = fact.feed == Feed.SCHOOLING and fact.data.get("full_time") == "yes"
            return is_student and day.year < int(fact.data.get("graduates_in") or 0)
        case Exclusion.PUPIL:
            return fact.feed == Feed.PUPILS
        case Exclusion.APPRENTICE:
            return fact.feed == Feed.APPRENTICES
    return False


def excluded(facts: Iterable[Fact], policy: Policy, days: Mapping[str, date]) -> int:
    """The exclusions of a policy that facts show, as bits, each on the day that the policy freezes it."""
    facts = list(facts)
    bits = 0
    for one in policy.exclusions:
        if any(excludes(fact, one.exclusion, days[one.frozen_at]) for fact in facts):
            bits |= 1 << EXCLUSIONS.index(one.exclusion)
    return bits


def proves(fact: Fact, category: str, day: date) -> bool:
    """Whether a fact shows on a day that somebody is of a category. Of a school roll: the year of graduation, that it
    was left within a year, or that it is attended (domain 3.1)."""
    if fact.feed != PROOFS.get(category):
        return False
    match category:
        case "graduate":
            return int(fact.data.get("graduates_in") or 0) == day.year
        case "leaver":
            return fact.until_on is not None and 0 <= (day - fact.until_on).days <= LEAVER_DAYS
    return fact.holds_on(day)


def frozen_at(category: str, policy: Policy) -> str:
    """Which day of a case the policy looks at a category on."""
    return next((one.frozen_at for one in policy.categories if one.category == category), FrozenAt.START)


def proof_of(facts: Iterable[Fact], category: str, policy: Policy, days: Mapping[str, date]) -> Fact | None:
    """What shows the category on the day that the policy freezes it."""
    day = days[frozen_at(category, policy)]
    return next((fact for fact in facts if proves(fact, category, day)), None)


def contract_on(facts: Iterable[Fact], day: date, employer: str = "") -> Fact | None:
    """The labour contract that holds on a day, with one employer where it is named; the latest begun."""
    found = [
        one for one in facts
        if one.feed == Feed.LABOUR_CONTRACTS and one.holds_on(day) and employer in ("", one.data.get("employer"))
    ]  # fmt: skip
    return max(found, key=lambda one: one.from_on or date.min, default=None)


def found_in(feed: str) -> str:
    """What a proof was found in, in words."""
    return Feed(feed).label if feed in Feed.values() else PaperKind(feed).label


def contract_months(contract: Fact | None) -> int:
    """Whole months that a labour contract runs."""
    if contract is None or contract.from_on is None:
        return 0
    if contract.until_on is None:
        return OPEN_ENDED
    return whole_months(contract.from_on, contract.until_on)


def employment(facts: Iterable[Fact], since: date, until: date) -> Fact | None:
    """The first labour contract, or business of one's own, under which somebody worked after a day and not later than
    another (domain 3.2)."""
    found = [
        one for one in facts
        if one.feed in (Feed.LABOUR_CONTRACTS, PaperKind.LICENCE) and one.from_on is not None and one.from_on <= until
        and (one.until_on is None or one.until_on > since)
    ]  # fmt: skip
    return min(found, key=lambda one: one.from_on or date.min, default=None)
