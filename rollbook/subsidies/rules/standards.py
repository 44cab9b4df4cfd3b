"""Which row of a policy's amount table each case falls under: looked up once for cases that are alike."""

from dataclasses import dataclass

import numpy as np

from rollbook.kernel.columns import Ints
from rollbook.subsidies.rules.facts import Facts, code
from rollbook.subsidies.rules.policy import Amount, Policy, Standing, Unit

NO_ROW = Amount(kind="", standing="no-row")
STANDINGS = (*Standing.values(), NO_ROW.standing)
UNITS = Unit.values()
BITS = {"kind": 4, "identity": 36, "grade": 4, "level": 3, "hours": 12, "urgency": 3}


@dataclass(frozen=True, slots=True)
class Standards:
    """The row of each case, as columns."""

    amount_fen: Ints
    unit: Ints
    most_units: Ints
    cap_fen: Ints
    standing: Ints


def find(policy: Policy, facts: Facts) -> Standards:
    """The row of the amount table for each case; cases that look alike are looked up once."""
    keys = np.zeros(len(facts), dtype=np.int64)
    named = np.array(sorted({row.identity for row in policy.amounts if row.identity}), dtype=np.int64)
    tiers = np.array(sorted({0, *(row.hours for row in policy.amounts)}), dtype=np.int64)
    columns = (
        facts.kind,
        np.where(np.isin(facts.identity, named), facts.identity, 0),  # what no row names is all the same
        facts.grade,
        facts.level,
        tiers[np.searchsorted(tiers, facts.hours, side="right") - 1],
        facts.urgency,
    )
    for column, bits in zip(columns, BITS.values(), strict=True):
        keys = (keys << bits) | np.clip(column, 0, (1 << bits) - 1)
    alike, first, which = np.unique(keys, return_index=True, return_inverse=True)
    rows = [_row(policy, [int(column[n]) for column in columns]) for n in first]
    del alike

    def spread(values: list[int]) -> Ints:
        return np.array(values, dtype=np.int64)[which]

    return Standards(
        amount_fen=spread([row.amount_fen for row in rows]),
        unit=spread([UNITS.index(row.unit) for row in rows]),
        most_units=spread([row.most_units for row in rows]),
        cap_fen=spread([row.cap_fen for row in rows]),
        standing=spread([STANDINGS.index(row.standing) for row in rows]),
    )


def _row(policy: Policy, case: list[int]) -> Amount:
    fitting = [row for row in policy.amounts if _fits(row, *case)]
    return max(fitting, key=rank, default=NO_ROW)


def _fits(row: Amount, kind: int, identity: int, grade: int, level: int, hours: int, urgency: int) -> bool:
    return (
        code("kind", row.kind) == kind
        and (not row.identity or row.identity == identity)
        and (not row.grade or code("grade", row.grade) == grade)
        and row.level in (-1, level)
        and row.hours <= hours
        and (not row.urgency or code("urgency", row.urgency) == urgency)
    )


def rank(row: Amount) -> tuple[bool, bool, bool, bool, int]:
    """What makes a row say more than another that fits as well."""
    return (bool(row.identity), bool(row.grade), bool(row.urgency), row.level >= 0, row.hours)
