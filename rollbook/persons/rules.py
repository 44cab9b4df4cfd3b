"""Identity documents: what a valid number is, and what it says of its bearer."""

from rollbook.kernel.choices import Choice
from rollbook.kernel.messages import _


class IdKind(Choice):
    CITIZEN = "citizen", _("Resident identity card")
    HK_MACAO_TAIWAN = (
        "hk-macao-taiwan",
        _("Residence permit for Hong Kong, Macao and Taiwan residents"),
    )
    FOREIGN_PERMANENT = "foreign-permanent", _("Foreign permanent residence card")


class Sex(Choice):
    MALE = "1", _("Male")
    FEMALE = "2", _("Female")


class Verification(Choice):
    PENDING = "pending", _("Waiting for the population service")
    MATCHED = "matched", _("Verified")
    MISMATCHED = "mismatched", _("Name and number do not match")


class Category(Choice):
    """Person categories that a subsidy may depend on (domain 3.1)."""

    RURAL = "rural", _("Rural transferred worker")
    UNEMPLOYED = "unemployed", _("Registered unemployed")
    DIFFICULTY = "difficulty", _("Person with employment difficulty")
    MONITORED = "monitored", _("Monitored against return to poverty")
    GRADUATE = "graduate", _("Graduate in the graduation year")
    LEAVER = "leaver", _("School leaver of the year who does not continue")
    EMPLOYEE = "employee", _("Enterprise employee")
    VETERAN = "veteran", _("Veteran")
    DISABLED = "disabled", _("Person with disability")
    FLEXIBLE = "flexible", _("Flexibly employed")


WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def check_digit(first17: str) -> str:
    """The last character of an 18-character identity number (GB 11643, ISO 7064 MOD 11-2)."""
    return "10X98765432"[sum(int(d) * w for d, w in zip(first17, WEIGHTS, strict=True)) % 11]


def mask(number: str, keep: tuple[int, int] = (6, 2)) -> str:
    """The number as lists show it: its first and last characters, stars between."""
    first, last = keep
    return number[:first] + "*" * (len(number) - first - last) + number[len(number) - last :]
