from datetime import date

from django.db.models import QuerySet

from rollbook.directory import rules
from rollbook.directory.models import DemandItem, DemandList, Term
from rollbook.regions.rules import around


def terms_for(region_code: str, on: date) -> rules.Terms:
    """All terms in force for a region on a day: the narrowest region's row of each wins."""
    scopes = around(region_code)
    found = Term.objects.filter(region_code__in=scopes, in_force__contains=on)
    rows = {
        row.key: rules.Term(
            key=row.key, value=row.value, document=row.document, region_code=row.region_code
        )
        for row in sorted(found, key=lambda row: -scopes.index(row.region_code))
    }
    return rules.Terms(rows, on)


def list_in_force(region_code: str, on: date) -> DemandList | None:
    """The published list that binds a region on a day: its own, or the nearest around it."""
    scopes = around(region_code)
    found = DemandList.objects.filter(
        region_code__in=scopes, state=rules.ListState.PUBLISHED, in_force__contains=on
    )
    return min(found, key=lambda one: scopes.index(one.region_code), default=None)


def items_for(region_code: str, on: date) -> QuerySet[DemandItem]:
    """The projects that a class of this region may have when it is bound to this day's list."""
    binding = list_in_force(region_code, on)
    found = DemandItem.objects.filter(demand_list=binding) if binding else DemandItem.objects.none()
    return found.select_related("occupation", "demand_list").order_by("occupation__code", "-level")
