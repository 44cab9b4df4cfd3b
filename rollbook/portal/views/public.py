"""What anyone may see and send in, without an account."""

from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from rollbook.certificates import queries as certificates
from rollbook.certificates import rules as certificate_rules
from rollbook.directory import queries as directory
from rollbook.directory.rules import Level
from rollbook.fees import queries as fees
from rollbook.fees.rules import Way
from rollbook.institutions import actions as institution_actions
from rollbook.institutions import queries as institutions
from rollbook.institutions.rules import Kind
from rollbook.kernel.reasons import NotFound
from rollbook.portal import queries
from rollbook.portal.forms import ApplyForm
from rollbook.regions import queries as regions
from rollbook.subsidies import actions as subsidy_actions
from rollbook.subsidies import queries as subsidies
from rollbook.web.exports import workbook
from rollbook.web.forms import cleaned
from rollbook.web.lists import Filter, listing, narrowed

if TYPE_CHECKING:
    from rollbook.web.requests import Request


@login_not_required
@require_GET
def home(request: "Request") -> HttpResponse:
    user = request.user
    if user.is_authenticated:
        if user.role == "worker":
            return redirect("portal:me")
        return redirect("classes:today" if user.role == "teacher" else "reports:workbench")
    return render(request, "portal/home.html")


@login_not_required
@require_GET
def demand(request: "Request") -> HttpResponse:
    """The demand directory of a day, for anyone to search (N1.3, N16.1)."""
    on = parse_date(request.GET.get("on", "")) or timezone.localdate()
    found = directory.published_items(on)
    filters = [
        Filter("level", "Level", Level.choices()),
        Filter("region", "Region", regions.choices(), lookup="demand_list__region_code"),
    ]
    search = ("occupation__code", "occupation__name", "occupation__pinyin")
    if request.GET.get("export"):
        heads = ("Region", "Code", "Occupation", "Level", "Academic hours", "Standard, yuan")
        rows = (
            (
                regions.name_of(r.demand_list.region_code),
                r.occupation.code,
                r.occupation.name,
                r.level,
                r.hours,
                r.amount_fen / 100,
            )
            for r in narrowed(request, found, filters=filters, search=search)
        )
        return workbook(heads, rows, f"demand directory {on}")
    shown = listing(request, found, filters=filters, search=search, hint=_("Code, Chinese or pinyin"), exports=True)
    return render(request, "portal/demand.html", {"listing": shown, "on": on})


@login_not_required
@require_GET
def open_classes(request: "Request") -> HttpResponse:
    """Classes that anyone may still join, what they cost, and how they are paid (N16.1)."""
    search = (
        "training_class__title", "training_class__occupation__name", "training_class__occupation__pinyin",
        "training_class__institution__name",
    )  # fmt: skip
    filters = [Filter("region", "Region", regions.choices(), lookup="training_class__region_code")]
    shown = listing(
        request,
        fees.open_classes(timezone.localdate()),
        filters=filters,
        search=search,
        hint=_("Training or institution"),
    )
    labels = dict(Way.choices())
    rows = [(one, [(way, labels[way]) for way in one.ways]) for one in shown.rows]
    is_worker = request.user.is_authenticated and request.user.role == "worker"
    return render(request, "portal/open_classes.html", {"listing": shown, "rows": rows, "is_worker": is_worker})


@login_not_required
@require_GET
def verify_receipt(request: "Request", receipt_token: str) -> HttpResponse:
    """A receipt of a training fee by the code printed on it: what it says, with nothing of the trainee in clear."""
    return render(request, "portal/receipt.html", {"one": fees.entry_by_token(receipt_token)})


@login_not_required
@require_GET
def institution_directory(request: "Request") -> HttpResponse:
    """The institution directory (N2.1)."""
    found = institutions.listed().prefetch_related("projects__occupation").order_by("region_code", "name").distinct()
    filters = [Filter("kind", "Kind", Kind.choices()), Filter("region_code", "Region", regions.choices())]
    shown = listing(request, found, filters=filters, search=("name", "pinyin", "projects__occupation__name"))
    return render(request, "portal/institutions.html", {"listing": shown})


@login_not_required
def apply(request: "Request") -> HttpResponse:
    """An institution begins its application, and its manager gets an account."""
    form = ApplyForm(request.POST or None)
    form.fields["region_code"].choices = regions.counties()  # type: ignore[attr-defined]
    if request.method == "POST":
        values = cleaned(form).cleaned_data
        institution_actions.start_application(now=timezone.now(), **values)
        messages.success(request, _("Your account is ready. Sign in to complete the application."))
        return redirect("account_login")
    return render(request, "portal/apply.html", {"form": form})


@login_not_required
@require_GET
def verify(request: "Request") -> HttpResponse:
    """A certificate by number and name together (N5.3)."""
    number, name = request.GET.get("number", ""), request.GET.get("name", "")
    context: dict[str, object] = {"number": number, "name": name}
    status = 200
    if number and name:
        if queries.limited(request.META.get("REMOTE_ADDR", "")):
            context["limited"], status = True, 429
        else:
            is_mistyped = not certificate_rules.is_possible(number.strip().upper())
            context |= {"asked": True, "is_mistyped": is_mistyped, "certificate": certificates.verify(number, name)}
    return render(request, "portal/verify.html", context, status=status)


@login_not_required
@require_GET
def verify_token(request: "Request", token: str) -> HttpResponse:
    """A certificate by the code printed on it."""
    context = {"asked": True, "certificate": certificates.by_token(token)}
    return render(request, "portal/verify.html", context)


@login_not_required
@require_GET
def publicity_list(request: "Request") -> HttpResponse:
    filters = [Filter("region_code", "Region", regions.choices())]
    shown = listing(request, subsidies.publicities(), filters=filters, search=("number",))
    return render(request, "portal/publicity_list.html", {"listing": shown, "today": timezone.localdate()})


@login_not_required
@require_GET
def publicity(request: "Request", publicity_id: int) -> HttpResponse:
    """A public notice of subsidies about to be paid: masked, open to objection (N14.2)."""
    notice = subsidies.publicity(publicity_id)
    shown = listing(request, subsidies.rows_of(publicity_id), search=("person__name", "institution__name"), size=100)
    context = {"notice": notice, "listing": shown, "open": notice.ends_on >= timezone.localdate()}
    return render(request, "portal/publicity.html", context)


@login_not_required
def objection(request: "Request", claim_id: int) -> HttpResponse:
    """Say what is wrong with a subsidy in publicity, with or without a name."""
    if request.method == "POST":
        text, contact = request.POST.get("text", ""), request.POST.get("contact", "")
        subsidy_actions.raise_objection(claim_id=claim_id, text=text, contact=contact, now=timezone.now())
        messages.success(request, _("Thank you. The payment is stopped until your objection is settled."))
        return redirect("portal:publicity_list")
    claim = subsidies.in_publicity(claim_id)
    if claim is None:
        raise NotFound
    return render(request, "portal/objection.html", {"claim": claim})


@login_not_required
@require_GET
def disclosure(request: "Request") -> HttpResponse:
    """Subsidies paid: who, what for, how much, under which standard (N14.2)."""
    filters = [Filter("region_code", "Region", regions.choices())]
    found = subsidies.disclosed()
    search = ("institution__name", "item__occupation__name", "person__name")
    if request.GET.get("export"):
        heads = ("Name", "Identity number", "Institution", "Training", "Level", "Amount, yuan", "Payee", "Paid on")
        rows = (
            (
                r.person.name,
                r.person.id_masked,
                r.institution.name,
                r.item.occupation.name,
                r.level,
                r.amount_fen / 100,
                r.organisation.name if r.organisation else r.person.name,
                timezone.localdate(r.paid_at),
            )
            for r in narrowed(request, found, filters=filters, search=search)[:20000]
        )
        return workbook(heads, rows, "disclosure")
    shown = listing(request, found, filters=filters, search=search, exports=True)
    return render(request, "portal/disclosure.html", {"listing": shown})
