from datetime import date
from typing import Annotated, Any

from django.db.models import QuerySet
from django.utils import timezone
from ninja import File, Form, Router, Schema
from ninja.files import UploadedFile
from ninja.pagination import paginate
from pydantic import Field

from rollbook.subsidies import actions, queries
from rollbook.subsidies.models import Apprenticeship, Claim, Proposal, WorkPaper
from rollbook.web.api import once, scope
from rollbook.web.requests import Request
from rollbook.web.words import said

router = Router(tags=["subsidies"])
proposals = Router(tags=["subsidies"])


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


class ApprenticeshipOut(Schema):
    id: int
    class_id: int = Field(alias="training_class_id")
    uscc: str = Field(alias="enterprise.uscc")
    name: str = Field(alias="enterprise.name")
    agreement: str
    region_code: str


class NotDueOut(Schema):
    enrolment_id: int
    against: list[ReasonOut]


class FiledOut(Schema):
    claims: list[ClaimOut]
    not_due: list[NotDueOut]


class PaperOut(Schema):
    id: int
    enrolment_id: int
    kind: str
    uscc: str
    number: str
    name: str
    from_on: date
    until_on: date | None
    state: str
    remark: str


class DecisionIn(Schema):
    granted: bool
    remark: str = ""


class ReviewIn(Schema):
    move: str
    why: str = ""
    despite: str = ""  # why it is passed while an alert about it is not decided


@router.get("", response=list[ClaimOut])
@paginate
def claims(request: Request) -> QuerySet[Claim]:
    return queries.visible_to(request.user).order_by("-pk")


@router.get("/apprenticeships", response=list[ApprenticeshipOut])
@paginate
def apprenticeships(request: Request) -> QuerySet[Apprenticeship]:
    return queries.apprenticeships_visible_to(request.user)


@router.post("/apprenticeships/{class_id}", response={201: ApprenticeshipOut})
@scope("claims")
@once(ApprenticeshipOut, 201)
def file_apprenticeship(
    request: Request, class_id: int, uscc: Form[str], name: Form[str], agreement: Form[str], paper: File[UploadedFile]
) -> Apprenticeship:
    """The enterprise that a class of new apprentices works for; again, to mend it, until something was claimed."""
    return actions.file_apprenticeship(
        by=request.user, class_id=class_id, uscc=uscc, name=name, agreement=agreement, paper=paper.read(),
        now=timezone.now(),
    )  # fmt: skip


@router.post("/classes/{class_id}", response={201: FiledOut})
@scope("claims")
@once(FiledOut, 201)
def file_class(request: Request, class_id: int) -> dict[str, Any]:
    """Claim for all of a class who are due something, all or none; the others come back with their reasons."""
    filed, against = actions.file_class_claims(by=request.user, class_id=class_id, now=timezone.now())
    rows = [
        {"enrolment_id": pk, "against": [ReasonOut(code=one.code, text=said(one), clause=one.clause) for one in why]}
        for pk, why in against.items()
    ]
    return {"claims": filed, "not_due": rows}


@router.get("/papers", response=list[PaperOut])
@paginate
def papers(request: Request) -> QuerySet[WorkPaper]:
    return queries.papers_visible_to(request.user)


@router.post("/enrolments/{enrolment_id}/paper", response={201: PaperOut})
@scope("claims")
@once(PaperOut, 201)
def file_paper(
    request: Request, enrolment_id: int, kind: Form[str], name: Form[str], from_on: Form[date],
    file: File[UploadedFile], until_on: Form[date | None] = None, uscc: Form[str] = "", number: Form[str] = "",
) -> WorkPaper:  # fmt: skip
    """A labour contract or business licence that shows work where no department does."""
    return actions.file_paper(
        by=request.user, enrolment_id=enrolment_id, kind=kind, uscc=uscc, number=number, name=name, from_on=from_on,
        until_on=until_on, file=file.read(), now=timezone.now(),
    )  # fmt: skip


@router.post("/papers/{work_paper_id}/decide", response=PaperOut)
@once(PaperOut)
def decide_paper(request: Request, work_paper_id: int, decision: DecisionIn) -> WorkPaper:
    return actions.decide_paper(
        by=request.user, paper_id=work_paper_id, granted=decision.granted, remark=decision.remark, now=timezone.now()
    )


@router.get("/{claim_id}", response=DetailOut)
def claim(request: Request, claim_id: int) -> Claim:
    return queries.get(request.user, claim_id)


@router.post("/enrolments/{enrolment_id}", response={201: ClaimOut})
@scope("claims")
@once(ClaimOut, 201)
def file_claim(request: Request, enrolment_id: int) -> Claim:
    return actions.file_claim(by=request.user, enrolment_id=enrolment_id, now=timezone.now())


@router.post("/{claim_id}/review", response=ClaimOut)
@once(ClaimOut)
def review_claim(request: Request, claim_id: int, decision: ReviewIn) -> Claim:
    return actions.review_claim(by=request.user, claim_id=claim_id, now=timezone.now(), **decision.dict())


class ProposalOut(Schema):
    """What of a paid claim is to come back by the facts of now."""

    id: int
    claim_id: int
    region_code: str
    ground: str
    paid_fen: int
    due_fen: int
    amount_fen: int
    state: str
    recovery_id: int | None
    why: str
    reasons: list[ReasonOut]

    @staticmethod
    def resolve_region_code(one: Proposal) -> str:
        return one.claim.region_code

    @staticmethod
    def resolve_reasons(one: Proposal) -> list[dict[str, str]]:
        return [{"code": row["code"], "text": said(row), "clause": row["clause"]} for row in one.reasons]


class OrderIn(Schema):
    ground: str
    amount_fen: Annotated[int, Field(gt=0, le=10**12)]
    document: Annotated[str, Field(max_length=64)]
    why: Annotated[str, Field(max_length=400)]


class WhyIn(Schema):
    why: Annotated[str, Field(max_length=200)]


@proposals.get("", response=list[ProposalOut])
@paginate
def proposed(request: Request, state: str = "") -> QuerySet[Proposal]:
    """Proposed recoveries of the region, the newest first (N6.4)."""
    found = queries.proposals_visible_to(request.user)
    return found.filter(state=state) if state else found


@proposals.get("/{int:proposal_id}", response=ProposalOut)
def proposal(request: Request, proposal_id: int) -> Proposal:
    return queries.proposal(request.user, proposal_id)


@proposals.post("/{int:proposal_id}/order", response=ProposalOut)
@once(ProposalOut)
def order_proposal(request: Request, proposal_id: int, given: OrderIn) -> Proposal:
    """Order that it come back, or less of it; finance has to confirm it."""
    return actions.order_proposal(by=request.user, proposal_id=proposal_id, now=timezone.now(), **given.dict())


@proposals.post("/{int:proposal_id}/close", response=ProposalOut)
@once(ProposalOut)
def close_proposal(request: Request, proposal_id: int, given: WhyIn) -> Proposal:
    """Nothing is to come back, and why."""
    return actions.close_proposal(by=request.user, proposal_id=proposal_id, why=given.why, now=timezone.now())
