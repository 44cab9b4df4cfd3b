"""What settled alerts teach (B8): precision with its interval, and what another limit would have kept and spared."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt

Z = 1.96  # 95 per cent
# Where less is worse: a row is found when its measure lies below the limit.
BELOW = {("D44", "share"), ("D45", "share"), ("D65", "share"), ("D78", "share"), ("D09", "age")}


@dataclass(frozen=True, slots=True)
class Precision:
    """How many of those settled were true; `low` and `high` bound it (Wilson), so that few cases say little."""

    true: int
    settled: int

    @property
    def percent(self) -> int | None:
        return round(100 * self.true / self.settled) if self.settled else None

    @property
    def false_alarms(self) -> int | None:
        return None if self.percent is None else 100 - self.percent

    def interval(self) -> tuple[int, int]:
        if not self.settled:
            return 0, 100
        n, p = self.settled, self.true / self.settled
        middle = (p + Z * Z / (2 * n)) / (1 + Z * Z / n)
        reach = Z / (1 + Z * Z / n) * sqrt(p * (1 - p) / n + Z * Z / (4 * n * n))
        return round(100 * max(0.0, middle - reach)), round(100 * min(1.0, middle + reach))


@dataclass(frozen=True, slots=True)
class Choice:
    """What one value of a limit would have done to the alerts that were settled."""

    value: int
    true: int  # still found, and true
    false: int  # still found, and false
    missed: int  # true, and no longer found

    @property
    def precision(self) -> Precision:
        return Precision(self.true, self.true + self.false)

    @property
    def kept(self) -> int:
        """Per cent of the true ones that it still finds."""
        return round(100 * self.true / (self.true + self.missed)) if self.true + self.missed else 0


def choices(cases: Sequence[tuple[int, bool]], *, below: bool = False, most: int = 40) -> list[Choice]:
    """Every value that would part the settled cases differently, from the laxest to the strictest."""
    values = sorted({value for value, _true in cases}, reverse=below)
    step = max(1, len(values) // most)
    made = []
    for limit in values[::step]:
        kept = [true for value, true in cases if (value <= limit if below else value >= limit)]
        true = sum(kept)
        all_true = sum(one for _value, one in cases)
        made.append(Choice(limit + 1 if below else limit, true, len(kept) - true, all_true - true))
    return made


LEAST_CASES = 20  # fewer settled alerts are no ground for a change


def proposed(found: Iterable[Choice], cases: int, *, keep: int = 95) -> Choice | None:
    """The value that spares most false alarms and still finds `keep` per cent of the true ones; none on thin ground."""
    if cases < LEAST_CASES:
        return None
    good = [one for one in found if one.kept >= keep]
    return min(good, key=lambda one: (one.false, one.value), default=None)


def steps(values: Sequence[int], limit: int, most: int = 15) -> list[tuple[int, int]]:
    """Even steps over all values, from each up to but not at the other, of which the limit begins one: 1, 2, 5, 10 …"""
    low, high = min(*values, limit), max(*values, limit)
    width, factors = 1, (2, 2.5, 2)
    n = 0
    while (high - low) // width + 2 > most:
        width, n = int(width * factors[n % 3]), n + 1
    first = limit - -((low - limit) // width) * width
    return [(at, at + width) for at in range(first, high + 1, width)]
