"""Statements beside the ledger, differences, and payments without an answer."""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Exists, Max, Min, OuterRef, Q, QuerySet, Sum
from django.utils.timezone import localdate

from rollbook.funds import rules
from rollbook.funds.models import BankStatement, Difference, PaymentBatch, PaymentLine, Resolution, StatementLine
from rollbook.funds.queries.ledger import may_read
from rollbook.kernel.reasons import NotFound
from rollbook.regions.rules import prefix

if TYPE_CHECKING:
    from rollbook.accounts.models import Account

OUT, IN = rules.Direction.OUT, rules.Direction.IN
PATIENCE = 31  # days back that a missing statement is asked for


def statements_visible_to(by: "Account") -> QuerySet[BankStatement]:
    if not may_read(by):
        return BankStatement.objects.none()
    found = BankStatement.objects.filter(region_code__startswith=prefix(by.region_code)).defer("content")
    return found.annotate(movements=Count("lines")).order_by("-day", "-pk")


def statement(by: "Account", statement_id: int) -> BankStatement:
    try:
        return statements_visible_to(by).get(pk=statement_id)
    except BankStatement.DoesNotExist:
        raise NotFound from None


def movements_of(statement_id: int) -> QuerySet[StatementLine]:
    return StatementLine.objects.filter(statement_id=statement_id).order_by("number")


def compared(region_code: str, until: date, references: Collection[str]) -> dict[str, rules.Compared]:
    """Payments as the ledger has them beside all that the region's statements say of them up to a day."""
    said = (
        StatementLine.objects.filter(
            statement__region_code=region_code, statement__day__lte=until, reference__in=references
        )
        .values("reference")
        .annotate(
            outs=Count("pk", filter=Q(direction=OUT)),
            out_fen=Sum("amount_fen", filter=Q(direction=OUT), default=0),
            in_fen=Sum("amount_fen", filter=Q(direction=IN), default=0),
        )
    )
    bank = {row["reference"]: row for row in said}
    lines = PaymentLine.objects.filter(reference__in=references, batch__region_code=region_code)
    ledger = {one.reference: one for one in lines}
    for one in ledger.values():
        if one.state == rules.LineState.PAID and one.returned_at and localdate(one.returned_at) > until:
            one.state = rules.LineState.SENT  # as it was at the end of that day
    nothing = {"outs": 0, "out_fen": 0, "in_fen": 0}
    return {
        name: rules.Compared(
            state=ledger[name].state if name in ledger else None,
            amount_fen=ledger[name].amount_fen if name in ledger else 0,
            outs=bank.get(name, nothing)["outs"],
            out_fen=bank.get(name, nothing)["out_fen"],
            in_fen=bank.get(name, nothing)["in_fen"],
        )
        for name in references
    }


def last_statement(region_code: str) -> BankStatement | None:
    return BankStatement.objects.filter(region_code=region_code).defer("content").order_by("-day").first()


def to_compare(one: BankStatement) -> list[str]:
    """References that a statement can tell something about: its own, those answered and not yet compared whole,
    those that differ already."""
    before = StatementLine.objects.filter(reference=OuterRef("reference"), statement__region_code=one.region_code)
    first = BankStatement.objects.filter(region_code=one.region_code).aggregate(day=Min("day"))["day"]
    silent = PaymentLine.objects.filter(
        batch__region_code=one.region_code,
        batch__sent_at__date__gte=first,
        state=rules.LineState.PAID,
        returned_at__date__lte=one.day,
    ).filter(~Exists(before))  # of batches that statements can tell of: sent since the first of them
    own = one.lines.values_list("reference", flat=True)
    open_ones = Difference.objects.filter(region_code=one.region_code).exclude(state=rules.DifferenceState.SETTLED)
    names = {*silent.values_list("reference", flat=True), *own, *open_ones.values_list("reference", flat=True)}
    return sorted(names)


def by_batch(one: BankStatement) -> list[dict[str, Any]]:
    """For each batch that moved on the day or is open at its end: ledger beside statement and transit, in fen."""
    until = {"statement__region_code": one.region_code, "statement__day__lte": one.day}
    numbers = set(one.lines.values_list("batch_number", flat=True))
    batches = PaymentBatch.objects.filter(region_code=one.region_code).filter(
        Q(number__in=numbers) | Q(state=rules.BatchState.SENT, sent_at__date__lte=one.day)
    )
    rows = []
    moved = StatementLine.objects.filter(batch_number__in=[batch.number for batch in batches], **until)
    sums = {
        row["batch_number"]: row
        for row in moved.values("batch_number").annotate(
            out=Sum("amount_fen", filter=Q(direction=OUT), default=0),
            back=Sum("amount_fen", filter=Q(direction=IN), default=0),
        )
    }
    open_refs = StatementLine.objects.filter(reference=OuterRef("reference"), direction=OUT, **until)
    lines = PaymentLine.objects.filter(batch__in=batches)
    paid = Q(state=rules.LineState.PAID)
    sent = Q(state=rules.LineState.SENT)
    held = {
        row["batch_id"]: row
        for row in lines.annotate(is_out=Exists(open_refs))
        .values("batch_id")
        .annotate(
            ledger=Sum("amount_fen", filter=paid | sent, default=0),
            transit=Sum("amount_fen", filter=sent & Q(is_out=False), default=0),
        )
    }
    for batch in batches.order_by("number"):
        bank = sums.get(batch.number, {"out": 0, "back": 0})
        own = held.get(batch.pk, {"ledger": 0, "transit": 0})
        net = bank["out"] - bank["back"]
        rows.append({
            "batch": batch, "ledger_fen": own["ledger"], "statement_fen": net, "transit_fen": own["transit"],
            "difference_fen": own["ledger"] - net - own["transit"],
        })  # fmt: skip
    return rows


def differences_visible_to(by: "Account") -> QuerySet[Difference]:
    if not may_read(by):
        return Difference.objects.none()
    found = Difference.objects.filter(region_code__startswith=prefix(by.region_code))
    return found.select_related("line__batch", "owner", "settled_by").order_by("-pk")


def difference(by: "Account", difference_id: int) -> Difference:
    found = differences_visible_to(by).select_for_update(of=("self",)).filter(pk=difference_id).first()
    if found is None:
        raise NotFound
    return found


def open_differences(region_code: str, fund: str, month: date) -> int:
    """How many payments of a month differ still."""
    after = (month.replace(day=1) + timedelta(days=32)).replace(day=1)
    found = Difference.objects.filter(region_code=region_code, day__lt=after).filter(
        Q(line__batch__fund=fund) | Q(line=None)
    )
    return found.exclude(state=rules.DifferenceState.SETTLED).count()


def statements_to_ask(now: datetime) -> list[tuple[str, date]]:
    """Region and day: for each region that pays, the days since its last statement that are over; yesterday where it
    has none yet."""
    yesterday = localdate(now) - timedelta(days=1)
    first = yesterday - timedelta(days=PATIENCE)
    last = dict(BankStatement.objects.values_list("region_code").annotate(Max("day")))
    regions = PaymentBatch.objects.filter(sent_at__date__gte=first).values_list("region_code", flat=True).distinct()
    found = []
    for region_code in sorted(set(regions)):
        day = max(last.get(region_code, yesterday - timedelta(days=1)) + timedelta(days=1), first)
        while day <= yesterday:
            found.append((region_code, day))
            day += timedelta(days=1)
    return found


def batches_unanswered(now: datetime) -> list[int]:
    """Batches that the bank has had for an hour and not answered whole."""
    found = PaymentBatch.objects.filter(state=rules.BatchState.SENT, sent_at__lte=now - timedelta(hours=1))
    return list(found.order_by("pk").values_list("pk", flat=True))


def unanswered(batch_id: int) -> list[PaymentLine]:
    return list(PaymentLine.objects.filter(batch_id=batch_id, state=rules.LineState.SENT).order_by("number"))


def line_of(by: "Account", line_id: int, *, lock: bool = False) -> PaymentLine:
    """A payment of the own region."""
    if not may_read(by):
        raise NotFound
    found = PaymentLine.objects.filter(pk=line_id, batch__region_code__startswith=prefix(by.region_code))
    try:
        return (found.select_for_update(of=("self",)) if lock else found).select_related("batch").get()
    except PaymentLine.DoesNotExist:
        raise NotFound from None


def resolutions_of(batch_id: int) -> QuerySet[Resolution]:
    found = Resolution.objects.filter(line__batch_id=batch_id).select_related("line", "asked_by", "decided_by")
    return found.order_by("-pk")


def resolution(by: "Account", resolution_id: int) -> Resolution:
    found = Resolution.objects.select_for_update(of=("self",)).filter(pk=resolution_id).first()
    if found is None:
        raise NotFound
    line_of(by, found.line_id)
    return found
