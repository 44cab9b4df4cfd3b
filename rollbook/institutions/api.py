from django.db.models import QuerySet
from django.utils import timezone
from ninja import Router, Schema
from ninja.pagination import paginate

from rollbook.institutions import actions, queries
from rollbook.institutions.models import Institution
from rollbook.web.api import scope
from rollbook.web.requests import Request

router = Router(tags=["institutions"])


class InstitutionOut(Schema):
    id: int
    name: str
    uscc: str
    kind: str
    region_code: str
    address: str
    state: str
    capacity: int


class ProfileIn(Schema):
    address: str
    contact: str = ""
    phone: str = ""
    capacity: int = 0


@router.get("", response=list[InstitutionOut])
@paginate
def institutions(request: Request) -> QuerySet[Institution]:
    return queries.visible_to(request.user).order_by("pk")


@router.put("/{institution_id}", response=InstitutionOut)
@scope("institution")
def save(request: Request, institution_id: int, profile: ProfileIn) -> Institution:
    return actions.save_profile(by=request.user, institution_id=institution_id, now=timezone.now(), **profile.dict())
