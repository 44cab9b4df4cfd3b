"""What a department delivers and on what terms: feeds, their contracts, batches, and when a person must look."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from rollbook.kernel.choices import Choice
from rollbook.kernel.lifecycle import Lifecycle
from rollbook.kernel.messages import Message, _
from rollbook.kernel.money import plain
from rollbook.kernel.reasons import reason


class Feed(Choice):
    """The kinds of facts that other departments keep (domain 1.1)."""

    POPULATION = "population", _("Population register")
    DEATHS = "deaths", _("Deaths")
    INSURANCE_MONTHS = "insurance-months", _("Social-insurance months")
    PENSIONS = "pensions", _("Pensions")
    LABOUR_CONTRACTS = "labour-contracts", _("Employment contracts")
    SCHOOLING = "schooling", _("School rolls")
    PUPILS = "pupils", _("Rolls of junior and senior high schools")
    UNEMPLOYED = "unemployed", _("Registered unemployed")
    DIFFICULTY = "difficulty", _("Recognised difficulty in finding work")
    RURAL = "rural", _("Rural workers who moved to other work")
    FLEXIBLE = "flexible", _("Registered flexible workers")
    APPRENTICES = "apprentices", _("Apprenticeships subsidised elsewhere")
    PAYROLL = "payroll", _("Establishment payroll")
    COMPANIES = "companies", _("Company register")
    COMPANY_PEOPLE = "company-people", _("People and shares of companies")
    LOW_INCOME = "low-income", _("Low-income lists")
    DISABLED = "disabled", _("Disability certificates")
    VETERANS = "veterans", _("Veterans")
    MONITORED = "monitored", _("Monitored households")
    HOSPITAL_STAYS = "hospital-stays", _("Hospital stays")
    BORDER = "border", _("Exit and entry")
    DETENTION = "detention", _("Detention")
    CERTIFICATES_ELSEWHERE = "certificates-elsewhere", _("Certificates of other provinces")
    BANK_ACCOUNTS = "bank-accounts", _("Bank ownership")
    OTHER_PAYMENTS = "other-payments", _("Payments of other funds")
    SHIFTS = "shifts", _("Shifts that employers recorded")
    SIGHTINGS = "sightings", _("Seen on trains and at toll stations")
    WORK_YEARS = "work-years", _("Proven years in an occupation")
    TRANSFERS = "transfers", _("Transfers from accounts of persons")
    FIRM_TRANSFERS = "firm-transfers", _("Transfers from accounts of firms")
    COMPLAINTS = "complaints", _("Complaints against institutions")
    NATIONAL_NUMBERS = "national-numbers", _("Certificates that the national query knows")


class Kind(Choice):
    """What a field of a file holds, which says how it is read and whether it may be kept in clear."""

    IDENTITY = "identity", _("Identity number")
    NAME = "name", _("Name")
    DAY = "day", _("Day")
    MONTH = "month", _("Month")
    TIME = "time", _("Time of day")
    CODE = "code", _("Code")
    TEXT = "text", _("Text")
    INTEGER = "integer", _("Whole number")
    FEN = "fen", _("Amount in yuan")
    PERCENT = "percent", _("Percentage")
    USCC = "uscc", _("Unified social credit code")
    ACCOUNT = "account", _("Bank account")
    PHONE = "phone", _("Phone")


DIGESTED = frozenset({Kind.IDENTITY, Kind.ACCOUNT, Kind.PHONE})  # kept as keyed digests only


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a file."""

    key: str
    header: str
    kind: Kind
    required: bool = False
    codes: tuple[str, ...] = ()
    digest: bool = False  # kept as a keyed digest although it is only a text

    @property
    def is_digested(self) -> bool:
        return self.digest or self.kind in DIGESTED

    def shown(self, value: Any) -> str:
        """A value of this column as it is read."""
        match self.kind:
            case Kind.FEN | Kind.PERCENT:
                return plain(value)
            case Kind.MONTH:
                return str(value)[:7]
            case Kind.CODE:
                return WORDS.get(value, str(value))
        return str(value)

    @property
    def words(self) -> list[tuple[str, str]]:
        return [(code, self.shown(code)) for code in self.codes]

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Field":
        return cls(
            row["key"], row["header"], Kind(row["kind"]), row.get("required", False),
            tuple(row.get("codes", ())), row.get("digest", False),
        )  # fmt: skip


# What the codes of the shipped contracts say; a code that another contract agrees on is shown as it is.
WORDS: Mapping[str, str] = {
    "death-certificate": _("Death certificate"),
    "cremation": _("Cremation"),
    "deregistered": _("Household registration ended"),
    "pension": _("Pension insurance"),
    "unemployment": _("Unemployment insurance"),
    "both": _("Pension and unemployment insurance"),
    "employee": _("Of employees"),
    "resident": _("Of residents"),
    "survivor": _("Of survivors"),
    "yes": _("yes"),
    "no": _("no"),
    "legal-person": _("Legal representative"),
    "director": _("Director"),
    "supervisor": _("Supervisor of the company"),
    "shareholder": _("Shareholder"),
    "minimum-living": _("Minimum living allowance"),
    "special-hardship": _("Special hardship"),
    "edge": _("On the edge of poverty"),
    "unstable": _("Out of poverty, not stable"),
    "sudden": _("In sudden hardship"),
    "unemployment-insurance": _("Unemployment insurance fund"),
    "employment": _("Employment subsidy fund"),
    "industry": _("Funds of an industry"),
    "union": _("Funds of the trade union"),
    "other": _("Other funds"),
    "open": _("Not decided yet"),
    "upheld": _("Found true"),
    "groundless": _("Groundless"),
    "train": _("By train"),
    "toll": _("Through a toll station"),
}


# Every file may have it: the row says that what was said before never was so.
WITHDRAWN = Field("withdrawn", "撤销", Kind.CODE, codes=("yes", "no"))


@dataclass(frozen=True, slots=True)
class Shape:
    """How the rows of a feed are read: its columns, which of them tell facts of one subject apart, which say
    from when until when a fact holds, and whose facts they are."""

    feed: Feed
    fields: tuple[Field, ...]
    key: tuple[str, ...] = ()
    period: tuple[str | None, str | None] = (None, None)
    subject: str = "person"  # or "firm"
    bulk: bool = False  # too many for rows of the database: kept as columns in files
    whole: bool = False  # each batch is the whole list: who is not on it any more has left it
    sensitive: bool = False  # shown only to whoever says what for

    @property
    def subject_field(self) -> str:
        return "identity" if self.subject == "person" else "firm"

    @property
    def kept(self) -> tuple[Field, ...]:
        """The fields that make up a fact, beside whose it is."""
        return tuple(one for one in self.fields if one.key not in (self.subject_field, "name"))

    def field(self, key: str) -> Field:
        return next(one for one in self.fields if one.key == key)

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Shape":
        first, last = row.get("period") or (None, None)
        return cls(
            Feed(row["feed"]),
            (*map(Field.of, row["fields"]), WITHDRAWN),
            tuple(row.get("key", ())),
            (first, last),
            row.get("subject", "person"),
            row.get("bulk", False),
            row.get("whole", False),
            row.get("sensitive", False),
        )


class Way(Choice):
    """How a batch came in."""

    DROP = "drop", _("Signed file")
    PULL = "pull", _("Fetched from the department")
    PUSH = "push", _("Sent by the department")
    OFFICE = "office", _("Uploaded by an official")


class BatchState(Choice):
    CHECKED = "checked", _("Read, waits for a person")
    STOPPED = "stopped", _("Stopped")
    LOADED = "loaded", _("Loaded")
    REFUSED = "refused", _("Refused")


class BatchMove(Choice):
    LOAD = "load", _("Load")
    STOP = "stop", _("Stop")
    RELEASE = "release", _("Release")
    REFUSE = "refuse", _("Refuse")


BATCHES = Lifecycle(
    {
        (BatchState.CHECKED, BatchMove.LOAD): BatchState.LOADED,
        (BatchState.CHECKED, BatchMove.STOP): BatchState.STOPPED,
        (BatchState.CHECKED, BatchMove.REFUSE): BatchState.REFUSED,
        (BatchState.STOPPED, BatchMove.RELEASE): BatchState.LOADED,
        (BatchState.STOPPED, BatchMove.REFUSE): BatchState.REFUSED,
    }
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a contract holds to be plausible; beyond it a person looks before anything is written."""

    wrong_percent: int  # rows that cannot be read
    changed_percent: int  # facts in force that the batch changes or ends
    matched_percent: int  # people of the register whom the batch concerns


@dataclass(frozen=True, slots=True)
class Figures:
    """What a batch would do."""

    rows: int = 0
    wrong: int = 0
    known: int = 0  # rows about people (or firms) whom the register has
    people: int = 0  # people of the register whom it concerns
    register: int = 0  # people of the register in all
    present: int = 0  # facts in force of this source and feed
    new: int = 0
    changed: int = 0
    ended: int = 0  # on the list before, and not now
    same: int = 0
    names_differ: int = 0


FEWEST = 20  # facts or people below which a share says nothing


def reasons_to_stop(figures: Figures, limits: Limits) -> Iterator[Message]:
    """Why a person must look at a batch first: it is not what such a batch has been (N3.5)."""
    if figures.rows and 100 * figures.wrong > limits.wrong_percent * figures.rows:
        text = _("{wrong} of {rows} rows cannot be read; at most {most} per cent may be wrong.")
        yield reason("batch-wrong", text, "N3.5", wrong=figures.wrong, rows=figures.rows, most=limits.wrong_percent)
    touched = figures.changed + figures.ended
    if figures.present >= FEWEST and 100 * touched > limits.changed_percent * figures.present:
        text = _("It would change or end {count} of {present} facts in force; {most} per cent is plausible.")
        yield reason("batch-changes", text, "N3.5", count=touched, present=figures.present, most=limits.changed_percent)
    if figures.register >= FEWEST and 100 * figures.people > limits.matched_percent * figures.register:
        text = _("It concerns {people} of {register} people of the register; {most} per cent is plausible.")
        yield reason(
            "batch-matches", text, "N3.5",
            people=figures.people, register=figures.register, most=limits.matched_percent,
        )  # fmt: skip


def reasons_against_batch(*, rows: int, told: int | None, digest: str, said: str) -> Iterator[Message]:
    """Why a file is not the one its sender spoke of."""
    if said and digest != said:
        text = _("The file's digest is {digest}…, not {said}… as its manifest says: it was changed on the way.")
        yield reason("batch-digest", text, "N3.5", digest=digest[:12], said=said[:12])
    if told is not None and rows != told:
        text = _("The file has {rows} rows, its manifest says {told}: it was cut or mixed up.")
        yield reason("batch-rows", text, "N3.5", rows=rows, told=told)


class Freshness(Choice):
    FRESH = "fresh", _("On time")
    LATE = "late", _("Late")
    NEVER = "never", _("Nothing yet")


def freshness(as_of: date | None, cadence_days: int, today: date) -> Freshness:
    """Whether a source has delivered when its contract says: half a cadence of grace (domain 5.2 D15, list lag)."""
    if as_of is None:
        return Freshness.NEVER
    return Freshness.FRESH if (today - as_of).days * 2 <= cadence_days * 3 else Freshness.LATE


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a sender says of a file, and signs."""

    source: str
    feed: str
    number: str
    as_of: date
    file: str
    rows: int | None = None
    digests: Mapping[str, str] = field(default_factory=dict)  # "sha256" and, or, "sm3"

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Manifest":
        """Raises ValueError, KeyError or TypeError where something is missing or of the wrong kind."""
        digests = {name: str(row[name]).lower() for name in ("sha256", "sm3") if row.get(name)}
        if not digests:
            raise ValueError("sha256")
        rows = row.get("rows")
        if rows is not None and (not isinstance(rows, int) or rows < 0):
            raise ValueError("rows")
        texts = {name: str(row[name]) for name in ("source", "feed", "number", "file")}
        if any("\0" in one for one in texts.values()):
            raise ValueError("unprintable")
        if "/" in texts["file"] or texts["file"].startswith(".") or len(texts["number"]) > 64:
            raise ValueError("file")
        return cls(**texts, as_of=date.fromisoformat(row["as_of"]), rows=rows, digests=digests)


def missing_headers(headers: Sequence[str], shape: Shape) -> list[Message]:
    """Required columns that a file has not."""
    text = _("Column “{name}” is missing.")
    return [
        reason("column-missing", text, name=one.header)
        for one in shape.fields
        if one.required and one.key not in headers and one.header not in headers
    ]
