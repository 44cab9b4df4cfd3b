from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from rollbook.accounts import queries as accounts
from rollbook.accounts.rules import Permission, admit, holds
from rollbook.classes import queries as classes
from rollbook.funds import queries as funds
from rollbook.journal.queries import timeline
from rollbook.kernel.messages import _
from rollbook.kernel.reasons import Forbidden
from rollbook.regions.queries import choices as regions
from rollbook.regions.queries import name_of, working_days
from rollbook.subsidies import actions, forms, queries, rules
from rollbook.web.exports import Table
from rollbook.web.forms import sent
from rollbook.web.lists import Filter, listing, months, narrowed
from rollbook.web.views import exported

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rollbook.accounts.models import Account
    from rollbook.kernel.messages import Message
    from rollbook.subsidies.models import Claim
    from rollbook.web.requests import Request

SEARCH = ("person__name", "person__id_masked", "institution__name", "enrolment__training_class__number")
COLUMNS = (
    _("Name"), _("Identity number"), _("Institution"), _("Class"), _("Occupation"), _("Level"), _("Amount, yuan"),
    _("State"), _("Region"), _("Filed on"),
)  # fmt: skip


def _ids(request: "Request") -> list[int]:
    return [int(text) for text in request.POST.getlist("claim") if text.isascii() and text.isdigit()]


def _filters(request: "Request") -> list[Filter]:
    paid = months(timezone.localdate(), request.GET.get("paid", ""))
    return [
        Filter("state", _("State"), rules.State.choices()),
        Filter("paid", _("Paid in"), paid, lookup="paid_at__date__startswith"),
        Filter("region_code", _("Region"), regions(request.user.region_code)),
    ]


def claim_table(request: "Request") -> Table:
    found = queries.visible_to(request.user).order_by("-pk")
    return Table(gettext("Claims"), COLUMNS, narrowed(request, found, filters=_filters(request), search=SEARCH), _row)


@require_GET
def claim_list(request: "Request") -> HttpResponse:
    if request.GET.get("export"):
        return exported(request, "claims", claim_table(request))
    found, filters = queries.visible_to(request.user).order_by("-pk"), _filters(request)
    hint = gettext("Name, institution or class number")
    shown = listing(request, found, filters=filters, search=SEARCH, hint=hint, exports=True)
    return render(request, "subsidies/claim_list.html", {"listing": shown})


def _row(claim: "Claim") -> tuple[object, ...]:
    return (
        claim.person.name, claim.person.id_masked, claim.institution.name, claim.enrolment.training_class.number,
        claim.item.occupation.name, claim.level, claim.amount_fen / 100, gettext(claim.get_state_display()),
        name_of(claim.region_code), timezone.localdate(claim.filed_at).isoformat(),
    )  # fmt: skip


@require_GET
def claim_detail(request: "Request", claim_id: int) -> HttpResponse:
    claim = queries.get(request.user, claim_id)
    state = rules.State(claim.state)
    by = request.user
    is_first, is_second = state == rules.State.FILED, state == rules.State.FIRST
    needed = Permission.CLAIM_SECOND_REVIEW if is_second else Permission.CLAIM_REVIEW
    is_own = by.person_id == claim.person_id or by.institution_id == claim.institution_id
    context = {
        "claim": claim,
        "responsible": _responsible([claim]).get(claim.pk),
        "against": queries.reasons_now(by, claim),
        "met": queries.met(claim),
        "apart": queries.replayed(claim),
        "facts": _facts(claim),
        "proofs": [one | {"found_in": rules.found_in(one["feed"])} for one in claim.sources.get("proofs", ())],
        "may_see_payee": holds(by, Permission.CLAIM_REVIEW) or holds(by, Permission.LEDGER_READ),
        "discrepancies": queries.discrepancies_visible_to(by).filter(claim=claim),
        "may_review": (is_first or is_second) and holds(by, needed),
        "undecided": _undecided(claim) if (is_first or is_second) and holds(by, needed) else [],
        "may_see_alerts": holds(by, Permission.ALERT_READ) or holds(by, Permission.ALERT_SETTLE),
        "passing": rules.Move.PASS_FIRST if is_first else rules.Move.PASS_SECOND,
        "same_officer": is_second and claim.first_by_id == by.pk,
        "may_refile": state == rules.State.RETURNED and is_own and holds(by, Permission.CLAIM_FILE),
        "may_correct": state == rules.State.FAILED and (is_own or holds(by, Permission.CLAIM_REVIEW)),
        "account_form": forms.OrganisationAccountForm() if claim.organisation else forms.AccountForm(),
        "apprenticeship": queries.apprenticeship_of(claim.enrolment.training_class_id)
        if claim.kind == rules.Kind.APPRENTICE and by.role != "worker"
        else None,
        "stops": queries.holds_on(claim),
        "recoveries": _recoveries(claim),
        "may_lift": holds(by, Permission.HOLD_LIFT),
        "objections": queries.objections_of(claim.pk),
        "entries": timeline(claim),
    }
    return render(request, "subsidies/claim_detail.html", context)


# Whose step it is; of what is returned or was refused by the bank, the institution's.
STEPS = {
    rules.State.FILED: Permission.CLAIM_REVIEW,
    rules.State.FIRST: Permission.CLAIM_SECOND_REVIEW,
    rules.State.PUBLICITY: Permission.CLAIM_REVIEW,
    rules.State.PULLED_BACK: Permission.OBJECTION_SETTLE,
    rules.State.APPROVED: Permission.BATCH_MAKE,
    rules.State.IN_PAYMENT: Permission.BATCH_CHECK,
}


def _responsible(some: "Sequence[Claim]") -> dict[int, tuple[str, list[str]]]:
    """The unit whose step each is, and the people of it who may take it: not who took the one before (N14.1)."""
    found: dict[int, tuple[str, list[str]]] = {}
    known: dict[tuple[Permission, str], list[Account]] = {}
    for claim in some:
        state = rules.State(claim.state)
        if state in (rules.State.RETURNED, rules.State.FAILED):
            found[claim.pk] = claim.institution.name, []
        elif state in STEPS:
            office = STEPS[state], claim.region_code
            if office not in known:
                known[office] = list(accounts.officers(*office))
            before = claim.first_by_id if state == rules.State.FIRST else None
            people = [str(one) for one in known[office] if one.pk != before]
            found[claim.pk] = name_of(claim.region_code), people[:5]
    return found


def _recoveries(claim: "Claim") -> list[dict[str, object]]:
    return [
        {
            "amount_fen": one.amount_fen, "received_fen": one.received_fen, "due_on": one.due_on, "state": one.state,
            "ground_text": gettext(one.get_ground_display()),
        }
        for one in funds.of_subject(actions.subject_of(claim))
    ]  # fmt: skip


def _facts(claim: "Claim") -> list[tuple[str, dict[str, str], list[rules.Told]]]:
    """The stored facts by where they come from, each source with its number and day (B1)."""
    by_source: dict[str, list[rules.Told]] = {}
    for one in rules.facts_told(claim.facts):
        by_source.setdefault(one.source, []).append(one)
    return [(rules.SOURCES[name], claim.sources.get(name, {}), told) for name, told in by_source.items()]


@require_GET
def replay(request: "Request", claim_id: int) -> HttpResponse:
    """The stored decision beside the same worked out again, line by line (B1)."""
    claim = queries.get(request.user, claim_id)
    again = queries.again(claim)
    context = {
        "claim": claim,
        "again": again,
        "rows": rules.rows([one.json() for one in again.apart]),
        "lines": rules.side_by_side(claim.working, again.working),
    }
    return render(request, "subsidies/replay.html", context)


@require_GET
def claim_queue(request: "Request") -> HttpResponse:
    shown = listing(
        request, queries.review_queue(request.user), search=SEARCH, hint=gettext("Name, institution or class number")
    )
    calendar, today, some = working_days(), timezone.localdate(), list(shown.rows)
    responsible, stops = _responsible(some), queries.holds_among(some)
    rows = [
        (one, calendar.between(today, one.decide_by) if one.decide_by else None, responsible.get(one.pk), stops[one.pk])
        for one in some
    ]
    return render(request, "subsidies/review_queue.html", {"listing": shown, "rows": rows, "today": today})


@require_POST
def review_preview(request: "Request") -> HttpResponse:
    """What passing the chosen claims would do, before it is done."""
    by = request.user
    chosen = list(queries.review_queue(by).filter(pk__in=_ids(request)))
    responsible = _responsible(chosen)
    rows = [(one, [*queries.reasons_now(by, one), *_undecided(one)], responsible.get(one.pk)) for one in chosen]
    clean = [one for one, against, _unit in rows if not against and one.first_by_id != by.pk]
    context = {"rows": rows, "clean": clean, "sum_fen": sum(one.amount_fen for one in clean)}
    return render(request, "subsidies/review_preview.html", context)


def _undecided(claim: "Claim") -> "list[Message]":
    return classes.undecided(classes.doubts_on(claim.enrolment.training_class_id, claim.person_id))


@require_POST
def review_many(request: "Request") -> HttpResponse:
    done = actions.pass_claims(by=request.user, claim_ids=_ids(request), now=timezone.now())
    messages.success(request, gettext("{count} claims passed").format(count=done))
    return redirect("subsidies:review_queue")


@require_POST
def review_claim(request: "Request", claim_id: int) -> HttpResponse:
    form = sent(request, forms.ReviewForm).cleaned_data
    actions.review_claim(by=request.user, claim_id=claim_id, now=timezone.now(), **form)
    return redirect("subsidies:claim_detail", claim_id)


@require_POST
def refile(request: "Request", claim_id: int) -> HttpResponse:
    actions.refile(by=request.user, claim_id=claim_id, now=timezone.now())
    return redirect("subsidies:claim_detail", claim_id)


@require_POST
def correct_account(request: "Request", claim_id: int) -> HttpResponse:
    claim = queries.get(request.user, claim_id)
    kind = forms.OrganisationAccountForm if claim.organisation else forms.AccountForm
    form = sent(request, kind).cleaned_data
    actions.correct_account(by=request.user, claim_id=claim_id, now=timezone.now(), **form)
    return redirect("subsidies:claim_detail", claim_id)


@require_GET
def class_list(request: "Request") -> HttpResponse:
    """What may be claimed for: classes whose results are locked, and apprenticeships from their approval on."""
    found = queries.classes_open(request.user)
    shown = listing(request, found, search=("title", "number"), hint=gettext("Class number or title"))
    return render(request, "subsidies/class_list.html", {"listing": shown})


@require_GET
def class_claims(request: "Request", class_id: int) -> HttpResponse:
    admit(request.user, Permission.CLAIM_FILE, *queries.READERS)
    klass = classes.get(request.user, class_id)
    claims, people = queries.of_class(class_id), list(classes.roster(class_id))
    if request.user.role == "worker":
        people = [one for one in people if one.person_id == request.user.person_id]
        claims = {pk: one for pk, one in claims.items() if one.person_id == request.user.person_id}
    today, fresh = timezone.localdate(), [one for one in people if one.pk not in claims]
    rows = queries.reasons_by_enrolment(request.user, klass, fresh, today)
    is_open = queries.may_claim_at(klass, queries.subsidy_of(klass))
    if is_open and claims:
        had = [one for one in people if one.pk in claims]
        parts = queries.next_parts(request.user, klass, had, today)
        rows += [row for row in parts if not any(why.code == "all-parts-had" for why in row[1])]
    context = {
        "klass": klass,
        "due": [(one, fen) for one, against, fen in rows if not against],
        "not_due": [(one, against) for one, against, _fen in rows if against],
        "sum_fen": sum(fen for _one, against, fen in rows if not against),
        "claims": claims.values(),
        "stops": [
            *queries.holds_on_class(class_id),
            *queries.holds_on_trainees(class_id, [one.person_id for one in people]),
        ],
        "may_lift": holds(request.user, Permission.HOLD_LIFT),
        "is_open": is_open,
        "is_apprenticeship": queries.subsidy_of(klass) == rules.Subsidy.APPRENTICE,
        "apprenticeship": queries.apprenticeship_of(class_id),
        "filing": queries.last_filing(request.user, class_id),
        "may_file": holds(request.user, Permission.CLAIM_FILE),
    }
    return render(request, "subsidies/class_claims.html", context)


@require_GET
def offers(request: "Request", enrolment_id: int) -> HttpResponse:
    """Everything that may be claimed for a training: what is due and why, or why not (N12.2, N16.3)."""
    admit(request.user, Permission.CLAIM_FILE, *queries.READERS)
    one = classes.enrolment(request.user, enrolment_id)
    klass = classes.by_id(one.training_class_id)
    is_worker, may_file = request.user.role == "worker", holds(request.user, Permission.CLAIM_FILE)
    found = queries.offers(request.user, klass, one, timezone.localdate())
    context = {
        "one": one,
        "klass": klass,
        "offers": found,
        "papers": queries.papers_of(one.pk),
        "may_show_work": may_file and any(rules.is_shown_by_paper(offer.subsidy, offer.against) for offer in found),
        "is_open": queries.may_claim_at(klass, queries.subsidy_of(klass)),
        "may_file": may_file,
        "of_enterprise": rules.Subsidy.APPRENTICE if is_worker else "",  # which is not for the trainee to claim
    }
    return render(request, "subsidies/offers.html", context)


@require_POST
def file_claim(request: "Request", enrolment_id: int) -> HttpResponse:
    subsidy = request.POST.get("subsidy", "")
    claim = actions.file_claim(by=request.user, enrolment_id=enrolment_id, subsidy=subsidy, now=timezone.now())
    return redirect("subsidies:claim_detail", claim.pk)


@require_GET
def publicity_list(request: "Request") -> HttpResponse:
    if not holds(request.user, Permission.CLAIM_REVIEW) and not holds(request.user, Permission.OBJECTION_SETTLE):
        raise Forbidden(Permission.CLAIM_REVIEW)
    waiting = queries.to_publish(request.user.region_code).select_related("person", "item__occupation")
    context = {
        "waiting": waiting,
        "listing": listing(request, queries.publicities_visible_to(request.user), search=("number",)),
        "may_publish": holds(request.user, Permission.CLAIM_REVIEW),
        "today": timezone.localdate(),
    }
    return render(request, "subsidies/publicity_list.html", context)


@require_POST
def publish_claims(request: "Request") -> HttpResponse:
    actions.publish_claims(by=request.user, now=timezone.now())
    return redirect("subsidies:publicity_list")


@require_GET
def objection_list(request: "Request") -> HttpResponse:
    context = {
        "listing": listing(request, queries.objections_open(request.user)),
        "may_settle": holds(request.user, Permission.OBJECTION_SETTLE),
        "form": forms.SettleForm(),
    }
    return render(request, "subsidies/objection_list.html", context)


@require_POST
def settle_objection(request: "Request", objection_id: int) -> HttpResponse:
    form = sent(request, forms.SettleForm).cleaned_data
    upheld = form.pop("upheld") == "yes"
    actions.settle_objection(by=request.user, objection_id=objection_id, upheld=upheld, now=timezone.now(), **form)
    return redirect("subsidies:objection_list")


@require_GET
def payment_new(request: "Request") -> HttpResponse:
    if not holds(request.user, Permission.BATCH_MAKE):
        raise Forbidden(Permission.BATCH_MAKE)
    shown = listing(request, queries.to_pay(request.user.region_code), search=SEARCH, size=200)
    held = list(queries.held_back(request.user.region_code)[:50])
    stops = queries.holds_among(held)
    context = {"listing": shown, "held": [(one, stops[one.pk]) for one in held]}
    return render(request, "subsidies/to_pay.html", context)


@require_POST
def make_batch(request: "Request") -> HttpResponse:
    batch = actions.make_batch(by=request.user, claim_ids=_ids(request), now=timezone.now())
    return redirect("funds:batch_detail", batch.pk)


@require_POST
def cancel_batch(request: "Request", batch_id: int) -> HttpResponse:
    actions.cancel_batch(by=request.user, batch_id=batch_id, now=timezone.now())
    return redirect("funds:batch_detail", batch_id)
