"""Prices, sign-ups, statements and receipts: for the institution, its office, and the trainee."""

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from rollbook.accounts.rules import Permission, admit, holds
from rollbook.classes import queries as classes
from rollbook.fees import actions, files, forms, queries, rules
from rollbook.journal.queries import timeline
from rollbook.kernel.messages import _
from rollbook.kernel.money import plain
from rollbook.web.exports import Table
from rollbook.web.forms import WhyForm, sent
from rollbook.web.lists import Filter, listing, narrowed
from rollbook.web.views import exported

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rollbook.fees.models import Price
    from rollbook.web.requests import Request

P, S = Permission, rules.SignUpState
SEARCH = ("person__name", "training_class__title", "training_class__number", "training_class__institution__name")
COLUMNS = (
    _("Name"), _("Identity number"), _("Institution"), _("Class"), _("Way of paying"), _("Price, yuan"), _("State"),
    _("Paid by the trainee, yuan"), _("Given back, yuan"), _("Subsidy paid, yuan"), _("Balance, yuan"), _("Denied receipts"),
)  # fmt: skip


def _admit(request: "Request") -> None:
    admit(request.user, P.CLASS_APPLY, *queries.OFFICE)


def _filters() -> list[Filter]:
    return [
        Filter("state", _("State"), S.choices()),
        Filter("way", _("Way of paying"), rules.Way.choices()),
        Filter("denied", _("Receipts"), [("1", _("Denied by the trainee"))], lookup="denied__gte"),
    ]


def _row(owing: queries.Owing) -> tuple[object, ...]:
    one, klass, sums = owing.sign_up, owing.sign_up.training_class, owing.standing
    return (
        one.person.name, one.person.id_masked, klass.institution.name, klass.number or klass.title,
        gettext(one.get_way_display()), one.price_fen / 100, gettext(one.get_state_display()), sums.taken_fen / 100,
        sums.refunded_fen / 100, sums.subsidy_fen / 100, owing.balance_fen / 100, one.denied,  # type: ignore[attr-defined]
    )  # fmt: skip


def sign_up_table(request: "Request") -> Table:
    _admit(request)
    found = narrowed(request, queries.visible_to(request.user), filters=_filters(), search=SEARCH)
    return Table(gettext("Payments of trainees"), COLUMNS, found, _row, queries.accounts_of)


@require_GET
def sign_up_list(request: "Request") -> HttpResponse:
    """The institution's statement: every trainee with what is owed, paid, given back, denied."""
    _admit(request)
    if request.GET.get("export"):
        return exported(request, "fees", sign_up_table(request))
    hint = gettext("Name, class or institution")
    shown = listing(
        request, queries.visible_to(request.user), filters=_filters(), search=SEARCH, hint=hint, exports=True
    )
    rows = queries.accounts_of(list(shown.rows))
    return render(request, "fees/sign_up_list.html", {"listing": shown, "rows": rows})


@require_GET
def mine(request: "Request") -> HttpResponse:
    """A worker's own sign-ups, statements and receipts (N16.1)."""
    admit(request.user, P.CHECK_IN)
    found = list(queries.visible_to(request.user)[:50])
    entries: dict[int, list[object]] = {}
    for one in queries.entries_of([one.pk for one in found]):
        entries.setdefault(one.sign_up_id, []).append(one)
    rows = [(row, entries.get(row.sign_up.pk, [])) for row in queries.accounts_of(found)]
    have = {one.training_class_id for one in found if one.state in (S.ASKED, S.ACCEPTED)}
    person_id = request.user.person_id or 0
    rosters = classes.enrolments_of_person(person_id).exclude(training_class_id__in=have)
    prices = queries.prices_of([row.training_class_id for row in rosters])[:20]
    return render(request, "fees/mine.html", {"rows": rows, "prices": _with_ways(prices)})


def _with_ways(prices: "Iterable[Price]") -> "list[tuple[Price, list[tuple[str, str]]]]":
    labels = dict(rules.Way.choices())
    return [(one, [(way, labels[way]) for way in one.ways]) for one in prices]


def of_class(request: "Request", class_id: int) -> HttpResponse:
    """What a class costs a trainee: stated here by the institution."""
    _admit(request)
    klass, price = classes.get(request.user, class_id), queries.price_of(class_id)
    if request.method == "POST":
        values = sent(request, forms.PriceForm).values()
        actions.state_price(by=request.user, class_id=class_id, now=timezone.now(), **values)
        messages.success(request, gettext("Stated; anyone can see it."))
        return redirect("fees:of_class", class_id)
    first = {"price": plain(price.price_fen), "share": plain(price.share_fen), "ways": price.ways} if price else {}
    found = list(queries.visible_to(request.user).filter(training_class_id=class_id)[:200])
    context = {
        "klass": klass, "price": price, "form": forms.PriceForm(initial=first),
        "may_state": holds(request.user, P.CLASS_APPLY), "rows": queries.accounts_of(found),
        "ways": [dict(rules.Way.choices())[way] for way in price.ways] if price else [],
    }  # fmt: skip
    return render(request, "fees/of_class.html", context)


@require_POST
def sign_up(request: "Request", class_id: int) -> HttpResponse:
    way = request.POST.get("way", "")
    one = actions.sign_up(by=request.user, class_id=class_id, way=way, now=timezone.now())
    text = gettext("Noted.") if one.state == S.ACCEPTED else gettext("Asked; the institution answers here.")
    messages.success(request, text)
    return redirect("fees:mine")


@require_POST
def withdraw(request: "Request", sign_up_id: int) -> HttpResponse:
    actions.withdraw(by=request.user, sign_up_id=sign_up_id, now=timezone.now())
    return redirect("fees:mine")


@require_GET
def statement(request: "Request", sign_up_id: int) -> HttpResponse:
    """One trainee's account with the institution, receipt by receipt."""
    _admit(request)
    one = queries.get(request.user, sign_up_id)
    [owing] = queries.accounts_of([one])
    may_write = holds(request.user, P.CLASS_APPLY)
    context = {
        "one": one,
        "owing": owing,
        "entries": queries.entries_of([one.pk]),
        "may_decide": may_write and one.state == S.ASKED,
        "may_enter": may_write and one.state == S.ACCEPTED,
        "form": forms.EntryForm(initial={"on": timezone.localdate()}),
        "why_form": WhyForm(auto_id="decline_%s"),
        "events": timeline(one),
    }
    return render(request, "fees/statement.html", context)


@require_POST
def decide(request: "Request", sign_up_id: int) -> HttpResponse:
    accepted = request.POST.get("move") == "accept"
    why = "" if accepted else sent(request, WhyForm).cleaned_data["why"]
    actions.decide_sign_up(by=request.user, sign_up_id=sign_up_id, accepted=accepted, why=why, now=timezone.now())
    return redirect("fees:statement", sign_up_id)


@require_POST
def enter(request: "Request", sign_up_id: int) -> HttpResponse:
    values = sent(request, forms.EntryForm).values()
    one = actions.enter(by=request.user, sign_up_id=sign_up_id, now=timezone.now(), **values)
    messages.success(
        request, gettext("Receipt {number} entered; the trainee is asked to confirm it.").format(number=one.number)
    )
    return redirect("fees:statement", sign_up_id)


@require_POST
def answer(request: "Request", entry_id: int) -> HttpResponse:
    word, said = request.POST.get("answer", ""), request.POST.get("said", "")
    actions.answer(by=request.user, entry_id=entry_id, answer=word, said=said, now=timezone.now())
    messages.success(request, gettext("Noted. The office can see what you said."))
    return redirect("fees:mine")


@require_GET
def receipt(request: "Request", entry_id: int) -> HttpResponse:
    """A receipt as PDF."""
    one = queries.entry(request.user, entry_id)
    url = request.build_absolute_uri(reverse("portal:verify_receipt", args=[one.token]))
    answer = HttpResponse(files.pdf(one, url), content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="{one.number}.pdf"'
    return answer
