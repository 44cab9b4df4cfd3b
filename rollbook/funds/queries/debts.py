"""What payees have to pay back, in which parts, and what of it is being set off or was given up."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Sum
from django.utils.timezone import localdate

from rollbook.funds import rules
from rollbook.funds.models import Instalment, Netting, PaymentLine, Plan, Recovery, WriteOff
from rollbook.funds.queries.ledger import may_read
from rollbook.kernel.reasons import NotFound
from rollbook.persons import queries as persons
from rollbook.regions.rules import prefix

if TYPE_CHECKING:
    from rollbook.accounts.models import Account

R = rules.RecoveryState
UNDER_WAY = (rules.LineState.WAITING, rules.LineState.SENT)


@dataclass(slots=True)
class Debt:
    """A recovery that may be set off, and how much of it is due and free."""

    recovery: Recovery
    due_fen: int


def debts_of(lines: Sequence[PaymentLine], region_code: str, fund: str, today: date) -> list[list[Debt]]:
    """For each payment what its payee has to pay back to a fund of a region by a day, the oldest first: an organisation's
    own, or a person's under whatever record, never the one for the other. The recoveries are locked. A plan that is kept
    is left alone: only its instalments that are due count."""
    kept = persons.kept_of({one.person_id for one in lines if one.organisation_id is None})
    own = Q(line__organisation=None, line__person_id__in=list(kept))
    firms = Q(line__organisation__in={one.organisation_id for one in lines if one.organisation_id})
    some = Recovery.objects.filter(own | firms, state=R.OPEN, region_code=region_code, line__batch__fund=fund)
    found = list(some.select_for_update(of=("self",)).select_related("line").order_by("pk"))
    parts = parts_of(found)
    pending = pending_fen([one.pk for one in found])
    debts: dict[tuple[int, int], list[Debt]] = {}

    def payee(line: PaymentLine) -> tuple[int, int]:
        return (line.organisation_id, 0) if line.organisation_id else (0, kept[line.person_id])

    for one in found:
        due = rules.due_by(parts[one.pk], today) if one.pk in parts else one.amount_fen
        free = due - one.settled_fen - pending.get(one.pk, 0)
        if free > 0:
            debts.setdefault(payee(one.line), []).append(Debt(one, free))
    return [debts.get(payee(one), []) for one in lines]


def parts_of(some: Iterable[Recovery]) -> dict[int, list[tuple[date, int]]]:
    """Of each that has a plan: the days, and what is to be back by each."""
    found: dict[int, list[tuple[date, int]]] = {}
    rows = Instalment.objects.filter(plan__recovery__in=list(some), plan__ended_at=None).order_by("due_on")
    for recovery_id, due_on, until in rows.values_list("plan__recovery_id", "due_on", "until_fen"):
        found.setdefault(recovery_id, []).append((due_on, until))
    return found


def pending_fen(recovery_ids: Collection[int]) -> dict[int, int]:
    """What of recoveries is set off in payments that the bank has not answered."""
    rows = Netting.objects.filter(recovery_id__in=recovery_ids, line__state__in=UNDER_WAY).order_by()
    return dict(rows.values("recovery_id").annotate(sum=Sum("amount_fen")).values_list("recovery_id", "sum"))


def nettings_of(line_ids: Collection[int]) -> QuerySet[Netting]:
    return Netting.objects.filter(line_id__in=line_ids).select_related("line__batch").order_by("line_id", "pk")


def set_off_against(recovery_id: int) -> QuerySet[Netting]:
    """In which payments a recovery was or is being set off."""
    return Netting.objects.filter(recovery_id=recovery_id).select_related("line__batch").order_by("-pk")


def plan_of(recovery_id: int) -> Plan | None:
    return Plan.objects.filter(recovery_id=recovery_id, ended_at=None).select_related("made_by").first()


def instalments_of(plan: Plan) -> QuerySet[Instalment]:
    return plan.parts.order_by("number")


def is_behind(today: date) -> Exists:
    """For a query of recoveries: whether an instalment of the plan is overdue."""
    late = Instalment.objects.filter(
        plan__recovery=OuterRef("pk"), plan__ended_at=None, due_on__lt=today,
        until_fen__gt=OuterRef("received_fen") + OuterRef("written_off_fen"),
    )  # fmt: skip
    return Exists(late)


def to_remind(region_code: str, now: datetime, days: int) -> QuerySet[Instalment]:
    """Instalments of a region that fall due within so many days and are not there yet, nobody told so far."""
    today = localdate(now)
    return _not_there(region_code).filter(due_on__range=(today, today + timedelta(days)), reminded_at=None)


def to_warn(region_code: str, now: datetime) -> QuerySet[Instalment]:
    """Instalments whose day is over and that did not come, nobody told so far."""
    return _not_there(region_code).filter(due_on__lt=localdate(now), warned_at=None)


def _not_there(region_code: str) -> QuerySet[Instalment]:
    found = Instalment.objects.filter(
        plan__ended_at=None, plan__recovery__state=R.OPEN, plan__recovery__region_code=region_code,
        until_fen__gt=F("plan__recovery__received_fen") + F("plan__recovery__written_off_fen"),
    )  # fmt: skip
    return found.select_related("plan__recovery__line").order_by("due_on", "pk")


def regions_with_plans() -> list[str]:
    live = Plan.objects.filter(ended_at=None, recovery__state=R.OPEN).values_list("recovery__region_code", flat=True)
    return sorted(set(live))


def write_offs_of(recovery_id: int) -> QuerySet[WriteOff]:
    found = WriteOff.objects.filter(recovery_id=recovery_id).select_related("asked_by", "decided_by", "reopening__by")
    return found.prefetch_related("signatures__by").order_by("-pk")


def written_off(recovery_id: int) -> QuerySet[WriteOff]:
    """What of a recovery was given up and was not opened again."""
    return WriteOff.objects.filter(recovery_id=recovery_id, state=rules.OrderState.DONE, reopening=None).order_by("pk")


def write_off(by: "Account", write_off_id: int, *, lock: bool = False) -> WriteOff:
    """What finance of the region was asked to give up."""
    found = WriteOff.objects.filter(pk=write_off_id, recovery__region_code__startswith=prefix(by.region_code))
    found = found.select_for_update(of=("self",)) if lock else found
    one = found.select_related("recovery__line__batch").first() if may_read(by) else None
    if one is None:
        raise NotFound
    return one


def debts_with_parts(person_id: int) -> list[tuple[Recovery, list[Instalment]]]:
    """What a person has to pay back, each with the instalments that were agreed: two queries."""
    found = list(of_payee(person_id))
    parts = Instalment.objects.filter(plan__recovery__in=found, plan__ended_at=None).order_by("due_on")
    by_recovery: dict[int, list[Instalment]] = {}
    for one in parts.select_related("plan"):
        by_recovery.setdefault(one.plan.recovery_id, []).append(one)
    return [(one, by_recovery.get(one.pk, [])) for one in found]


def of_payee(person_id: int) -> QuerySet[Recovery]:
    """What a person has to pay back or paid back, under whatever record, for the person's own page."""
    found = Recovery.objects.filter(line__organisation=None, line__person_id__in=list(persons.kept_of([person_id])))
    return found.exclude(state__in=[R.ASKED, R.REFUSED]).select_related("line").order_by("-pk")
