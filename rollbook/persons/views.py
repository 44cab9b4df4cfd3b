from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from rollbook.accounts.rules import Permission, holds
from rollbook.journal.queries import timeline
from rollbook.kernel.reasons import Forbidden
from rollbook.persons import actions, queries, rules
from rollbook.web.lists import Filter, listing

if TYPE_CHECKING:
    from rollbook.web.requests import Request


def person_list(request: "Request") -> HttpResponse:
    """Persons by name; by number only as a POST, so that no number stands in an address."""
    if not holds(request.user, Permission.PERSON_SHOW):
        raise Forbidden("person.show")
    found = queries.visible_to(request.user).order_by("-pk")
    if request.method == "POST":
        one = queries.find_by_number(request.POST.get("number", ""))
        found = found.filter(pk=one.pk if one else 0)
    filters = [Filter("verification", "Identity", rules.Verification.choices())]
    return render(
        request, "persons/person_list.html", {"listing": listing(request, found, filters=filters, search=("name",))}
    )


@require_GET
def person_detail(request: "Request", person_id: int) -> HttpResponse:
    person = queries.get(request.user, person_id)
    context = {
        "person": person,
        "entries": timeline(person),
        "purposes": rules.Purpose.choices(),
        "may_show": holds(request.user, Permission.PERSON_SHOW),
        "may_merge": holds(request.user, Permission.PERSON_MERGE),
    }
    return render(request, "persons/person_detail.html", context)


@require_POST
def reveal(request: "Request", person_id: int) -> HttpResponse:
    """Show one sealed field; the answer is never cached."""
    field, purpose = request.POST.get("field", ""), request.POST.get("purpose", "")
    shown = actions.reveal(by=request.user, person_id=person_id, field=field, purpose=purpose, now=timezone.now())
    context = {"person": queries.get(request.user, person_id), "field": field, "shown": shown}
    response = render(request, "persons/revealed.html", context)
    response["Cache-Control"] = "no-store"
    return response


@require_POST
def merge(request: "Request", person_id: int) -> HttpResponse:
    other, why = request.POST.get("other", ""), request.POST.get("why", "")
    merge_id = int(other) if other.isdigit() else 0
    actions.merge(by=request.user, keep_id=person_id, merge_id=merge_id, why=why, now=timezone.now())
    return redirect("persons:person_detail", person_id)


@require_POST
def unmerge(request: "Request", person_id: int) -> HttpResponse:
    actions.unmerge(by=request.user, person_id=person_id, why=request.POST.get("why", ""), now=timezone.now())
    return redirect("persons:person_detail", person_id)
