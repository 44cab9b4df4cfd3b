from datetime import date
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema, Status
from ninja.pagination import paginate

from rollbook.certificates import queries as certificates
from rollbook.directory import queries as directory
from rollbook.portal import queries
from rollbook.subsidies import queries as subsidies

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from rollbook.subsidies.models import PolicyVersion

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


class PolicyOut(Schema):
    id: int
    region_code: str
    subsidy: str
    version: int
    title: str
    document: str
    in_force_from: date
    in_force_until: date | None  # the first day on which it no longer is
    standing: str

    @staticmethod
    def resolve_document(one: "PolicyVersion") -> str:
        return str(one.content["document"])

    @staticmethod
    def resolve_in_force_from(one: "PolicyVersion") -> Any:
        return one.in_force and one.in_force.lower

    @staticmethod
    def resolve_in_force_until(one: "PolicyVersion") -> Any:
        return one.in_force and one.in_force.upper


class PolicyContentOut(PolicyOut):
    content: dict[str, Any]


@router.get("/policies", response=list[PolicyOut])
@paginate
def policies(
    request: HttpRequest,  # noqa: ARG001
    region_code: str = "",
    subsidy: str = "",
    on: date | None = None,
) -> "QuerySet[PolicyVersion]":
    """Published policies, all or those of a region, of a kind, in force on a day (N18.1)."""
    found = subsidies.policies_published(timezone.localdate())
    asked = {"region_code": region_code, "subsidy": subsidy, "in_force__contains": on}
    return found.filter(**{name: value for name, value in asked.items() if value})


@router.get("/policies/{version_id}", response=PolicyContentOut)
def policy(request: HttpRequest, version_id: int) -> "PolicyVersion":  # noqa: ARG001
    """All that a published version says, as decisions read it."""
    return subsidies.policy_published(version_id, timezone.localdate())


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
