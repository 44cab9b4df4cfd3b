from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.db.models import Count, Sum
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from rollbook.accounts.rules import Permission, admit, holds
from rollbook.classes import queries as classes
from rollbook.journal.queries import timeline
from rollbook.kernel.messages import _
from rollbook.kernel.reasons import Forbidden
from rollbook.regions.queries import choices as regions
from rollbook.regions.queries import name_of
from rollbook.risk import queries as risk
from rollbook.subsidies import queries as subsidies
from rollbook.supervision import actions, forms, queries, rules
from rollbook.web.exports import workbook
from rollbook.web.forms import WhyForm, cleaned, sent
from rollbook.web.lists import Filter, listing, narrowed
from rollbook.web.views import app_worker

if TYPE_CHECKING:
    from collections.abc import Callable

    from rollbook.supervision.models import Task
    from rollbook.web.requests import Request

SEARCH = ("training_class__title", "training_class__number", "institution__name")
SHOWN = 10  # proposed recoveries of one alert
FOUND = ("task__training_class__title", "task__training_class__number", "task__institution__name")
COLUMNS = (
    _("Class"), _("Institution"), _("Region"), _("Kind"), _("Due on"), _("First inspector"), _("Second inspector"), _("State"),
)  # fmt: skip


@require_GET
def task_list(request: "Request") -> HttpResponse:
    by = request.user
    if by.institution_id is not None:
        raise Forbidden("inspections")
    admit(by, Permission.INSPECTION_READ)
    found = queries.visible_to(by).order_by("due_on", "pk")
    filters = [
        Filter("state", _("State"), rules.TaskState.choices()),
        Filter("kind", _("Kind"), rules.Kind.choices()),
        Filter("region_code", _("Region"), regions(by.region_code)),
    ]
    if request.GET.get("mine"):
        found = found.filter(pk__in=[one.pk for one in found if by.pk in (one.first_id, one.second_id)])
    if request.GET.get("export"):
        rows = narrowed(request, found, filters=filters, search=SEARCH)
        return workbook(
            COLUMNS,
            (
                (str(r.training_class), r.institution.name, name_of(r.region_code), gettext(r.get_kind_display()), r.due_on,
                 str(r.first or ""), str(r.second or ""), gettext(r.get_state_display()))
                for r in rows.select_related("institution")
            ),
            gettext("Inspections"),
        )  # fmt: skip
    shown = listing(request, found, filters=filters, search=SEARCH, hint=gettext("Class or institution"), exports=True)
    context = {"listing": shown, "may_plan": holds(by, Permission.INSPECTION_PLAN), "today": timezone.localdate()}
    return render(request, "supervision/task_list.html", context)


@require_GET
def plan(request: "Request") -> HttpResponse:
    """Running classes, the most pressing first, near ones together."""
    admit(request.user, Permission.INSPECTION_PLAN)
    rows = queries.candidates(request.user, timezone.localdate())
    context = {"rows": [(klass, one, rules.points(one)) for klass, one in rows], "most": queries.CANDIDATES}
    return render(request, "supervision/plan.html", context)


def plan_task(request: "Request", class_id: int) -> HttpResponse:
    return _plan(request, class_id, actions.plan_task, {"due_on": timezone.localdate()}, class_id=class_id)


def plan_wanted(request: "Request", task_id: int) -> HttpResponse:
    """As for any class, for an inspection that an alert asked for."""
    one = queries.get(request.user, task_id)
    initial = {"due_on": one.due_on, "kind": one.kind}
    return _plan(request, one.training_class_id, actions.plan_wanted, initial, task_id=task_id)


def _plan(
    request: "Request", its_class: int, deed: "Callable[..., Task]", initial: dict[str, Any], **of: int
) -> HttpResponse:
    admit(request.user, Permission.INSPECTION_PLAN)
    klass = classes.get(request.user, its_class)
    form = forms.PlanForm(request.POST or None, initial=initial)
    people = [(one.pk, f"{one} · {gettext(one.get_role_display())}") for one in queries.inspectors(klass.region_code)]
    form.fields["first_id"].choices = people  # type: ignore[attr-defined]
    form.fields["second_id"].choices = [("", "–"), *people]  # type: ignore[attr-defined]
    if request.method == "POST":
        values = cleaned(form).cleaned_data
        made = deed(by=request.user, now=timezone.now(), **of, **values)
        return redirect("supervision:task", made.pk)
    lessons = [one for one in classes.lessons_of(its_class) if one.ends_at >= timezone.now()]
    return render(request, "supervision/plan_task.html", {"klass": klass, "form": form, "lessons": lessons[:10]})


@require_GET
def task(request: "Request", task_id: int) -> HttpResponse:
    """What to inspect: the class as filed; for a sample the people to call."""
    one, by = queries.get(request.user, task_id), request.user
    mine = by.pk in (one.first_id, one.second_id)
    context = {
        "task": one,
        "klass": classes.by_id(one.training_class_id),
        "lessons": classes.lessons_of(one.training_class_id),
        "made": getattr(one, "inspection", None),
        "calls": queries.calls_of(one) if one.kind == rules.Kind.PHONE else [],
        "answers": rules.Answer.choices(),
        "may_call": mine and one.kind == rules.Kind.PHONE and one.state == "planned",
        "may_inspect": mine and one.kind == rules.Kind.ON_SITE and one.state == "planned",
        "may_plan": holds(by, Permission.INSPECTION_PLAN) and one.state == "wanted",
        "may_cancel": holds(by, Permission.INSPECTION_PLAN) and one.state in ("wanted", "planned"),
        "alert": risk.visible_to(by).filter(pk=one.alert_id).first() if one.alert_id else None,
        "why_form": WhyForm(),
        "entries": timeline(one),
    }
    return render(request, "supervision/task.html", context)


@require_GET
def followed(request: "Request", alert_id: int) -> HttpResponse:
    """What came of an alert, for its own page and as a page: the inspection that it asked for, the case that it opened,
    what of paid claims is to come back (N6.4)."""
    by = request.user
    admit(by, *risk.READERS)
    alert = risk.get(by, alert_id)
    task = queries.asked_for(by, alert)
    found = getattr(task, "inspection", None)
    sources = [f"risk.Alert:{alert.pk}", *([f"supervision.Inspection:{found.pk}"] if found else [])]
    proposed = subsidies.proposals_under(by, sources)
    context = {
        "alert": alert,
        "task": task,
        "case": queries.case_of(by, alert),
        "proposed": proposed[:SHOWN],
        "sums": proposed.order_by().aggregate(count=Count("pk"), fen=Sum("amount_fen", default=0)),
        "may_open": holds(by, Permission.BATCH_MAKE) or holds(by, Permission.LEDGER_READ),
    }
    return render(request, "supervision/followed.html" + ("#rows" if request.htmx else ""), context)


@require_POST
def cancel(request: "Request", task_id: int) -> HttpResponse:
    why = sent(request, WhyForm).cleaned_data["why"]
    actions.cancel_task(by=request.user, task_id=task_id, why=why, now=timezone.now())
    return redirect("supervision:task", task_id)


@never_cache
def inspect(request: "Request", task_id: int) -> HttpResponse:
    """The form for a phone at the classroom door; it keeps its draft in the browser and sends it when it can."""
    one = _to_inspect(request, task_id)
    roster = list(classes.roster(one.training_class_id))
    lessons = classes.lessons_of(one.training_class_id)
    if request.method == "POST":
        form = forms.InspectForm(request.POST, request.FILES)
        form.fields["lesson_id"].choices = [("", "–"), *((row.pk, row.subject) for row in lessons)]  # type: ignore[attr-defined]
        values = cleaned(form).cleaned_data
        photos = [one.read() for one in values.pop("photos")]
        made = actions.record_inspection(
            by=request.user,
            task_id=task_id,
            present=[int(pk) for pk in request.POST.getlist("present") if pk.isdigit()],
            checklist={
                item: {"passed": item in request.POST.getlist("item"), "remark": request.POST.get(f"remark-{item}", "")}
                for item in rules.CHECKLIST
            },
            photos=photos,
            now=timezone.now(),
            **values,
        )
        return redirect("supervision:inspection", made.pk)
    now = timezone.now()
    context = {
        "task": one,
        "klass": classes.by_id(one.training_class_id),
        "roster": roster,
        "lessons": lessons,
        "filed": queries.filed_of(lessons),
        "near": min(lessons, key=lambda row: abs(row.starts_at - now), default=None),
        "checklist": [(item, text, decides) for item, (text, decides) in rules.CHECKLIST.items()],
        "event_id": uuid4(),
        "now": now,
    }
    return render(request, "supervision/inspect.html", context)


def _to_inspect(request: "Request", task_id: int) -> "Task":
    one = queries.get(request.user, task_id)
    if request.user.pk not in (one.first_id, one.second_id) or one.kind != rules.Kind.ON_SITE:
        raise Forbidden("inspect")
    return one


@require_GET
def inspect_worker(request: "Request", task_id: int) -> HttpResponse:
    """Keeps the form of an inspection on the phone until it is sent."""
    _to_inspect(request, task_id)
    return app_worker(request, reverse("supervision:inspect", args=[task_id]), "supervision/inspect.js")


@require_POST
def call(request: "Request", task_id: int) -> HttpResponse:
    values = sent(request, forms.CallForm).cleaned_data
    actions.record_call(by=request.user, task_id=task_id, now=timezone.now(), **values)
    return redirect("supervision:task", task_id)


@require_GET
def inspection_list(request: "Request") -> HttpResponse:
    admit(request.user, Permission.INSPECTION_READ)
    filters = [
        Filter("qualified", _("Result"), [("True", _("Qualified")), ("False", _("Unqualified"))]),
        Filter("late", _("Entered late"), [("True", _("yes"))], lookup="is_late"),
        Filter("region_code", _("Region"), regions(request.user.region_code), lookup="task__region_code"),
    ]
    found = queries.inspections(request.user).order_by("-pk")
    shown = listing(request, found, filters=filters, search=FOUND, hint=gettext("Class or institution"))
    return render(request, "supervision/inspection_list.html", {"listing": shown})


@require_GET
def inspection(request: "Request", inspection_id: int) -> HttpResponse:
    one, by = queries.inspection(request.user, inspection_id), request.user
    mine = by.pk in (one.task.first_id, one.task.second_id)
    context: dict[str, Any] = {
        "one": one,
        "items": [(text, one.checklist.get(item, {}), decides) for item, (text, decides) in rules.CHECKLIST.items()],
        "absent": [row.person.name for row in classes.roster(one.task.training_class_id) if row.pk not in one.present],
        "photos": queries.photos_of(one.pk),
        "may_open": holds(by, Permission.EVIDENCE_READ),
        "may_sign": mine and one.recorded_by_id != by.pk and one.signed_at is None,
        "may_add": mine,
        "photo_form": forms.PhotoForm(),
        "may_answer": holds(by, Permission.CLASS_APPLY) and one.answered_at is None,
        "answer_form": forms.AnswerForm(),
        "entries": timeline(one.task),
    }
    return render(request, "supervision/inspection.html", context)


@require_POST
def sign(request: "Request", inspection_id: int) -> HttpResponse:
    actions.sign_inspection(by=request.user, inspection_id=inspection_id, now=timezone.now())
    return redirect("supervision:inspection", inspection_id)


@require_POST
def answer(request: "Request", inspection_id: int) -> HttpResponse:
    values = sent(request, forms.AnswerForm).cleaned_data
    agrees = request.POST.get("move") == "agree"
    actions.answer_inspection(
        by=request.user, inspection_id=inspection_id, agrees=agrees, answer=values["answer"], now=timezone.now()
    )
    return redirect("supervision:inspection", inspection_id)


@require_POST
def photo(request: "Request", inspection_id: int) -> HttpResponse:
    for one in sent(request, forms.PhotoForm).cleaned_data["sent"]:
        actions.add_photo(by=request.user, inspection_id=inspection_id, content=one.read(), now=timezone.now())
    return redirect("supervision:inspection", inspection_id)
