from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from ninja import File, Router, Schema
from ninja.files import UploadedFile
from ninja.pagination import paginate

from rollbook.funds import actions, queries
from rollbook.funds.models import PaymentBatch, PaymentLine
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


@router.get("/batches", response=list[BatchOut])
@paginate
def batches(request: Request) -> QuerySet[PaymentBatch]:
    return queries.visible_to(request.user).order_by("-pk")


@router.get("/batches/{batch_id}/lines", response=list[LineOut])
@paginate
def lines(request: Request, batch_id: int) -> "QuerySet[PaymentLine, Any]":
    return queries.with_owners(queries.lines_of(queries.get(request.user, batch_id).pk))


@router.post("/batches/{batch_id}/check", response=BatchOut)
def check_batch(request: Request, batch_id: int) -> PaymentBatch:
    return actions.check_batch(by=request.user, batch_id=batch_id, now=timezone.now())


@router.post("/batches/{batch_id}/release", response=BatchOut)
def release_batch(request: Request, batch_id: int) -> PaymentBatch:
    return actions.release_batch(by=request.user, batch_id=batch_id, now=timezone.now())


@router.post("/batches/{batch_id}/returns", response=SettledOut)
def take_return(request: Request, batch_id: int, file: File[UploadedFile]) -> dict[str, int]:
    content = file.read()
    return {"settled": actions.upload_return(by=request.user, batch_id=batch_id, content=content, now=timezone.now())}


@router.post("/batches/{batch_id}/owners", response=BatchOut)
def request_owners(request: Request, batch_id: int) -> PaymentBatch:
    """Have the bank asked again whose the accounts of the batch are."""
    return actions.request_owners(by=request.user, batch_id=batch_id, now=timezone.now())


@router.post("/batches/{batch_id}/cosign", response=BatchOut)
def cosign_batch(request: Request, batch_id: int) -> PaymentBatch:
    return actions.cosign_batch(by=request.user, batch_id=batch_id, now=timezone.now())


@router.post("/batches/{batch_id}/confirm", response=BatchOut)
def confirm_batch(request: Request, batch_id: int) -> PaymentBatch:
    return actions.confirm_batch(by=request.user, batch_id=batch_id, now=timezone.now())
