"""Claiming for a whole class: its progress, and what came of each trainee (N12.2)."""

from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from rollbook.accounts.rules import Permission, holds
from rollbook.kernel.messages import _
from rollbook.subsidies import actions, queries, rules
from rollbook.web.actions import note_export
from rollbook.web.exports import workbook
from rollbook.web.words import said

if TYPE_CHECKING:
    from rollbook.web.requests import Request

COLUMNS = (_("Name"), _("Identity number"), _("Claim"), _("Amount, yuan"), _("Not due, and why"))


@require_POST
def file_class(request: "Request", class_id: int) -> HttpResponse:
    one = actions.ask_filing(by=request.user, class_id=class_id, now=timezone.now())
    return redirect("subsidies:filing", one.pk)


@require_GET
def filing_detail(request: "Request", filing_id: int) -> HttpResponse:
    by, one = request.user, queries.filing(request.user, filing_id)
    rows = queries.outcomes(one)
    if request.GET.get("export"):
        note_export(by=by, source="filing", query=f"filing={one.pk}", rows=len(rows), now=timezone.now())
        cells = [
            (
                row.enrolment.person.name, row.enrolment.person.id_masked, row.claim_id or None,
                row.amount_fen / 100 if row.claim_id else None, "; ".join(said(message) for message in row.against),
            )
            for row in rows
        ]  # fmt: skip
        return workbook(COLUMNS, cells, gettext("Claims of the class"))
    filed = [row for row in rows if row.claim_id]
    is_cut_off = rules.is_cut_off(one.state, one.seen_at, timezone.now())
    context = {
        "one": one,
        "is_open": one.state in rules.OPEN and not is_cut_off,
        "may_go_on": (is_cut_off or one.state == rules.FilingState.FAILED) and holds(by, Permission.CLAIM_FILE),
        "percent": len(rows) * 100 // one.total,
        "rows": rows,
        "filed": filed,
        "not_filed": [row for row in rows if not row.claim_id],
        "sum_fen": sum(row.amount_fen for row in filed),
    }
    return render(request, "subsidies/filing_detail.html" + ("#progress" if request.htmx else ""), context)


@require_POST
def go_on(request: "Request", filing_id: int) -> HttpResponse:
    actions.go_on_filing(by=request.user, filing_id=filing_id, now=timezone.now())
    return redirect("subsidies:filing", filing_id)
