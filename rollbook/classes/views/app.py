"""The teacher's lessons of today as an app on a phone: the roll and the own attendance, with a signal or without (N7.4)."""

from typing import TYPE_CHECKING

from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from rollbook.accounts.rules import Permission, holds
from rollbook.classes import queries
from rollbook.kernel.reasons import Forbidden
from rollbook.web.views import app_manifest, app_worker

if TYPE_CHECKING:
    from django.http import HttpRequest

    from rollbook.web.requests import Request


@require_GET
def app(request: "Request") -> HttpResponse:
    """The page, which the phone keeps: whose lessons they are comes apart from it."""
    if not holds(request.user, Permission.ATTENDANCE_TAKE):
        raise Forbidden("app")
    return render(request, "classes/app.html")


@never_cache
@require_GET
def app_data(request: "Request") -> JsonResponse:
    """What the phone keeps for when there is no signal: the lessons of today with the names of who is to be there."""
    by, now = request.user, timezone.now()
    if not holds(by, Permission.ATTENDANCE_TAKE):
        raise Forbidden("app")
    lessons = [
        {
            "id": sheet.lesson.pk,
            "subject": sheet.lesson.subject,
            "room": sheet.lesson.room.name,
            "starts_at": sheet.lesson.starts_at,
            "ends_at": sheet.lesson.ends_at,
            "confirms": sheet.is_confirmed,
            "is_mine": by.person_id is not None and by.person_id == sheet.lesson.teacher_person_id,
            "taught_in": sheet.teaching and sheet.teaching.in_at,
            "taught_out": sheet.teaching and sheet.teaching.out_at,
            "people": [
                {
                    "id": one.pk,
                    "name": one.person.name,
                    "in_at": mark and mark.in_at,
                    "out_at": mark and mark.out_at,
                    "waits": one.pk in sheet.waiting,
                }
                for one, mark in sheet.people
            ],
        }
        for sheet in queries.roll_sheets(by, now)
    ]
    return JsonResponse({"account": by.pk, "csrf": get_token(request), "server_time": now, "lessons": lessons})


@login_not_required
@require_GET
def manifest(request: "HttpRequest") -> JsonResponse:  # noqa: ARG001
    return app_manifest(reverse("classes:app"))


@login_not_required
@require_GET
def worker(request: "HttpRequest") -> HttpResponse:
    return app_worker(request, reverse("classes:app"), "classes/app.js")
