from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.views.i18n import set_language

from rollbook.config.api import api
from rollbook.portal.views.public import home

handler500 = "rollbook.web.views.broken"
urlpatterns = [
    path("api/", api.urls),  # first: check-ins come by the hundred a second
    path("", home, name="home"),
    path("language/", login_not_required(set_language), name="language"),
    path("account/", include("allauth.urls")),
    path("", include("rollbook.portal.urls")),
    path("work/", include("rollbook.reports.urls")),
    path("accounts/", include("rollbook.accounts.urls")),
    path("persons/", include("rollbook.persons.urls")),
    path("exchange/", include("rollbook.exchange.urls")),
    path("directory/", include("rollbook.directory.urls")),
    path("evidence/", include("rollbook.evidence.urls")),
    path("institutions/", include("rollbook.institutions.urls")),
    path("faces/", include("rollbook.faces.urls")),
    path("classes/", include("rollbook.classes.urls")),
    path("supervision/", include("rollbook.supervision.urls")),
    path("live/", include("rollbook.live.urls")),
    path("learning/", include("rollbook.learning.urls")),
    path("assessments/", include("rollbook.assessment.urls")),
    path("certificates/", include("rollbook.certificates.urls")),
    path("claims/", include("rollbook.subsidies.urls")),
    path("fees/", include("rollbook.fees.urls")),
    path("alerts/", include("rollbook.risk.urls")),
    path("funds/", include("rollbook.funds.urls")),
    path("", include("rollbook.web.urls")),
]
