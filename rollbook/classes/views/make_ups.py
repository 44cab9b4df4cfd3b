"""Lessons held again: planned by the institution, seen by the office (N4.1)."""

from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from rollbook.accounts.rules import Permission, admit, holds
from rollbook.classes import actions, forms, queries
from rollbook.classes.rules import make_ups as rules
from rollbook.classes.views.application import of_region
from rollbook.institutions import queries as institutions
from rollbook.kernel.messages import _
from rollbook.kernel.reasons import Forbidden
from rollbook.web.exports import Table
from rollbook.web.forms import WhyForm, cleaned, sent
from rollbook.web.lists import Filter, listing, months, narrowed
from rollbook.web.views import exported

if TYPE_CHECKING:
    from rollbook.classes.models import MakeUp
    from rollbook.web.requests import Request

SEARCH = (
    "missed__training_class__title", "missed__training_class__number", "missed__training_class__institution__name",
    "teacher__person__name", "places__enrolment__person__name",
)  # fmt: skip
COLUMNS = (
    _("When"), _("Class"), _("Institution"), _("Lesson missed"), _("Course content"), _("Room"), _("Teacher"),
    _("Trainees"), _("Reason"), _("State"),
)  # fmt: skip


def _filters(request: "Request") -> list[Filter]:
    begun = months(timezone.localdate(), request.GET.get("month", ""))
    state = [("False", _("Planned or held")), ("True", _("Cancelled"))]
    return [
        Filter("state", "State", state, lookup="is_cancelled"),
        Filter("month", _("Held in"), begun, lookup="starts_at__startswith"),
        *of_region(request, "missed__training_class__region_code"),
    ]


def _row(one: "MakeUp") -> tuple[object, ...]:
    klass = one.missed.training_class
    return (
        localtime(one.starts_at).replace(tzinfo=None), klass.title, klass.institution.name,
        localtime(one.missed.starts_at).replace(tzinfo=None), one.missed.subject, one.room.name,
        one.teacher.person.name, "、".join(place.enrolment.person.name for place in one.places.all()), one.reason,
        gettext("Cancelled") if one.cancelled_at else gettext("Planned or held"),
    )  # fmt: skip


def make_up_table(request: "Request") -> Table:
    found = narrowed(request, queries.make_ups(request.user), filters=_filters(request), search=SEARCH)
    return Table("make-ups", COLUMNS, found.distinct(), _row)


@require_GET
def make_up_list(request: "Request") -> HttpResponse:
    if request.user.role == "worker":
        raise Forbidden("make-ups")  # one's own stand on one's own page
    if request.GET.get("export"):
        return exported(request, "make-ups", make_up_table(request))
    hint = gettext("Class, number, institution, teacher, trainee")
    found = queries.make_ups(request.user).distinct()
    shown = listing(request, found, filters=_filters(request), search=SEARCH, hint=hint, exports=True)
    context = {"listing": shown, "now": timezone.now(), "may_cancel": holds(request.user, Permission.CLASS_APPLY)}
    return render(request, "classes/make_up_list.html", context)


def plan_make_up(request: "Request", lesson_id: int) -> HttpResponse:
    """Who missed the lesson, who of them may make it up, and where and when."""
    by, now = request.user, timezone.now()
    admit(by, Permission.CLASS_APPLY)
    lesson = queries.lesson(by, lesson_id)
    klass, terms = lesson.training_class, queries.terms_of(lesson.training_class, now)
    chosen = rules.policy(terms.values)
    missed = {pk: one for pk, one in queries.missed_by(lesson, now).items() if one.ground}
    against = {pk: list(rules.reasons_against_trainee(one, chosen)) for pk, one in missed.items()}
    choices = {
        "people": [(str(pk), missed[pk].name) for pk, reasons in against.items() if not reasons],
        "rooms": [(str(one.pk), str(one)) for one in institutions.rooms_of(klass.institution_id)],
        "teachers": [(str(one.pk), one.person.name) for one in institutions.teachers_of(klass.institution_id)],
    }
    if request.method == "POST":
        values = cleaned(forms.MakeUpForm(request.POST, **choices)).cleaned_data
        actions.plan_make_up(by=by, lesson_id=lesson_id, now=now, **values)
        return redirect("classes:make_up_list")
    context = {
        "lesson": lesson,
        "form": forms.MakeUpForm(None, **choices),
        "fits": choices["people"],
        "against": [(missed[pk].name, reasons) for pk, reasons in against.items() if reasons],
        "chosen": chosen,
    }
    return render(request, "classes/plan_make_up.html", context)


@require_POST
def cancel_make_up(request: "Request", make_up_id: int) -> HttpResponse:
    why = sent(request, WhyForm).cleaned_data["why"]
    actions.cancel_make_up(by=request.user, make_up_id=make_up_id, why=why, now=timezone.now())
    return redirect("classes:make_up_list")
