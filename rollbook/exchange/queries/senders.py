"""One source: its line, and what is asked to be changed of it."""

from typing import TYPE_CHECKING

from django.db.models import QuerySet

from rollbook.accounts.rules import Permission, holds
from rollbook.exchange import queries
from rollbook.exchange.models import Contract, Source, SourceChange
from rollbook.kernel.reasons import NotFound

if TYPE_CHECKING:
    from rollbook.accounts.models import Account


def get_source(by: "Account", source_id: int, *, lock: bool = False) -> Source:
    found = queries.sources(by).filter(pk=source_id)
    try:
        return (found.select_for_update() if lock else found).get()
    except Source.DoesNotExist:
        raise NotFound from None


def contracts_of(source: Source) -> QuerySet[Contract]:
    """What is agreed with it now, feed by feed."""
    return Contract.objects.filter(source=source, in_force__upper_inf=True).select_related("source").order_by("feed")


def changes_of(source: Source) -> QuerySet[SourceChange]:
    return SourceChange.objects.filter(source=source).select_related("asked_by", "decided_by").order_by("-pk")


def open_change(source: Source) -> SourceChange | None:
    return changes_of(source).filter(is_confirmed=None).first()


def changes_to_decide(by: "Account") -> QuerySet[SourceChange]:
    """What others asked for, for whoever may confirm it."""
    if not holds(by, Permission.EXCHANGE_SET):
        return SourceChange.objects.none()
    found = SourceChange.objects.filter(source__in=queries.sources(by), is_confirmed=None).exclude(asked_by=by)
    return found.select_related("source").order_by("pk")
