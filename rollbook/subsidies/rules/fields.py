"""How each part of a policy is filled in and read: its columns in order, the words each may hold.

Pages, files, comparisons and the rule book all go by this one table.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any
from zlib import crc32

from rollbook.directory.rules import Level
from rollbook.funds.rules import Fund
from rollbook.kernel.choices import Choice
from rollbook.kernel.messages import _
from rollbook.persons.rules import Category as PersonCategory
from rollbook.subsidies.rules import policy as p
from rollbook.subsidies.rules.facts import WORDS

Words = tuple[tuple[Any, str], ...]


class Sort(StrEnum):
    TEXT = "text"
    WORD = "word"  # one of the words
    WORDS = "words"  # any of the words, none for all
    NUMBER = "number"
    YUAN = "yuan"  # kept in fen
    YES = "yes"


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    label: str
    sort: Sort = Sort.TEXT
    words: Words = ()
    hint: str = ""
    least: int = 0  # of numbers
    most: int = 0  # of numbers, where there is a limit; of texts, their length

    is_needed: bool = False  # 0 is a figure, not "nothing said"

    @property
    def has_zero(self) -> bool:
        return self.is_needed or self.least < 0

    def label_of(self, value: Any) -> str:
        """The English of a word; the value itself where it is none."""
        return next((label for one, label in self.words if one == value), str(value))


def _words(choice: type[Choice], *, blank: str = "") -> Words:
    return ((("", blank),) if blank else ()) + tuple((one.value, one.label) for one in choice)


ANY_LABEL = _("Any")
CATEGORIES: Words = (*((one.value, one.label) for one in PersonCategory), ("student", _("Student")))
LEVELS: Words = tuple((int(one), one.label) for one in Level)
KIND_WORDS = _words(p.Kind)
HEAD = (
    Field("document", _("Document"), most=128, hint=_("The notice that sets this, with its number.")),
    Field("selector", _("Version by"), Sort.WORD, _words(p.Selector), _("The date of a case that picks the version.")),
    Field("source", _("Standard from"), Sort.WORD, _words(p.Source)),
    Field("fund", _("Fund"), Sort.WORD, _words(Fund)),
    Field("payee", _("Payee"), Sort.WORD, _words(p.Payee)),
    Field(
        "rounding_fen", _("Cut to whole, yuan"), Sort.YUAN, hint=_("After each factor; 0.01 keeps every fen."), least=1
    ),
)
LIMITS = (
    Field("claim_days", _("Days from the certificate to claim"), Sort.NUMBER, hint=_("Empty: no limit."), least=-1),
    Field("claim_months", _("Months from the certificate to claim"), Sort.NUMBER, hint=_("Empty: no limit."), least=-1),
    Field("insured_months", _("Months insured, at least"), Sort.NUMBER, hint=_("Empty: no limit."), least=-1),
    Field(
        "contract_months", _("Months of labour contract, at least"), Sort.NUMBER, hint=_("Empty: no limit."), least=-1
    ),
    Field("years", _("Years paid, at most"), Sort.NUMBER, hint=_("Empty: no limit."), least=-1),
    Field(
        "employed_months",
        _("Months from the certificate within which work begins"),
        Sort.NUMBER,
        hint=_("Empty: no limit."),
        least=-1,
    ),
)
COLUMNS: Mapping[str, tuple[Field, ...]] = {
    "amounts": (
        Field("kind", _("Counts as"), Sort.WORD, KIND_WORDS),
        Field("occupation", _("Occupation code"), most=16, hint=_("Of any edition; empty for all occupations.")),
        Field("name", _("Occupation or project"), most=64, hint=_("As the document prints it.")),
        Field("grade", _("Class of the table"), Sort.WORD, tuple((one, one or ANY_LABEL) for one in WORDS["grade"])),
        Field("level", _("Level"), Sort.WORD, ((-1, _("Whatever the level")), *LEVELS)),
        Field("hours", _("From academic hours"), Sort.NUMBER, most=4000),
        Field("urgency", _("Urgency"), Sort.WORD, _words(p.Urgency, blank=ANY_LABEL)),
        Field("standing", _("Standing"), Sort.WORD, _words(p.Standing)),
        Field("amount_fen", _("Amount, yuan"), Sort.YUAN, hint=_("Per cent where it is a share of the cost.")),
        Field("unit", _("Paid by"), Sort.WORD, _words(p.Unit)),
        Field("most_units", _("Most hours, days or years"), Sort.NUMBER, most=10000),
        Field("cap_fen", _("Limit, yuan"), Sort.YUAN),
    ),
    "factors": (
        Field("name", _("Name of the factor"), most=64),
        Field("percent", _("Per cent"), Sort.NUMBER, most=300),
        Field("kinds", _("Counts as"), Sort.WORDS, KIND_WORDS),
        Field("urgency", _("Urgency"), Sort.WORDS, _words(p.Urgency)),
        Field("levels", _("Levels"), Sort.WORDS, LEVELS),
        Field("mode", _("Form"), Sort.WORD, _words(p.Mode, blank=ANY_LABEL)),
        Field("categories", _("Person categories"), Sort.WORDS, CATEGORIES),
        Field("is_public_base", _("Only at a public training base"), Sort.YES),
        Field("is_starred", _("Only starred occupations"), Sort.YES),
        Field("is_for_table", _("Not on a standard of the demand directory"), Sort.YES),
    ),
    "caps": (
        Field("limit", _("At most"), Sort.NUMBER, least=1, most=100),
        Field("period", _("Period"), Sort.WORD, _words(p.Period)),
        Field("kinds", _("Counts"), Sort.WORDS, KIND_WORDS),
        Field("scope", _("Within"), Sort.WORD, _words(p.Scope)),
        Field("category", _("For"), Sort.WORD, (("", _("All persons")), *CATEGORIES)),
        Field("fund", _("Of the fund"), Sort.WORD, _words(Fund, blank=ANY_LABEL)),
    ),
    "categories": (
        Field("category", _("Person category"), Sort.WORD, CATEGORIES),
        Field("proof", _("Proof"), most=128),
        Field("frozen_at", _("As of"), Sort.WORD, _words(p.FrozenAt)),
        Field("payee", _("Payee"), Sort.WORD, _words(p.Payee, blank=_("As the policy says"))),
    ),
    "exclusions": (
        Field("exclusion", _("Excluded"), Sort.WORD, _words(p.Exclusion)),
        Field("frozen_at", _("As of"), Sort.WORD, _words(p.FrozenAt)),
    ),
    "instalments": (
        Field("stage", _("From stage"), Sort.WORD, _words(p.Stage)),
        Field(
            "percent", _("Due in all, per cent"), Sort.NUMBER, most=100, is_needed=True,
            hint=_("0 where an advance comes back unless a later stage is reached."),
        ),
    ),
}  # fmt: skip
TITLES: Mapping[str, str] = {
    "head": _("Head and limits"),
    "amounts": _("Amounts"),
    "factors": _("Factors"),
    "caps": _("Caps"),
    "categories": _("Persons who may have it"),
    "exclusions": _("Persons excluded"),
    "instalments": _("Instalments"),
}
assert {part: {one.name for one in columns} for part, columns in COLUMNS.items()} == {  # noqa: S101 none forgotten
    part: {one.name for one in fields(row)} - {"identity"} for part, row in p.PARTS.items()
}


def blank(part: str, subsidy: str) -> Any:
    """A row of a part before anything is filled in."""
    first: Mapping[str, dict[str, Any]] = {
        "amounts": {"kind": p.KINDS[subsidy][0].value},
        "factors": {"name": "", "percent": 100},
        "caps": {"limit": 1, "period": p.Period.YEAR.value},
        "categories": {"category": CATEGORIES[0][0]},
        "exclusions": {"exclusion": p.Exclusion.PENSION.value},
        "instalments": {"stage": p.Stage.CERTIFIED.value, "percent": 100},
    }
    return p.PARTS[part](**first[part])


def is_percent(part: str, field: Field, row: Any) -> bool:
    """Whether the row's amount is a share of the cost and no money."""
    return part == "amounts" and field.name == "amount_fen" and row.unit == p.Unit.COST


def told(part: str, row: Any) -> Iterator[Field]:
    """The columns in which a row says something of its own."""
    nothing = {one.name: one.default for one in fields(p.PARTS[part])}
    return (one for one in COLUMNS[part] if getattr(row, one.name) != nothing[one.name])


@dataclass(frozen=True, slots=True)
class Ladder:
    """Rows of the amount table that differ in their level alone, as documents print them: in one line."""

    head: p.Amount
    levels: Mapping[int, p.Amount]


def ladders(amounts: tuple[p.Amount, ...]) -> list[Ladder]:
    """The amount table as a document prints it; the order is kept."""
    found: dict[p.Amount, dict[int, p.Amount]] = {}
    for one in amounts:
        head = replace(one, level=-1, amount_fen=0, standing=p.Standing.PAID)
        found.setdefault(head, {}).setdefault(one.level, one)
    return [Ladder(head, levels) for head, levels in found.items()]


def mark(row: Any) -> str:
    """What a page sends back with a row, to notice that somebody changed it meanwhile."""
    return f"{crc32(repr(row).encode()):08x}"
