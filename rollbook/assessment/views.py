from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from rollbook.accounts.rules import Permission, admit_staff, holds
from rollbook.assessment import actions, files, forms, queries, rules
from rollbook.classes import queries as classes
from rollbook.faces import queries as faces
from rollbook.institutions import queries as institutions
from rollbook.kernel.messages import _
from rollbook.kernel.reasons import Refused, reason
from rollbook.web import sheets
from rollbook.web.exports import EXCEL
from rollbook.web.forms import FileForm, cleaned, sent
from rollbook.web.imports import in_background, sent_file, wrong_cells
from rollbook.web.lists import listing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import QueryDict

    from rollbook.classes.models import TrainingClass
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
        "sittings": queries.sittings_of(class_id),
        "sitting_form": _sitting_form(klass),
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
    if answer := in_background(request, "scores", sheet, content, back=back, class_id=class_id):
        return answer
    actions.import_scores(by=request.user, class_id=class_id, content=content, now=timezone.now())
    return redirect("assessment:detail", class_id)


@require_GET
def template(request: "Request") -> HttpResponse:  # noqa: ARG001
    return _template(files.SCORES, "scores")


def _sitting_form(klass: "TrainingClass", data: "QueryDict | None" = None) -> forms.SittingForm:
    form = forms.SittingForm(data)
    rooms = institutions.rooms_of(klass.institution_id)
    form.fields["room_id"].choices = [(one.pk, str(one)) for one in rooms]  # type: ignore[attr-defined]
    return form


@require_POST
def file_sitting(request: "Request", class_id: int) -> HttpResponse:
    given = cleaned(_sitting_form(classes.get(request.user, class_id), request.POST)).cleaned_data
    kinds = {"invigilators": rules.DutyKind.INVIGILATOR, "assessors": rules.DutyKind.ASSESSOR}
    staff = [one for name, kind in kinds.items() for one in forms.examiners(given.pop(name), kind)]
    given["key"] = rules.chosen(given["key"])
    made = actions.file_sitting(by=request.user, class_id=class_id, examiners=staff, now=timezone.now(), **given)
    return redirect("assessment:sitting", made.pk)


@require_GET
def sitting(request: "Request", sitting_id: int) -> HttpResponse:
    """One sitting: who was on duty, what each answered, what it left behind."""
    admit_staff(request.user)
    one = queries.sitting(request.user, sitting_id)
    klass, key = one.assessment.training_class, rules.parted(one.key)
    photos, records = queries.photos_of(sitting_id), queries.records_of(sitting_id)
    sheets = [(sheet, rules.parted(sheet.choices)) for sheet in queries.sheets_of(sitting_id)]
    context = {
        "one": one,
        "klass": klass,
        "questions": len(key),
        "duties": queries.duties_of(sitting_id),
        "sheets": [(sheet, sum(a == b for a, b in zip(chosen, key, strict=True))) for sheet, chosen in sheets],
        "is_empty": not (sheets or photos or any(records.values())),
        "photos": [(row, photos.get(row.pk, [])) for row in classes.roster(klass.pk)],
        "records": [(what.label, items) for what, items in records.items()],
        "may_enter": holds(request.user, Permission.SCORE_ENTER) and one.assessment.locked_at is None,
        "may_open": holds(request.user, Permission.EVIDENCE_READ),
        "file_form": FileForm(),
        "record_form": forms.RecordForm(),
    }
    return render(request, "assessment/sitting.html", context)


@require_POST
def withdraw_sitting(request: "Request", sitting_id: int) -> HttpResponse:
    klass = actions.withdraw_sitting(by=request.user, sitting_id=sitting_id, now=timezone.now())
    return redirect("assessment:detail", klass.pk)


@require_GET
def duties(request: "Request") -> HttpResponse:
    """The sittings in which the account's person is on duty."""
    search = ("assessment__training_class__title", "assessment__training_class__number")
    return render(
        request, "assessment/duties.html", {"listing": listing(request, queries.on_duty(request.user), search=search)}
    )


@never_cache
@require_http_methods(["GET", "POST"])
def door(request: "Request", sitting_id: int) -> HttpResponse:
    """The roll of candidates before an examiner's phone, each to be photographed (N7.4)."""
    one, now = queries.at_door(request.user, sitting_id), timezone.now()
    if request.method == "POST":
        given = sent(request, forms.DoorForm).cleaned_data
        given["picture"] = given["picture"].read()
        pk = sent(request, forms.CandidateForm).cleaned_data["enrolment_id"]
        actions.photograph(by=request.user, sitting_id=sitting_id, enrolment_id=pk, now=now, **given)
        return redirect(f"{request.path}#candidate-{pk}")
    photos = queries.photos_of(sitting_id)
    klass = one.assessment.training_class
    roll = [(row, photos.get(row.pk, []), forms.DoorForm(auto_id=f"{row.pk}-%s")) for row in classes.roster(klass.pk)]
    context = {
        "one": one,
        "klass": klass,
        "roll": roll,
        "done": sum(bool(taken) for _row, taken, _form in roll),
        "may_take": one.assessment.locked_at is None and now >= rules.door_opens(one.starts_at),
        "is_over": now > one.ends_at,
        "hours": rules.DOOR_HOURS,
        "compares": faces.is_set_up(),
    }
    return render(request, "assessment/door.html", context)


@require_POST
def import_answers(request: "Request", sitting_id: int) -> HttpResponse:
    content, by = sent_file(request), request.user
    sheet = actions.preview_answers(by=by, sitting_id=sitting_id, content=content)
    subject, back = (
        queries.sitting(by, sitting_id).assessment.training_class,
        reverse("assessment:sitting", args=[sitting_id]),
    )
    if answer := wrong_cells(request, sheet, content, subject=subject, back=back):
        return answer
    if answer := in_background(request, "answers", sheet, content, back=back, sitting_id=sitting_id):
        return answer
    actions.import_answers(by=by, sitting_id=sitting_id, content=content, now=timezone.now())
    return redirect("assessment:sitting", sitting_id)


@require_POST
def add_record(request: "Request", sitting_id: int) -> HttpResponse:
    given = sent(request, forms.RecordForm).cleaned_data
    with TemporaryDirectory() as folder:
        path = Path(folder) / "sent"
        with path.open("wb") as file:
            file.writelines(given["sent"].chunks())
        actions.add_record(by=request.user, sitting_id=sitting_id, what=given["what"], path=path, now=timezone.now())
    return redirect("assessment:sitting", sitting_id)


@require_GET
def answers_template(request: "Request") -> HttpResponse:  # noqa: ARG001
    return _template(files.ANSWERS, "answers")


def _template(columns: "Sequence[sheets.Column]", name: str) -> HttpResponse:
    response = HttpResponse(sheets.template(columns), content_type=EXCEL)
    response["Content-Disposition"] = f'attachment; filename="{name}.xlsx"'
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
