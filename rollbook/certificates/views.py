from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from rollbook.accounts.rules import Permission, admit_staff, holds
from rollbook.certificates import actions, files, queries, rules
from rollbook.classes import queries as classes
from rollbook.journal.queries import timeline
from rollbook.kernel.reasons import NotFound
from rollbook.web.exports import Table
from rollbook.web.forms import WhyForm, sent
from rollbook.web.lists import Filter, listing, narrowed
from rollbook.web.views import exported

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rollbook.certificates.models import Certificate
    from rollbook.web.requests import Request

SEARCH = ("number", "name", "institution_name", "project")
COLUMNS = ("Number", "Name", "Identity number", "Project", "Level", "Institution", "Issued on", "State")


def _filters() -> list[Filter]:
    return [Filter("state", "State", rules.State.choices())]


def certificate_table(request: "Request") -> Table:
    found = queries.visible_to(request.user).order_by("-pk")
    return Table("certificates", COLUMNS, narrowed(request, found, filters=_filters(), search=SEARCH), _row)


def _row(r: "Certificate") -> tuple[object, ...]:
    return (r.number, r.name, r.id_masked, r.project, r.level, r.institution_name, r.issued_on, r.state)


@require_GET
def certificate_list(request: "Request") -> HttpResponse:
    if request.GET.get("export"):
        return exported(request, "certificates", certificate_table(request))
    found, filters = queries.visible_to(request.user).order_by("-pk"), _filters()
    shown = listing(request, found, filters=filters, search=SEARCH, exports=True)
    return render(request, "certificates/list.html", {"listing": shown})


@require_GET
def detail(request: "Request", certificate_id: int) -> HttpResponse:
    one = queries.get(request.user, certificate_id)
    context = {
        "one": one,
        "entries": timeline(one),
        "why_form": WhyForm(),
        "may_reprint": holds(request.user, Permission.CERTIFICATE_ISSUE),
        "may_revoke": holds(request.user, Permission.CERTIFICATE_REVOKE) and one.state == rules.State.VALID,
    }
    return render(request, "certificates/detail.html", context)


@require_GET
def of_class(request: "Request", class_id: int) -> HttpResponse:
    admit_staff(request.user)
    klass, now = classes.get(request.user, class_id), timezone.now()
    issued = queries.of_class(class_id)
    rows = [(one, against, issued.get(one.pk)) for one, against in actions.reasons_by_enrolment(klass, now)]
    may_issue = holds(request.user, Permission.CERTIFICATE_ISSUE)
    context = {"klass": klass, "rows": rows, "issued": len(issued), "may_issue": may_issue}
    return render(request, "certificates/of_class.html", context)


@require_POST
def issue(request: "Request", class_id: int) -> HttpResponse:
    actions.issue_certificates(by=request.user, class_id=class_id, now=timezone.now())
    return redirect("certificates:of_class", class_id)


def _pdf(request: "Request", certificates: "Sequence[Certificate]", name: str) -> HttpResponse:
    base = f"{request.scheme}://{request.get_host()}"
    response = HttpResponse(files.pdf(certificates, base), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    return response


@require_GET
def pdf(request: "Request", certificate_id: int) -> HttpResponse:
    one = queries.get(request.user, certificate_id)
    return _pdf(request, [one], one.number)


@require_GET
def class_pdf(request: "Request", class_id: int) -> HttpResponse:
    klass = classes.get(request.user, class_id)
    issued = list(queries.of_class(klass.pk).values())
    if not issued or request.user.role == "worker":
        raise NotFound
    return _pdf(request, issued, f"{klass.number}")


@require_POST
def reprint(request: "Request", certificate_id: int) -> HttpResponse:
    why = sent(request, WhyForm).cleaned_data["why"]
    actions.reprint(by=request.user, certificate_id=certificate_id, why=why, now=timezone.now())
    return redirect("certificates:pdf", certificate_id)


@require_POST
def revoke(request: "Request", certificate_id: int) -> HttpResponse:
    why = sent(request, WhyForm).cleaned_data["why"]
    actions.revoke(by=request.user, certificate_id=certificate_id, why=why, now=timezone.now())
    return redirect("certificates:detail", certificate_id)
