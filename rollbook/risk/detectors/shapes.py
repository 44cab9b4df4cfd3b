"""What many detectors have in common: being in force, overlapping, crowding, shares, distance and speed."""

from collections.abc import Callable, Iterable
from typing import Any

import ibis
from ibis import Table

from rollbook.risk.detectors.tables import SHAPES

Column = Any  # Ibis has no types of its own


class Tables:
    """The tables by their names, each made when it is first asked for; `read` are those that were."""

    def __init__(self, make: Callable[[str], Table]) -> None:
        self._make = make
        self.read: dict[str, Table] = {}

    def __getattr__(self, name: str) -> Table:
        if name not in SHAPES:
            raise AttributeError(name)
        if name not in self.read:
            self.read[name] = self._make(name)
        return self.read[name]


def unbound() -> Tables:
    """Tables without rows, to see what an expression reads and gives."""
    return Tables(lambda name: ibis.table(SHAPES[name].schema, name=name))


def days(later: Column, earlier: Column) -> Column:
    return later.epoch_days() - earlier.epoch_days()


def seconds(later: Column, earlier: Column) -> Column:
    return later.epoch_seconds() - earlier.epoch_seconds()


def percent(part: Column, whole: Column) -> Column:
    """Whole per cent, rounded down; nothing where there is no whole."""
    return (part * 100 / whole.nullif(0)).floor().cast("int64")


def held(fact: Table, day: Column) -> Column:
    """The fact was in force on that day."""
    return (fact.from_on <= day) & (fact.until_on.isnull() | (fact.until_on >= day))


def inside(fact: Table, day: Column) -> Column:
    """Strictly between the first and the last day: neither is proof of where one was."""
    return (fact.from_on < day) & (fact.until_on.isnull() | (fact.until_on > day))


def meets(one: Table, other: Table) -> Column:
    """Two spans of time have a moment in common."""
    return (one.starts_at < other.ends_at) & (other.starts_at < one.ends_at)


def counted(condition: Column) -> Column:
    """How many rows fulfil it."""
    return condition.cast("int64").sum()


def came(presences: Table) -> Table:
    """The presences of those who were there, wholly or in part."""
    return presences.filter(presences.presence.isin(["present", "late"]))


def rosters(enrolments: Table) -> Table:
    """How many people each class has who did not drop out."""
    return enrolments.filter(enrolments.dropped_on.isnull()).aggregate(
        by="class_id", roster=enrolments.person_id.nunique()
    )


def crowds(rows: Table, by: Iterable[str], member: str, least: int) -> Table:
    """The groups that have at least so many different members, with their number as `people`."""
    found = rows.aggregate(by=list(by), people=rows[member].nunique())
    return found.filter(found.people >= least)


def metres(one: Table, other: Table) -> Column:
    """Distance on the ground between two places (equirectangular: good to a per mille within a province)."""
    rad = 0.017453292519943295
    east = (one.longitude - other.longitude) * rad * ((one.latitude + other.latitude) * rad / 2).cos()
    north = (one.latitude - other.latitude) * rad
    return (east * east + north * north).sqrt() * 6371000


def either(*found: Table) -> Table:
    """All that several searches find, each once."""
    first, *rest = [table.distinct() for table in found]
    return ibis.union(first, *rest, distinct=True) if rest else first
