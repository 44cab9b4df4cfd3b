"""What was delivered and not taken, and who sees it."""

from typing import TYPE_CHECKING

from django.db.models import Case, F, Q, QuerySet, Value, When

from rollbook.accounts.rules import Permission, holds
from rollbook.exchange.models import Refusal
from rollbook.exchange.rules.refusals import RefusalState
from rollbook.kernel.reasons import NotFound
from rollbook.regions.rules import PROVINCE, prefix

if TYPE_CHECKING:
    from rollbook.accounts.models import Account


def refusals(by: "Account") -> QuerySet[Refusal]:
    """Of the region's own sources, what waits first; what names no known source is the province's to look at."""
    if not holds(by, Permission.EXCHANGE_READ):
        return Refusal.objects.none()
    scope = prefix(by.region_code)
    own = Q(source__region_code__startswith=scope)
    if len(scope) <= PROVINCE:
        own |= Q(source=None)
    state = Case(When(settled_at=None, then=Value(RefusalState.OPEN.value)), default=Value(RefusalState.SETTLED.value))
    found = Refusal.objects.filter(own).select_related("source", "settled_by").annotate(state=state)
    return found.order_by(F("settled_at").asc(nulls_first=True), "-pk")


def open_refusals(by: "Account") -> QuerySet[Refusal]:
    return refusals(by).filter(settled_at=None)


def get_refusal(by: "Account", refusal_id: int, *, lock: bool = False) -> Refusal:
    found = refusals(by).filter(pk=refusal_id)
    try:
        return (found.select_for_update(of=("self",)) if lock else found).get()
    except Refusal.DoesNotExist:
        raise NotFound from None
