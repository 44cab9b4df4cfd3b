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
from rollbook.journal.queries import timeline
from rollbook.kernel.messages import _
from rollbook.regions.queries import choices as regions
from rollbook.regions.queries import name_of
from rollbook.risk import actions, forms, queries, rules
from rollbook.risk.detectors import DETECTORS
from rollbook.risk.rules import Move, State
from rollbook.risk.rules.alerts import RANK_LABELS
from rollbook.risk.views import pictures
from rollbook.subsidies import queries as subsidies
from rollbook.web.exports import Table
from rollbook.web.forms import WhyForm, sent
from rollbook.web.lists import Filter, listing, narrowed
from rollbook.web.views import exported

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from rollbook.risk.models import Alert
    from rollbook.web.requests import Request

SHOWN = 50  # open alerts about one class
SEARCH = ("title", "institution__name", "training_class__number")
HEADS = ("Alert", "Kind of deceit", "Severity", "At stake", "Region", "First found", "State")
SORTS = {"money": "-amount_fen", "age": "first_found_at", "score": "-score"}
RANKS = [(str(rank), label) for rank, label in sorted(RANK_LABELS.items(), reverse=True) if rank]


def _filters(request: "Request") -> list[Filter]:
    return [
        Filter("state", "State", State.choices()),
        Filter("severity", "Severity", RANKS),
        Filter("scheme", "Kind of deceit", rules.Scheme.choices()),
        Filter("region_code", "Region", regions(request.user.region_code)),
        Filter(
            "detector", "Detector", [(c, f"{c} {gettext(d.title)}") for c, d in DETECTORS.items()], "findings__detector"
        ),
    ]


def alert_table(request: "Request") -> Table:
    found = narrowed(request, queries.queue(request.user), filters=_filters(request), search=SEARCH, sorts=SORTS)
    return Table("alerts", HEADS, found, _row)


def _row(one: "Alert") -> tuple[object, ...]:
    return (
        one.title, gettext(one.get_scheme_display()), gettext(RANK_LABELS[one.severity]), one.amount_fen / 100,
        name_of(one.region_code), timezone.localdate(one.first_found_at).isoformat(), gettext(one.get_state_display()),
    )  # fmt: skip


@require_GET
def alert_list(request: "Request") -> HttpResponse:
    """The queue: by severity, money and grounds, of equals the oldest; not closed, unless others are asked for."""
    by = request.user
    admit(by, *queries.READERS, Permission.ALERT_ANSWER)
    if request.GET.get("export"):
        return exported(request, "alerts", alert_table(request))
    found = queries.queue(by)
    if not request.GET.get("state"):
        found = found.exclude(state=State.CLOSED)
    shown = listing(
        request, found.select_related(None), filters=_filters(request), search=SEARCH, sorts=SORTS, exports=True,
        hint=gettext("Name, institution or class number"),
    )  # fmt: skip
    return render(request, "risk/alert_list.html", {"listing": shown, "ranks": RANK_LABELS, "now": timezone.now()})


@require_GET
def alert_detail(request: "Request", alert_id: int) -> HttpResponse:
    by = request.user
    alert = queries.get(by, alert_id)
    found = queries.findings_of(alert)
    names = queries.names_in(row for finding in found for row in finding.rows)
    moves = rules.LIFECYCLE.moves_from(State(alert.state))
    official = by.institution_id is None
    drawn = pictures.of_alert(by, alert, found, names) if official else []
    precision = queries.precision_of(by, [one.detector for one in found]) if official else {}
    offered = list(dict.fromkeys(excuse for one in found for excuse in DETECTORS[one.detector].excuses))
    context = {
        "alert": alert,
        "grounds": [
            (finding, DETECTORS[finding.detector], queries.ground(finding), queries.evidence(finding, names), precision.get(finding.detector))
            for finding in found
        ],
        "rank": RANK_LABELS[alert.severity],
        "claims": sorted(
            {hit.subject_id for one in found for hit in one.hits.all() if hit.subject == rules.Subject.CLAIM}
        )[:40],
        "explanations": queries.explanations_of(alert),
        "related": queries.related(by, alert)[:10] if official else [],
        "pictures": drawn,
        "data": [{k: v for k, v in one.items() if k not in ("heads", "table")} for one in drawn],
        "entries": timeline(alert) if official else [],
        "may_settle": official and Move.SETTLE in moves and holds(by, Permission.ALERT_SETTLE),
        "may_ask": official and Move.ASK in moves and holds(by, Permission.ALERT_SETTLE)
        and alert.institution_id is not None and alert.scheme not in rules.NOT_TOLD,
        "may_explain": Move.ANSWER in moves and holds(by, Permission.ALERT_ANSWER),
        "may_close": Move.CLOSE in moves and holds(by, Permission.ALERT_CONFIRM) and alert.proposed_by_id != by.pk,
        "is_own": alert.state == State.PROPOSED and alert.proposed_by_id == by.pk,
        "second": rules.needs_second(alert.severity, alert.amount_fen),
        "excuses": [*offered, *(one for one in rules.Excuse if one not in offered)],
        "consequences": list(rules.Consequence),
        "chosen": [rules.Consequence(one).label for one in alert.consequences],
        "explain_form": forms.ExplainForm(),
        "official": official,
        "beside": queries.beside(by, alert) if official else (None, None),
    }  # fmt: skip
    return render(request, "risk/alert_detail.html", context)


@require_GET
def about_class(request: "Request", class_id: int) -> HttpResponse:
    """What is not decided about a class, for its own page and as a page."""
    by = request.user
    admit(by, *queries.READERS)
    klass = classes.get(by, class_id)
    return _about(
        request, queries.about_class(by, class_id), str(klass), reverse("classes:class_detail", args=[class_id])
    )


@require_GET
def about_claim(request: "Request", claim_id: int) -> HttpResponse:
    """What is not decided about a claim, its trainee, or the class as a whole."""
    by = request.user
    admit(by, *queries.READERS)
    claim = subsidies.get(by, claim_id)
    found = queries.about_claim(by, claim_id, claim.enrolment_id, claim.enrolment.training_class_id)
    return _about(request, found, str(claim.person), reverse("subsidies:claim_detail", args=[claim_id]))


def _about(request: "Request", found: "QuerySet[Alert]", title: str, address: str) -> HttpResponse:
    context = {"alerts": found[:SHOWN], "title": title, "address": address}
    return render(request, "risk/about.html" + ("#rows" if request.htmx else ""), context)


@require_POST
def ask(request: "Request", alert_id: int) -> HttpResponse:
    actions.ask(by=request.user, alert_id=alert_id, now=timezone.now())
    messages.success(request, gettext(_("The institution sees the alert now and was asked to explain.")))
    return redirect("risk:alert_detail", alert_id)


@require_POST
def explain(request: "Request", alert_id: int) -> HttpResponse:
    data = sent(request, forms.ExplainForm).cleaned_data
    actions.explain(by=request.user, alert_id=alert_id, text=data["text"], now=timezone.now())
    messages.success(request, gettext(_("Your explanation was sent.")))
    return redirect("risk:alert_detail", alert_id)


@require_POST
def settle(request: "Request", alert_id: int) -> HttpResponse:
    data = sent(request, forms.SettleForm).cleaned_data
    one = actions.settle(
        by=request.user, alert_id=alert_id, true_codes=request.POST.getlist("true_codes"), excuse=data["excuse"],
        finding=data["finding"], consequences=data["consequences"], now=timezone.now(),
        cleared=[int(one) for one in request.POST.getlist("cleared") if one.isdigit()],
    )  # fmt: skip
    closed = one.state == State.CLOSED
    text = _("The alert is closed.") if closed else _("Settled. Another officer must confirm before it is closed.")
    messages.success(request, gettext(text))
    return redirect("risk:alert_detail", alert_id)


@require_POST
def close(request: "Request", alert_id: int) -> HttpResponse:
    actions.close(by=request.user, alert_id=alert_id, now=timezone.now())
    messages.success(request, gettext(_("The alert is closed.")))
    return redirect("risk:alert_detail", alert_id)


@require_POST
def send_back(request: "Request", alert_id: int) -> HttpResponse:
    data = sent(request, WhyForm).cleaned_data
    actions.send_back(by=request.user, alert_id=alert_id, why=data["why"], now=timezone.now())
    messages.success(request, gettext(_("The alert is open again.")))
    return redirect("risk:alert_detail", alert_id)
