from typing import TYPE_CHECKING

import segno
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from rollbook.accounts.rules import Permission, admit, holds
from rollbook.classes import actions, forms, queries
from rollbook.classes.rules.attendance import CORRECTABLE, GROUNDS
from rollbook.classes.rules.states import Presence, takes_check_ins
from rollbook.directory.rules import TermKey
from rollbook.evidence import actions as evidence
from rollbook.evidence.rules import Purpose
from rollbook.kernel.messages import _
from rollbook.kernel.reasons import Forbidden, NotFound
from rollbook.web.exports import workbook
from rollbook.web.forms import sent

if TYPE_CHECKING:
    from rollbook.web.requests import Request


@require_GET
def today(request: "Request") -> HttpResponse:
    """A teacher's lessons of the day."""
    lessons = queries.lessons_today(request.user, timezone.localdate())
    return render(request, "classes/today.html", {"lessons": lessons, "now": timezone.now()})


@never_cache
@require_GET
def lesson(request: "Request", lesson_id: int) -> HttpResponse:
    """The teacher's page at the classroom door: the code, who is there, the roll."""
    one, now = queries.lesson(request.user, lesson_id), timezone.now()
    if request.user.role == "worker":
        raise Forbidden("attendance")  # classmates' attendance is not a trainee's to see
    rows = queries.lesson_rows(one)
    context = {
        "lesson": one,
        "rows": rows,
        "here": sum(mark is not None and mark.in_at is not None for _one, mark in rows),
        "may_take": holds(request.user, Permission.ATTENDANCE_TAKE),
        "may_correct": holds(request.user, Permission.ATTENDANCE_CORRECT),
        "presences": [(one.value, one.label) for one in CORRECTABLE],
        "code": actions.code_of(one, now) if holds(request.user, Permission.ATTENDANCE_TAKE) else "",
        "takes_check_ins": takes_check_ins(one.training_class.state, is_make_up=one.is_make_up),
        "make_up": queries.make_up_of(one),
        "may_correct_teacher": holds(request.user, Permission.CLASS_APPLY) and now >= one.ends_at,
        "may_make_up": holds(request.user, Permission.CLASS_APPLY) and now >= one.ends_at and not one.is_make_up,
        "rolls": queries.waiting_rolls(one.pk),
        "waiting": queries.waiting_names(one.pk),
        "is_teacher": request.user.person_id is not None and request.user.person_id == one.teacher_person_id,
        "teaching": queries.teaching_of(one),
        "now": now,
    }
    template = "classes/lesson.html" + ("#live" if request.htmx else "")
    return render(request, template, context)


@never_cache
@require_GET
def code_image(request: "Request", lesson_id: int) -> HttpResponse:
    """The code as a picture to scan: it leads to the check-in page with the code filled in."""
    one, now = queries.lesson(request.user, lesson_id), timezone.now()
    if not holds(request.user, Permission.ATTENDANCE_TAKE):
        return HttpResponse(status=403)
    url = request.build_absolute_uri(f"{reverse('portal:check_in', args=[lesson_id])}?code={actions.code_of(one, now)}")
    svg = segno.make(url, error="m").svg_inline(scale=8, border=2)
    return HttpResponse(
        svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1), content_type="image/svg+xml"
    )


@require_POST
def roll(request: "Request", lesson_id: int) -> HttpResponse:
    ids = [int(pk) for pk in request.POST.getlist("enrolment") if pk.isdigit()]
    direction = request.POST.get("direction", "in")
    actions.call_roll(by=request.user, lesson_id=lesson_id, direction=direction, enrolment_ids=ids, now=timezone.now())
    return redirect("classes:lesson", lesson_id)


@require_POST
def decide_roll(request: "Request", roll_id: int) -> HttpResponse:
    grant = request.POST.get("grant") == "1"
    roll = actions.decide_roll(by=request.user, roll_id=roll_id, grant=grant, now=timezone.now())
    return redirect("classes:lesson", roll.lesson_id)


@require_POST
def teach(request: "Request", lesson_id: int) -> HttpResponse:
    """The teacher's own coming and going."""
    direction = request.POST.get("direction", "in")
    actions.check_in_teacher(by=request.user, lesson_id=lesson_id, direction=direction, now=timezone.now())
    return redirect("classes:lesson", lesson_id)


@require_POST
def correct(request: "Request", lesson_id: int) -> HttpResponse:
    values = sent(request, forms.CorrectionForm).cleaned_data
    actions.ask_correction(by=request.user, lesson_id=lesson_id, now=timezone.now(), **values)
    return redirect("classes:lesson", lesson_id)


def correct_teacher(request: "Request", lesson_id: int) -> HttpResponse:
    """Ask to record the filed teacher, who forgot to check in or out."""
    admit(request.user, Permission.CLASS_APPLY)
    lesson = queries.lesson(request.user, lesson_id)
    if request.method == "POST":
        values = sent(request, forms.TeachingForm).cleaned_data
        values["paper"] = values["paper"].read()
        actions.ask_teaching_correction(by=request.user, lesson_id=lesson_id, now=timezone.now(), **values)
        return redirect("classes:lesson", lesson_id)
    context = {"lesson": lesson, "form": forms.TeachingForm(), "teaching": queries.teaching_of(lesson)}
    return render(request, "classes/correct_teacher.html", context)


@require_GET
def grid(request: "Request", class_id: int) -> HttpResponse:
    """People by lessons, with the rates and the lines that the terms draw."""
    klass = queries.get(request.user, class_id)
    now = timezone.now()
    terms = queries.terms_of(klass, now)
    lessons, rows = queries.grid_of(class_id)
    attended = queries.attendance_of(class_id, now)
    mine = request.user.person_id if request.user.role == "worker" else None  # classmates are not shown
    people = [(one, marks, attended[one.pk]) for one, marks in rows if mine in (None, one.person_id)]
    if request.GET.get("export"):
        moments = (f"{timezone.localtime(one.starts_at):%m-%d %H:%M}" for one in lessons)
        heads = [_("Name"), *moments, _("Attendance so far, %"), _("Hours attended"), _("Hours of leave")]
        table = (
            [
                one.person.name,
                *(gettext(mark.get_presence_display()) if mark else "" for mark in marks),
                rate.percent_so_far,
                rate.hours,
                rate.leave_hours,
            ]
            for one, marks, rate in people
        )
        return workbook(heads, table, f"attendance {klass.number}")
    context = {
        "klass": klass,
        "lessons": lessons,
        "people": people,
        "line": terms[TermKey.ATTENDANCE_PERCENT],
        "day_line": terms[TermKey.DAY_ATTENDANCE_PERCENT],
        "worst": queries.worst_day_percent(class_id, now),
        "days": queries.day_percents(class_id, now),
        "mean": sum(rate.percent_so_far for _one, _marks, rate in people) // len(people) if people else 100,
    }
    return render(request, "classes/grid.html", context)


@require_GET
def asks(request: "Request") -> HttpResponse:
    """Requests that wait for a second person."""
    by = request.user
    waiting = queries.asks_for(by)
    context = {
        **waiting,
        "changes": queries.proposals(waiting["changes"]),
        "rolls": queries.rolls_for(by) if holds(by, Permission.ATTENDANCE_TAKE) else [],
        "presences": dict(Presence.choices()),
        "may_leave": holds(by, Permission.ATTENDANCE_APPROVE) or holds(by, Permission.CLASS_APPLY),
        "grounds": GROUNDS,
        "may_correct": holds(by, Permission.ATTENDANCE_APPROVE),
        "may_change": holds(by, Permission.CLASS_REVIEW),
    }
    return render(request, "classes/asks.html", context)


@require_GET
def proof(request: "Request", leave_id: int) -> HttpResponse:
    """The paper behind a request for leave: where evidence is opened for a purpose, and for the trainee at once."""
    by, leave = request.user, queries.leave_proof(request.user, leave_id)
    if leave.paper is None:
        raise NotFound
    if by.role != "worker":
        return redirect("evidence:item_detail", leave.paper_id)
    key = evidence.opened_for(by=by, item=leave.paper, purpose=Purpose.OWN, now=timezone.now())
    return redirect("evidence:file", leave.paper_id, key)


@require_POST
def decide(request: "Request", what: str, ask_id: int) -> HttpResponse:
    by, now, grant = request.user, timezone.now(), request.POST.get("grant") == "1"
    if what == "leave":
        actions.decide_leave(by=by, leave_id=ask_id, grant=grant, now=now)
    elif what == "correction":
        actions.decide_correction(by=by, correction_id=ask_id, grant=grant, now=now)
    elif what == "teaching":
        actions.decide_teaching_correction(by=by, correction_id=ask_id, grant=grant, now=now)
    else:
        remark = request.POST.get("remark", "")
        actions.decide_plan_change(by=by, change_id=ask_id, grant=grant, remark=remark, now=now)
    return redirect("classes:asks")
