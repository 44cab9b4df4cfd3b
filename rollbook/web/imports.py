"""What a person sees whose file cannot be taken: every wrong cell, and the same file with them marked."""

from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.shortcuts import render

from rollbook.web import sheets
from rollbook.web.exports import EXCEL
from rollbook.web.forms import FileForm

if TYPE_CHECKING:
    from rollbook.web.requests import Request


def wrong_cells(request: "Request", sheet: sheets.Sheet, *, subject: object, back: str) -> HttpResponse | None:
    """The answer to a file with wrong cells, or with `marked` sent along that file; None for a file in order.

    `subject` is what the file was for, `back` the address of its page.
    """
    if request.POST.get("marked"):
        response = HttpResponse(sheets.marked(sheet), content_type=EXCEL)
        response["Content-Disposition"] = 'attachment; filename="marked.xlsx"'
        return response
    if not sheet.wrong:
        return None
    context = {"sheet": sheet, "subject": subject, "back": back, "form": FileForm()}
    return render(request, "web/wrong_cells.html", context, status=422)
