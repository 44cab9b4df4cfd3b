from io import BytesIO
from typing import TYPE_CHECKING

from django.http import FileResponse, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from rollbook.accounts.rules import Permission, admit, holds
from rollbook.classes import queries as classes
from rollbook.journal.queries import timeline
from rollbook.kernel.messages import _
from rollbook.kernel.reasons import NotFound
from rollbook.regions.queries import choices as regions
from rollbook.regions.queries import name_of
from rollbook.supervision import actions, files, forms, queries, rules
from rollbook.supervision.rules import CASE_LIFECYCLE, CaseMove, CaseState
from rollbook.web.exports import Table
from rollbook.web.forms import sent
from rollbook.web.lists import Filter, listing, narrowed
from rollbook.web.views import exported

if TYPE_CHECKING:
    from rollbook.supervision.models import Case
    from rollbook.web.requests import Request

SEARCH = ("number", "title", "institution__name", "office")
HEADS = (
    _("Number"),
    _("Case file"),
    _("Institution"),
    _("Region"),
    _("State"),
    _("Due on"),
    _("Handed over to"),
    _("Outcome"),
)


def _filters(request: "Request") -> list[Filter]:
    return [
        Filter("state", _("State"), CaseState.choices()),
        Filter("authority", _("Authority"), rules.Authority.choices()),
        Filter("outcome", _("Outcome"), rules.CaseOutcome.choices()),
        Filter("region_code", _("Region"), regions(request.user.region_code)),
    ]


def case_table(request: "Request") -> Table:
    found = narrowed(request, queries.cases(request.user), filters=_filters(request), search=SEARCH)
    return Table("cases", HEADS, found, _row)


def _row(one: "Case") -> tuple[object, ...]:
    return (
        one.number, one.title, str(one.institution or ""), name_of(one.region_code), gettext(one.get_state_display()),
        one.due_on, one.office, gettext(one.get_outcome_display()) if one.outcome else "",
    )  # fmt: skip


@require_GET
def case_list(request: "Request") -> HttpResponse:
    """Cases, those whose limit is nearest first."""
    admit(request.user, Permission.CASE_READ)
    if request.GET.get("export"):
        return exported(request, "cases", case_table(request))
    shown = listing(
        request, queries.cases(request.user), filters=_filters(request), search=SEARCH, exports=True,
        hint=gettext("Number, class, institution or office"),
    )  # fmt: skip
    return render(request, "supervision/case_list.html", {"listing": shown, "today": timezone.localdate()})


@require_GET
def case(request: "Request", case_id: int) -> HttpResponse:
    """A case with its alert, what is kept for it, how far it has come and what may be done next."""
    by = request.user
    one = queries.case(by, case_id)
    moves = CASE_LIFECYCLE.moves_from(CaseState(one.state)) if holds(by, Permission.CASE_HANDLE) else []
    context = {
        "one": one, "today": timezone.localdate(), "classes": classes.visible_to(by).filter(pk__in=one.classes),
        "pieces": queries.evidence_for(one).count(), "entries": timeline(one),
        "may_hand": CaseMove.HAND_OVER in moves, "hand_form": forms.HandOverForm(),
        "may_answer": CaseMove.ACCEPT in moves, "answer_form": forms.AuthorityAnswerForm(),
        "may_conclude": CaseMove.CONCLUDE in moves and one.opened_by_id != by.pk, "conclude_form": forms.ConcludeForm(),
    }  # fmt: skip
    return render(request, "supervision/case.html", context)


@require_GET
def letter(request: "Request", case_id: int) -> FileResponse:
    """The letter as it was handed over."""
    one = queries.case(request.user, case_id)
    if not one.letter:
        raise NotFound
    made = BytesIO(files.pdf(one.letter, "letter"))
    return FileResponse(made, as_attachment=True, filename=f"{one.number}.pdf", content_type="application/pdf")


@require_POST
def hand_over(request: "Request", case_id: int) -> HttpResponse:
    values = sent(request, forms.HandOverForm).cleaned_data
    actions.hand_over(by=request.user, case_id=case_id, now=timezone.now(), **values)
    return redirect("supervision:case", case_id)


@require_POST
def answered(request: "Request", case_id: int) -> HttpResponse:
    values = sent(request, forms.AuthorityAnswerForm).cleaned_data
    accepted = request.POST.get("move") == "accept"
    actions.answer_case(by=request.user, case_id=case_id, accepted=accepted, now=timezone.now(), **values)
    return redirect("supervision:case", case_id)


@require_POST
def conclude(request: "Request", case_id: int) -> HttpResponse:
    values = sent(request, forms.ConcludeForm).cleaned_data
    actions.conclude(by=request.user, case_id=case_id, now=timezone.now(), **values)
    return redirect("supervision:case", case_id)
