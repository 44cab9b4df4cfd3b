"""Classes for whoever sees them, and the decision on an application."""

from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from rollbook.accounts.rules import OFFICIALS, Permission, admit, holds
from rollbook.classes import actions, forms, queries
from rollbook.classes.queries import application
from rollbook.classes.rules import states
from rollbook.classes.views.draft import draft
from rollbook.directory import queries as directory
from rollbook.institutions import queries as institutions
from rollbook.journal.queries import timeline
from rollbook.kernel.messages import _
from rollbook.regions.queries import choices as regions
from rollbook.regions.queries import name_of, working_days
from rollbook.web.exports import Table
from rollbook.web.forms import FileForm, WhyForm, cleaned, sent
from rollbook.web.lists import Filter, listing, months, narrowed
from rollbook.web.views import exported

if TYPE_CHECKING:
    from datetime import datetime

    from rollbook.classes.models import TrainingClass
    from rollbook.web.requests import Request

SEARCH = ("title", "number", "institution__name", "local_id", "occupation__name")
SORTS = {
    sign + name: sign + field
    for name, field in {
        "start": "starts_on",
        "limit": "decide_by",
        "size": "trainees",
        "title": "title",
        "institution": "institution__name",
    }.items()
    for sign in ("", "-")
}
COLUMNS = (
    _("Number"), _("Class"), _("Institution"), _("Region"), _("Occupation"), _("Level"), _("First day"), _("Last day"),
    _("Trainees"), _("State"), _("By silence"), _("Decide by"),
)  # fmt: skip


def _row(r: "TrainingClass") -> tuple[object, ...]:
    return (
        r.number, r.title, r.institution.name, name_of(r.region_code), str(r.occupation or ""), r.level,
        r.starts_on, r.ends_on, getattr(r, "trainees", 0), gettext(r.get_state_display()),
        gettext("yes") if r.is_deemed else "", r.decide_by,
    )  # fmt: skip


def class_table(request: "Request") -> Table:
    found = queries.class_list(request.user)
    return Table("classes", COLUMNS, narrowed(request, found, filters=_filters(request), search=SEARCH), _row)


def review_table(request: "Request") -> Table:
    found = queries.review_queue(request.user)
    return Table("review", COLUMNS, narrowed(request, found, filters=_queue_filters(request), search=SEARCH), _row)


def _filters(request: "Request") -> list[Filter]:
    begun = months(timezone.localdate(), request.GET.get("month", ""))
    filters = [
        Filter("state", "State", states.State.choices()),
        Filter("month", _("First day in"), begun, lookup="starts_on__startswith"),
        Filter("level", "Level", [(one, one) for one in "543210"]),
    ]
    if one := directory.occupation(request.GET.get("occupation", "")):  # from the statistics
        filters.append(Filter("occupation", "Occupation", [(str(one.pk), one.name)], lookup="occupation_id"))
    if request.user.role in OFFICIALS:
        filters.append(Filter("deemed", "By silence", [("1", _("yes"))], lookup="is_deemed"))
    return [*filters, *of_region(request)]


def of_region(request: "Request", lookup: str = "") -> list[Filter]:
    """The counties of the account, where it has more than one."""
    here = request.user.region_code
    counties = [row for row in regions(here) if not row[0].endswith("00")] if request.user.role in OFFICIALS else []
    return [Filter("region_code", "Region", counties, lookup=lookup)] if len(counties) > 1 else []


def _queue_filters(request: "Request") -> list[Filter]:
    waiting = [(one.value, one.label) for one in (states.State.SUBMITTED, states.State.REVIEWED)]
    return [Filter("state", "State", waiting), *of_region(request)]


@require_GET
def class_list(request: "Request") -> HttpResponse:
    if request.GET.get("export"):
        return exported(request, "classes", class_table(request))
    found, filters = queries.class_list(request.user), _filters(request)
    shown = listing(
        request, found, filters=filters, search=SEARCH, sorts=SORTS, exports=True,
        hint=gettext("Class, number, institution, occupation"),
    )  # fmt: skip
    context = {"listing": shown, "may_apply": holds(request.user, Permission.CLASS_APPLY)}
    return render(request, "classes/class_list.html", context)


@require_GET
def review_queue(request: "Request") -> HttpResponse:
    """What waits for this officer, the nearest limit first, with the working days left."""
    found, today = queries.review_queue(request.user), timezone.localdate()
    if request.GET.get("export"):
        return exported(request, "class-reviews", review_table(request))
    filters = _queue_filters(request)
    shown = listing(
        request, found, filters=filters, search=SEARCH, sorts=SORTS, exports=True,
        hint=gettext("Class, number, institution, occupation"),
    )  # fmt: skip
    rows, calendar = list(shown.rows), working_days()
    for one in rows:
        one.days_left = queries.working_days_left(one, today, calendar)
    shown.rows = rows
    return render(request, "classes/review_queue.html", {"listing": shown, "today": today})


@require_GET
def class_detail(request: "Request", class_id: int) -> HttpResponse:
    klass, by, now = queries.get(request.user, class_id), request.user, timezone.now()
    mine = holds(by, Permission.CLASS_APPLY)
    if mine and klass.state == states.State.DRAFT:
        return draft(request, klass, now)
    is_trainee = by.role == "worker"
    roster = [] if is_trainee else list(queries.roster(class_id))
    context: dict[str, Any] = {
        "klass": klass,
        "lessons": application.lessons_of(class_id),
        "roster": roster,
        "changed": {} if is_trainee else queries.changed_since_approval(klass),
        "reviews": [] if is_trainee else klass.reviews.select_related("by").order_by("-at"),
        "ticks": actions.RETURN_REASONS,
        "commitment": klass.commitments.filter(enrolment=None).first(),
        "entries": [] if is_trainee else timeline(klass),
        "moves": states.LIFECYCLE.moves_from(states.State(klass.state)),
        "days_left": queries.working_days_left(klass, timezone.localdate(now)),
        "now": now,
        "untaught": [] if is_trainee else queries.without_teacher(class_id, now),
        "may_see_evidence": holds(by, Permission.EVIDENCE_READ),
        "may_see_alerts": holds(by, Permission.ALERT_READ) or holds(by, Permission.ALERT_SETTLE),
        **_decision(request, klass, now),
    }
    if klass.item:
        context["most_fen"] = klass.item.amount_fen * len(roster)
    if mine:
        is_open = klass.state in ("approved", "running") and klass.roster_frozen_at is None
        context |= {
            "mine": True, "roster_open": is_open, "trainee_form": forms.TraineeForm(), "file_form": FileForm(),
            "why_form": WhyForm(), "unsigned": sum(not hasattr(one, "commitment") for one in roster),
        }  # fmt: skip
    return render(request, "classes/class_detail.html", context)


def _decision(request: "Request", klass: "TrainingClass", now: "datetime") -> dict[str, Any]:
    """What an officer who may decide sees before the buttons: asked beside found, for and against."""
    is_second = klass.state == states.State.REVIEWED
    wanted = Permission.CLASS_SECOND_REVIEW if is_second else Permission.CLASS_REVIEW
    if klass.state not in (states.State.SUBMITTED, states.State.REVIEWED) or not holds(request.user, wanted):
        return {}
    stops, warnings, rows = queries.examined(klass, now)
    return {
        "may_decide": True,
        "is_same_officer": is_second and klass.reviewed_by_id == request.user.pk,
        "stops": stops,
        "warnings": warnings,
        "compared": rows,
        "in_order": sum(not one.stops and not one.looks for one in rows),
        "passes_on": not is_second and bool(queries.terms_of(klass, now)["second-review"]),
        "tick": actions.RETURN_REASONS.items(),
        "review_form": forms.ReviewForm(),
        "undecided": queries.undecided(queries.doubts_on(klass.pk)),
    }


@require_POST
def review(request: "Request", class_id: int) -> HttpResponse:
    actions.review_class(
        by=request.user,
        class_id=class_id,
        move=request.POST.get("move", ""),
        ticked=request.POST.getlist("tick"),
        **sent(request, forms.ReviewForm).cleaned_data,
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
