from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.security import django_auth

from rollbook.accounts.api import journal, token_auth
from rollbook.assessment.api import router as assessment
from rollbook.certificates.api import router as certificates
from rollbook.classes.api import devices, make_ups
from rollbook.classes.api import router as classes
from rollbook.directory.api import router as directory
from rollbook.exchange.api import router as exchange
from rollbook.faces.api import router as faces
from rollbook.fees.api import router as fees
from rollbook.funds.api import router as funds
from rollbook.institutions.api import router as institutions
from rollbook.kernel.reasons import Forbidden, NoRoom, NotFound, Refused, SignedOut
from rollbook.learning.api import router as learning
from rollbook.persons.api import router as persons
from rollbook.portal.api import router as public
from rollbook.reports.api import router as statistics
from rollbook.risk.api import router as risk
from rollbook.subsidies.api import proposals
from rollbook.subsidies.api import router as subsidies
from rollbook.supervision.api import draws
from rollbook.web.words import said

# Keys first: asking for a session would check CSRF before any key is looked at.
ABOUT = """Whatever is written under claims, proposals, payments and fees takes the header `Idempotency-Key`: 8 to 64
characters that the caller chooses for one deed. Sent again by the same account within seven days it gets the answer of
then, and nothing is done twice; with another request it is refused (`key-used`). A refused deed leaves no answer."""
api = NinjaAPI(title="Rollbook", description=ABOUT, auth=[token_auth, django_auth], docs_decorator=login_required)
api.add_router("directory", directory)
api.add_router("institutions", institutions)
api.add_router("persons", persons)
api.add_router("exchange", exchange)
api.add_router("journal", journal)
api.add_router("classes", classes)
api.add_router("make-ups", make_ups)
api.add_router("devices", devices)
api.add_router("faces", faces)
api.add_router("learning", learning)
api.add_router("assessments", assessment)
api.add_router("certificates", certificates)
api.add_router("claims", subsidies)
api.add_router("proposals", proposals)
api.add_router("payments", funds)
api.add_router("fees", fees)
api.add_router("alerts", risk)
api.add_router("draws", draws)
api.add_router("statistics", statistics)
api.add_router("public", public)


@api.exception_handler(Refused)
def refused(request: HttpRequest, error: Refused) -> HttpResponse:
    reasons = [{"code": r.code, "text": said(r), "clause": r.clause} for r in error.reasons]
    response = api.create_response(request, {"reasons": reasons}, status=503 if isinstance(error, NoRoom) else 422)
    if isinstance(error, NoRoom):
        response["Retry-After"] = "60"
    return response


@api.exception_handler(Forbidden)
def forbidden(request: HttpRequest, _: Forbidden) -> HttpResponse:
    return api.create_response(request, {"detail": "forbidden"}, status=403)


@api.exception_handler(NotFound)
def not_found(request: HttpRequest, _: NotFound) -> HttpResponse:
    return api.create_response(request, {"detail": "not found"}, status=404)


@api.exception_handler(SignedOut)
def signed_out(request: HttpRequest, _: SignedOut) -> HttpResponse:
    return api.create_response(request, {"detail": "Unauthorized"}, status=401)
