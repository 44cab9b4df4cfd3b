from datetime import date

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils import timezone
from ninja import Router, Schema
from ninja.pagination import paginate

from rollbook.certificates import actions, files, queries
from rollbook.certificates.models import Certificate
from rollbook.web.api import scope
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
    prints: int
    revoke_reason: str


class WhyIn(Schema):
    why: str


@router.get("", response=list[CertificateOut])
@paginate
def certificates(request: Request) -> QuerySet[Certificate]:
    return queries.visible_to(request.user).order_by("-pk")


@router.get("/{certificate_id}", response=CertificateOut)
def certificate(request: Request, certificate_id: int) -> Certificate:
    return queries.get(request.user, certificate_id)


@router.get("/{certificate_id}/pdf")
def pdf(request: Request, certificate_id: int) -> HttpResponse:
    """The certificate as it is printed, in Chinese and English."""
    one = queries.get(request.user, certificate_id)
    made = files.pdf([one], f"{request.scheme}://{request.get_host()}")
    return HttpResponse(made, content_type="application/pdf")


@router.post("/classes/{class_id}/issue", response=list[CertificateOut])
@scope("certificates")
def issue(request: Request, class_id: int) -> list[Certificate]:
    return actions.issue_certificates(by=request.user, class_id=class_id, now=timezone.now())


@router.post("/{certificate_id}/reprint", response=CertificateOut)
@scope("certificates")
def reprint(request: Request, certificate_id: int, given: WhyIn) -> Certificate:
    """Count another print, with its reason."""
    return actions.reprint(by=request.user, certificate_id=certificate_id, why=given.why, now=timezone.now())


@router.post("/{certificate_id}/revoke", response=CertificateOut)
@scope("certificates")
def revoke(request: Request, certificate_id: int, given: WhyIn) -> Certificate:
    """Declare it void, for good and for all to see (N6.4)."""
    return actions.revoke(by=request.user, certificate_id=certificate_id, why=given.why, now=timezone.now())
