"""Papers that show work where no department does (domain 3.2)."""

from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from rollbook.accounts.rules import Permission, admit, admit_staff, holds
from rollbook.classes import queries as classes
from rollbook.evidence import actions as evidence
from rollbook.evidence.rules import Purpose
from rollbook.journal.queries import timeline
from rollbook.kernel.messages import _
from rollbook.regions.queries import choices as regions
from rollbook.regions.queries import name_of
from rollbook.subsidies import actions, forms, queries, rules
from rollbook.web.exports import Table
from rollbook.web.forms import sent
from rollbook.web.lists import Filter, listing, narrowed
from rollbook.web.views import exported

if TYPE_CHECKING:
    from rollbook.subsidies.models import WorkPaper
    from rollbook.web.requests import Request

SEARCH = ("enrolment__person__name", "enrolment__person__id_masked", "name", "uscc", "number", "institution__name")
COLUMNS = (
    _("Name"), _("Identity number"), _("Kind"), _("Employer, own business or issuing authority"), _("Code"), _("Number"), _("From"), _("Until"),
    _("Class"), _("Institution"), _("Region"), _("State"), _("Filed on"), _("Reason"),
)  # fmt: skip


def _filters(request: "Request") -> list[Filter]:
    return [
        Filter("state", _("State"), rules.PaperState.choices()),
        Filter("kind", _("Kind"), rules.PaperKind.choices()),
        Filter("region_code", _("Region"), regions(request.user.region_code)),
    ]


def _row(one: "WorkPaper") -> tuple[object, ...]:
    person = one.enrolment.person
    return (
        person.name, person.id_masked, gettext(one.get_kind_display()), one.name, one.uscc, one.number, one.from_on, one.until_on,
        one.enrolment.training_class.number, one.institution.name, name_of(one.region_code),
        gettext(one.get_state_display()), timezone.localdate(one.filed_at).isoformat(), one.remark,
    )  # fmt: skip


def paper_table(request: "Request") -> Table:
    rows = narrowed(request, queries.papers_visible_to(request.user), filters=_filters(request), search=SEARCH)
    return Table(gettext("Papers of proof"), COLUMNS, rows, _row)


@require_GET
def paper_list(request: "Request") -> HttpResponse:
    admit(request.user, Permission.CLAIM_FILE, *queries.READERS)
    admit_staff(request.user)
    if request.GET.get("export"):
        return exported(request, "work-papers", paper_table(request))
    found, hint = queries.papers_visible_to(request.user), gettext("Name, identity number, employer or institution")
    shown = listing(request, found, filters=_filters(request), search=SEARCH, hint=hint, exports=True)
    return render(request, "subsidies/paper_list.html", {"listing": shown})


@require_GET
def paper_detail(request: "Request", work_paper_id: int) -> HttpResponse:
    by, one = request.user, queries.work_paper(request.user, work_paper_id)
    may_review = holds(by, Permission.CLAIM_REVIEW) and one.filed_by_id != by.pk
    context = {
        "one": one,
        "may_open": holds(by, Permission.EVIDENCE_READ),
        "may_grant": may_review and one.state == rules.PaperState.ASKED,
        "may_refuse": may_review and one.state != rules.PaperState.REFUSED,
        "entries": timeline(one),
    }
    return render(request, "subsidies/paper_detail.html", context)


@require_GET
def paper_new(request: "Request", enrolment_id: int) -> HttpResponse:
    """The form of a paper, beside those that were filed before."""
    admit(request.user, Permission.CLAIM_FILE)
    one = classes.enrolment(request.user, enrolment_id)
    context = {"one": one, "form": forms.PaperForm(), "papers": queries.papers_of(one.pk)}
    return render(request, "subsidies/paper_new.html", context)


@require_POST
def file_paper(request: "Request", enrolment_id: int) -> HttpResponse:
    values = sent(request, forms.PaperForm).cleaned_data
    content = values.pop("file").read()
    one = actions.file_paper(by=request.user, enrolment_id=enrolment_id, file=content, now=timezone.now(), **values)
    return redirect("subsidies:work_paper", one.pk)


@require_GET
def open_own(request: "Request", work_paper_id: int) -> HttpResponse:
    """A trainee looks at the own paper; others open it among the evidence, for a purpose."""
    one = queries.work_paper(request.user, work_paper_id)
    if request.user.role != "worker":
        return redirect("evidence:item_detail", one.paper_id)
    key = evidence.opened_for(by=request.user, item=one.paper, purpose=Purpose.OWN, now=timezone.now())
    return redirect("evidence:file", one.paper_id, key)


@require_POST
def decide_paper(request: "Request", work_paper_id: int) -> HttpResponse:
    granted, remark = request.POST.get("granted") == "1", request.POST.get("remark", "")
    actions.decide_paper(
        by=request.user, paper_id=work_paper_id, granted=granted, remark=remark, now=timezone.now()
    )  # fmt: skip
    return redirect("subsidies:work_paper", work_paper_id)
