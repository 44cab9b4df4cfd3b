"""What a version of a policy changes of another, row by row (N13.1)."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from rollbook.subsidies.rules.fields import COLUMNS, HEAD, LIMITS, Field
from rollbook.subsidies.rules.policy import PARTS, Amount, Policy

# What makes two rows of two versions the same row, so that the rest of them is compared.
SAME: Mapping[str, tuple[str, ...]] = {
    "amounts": ("kind", "identity", "occupation", "name", "grade", "level", "hours", "urgency", "unit"),
    "factors": ("name",),
    "caps": ("period", "kinds", "scope", "category", "fund"),
    "categories": ("category",),
    "exclusions": ("exclusion",),
    "instalments": ("stage",),
}


@dataclass(frozen=True, slots=True)
class Change:
    """A row before and after: None where it is new or gone."""

    part: str
    before: Any
    after: Any

    @property
    def row(self) -> Any:
        return self.after if self.after is not None else self.before

    @property
    def fields(self) -> list[Field]:
        """The columns that differ, where the row stands in both."""
        if self.before is None or self.after is None:
            return []
        return [one for one in COLUMNS[self.part] if getattr(self.before, one.name) != getattr(self.after, one.name)]

    @property
    def percent(self) -> float | None:
        """By how much an amount rose or fell, per cent with one decimal."""
        if not (isinstance(self.before, Amount) and isinstance(self.after, Amount)) or not self.before.amount_fen:
            return None
        return round((self.after.amount_fen - self.before.amount_fen) * 100 / self.before.amount_fen, 1)


def compared(old: Policy | None, new: Policy) -> dict[str, list[Change]]:
    """The rows of each part that a version adds, drops or changes; parts that stay are left out."""
    found: dict[str, list[Change]] = {}
    for part in PARTS:
        before = _keyed(part, getattr(old, part)) if old else {}
        after = _keyed(part, getattr(new, part))
        rows = [Change(part, before.get(key), row) for key, row in after.items() if before.get(key) != row]
        rows += [Change(part, row, None) for key, row in before.items() if key not in after]
        if rows:
            found[part] = rows
    return found


def _keyed(part: str, rows: tuple[Any, ...]) -> dict[tuple[Any, ...], Any]:
    found: dict[tuple[Any, ...], Any] = {}
    for row in rows:
        plain = replace(row, occupation="", name="") if part == "amounts" and row.identity else row
        key = tuple(getattr(plain, name) for name in SAME[part])
        while key in found:  # an unsound draft may say a thing twice
            key = (*key, "again")
        found[key] = row
    return found


def figures(old: Policy | None, new: Policy) -> list[tuple[Field, Any, Any]]:
    """The single figures of the head and the limits that differ, before and after."""
    found = [(one, getattr(old, one.name) if old else None, getattr(new, one.name)) for one in HEAD]
    found += [(one, getattr(old.limits, one.name) if old else None, getattr(new.limits, one.name)) for one in LIMITS]
    return [(one, before, after) for one, before, after in found if before != after]


assert all(set(names) <= {one.name for one in fields(PARTS[part])} for part, names in SAME.items())  # noqa: S101
