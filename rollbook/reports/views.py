from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from rollbook.accounts import actions as account_actions
from rollbook.accounts.rules import Permission, Role, admit, holds
from rollbook.journal import queries as journal
from rollbook.journal.rules import LABELS, label_of
from rollbook.kernel.messages import _
from rollbook.kernel.reasons import Forbidden
from rollbook.regions import queries as regions
from rollbook.reports import queries
from rollbook.web.exports import Table, workbook
from rollbook.web.lists import Filter, listing, narrowed
from rollbook.web.views import exported
from rollbook.web.words import about

if TYPE_CHECKING:
    from rollbook.journal.models import Entry
    from rollbook.web.requests import Request


@require_GET
def workbench(request: "Request") -> HttpResponse:
    """What waits for me, then what changed around me, then figures that lead somewhere."""
    by, today = request.user, timezone.localdate()
    calendar = regions.working_days()
    todos = [
        (one, address(one), calendar.between(today, one.due_on) if one.due_on else None)
        for one in queries.todos(by)[:60]
    ]
    recent = list(journal.visible_to(by)[:12])
    for entry in recent:
        entry.label = label_of(entry.kind)  # type: ignore[attr-defined]
    context = {"todos": todos, "recent": recent, "tiles": queries.tiles(by), "today": today}
    return render(request, "reports/workbench.html", context)


def address(todo: queries.Todo) -> str:
    if todo.pk is not None:
        return reverse(todo.url_name, args=[todo.pk])
    return reverse(todo.url_name, query={"q": todo.search})


@require_GET
def statistics(request: "Request") -> HttpResponse:
    by = request.user
    if not holds(by, Permission.STATISTICS_READ):
        raise Forbidden("statistics.read")
    text = request.GET.get("year", "")
    year = int(text) if text.isdigit() and len(text) == 4 else timezone.localdate().year
    rows = queries.by_region(by, year)
    if request.GET.get("export"):
        table = (
            (row["name"], row["classes"], row["people"], row["ended"], row["claims"], row["fen"] / 100) for row in rows
        )
        heads = ("Region", "Classes", "People", "Ended", "Claims paid", "Money")
        return workbook(heads, table, f"statistics {year}")
    months, occupations = queries.by_month(by, year), queries.by_occupation(by, year)
    context = {
        "year": year,
        "years": range(timezone.localdate().year - 4, timezone.localdate().year + 1),
        "rows": rows,
        "months": months,
        "occupations": occupations,
        "charts": {
            "months": {"x": [m["month"] for m in months], "y": [m["classes"] for m in months]},
            "money": {"x": [m["month"] for m in months], "y": [m["fen"] / 100 for m in months]},
            "regions": {"x": [r["name"] for r in rows[:20]], "y": [r["people"] for r in rows[:20]]},
            "occupations": {"x": [r["occupation__name"] for r in occupations], "y": [r["people"] for r in occupations]},
        },
    }
    return render(request, "reports/statistics.html", context)


JOURNAL_SORTS = {"at": "at"}
SUBJECTS = [
    ("accounts.Account:", _("Account")),
    ("accounts.ApiToken:", _("API key")),
    ("persons.Person:", _("Person")),
    ("directory.", _("Demand directory")),
    ("institutions.", _("Institution")),
    ("classes.", _("Class")),
    ("assessment.", _("Assessment")),
    ("certificates.", _("Certificate")),
    ("subsidies.", _("Claim")),
    ("funds.", _("Payment")),
]


JOURNAL_SEARCH = ("title", "subject", "by__name", "by__username")
JOURNAL_COLUMNS = ("Time", "Account", "Kind", "Number", "Subject", "Region", "Data")


def _journal_filters(request: "Request") -> list[Filter]:
    return [
        Filter("kind", "Kind", list(LABELS.items())),
        Filter("about", "Subject", SUBJECTS, lookup="subject__startswith"),
        Filter("region_code", "Region", regions.choices(request.user.region_code)),
        Filter("account", _("User name"), [], lookup="by__username", kind="text"),
        Filter("since", _("From"), [], lookup="at__date__gte", kind="date"),
        Filter("until", _("To"), [], lookup="at__date__lte", kind="date"),
    ]


def journal_table(request: "Request") -> Table:
    admit(request.user, Permission.JOURNAL_READ)
    found = journal.visible_to(request.user)
    found = narrowed(request, found, filters=_journal_filters(request), search=JOURNAL_SEARCH, sorts=JOURNAL_SORTS)
    return Table("journal", JOURNAL_COLUMNS, found, _journal_row)


def _journal_row(r: "Entry") -> tuple[object, ...]:
    return (
        f"{timezone.localtime(r.at):%Y-%m-%d %H:%M:%S}",
        str(r.by or ""),
        gettext(label_of(r.kind)),
        r.subject,
        about(r.title),
        regions.name_of(r.region_code) if r.region_code else "",
        "; ".join(f"{gettext(name)}: {about(value)}" for name, value in journal.facts(r)),
    )


@require_GET
def journal_list(request: "Request") -> HttpResponse:
    """The journal, as far as the account may read it (N14.1)."""
    admit(request.user, Permission.JOURNAL_READ)
    if request.GET.get("export"):
        return exported(request, "journal", journal_table(request))
    found, filters = journal.visible_to(request.user), _journal_filters(request)
    shown = listing(request, found, filters=filters, search=JOURNAL_SEARCH, sorts=JOURNAL_SORTS, exports=True)
    for entry in shown.rows:
        entry.label, entry.facts = label_of(entry.kind), list(journal.facts(entry))
    watches = request.user.role in (Role.AUDITOR, Role.AUDIT_ADMINISTRATOR)
    context = {"listing": shown, "watches": watches, "verified": journal.last_verified() if watches else None}
    return render(request, "reports/journal.html", context)


@require_POST
def verify_journal(request: "Request") -> HttpResponse:
    """Have the journal compared with its seals."""
    account_actions.ask_to_verify_journal(by=request.user, now=timezone.now())
    messages.success(request, gettext("The journal is being compared with its seals; the result stands here."))
    return redirect("reports:journal")
