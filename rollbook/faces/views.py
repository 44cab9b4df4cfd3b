"""Faces: what the province counts and files, two persons with one face, and the counter (S69, B7)."""

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from rollbook.accounts.rules import Permission, admit, holds
from rollbook.faces import actions, forms, queries, rules
from rollbook.kernel.messages import _
from rollbook.kernel.reasons import Forbidden, NotFound
from rollbook.persons import queries as persons
from rollbook.web.forms import sent
from rollbook.web.lists import Filter, listing

if TYPE_CHECKING:
    from rollbook.web.requests import Request


@require_GET
def overview(request: "Request") -> HttpResponse:
    """Counters, the terms that bind, what the server found of its sample, filings."""
    admit(request.user, Permission.FACE_READ)
    today = timezone.localdate()
    context = {
        "is_set_up": queries.is_set_up(),
        "stored": queries.stored(),
        "notices": queries.notices(request.user, today),
        "policy": queries.policy_for(request.user.region_code, today),
        "tallies": queries.tallies(),
        "rechecks": queries.rechecks(request.user),
        "filings": queries.filings(),
        "filing_form": forms.FilingForm(),
        "may_file": holds(request.user, Permission.FACE_SETTLE),
    }
    return render(request, "faces/overview.html", context)


@require_POST
def file(request: "Request") -> HttpResponse:
    values = sent(request, forms.FilingForm).cleaned_data
    actions.note_filing(by=request.user, now=timezone.now(), **values)
    return redirect("faces:overview")


@require_GET
def pair_list(request: "Request") -> HttpResponse:
    """Two persons with one face: a person compares them, nothing follows by itself."""
    if not holds(request.user, Permission.FACE_SETTLE):
        raise Forbidden("pairs")
    filters = [Filter("finding", _("Finding"), rules.Finding.choices())]
    shown = listing(request, queries.likenesses(request.user), filters=filters, search=("older__name", "newer__name"))
    rows = [(one, round(one.score * 100), forms.FindingForm(auto_id=f"pair{one.pk}_%s")) for one in shown.rows]
    return render(request, "faces/pair_list.html", {"listing": shown, "rows": rows})


@require_POST
def decide(request: "Request", likeness_id: int) -> HttpResponse:
    values = sent(request, forms.FindingForm).cleaned_data
    actions.decide_likeness(by=request.user, likeness_id=likeness_id, now=timezone.now(), **values)
    return redirect("faces:pair_list")


@require_GET
def deletion_list(request: "Request") -> HttpResponse:
    """The certificates of deleted templates; they name nobody."""
    admit(request.user, Permission.FACE_READ)
    filters = [
        Filter("cause", _("Cause"), rules.Cause.choices()),
        Filter("on", _("Deleted"), (), lookup="deleted_at__date", kind="date"),
    ]
    shown = listing(
        request, queries.deletions(request.user), filters=filters, search=("sha256",), hint=gettext("SHA-256")
    )
    return render(request, "faces/deletion_list.html", {"listing": shown})


def counter(request: "Request") -> HttpResponse:
    """An officer takes the picture of somebody who has agreed on the own page."""
    admit(request.user, Permission.FACE_ENROL)
    if request.method == "POST":
        values = sent(request, forms.CounterForm).cleaned_data
        person = persons.find_by_number(values["number"])
        if person is None:
            raise NotFound
        picture = values["picture"].read()
        actions.enrol_at_counter(by=request.user, person_id=person.pk, picture=picture, now=timezone.now())
        messages.success(request, gettext("The face is set up. The picture was not kept."))
        return redirect("faces:counter")
    return render(request, "faces/counter.html", {"form": forms.CounterForm(), "is_set_up": queries.is_set_up()})
