from datetime import date, datetime
from typing import Annotated, Any

from django.utils import timezone
from ninja import Router, Schema
from ninja.pagination import paginate
from pydantic import Field

from rollbook.classes import queries as classes
from rollbook.fees import actions, queries
from rollbook.fees.models import Entry, Price, SignUp
from rollbook.kernel.reasons import NotFound
from rollbook.web.api import Gathered, once, scope
from rollbook.web.requests import Request

router = Router(tags=["fees"])
Fen = Annotated[int, Field(ge=0, le=10**12)]
Text = Annotated[str, Field(max_length=200)]


class PriceIn(Schema):
    price_fen: Fen
    share_fen: Fen = 0
    ways: list[str]


class PriceOut(PriceIn):
    class_id: int
    stated_at: datetime

    @staticmethod
    def resolve_class_id(one: Price) -> int:
        return one.training_class_id


class ReceiptOut(Schema):
    id: int
    number: str
    kind: str
    amount_fen: int
    means: str
    on: date
    note: str
    answer: str
    said: str


class SignUpOut(Schema):
    """What a trainee owes is `balance_fen`; below nothing, the institution owes it."""

    id: int
    class_id: int
    name: str
    id_masked: str
    enrolment_id: int | None
    way: str
    price_fen: int
    share_fen: int
    state: str
    asked_at: datetime
    taken_fen: int
    refunded_fen: int
    subsidy_fen: int
    owed_fen: int
    balance_fen: int

    @staticmethod
    def of(one: queries.Owing) -> dict[str, Any]:
        """As the page has it."""
        sign_up, sums = one.sign_up, one.standing
        return {
            "id": sign_up.pk, "class_id": sign_up.training_class_id, "name": sign_up.person.name,
            "id_masked": sign_up.person.id_masked, "enrolment_id": sign_up.enrolment_id, "way": sign_up.way,
            "price_fen": sign_up.price_fen, "share_fen": sign_up.share_fen, "state": sign_up.state,
            "asked_at": sign_up.asked_at, "taken_fen": sums.taken_fen, "refunded_fen": sums.refunded_fen,
            "subsidy_fen": sums.subsidy_fen, "owed_fen": one.owed_fen, "balance_fen": one.balance_fen,
        }  # fmt: skip


class StatementOut(SignUpOut):
    receipts: list[ReceiptOut]


class DecisionIn(Schema):
    accept: bool
    why: Text = ""


class ReceiptIn(Schema):
    kind: str
    amount_fen: Fen
    means: str
    on: date
    note: Text = ""


class WayIn(Schema):
    way: str = ""


class AnswerIn(Schema):
    answer: str
    said: Text = ""


def _accounts(some: list[SignUp]) -> list[dict[str, Any]]:
    return [SignUpOut.of(one) for one in queries.accounts_of(some)]


def _statement(request: Request, sign_up_id: int) -> dict[str, Any]:
    [account] = _accounts([queries.get(request.user, sign_up_id)])
    return account | {"receipts": list(queries.entries_of([sign_up_id]))}


@router.get("", response=list[SignUpOut])
@scope("fees")
@paginate
def sign_ups(request: Request, state: str = "", class_id: int | None = None) -> Any:
    """Who signed up, and each one's account with the institution: the institution's, the region's or one's own (N16.1)."""
    found = queries.visible_to(request.user)
    found = found.filter(state=state) if state else found
    return Gathered(found.filter(training_class_id=class_id) if class_id else found, _accounts)


@router.get("/{int:sign_up_id}", response=StatementOut)
@scope("fees")
def statement(request: Request, sign_up_id: int) -> dict[str, Any]:
    """One account, receipt by receipt."""
    return _statement(request, sign_up_id)


@router.get("/classes/{int:class_id}", response=PriceOut)
@scope("fees")
def price(request: Request, class_id: int) -> Price:
    found = queries.price_of(classes.get(request.user, class_id).pk)
    if found is None:
        raise NotFound
    return found


@router.put("/classes/{int:class_id}", response=PriceOut)
@scope("fees")
@once(PriceOut)
def state_price(request: Request, class_id: int, given: PriceIn) -> Price:
    """State what a class costs a trainee; who has signed up keeps the price of then."""
    return actions.state_price(by=request.user, class_id=class_id, now=timezone.now(), **given.dict())


@router.post("/classes/{int:class_id}/sign-ups", response={201: StatementOut})
@once(StatementOut, 201)
def sign_up(request: Request, class_id: int, given: WayIn) -> dict[str, Any]:
    """A worker asks to join a class, or, on its roster already, chooses how to pay."""
    made = actions.sign_up(by=request.user, class_id=class_id, way=given.way, now=timezone.now())
    return _statement(request, made.pk)


@router.post("/{int:sign_up_id}/decide", response=StatementOut)
@scope("fees")
@once(StatementOut)
def decide(request: Request, sign_up_id: int, given: DecisionIn) -> dict[str, Any]:
    """Take who asked onto the roster, with the same checks as everybody, or decline with a reason."""
    actions.decide_sign_up(
        by=request.user, sign_up_id=sign_up_id, accepted=given.accept, why=given.why, now=timezone.now()
    )
    return _statement(request, sign_up_id)


@router.post("/{int:sign_up_id}/withdraw", response=StatementOut)
@once(StatementOut)
def withdraw(request: Request, sign_up_id: int) -> dict[str, Any]:
    actions.withdraw(by=request.user, sign_up_id=sign_up_id, now=timezone.now())
    return _statement(request, sign_up_id)


@router.post("/{int:sign_up_id}/receipts", response={201: ReceiptOut})
@scope("fees")
@once(ReceiptOut, 201)
def enter(request: Request, sign_up_id: int, given: ReceiptIn) -> Entry:
    """Money was taken or given back: a receipt that the trainee is asked to confirm."""
    return actions.enter(by=request.user, sign_up_id=sign_up_id, now=timezone.now(), **given.dict())


@router.post("/receipts/{int:entry_id}/answer", response=ReceiptOut)
@once(ReceiptOut)
def answer(request: Request, entry_id: int, given: AnswerIn) -> Entry:
    """The trainee's word on a receipt: confirmed, or denied with what is wrong."""
    return actions.answer(by=request.user, entry_id=entry_id, now=timezone.now(), **given.dict())
