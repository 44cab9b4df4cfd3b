"""A policy in words: the cells of its tables, for pages and files."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext

from rollbook.subsidies import rules
from rollbook.subsidies.rules import Field, Sort

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
            return str(value) if value > 0 else ""
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
