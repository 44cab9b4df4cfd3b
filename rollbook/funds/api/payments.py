from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from ninja import File, Router, Schema
from ninja.files import UploadedFile
from ninja.pagination import paginate

from rollbook.funds import actions, queries
from rollbook.funds.models import (
    BankStatement,
    Difference,
    FundOrder,
    LedgerAccount,
    LedgerEntry,
    PaymentBatch,
    PaymentLine,
)
from rollbook.web.api import once
from rollbook.web.requests import Request

router = Router(tags=["funds"])


class BatchOut(Schema):
    id: int
    number: str
    region_code: str
    fund: str
    year: int
    state: str
    digest: str


class LineOut(Schema):
    number: int
    payee_name: str
    bank_masked: str
    amount_fen: int
    state: str
    reference: str
    failure: str
    ownership: str


class SettledOut(Schema):
    settled: int


class AccountOut(Schema):
    id: int
    kind: str
    fund: str
    region_code: str
    year: int
    balance_fen: int


class EntryOut(Schema):
    transaction_id: UUID
    amount_fen: int
    kind: str
    subject: str
    booked_on: date
    document: str

    @staticmethod
    def resolve_kind(one: LedgerEntry) -> str:
        return one.transaction.kind

    @staticmethod
    def resolve_subject(one: LedgerEntry) -> str:
        return one.transaction.subject

    @staticmethod
    def resolve_booked_on(one: LedgerEntry) -> date:
        return one.transaction.booked_on

    @staticmethod
    def resolve_document(one: LedgerEntry) -> str:
        return one.transaction.document


class OrderOut(Schema):
    id: int
    kind: str
    fund: str
    year: int
    region_code: str
    target_region: str
    amount_fen: int
    document: str
    state: str


class StatementOut(Schema):
    id: int
    region_code: str
    day: date
    out_fen: int
    in_fen: int
    sha256: str


class DifferenceOut(Schema):
    id: int
    region_code: str
    day: date
    reference: str
    kind: str
    ledger_fen: int
    bank_fen: int
    state: str
    outcome: str


@router.get("/accounts", response=list[AccountOut])
@paginate
def accounts(request: Request, year: int | None = None, fund: str = "") -> QuerySet[LedgerAccount]:
    """The accounts of the ledger and what they hold."""
    found = queries.accounts_visible_to(request.user).order_by("-year", "region_code", "fund", "kind")
    found = found.filter(year=year) if year else found
    return found.filter(fund=fund) if fund else found


@router.get("/accounts/{ledger_id}/entries", response=list[EntryOut])
@paginate
def entries(request: Request, ledger_id: int) -> QuerySet[LedgerEntry]:
    """Everything that moved an account, newest first."""
    return queries.entries_of(queries.books(request.user, ledger_id).pk)


@router.get("/orders", response=list[OrderOut])
@paginate
def orders(request: Request) -> QuerySet[FundOrder]:
    """Transfers, freezes and reversals."""
    return queries.orders_visible_to(request.user)


@router.get("/statements", response=list[StatementOut])
@paginate
def statements(request: Request) -> QuerySet[BankStatement]:
    return queries.statements_visible_to(request.user)


@router.get("/differences", response=list[DifferenceOut])
@paginate
def differences(request: Request) -> QuerySet[Difference]:
    """Payments of which the bank's statements say otherwise than the ledger."""
    return queries.differences_visible_to(request.user)


@router.get("/batches", response=list[BatchOut])
@paginate
def batches(request: Request) -> QuerySet[PaymentBatch]:
    return queries.visible_to(request.user).order_by("-pk")


@router.get("/batches/{batch_id}/lines", response=list[LineOut])
@paginate
def lines(request: Request, batch_id: int) -> "QuerySet[PaymentLine, Any]":
    return queries.with_owners(queries.lines_of(queries.get(request.user, batch_id).pk))


@router.post("/batches/{batch_id}/check", response=BatchOut)
@once(BatchOut)
def check_batch(request: Request, batch_id: int) -> PaymentBatch:
    return actions.check_batch(by=request.user, batch_id=batch_id, now=timezone.now())


@router.post("/batches/{batch_id}/release", response=BatchOut)
@once(BatchOut)
def release_batch(request: Request, batch_id: int) -> PaymentBatch:
    return actions.release_batch(by=request.user, batch_id=batch_id, now=timezone.now())


@router.post("/batches/{batch_id}/returns", response=SettledOut)
@once(SettledOut)
def take_return(request: Request, batch_id: int, file: File[UploadedFile]) -> dict[str, int]:
    content = file.read()
    return {"settled": actions.upload_return(by=request.user, batch_id=batch_id, content=content, now=timezone.now())}


@router.post("/batches/{batch_id}/owners", response=BatchOut)
@once(BatchOut)
def request_owners(request: Request, batch_id: int) -> PaymentBatch:
    """Have the bank asked again whose the accounts of the batch are."""
    return actions.request_owners(by=request.user, batch_id=batch_id, now=timezone.now())


@router.post("/batches/{batch_id}/cosign", response=BatchOut)
@once(BatchOut)
def cosign_batch(request: Request, batch_id: int) -> PaymentBatch:
    return actions.cosign_batch(by=request.user, batch_id=batch_id, now=timezone.now())


@router.post("/batches/{batch_id}/confirm", response=BatchOut)
@once(BatchOut)
def confirm_batch(request: Request, batch_id: int) -> PaymentBatch:
    return actions.confirm_batch(by=request.user, batch_id=batch_id, now=timezone.now())
