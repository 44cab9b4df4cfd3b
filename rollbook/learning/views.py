from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.timezone import make_naive
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from rollbook.accounts.rules import admit_staff
from rollbook.classes import queries as classes
from rollbook.kernel.messages import _
from rollbook.learning import queries
from rollbook.web.exports import workbook

if TYPE_CHECKING:
    from rollbook.web.requests import Request

COLUMNS = (
    _("Name"), _("Course"), _("Platform"), _("Began at"), _("Ended at"), _("Credited minutes"), _("Face checks"),
    _("Failed"), _("Told differently"),
)  # fmt: skip


@require_GET
def of_class(request: "Request", class_id: int) -> HttpResponse:
    """What each trainee of a class studied online, and every session as a file."""
    admit_staff(request.user)
    klass = classes.get(request.user, class_id)
    if request.GET.get("export"):
        rows = (
            (one.enrolment.person.name, one.course, one.platform, make_naive(one.starts_at), make_naive(one.ends_at), one.credited // 60,
             one.face_checks, one.face_fails, one.changes)
            for one in queries.filed_sessions(class_id).select_related("enrolment__person")
        )  # fmt: skip
        return workbook(COLUMNS, rows, gettext("Online study"))
    context = {"klass": klass, "rows": queries.of_class(class_id), "restated": queries.restated_in(class_id)}
    return render(request, "learning/of_class.html", context)
