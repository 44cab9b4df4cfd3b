from datetime import date

from django.db.models import QuerySet
from django.utils import timezone
from ninja import Router, Schema
from ninja.pagination import paginate

from rollbook.certificates import actions, queries
from rollbook.certificates.models import Certificate
from rollbook.web.requests import Request

router = Router(tags=["certificates"])


class CertificateOut(Schema):
    id: int
    number: str
    name: str
    id_masked: str
    project: str
    level: str
    hours: int
    issued_on: date
    state: str


@router.get("", response=list[CertificateOut])
@paginate
def certificates(request: Request) -> QuerySet[Certificate]:
    return queries.visible_to(request.user).order_by("-pk")


@router.post("/classes/{class_id}/issue", response=list[CertificateOut])
def issue(request: Request, class_id: int) -> list[Certificate]:
    return actions.issue_certificates(by=request.user, class_id=class_id, now=timezone.now())
