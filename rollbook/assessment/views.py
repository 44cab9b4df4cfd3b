from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_GET, require_POST

from rollbook.accounts.rules import Permission, admit_staff, holds
from rollbook.assessment import actions, files, queries
from rollbook.classes import queries as classes
from rollbook.kernel.messages import _
from rollbook.kernel.reasons import Refused, reason
from rollbook.web import sheets
from rollbook.web.exports import EXCEL
from rollbook.web.forms import FileForm
from rollbook.web.imports import sent_file, wrong_cells
from rollbook.web.lists import listing

if TYPE_CHECKING:
    from rollbook.web.requests import Request


@require_GET
def assessment_list(request: "Request") -> HttpResponse:
    shown = listing(request, queries.assessed(request.user), search=("title", "number", "institution__name"))
    context = {"listing": shown, "changes": queries.changes_asked(request.user)[:100]}
    context["may_decide"] = holds(request.user, Permission.SCORE_CHANGE_APPROVE)
    return render(request, "assessment/list.html", context)


@require_GET
def detail(request: "Request", class_id: int) -> HttpResponse:
    admit_staff(request.user)
    klass = classes.get(request.user, class_id)
    scores = queries.scores_of(class_id)
    attended = classes.attendance_of(class_id)
    context = {
        "klass": klass,
        "assessment": queries.of_class(class_id),
        "rows": [(one, scores.get(one.pk), attended[one.pk]) for one in classes.roster(class_id)],
        "may_enter": holds(request.user, Permission.SCORE_ENTER),
        "is_locked": queries.is_locked(class_id),
        "file_form": FileForm(),
    }
    return render(request, "assessment/detail.html", context)


@require_POST
def plan(request: "Request", class_id: int) -> HttpResponse:
    held_on = parse_date(request.POST.get("held_on", ""))
    if held_on is None:
        raise Refused(reason("bad-date", _("Give the day of the assessment.")))
    place, assessors = request.POST.get("place", "")[:128], request.POST.get("assessors", "")[:200]
    actions.plan_assessment(
        by=request.user, class_id=class_id, held_on=held_on, place=place, assessors=assessors, now=timezone.now()
    )
    return redirect("assessment:detail", class_id)


@require_POST
def enter(request: "Request", class_id: int) -> HttpResponse:
    """The grid of scores: what was typed for each trainee."""
    marks = {}
    for one in classes.roster(classes.get(request.user, class_id).pk):
        theory, practice = (request.POST.get(f"{name}-{one.pk}", "").strip() for name in ("theory", "practice"))
        absent = bool(request.POST.get(f"absent-{one.pk}"))
        if theory or practice or absent:
            marks[one.pk] = actions.Marks(_mark(theory), _mark(practice), absent)
    actions.enter_scores(by=request.user, class_id=class_id, marks=marks, now=timezone.now())
    return redirect("assessment:detail", class_id)


def _mark(text: str) -> int | None:
    if text and not text.isdigit():
        raise Refused(reason("bad-mark", _("“{text}” is no mark from 0 to 100."), text=text))
    return int(text) if text else None


@require_POST
def import_scores(request: "Request", class_id: int) -> HttpResponse:
    content = sent_file(request)
    sheet = actions.preview_scores(by=request.user, class_id=class_id, content=content)
    back = reverse("assessment:detail", args=[class_id])
    if answer := wrong_cells(request, sheet, content, subject=classes.get(request.user, class_id), back=back):
        return answer
    actions.import_scores(by=request.user, class_id=class_id, content=content, now=timezone.now())
    return redirect("assessment:detail", class_id)


@require_GET
def template(request: "Request") -> HttpResponse:  # noqa: ARG001
    response = HttpResponse(sheets.template(files.SCORES), content_type=EXCEL)
    response["Content-Disposition"] = 'attachment; filename="scores.xlsx"'
    return response


@require_POST
def lock(request: "Request", class_id: int) -> HttpResponse:
    actions.lock_scores(by=request.user, class_id=class_id, now=timezone.now())
    return redirect("assessment:detail", class_id)


@require_POST
def ask_change(request: "Request", enrolment_id: int) -> HttpResponse:
    change = actions.ask_score_change(
        by=request.user,
        enrolment_id=enrolment_id,
        theory=_mark(request.POST.get("theory", "").strip()),
        practice=_mark(request.POST.get("practice", "").strip()),
        why=request.POST.get("why", ""),
        now=timezone.now(),
    )
    return redirect("assessment:detail", change.score.assessment.training_class_id)


@require_POST
def decide_change(request: "Request", change_id: int) -> HttpResponse:
    grant = request.POST.get("grant") == "1"
    actions.decide_score_change(by=request.user, change_id=change_id, grant=grant, now=timezone.now())
    return redirect("assessment:assessment_list")
