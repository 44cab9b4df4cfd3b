from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema, Status

from rollbook.certificates import queries as certificates
from rollbook.directory import queries as directory
from rollbook.portal import queries

router = Router(tags=["public"], auth=None)


class ProjectOut(Schema):
    region_code: str
    code: str
    name: str
    level: str
    hours: int
    amount_fen: int


class VerifiedOut(Schema):
    found: bool
    state: str = ""
    project: str = ""
    issued_on: str = ""


@router.get("/directory", response=list[ProjectOut])
def projects(request: HttpRequest, q: str = "", limit: int = 100) -> list[dict[str, object]]:  # noqa: ARG001
    """Projects in force today, by code, Chinese or pinyin."""
    found = directory.published_items(timezone.localdate())
    if q:
        ids = [one.pk for one in directory.find_occupations(q, 200)]
        found = found.filter(occupation_id__in=ids)
    return [
        {
            "region_code": one.demand_list.region_code,
            "code": one.occupation.code,
            "name": one.occupation.name,
            "level": one.level,
            "hours": one.hours,
            "amount_fen": one.amount_fen,
        }
        for one in found[: min(limit, 500)]
    ]


class LimitedOut(Schema):
    detail: str


@router.get("/certificates/verify", response={200: VerifiedOut, 429: LimitedOut})
def verify(request: HttpRequest, number: str, name: str) -> dict[str, object] | Status[dict[str, str]]:
    """Whether a certificate of this number was issued to this name; 429 for who asks too often."""
    if queries.limited(request.META.get("REMOTE_ADDR", "")):
        return Status(429, {"detail": "too many questions from this address; wait a minute"})
    found = certificates.verify(number, name)
    if found is None:
        return {"found": False}
    return {"found": True, "state": found.state, "project": found.project, "issued_on": str(found.issued_on)}
