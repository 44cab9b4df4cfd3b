from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from rollbook.accounts.rules import Permission, admit, holds
from rollbook.classes import actions, files, forms, queries
from rollbook.classes.queries import application
from rollbook.classes.rules import states
from rollbook.institutions import queries as institutions
from rollbook.journal.queries import timeline
from rollbook.kernel.reasons import NotFound
from rollbook.regions.queries import choices as regions
from rollbook.regions.queries import name_of
from rollbook.web import sheets
from rollbook.web.exports import EXCEL, workbook
from rollbook.web.forms import FileForm, WhyForm, cleaned, sent
from rollbook.web.imports import sent_file, wrong_cells
from rollbook.web.lists import Filter, listing, narrowed

if TYPE_CHECKING:
    from rollbook.classes.models import TrainingClass
    from rollbook.web.requests import Request

SEARCH = ("title", "number", "institution__name", "local_id")
COLUMNS = ("Number", "Class", "Institution", "Region", "First day", "Last day", "Trainees", "State")


@require_GET
def class_list(request: "Request") -> HttpResponse:
    found = queries.class_list(request.user)
    filters = [
        Filter("state", "State", states.State.choices()),
        Filter("region_code", "Region", regions(request.user.region_code)),
    ]
    if request.GET.get("export"):
        rows = narrowed(request, found, filters=filters, search=SEARCH)
        table = (
            (r.number, r.title, r.institution.name, name_of(r.region_code), r.starts_on, r.ends_on, r.trainees, r.state)
            for r in rows
        )
        return workbook(COLUMNS, table, "classes")
    sorts = {"start": "-starts_on", "limit": "decide_by"}
    shown = listing(request, found, filters=filters, search=SEARCH, sorts=sorts, exports=True)
    context = {"listing": shown, "may_apply": holds(request.user, Permission.CLASS_APPLY)}
    return render(request, "classes/class_list.html", context)


@require_GET
def review_queue(request: "Request") -> HttpResponse:
    shown = listing(request, queries.review_queue(request.user), search=SEARCH)
    return render(request, "classes/review_queue.html", {"listing": shown, "today": timezone.localdate()})


@require_GET
def class_detail(request: "Request", class_id: int) -> HttpResponse:
    klass, by, now = queries.get(request.user, class_id), request.user, timezone.now()
    context: dict[str, Any] = {
        "klass": klass,
        "lessons": application.lessons_of(class_id),
        "roster": queries.roster(class_id) if by.role != "worker" else [],
        "reviews": klass.reviews.select_related("by").order_by("-at"),
        "commitment": klass.commitments.filter(enrolment=None).first(),
        "entries": timeline(klass) if by.role != "worker" else [],
        "moves": states.LIFECYCLE.moves_from(states.State(klass.state)),
        "why_form": WhyForm(),
        "now": now,
    }
    second = klass.state == states.State.REVIEWED
    wanted = Permission.CLASS_SECOND_REVIEW if second else Permission.CLASS_REVIEW
    if klass.state in ("submitted", "reviewed") and holds(by, wanted):
        stops, warnings = queries.findings(klass, now)
        context |= {"stops": stops, "warnings": warnings, "tick": actions.RETURN_REASONS.items(), "may_decide": True}
        context["review_form"] = forms.ReviewForm()
    if holds(by, Permission.CLASS_APPLY):
        context["mine"] = True
        context |= _forms(klass, now)
    return render(request, "classes/class_detail.html", context)


def _forms(klass: "TrainingClass", now: Any) -> dict[str, Any]:
    """What the institution may do with its class now."""
    found: dict[str, Any] = {"trainee_form": forms.TraineeForm(), "file_form": FileForm()}
    found["roster_open"] = klass.state == "draft" or (
        klass.state in ("approved", "running") and klass.roster_frozen_at is None
    )
    if klass.state != "draft":
        return found
    stops, warnings = queries.findings(klass, now)
    rooms = [(room.pk, f"{room.name} ({room.seats})") for room in institutions.rooms_of(klass.institution_id)]
    teachers = [(one.pk, one.person.name) for one in institutions.teachers_of(klass.institution_id)]
    initial = {name: getattr(klass, name) for name in forms.ClassForm.base_fields if hasattr(klass, name)}
    found |= {
        "stops": stops,
        "warnings": warnings,
        "form": _class_form(klass, now, initial=initial),
        "lessons_form": _lessons_form(rooms, teachers),
        "sign_form": forms.SignForm(initial={"signed_name": klass.head}),
        "commitment_text": files.commitment_text("institution"),
    }
    return found


def _class_form(klass: "TrainingClass", now: Any, **kwargs: Any) -> forms.ClassForm:
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


def _lessons_form(rooms: list[Any], teachers: list[Any], data: Any = None) -> forms.LessonsForm:
    form = forms.LessonsForm(data)
    for name in ("room_id", "practice_room_id"):
        form.fields[name].choices = rooms  # type: ignore[attr-defined]
    form.fields["teacher_id"].choices = teachers  # type: ignore[attr-defined]
    return form


@require_POST
def start_draft(request: "Request") -> HttpResponse:
    return redirect("classes:class_detail", actions.start_draft(by=request.user, now=timezone.now()).pk)


@require_POST
def save_draft(request: "Request", class_id: int) -> HttpResponse:
    now = timezone.now()
    form = cleaned(_class_form(queries.get(request.user, class_id), now, data=request.POST))
    actions.save_draft(by=request.user, class_id=class_id, now=now, **form.values())
    return redirect("classes:class_detail", class_id)


@require_POST
def generate_lessons(request: "Request", class_id: int) -> HttpResponse:
    klass = queries.get(request.user, class_id)
    rooms = [(room.pk, room.name) for room in institutions.rooms_of(klass.institution_id)]
    teachers = [(one.pk, one.person.name) for one in institutions.teachers_of(klass.institution_id)]
    values = cleaned(_lessons_form(rooms, teachers, request.POST)).cleaned_data
    actions.generate_lessons(by=request.user, class_id=class_id, now=timezone.now(), **values)
    return redirect("classes:class_detail", class_id)


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
    back = reverse("classes:class_detail", args=[class_id])
    if answer := wrong_cells(request, sheet, content, subject=queries.get(by, class_id), back=back):
        return answer
    deed = actions.import_lessons if what == "lessons" else actions.import_roster
    deed(by=by, class_id=class_id, content=content, now=now)
    return redirect("classes:class_detail", class_id)


@require_POST
def add_trainee(request: "Request", class_id: int) -> HttpResponse:
    values = sent(request, forms.TraineeForm).cleaned_data
    actions.add_trainee(by=request.user, class_id=class_id, now=timezone.now(), **values)
    return redirect("classes:class_detail", class_id)


@require_POST
def drop_trainee(request: "Request", enrolment_id: int) -> HttpResponse:
    class_id = queries.enrolment(request.user, enrolment_id).training_class_id
    why = request.POST.get("why") or "-"
    actions.drop_trainee(by=request.user, enrolment_id=enrolment_id, why=why, now=timezone.now())
    return redirect("classes:class_detail", class_id)


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
    return redirect("classes:class_detail", class_id)


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


@require_POST
def review(request: "Request", class_id: int) -> HttpResponse:
    actions.review_class(
        by=request.user,
        class_id=class_id,
        move=request.POST.get("move", ""),
        ticked=request.POST.getlist("tick"),
        remark=sent(request, forms.ReviewForm).cleaned_data["remark"],
        now=timezone.now(),
    )
    return redirect("classes:class_detail", class_id)


def change(request: "Request", lesson_id: int) -> HttpResponse:
    """Ask for a change of one lesson."""
    admit(request.user, Permission.CLASS_APPLY)
    lesson = queries.lesson(request.user, lesson_id)
    form = forms.ChangeForm(request.POST or None)
    none = [("", "–")]
    institution_id = lesson.training_class.institution_id
    rooms = [(str(one.pk), one.name) for one in institutions.rooms_of(institution_id)]
    teachers = [(str(one.pk), one.person.name) for one in institutions.teachers_of(institution_id)]
    form.fields["room_id"].choices = none + rooms  # type: ignore[attr-defined]
    form.fields["teacher_id"].choices = none + teachers  # type: ignore[attr-defined]
    if request.method == "POST":
        values = cleaned(form).cleaned_data
        actions.ask_plan_change(by=request.user, lesson_id=lesson_id, now=timezone.now(), **values)
        return redirect("classes:class_detail", lesson.training_class_id)
    return render(request, "classes/change.html", {"lesson": lesson, "form": form})
