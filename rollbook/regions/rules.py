"""Administrative divisions by their six-digit code (GB/T 2260), and counting in working days."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

PROVINCE, CITY, COUNTY = 2, 4, 6  # how many digits of the code are its own


def prefix(code: str) -> str:
    """The digits that a division shares with all within it: 320000 → 32, 320100 → 3201."""
    if code.endswith("0000"):
        return code[:PROVINCE]
    return code[:CITY] if code.endswith("00") else code


def covers(scope: str, region: str) -> bool:
    """Whether a region lies within a scope: 320000 covers 320100 and 320102; "" covers all."""
    return region.startswith(prefix(scope))


def part_of(scope: str, code: str) -> str:
    """In which part of a scope a division lies: of a province the city, of a city the county. The scope itself is none."""
    if scope.endswith("0000") and code != scope:
        return code[:CITY] + "00"
    return code


def around(code: str) -> list[str]:
    """The division itself and those around it, narrowest first: county, city, province."""
    return list(dict.fromkeys([code, code[:4] + "00", code[:2] + "0000"]))


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """The working-day calendar: Monday to Friday, but for the days that a notice moved."""

    exceptions: Mapping[date, bool]  # True: worked although a weekend; False: a day off

    def is_working(self, day: date) -> bool:
        return self.exceptions.get(day, day.weekday() < 5)

    def after(self, day: date, count: int) -> date:
        """The last day of a limit of `count` working days that begins the day after `day`."""
        while count > 0:
            day += timedelta(1)
            count -= self.is_working(day)
        return day

    def between(self, first: date, last: date) -> int:
        """Working days after `first` up to and with `last`; negative when `last` has passed."""
        if last < first:
            return -self.between(last, first)
        days = (first + timedelta(n) for n in range(1, (last - first).days + 1))
        return sum(self.is_working(day) for day in days)
