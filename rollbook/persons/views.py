from datetime import datetime
from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from rollbook.accounts import actions as account_actions
from rollbook.accounts import queries as accounts
from rollbook.accounts import rules as roles
from rollbook.accounts.rules import Permission, admit, holds
from rollbook.journal.queries import timeline
from rollbook.kernel.messages import _
from rollbook.kernel.reasons import Forbidden
from rollbook.persons import actions, forms, queries, rules
from rollbook.regions import queries as regions
from rollbook.web.exports import Table
from rollbook.web.forms import WhyForm, cleaned, sent
from rollbook.web.lists import Filter, listing, narrowed
from rollbook.web.views import exported

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from rollbook.accounts.models import Account
    from rollbook.persons.models import Person
    from rollbook.web.requests import Request


PERSON_SORTS = {"name": "name", "region": "region_code"}
PERSON_HEADS = ("Name", "Identity number", "Kind of document", "Region", "Person category", "Identity")


def _person_filters(request: "Request") -> list[Filter]:
    return [
        Filter("verification", "Identity", rules.Verification.choices()),
        Filter("id_kind", _("Kind of document"), rules.IdKind.choices()),
        Filter("account_kind", "Paid to", rules.AccountKind.choices()),
        Filter("category", "Person category", rules.Category.choices()),
        Filter("region_code", "Region", regions.choices(request.user.region_code)),
    ]


def person_table(request: "Request") -> Table:
    """Numbers are masked, as on the page."""
    admit(request.user, Permission.PERSON_SHOW)
    found = queries.visible_to(request.user).order_by("-pk")
    found = narrowed(request, found, filters=_person_filters(request), search=("name",), sorts=PERSON_SORTS)
    return Table("persons", PERSON_HEADS, found, _person_row)


def _person_row(r: "Person") -> tuple[object, ...]:
    category = gettext(r.get_category_display()) if r.category else ""
    return (
        r.name, r.id_masked, gettext(r.get_id_kind_display()), regions.name_of(r.region_code) if r.region_code else "",
        category, gettext(r.get_verification_display()),
    )  # fmt: skip


def person_list(request: "Request") -> HttpResponse:
    """Persons by name; by number only as a POST, so that no number stands in an address."""
    admit(request.user, Permission.PERSON_SHOW)
    if request.GET.get("export") and request.method == "GET":
        return exported(request, "persons", person_table(request))
    found = queries.visible_to(request.user).order_by("-pk")
    if request.method == "POST":
        one = queries.find_by_number(request.POST.get("number", ""))
        found = found.filter(pk=one.pk if one else 0)
    filters = _person_filters(request)
    shown = listing(request, found, filters=filters, search=("name",), sorts=PERSON_SORTS, exports=True)
    context = {"listing": shown, "may_merge": holds(request.user, Permission.PERSON_MERGE)}
    return render(request, "persons/person_list.html", context)


@require_GET
def candidate_list(request: "Request") -> HttpResponse:
    """Records that may be of one person, to be compared (N3.1)."""
    if not holds(request.user, Permission.PERSON_MERGE):
        raise Forbidden("person.merge")
    filters = [Filter("likeness", _("What is the same"), rules.Likeness.choices())]
    shown = listing(request, queries.candidates(request.user), filters=filters, search=("newer__name", "older__name"))
    return render(request, "persons/candidate_list.html", {"listing": shown})


@require_POST
def dismiss(request: "Request", candidate_id: int) -> HttpResponse:
    why = sent(request, WhyForm).cleaned_data["why"]
    actions.dismiss_candidate(by=request.user, candidate_id=candidate_id, why=why, now=timezone.now())
    return redirect("persons:candidate_list")


@require_GET
def person_detail(request: "Request", person_id: int) -> HttpResponse:
    person = queries.get(request.user, person_id)
    context = {
        "person": person,
        "birth": rules.shown_birth(person.birth_on),
        "age": rules.age_on(person.birth_on, timezone.localdate()),
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
    rows, pair = queries.side_by_side(keep, merge), queries.pair_of(request.user, keep.pk, merge.pk)
    return render(
        request,
        "persons/compare.html",
        {"keep": keep, "merge": merge, "rows": rows, "pair": pair, "why_form": WhyForm(auto_id="apart_%s")},
    )


STATES = [("active", _("Active")), ("locked", _("Locked")), ("closed", _("Closed"))]
SORTS = {"username": "username", "name": "name", "role": "role", "region": "region_code", "seen": "last_login"}
HEADS = ("User name", "Name", "Role", "Region", "Office", "State", "Last sign-in")


ACCOUNT_SEARCH = ("username", "name", "office")


@require_GET
def organisation_list(request: "Request") -> HttpResponse:
    """Employers and institutions that are paid in place of persons (N16.2)."""
    admit(request.user, Permission.CLAIM_REVIEW, Permission.LEDGER_READ)
    filters = [Filter("region_code", "Region", regions.choices(request.user.region_code))]
    found = queries.organisations_visible_to(request.user)
    shown = listing(request, found, filters=filters, search=("name", "uscc"), hint=gettext("Name or code"))
    return render(request, "persons/organisation_list.html", {"listing": shown})


@require_GET
def organisation_detail(request: "Request", organisation_id: int) -> HttpResponse:
    one = queries.organisation(request.user, organisation_id)
    may_mend = holds(request.user, Permission.CLAIM_REVIEW)
    context = {"one": one, "entries": timeline(one), "form": forms.OrganisationAccountForm() if may_mend else None}
    return render(request, "persons/organisation_detail.html", context)


@require_POST
def mend_account(request: "Request", organisation_id: int) -> HttpResponse:
    values = sent(request, forms.OrganisationAccountForm).cleaned_data
    actions.mend_organisation_account(by=request.user, organisation_id=organisation_id, now=timezone.now(), **values)
    return redirect("persons:organisation_detail", organisation_id)


def _accounts(request: "Request", now: datetime) -> "QuerySet[Account]":
    found, state = accounts.managed_by(request.user).order_by("username"), request.GET.get("state", "")
    return accounts.in_state(found, state, now) if state in dict(STATES) else found


def _account_filters(request: "Request") -> list[Filter]:
    return [
        Filter("role", "Role", roles.Role.choices()),
        Filter("region_code", "Region", regions.choices(request.user.region_code)),
    ]


def account_table(request: "Request") -> Table:
    admit(request.user, Permission.ACCOUNT_MANAGE, Permission.ACCOUNT_SECURE)
    now = timezone.now()
    found = _accounts(request, now)
    found = narrowed(request, found, filters=_account_filters(request), search=ACCOUNT_SEARCH, sorts=SORTS)
    return Table("accounts", HEADS, found, lambda one: _row(one, now))


@require_GET
def account_list(request: "Request") -> HttpResponse:
    """The accounts of the administrator's region (N14.1)."""
    by, now = request.user, timezone.now()
    admit(by, Permission.ACCOUNT_MANAGE, Permission.ACCOUNT_SECURE)
    if request.GET.get("export"):
        return exported(request, "accounts", account_table(request))
    found, filters = _accounts(request, now), _account_filters(request)
    shown = listing(request, found, filters=filters, search=ACCOUNT_SEARCH, sorts=SORTS, exports=True)
    shown.filters.append(Filter("state", "State", STATES, value=request.GET.get("state", "")))
    context = {"listing": shown, "now": now, "may_manage": holds(by, Permission.ACCOUNT_MANAGE)}
    return render(request, "persons/account_list.html", context)


def _row(one: "Account", now: datetime) -> tuple[str, ...]:
    state = "Closed" if not one.is_active else "Locked" if accounts.is_locked(one, now) else "Active"
    seen = f"{timezone.localtime(one.last_login):%Y-%m-%d %H:%M}" if one.last_login else ""
    role = gettext(roles.Role(one.role).label)
    return one.username, one.name, role, regions.name_of(one.region_code), one.office, gettext(state), seen


@require_GET
def account_detail(request: "Request", account_id: int) -> HttpResponse:
    """One account: what it may do, what happened to it, and what may be done with it."""
    by, now = request.user, timezone.now()
    account = accounts.get(by, account_id)
    form = forms.RoleForm(initial={"role": account.role, "region_code": account.region_code, "office": account.office})
    form.fields["region_code"].choices = regions.choices(by.region_code)  # type: ignore[attr-defined]
    context = {
        "one": account,
        "others": accounts.others_of(account),
        "entries": timeline(account),
        "form": form,
        "is_locked": accounts.is_locked(account, now),
        "has_second_factor": accounts.has_second_factor(account),
        "own": account.pk == by.pk,
        "is_official": account.role in roles.OFFICIALS,
        "may_manage": holds(by, Permission.ACCOUNT_MANAGE),
        "may_secure": holds(by, Permission.ACCOUNT_SECURE),
    }
    return render(request, "persons/account_detail.html", context)


@require_POST
def change_role(request: "Request", account_id: int) -> HttpResponse:
    form = forms.RoleForm(request.POST)
    form.fields["region_code"].choices = regions.choices()  # type: ignore[attr-defined]
    values = cleaned(form).cleaned_data
    account_actions.change_role(by=request.user, account_id=account_id, now=timezone.now(), **values)
    return redirect("persons:account_detail", account_id)


def account_new(request: "Request") -> HttpResponse:
    """An account for an office, given to a real person (N14.1)."""
    if not holds(request.user, Permission.ACCOUNT_MANAGE):
        raise Forbidden("account.manage")
    if request.method != "POST":
        form = forms.AccountForm(initial={"region_code": request.user.region_code})
        return render(request, "persons/account_new.html", {"form": form})
    values = sent(request, forms.AccountForm).cleaned_data
    actions.give_account(by=request.user, now=timezone.now(), **values)
    return redirect("persons:account_list")


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
