"""Tables out: Excel files that cannot carry a formula."""

from collections.abc import Iterable, Sequence
from io import BytesIO
from typing import Any
from urllib.parse import quote

from django.http import HttpResponse
from django.utils.translation import gettext
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def safe(value: Any) -> Any:
    """A cell that a spreadsheet takes as text, whatever somebody typed into a field."""
    if isinstance(value, str) and value.startswith(STARTS_A_FORMULA):
        return "'" + value
    return value


def workbook(columns: Sequence[str], rows: Iterable[Sequence[Any]], name: str, note: str = "") -> HttpResponse:
    """An Excel file to download; the columns' names are translated. `note` says what was filtered, on a sheet of its own."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(name[:31])
    heads = []
    for column in columns:
        cell = WriteOnlyCell(sheet, gettext(column))
        cell.font = Font(bold=True)
        heads.append(cell)
    sheet.append(heads)
    for row in rows:
        sheet.append([safe(value) for value in row])
    if note:
        book.create_sheet(gettext("Filters")).append([safe(note)])
    content = BytesIO()
    book.save(content)
    response = HttpResponse(content.getvalue(), content_type=EXCEL)
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}.xlsx"
    return response
