"""Tables out: Excel files that cannot carry a formula."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from django.http import HttpResponse
from django.utils.translation import gettext
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

if TYPE_CHECKING:
    from django.db.models import QuerySet

EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
GATHERED = 500
STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Table:
    """A list as a file: which rows, and what of each. Identity numbers and accounts are masked in it as on the page."""

    name: str
    columns: Sequence[str]
    found: "QuerySet[Any]"
    row: Callable[[Any], Sequence[Any]]
    gather: Callable[[list[Any]], Iterable[Any]] = list  # what `row` wants besides, asked for many at once

    def rows(self) -> Iterator[Sequence[Any]]:
        """Every row; what is gathered takes its queries once for so many."""
        found = self.found.iterator(chunk_size=GATHERED)
        while some := list(islice(found, GATHERED)):
            yield from map(self.row, self.gather(some))


def safe(value: Any) -> Any:
    """A cell that a spreadsheet takes as text, whatever somebody typed into a field."""
    if isinstance(value, str) and value.startswith(STARTS_A_FORMULA):
        return "'" + value
    return value


def written(columns: Sequence[str], rows: Iterable[Sequence[Any]], name: str, note: str = "") -> Workbook:
    """An Excel file; the columns' names are translated. `note` says what was filtered, on a sheet of its own."""
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
    return book


def workbook(columns: Sequence[str], rows: Iterable[Sequence[Any]], name: str, note: str = "") -> HttpResponse:
    """The file to download."""
    content = BytesIO()
    written(columns, rows, name, note).save(content)
    return downloaded(content.getvalue(), name)


def downloaded(content: bytes, name: str) -> HttpResponse:
    """An Excel file as an answer, saved under that name."""
    response = HttpResponse(content, content_type=EXCEL)
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}.xlsx"
    return response
