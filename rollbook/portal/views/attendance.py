"""A trainee's own attendance on a phone: each check-in at once, "I was not there", the questions after the class, and
the app that checks in without a signal (N3.3, N4.5, N7.4)."""

from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from rollbook.accounts.queries import ticket_for
from rollbook.accounts.rules import Permission, admit, holds
from rollbook.classes import actions as class_actions
from rollbook.classes import queries as classes
from rollbook.classes.rules.signals import QUESTIONS
from rollbook.classes.rules.states import Means
from rollbook.kernel.reasons import Forbidden
from rollbook.web.views import app_manifest, app_worker

if TYPE_CHECKING:
    from django.http import HttpRequest

    from rollbook.web.requests import Request


@never_cache
@require_GET
def lived(request: "Request", enrolment_id: int) -> HttpResponse:
    """Every lesson that has begun with what is recorded; the page asks again every few seconds."""
    admit(request.user, Permission.CHECK_IN)
    one = classes.enrolment(request.user, enrolment_id)
    context = {"one": one, "rows": classes.lived(one, timezone.now())}
    return render(request, "portal/lived.html" + ("#rows" if request.htmx else ""), context)


@require_POST
def deny(request: "Request", lesson_id: int) -> HttpResponse:
    """One tap: I was not there."""
    said = class_actions.deny_attendance(by=request.user, lesson_id=lesson_id, now=timezone.now())
    messages.success(request, _("Noted. The office can see what you said; your record stays until it has looked."))
    return redirect("portal:lived", said.enrolment_id)


def feedback(request: "Request", enrolment_id: int) -> HttpResponse:
    """The questions after the class."""
    admit(request.user, Permission.CHECK_IN)
    one = classes.enrolment(request.user, enrolment_id)
    if request.method == "POST":
        answers = {name: request.POST.get(name, "") for name in QUESTIONS}
        remark = request.POST.get("remark", "")
        class_actions.give_feedback(
            by=request.user, enrolment_id=one.pk, answers=answers, remark=remark, now=timezone.now()
        )
        messages.success(request, _("Thank you. The office reads every answer."))
        return redirect("portal:me")
    questions = [(name, text, choices) for name, (text, choices) in QUESTIONS.items()]
    context = {"one": one, "questions": questions, "given": classes.feedback_of(one.pk)}
    return render(request, "portal/feedback.html", context)


@require_GET
def app(request: "Request") -> HttpResponse:
    """The page of the app, which the phone keeps: of the person it has no more than the name in the bar."""
    if not holds(request.user, Permission.CHECK_IN):
        raise Forbidden("app")
    return render(request, "portal/app.html")


@never_cache
@require_GET
def app_data(request: "Request") -> JsonResponse:
    """What the phone keeps for when there is no signal: the next lessons, and the ticket to send with."""
    if not holds(request.user, Permission.CHECK_IN):
        raise Forbidden("app")
    now, mine = timezone.now(), []
    training = classes.enrolments_of_person(request.user.person_id or 0)
    for one in training.filter(training_class__state__in=("running", "ended"))[:10]:  # make-ups are held after the end
        by_position = classes.takes(Means.FENCE, one.training_class, now)
        mine += [
            {
                "id": lesson.pk,
                "subject": lesson.subject,
                "room": lesson.room.name,
                "starts_at": lesson.starts_at.isoformat(),
                "ends_at": lesson.ends_at.isoformat(),
                "by_position": by_position,
            }
            for lesson in classes.lessons_ahead(one, now)[:10]
        ]
    key = request.session.session_key or ""
    mine.sort(key=lambda lesson: str(lesson["starts_at"]))
    return JsonResponse({"lessons": mine, "ticket": ticket_for(request.user, key, now), "server_time": now.isoformat()})


@login_not_required
@require_GET
def manifest(request: "HttpRequest") -> JsonResponse:  # noqa: ARG001
    return app_manifest(reverse("portal:app"))


@login_not_required
@require_GET
def worker(request: "HttpRequest") -> HttpResponse:
    return app_worker(request, reverse("portal:app"), "portal/app.js")
