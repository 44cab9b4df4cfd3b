"""What a person sees whose file cannot be taken: every wrong cell, and the same file with them marked."""

import base64
from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language, gettext

from rollbook.kernel.messages import _
from rollbook.kernel.reasons import Refused, reason
from rollbook.web import actions, rules, sheets
from rollbook.web.exports import EXCEL
from rollbook.web.forms import FileForm, sent

if TYPE_CHECKING:
    from rollbook.web.requests import Request

SHOWN = 50  # rows of a file that are shown before it is confirmed
MOST_KEPT = 2**20  # bytes of a file that its page of wrong cells carries along


def sent_file(request: "Request") -> bytes:
    """The file that was chosen, or the copy of it that the page of its wrong cells carries."""
    if kept := request.POST.get("kept"):
        try:
            return base64.b64decode(kept, validate=True)
        except ValueError:
            raise Refused(reason("unreadable", _("This is not an Excel file (.xlsx) that can be read."))) from None
    content: bytes = sent(request, FileForm).cleaned_data["file"].read()
    return content


def wrong_cells(
    request: "Request", sheet: sheets.Sheet | sheets.Book, content: bytes, *, subject: object, back: str
) -> HttpResponse | None:
    """The answer to a file with wrong cells, or with `marked` sent along that file; None for a file in order.

    `content` is the file as it was sent, `subject` what it was for, `back` the address of its page.
    """
    if request.POST.get("marked"):
        response = HttpResponse(sheets.marked(sheet), content_type=EXCEL)
        response["Content-Disposition"] = 'attachment; filename="marked.xlsx"'
        return response
    if not sheet.wrong:
        return None
    if isinstance(sheet, sheets.Sheet):
        sheet.wrong.sort(key=lambda one: one.row)
    context = {
        "sheet": sheet,
        "rows_wrong": len({one.row for one in sheet.wrong}),
        "kept": base64.b64encode(content).decode() if len(content) <= MOST_KEPT else "",
        "subject": subject,
        "back": back,
        "form": FileForm(),
    }
    return render(request, "web/wrong_cells.html", context, status=422)


def in_background(
    request: "Request", source: str, sheet: sheets.Sheet, content: bytes, *, back: str, **args: int
) -> HttpResponse | None:
    """The answer to a file in order that is too long to be taken in while its sender waits: a job, with its progress under
    "My jobs"; None for a short one. `source` is its name in settings.IMPORTS, `args` what its deed is told."""
    if len(sheet.rows) <= rules.TAKEN_AT_ONCE:
        return None
    actions.start_import(
        by=request.user, source=source, args=args, content=content, rows=len(sheet.rows), back=back,
        language=get_language() or "en", now=timezone.now(),
    )  # fmt: skip
    messages.success(request, gettext("The file is long: it is being taken in. You may leave this page."))
    return redirect("web:job_list")


def _masked(sheet: sheets.Sheet, row: list[str]) -> list[str]:
    """A row as a page shows it: an identity number with its first six and last two characters."""
    return [
        f"{cell[:6]}{'*' * (len(cell) - 8)}{cell[-2:]}" if column.key == "number" and len(cell) > 8 else cell
        for column, cell in zip(sheet.columns, row, strict=True)
    ]


def to_confirm(
    request: "Request", sheet: sheets.Sheet, content: bytes, *, subject: object, back: str
) -> HttpResponse | None:
    """The answer to a file in order that was not confirmed yet: what would be written; None once it is confirmed."""
    if request.POST.get("confirmed"):
        return None
    context = {
        "sheet": sheet,
        "rows": [_masked(sheet, row) for row in sheet.cells[:SHOWN]],
        "more": max(0, len(sheet.cells) - SHOWN),
        "kept": base64.b64encode(content).decode() if len(content) <= MOST_KEPT else "",
        "subject": subject,
        "back": back,
        "form": FileForm(),
    }
    return render(request, "web/to_confirm.html", context)
