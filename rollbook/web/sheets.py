"""Tables in: Excel and CSV files from people whom we do not know, read with every error at once."""

import csv
import hashlib
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Any

from django.utils.timezone import localdate
from openpyxl import Workbook, load_workbook
from openpyxl.styles import PatternFill
from openpyxl.utils import get_column_letter
from python_calamine import CalamineError, CalamineWorkbook

from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import Refused, reason, refuse_if
from rollbook.web.exports import safe

MOST_BYTES = 20 * 2**20  # of the file as sent
MOST_UNPACKED = 200 * 2**20  # of what its archive holds
MOST_RATIO = 200  # unpacked to packed, of any part above a megabyte
TOLD_EVERY = 250  # rows, of a file that is being taken in


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a file: `parse` gives the value, or raises ValueError with a Message."""

    key: str
    header: str  # as in the template
    aliases: tuple[str, ...] = ()
    required: bool = False
    parse: Callable[[str], Any] = str
    example: str = ""


@dataclass(frozen=True, slots=True)
class Wrong:
    """A cell that cannot be taken: where it is, and how to mend it."""

    row: int  # as the spreadsheet numbers it: the header is row 1
    column: str
    message: Message


@dataclass(slots=True)
class Sheet:
    columns: Sequence[Column]
    digest: str  # SHA-256 of the file: the same file twice is recognised
    rows: list[dict[str, Any]] = field(default_factory=list)  # parsed; "row" is its number
    cells: list[list[str]] = field(default_factory=list)
    wrong: list[Wrong] = field(default_factory=list)

    def mark(self, row: int, column: str, message: Message) -> None:
        self.wrong.append(Wrong(row, column, message))


@dataclass(slots=True)
class Book:
    """Several tables of one file, each on a sheet of its own."""

    sheets: Mapping[str, Sheet]

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [row for sheet in self.sheets.values() for row in sheet.rows]

    @property
    def wrong(self) -> list[Wrong]:
        """Every wrong cell, sheet by sheet; its column names the sheet as well."""
        return [
            Wrong(one.row, f"{title} · {one.column}", one.message)
            for title, sheet in self.sheets.items()
            for one in sorted(sheet.wrong, key=lambda one: one.row)
        ]


def read_book(content: bytes, tables: Mapping[str, Sequence[Column]], *, max_rows: int = 5000) -> Book:
    """Read an Excel file that has a sheet for each of these titles; a sheet may be without rows."""
    if len(content) > MOST_BYTES or not content.startswith(b"PK"):
        _table(content, max_rows)  # says what is wrong with it
        raise Refused(reason("unreadable", _("This is not an Excel file (.xlsx) that can be read.")))
    titles = _titles(content)
    text = _("The sheet “{name}” is missing; take the template.")
    refuse_if(reason("sheet-missing", text, name=title) for title in tables if title not in titles)
    return Book(
        {
            title: _sheet(_excel(content, max_rows, title), columns, content, max_rows)
            for title, columns in tables.items()
        }
    )


def read(content: bytes, columns: Sequence[Column], *, max_rows: int = 5000) -> Sheet:
    """Read a file. Raises Refused where it cannot be read as a table at all; each wrong cell of
    a readable table is in `wrong`."""
    sheet = _sheet(_table(content, max_rows), columns, content, max_rows)
    if not sheet.rows:
        raise Refused(reason("no-rows", _("The file has a header but no rows.")))
    return sheet


def _sheet(table: list[list[str]], columns: Sequence[Column], content: bytes, max_rows: int) -> Sheet:
    sheet = Sheet(columns, hashlib.sha256(content).hexdigest())
    if not table:
        raise Refused(reason("empty-file", _("The file is empty; fill in the template.")))
    positions = _positions([cell.strip() for cell in table[0]], columns)
    rows = [row for row in enumerate(table[1:], 2) if any(cell.strip() for cell in row[1])]
    if len(rows) > max_rows:
        text = _("The file has {rows} rows; at most {most} can be taken at once. Split it.")
        raise Refused(reason("too-many-rows", text, rows=len(rows), most=max_rows))
    for number, cells in rows:
        parsed: dict[str, Any] = {"row": number}
        texts = []
        for column in columns:
            place = positions.get(column.key)
            text = cells[place].strip() if place is not None and place < len(cells) else ""
            texts.append(text)
            parsed[column.key] = _parsed(sheet, number, column, text)
        sheet.rows.append(parsed)
        sheet.cells.append(texts)
    return sheet


_told: ContextVar[Callable[[int], None] | None] = ContextVar("told", default=None)


@contextmanager
def telling(how: Callable[[int], None]) -> Iterator[None]:
    """Within, whoever takes a file in tells how many of its rows are through."""
    before = _told.set(how)
    try:
        yield
    finally:
        _told.reset(before)


def tell(done: int) -> None:
    """So many rows are through: now and then, to whoever waits outside."""
    if (how := _told.get()) and done % TOLD_EVERY == 0:
        how(done)


def refuse_wrong(sheet: Sheet) -> None:
    """Refuse a file with wrong cells, telling the first hundred by row and column."""
    refuse_if(
        reason("wrong-cell", _("Row {row}, {column}: {error}"), row=one.row, column=one.column, error=str(one.message))
        for one in sheet.wrong[:100]
    )


def refuse_taken(taken_at: datetime | None) -> None:
    """Refuse a file that was taken before, byte for byte: sent twice by mistake, or going back in the browser."""
    if taken_at is not None:
        text = _("This very file was taken on {day}; there is nothing to do.")
        raise Refused(reason("same-file", text, day=localdate(taken_at)))


def template(columns: Sequence[Column]) -> bytes:
    """An empty file with the header and one example row."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.append([column.header for column in columns])
    sheet.append([column.example for column in columns])
    for n in range(1, len(columns) + 1):  # as text, or a spreadsheet rounds the 18 digits of an identity number
        sheet.column_dimensions[get_column_letter(n)].number_format = "@"
        sheet.column_dimensions[get_column_letter(n)].width = 18
        for row in (1, 2):
            sheet.cell(row, n).number_format = "@"
    return _saved(book)


def marked(sheet: Sheet | Book) -> bytes:
    """The file as it was read, wrong cells coloured, with a sentence at the end of each row."""
    book = Workbook()
    if isinstance(sheet, Sheet):
        _mark(sheet, book.worksheets[0])
    else:
        book.remove(book.worksheets[0])
        for title, one in sheet.sheets.items():
            _mark(one, book.create_sheet(title))
    return _saved(book)


def _mark(sheet: Sheet, out: Any) -> None:
    from rollbook.web.words import said

    out.append([*(column.header for column in sheet.columns), "错误 Errors"])
    places = {column.header: n + 1 for n, column in enumerate(sheet.columns)}
    by_row: dict[int, list[Wrong]] = {}
    for one in sheet.wrong:
        by_row.setdefault(one.row, []).append(one)
    red = PatternFill("solid", fgColor="FBE6E6")
    for at, (row, cells) in enumerate(zip(sheet.rows, sheet.cells, strict=True), 2):
        errors = by_row.get(row["row"], [])
        told = "；".join(f"{one.column}：{said(one.message)}" for one in errors)
        out.append([*(safe(cell) for cell in cells), told])
        for one in errors:
            if one.column in places:
                out.cell(at, places[one.column]).fill = red


def _saved(book: Workbook) -> bytes:
    content = BytesIO()
    book.save(content)
    return content.getvalue()


def _parsed(sheet: Sheet, number: int, column: Column, text: str) -> Any:
    if not text:
        if column.required:
            sheet.mark(number, column.header, reason("missing", _("This must be filled in.")))
        return ""
    if text.startswith(("=", "@")):
        sheet.mark(number, column.header, reason("formula", _("A formula is not taken; enter the value.")))
        return ""
    try:
        return column.parse(text)
    except ValueError as error:
        told = error.args[0]
        if not isinstance(told, Message):
            told = reason("bad-value", _("“{text}” cannot be read here."), text=text[:40])
        sheet.mark(number, column.header, told)
        return ""


def _positions(header: list[str], columns: Sequence[Column]) -> dict[str, int]:
    """Where each column stands. All that is wrong with the header is told at once."""
    found: dict[str, int] = {}
    reasons = []
    for column in columns:
        names = {column.header, *column.aliases}
        places = [n for n, name in enumerate(header) if name in names]
        if len(places) > 1:
            text = _("Column “{name}” stands there {count} times.")
            reasons.append(reason("column-twice", text, name=column.header, count=len(places)))
        if places:
            found[column.key] = places[0]
        elif column.required:
            text = _("Column “{name}” is missing; take the template.")
            reasons.append(reason("column-missing", text, name=column.header))
    if reasons:
        raise Refused(*reasons)
    return found


def _table(content: bytes, max_rows: int) -> list[list[str]]:
    if len(content) > MOST_BYTES:
        text = _("The file has {size} MB; at most {most} MB can be taken.")
        size, most = len(content) // 2**20, MOST_BYTES // 2**20
        raise Refused(reason("file-too-large", text, size=size, most=most))
    if content.startswith(b"PK"):
        return _excel(content, max_rows)
    return _csv(content)


def _titles(content: bytes) -> list[str]:
    try:
        return CalamineWorkbook.from_filelike(BytesIO(content)).sheet_names
    except (CalamineError, ValueError, KeyError, OSError, SyntaxError, zipfile.BadZipFile):
        raise Refused(reason("unreadable", _("This is not an Excel file (.xlsx) that can be read."))) from None


def _excel(content: bytes, max_rows: int, title: str = "") -> list[list[str]]:
    """A sheet, the first where none is named, as texts; a formula stands as it is written, so that its cell can be refused."""
    unreadable = reason("unreadable", _("This is not an Excel file (.xlsx) that can be read."))
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            parts = archive.infolist()
    except zipfile.BadZipFile:
        raise Refused(unreadable) from None
    bomb = sum(part.file_size for part in parts) > MOST_UNPACKED or any(
        part.file_size > 2**20 and part.file_size > MOST_RATIO * max(part.compress_size, 1) for part in parts
    )
    if bomb or len(parts) > 1000:
        raise Refused(reason("bomb", _("The file unpacks to far more than it should.")))
    if any("vbaProject" in part.filename for part in parts):
        raise Refused(reason("macros", _("A file with macros is not taken; save it as .xlsx.")))
    if any("externalLinks/" in part.filename for part in parts):
        raise Refused(reason("external-links", _("The file refers to other files; save it with values only.")))
    if _holds(content, (b"<!DOCTYPE", b"<!doctype"), (".xml", ".rels")):
        raise Refused(reason("entities", _("The file declares entities of its own; save it anew from Excel.")))
    try:
        book = CalamineWorkbook.from_filelike(BytesIO(content))
        sheet = book.get_sheet_by_name(title) if title else book.get_sheet_by_index(0)
        formulas = _formulas(content, max_rows + 1000, title)
    except (CalamineError, ValueError, IndexError, KeyError, OSError, SyntaxError, zipfile.BadZipFile):
        raise Refused(unreadable) from None
    if sheet.merged_cell_ranges:
        text = _("The sheet has merged cells ({count}); unmerge them, one value a cell.")
        raise Refused(reason("merged-cells", text, count=len(sheet.merged_cell_ranges)))
    rows = sheet.to_python(skip_empty_area=False, nrows=max_rows + 1000)
    return [[formulas.get((n, m)) or _text(cell) for m, cell in enumerate(row)] for n, row in enumerate(rows)]


def _holds(content: bytes, marks: Sequence[bytes], parts: tuple[str, ...]) -> bool:
    """Whether any of the archive's parts that end so, or begin so, holds one of the marks, in UTF-8 or UTF-16."""
    with zipfile.ZipFile(BytesIO(content)) as archive:
        for part in archive.infolist():
            if part.filename.startswith(parts) or part.filename.endswith(parts):
                with archive.open(part) as file:
                    tail = b""
                    while chunk := file.read(2**20):
                        text = tail + chunk.replace(b"\0", b"")
                        if any(mark in text for mark in marks):
                            return True
                        tail = text[-16:]
    return False


def _formulas(content: bytes, max_row: int, title: str = "") -> dict[tuple[int, int], str]:
    """The formulas of a sheet by row and column from 0; the reader gives only their results."""
    if not _holds(content, (b"<f>", b"<f ", b":f>"), ("xl/worksheets/",)):
        return {}
    book = load_workbook(BytesIO(content), read_only=True)
    try:
        return {
            ((cell.row or 1) - 1, (cell.column or 1) - 1): str(cell.value)
            for row in (book[title] if title else book.worksheets[0]).iter_rows(max_row=max_row)
            for cell in row
            if cell.data_type == "f"
        }
    finally:
        book.close()


def _csv(content: bytes) -> list[list[str]]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        try:
            return list(csv.reader(StringIO(text), strict=True))
        except csv.Error:
            break
    raise Refused(reason("unreadable-csv", _("Neither an Excel file nor a CSV in UTF-8 or GB18030.")))


def _text(cell: Any) -> str:
    """A cell as it was meant: 12.0 is 12, a moment is its ISO form, a long number has the digits that are shown."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(Decimal(repr(cell))))
    return cell.isoformat() if hasattr(cell, "isoformat") else str(cell)
