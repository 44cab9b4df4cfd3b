"""The rule book: shipped policies, and worked cases decided by the rules as they stand (N13.1, B1)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rollbook.kernel.decisions import reasons
from rollbook.kernel.messages import Message
from rollbook.subsidies.rules.entitlement import award, grounds
from rollbook.subsidies.rules.facts import heard
from rollbook.subsidies.rules.policy import Policy, project_identity


@dataclass(frozen=True, slots=True)
class Printed:
    """A policy as it was in force for a time."""

    region_code: str
    title: str
    since: str
    until: str
    policy: Policy

    def binds(self, region_code: str, subsidy: str, day: str) -> bool:
        is_it = (self.region_code, self.policy.subsidy) == (region_code, subsidy)
        return is_it and self.since <= day < (self.until or "9")


@dataclass(frozen=True, slots=True)
class Case:
    """One case with what was expected, and what the rules say of it."""

    name: Mapping[str, str]  # by language
    printed: Printed
    change: Mapping[str, Any]  # parts of the policy that are otherwise in this case
    facts: Mapping[str, Any]  # in which it differs from the case in which everything is right
    expected_fen: int
    expected_codes: Sequence[str]
    against: Sequence[Message]
    lines: Sequence[tuple[Message, int]]

    @property
    def codes(self) -> list[str]:
        return [one.code for one in self.against]

    @property
    def is_as_expected(self) -> bool:
        return (sorted(self.codes), self.fen) == (sorted(self.expected_codes), self.expected_fen)

    @property
    def fen(self) -> int:
        """What is due; below nothing where it is to be recovered; nothing where a ground stands against it."""
        due = sum(fen for _line, fen in self.lines)
        return due if not self.against else min(due, 0)


@dataclass(frozen=True, slots=True)
class Book:
    policies: Sequence[Printed]
    cases: Sequence[Case]

    def cases_of(self, printed: Printed) -> list[Case]:
        return [one for one in self.cases if one.printed == printed]

    def by_ground(self) -> dict[str, list[tuple[Message, Case]]]:
        """The cases of each ground, by its code."""
        found: dict[str, list[tuple[Message, Case]]] = {}
        for case in self.cases:
            for one in case.against:
                found.setdefault(one.code, []).append((one, case))
        return found

    def by_line(self) -> dict[str, list[tuple[Message, int, Case]]]:
        """The cases of each line of an amount, by its sentence."""
        found: dict[str, list[tuple[Message, int, Case]]] = {}
        for case in self.cases:
            if not case.against:
                for one, fen in case.lines:
                    found.setdefault(one.template, []).append((one, fen, case))
        return found


def read(files: Iterable[Mapping[str, Any]], book: Mapping[str, Any]) -> Book:
    """The book from the shipped files and its own file of cases; every case is decided here and now."""
    printed = [
        Printed(one["region_code"], one["title"], one["since"], one["until"] or "", _known(Policy.of(one["content"])))
        for one in files
    ]
    return Book(printed, list(_cases(printed, book)))


def _cases(printed: Sequence[Printed], book: Mapping[str, Any]) -> Iterator[Case]:
    for one in book["cases"]:
        found = next(row for row in printed if row.binds(*one["policy"]))
        policy, change = found.policy, one.get("change", {})
        if change:
            policy = _known(Policy.of(policy.json() | change))
        facts = heard(book["base"] | one["facts"])
        lines = [
            (line.message(0), line.amount_fen[0].item()) for line in award(facts, policy).lines if line.amount_fen[0]
        ]
        yield Case(
            name=one, printed=found, change=change, facts=one["facts"], expected_fen=round(one["yuan"] * 100),
            expected_codes=one["codes"], against=list(reasons(grounds(facts, policy), 0)), lines=lines,
        )  # fmt: skip


def _known(policy: Policy) -> Policy:
    """Rows with the identity of their occupation: in the edition of these tables that is its code's digits."""

    def identity(row: Any) -> int:
        if row.occupation:
            return int(row.occupation.replace("-", ""))
        return project_identity(row.name) if row.name else 0

    return policy.having("amounts", [replace(row, identity=identity(row)) for row in policy.amounts])
