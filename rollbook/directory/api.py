from datetime import date

from django.db.models import QuerySet
from django.utils import timezone
from ninja import Router, Schema
from ninja.pagination import paginate

from rollbook.directory import actions, queries
from rollbook.directory.models import DemandItem, DemandList
from rollbook.web.requests import Request

router = Router(tags=["directory"])


class ListOut(Schema):
    id: int
    region_code: str
    version: int
    title: str
    document: str
    state: str


class ItemOut(Schema):
    id: int
    training_type: str
    code: str
    name: str
    level: str
    hours: int
    practice_percent: int
    amount_fen: int
    scarce_amount_fen: int | None
    urgency: str

    @staticmethod
    def resolve_code(item: DemandItem) -> str:
        return item.occupation.code

    @staticmethod
    def resolve_name(item: DemandItem) -> str:
        return item.occupation.name


@router.get("", response=list[ListOut])
@paginate
def lists(request: Request) -> QuerySet[DemandList]:
    return queries.visible_to(request.user).order_by("-pk")


@router.get("/{list_id}/items", response=list[ItemOut])
@paginate
def items(request: Request, list_id: int) -> QuerySet[DemandItem]:
    return queries.items_of(queries.get(request.user, list_id).pk)


@router.post("/{list_id}/publish", response=ListOut)
def publish(request: Request, list_id: int, from_on: date) -> DemandList:
    return actions.publish_list(by=request.user, list_id=list_id, from_on=from_on, now=timezone.now())
