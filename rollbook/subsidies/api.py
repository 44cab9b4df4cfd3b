from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from ninja import Router, Schema
from ninja.pagination import paginate

from rollbook.subsidies import actions, queries
from rollbook.subsidies.models import Claim
from rollbook.web.api import scope
from rollbook.web.requests import Request

router = Router(tags=["subsidies"])


class ClaimOut(Schema):
    id: int
    enrolment_id: int
    state: str
    amount_fen: int
    working: list[dict[str, Any]]
    decide_by: date | None


@router.get("", response=list[ClaimOut])
@paginate
def claims(request: Request) -> QuerySet[Claim]:
    return queries.visible_to(request.user).order_by("-pk")


@router.get("/{claim_id}", response=ClaimOut)
def claim(request: Request, claim_id: int) -> Claim:
    return queries.get(request.user, claim_id)


@router.post("/enrolments/{enrolment_id}", response=ClaimOut)
@scope("claims")
def file(request: Request, enrolment_id: int) -> Claim:
    return actions.file_claim(by=request.user, enrolment_id=enrolment_id, now=timezone.now())


@router.post("/{claim_id}/review", response=ClaimOut)
def review(request: Request, claim_id: int, move: str, why: str = "") -> Claim:
    return actions.review_claim(by=request.user, claim_id=claim_id, move=move, why=why, now=timezone.now())
