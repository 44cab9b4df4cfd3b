"""A policy in words: the cells of its tables for pages, and the whole of it as an Excel file."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from decimal import Decimal, InvalidOperation
from functools import partial
from io import BytesIO
from typing import Any

from django.utils.translation import gettext, override
from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from rollbook.kernel.messages import _
from rollbook.kernel.reasons import reason
from rollbook.subsidies import rules
from rollbook.subsidies.rules import Field, Sort
from rollbook.web import sheets
from rollbook.web.exports import safe

DASHES = {"no-level": "—", "not-subsidised": "/"}  # as documents print them (domain 3.7 B)


@dataclass(frozen=True, slots=True)
class Cell:
    text: str
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A part of a policy as a table of words."""

    part: str
    title: str
    heads: Sequence[Cell]
    rows: Sequence[Sequence[Cell]]


def in_words(field: Field, value: Any, *, is_percent: bool = False) -> str:
    """What stands in a cell, in the reader's language; nothing where nothing is said."""
    if value is None:
        return "–"
    match field.sort:
        case Sort.YUAN:
            return f"{value} %" if is_percent else money(value)
        case Sort.YES:
            return gettext("yes") if value else ""
        case Sort.WORD:
            return gettext(field.label_of(value)) if value != "" or field.name == "category" else ""
        case Sort.WORDS:
            return gettext(", ").join(gettext(field.label_of(one)) for one in value)
        case Sort.NUMBER:
            return str(value) if value > 0 or (value == 0 and field.is_needed) else ""
    return str(value)


def money(amount_fen: int) -> str:
    if not amount_fen:
        return ""
    whole, fen = divmod(amount_fen, 100)
    return f"{whole:,}.{fen:02}" if fen else f"{whole:,}"


def cell(part: str, field: Field, row: Any) -> Cell:
    value, is_number = getattr(row, field.name), field.sort in (Sort.NUMBER, Sort.YUAN)
    if field.name == "amount_fen" and row.standing in DASHES:
        return Cell(DASHES[row.standing], is_number)
    return Cell(in_words(field, value, is_percent=rules.is_percent(part, field, row)), is_number)


def table(part: str, rows: Sequence[Any]) -> Table:
    """The rows of a part with the columns that any of them fills."""
    spoken = {field.name for row in rows for field in rules.told(part, row)}
    columns = [field for field in rules.COLUMNS[part] if field.name in spoken]
    heads = [Cell(gettext(one.label), one.sort in (Sort.NUMBER, Sort.YUAN)) for one in columns]
    return Table(part, gettext(rules.TITLES[part]), heads, [[cell(part, one, row) for one in columns] for row in rows])


def amounts_table(rows: tuple[rules.Amount, ...]) -> Table:
    """The amounts as documents print them: levels side by side."""
    ladders = rules.ladders(rows)
    levels = [one for one in (5, 4, 3, 2, 1, 0, -1) if any(one in ladder.levels for ladder in ladders)]
    spoken = {field.name for ladder in ladders for field in rules.told("amounts", ladder.head)}
    columns = [one for one in rules.COLUMNS["amounts"] if one.name in spoken and one.name != "level"]
    level, fen = (next(one for one in rules.COLUMNS["amounts"] if one.name == name) for name in ("level", "amount_fen"))
    heads = [Cell(gettext(one.label), one.sort in (Sort.NUMBER, Sort.YUAN)) for one in columns]
    if levels in ([0], [-1]):
        heads.append(Cell(gettext(fen.label), is_number=True))
    else:
        heads += [Cell(gettext(level.label_of(one)), is_number=True) for one in levels]
    found = []
    for ladder in ladders:
        line = [cell("amounts", one, ladder.head) for one in columns]
        paid = [ladder.levels.get(one) for one in levels]
        line += [cell("amounts", fen, row) if row else Cell("", is_number=True) for row in paid]
        found.append(line)
    title = rules.TITLES["amounts"]
    return Table("amounts", gettext(title), heads, found)


def tables(policy: rules.Policy) -> list[Table]:
    """Every part that says something, as it is read."""
    found = [amounts_table(policy.amounts)] if policy.amounts else []
    return found + [
        table(part, getattr(policy, part)) for part in rules.PARTS if part != "amounts" and getattr(policy, part)
    ]


def head(policy: rules.Policy) -> list[tuple[str, str]]:
    """The single figures, each with its name; limits that are not set are left out."""
    said = [(gettext(one.label), in_words(one, getattr(policy, one.name))) for one in rules.HEAD]
    limits = [(gettext(one.label), in_words(one, getattr(policy.limits, one.name))) for one in rules.LIMITS]
    return said + [(label, text) for label, text in limits if text]


# The file speaks Chinese, as templates do; words are taken in either language, and as the system keeps them.
YES, NO = {"是", "yes", "1", "true", "√"}, {"否", "no", "0", "false"}
HEAD_COLUMNS = (*rules.HEAD, *rules.LIMITS)


def _chinese(text: str) -> str:
    with override("zh-hans"):
        return gettext(text)


def _columns(part: str, columns: Sequence[Field]) -> list[sheets.Column]:
    needed = {one.name for one in fields(rules.PARTS[part]) if one.default is MISSING} if part in rules.PARTS else set()
    return [
        sheets.Column(
            one.name, _chinese(one.label), (one.label, one.name), required=one.name in needed, parse=partial(_read, one)
        )
        for one in columns
    ]


def _titles() -> dict[str, str]:
    """The title of each sheet by its part."""
    return {part: _chinese(title) for part, title in rules.TITLES.items()}


def _read(field: Field, text: str) -> Any:
    """A cell as it was meant; a ValueError says how to mend it."""
    text = text.strip()
    match field.sort:
        case Sort.WORD:
            return _word(field, text)
        case Sort.WORDS:
            parts = text.replace("，", "、").replace(",", "、").replace("；", "、").replace(";", "、").split("、")
            return tuple(_word(field, part.strip()) for part in parts if part.strip())
        case Sort.YES:
            return _yes(text)
        case Sort.NUMBER:
            number = _number(text)
            if number != number.to_integral_value():
                raise ValueError(reason("whole", _("“{text}” is no whole number."), text=text))
            return _within(field, int(number), text)
        case Sort.YUAN:
            fen = _number(text.replace("¥", "").replace("元", "").replace("%", "")) * 100
            if fen != fen.to_integral_value():
                raise ValueError(reason("fen", _("“{text}” has more than two decimals."), text=text))
            return _within(field, int(fen), text)
    if field.most and len(text) > field.most:
        raise ValueError(reason("too-long", _("At most {most} characters."), most=field.most))
    return text


def _yes(text: str) -> bool:
    if text.lower() not in YES | NO:
        raise ValueError(reason("yes-no", _("“{text}” is neither yes nor no."), text=text))
    return text.lower() in YES


def _number(text: str) -> Decimal:
    try:
        number = Decimal(text.replace(",", "").replace("，", "").strip())
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise ValueError(reason("number", _("“{text}” is no number."), text=text[:40]))
    return number


def _within(field: Field, value: int, text: str) -> int:
    if value < max(field.least, 0) or (field.most and value > field.most):
        told = _("{text} is outside of {least} to {most}.")
        most = field.most or 10**9
        raise ValueError(reason("range", told, text=text, least=max(field.least, 0), most=most))
    return value


def _word(field: Field, text: str) -> Any:
    for value, label in field.words:
        if text in (str(value), label, _chinese(label) if label else ""):
            return value
    known = "、".join(_chinese(label) for _value, label in field.words if label)
    raise ValueError(
        reason("no-word", _("“{text}” is not known here; these are: {known}."), text=text[:40], known=known)
    )


def _cells(part: str, fields: Sequence[Field], row: Any) -> Iterable[Any]:
    """A row as a spreadsheet holds it: numbers as numbers."""
    for one in fields:
        value = getattr(row, one.name)
        match one.sort:
            case Sort.YUAN if value:
                share = part == "amounts" and rules.is_percent(part, one, row)
                yield value if share else float(Decimal(value) / 100)
            case Sort.NUMBER if value > 0 or (value == 0 and one.has_zero):
                yield value
            case Sort.YUAN | Sort.NUMBER:
                yield None
            case _:
                with override("zh-hans"):
                    yield safe(in_words(one, value))


def written(policy: rules.Policy) -> bytes:
    """The whole policy as an Excel file that `read` takes back: a sheet for each part, one with the words."""
    book = Workbook()
    book.remove(book.worksheets[0])
    titles = _titles()
    _fill(
        book.create_sheet(titles["head"]),
        HEAD_COLUMNS,
        [[*_cells("head", rules.HEAD, policy), *_cells("head", rules.LIMITS, policy.limits)]],
    )
    for part, columns in rules.COLUMNS.items():
        _fill(
            book.create_sheet(titles[part]),
            columns,
            [list(_cells(part, columns, row)) for row in getattr(policy, part)],
        )
    words = book.create_sheet(_chinese(_("Words to fill in")))
    words.append([_chinese(_("Part")), _chinese(_("Column")), _chinese(_("Words or kind"))])
    for part, columns in (("head", HEAD_COLUMNS), *rules.COLUMNS.items()):
        for one in columns:
            known = "、".join(_chinese(label) for _value, label in one.words if label)
            words.append([titles[part], _chinese(one.label), known or _chinese(KINDS_OF_CELL[one.sort])])
    content = BytesIO()
    book.save(content)
    return content.getvalue()


KINDS_OF_CELL = {
    Sort.TEXT: _("Text"), Sort.WORD: _("Text"), Sort.WORDS: _("Text"), Sort.NUMBER: _("Whole number"),
    Sort.YUAN: _("Yuan, at most two decimals"), Sort.YES: _("yes or empty"),
}  # fmt: skip


def _fill(sheet: Any, columns: Sequence[Field], rows: list[list[Any]]) -> None:
    sheet.append([_chinese(one.label) for one in columns])
    for cell in sheet[1]:
        cell.font = Font(bold=True)
        sheet.column_dimensions[get_column_letter(cell.column)].width = 18
    for row in rows:
        sheet.append(row)


def read(content: bytes) -> sheets.Book:
    """The parts of a policy from such a file, every wrong cell marked."""
    titles = _titles()
    tables = {titles["head"]: _columns("head", HEAD_COLUMNS)}
    tables |= {titles[part]: _columns(part, columns) for part, columns in rules.COLUMNS.items()}
    book = sheets.read_book(content, tables)
    head = book.sheets[titles["head"]]
    if len(head.rows) > 1:
        head.mark(head.rows[1]["row"], _chinese(rules.HEAD[0].label), reason("one-row", _("This sheet has one row.")))
    return book


def content_of(book: sheets.Book, subsidy: str) -> dict[str, Any]:
    """What the file says, as a policy is kept; a cell left empty is as if nothing were said."""
    titles = _titles()
    head = next(iter(book.sheets[titles["head"]].rows), {})
    content: dict[str, Any] = {"subsidy": subsidy, "document": ""} | _said(rules.HEAD, head)
    content["limits"] = _said(rules.LIMITS, head)
    for part, columns in rules.COLUMNS.items():
        content[part] = [_percent_kept(_said(columns, row)) for row in book.sheets[titles[part]].rows]
    return content


def _said(columns: Sequence[Field], row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        one.name: row[one.name] for one in columns if one.name in row and (row[one.name] != "" or one.sort == Sort.TEXT)
    }


def _percent_kept(row: dict[str, Any]) -> dict[str, Any]:
    """A share of the cost is kept as it is, not in hundredths."""
    if row.get("unit") == rules.Unit.COST:
        row["amount_fen"] = row.get("amount_fen", 0) // 100
    return row
