"""Budgets passed down, held back and set right: one asks, another decides, and then it is posted (N12.1, N14.1)."""

from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction
from django.utils.timezone import localdate

from rollbook.accounts.rules import Permission, authorise
from rollbook.funds import queries, rules
from rollbook.funds.actions.ledger import K, Posting, account, move, post
from rollbook.funds.models import Closing, FundOrder, Transaction
from rollbook.journal.actions import record
from rollbook.kernel.messages import _
from rollbook.kernel.reasons import Refused, reason, refuse_if
from rollbook.regions import queries as regions

if TYPE_CHECKING:
    from rollbook.accounts.models import Account

Kind, State = rules.OrderKind, rules.OrderState


@transaction.atomic
def _ask(order: FundOrder, *, by: "Account", now: datetime) -> FundOrder:
    order.asked_by, order.asked_person_id, order.asked_at = by, by.person_id, now
    try:
        with transaction.atomic():
            order.save()
    except IntegrityError as error:
        raise Refused(reason("asked-before", _("This was asked before and waits to be decided."), "N14.1")) from error
    record(
        "order.asked", order, by=by, at=now, region_code=order.region_code, order=order.kind,
        amount_fen=order.amount_fen, document=order.document,
    )  # fmt: skip
    return order


def ask_transfer(
    *, by: "Account", fund: str, year: int, target_region: str, amount_fen: int, document: str, now: datetime,
    key: UUID | None = None,
) -> FundOrder:  # fmt: skip
    """Ask that part of the own budget go to a region within the own."""
    authorise(by, Permission.BUDGET_SET, region_code=by.region_code)
    refuse_if([
        *rules.reasons_against_order(amount_fen, document, None, localdate(now)),
        *rules.reasons_against_transfer(by.region_code, target_region),
    ])  # fmt: skip
    if target_region not in dict(regions.choices(by.region_code)):
        raise Refused(reason("no-region", _("There is no such region."), "N12.1"))
    order = FundOrder(
        key=key or uuid4(), kind=Kind.TRANSFER, fund=rules.Fund(fund), year=year, region_code=by.region_code,
        target_region=target_region, amount_fen=amount_fen, document=document,
    )  # fmt: skip
    return _ask(order, by=by, now=now)


def ask_freeze(
    *, by: "Account", region_code: str, fund: str, year: int, amount_fen: int, document: str, why: str,
    now: datetime, until: date | None = None, key: UUID | None = None,
) -> FundOrder:  # fmt: skip
    """Ask that part of a budget be held back, until a day or until it is released."""
    authorise(by, Permission.BUDGET_SET, region_code=region_code)
    refuse_if(rules.reasons_against_order(amount_fen, document, until, localdate(now)))
    order = FundOrder(
        key=key or uuid4(), kind=Kind.FREEZE, fund=rules.Fund(fund), year=year, region_code=region_code,
        amount_fen=amount_fen, document=document, why=why, until=until,
    )  # fmt: skip
    return _ask(order, by=by, now=now)


def ask_unfreeze(*, by: "Account", transaction_id: UUID, document: str, why: str, now: datetime) -> FundOrder:
    """Ask that what was frozen be free again."""
    frozen = queries.freeze(by, transaction_id)
    authorise(by, Permission.BUDGET_SET, region_code=frozen.account.region_code)
    refuse_if(rules.reasons_against_order(frozen.amount_fen, document, None, localdate(now)))
    order = FundOrder(
        key=uuid4(), kind=Kind.UNFREEZE, fund=frozen.account.fund, year=frozen.account.year,
        region_code=frozen.account.region_code, amount_fen=frozen.amount_fen, document=document, why=why,
        of_id=transaction_id,
    )  # fmt: skip
    return _ask(order, by=by, now=now)


def ask_reversal(
    *, by: "Account", transaction_id: UUID, amount_fen: int, document: str, why: str, now: datetime,
    booked_on: date | None = None, key: UUID | None = None,
) -> FundOrder:  # fmt: skip
    """Ask that a budget or a transfer be taken back, whole or in part; in a closed month nothing else is booked."""
    one = queries.transaction_of(by, transaction_id)
    source, _target = queries.sides_of(one)
    authorise(by, Permission.BUDGET_SET, region_code=source.region_code)
    refuse_if([
        *rules.reasons_against_order(amount_fen, document, None, localdate(now)),
        *rules.reasons_against_reversal(
            one.kind, is_reversal=one.reverses_id is not None, posted_on=one.booked_on, booked_on=booked_on,
            today=localdate(now),
        ),
    ])  # fmt: skip
    order = FundOrder(
        key=key or uuid4(), kind=Kind.REVERSE, fund=source.fund, year=source.year, region_code=source.region_code,
        amount_fen=amount_fen, document=document, why=why, of=one, booked_on=booked_on,
    )  # fmt: skip
    return _ask(order, by=by, now=now)


@transaction.atomic
def decide_order(*, by: "Account", order_id: int, granted: bool, finding: str, now: datetime) -> FundOrder:
    """Another person grants it, and it is posted, or refuses it with a reason."""
    order = queries.order(by, order_id, lock=True)
    authorise(by, Permission.BUDGET_CONFIRM, region_code=order.region_code)
    found = []
    if order.state != State.ASKED:
        found.append(reason("decided", _("This is decided already."), "N14.1"))
    same = order.asked_person_id is not None and order.asked_person_id == by.person_id
    if order.asked_by_id == by.pk or same:
        found.append(reason("same-person", _("Another person than who asked must decide."), "N14.1"))
    if not granted and not finding.strip():
        found.append(reason("why", _("Say on what ground."), "N14.1"))
    refuse_if(found)
    order.decided_by, order.decided_person_id, order.decided_at, order.finding = by, by.person_id, now, finding
    order.state = State.DONE if granted else State.REFUSED
    if granted:
        one = _posting(order)
        post([one], by=by, at=now)
        order.transaction_id = one.id
    order.save()
    record(
        "order.done" if granted else "order.refused", order, by=by, at=now, region_code=order.region_code,
        order=order.kind, amount_fen=order.amount_fen, why=finding,
    )  # fmt: skip
    return order


def _posting(order: FundOrder) -> Posting:
    budget = account(K.BUDGET, order.fund, order.region_code, order.year)
    subject, key = f"funds.FundOrder:{order.pk}", move(f"order {order.pk}")
    match order.kind:
        case Kind.TRANSFER:
            target = account(K.BUDGET, order.fund, order.target_region, order.year)
            return Posting(key, "transfer", subject, budget, target, order.amount_fen, order.document)
        case Kind.FREEZE:
            frozen = account(K.FROZEN, order.fund, order.region_code, order.year)
            return Posting(key, "freeze", subject, budget, frozen, order.amount_fen, order.document)
        case Kind.UNFREEZE:
            frozen = account(K.FROZEN, order.fund, order.region_code, order.year)
            was = Transaction.objects.get(orders=order)
            return Posting(
                key, "unfreeze", was.subject, frozen, budget, order.amount_fen, order.document, closes=was.pk
            )
        case _:
            was = Transaction.objects.get(orders=order)
            source, target = queries.sides_of(was)
            return Posting(
                key, "reverse", was.subject, target, source, order.amount_fen, order.document, reverses=was.pk,
                booked_on=order.booked_on,
            )  # fmt: skip


@transaction.atomic
def end_freeze(*, order_id: int, now: datetime) -> bool:
    """A freeze whose day has come is over by itself; its money is free again."""
    order = FundOrder.objects.select_for_update().get(pk=order_id)
    if order.transaction_id is None or order.until is None or order.until > localdate(now):
        return False
    waiting = queries.pending([f"funds.FundOrder:{order.pk}"], K.FROZEN)
    if not waiting:
        return False
    [found] = waiting.values()
    budget = account(K.BUDGET, order.fund, order.region_code, order.year)
    one = Posting(
        move(f"expire {order.pk}"), "unfreeze", f"funds.FundOrder:{order.pk}", found.account, budget, found.amount_fen,
        order.document, closes=found.id,
    )  # fmt: skip
    post([one], by=None, at=now)
    record("order.expired", order, by=None, at=now, region_code=order.region_code, amount_fen=found.amount_fen)
    return True


@transaction.atomic
def close_month(*, by: "Account", fund: str, month: date, now: datetime) -> Closing:
    """Close the books of a month of the own region: from now on it takes nothing but adjustments."""
    authorise(by, Permission.BUDGET_CONFIRM, region_code=by.region_code)
    month = month.replace(day=1)
    refuse_if(rules.reasons_against_closing(month, localdate(now), queries.closed_months(by.region_code, fund)))
    if differences := queries.open_differences(by.region_code, fund, month):
        text = _("{count} differences with the bank's statements of this month are not settled yet.")
        raise Refused(reason("differences-open", text, "N14.1", count=differences))
    try:
        with transaction.atomic():
            one = Closing.objects.create(
                region_code=by.region_code, fund=rules.Fund(fund), month=month, closed_by=by, closed_at=now
            )
    except IntegrityError as error:
        raise Refused(reason("closed-before", _("This month is closed already."), "N14.1")) from error
    record("month.closed", one, by=by, at=now, region_code=by.region_code, name=f"{fund} {month:%Y-%m}")
    return one
