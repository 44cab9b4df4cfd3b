from django.utils import timezone
from ninja import Router, Schema

from rollbook.accounts.rules import Permission, holds
from rollbook.kernel.reasons import Forbidden
from rollbook.reports import queries
from rollbook.web.requests import Request

router = Router(tags=["reports"])


class RegionOut(Schema):
    region_code: str
    name: str
    classes: int
    people: int


@router.get("/regions", response=list[RegionOut])
def regions(request: Request, year: int | None = None) -> list[dict[str, object]]:
    if not holds(request.user, Permission.STATISTICS_READ):
        raise Forbidden("statistics.read")
    return queries.by_region(request.user, year or timezone.localdate().year)
