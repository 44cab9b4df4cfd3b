"""What a changed policy would have cost, and whom it would have reached, on claims of the past (B5)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rollbook.kernel.choices import Choice
from rollbook.kernel.columns import Bools, Counts, Ints, Texts
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import reason
from rollbook.subsidies.rules.entitlement import payable_fen
from rollbook.subsidies.rules.facts import FUNDS, Facts
from rollbook.subsidies.rules.policy import Kind, Policy, Source, Standing, Unit

TOP = 100  # rows of a dimension that are kept, those with most money first


class JobState(Choice):
    WAITING = "waiting", _("Waiting")
    RUNNING = "running", _("Under way")
    DONE = "done", _("Worked out")
    FAILED = "failed", _("Broken off")


class Dimension(Choice):
    """By what winners and losers are told."""

    CATEGORY = "category", _("Person category")
    GRADE = "grade", _("Class of the table")
    OCCUPATION = "identity", _("Occupation")
    LEVEL = "level", _("Level")
    COUNTY = "county", _("County")
    AGE = "age", _("Age")
    SEX = "sex", _("Sex")
    MONTH = "month", _("Month")
    INSTITUTION = "institution", _("Institution")


AGES = ((0, 25), (25, 35), (35, 45), (45, 55), (55, 200))  # from, below


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What is changed against a policy; whatever is not named stays. Rows are counted from 0."""

    percent: int = 100  # of every amount, the demand directory's too
    amounts: Mapping[int, int] = field(default_factory=dict)  # row → fen
    factors: Mapping[int, int] = field(default_factory=dict)  # row → per cent
    caps: Mapping[int, int] = field(default_factory=dict)  # row → limit
    source: str = ""  # where the standard is read from now on
    claim_days: int = -2  # -1 no limit, -2 unchanged
    attendance_least: int = -1  # per cent; -1 unchanged
    from_on: int = 0  # 20260101: claims filed earlier stay under the present policy

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Self:
        """From its JSON, whose keys are texts."""
        rows = {
            name: {int(n): value for n, value in data.get(name, {}).items()} for name in ("amounts", "factors", "caps")
        }
        return cls(**{**data, **rows})

    def json(self) -> dict[str, Any]:
        return {name: ({str(n): v for n, v in value.items()} if isinstance(value, dict) else value)
                for name, value in asdict(self).items()}  # fmt: skip

    def applied(self, policy: Policy) -> Policy:
        amounts = [
            replace(
                one, amount_fen=self.amounts.get(n, self._scaled(one.amount_fen) if _is_money(one) else one.amount_fen)
            )
            for n, one in enumerate(policy.amounts)
        ]
        factors = [replace(one, percent=self.factors.get(n, one.percent)) for n, one in enumerate(policy.factors)]
        caps = [replace(one, limit=self.caps.get(n, one.limit)) for n, one in enumerate(policy.caps)]
        days = policy.limits.claim_days if self.claim_days == -2 else self.claim_days
        return replace(
            policy, amounts=tuple(amounts), factors=tuple(factors), caps=tuple(caps), source=self.source or policy.source,
            limits=replace(policy.limits, claim_days=days),
        )  # fmt: skip

    def seen(self, facts: Facts) -> Facts:
        """The facts as the changed policy reads them."""
        found = facts
        if self.percent != 100:
            listed = np.where(facts.list_fen >= 0, facts.list_fen * self.percent // 100, facts.list_fen)
            found = replace(found, list_fen=listed)
        if self.attendance_least >= 0:
            found = replace(found, attendance_least=np.full(len(facts), self.attendance_least))
        return found

    def _scaled(self, fen: int) -> int:
        return fen * self.percent // 100


def _is_money(row: Any) -> bool:
    return bool(row.standing == Standing.PAID and row.unit != Unit.COST)


def reasons_against_scenario(scenario: Scenario, policy: Policy, other: Policy | None) -> Iterator[Message]:
    """Why it cannot be worked out, or would say nothing."""
    for name, rows in (("amounts", policy.amounts), ("factors", policy.factors), ("caps", policy.caps)):
        if any(not 0 <= n < len(rows) for n in getattr(scenario, name)):
            yield reason("no-row", _("{part}: the policy has only {count} rows."), "B5", part=name, count=len(rows))
    for code, text, is_right in (
        ("percent", _("Amounts may be changed to between 1 and 500 per cent."), 0 < scenario.percent <= 500),
        ("negative", _("An amount cannot be below nothing."), all(n >= 0 for n in scenario.amounts.values())),
        ("factor", _("A factor lies between 0 and 300 per cent."), all(0 <= n <= 300 for n in scenario.factors.values())),
        ("cap", _("A cap allows at least one subsidy."), all(n > 0 for n in scenario.caps.values())),
        ("attendance", _("Attendance is at most 100 per cent."), scenario.attendance_least <= 100),
        ("source", _("The standard is read from the policy's table or the demand directory."), scenario.source in ("", *Source.values())),
        ("other-subsidy", _("The two versions are for different kinds of subsidy."), other is None or other.subsidy == policy.subsidy),
        ("nothing-changed", _("Nothing is changed: set at least one figure or choose another version."),
         other is not None or replace(scenario, from_on=0) != Scenario()),
    ):  # fmt: skip
        if not is_right:
            yield reason(code, text, "B5")


# Columns of an extract besides those of `Facts`: whose claim it is, and what was decided.
ABOUT = (
    "claim", "person", "institution", "county", "policy", "filed_on", "decided_fen", "born_on", "sex", "is_refused",
)  # fmt: skip
_WIDE = {"had_year", "had_ever", "had_occupation_year", "had_occupation_ever", "had_fund_year", "had_fund_ever"}


def width(name: str) -> int:
    """How many counts a column holds: one for each kind of award or each fund; 1 where it is a single number."""
    return (len(FUNDS) if "fund" in name else len(Kind)) if name in _WIDE else 1


def facts_of(table: pa.Table) -> Facts:
    """Facts from an extract's columns; documents are not in it, for nothing is explained here."""
    rows = table.num_rows
    columns: dict[str, Any] = {}
    for one in fields(Facts):
        if one.type is Texts:
            columns[one.name] = np.broadcast_to(np.array(""), rows)
        elif one.type is Counts:
            flat = table[one.name].combine_chunks().flatten().to_numpy(zero_copy_only=False)
            columns[one.name] = flat.reshape(rows, width(one.name))
        else:
            columns[one.name] = table[one.name].to_numpy()
    return Facts(**columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Whose claims are looked at: counties by the digits they begin with, days filed, versions decided by."""

    county_from: int
    county_below: int
    since: int  # 20260101
    until: int
    policies: tuple[int, ...]


def within(table: pa.Table, scope: Scope) -> tuple[pa.Table, int]:
    """The claims of an extract that a change reaches, and how many others of the region and period there are."""
    here = pc.and_(
        pc.and_(pc.greater_equal(table["county"], scope.county_from), pc.less(table["county"], scope.county_below)),
        pc.and_(pc.greater_equal(table["filed_on"], scope.since), pc.less_equal(table["filed_on"], scope.until)),
    )
    here = pc.and_(here, pc.invert(table["is_refused"]))
    mine = pc.and_(here, pc.is_in(table["policy"], value_set=pa.array(scope.policies, pa.int64())))
    found = table if pc.all(mine).as_py() else table.filter(mine)  # to filter copies every column
    return found, pc.sum(here).as_py() - found.num_rows if table.num_rows else 0


def decided(table: pa.Table, present: Policy, changed: Policy, scenario: Scenario) -> pa.Table:
    """What each claim comes to under both, with what groups it: narrow columns, so that millions fit."""
    facts = facts_of(table)
    before = payable_fen(facts, present)
    after = payable_fen(scenario.seen(facts), changed)
    filed = table["filed_on"].to_numpy()
    after = np.where(filed >= scenario.from_on, after, before)
    return pa.table(
        {
            "person": table["person"],
            "institution": table["institution"],
            "category": facts.category.astype(np.int8),
            "grade": facts.grade.astype(np.int8),
            "identity": facts.identity,
            "level": facts.level.astype(np.int8),
            "county": table["county"],
            "age": _ages(table["born_on"].to_numpy(), filed).astype(np.int8),
            "sex": table["sex"],
            "month": (filed // 100).astype(np.int32),
            "before": before,
            "after": after,
            "decided": table["decided_fen"],
        }
    )


def _ages(born: Ints, on: Ints) -> Ints:
    years = on // 10_000 - born // 10_000 - (on % 10_000 < born % 10_000)
    bounds = np.array([low for low, _below in AGES[1:]])
    return np.searchsorted(bounds, years, side="right")


def result(parts: Iterable[pa.Table], untouched: int) -> dict[str, Any]:
    """Sums over all claims, and by each dimension: who has more, who less, who nothing any more."""
    parts = [part for part in parts if part.num_rows]
    if not parts:
        return {"claims": 0, "untouched": untouched, "groups": {}}
    table = pa.concat_tables(parts).combine_chunks()
    person = table["person"].to_numpy()
    order = np.argsort(person, kind="stable")  # so that a person's claims lie together
    person = person[order]
    before, after = table["before"].to_numpy()[order], table["after"].to_numpy()[order]
    starts = np.flatnonzero(np.diff(person, prepend=person[0] - 1))
    change = np.add.reduceat(after - before, starts)
    marks = {
        "more": after > before, "less": after < before, "refused": (before > 0) & (after == 0),
        "gained": (before == 0) & (after > 0),
    }  # fmt: skip
    groups = {one.value: _by(one, table[one.value], order, person, before, after, marks) for one in Dimension}
    return {
        "claims": table.num_rows,
        "people": len(starts),
        "institutions": pc.count_distinct(table["institution"]).as_py(),
        "before_fen": int(before.sum()),
        "after_fen": int(after.sum()),
        "decided_fen": pc.sum(table["decided"]).as_py(),
        "people_more": int((change > 0).sum()),
        "people_less": int((change < 0).sum()),
        "claims_refused": int(marks["refused"].sum()),
        "claims_gained": int(marks["gained"].sum()),
        "untouched": untouched,
        "groups": groups,
    }


def _by(
    dimension: Dimension, column: pa.ChunkedArray, order: Ints, person: Ints, before: Ints, after: Ints,
    marks: Mapping[str, Bools],
) -> list[dict[str, int]]:  # fmt: skip
    """The rows of a dimension; sums of money stay below 2^53, where floats are exact."""
    coded = pc.dictionary_encode(column).combine_chunks()
    keys, codes = coded.dictionary.to_pylist(), coded.indices.to_numpy()[order]

    def count(some: Ints) -> list[int]:
        return np.bincount(some, minlength=len(keys)).tolist()  # type: ignore[no-any-return]

    def total(fen: Ints) -> list[int]:
        return [round(one) for one in np.bincount(codes, weights=fen, minlength=len(keys))]

    columns = {
        "key": keys, "people": count(codes[_first_in_group(person, codes)]), "claims": count(codes),
        "before_fen": total(before), "after_fen": total(after),
    } | {name: count(codes[mark]) for name, mark in marks.items()}  # fmt: skip
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    if dimension in (Dimension.OCCUPATION, Dimension.INSTITUTION, Dimension.COUNTY):
        return sorted(rows, key=lambda row: (-max(row["before_fen"], row["after_fen"]), row["key"]))[:TOP]
    return sorted(rows, key=lambda row: row["key"])


def _first_in_group(person: Ints, codes: Ints) -> Bools:
    """Which claims are the first of their person in their group. A person has few claims, so each is held against
    the few before it: that is quicker than to sort persons anew for every grouping."""
    first = np.ones(len(person), dtype=np.bool_)
    for back in range(1, len(person)):
        same = person[back:] == person[:-back]
        if not same.any():
            break
        first[back:] &= ~(same & (codes[back:] == codes[:-back]))
    return first


__all__ = [
    "ABOUT", "AGES", "Dimension", "JobState", "Scenario", "Scope", "decided", "facts_of",
    "reasons_against_scenario", "result", "width", "within",
]  # fmt: skip
