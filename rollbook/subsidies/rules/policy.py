"""A policy as data: what a region pays for one kind of subsidy, from a document, between two dates.

A policy is one document of parts (`PARTS`), each a list of rows. What is written here is all that a
policy can say; officials fill it in, and `entitlement` applies it (N13.1, B1).
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Self
from zlib import crc32

from rollbook.funds.rules import Fund
from rollbook.kernel.choices import Choice
from rollbook.kernel.messages import _


class Subsidy(Choice):
    """Kinds of subsidy, each with a policy of its own in a region."""

    TRAINING = "training", _("Training subsidy")
    EVALUATION = "evaluation", _("Skill-evaluation subsidy")
    LIVING = "living", _("Living allowance")
    UPGRADE = "upgrade", _("Skill-upgrade subsidy of the unemployment fund")
    APPRENTICE = "apprentice", _("New apprenticeship")
    SAFETY = "safety", _("Safety-certificate subsidy")


class Kind(Choice):
    """What one award is counted as: the five types of training, and the other subsidies."""

    LEVEL = "level", _("Skill-level training")
    COMPLETION = "completion", _("Completion-certificate training")
    SPECIAL = "special", _("Special-ability training")
    STARTUP = "startup", _("Entrepreneurship training")
    INDUCTION = "induction", _("Pre-job training of employees")
    EVALUATION = "evaluation", _("Skill-evaluation subsidy")
    LIVING = "living", _("Living allowance")
    UPGRADE = "upgrade", _("Skill-upgrade subsidy of the unemployment fund")
    APPRENTICE = "apprentice", _("New apprenticeship")
    SAFETY = "safety", _("Safety-certificate subsidy")


KINDS: Mapping[str, tuple[Kind, ...]] = {
    Subsidy.TRAINING: (Kind.LEVEL, Kind.COMPLETION, Kind.SPECIAL, Kind.STARTUP, Kind.INDUCTION),
    **{one: (Kind(one.value),) for one in Subsidy if one is not Subsidy.TRAINING},
}


class Selector(Choice):
    """Which date of a case picks the version of the policy (domain 0.1)."""

    START = "start", _("First day of the class")
    APPROVAL = "approval", _("Approval of the class")
    CERTIFICATE = "certificate", _("Date of the certificate")


class Source(Choice):
    """Where the standard is read."""

    TABLE = "table", _("Table of the policy")
    LIST = "list", _("Demand directory of the class")


class Standing(Choice):
    """A blank in a published table says one of two things (domain 3.7 B)."""

    PAID = "paid", _("Subsidised")
    NOT_SUBSIDISED = "not-subsidised", _("Level exists, not subsidised")
    NO_LEVEL = "no-level", _("No such level in the occupation's standard")


class Unit(Choice):
    PERSON = "person", _("A person")
    HOUR = "hour", _("An academic hour")
    DAY = "day", _("A day attended")
    YEAR = "year", _("A person and year")
    COST = "cost", _("Per cent of the published cost")


class Urgency(Choice):
    """How much an occupation is needed; a region's list uses some of these."""

    ORDINARY = "ordinary", _("In demand")
    FAIRLY_SCARCE = "fairly-scarce", _("Fairly scarce")
    SCARCE = "scarce", _("Scarce")
    VERY_SCARCE = "very-scarce", _("Very scarce")


class Mode(Choice):
    OFFLINE = "offline", _("In the classroom")
    BLENDED = "blended", _("Partly online")
    ONLINE = "online", _("Online")


class Stage(Choice):
    """How far a case has come; each stage contains the ones before it."""

    DROPPED = "dropped", _("Ended without completing")
    FILED = "filed", _("Filed")
    COMPLETED = "completed", _("Completed")
    CERTIFIED = "certified", _("Certified")
    EMPLOYED = "employed", _("Employed")


class Period(Choice):
    YEAR = "year", _("Calendar year")
    EVER = "ever", _("In all")


class Scope(Choice):
    """What a cap counts."""

    ALL = "all", _("All occupations")
    OCCUPATION = "occupation", _("The same occupation")


class Exclusion(Choice):
    """Who may not have it, by facts of other departments (domain 3.1)."""

    ESTABLISHMENT = "establishment", _("On the establishment of a government body or public institution")
    PENSION = "pension", _("Draws a monthly pension")
    STUDENT = "student", _("Full-time student before the graduation year")
    MINOR = "minor", _("Younger than 16")
    PUPIL = "pupil", _("Pupil of a junior or senior high school")
    APPRENTICE = "apprentice", _("In an apprenticeship that is subsidised")


class FrozenAt(Choice):
    """The day on which a person's category is looked at and kept."""

    SIGN_UP = "sign-up", _("Sign-up")
    START = "start", _("First day of the class")
    CERTIFICATE = "certificate", _("Date of the certificate")


class Payee(Choice):
    PERSON = "person", _("The person")
    EMPLOYER = "employer", _("The employer")
    INSTITUTION = "institution", _("The institution")


def project_identity(name: str) -> int:
    """The identity of a project that is no occupation of the classification, such as a farmhouse
    inn: apart from all of these, and the same wherever its name is the same."""
    return (1 << 33) + crc32(name.encode())


ANY = ""  # in a condition: whatever it is


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """A row of the amount table. The row that says most wins: occupation over class over neither,
    then the urgency, the category, the type of training, the hours tier that is reached."""

    kind: str
    amount_fen: int = 0  # a unit; per cent of the cost where the unit says so
    occupation: str = ANY  # code
    identity: int = 0  # of the occupation, whatever the edition of its code (domain 3.7 H)
    name: str = ""  # as the table prints it
    grade: str = ANY  # class A, A+, B, C of the table
    level: int = -1  # 1 highest … 5, 0 none, -1 whatever it is
    hours: int = 0  # from so many academic hours on
    urgency: str = ANY
    unit: str = Unit.PERSON
    most_units: int = 0  # most hours, days or years that are paid; 0 no limit
    cap_fen: int = 0  # most that hours, days or costs come to; 0 no limit
    standing: str = Standing.PAID


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """So many per cent of what the amount has come to, where all its conditions hold."""

    name: str
    percent: int
    kinds: tuple[str, ...] = ()
    urgency: tuple[str, ...] = ()
    levels: tuple[int, ...] = ()
    mode: str = ANY
    categories: tuple[str, ...] = ()
    is_public_base: bool = False  # only at a public training base
    is_starred: bool = False  # only occupations with a star in the list
    is_for_table: bool = False  # not on a standard of the demand directory, which contains it already


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """At most so many awards of these kinds (none named: all) in a period, this one included.

    One that names a fund counts whatever was had of that fund, of every kind."""

    limit: int
    period: str
    kinds: tuple[str, ...] = ()
    scope: str = Scope.ALL
    category: str = ANY  # for these persons alone; they are then not under the cap for all
    fund: str = ANY


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """A kind of person who may have it, the proof it takes, and the day it is looked at."""

    category: str
    proof: str = ""
    frozen_at: str = FrozenAt.START
    payee: str = ANY  # where it is another than the policy's


@dataclass(frozen=True, slots=True, kw_only=True)
class Excluded:
    exclusion: str
    frozen_at: str = FrozenAt.START


@dataclass(frozen=True, slots=True, kw_only=True)
class Instalment:
    """From this stage on so many per cent of the amount are due in all. Only after an advance, which is paid at the
    stage "filed", may it be less: what nobody earned comes back (domain 3.5)."""

    stage: str
    percent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Single numbers; -1 where the policy sets none."""

    claim_days: int = -1  # days from the certificate to the claim
    claim_months: int = -1  # calendar months from the certificate to the claim
    insured_months: int = -1  # unemployment insurance paid before the certificate
    contract_months: int = -1  # least labour contract of an apprentice
    years: int = -1  # most years that are paid
    employed_months: int = -1  # calendar months from the certificate within which work must have begun (domain 3.2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """All that a document says about one kind of subsidy. Documents are cited, not copied."""

    subsidy: str
    document: str
    selector: str = Selector.START
    source: str = Source.TABLE
    fund: str = Fund.EMPLOYMENT
    payee: str = Payee.PERSON  # to whom the money goes (N16.2)
    rounding_fen: int = 1  # amounts are cut to whole multiples of this
    amounts: tuple[Amount, ...] = ()
    factors: tuple[Factor, ...] = ()
    caps: tuple[Cap, ...] = ()
    categories: tuple[Category, ...] = ()
    exclusions: tuple[Excluded, ...] = ()
    instalments: tuple[Instalment, ...] = ()
    limits: Limits = Limits()

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Self:
        """From its JSON; a field that a policy does not have is a KeyError naming it."""
        known = {one.name for one in fields(cls)}
        values = {name: value for name, value in data.items() if name not in PARTS}
        if strange := (values.keys() | data.keys()) - known:
            raise KeyError(", ".join(sorted(strange)))
        parts = {name: tuple(_row(part, row) for row in data.get(name, ())) for name, part in PARTS.items()}
        limits = _row(Limits, data.get("limits", {}))
        return cls(**values | parts | {"limits": limits})

    def payee_of(self, category: str) -> str:
        """Who is paid for a person of this category."""
        named = (one.payee for one in self.categories if one.category == category and one.payee)
        return next(named, self.payee)

    def pays_at(self, stage: str) -> bool:
        """Whether something of the amount waits for this stage."""
        return any(one.stage == stage for one in self.instalments)

    def having(self, part: str, rows: Iterable[Any]) -> Self:
        """The same with other rows in one of its parts."""
        return replace(self, **{part: tuple(rows)})  # type: ignore[arg-type]

    def json(self) -> dict[str, Any]:
        """Plain values that `of` reads back to an equal policy."""
        return _plain(asdict(self))  # type: ignore[no-any-return]


PARTS: Mapping[str, type[Any]] = {
    "amounts": Amount,
    "factors": Factor,
    "caps": Cap,
    "categories": Category,
    "exclusions": Excluded,
    "instalments": Instalment,
}


def _row(part: type[Any], row: Mapping[str, Any]) -> Any:
    known = {one.name for one in fields(part)}
    if strange := row.keys() - known:
        raise KeyError(f"{part.__name__}: {', '.join(sorted(strange))}")
    return part(**{name: tuple(value) if isinstance(value, list) else value for name, value in row.items()})


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return str(value) if isinstance(value, str) else value
