from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from ninja import Router, Schema, Status
from ninja.pagination import paginate

from rollbook.subsidies import actions, queries
from rollbook.subsidies.models import Claim
from rollbook.web.api import scope
from rollbook.web.requests import Request
from rollbook.web.words import said

router = Router(tags=["subsidies"])


class LineOut(Schema):
    text: str
    basis: str
    amount_fen: int


class ReasonOut(Schema):
    code: str
    text: str
    clause: str


class ClaimOut(Schema):
    id: int
    enrolment_id: int
    region_code: str
    level: str
    state: str
    amount_fen: int
    decide_by: date | None
    lines: list[LineOut]

    @staticmethod
    def resolve_lines(claim: Claim) -> list[dict[str, Any]]:
        return [
            {"text": said(line["label"]), "basis": line["label"]["clause"], "amount_fen": line["amount_fen"]}
            for line in claim.working
        ]


class DetailOut(ClaimOut):
    facts: dict[str, Any]
    policy_id: int
    against: list[ReasonOut]

    @staticmethod
    def resolve_against(claim: Claim, context: Any) -> list[dict[str, str]]:
        found = queries.reasons_now(context["request"].user, claim)
        return [{"code": one.code, "text": said(one), "clause": one.clause} for one in found]


class ReviewIn(Schema):
    move: str
    why: str = ""


@router.get("", response=list[ClaimOut])
@paginate
def claims(request: Request) -> QuerySet[Claim]:
    return queries.visible_to(request.user).order_by("-pk")


@router.get("/{claim_id}", response=DetailOut)
def claim(request: Request, claim_id: int) -> Claim:
    return queries.get(request.user, claim_id)


@router.post("/enrolments/{enrolment_id}", response={201: ClaimOut})
@scope("claims")
def file_claim(request: Request, enrolment_id: int) -> Status[Claim]:
    return Status(201, actions.file_claim(by=request.user, enrolment_id=enrolment_id, now=timezone.now()))


@router.post("/{claim_id}/review", response=ClaimOut)
def review_claim(request: Request, claim_id: int, decision: ReviewIn) -> Claim:
    return actions.review_claim(
        by=request.user, claim_id=claim_id, move=decision.move, why=decision.why, now=timezone.now()
    )
