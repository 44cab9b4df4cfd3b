"""The grounds of an alert and the rows that prove them, in the reader's words."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext

from rollbook.risk.queries.alerts import FIRM, Names, findings_of, names_in
from rollbook.risk.queries.places import class_to_inspect
from rollbook.risk.rules import COLUMNS, WORDS
from rollbook.web.words import said

if TYPE_CHECKING:
    from rollbook.risk.models import Alert, Finding


def ground(finding: "Finding") -> str:
    """The ground in the reader's words, codes and all."""
    values = {name: word(value) for name, value in finding.ground["values"].items()}
    return said({**finding.ground, "values": values})


def word(value: object) -> object:
    return gettext(WORDS[value]) if isinstance(value, str) and value in WORDS else value


def cell(column: str, row: Mapping[str, Any], names: Names) -> object:
    """One figure of a row as an officer can read it: a name where there is one, of a digest only its beginning."""
    value, kind = row.get(column), column.removeprefix("other_").removesuffix("_id")
    if isinstance(value, int) and kind in names and not isinstance(value, bool):
        return names[kind].get(value, f"#{value}")
    if column == "value" and row.get("kind") == "person" and str(value).isdigit():
        return names["person"].get(int(str(value)), f"#{value}")
    if isinstance(value, str):
        digest = value.removeprefix(FIRM)
        if digest in names["company"]:
            return names["company"][digest]
        return f"{digest[:8]}…" if len(digest) >= 32 and digest.isalnum() else word(value) or "–"
    return "–" if value is None else value


def evidence(finding: "Finding", names: Names) -> dict[str, Any]:
    """The rows that prove a ground as a table with words for heads and names for numbers."""
    columns = list(finding.rows[0]) if finding.rows else []
    return {
        "heads": [COLUMNS.get(name, name) for name in columns],
        "rows": [[cell(name, row, names) for name in columns] for row in finding.rows],
        "more": finding.count - len(finding.rows),
    }


def proofs(alert: "Alert") -> list[dict[str, Any]]:
    """Every ground that was settled as true, with its clause and rows: for a document that leaves the house."""
    found = [one for one in findings_of(alert) if one.is_true]
    names = names_in(row for one in found for row in one.rows)
    made = []
    for one in found:
        table = evidence(one, names)
        made.append(
            {
                "text": ground(one), "clause": one.ground["clause"], "more": table["more"],
                "heads": [gettext(head) for head in table["heads"]],
                "rows": [[str(cell) for cell in row] for row in table["rows"]],
            }
        )  # fmt: skip
    return made


def classes_in(alert: "Alert") -> Collection[int]:
    """The classes whose evidence a case about the alert needs: its own and those that its rows name."""
    named = {
        value
        for one in findings_of(alert)
        for row in one.rows
        for name, value in row.items()
        if name in ("class_id", "other_class_id") and isinstance(value, int)
    }
    own = class_to_inspect(alert)
    return sorted(named | ({own} if own else set()))
