"""Which row of a policy's amount table each case falls under: looked up once for cases that are alike."""

from dataclasses import dataclass
from math import prod

import numpy as np

from rollbook.kernel.columns import Ints
from rollbook.subsidies.rules.facts import Facts, code
from rollbook.subsidies.rules.policy import Amount, Policy, Standing, Unit

NO_ROW = Amount(kind="", standing="no-row")
STANDINGS = (*Standing.values(), NO_ROW.standing)
UNITS = Unit.values()
CODES = 16  # more than any column of codes has


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
    named = np.array(sorted({row.identity for row in policy.amounts if row.identity}), dtype=np.int64)
    tiers = np.array(sorted({0, *(row.hours for row in policy.amounts)}), dtype=np.int64)
    columns = (  # what no row names is all the same, and so are hours of one tier
        (facts.kind, CODES),
        (_place(facts.identity, named), len(named) + 1),
        (facts.grade, CODES),
        (facts.level, CODES),
        (np.searchsorted(tiers, facts.hours, side="right") - 1 if len(tiers) > 1 else None, len(tiers)),
        (facts.urgency, CODES),
    )
    keys = np.zeros(len(facts), dtype=np.int64)
    for column, size in columns:
        keys *= size
        if column is not None:
            keys += column
    sizes = [size for _column, size in columns]
    used, which = _alike(keys, prod(sizes))
    rows = []
    for kind, place, grade, level, tier, urgency in zip(
        *(one.tolist() for one in np.unravel_index(used, sizes)), strict=True
    ):
        identity = named[place - 1].item() if place else 0
        rows.append(_row(policy, [kind, identity, grade, level, tiers[tier].item(), urgency]))

    def spread(values: list[int]) -> Ints:
        return np.array(values, dtype=np.int64)[which]

    return Standards(
        amount_fen=spread([row.amount_fen for row in rows]),
        unit=spread([UNITS.index(row.unit) for row in rows]),
        most_units=spread([row.most_units for row in rows]),
        cap_fen=spread([row.cap_fen for row in rows]),
        standing=spread([STANDINGS.index(row.standing) for row in rows]),
    )


def _place(identity: Ints, named: Ints) -> Ints | None:
    """Where each occupation stands among those that the table names, from 1; 0 for all others."""
    if not len(named):
        return None
    place = np.minimum(np.searchsorted(named, identity), len(named) - 1)
    return np.where(named[place] == identity, place + 1, 0)


def _alike(keys: Ints, size: int) -> tuple[Ints, Ints]:
    """The keys that occur, and which of them each case has: counted where that is less work than sorting."""
    if len(keys) * 4 < size:
        used, which = np.unique(keys, return_inverse=True)
        return used, which
    used = np.flatnonzero(np.bincount(keys, minlength=size))
    places = np.zeros(size, dtype=np.int64)
    places[used] = np.arange(len(used))
    return used, places[keys]


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
