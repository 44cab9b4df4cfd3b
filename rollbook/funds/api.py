from django.db.models import QuerySet
from django.utils import timezone
from ninja import Router, Schema
from ninja.pagination import paginate

from rollbook.funds import actions, queries
from rollbook.funds.models import PaymentBatch
from rollbook.web.requests import Request

router = Router(tags=["payments"])


class BatchOut(Schema):
    id: int
    number: str
    region_code: str
    fund: str
    year: int
    state: str


@router.get("/batches", response=list[BatchOut])
@paginate
def batches(request: Request) -> QuerySet[PaymentBatch]:
    return queries.visible_to(request.user).order_by("-pk")


@router.post("/batches/{batch_id}/check", response=BatchOut)
def check(request: Request, batch_id: int) -> PaymentBatch:
    return actions.check_batch(by=request.user, batch_id=batch_id, now=timezone.now())


@router.post("/batches/{batch_id}/release", response=BatchOut)
def release(request: Request, batch_id: int) -> PaymentBatch:
    return actions.release_batch(by=request.user, batch_id=batch_id, now=timezone.now())
