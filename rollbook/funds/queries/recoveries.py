"""What is to come back, what came, what is overdue."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from django.db.models import BooleanField, Case, Exists, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce

from rollbook.funds import rules
from rollbook.funds.models import PaymentLine, Receipt, Recovery
from rollbook.funds.queries.debts import is_behind, pending_fen
from rollbook.funds.queries.ledger import may_read
from rollbook.kernel.reasons import NotFound
from rollbook.regions.rules import prefix

if TYPE_CHECKING:
    from rollbook.accounts.models import Account

R = rules.RecoveryState


def recoveries_visible_to(by: "Account", today: date) -> "QuerySet[Recovery, Any]":
    if not may_read(by):
        return Recovery.objects.none()
    found = Recovery.objects.filter(region_code__startswith=prefix(by.region_code))
    late = Case(
        When(Q(due_on__lt=today) | is_behind(today), state=R.OPEN, then=True),
        default=False,
        output_field=BooleanField(),
    )
    return found.annotate(is_overdue=late).select_related("line__batch", "ordered_by", "decided_by").order_by("-pk")


def recovery(by: "Account", recovery_id: int, today: date, *, lock: bool = False) -> Recovery:
    found = recoveries_visible_to(by, today).filter(pk=recovery_id)
    one: Recovery | None = (found.select_for_update(of=("self",)) if lock else found).first()
    if one is None:
        raise NotFound
    return one


def payoff_fen(one: Recovery, on: date) -> int:
    """What is to be paid on a day for nothing to be left, without what is being set off."""
    free = one.left_fen - pending_fen([one.pk]).get(one.pk, 0)
    days = rules.days_late(on, since=one.interest_since, due_on=one.due_on) if one.due_on else 0
    return rules.payoff(free, rate=one.interest_rate, days=days)


def receipts_of(recovery_id: int) -> QuerySet[Receipt]:
    return Receipt.objects.filter(recovery_id=recovery_id).select_related("entered_by").order_by("-pk")


@dataclass(frozen=True, slots=True)
class PaidOut:
    """The payment that reached the payee of a subject, and what of it was ordered to come back."""

    reference: str
    paid_fen: int
    ordered_fen: int


def paid_out(subjects: Iterable[str]) -> dict[str, PaidOut]:
    """For contexts that have checked who asks: of each subject that was paid, how much and what of it comes back."""
    ordered = Sum("recoveries__amount_fen", filter=~Q(recoveries__state=R.REFUSED), default=0)
    found = PaymentLine.objects.filter(subject__in=list(subjects), state=rules.LineState.PAID).annotate(ordered=ordered)
    return {one.subject: PaidOut(one.reference, one.due_fen, one.ordered) for one in found}


def came_back(subjects: Iterable[str]) -> dict[str, int]:
    """For contexts that have checked who asks: what of each subject came back, without interest."""
    found = Recovery.objects.filter(line__subject__in=list(subjects), received_fen__gt=0).order_by()
    sums = found.values("line__subject").annotate(sum=Sum("received_fen"))
    return dict(sums.values_list("line__subject", "sum"))


def ordered_fen(line_id: int) -> int:
    """How much of a payment is to come back, or came, by all orders that were not refused."""
    found = Recovery.objects.filter(line_id=line_id).exclude(state=R.REFUSED)
    total: int = found.aggregate(sum=Sum("amount_fen", default=0))["sum"]
    return total


def line_by_reference(by: "Account", reference: str) -> PaymentLine:
    """A payment of the own region, locked, for whoever counts what of it is to come back."""
    if not may_read(by):
        raise NotFound
    found = PaymentLine.objects.filter(reference=reference, batch__region_code__startswith=prefix(by.region_code))
    one = found.select_for_update(of=("self",)).select_related("batch").first()
    if one is None:
        raise NotFound
    return one


def recoveries_for(subjects: Iterable[str]) -> QuerySet[Recovery]:
    """For contexts that have checked who asks: every recovery of some subjects, refused ones too."""
    return Recovery.objects.filter(line__subject__in=list(subjects)).select_related("line").order_by("pk")


def of_subject(subject: str) -> QuerySet[Recovery]:
    """What of a claim is to come back or came, for its own page."""
    return Recovery.objects.filter(line__subject=subject).exclude(state__in=[R.ASKED, R.REFUSED]).order_by("pk")


def is_recovered(subject: Any) -> Exists:
    """For a query of others' rows: whether money of a subject is to come back or came, or that is asked for."""
    return Exists(Recovery.objects.filter(line__subject=subject).exclude(state=R.REFUSED))


def recovered_fen(subject: Any) -> Coalesce:
    """For a query of others' rows: what came back of the payments for a subject, an expression of the outer query."""
    rows = Recovery.objects.filter(line__subject=subject).order_by().values("line__subject")
    return Coalesce(Subquery(rows.annotate(sum=Sum("received_fen")).values("sum")[:1]), Value(0))
