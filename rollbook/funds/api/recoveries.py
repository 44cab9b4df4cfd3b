"""What is to come back, over the API: confirmed, received, planned, given up, each by whom its page lets (N6.4, N7.5)."""

from datetime import date, datetime
from typing import Annotated, Any

from django.db.models import QuerySet
from django.utils import timezone
from ninja import Schema
from ninja.pagination import paginate
from pydantic import Field

from rollbook.funds import actions, queries
from rollbook.funds.api.payments import router
from rollbook.funds.models import Plan, Receipt, Recovery, WriteOff
from rollbook.funds.rules import Part
from rollbook.web.api import once
from rollbook.web.requests import Request

Fen = Annotated[int, Field(gt=0, le=10**12)]
Paper = Annotated[str, Field(max_length=64)]
Text = Annotated[str, Field(max_length=200)]


class RecoveryOut(Schema):
    id: int
    region_code: str
    reference: str  # of the payment
    payee_name: str
    ground: str
    document: str
    amount_fen: int
    received_fen: int
    written_off_fen: int
    left_fen: int
    state: str
    due_on: date | None
    is_overdue: bool

    @staticmethod
    def resolve_reference(one: Recovery) -> str:
        return one.line.reference

    @staticmethod
    def resolve_payee_name(one: Recovery) -> str:
        return one.line.payee_name


class PartIn(Schema):
    due_on: date
    amount_fen: Fen


class PlanIn(Schema):
    document: Paper
    parts: Annotated[list[PartIn], Field(max_length=60)]


class PartOut(Schema):
    due_on: date
    amount_fen: int
    until_fen: int  # to be back by then in all, with what was given up


class PlanOut(Schema):
    document: str
    made_at: datetime
    parts: list[PartOut]

    @staticmethod
    def resolve_parts(one: Plan) -> list[Any]:
        return list(queries.instalments_of(one))


class ReceiptOut(Schema):
    id: int
    amount_fen: int
    interest_fen: int
    received_on: date
    document: str
    is_set_off: bool

    @staticmethod
    def resolve_is_set_off(one: Receipt) -> bool:
        return one.netting_id is not None


class WriteOffOut(Schema):
    id: int
    amount_fen: int
    ground: str
    why: str
    document: str
    state: str
    finding: str
    is_reopened: bool
    asked_at: datetime
    decided_at: datetime | None

    @staticmethod
    def resolve_is_reopened(one: WriteOff) -> bool:
        return hasattr(one, "reopening")


class DetailOut(RecoveryOut):
    payoff_fen: int  # what leaves nothing if it is paid today, with interest
    plan: PlanOut | None
    receipts: list[ReceiptOut]
    write_offs: list[WriteOffOut]

    @staticmethod
    def resolve_payoff_fen(one: Recovery) -> int:
        return queries.payoff_fen(one, timezone.localdate())

    @staticmethod
    def resolve_plan(one: Recovery) -> Plan | None:
        return queries.plan_of(one.pk)

    @staticmethod
    def resolve_receipts(one: Recovery) -> list[Receipt]:
        return list(queries.receipts_of(one.pk))

    @staticmethod
    def resolve_write_offs(one: Recovery) -> list[WriteOff]:
        return list(queries.write_offs_of(one.pk))


class DecisionIn(Schema):
    grant: bool
    why: Text = ""


class ReceiptIn(Schema):
    amount_fen: Fen
    received_on: date
    document: Paper


class WriteOffIn(Schema):
    ground: str
    why: Annotated[str, Field(max_length=400)]
    document: Paper
    amount_fen: Fen | None = None  # all that is left, where none is said


class ReopenIn(Schema):
    document: Paper
    why: Text


class WhyIn(Schema):
    why: Text


def _now(request: Request, recovery_id: int) -> Recovery:
    return queries.recovery(request.user, recovery_id, timezone.localdate())


@router.get("/recoveries", response=list[RecoveryOut])
@paginate
def recoveries(request: Request, state: str = "") -> "QuerySet[Recovery, Any]":
    """What was paid and is to come back, with what came and what was given up."""
    found = queries.recoveries_visible_to(request.user, timezone.localdate())
    return found.filter(state=state) if state else found


@router.get("/recoveries/{int:recovery_id}", response=DetailOut)
def recovery(request: Request, recovery_id: int) -> Recovery:
    return _now(request, recovery_id)


@router.post("/recoveries/{int:recovery_id}/decide", response=DetailOut)
@once(DetailOut)
def decide(request: Request, recovery_id: int, given: DecisionIn) -> Recovery:
    """Finance confirms what the office ordered, or refuses with a reason."""
    actions.decide_recovery(
        by=request.user, recovery_id=recovery_id, granted=given.grant, finding=given.why, now=timezone.now()
    )
    return _now(request, recovery_id)


@router.post("/recoveries/{int:recovery_id}/receipts", response={201: ReceiptOut})
@once(ReceiptOut, 201)
def receive(request: Request, recovery_id: int, given: ReceiptIn) -> Receipt:
    """Money came back: posted, its interest apart; a paper of the bank is entered once."""
    return actions.receive(by=request.user, recovery_id=recovery_id, now=timezone.now(), **given.dict())


@router.put("/recoveries/{int:recovery_id}/plan", response=DetailOut)
@once(DetailOut)
def agree(request: Request, recovery_id: int, given: PlanIn) -> Recovery:
    """Instalments for all that is left; a plan of before ends."""
    parts = [Part(one.due_on, one.amount_fen) for one in given.parts]
    actions.agree_plan(
        by=request.user, recovery_id=recovery_id, parts=parts, document=given.document, now=timezone.now()
    )
    return _now(request, recovery_id)


@router.post("/recoveries/{int:recovery_id}/plan/end", response=DetailOut)
@once(DetailOut)
def end(request: Request, recovery_id: int, given: WhyIn) -> Recovery:
    actions.end_plan(by=request.user, recovery_id=recovery_id, why=given.why, now=timezone.now())
    return _now(request, recovery_id)


@router.post("/recoveries/{int:recovery_id}/write-offs", response={201: WriteOffOut})
@once(WriteOffOut, 201)
def ask_write_off(request: Request, recovery_id: int, given: WriteOffIn) -> WriteOff:
    """Ask to give up what is left, or part of it; another person of finance decides."""
    return actions.ask_write_off(by=request.user, recovery_id=recovery_id, now=timezone.now(), **given.dict())


@router.post("/write-offs/{int:write_off_id}/cosign", response=WriteOffOut)
@once(WriteOffOut)
def cosign(request: Request, write_off_id: int) -> WriteOff:
    return actions.cosign_write_off(by=request.user, write_off_id=write_off_id, now=timezone.now())


@router.post("/write-offs/{int:write_off_id}/decide", response=WriteOffOut)
@once(WriteOffOut)
def decide_write_off(request: Request, write_off_id: int, given: DecisionIn) -> WriteOff:
    return actions.decide_write_off(
        by=request.user, write_off_id=write_off_id, granted=given.grant, finding=given.why, now=timezone.now()
    )


@router.post("/recoveries/{int:recovery_id}/reopen", response=DetailOut)
@once(DetailOut)
def reopen(request: Request, recovery_id: int, given: ReopenIn) -> Recovery:
    """All that was written off is to be paid back after all."""
    actions.reopen(by=request.user, recovery_id=recovery_id, now=timezone.now(), **given.dict())
    return _now(request, recovery_id)
