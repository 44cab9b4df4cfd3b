"""What a detector is, and what is to be said of those that it finds (N3.5, N3.6)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rollbook.kernel.choices import Choice
from rollbook.kernel.messages import Message, _

if TYPE_CHECKING:
    from ibis import Table

    from rollbook.risk.detectors.shapes import Tables


class Severity(Choice):
    """Only a hard legal rule stops by itself; whatever is a likelihood goes to a person (domain 5.3)."""

    BLOCK = "B", _("Stops by itself")
    REVIEW = "R", _("A person decides before the next step")
    WARN = "W", _("Warns and counts")


class Subject(Choice):
    """What a finding is about: `subject_id` is its number; a county's is its six digits."""

    ENROLMENT = "enrolment", _("Trainee in a class")
    CLAIM = "claim", _("Claim")
    CLASS = "class", _("Class")
    INSTITUTION = "institution", _("Institution")
    ACCOUNT = "account", _("Official's account")
    COUNTY = "county", _("County")


class Scheme(Choice):
    """Kinds of deceit: findings of one subject and scheme are one alert."""

    ELIGIBILITY = "eligibility", _("Person not entitled")
    DOUBLE = "double", _("Paid twice or too often")
    IDENTITY = "identity", _("Borrowed or made-up identities")
    ATTENDANCE = "attendance", _("Attendance that did not happen")
    CLASS = "class", _("Class cut short or only on paper")
    CAPACITY = "capacity", _("Rented or missing capacity")
    COLLUSION = "collusion", _("Hidden relations and collusion")
    ONLINE = "online", _("Online study brushed or hung")
    EXAM = "exam", _("Exam manipulated")
    CERTIFICATE = "certificate", _("Certificate sold or false")
    MONEY = "money", _("Money flows back or aside")
    INSIDER = "insider", _("Office used against its duty")


class Excuse(Choice):
    """Legitimate reasons that explain what a detector sees; offered when an alert is settled (domain 5.2)."""

    RECORD = "record", _("The other department's record is wrong or late")
    NAME = "name", _("Rare characters or another form of the name")
    PRISON_CLASS = "prison-class", _("A class held in prison")
    DAY_TRIP = "day-trip", _("Day trip or day surgery")
    SURVIVOR = "survivor", _("Survivor's pension")
    DELAYED = "delayed", _("Retirement was delayed")
    GRADUATION = "graduation", _("In the year of graduation")
    CONTRACT_STAFF = "contract-staff", _("Contract staff outside the establishment")
    ARREARS = "arrears", _("Insurance paid late or in arrears")
    NIGHT_CLASS = "night-class", _("Night or weekend class")
    DORMANT = "dormant", _("Dormant firm")
    PROOF_MISSING = "proof-missing", _("The proof exists and was not filed")
    FAMILY = "family", _("Family on one phone or account")
    AGENT = "agent", _("Village agent or employer who signs up many")
    SHARED_NETWORK = "shared-network", _("Training room or shared network")
    VILLAGE_CLASS = "village-class", _("Class held for one village or employer")
    NEXT_LEVEL = "next-level", _("The same group goes on to the next level")
    TWINS = "twins", _("Twins or close relatives")
    BAD_SIGNAL = "bad-signal", _("Poor signal or a device without position")
    OFFLINE = "offline", _("No network at the place; sent later")
    SMALL_CLASS = "small-class", _("Small or very diligent class")
    CORRECTED = "corrected", _("Already corrected with proof")
    CHANGE_FILED = "change-filed", _("The change was filed on paper")
    REPAIR = "repair", _("Repair or power cut")
    GROUP = "group", _("Lawful group or branch, declared")
    CAMPAIGN = "campaign", _("Campaign or seasonal demand")
    SAME_PLAN = "same-plan", _("A common plan or standard text")
    DUTY = "duty", _("On duty or ordered to do so")
    OTHER = "other", _("Another legitimate reason")


# What a limit counts, in words: a detector's limits have names from here.
LIMITS = {
    "people": _("People"),
    "all_people": _("People in all"),
    "share": _("Share, per cent"),
    "other_share": _("Second share, per cent"),
    "days": _("Days"),
    "months": _("Months"),
    "years": _("Years"),
    "minutes": _("Minutes"),
    "seconds": _("Seconds"),
    "hours": _("Hours"),
    "week_hours": _("Hours a week"),
    "count": _("How many"),
    "other_count": _("How many of the second kind"),
    "metres": _("Metres"),
    "speed": _("Kilometres an hour"),
    "similarity": _("Likeness, per cent"),
    "distance": _("Bits that differ"),
    "milliseconds": _("Milliseconds"),
    "times": _("Times"),
    "sigma": _("Standard deviations"),
    "age": _("Age"),
    "women_age": _("Age of women"),
    "from_minute": _("From this minute of the day"),
    "until_minute": _("Until this minute of the day"),
    "fen": _("Amount, fen"),
}


@dataclass(frozen=True, slots=True)
class Limit:
    """A number that a region may set with dates, and between which bounds."""

    default: int
    least: int
    most: int


@dataclass(frozen=True, slots=True)
class Detector:
    """A search for what is not as it should be: a pure function from tables and limits to a table.

    Each row found has a `subject_id`; its other columns are the evidence and fill the sentence.
    """

    code: str  # of the catalogue, domain 5.2; "I" for signals of insiders
    title: str
    sentence: str
    subject: Subject
    severity: Severity
    scheme: Scheme
    clause: str
    excuses: tuple[Excuse, ...]
    limits: Mapping[str, Limit] = field(hash=False)
    find: "Callable[[Tables, Mapping[str, int]], Table]"

    def defaults(self) -> dict[str, int]:
        return {name: limit.default for name, limit in self.limits.items()}

    def ground(self, row: Mapping[str, Any]) -> Message:
        """What a row says, in words that can be kept."""
        values = {name: plain(value) for name, value in row.items() if name != "subject_id"}
        return Message(self.sentence, values, self.code, self.clause)


def plain(value: object) -> object:
    """A value that JSON can keep: numbers as they are, days and times as text."""
    return value if isinstance(value, int | float | bool) or value is None else str(value)


def detector(
    code: str,
    title: str,
    sentence: str,
    subject: Subject,
    severity: Severity,
    scheme: Scheme,
    *,
    clause: str = "N3.5",
    excuses: tuple[Excuse, ...] = (),
    **limits: tuple[int, int, int],
) -> "Callable[[Callable[[Tables, Mapping[str, int]], Table]], Detector]":
    """Make a detector of a function: `limits` are its default, least and most, by a name of `LIMITS`."""
    named = {name: Limit(*bounds) for name, bounds in limits.items()}

    def of(find: "Callable[[Tables, Mapping[str, int]], Table]") -> Detector:
        return Detector(code, title, sentence, subject, severity, scheme, clause, excuses, named, find)

    return of
