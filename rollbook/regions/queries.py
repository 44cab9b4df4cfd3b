from functools import lru_cache

from rollbook.regions import rules
from rollbook.regions.models import CalendarDay, Region


def working_days() -> rules.WorkingDays:
    """The calendar as it stands: one query of a few hundred rows."""
    return rules.WorkingDays(dict(CalendarDay.objects.values_list("day", "is_working")))


@lru_cache(maxsize=4096)
def name_of(code: str) -> str:
    """The newest name of a division; the code itself where we do not know it."""
    found = Region.objects.filter(code=code).order_by("-in_force").first()
    return found.name if found else code
