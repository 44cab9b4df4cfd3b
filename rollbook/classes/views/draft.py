"""The draft of a class in steps, saved as it goes, and what its institution does with it."""

from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from rollbook.classes import actions, files, forms, queries
from rollbook.classes.queries import application
from rollbook.classes.rules.steps import Step, step_of
from rollbook.institutions import queries as institutions
from rollbook.journal.queries import timeline
from rollbook.kernel.reasons import NotFound
from rollbook.web import sheets
from rollbook.web.exports import EXCEL
from rollbook.web.forms import FileForm, WhyForm, cleaned, sent
from rollbook.web.imports import in_background, sent_file, wrong_cells

if TYPE_CHECKING:
    from datetime import datetime

    from rollbook.classes.models import TrainingClass
    from rollbook.web.requests import Request


def draft(request: "Request", klass: "TrainingClass", now: "datetime") -> HttpResponse:
    """One step of the draft; `step` in the address, the first that lacks something without it."""
    found = checked(klass, now)
    asked = request.GET.get("step", "")
    lacking = [one for one in Step if any(row[0] == one and row[1] for row in found["steps"])]
    step = Step(asked) if asked in Step.values() else (lacking or [Step.CHECK])[0]
    context = {
        "klass": klass,
        "step": step,
        "roster": list(queries.roster(klass.pk)) if step in (Step.ROSTER, Step.COMMITMENT, Step.CHECK) else [],
        "lessons": application.lessons_of(klass.pk) if step in (Step.PLAN, Step.CHECK) else [],
        "commitment": klass.commitments.filter(enrolment=None).first(),
        "reviews": klass.reviews.select_related("by").order_by("-at"),
        "ticks": actions.RETURN_REASONS,
        "entries": timeline(klass),
        "mine": True,
        "roster_open": True,
        "now": now,
        "file_form": FileForm(),
        "why_form": WhyForm(),
        **found,
        **_forms(klass, step, now),
    }
    context |= _here(found, step)
    return render(request, "classes/draft.html", context)


def checked(klass: "TrainingClass", now: "datetime") -> dict[str, Any]:
    """What the checks say, for the whole and for each step: how many reasons it still has."""
    stops, warnings = queries.findings(klass, now)
    steps = [(one, sum(step_of(stop.code) == one for stop in stops)) for one in Step if one != Step.CHECK]
    return {"stops": stops, "warnings": warnings, "steps": [*steps, (Step.CHECK, len(stops))]}


def _here(found: dict[str, Any], step: Step) -> dict[str, Any]:
    """The reasons that this step can mend; the last step shows all."""
    return {
        f"{name}_here": [one for one in found[name] if step == Step.CHECK or step_of(one.code) == step]
        for name in ("stops", "warnings")
    }


def _forms(klass: "TrainingClass", step: Step, now: "datetime") -> dict[str, Any]:
    match step:
        case Step.PROJECT:
            initial = {name: getattr(klass, name) for name in forms.ClassForm.base_fields if hasattr(klass, name)}
            return {"form": _class_form(klass, now, initial=initial)}
        case Step.PLAN:
            return {"lessons_form": _lessons_form(klass)}
        case Step.ROSTER:
            return {"trainee_form": forms.TraineeForm()}
        case Step.COMMITMENT:
            sign = forms.SignForm(initial={"signed_name": klass.head})
            return {"sign_form": sign, "commitment_text": files.commitment_text("institution")}
    return {}


def _class_form(klass: "TrainingClass", now: "datetime", **kwargs: Any) -> forms.ClassForm:
    form = forms.ClassForm(**kwargs)
    permitted = {
        (one.occupation_id, one.level)
        for one in institutions.projects_of(klass.institution_id, klass.starts_on or timezone.localdate(now))
    }
    items = [one for one in application.items_for(klass, now) if (one.occupation_id, one.level) in permitted]
    choices = [("", "–")] + [(str(one.pk), f"{one.occupation} · {one.level} · {one.hours}") for one in items]
    form.fields["item_id"].choices = choices  # type: ignore[attr-defined]
    if klass.item_id and not form.is_bound:
        form.initial["item_id"] = str(klass.item_id)
    return form


def _lessons_form(klass: "TrainingClass", data: Any = None) -> forms.LessonsForm:
    form = forms.LessonsForm(data)
    rooms = [(room.pk, f"{room.name} ({room.seats})") for room in institutions.rooms_of(klass.institution_id)]
    for name in ("room_id", "practice_room_id"):
        form.fields[name].choices = rooms  # type: ignore[attr-defined]
    teachers = [(one.pk, one.person.name) for one in institutions.teachers_of(klass.institution_id)]
    form.fields["teacher_id"].choices = teachers  # type: ignore[attr-defined]
    return form


def _at(class_id: int, step: Step) -> HttpResponse:
    """Back to the step; a class that is no draft any more shows its page whole."""
    return redirect(f"{reverse('classes:class_detail', args=[class_id])}?step={step}")


@require_POST
def start_draft(request: "Request") -> HttpResponse:
    return _at(actions.start_draft(by=request.user, now=timezone.now()).pk, Step.PROJECT)


@require_POST
def save_draft(request: "Request", class_id: int) -> HttpResponse:
    now = timezone.now()
    form = cleaned(_class_form(queries.get(request.user, class_id), now, data=request.POST))
    klass = actions.save_draft(by=request.user, class_id=class_id, now=now, **form.values())
    if request.htmx:
        found = checked(klass, now)
        context = {"klass": klass, "step": Step.PROJECT, "saved_at": now, **found, **_here(found, Step.PROJECT)}
        return render(request, "classes/draft.html#live", context)
    return _at(class_id, Step.PLAN if request.POST.get("next") else Step.PROJECT)


@require_POST
def generate_lessons(request: "Request", class_id: int) -> HttpResponse:
    klass = queries.get(request.user, class_id)
    values = cleaned(_lessons_form(klass, request.POST)).cleaned_data
    actions.generate_lessons(by=request.user, class_id=class_id, now=timezone.now(), **values)
    return _at(class_id, Step.PLAN)


@require_GET
def template(request: "Request", what: str) -> HttpResponse:  # noqa: ARG001
    """The empty file of a teaching plan or roster."""
    if what not in ("lessons", "roster"):
        raise NotFound
    columns = files.LESSONS if what == "lessons" else files.ROSTER
    response = HttpResponse(sheets.template(columns), content_type=EXCEL)
    response["Content-Disposition"] = f'attachment; filename="{what}.xlsx"'
    return response


@require_POST
def import_file(request: "Request", class_id: int, what: str) -> HttpResponse:
    """Take a file without a wrong cell; of another, show every wrong cell and write nothing.

    Sent with `marked`, the answer is the same file with its wrong cells marked.
    """
    if what not in ("lessons", "roster"):
        raise NotFound
    content = sent_file(request)
    by, now = request.user, timezone.now()
    if what == "lessons":
        sheet = actions.preview_lessons(by=by, class_id=class_id, content=content)
    else:
        sheet = actions.preview_roster(by=by, class_id=class_id, content=content, today=timezone.localdate(now))
    back = f"{reverse('classes:class_detail', args=[class_id])}?step={'plan' if what == 'lessons' else 'roster'}"
    if answer := wrong_cells(request, sheet, content, subject=queries.get(by, class_id), back=back):
        return answer
    if answer := in_background(request, what, sheet, content, back=back, class_id=class_id):
        return answer
    deed = actions.import_lessons if what == "lessons" else actions.import_roster
    deed(by=by, class_id=class_id, content=content, now=now)
    return _at(class_id, Step(what) if what == "roster" else Step.PLAN)


@require_POST
def add_trainee(request: "Request", class_id: int) -> HttpResponse:
    values = sent(request, forms.TraineeForm).cleaned_data
    actions.add_trainee(by=request.user, class_id=class_id, now=timezone.now(), **values)
    return _at(class_id, Step.ROSTER)


@require_POST
def drop_trainee(request: "Request", enrolment_id: int) -> HttpResponse:
    class_id = queries.enrolment(request.user, enrolment_id).training_class_id
    why = request.POST.get("why") or "-"
    actions.drop_trainee(by=request.user, enrolment_id=enrolment_id, why=why, now=timezone.now())
    return _at(class_id, Step.ROSTER)


@require_POST
def commit(request: "Request", class_id: int) -> HttpResponse:
    """The institution signs; or files what its trainees signed on paper."""
    by, now = request.user, timezone.now()
    if request.POST.get("who") == "trainees":
        ids = [int(pk) for pk in request.POST.getlist("enrolment") if pk.isdigit()]
        actions.commit_trainees(by=by, class_id=class_id, enrolment_ids=ids, now=now)
    else:
        name = sent(request, forms.SignForm).cleaned_data["signed_name"]
        actions.commit_institution(by=by, class_id=class_id, signed_name=name, now=now)
    return _at(class_id, Step.COMMITMENT)


@require_POST
def move(request: "Request", class_id: int, what: str) -> HttpResponse:
    """What the institution does with its class as a whole."""
    if what not in ("submit", "withdraw", "start", "end", "cancel"):
        raise NotFound
    by, now = request.user, timezone.now()
    if what == "cancel":
        why = sent(request, WhyForm).cleaned_data["why"]
        actions.cancel_class(by=by, class_id=class_id, why=why, now=now)
    else:
        deeds = {
            "submit": actions.submit_class,
            "withdraw": actions.withdraw_class,
            "start": actions.start_class,
            "end": actions.end_class,
        }
        deeds[what](by=by, class_id=class_id, now=now)
    return redirect("classes:class_detail", class_id)
