from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import FileResponse, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from rollbook.accounts.rules import Permission, Role, admit, holds
from rollbook.directory import queries as directory
from rollbook.institutions import actions, files, forms, queries, rules
from rollbook.journal.queries import timeline
from rollbook.kernel.reasons import NotFound
from rollbook.persons import queries as persons
from rollbook.regions.queries import choices as regions
from rollbook.regions.queries import name_of
from rollbook.web import sheets
from rollbook.web.exports import EXCEL, Table
from rollbook.web.forms import FileForm, WhyForm, cleaned, sent
from rollbook.web.imports import in_background, sent_file, to_confirm, wrong_cells
from rollbook.web.lists import Filter, listing, narrowed
from rollbook.web.views import exported

if TYPE_CHECKING:
    from rollbook.institutions.models import Institution
    from rollbook.web.requests import Request

SEARCH = ("name", "uscc", "pinyin")
FILES = {"teachers": files.TEACHERS, "rooms": files.ROOMS}
COLUMNS = ("Name", "Unified social credit code", "Kind", "Region", "Address", "State")


def _filters(request: "Request") -> list[Filter]:
    return [
        Filter("state", "State", rules.State.choices()),
        Filter("kind", "Kind", rules.Kind.choices()),
        Filter("region_code", "Region", regions(request.user.region_code)),
    ]


def institution_table(request: "Request") -> Table:
    found = queries.visible_to(request.user).order_by("name")
    return Table("institutions", COLUMNS, narrowed(request, found, filters=_filters(request), search=SEARCH), _row)


def _row(r: "Institution") -> tuple[object, ...]:
    return (
        r.name,
        r.uscc,
        gettext(r.get_kind_display()),
        name_of(r.region_code),
        r.address,
        gettext(r.get_state_display()),
    )


@require_GET
def institution_list(request: "Request") -> HttpResponse:
    if request.GET.get("export"):
        return exported(request, "institutions", institution_table(request))
    found, filters = queries.visible_to(request.user).order_by("name"), _filters(request)
    shown = listing(request, found, filters=filters, search=SEARCH, exports=True)
    expiring = queries.papers_expiring(request.user, timezone.localdate())[:20]
    return render(request, "institutions/institution_list.html", {"listing": shown, "expiring": expiring})


@require_GET
def institution_detail(request: "Request", institution_id: int) -> HttpResponse:
    one, now, by = queries.get(request.user, institution_id), timezone.now(), request.user
    today = timezone.localdate(now)
    official, visit = by.institution_id is None, queries.last_visit(one.pk)
    may_look = holds(by, Permission.EVIDENCE_READ) and by.role != Role.TEACHER
    context: dict[str, Any] = {
        "one": one,
        "sites": one.sites.prefetch_related("rooms__equipment"),
        "teachers": queries.teachers_of(one.pk),
        "papers": queries.papers_of(one.pk),
        "projects": queries.projects_of(one.pk),
        "restrictions": queries.restrictions_on(one.pk, today),
        "visit": visit,
        "photos": queries.photos_of(visit) if visit and may_look else [],
        "payee": persons.organisation_by_uscc(one.uscc),
        "entries": timeline(one),
        "today": today,
        "moves": rules.LIFECYCLE.moves_from(rules.State(one.state)),
        "may_verify": official and holds(by, Permission.INSTITUTION_VERIFY),
        "may_approve": official and holds(by, Permission.INSTITUTION_APPROVE),
        "may_restrict": official and holds(by, Permission.INSTITUTION_RESTRICT),
        "why_form": WhyForm(),
    }
    if holds(by, Permission.INSTITUTION_APPLY):
        context |= _own_forms(one, today) | {
            "teachers_file": FileForm(auto_id="teachers_%s"),
            "rooms_file": FileForm(auto_id="rooms_%s"),
        }
        context["against"] = actions.reasons_to_apply(one, today)
    if context["may_approve"]:
        context["against"] = actions.reasons_to_list(one, today)
        context["asked"] = [project for project in context["projects"] if project.state == rules.ProjectState.ASKED]
    if context["may_restrict"]:
        context["restrict_form"] = forms.RestrictForm()
    return render(request, "institutions/institution_detail.html", context)


def _own_forms(one: Any, today: Any) -> dict[str, Any]:
    occupations = [(item.occupation_id, f"{item.occupation}") for item in directory.items_for(one.region_code, today)]
    occupations = list(dict.fromkeys(occupations))
    found: dict[str, Any] = {
        "account_form": forms.AccountForm(),
        "profile_form": forms.ProfileForm(initial={name: getattr(one, name) for name in forms.ProfileForm.base_fields}),
        "site_form": forms.SiteForm(),
        "room_form": forms.RoomForm(),
        "equipment_form": forms.EquipmentForm(),
        "teacher_form": forms.TeacherForm(),
        "paper_form": forms.PaperForm(),
        "project_form": forms.ProjectForm(),
    }
    found["room_form"].fields["site_id"].choices = [(site.pk, site.name) for site in one.sites.all()]
    found["equipment_form"].fields["room_id"].choices = [(room.pk, room.name) for room in queries.rooms_of(one.pk)]
    for name in ("teacher_form", "project_form"):
        found[name].fields["occupation_id"].choices = occupations
    return found


def _sent(request: "Request", one: Any, name: str) -> dict[str, Any]:
    """A form of the own institution as posted, with the choices that it had when it was shown."""
    shown = _own_forms(one, timezone.localdate())[name]
    form = type(shown)(request.POST, request.FILES)
    for key, bound in shown.fields.items():
        if hasattr(bound, "choices"):
            form.fields[key].choices = bound.choices
    return dict(cleaned(form).cleaned_data)


@require_POST
def add(request: "Request", institution_id: int, what: str) -> HttpResponse:
    """Save the profile, or add a site, room, piece of equipment, teacher, paper or project."""
    one = queries.get(request.user, institution_id)
    values = _sent(request, one, f"{what}_form")
    if "file" in values:
        values["content"] = values.pop("file").read()
    deed = getattr(
        actions,
        {"profile": "save_profile", "project": "ask_project", "account": "set_account"}.get(what, f"add_{what}"),
    )
    deed(by=request.user, institution_id=institution_id, now=timezone.now(), **values)
    return redirect("institutions:institution_detail", institution_id)


@require_GET
def template(request: "Request", what: str) -> HttpResponse:  # noqa: ARG001
    """The empty file of teachers or of rooms and equipment."""
    if what not in FILES:
        raise NotFound
    response = HttpResponse(sheets.template(FILES[what]), content_type=EXCEL)
    response["Content-Disposition"] = f'attachment; filename="{what}.xlsx"'
    return response


@require_POST
def import_file(request: "Request", institution_id: int, what: str) -> HttpResponse:
    """Teachers or rooms by the file: wrong cells are told; a file in order is shown and written when confirmed."""
    if what not in FILES:
        raise NotFound
    by, now, one = request.user, timezone.now(), queries.get(request.user, institution_id)
    content, back = sent_file(request), reverse("institutions:institution_detail", args=[institution_id])
    sheet = actions.preview(what, by=by, institution=one, content=content, now=now)
    if answer := wrong_cells(request, sheet, content, subject=one, back=back):
        return answer
    if answer := to_confirm(request, sheet, content, subject=one, back=back):
        return answer
    if answer := in_background(request, what, sheet, content, back=back, institution_id=institution_id):
        return answer
    deed = actions.import_teachers if what == "teachers" else actions.import_rooms
    deed(by=by, institution_id=institution_id, content=content, now=now)
    messages.success(request, gettext("{rows} rows of the file were taken.").format(rows=len(sheet.rows)))
    return redirect(back)


@require_POST
def apply(request: "Request", institution_id: int) -> HttpResponse:
    actions.submit_application(by=request.user, institution_id=institution_id, now=timezone.now())
    return redirect("institutions:institution_detail", institution_id)


@require_POST
def decide(request: "Request", institution_id: int) -> HttpResponse:
    """Approve with the ticked projects, return, refuse or remove."""
    by, now, move = request.user, timezone.now(), request.POST.get("move")
    ticked = [int(pk) for pk in request.POST.getlist("project") if pk.isdigit()]
    if move == "approve":
        actions.approve_institution(by=by, institution_id=institution_id, project_ids=ticked, now=now)
    elif move == "projects":
        actions.decide_projects(by=by, institution_id=institution_id, project_ids=ticked, now=now)
    else:
        why = sent(request, WhyForm).cleaned_data["why"]
        deeds = {
            "return": actions.return_application,
            "refuse": actions.refuse_institution,
            "remove": actions.remove_institution,
        }
        deeds[move or "return"](by=by, institution_id=institution_id, why=why, now=now)
    return redirect("institutions:institution_detail", institution_id)


def visit(request: "Request", institution_id: int) -> HttpResponse:
    """The form for a visit on site, made for a phone; and what it sends."""
    admit(request.user, Permission.INSTITUTION_VERIFY)
    one = queries.get(request.user, institution_id)
    form = forms.VisitForm(request.POST or None, request.FILES or None)
    fellows = queries.fellow_officers(request.user, one.region_code)
    form.fields["second_officer_id"].choices = [(fellow.pk, str(fellow)) for fellow in fellows]  # type: ignore[attr-defined]
    if request.method == "POST":
        values = cleaned(form).cleaned_data
        actions.record_visit(
            by=request.user,
            institution_id=institution_id,
            second_officer_id=values["second_officer_id"],
            checklist={item: item in request.POST.getlist("item") for item in rules.CHECKLIST},
            conclusion=values["conclusion"],
            photos=[photo.read() for photo in request.FILES.getlist("photos")],
            now=timezone.now(),
        )
        return redirect("institutions:institution_detail", institution_id)
    context = {"one": one, "form": form, "checklist": rules.CHECKLIST.items()}
    return render(request, "institutions/visit.html", context)


@require_POST
def confirm_visit(request: "Request", visit_id: int) -> HttpResponse:
    made = actions.confirm_visit(by=request.user, visit_id=visit_id, now=timezone.now())
    return redirect("institutions:institution_detail", made.institution_id)


@require_POST
def restrict(request: "Request", institution_id: int) -> HttpResponse:
    values = sent(request, forms.RestrictForm).cleaned_data
    actions.restrict(by=request.user, institution_id=institution_id, now=timezone.now(), **values)
    return redirect("institutions:institution_detail", institution_id)


@require_POST
def lift(request: "Request", restriction_id: int) -> HttpResponse:
    actions.lift_restriction(by=request.user, restriction_id=restriction_id, now=timezone.now())
    return redirect(request.headers.get("referer", "/"))


@require_GET
def paper_file(request: "Request", paper_id: int) -> FileResponse:
    paper = queries.paper(request.user, paper_id)
    if not paper.file:
        raise NotFound
    return FileResponse(paper.file.open(), as_attachment=True, filename=str(paper.file.name).rpartition("/")[2])
