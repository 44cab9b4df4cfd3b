"""A worker's own pages, for a phone."""

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4, uuid5

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from rollbook.accounts.rules import Permission, admit
from rollbook.assessment import queries as assessment
from rollbook.certificates import queries as certificates
from rollbook.classes import actions as class_actions
from rollbook.classes import queries as classes
from rollbook.classes.rules.attendance import leave_kinds
from rollbook.classes.rules.states import Means
from rollbook.faces import queries as faces
from rollbook.faces import rules as face_rules
from rollbook.funds import queries as funds
from rollbook.kernel.reasons import Forbidden
from rollbook.persons import queries as persons
from rollbook.portal.forms import LeaveForm
from rollbook.subsidies import actions as subsidy_actions
from rollbook.subsidies import queries as subsidies
from rollbook.subsidies.rules import TRAINED
from rollbook.web.forms import cleaned

if TYPE_CHECKING:
    from rollbook.web.requests import Request


def _person(request: "Request") -> int:
    if request.user.person_id is None:
        raise Forbidden("me")
    return request.user.person_id


@require_GET
def me(request: "Request") -> HttpResponse:
    """My training, my hours, my certificates, where my money is (N3.3, N16.3)."""
    person_id, now = _person(request), timezone.now()
    mine = []
    claims = {one.enrolment_id: one for one in subsidies.of_person(person_id) if one.kind in TRAINED}
    for one in classes.enrolments_of_person(person_id)[:20]:
        klass = one.training_class
        attended = classes.attendance_of(klass.pk, now)[one.pk]
        mine.append(
            {
                "enrolment": one,
                "klass": klass,
                "attended": attended,
                "claim": claims.get(one.pk),
                "lessons": classes.lessons_ahead(one, now)[:3]
                if klass.state in ("approved", "running", "ended")
                else [],
                "lacking": classes.lacking(one, attended, classes.terms_of(klass, now)),
            }
        )
    context = {"mine": mine, "certificates": certificates.of_person(person_id), "now": now}
    context["notices"] = [persons.words_of(one) for one in persons.notices_of(person_id, now - timedelta(90))]
    context["duties"] = assessment.on_duty(request.user).filter(ends_at__gte=now)[:20]
    context["debts"] = [
        (one, [row for row in parts if row.until_fen > one.settled_fen])
        for one, parts in funds.debts_with_parts(person_id)
    ]
    return render(request, "portal/me.html", context)


@require_GET
def check_in(request: "Request", lesson_id: int) -> HttpResponse:
    """Two taps: the code is filled in when it was scanned."""
    admit(request.user, Permission.CHECK_IN)
    lesson = classes.lesson(request.user, lesson_id)
    context = {
        "lesson": lesson,
        "code": request.GET.get("code", ""),
        "event": uuid4(),
        "now": timezone.now(),
        "mark": classes.mark_of(lesson_id, _person(request)),
        "by_face": classes.takes(Means.FACE, lesson.training_class, timezone.now())
        and faces.may_show(_person(request)),
        "dark": face_rules.DARK,
        "bright": face_rules.BRIGHT,
    }
    return render(request, "portal/check_in.html", context)


@require_POST
def do_check_in(request: "Request", lesson_id: int) -> HttpResponse:
    try:
        event = UUID(request.POST.get("event", ""))
    except ValueError:
        event = uuid4()
    code = request.POST.get("code", "").strip()
    mark = class_actions.check_in(
        by=request.user,
        lesson_id=lesson_id,
        code=code,
        direction="out" if request.POST.get("direction") == "out" else "in",
        event_id=uuid5(event, code),  # who types another code on the same page tries anew
        now=timezone.now(),
    )
    at = timezone.localtime(mark.out_at if request.POST.get("direction") == "out" else mark.in_at)
    messages.success(request, _("Recorded by the server at %(time)s.") % {"time": f"{at:%H:%M:%S}"})
    return redirect("portal:me")


def sign(request: "Request", enrolment_id: int) -> HttpResponse:
    """The commitment of the trainee: read it, and sign with one's name (N4.6)."""
    admit(request.user, Permission.CHECK_IN)
    one = classes.enrolment(request.user, enrolment_id)
    if request.method == "POST":
        name = request.POST.get("signed_name", "")
        class_actions.sign_commitment(by=request.user, enrolment_id=one.pk, signed_name=name, now=timezone.now())
        return redirect("portal:me")
    return render(request, "portal/sign.html", {"one": one, "text": classes.commitment_text("trainee")})


def leave(request: "Request", lesson_id: int) -> HttpResponse:
    """Ask for leave from a lesson."""
    admit(request.user, Permission.CHECK_IN)
    lesson = classes.lesson(request.user, lesson_id)
    kinds = leave_kinds(classes.terms_of(lesson.training_class, timezone.now()).values)
    if request.method == "POST":
        values = cleaned(LeaveForm(request.POST, request.FILES, kinds=kinds)).cleaned_data
        one = classes.enrolments_of_person(_person(request)).get(training_class_id=lesson.training_class_id)
        class_actions.ask_leave(
            by=request.user,
            lesson_id=lesson_id,
            enrolment_id=one.pk,
            ground=values["ground"],
            explanation=values["explanation"],
            proof=values["proof"].read() if values["proof"] else b"",
            now=timezone.now(),
        )
        messages.success(request, _("Asked. You will see here when it is granted."))
        return redirect("portal:me")
    return render(request, "portal/leave.html", {"lesson": lesson, "form": LeaveForm(kinds=kinds)})


@require_POST
def claim(request: "Request", enrolment_id: int) -> HttpResponseRedirect:
    """Claim my subsidy myself (N16.2)."""
    subsidy_actions.file_claim(by=request.user, enrolment_id=enrolment_id, now=timezone.now())
    messages.success(request, _("Claimed. You can follow it here."))
    return redirect("portal:me")
