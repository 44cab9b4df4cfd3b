"""My own face data: what is kept, since when and until when; agree, and take it back (domain 4, S69)."""

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from rollbook.accounts.rules import Permission, admit
from rollbook.faces import actions, queries, rules
from rollbook.kernel.reasons import Forbidden
from rollbook.persons import queries as persons

if TYPE_CHECKING:
    from rollbook.web.requests import Request


@require_GET
def face(request: "Request") -> HttpResponse:
    """What is kept of my face."""
    admit(request.user, Permission.CHECK_IN)
    if request.user.person_id is None:
        raise Forbidden("face")
    person = persons.by_id(queries.kept(request.user.person_id))
    context = {
        "is_set_up": queries.is_set_up(),
        "consent": queries.consent_of(person.pk),
        "template": queries.template_of(person.pk),
        "past": queries.past_consents(person.pk)[:20],
        "deletions": queries.deletions_of(person.pk)[:20],
        "policy": queries.policy_for(person.region_code or request.user.region_code, timezone.localdate()),
    }
    return render(request, "portal/face.html", {**context, "dark": rules.DARK, "bright": rules.BRIGHT})


@require_POST
def agree(request: "Request") -> HttpResponse:
    actions.give_consent(by=request.user, agrees=request.POST.get("agrees") == "yes", now=timezone.now())
    return redirect("portal:face")


@require_POST
def withdraw(request: "Request") -> HttpResponse:
    actions.withdraw_consent(by=request.user, now=timezone.now())
    messages.success(request, _("Taken back. What was kept of your face is deleted; the certificate is below."))
    return redirect("portal:face")
