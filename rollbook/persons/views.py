from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from rollbook.accounts.rules import Permission, holds
from rollbook.journal.queries import timeline
from rollbook.kernel.reasons import Forbidden
from rollbook.persons import actions, forms, queries, rules
from rollbook.web.forms import sent
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
        "bank_form": forms.BankForm(),
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
def set_account(request: "Request", person_id: int) -> HttpResponse:
    values = sent(request, forms.BankForm).cleaned_data
    actions.set_account(by=request.user, person_id=person_id, now=timezone.now(), **values)
    return redirect("persons:person_detail", person_id)


@require_GET
def compare(request: "Request", person_id: int) -> HttpResponse:
    """Two records side by side, before they become one."""
    if not holds(request.user, Permission.PERSON_MERGE):
        raise Forbidden("person.merge")
    other = request.GET.get("other", "")
    keep = queries.get(request.user, person_id)
    merge = queries.get(request.user, int(other) if other.isdecimal() and len(other) < 19 else 0)
    rows = queries.side_by_side(keep, merge)
    return render(request, "persons/compare.html", {"keep": keep, "merge": merge, "rows": rows})


def account_new(request: "Request") -> HttpResponse:
    """An account for an office, given to a real person (N14.1)."""
    if not holds(request.user, Permission.ACCOUNT_MANAGE):
        raise Forbidden("account.manage")
    if request.method != "POST":
        form = forms.AccountForm(initial={"region_code": request.user.region_code})
        return render(request, "persons/account_new.html", {"form": form})
    values = sent(request, forms.AccountForm).cleaned_data
    actions.give_account(by=request.user, now=timezone.now(), **values)
    return redirect("accounts:account_list")


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
