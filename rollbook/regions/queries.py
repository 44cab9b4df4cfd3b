import csv
from functools import cache, lru_cache
from pathlib import Path

from rollbook.regions import rules
from rollbook.regions.models import CalendarDay, Region


def working_days() -> rules.WorkingDays:
    """The calendar as it stands: one query of a few hundred rows."""
    return rules.WorkingDays(dict(CalendarDay.objects.values_list("day", "is_working")))


@lru_cache(maxsize=4096)
def name_of(code: str) -> str:
    """The newest name of a division; the code itself where we do not know it."""
    found = Region.objects.filter(code=code).order_by("-in_force").first()
    return found.name if found else _elsewhere().get(code, code)


@cache
def _elsewhere() -> dict[str, str]:
    """Other provinces (GB/T 2260), and cities of them whose policies come with the project: known by name alone."""
    with (Path(__file__).parent / "data" / "elsewhere.csv").open(encoding="utf-8") as file:
        return {row["code"]: row["name"] for row in csv.DictReader(file)}


def choices(scope: str = "") -> list[tuple[str, str]]:
    """Divisions within a scope, for a form or filter."""
    found = Region.objects.filter(in_force__upper_inf=True, code__startswith=rules.prefix(scope) if scope else "")
    return [(code, f"{code} {name}") for code, name in found.order_by("code").values_list("code", "name")]


def counties() -> list[tuple[str, str]]:
    return [(code, name) for code, name in choices() if not code.endswith("00")]


def moved_days(year: int) -> list[CalendarDay]:
    return list(CalendarDay.objects.filter(day__year=year).order_by("day"))
