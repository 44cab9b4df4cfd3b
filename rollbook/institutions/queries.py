from datetime import date
from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet

from rollbook.accounts.rules import INSTITUTIONAL
from rollbook.institutions.models import Institution, Restriction
from rollbook.kernel.reasons import NotFound
from rollbook.regions.rules import prefix

if TYPE_CHECKING:
    from rollbook.accounts.models import Account


def visible_to(by: "Account") -> QuerySet[Institution]:
    """An official sees the region's, people of an institution their own, a worker none."""
    if by.role in INSTITUTIONAL:
        return Institution.objects.filter(pk=by.institution_id)
    if by.role == "worker":
        return Institution.objects.none()
    return Institution.objects.filter(region_code__startswith=prefix(by.region_code))


def get(by: "Account", institution_id: int, *, lock: bool = False) -> Institution:
    found = visible_to(by).filter(pk=institution_id)
    try:
        return (found.select_for_update() if lock else found).get()
    except Institution.DoesNotExist:
        raise NotFound from None


def restrictions_on(institution_id: int, on: date) -> list[Restriction]:
    """Every restriction in force on a day."""
    in_force = Restriction.objects.filter(institution_id=institution_id, lifted_at=None)
    return list(in_force.filter(Q(ends_on=None) | Q(ends_on__gte=on)).order_by("placed_at", "pk"))
