"""What facts of other departments mean for a subsidy: who is excluded, whose category is proved (N3.5, domain 3.1)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from rollbook.exchange.rules import Feed
from rollbook.subsidies.rules.facts import EXCLUSIONS
from rollbook.subsidies.rules.policy import Exclusion, FrozenAt, Policy

# The list of another department that proves a category; what has no list here is proved by no fact.
PROOFS: Mapping[str, Feed] = {"monitored": Feed.MONITORED, "disabled": Feed.DISABLED, "veteran": Feed.VETERANS}
FEEDS = (Feed.PENSIONS, Feed.PAYROLL, Feed.SCHOOLING, *PROOFS.values())


@dataclass(frozen=True, slots=True)
class Fact:
    """What a department said of a person, and the span it holds for; open where it has no end."""

    feed: str
    from_on: date | None
    until_on: date | None
    data: Mapping[str, Any]

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
    return False


def excluded(facts: Iterable[Fact], policy: Policy, days: Mapping[str, date]) -> int:
    """The exclusions of a policy that facts show, as bits, each on the day that the policy freezes it."""
    facts = list(facts)
    bits = 0
    for one in policy.exclusions:
        if any(excludes(fact, one.exclusion, days[one.frozen_at]) for fact in facts):
            bits |= 1 << EXCLUSIONS.index(one.exclusion)
    return bits


def is_proved(facts: Iterable[Fact], category: str, policy: Policy, days: Mapping[str, date]) -> bool:
    """Whether a list of another department shows the category on the day that the policy freezes it."""
    frozen_at = next((one.frozen_at for one in policy.categories if one.category == category), FrozenAt.START)
    return any(fact.feed == PROOFS.get(category) and fact.holds_on(days[frozen_at]) for fact in facts)
