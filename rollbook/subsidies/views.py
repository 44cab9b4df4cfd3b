from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from rollbook.accounts.rules import Permission, holds
from rollbook.classes import queries as classes
from rollbook.journal.queries import timeline
from rollbook.kernel.reasons import Refused
from rollbook.regions.queries import choices as regions
from rollbook.subsidies import actions, queries, rules
from rollbook.web.exports import workbook
from rollbook.web.forms import WhyForm
from rollbook.web.lists import Filter, listing, narrowed

if TYPE_CHECKING:
    from rollbook.web.requests import Request

SEARCH = ("person__name", "institution__name", "enrolment__training_class__number")
COLUMNS = ("Name", "Identity number", "Institution", "Occupation", "Level", "Amount, yuan", "State")


@require_GET
def claim_list(request: "Request") -> HttpResponse:
    found = queries.visible_to(request.user).order_by("-pk")
    filters = [
        Filter("state", "State", rules.State.choices()),
        Filter("region_code", "Region", regions(request.user.region_code)),
    ]
    if request.GET.get("export"):
        rows = narrowed(request, found, filters=filters, search=SEARCH)
        table = (
            (
                r.person.name,
                r.person.id_masked,
                r.institution.name,
                r.item.occupation.name,
                r.level,
                r.amount_fen / 100,
                r.state,
            )
            for r in rows
        )
        return workbook(COLUMNS, table, "claims")
    shown = listing(request, found, filters=filters, search=SEARCH, exports=True)
    return render(request, "subsidies/claim_list.html", {"listing": shown})


@require_GET
def review_queue(request: "Request") -> HttpResponse:
    """Claims that wait for this officer, to be passed singly or ticked together."""
    by = request.user
    context = {
        "listing": listing(request, queries.review_queue(by), search=SEARCH, size=100),
        "today": timezone.localdate(),
        "objections": queries.objections_open(by)[:100] if holds(by, Permission.OBJECTION_SETTLE) else [],
        "to_publish": queries.to_publish(by.region_code).count() if holds(by, Permission.CLAIM_REVIEW) else 0,
        "move": "pass-second" if holds(by, Permission.CLAIM_SECOND_REVIEW) else "pass-first",
    }
    return render(request, "subsidies/review_queue.html", context)


@require_GET
def claim_detail(request: "Request", claim_id: int) -> HttpResponse:
    claim, by = queries.get(request.user, claim_id), request.user
    step = {rules.State.FILED: Permission.CLAIM_REVIEW, rules.State.FIRST: Permission.CLAIM_SECOND_REVIEW}
    wanted = step.get(rules.State(claim.state))
    amount_fen, _working = queries.replayed(claim)
    facts, terms = rules.Facts.one(**claim.facts), rules.Terms.one(**claim.terms)
    context: dict[str, Any] = {
        "claim": claim,
        "grounds": [(one, one.message(0), bool(one.holds[0])) for one in rules.grounds(facts, terms)],
        "agrees": amount_fen == claim.amount_fen,
        "entries": timeline(claim),
        "objections": queries.objections_of(claim.pk) if by.role != "worker" else [],
        "may_decide": wanted is not None and holds(by, wanted),
        "pass_move": "pass-first" if claim.state == rules.State.FILED else "pass-second",
        "may_refile": claim.state == rules.State.RETURNED and holds(by, Permission.CLAIM_FILE),
        "may_correct": claim.state == rules.State.FAILED,
        "why_form": WhyForm(),
    }
    return render(request, "subsidies/claim_detail.html", context)


@require_POST
def review(request: "Request", claim_id: int) -> HttpResponse:
    why = request.POST.get("why", "")
    actions.review_claim(
        by=request.user, claim_id=claim_id, move=request.POST.get("move", ""), why=why, now=timezone.now()
    )
    return redirect("subsidies:claim_detail", claim_id)


@require_POST
def review_many(request: "Request") -> HttpResponse:
    """Pass the ticked claims; each is a deed of its own, and those that cannot pass are told."""
    passed = 0
    for pk in request.POST.getlist("claim"):
        try:
            actions.review_claim(
                by=request.user, claim_id=int(pk), move=request.POST.get("move", ""), now=timezone.now()
            )
            passed += 1
        except Refused as refusal:
            messages.error(request, f"#{pk}: {refusal.reasons[0]}")
    messages.success(request, _("%(count)s claims passed.") % {"count": passed})
    return redirect("subsidies:review_queue")


@require_GET
def class_claims(request: "Request", class_id: int) -> HttpResponse:
    """Who of a class is due what, and why others are not."""
    klass = classes.get(request.user, class_id)
    have = queries.of_class(class_id)
    people = [one for one in classes.roster(class_id) if one.pk not in have]
    context = {
        "klass": klass,
        "claims": have.values(),
        "rows": queries.reasons_by_enrolment(klass, people, timezone.localdate()),
        "may_file": holds(request.user, Permission.CLAIM_FILE),
    }
    return render(request, "subsidies/class_claims.html", context)


@require_POST
def file_class(request: "Request", class_id: int) -> HttpResponse:
    claims, against = actions.file_class_claims(by=request.user, class_id=class_id, now=timezone.now())
    told = _("%(count)s claims filed, %(others)s trainees are not due a subsidy.")
    messages.success(request, told % {"count": len(claims), "others": len(against)})
    return redirect("subsidies:class_claims", class_id)


@require_POST
def refile(request: "Request", claim_id: int) -> HttpResponse:
    actions.refile(by=request.user, claim_id=claim_id, now=timezone.now())
    return redirect("subsidies:claim_detail", claim_id)


@require_POST
def correct(request: "Request", claim_id: int) -> HttpResponse:
    bank, account = request.POST.get("bank", "")[:32], request.POST.get("bank_account", "")
    actions.correct_account(by=request.user, claim_id=claim_id, bank=bank, bank_account=account, now=timezone.now())
    return redirect("subsidies:claim_detail", claim_id)


@require_POST
def publish(request: "Request") -> HttpResponse:
    notice = actions.publish_claims(by=request.user, now=timezone.now())
    return redirect("portal:publicity", notice.pk)


@require_POST
def settle(request: "Request", objection_id: int) -> HttpResponse:
    actions.settle_objection(
        by=request.user,
        objection_id=objection_id,
        upheld=request.POST.get("upheld") == "1",
        finding=request.POST.get("finding", ""),
        now=timezone.now(),
    )
    return redirect("subsidies:review_queue")


@require_GET
def to_pay(request: "Request") -> HttpResponse:
    """Approved claims of the county, to be put into a batch."""
    claims = queries.to_pay(request.user.region_code)
    total = sum(one.amount_fen for one in claims)
    return render(request, "subsidies/to_pay.html", {"claims": claims, "total": total})


@require_POST
def make_batch(request: "Request") -> HttpResponse:
    ids = [int(pk) for pk in request.POST.getlist("claim") if pk.isdigit()]
    batch = actions.make_batch(by=request.user, claim_ids=ids, now=timezone.now())
    return redirect("funds:batch_detail", batch.pk)
