"""A case and its differences in words: what each fact is called, and where it comes from (B1)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rollbook.directory.rules import Level
from rollbook.kernel.messages import Message, _
from rollbook.persons.rules import Category
from rollbook.subsidies.rules.facts import EXCLUSIONS
from rollbook.subsidies.rules.policy import Exclusion, Kind, Mode, Stage, Urgency
from rollbook.subsidies.rules.replay import Aspect

SOURCES: Mapping[str, str] = {
    "directory": _("Demand directory of the class"),
    "roster": _("Roster of the class"),
    "attendance": _("Attendance on record"),
    "certificate": _("Register of certificates"),
    "commitment": _("Signed commitment"),
    "population": _("Population service"),
    "departments": _("Facts of other departments"),
    "claims": _("Claims on file, of all regions and funds"),
}

# fact → what it is called, where it comes from, and how its value is read
_FACTS: Mapping[str, tuple[str, str, str]] = {
    "kind": (_("Kind of subsidy"), "directory", "word"),
    "identity": (_("Occupation, whatever the edition of its code"), "directory", "number"),
    "grade": (_("Class of the table"), "directory", "text"),
    "level": (_("Level"), "directory", "word"),
    "hours": (_("Academic hours"), "directory", "number"),
    "urgency": (_("How much it is needed"), "directory", "word"),
    "mode": (_("Form of teaching"), "directory", "word"),
    "units": (_("Hours, days or years paid by the piece"), "directory", "number"),
    "cost_fen": (_("Published cost"), "directory", "fen"),
    "list_fen": (_("Standard of the demand directory"), "directory", "fen"),
    "is_public_base": (_("At a public training base"), "directory", "yes"),
    "is_starred": (_("Starred in the list"), "directory", "yes"),
    "category": (_("Category of the person"), "roster", "word"),
    "has_proof": (_("Proof of the category on file"), "departments", "yes"),
    "excluded": (_("Not entitled, being"), "departments", "excluded"),
    "attended_percent": (_("Attended, % of the hours"), "attendance", "number"),
    "attendance_least": (_("Attendance needed, %"), "attendance", "number"),
    "worst_day_percent": (_("The class on its worst day, %"), "attendance", "number"),
    "day_attendance_least": (_("Attendance needed on each day, %"), "attendance", "number"),
    "attendance_document": (_("Who says so"), "attendance", "text"),
    "stage": (_("How far it has come"), "certificate", "word"),
    "days_since_certificate": (_("Days since the certificate"), "certificate", "number"),
    "months_since_certificate": (_("Months begun since the certificate"), "certificate", "number"),
    "is_committed": (_("Commitment signed"), "commitment", "yes"),
    "is_verified": (_("Identity verified"), "population", "yes"),
    "insured_months": (_("Months insured"), "departments", "number"),
    "contract_months": (_("Months of the labour contract"), "departments", "number"),
    "has_payee": (_("Payee known"), "departments", "yes"),
    "paid_fen": (_("Paid for this case before"), "claims", "fen"),
    "same_level_had": (_("This level claimed or paid before"), "claims", "yes"),
    "highest_had_level": (_("Highest level claimed or paid before"), "claims", "had"),
    "had_year": (_("Subsidies this year"), "claims", "sum"),
    "had_ever": (_("Subsidies in all"), "claims", "sum"),
    "had_occupation_year": (_("… of this occupation this year"), "claims", "sum"),
    "had_occupation_ever": (_("… of this occupation in all"), "claims", "sum"),
    "had_fund_year": (_("Subsidies this year"), "claims", "sum"),
    "had_fund_ever": (_("Subsidies in all"), "claims", "sum"),
}
LABELS: Mapping[str, str] = {name: label for name, (label, _source, _shape) in _FACTS.items()}
_WORDS: Mapping[str, Mapping[str, str]] = {
    name: {one.value: one.label for one in choice}
    for name, choice in (
        ("kind", Kind), ("urgency", Urgency), ("mode", Mode), ("stage", Stage), ("category", Category),
    )
}  # fmt: skip
# Without a value these say nothing: most policies do not ask for them.
_SILENT = {
    "units",
    "cost_fen",
    "insured_months",
    "contract_months",
    "paid_fen",
    "excluded",
    "is_public_base",
    "is_starred",
}
# The same counts by fund are kept for caps that count so; on a page they would say it twice.
_UNSHOWN = {"had_fund_year", "had_fund_ever", "has_payee"}  # the payee stands on the page by name
YES, NO, NONE = _("yes"), _("no"), _("none")


@dataclass(frozen=True, slots=True)
class Told:
    """One fact as a page shows it: `value` is a word to translate unless `shape` says money or text."""

    name: str
    label: str
    value: Any
    shape: str  # "word", "fen" or "text"
    source: str


def facts_told(facts: Mapping[str, Any]) -> Iterator[Told]:
    """Every fact of a stored case that says something, in the order of where it comes from."""
    for name, (label, source, _shape) in _FACTS.items():
        if (
            name in facts
            and name not in _UNSHOWN
            and not (name in _SILENT and not facts[name])
            and not (name == "list_fen" and facts[name] < 0)
        ):
            value, shape = value_of(name, facts[name])
            yield Told(name, label, value, shape, source)


def value_of(name: str, value: Any) -> tuple[Any, str]:
    """A fact's value in words, and whether it is a word, money or plain text."""
    shape = _FACTS[name][2] if name in _FACTS else "text"
    if shape == "yes":
        return (YES if value else NO), "word"
    if shape == "fen":
        return value, "fen"
    if shape == "sum":
        return sum(value), "text"
    if name == "level" or shape == "had":
        return (Level(str(value)).label if str(value) in Level.values() else NONE), "word"
    if shape == "excluded":
        found = [Exclusion(one).label for n, one in enumerate(EXCLUSIONS) if value >> n & 1]
        return (found[0] if found else NONE), "word"
    if shape == "word":
        return _WORDS[name].get(value, value), "word"
    return value, "text"


@dataclass(frozen=True, slots=True)
class Row:
    """A difference as a page shows it: two sides that are money, sentences or empty."""

    label: Message
    was: Any
    now: Any
    shape: str


def rows(differences: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Stored differences for a table; figures become the sentences that they stand in."""
    found = []
    for one in differences:
        label, aspect = Message(**one["label"]), one["aspect"]
        if aspect == Aspect.FIGURES:
            was, now = (
                Message(label.template, values, label.code, label.clause) if values else None
                for values in (one["was"], one["now"])
            )
            found.append(Row(label, was, now, "sentence"))
        else:
            found.append(Row(label, one["was"], one["now"], aspect))
    return found
