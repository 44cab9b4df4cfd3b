"""Identity documents: what a valid number is, and what it says of its bearer."""

import unicodedata
from collections.abc import Iterable, Iterator
from datetime import date

from rollbook.kernel.choices import Choice
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import reason


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


class Likeness(Choice):
    """Why two records may be of one person; the surest first."""

    NAME = "name", _("Name and day of birth")
    ACCOUNT = "account", _("Bank account")
    SOUND = "sound", _("Sound of the name and day of birth")
    NUMBER = "number", _("The number changed, by the population register")
    ALIKE = "alike", _("Name, day of birth or phone alike beyond chance")


MOST_ALIKE = 20  # records of one key: more is a placeholder or a shared account, not one person


def pairs_alike(people: Iterable[tuple[int, str]]) -> Iterator[tuple[int, int]]:
    """Of records by id and key, each with the oldest of the same key."""
    groups: dict[str, list[int]] = {}
    for person_id, key in people:
        groups.setdefault(key, []).append(person_id)
    for group in groups.values():
        if 1 < len(group) <= MOST_ALIKE:
            oldest = min(group)
            yield from ((oldest, other) for other in group if other != oldest)


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


REGIONS = {
    "810000": IdKind.HK_MACAO_TAIWAN,
    "820000": IdKind.HK_MACAO_TAIWAN,
    "830000": IdKind.HK_MACAO_TAIWAN,
}
PROVINCES = frozenset(
    str(n) for n in (11, 12, 13, 14, 15, 21, 22, 23, *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66))
)
DOTS = str.maketrans(dict.fromkeys("•．・‧∙", "·"))


class Purpose(Choice):
    """Why sealed data may be shown: each showing is in the journal with one of these."""

    REVIEW = "review", _("Review of an application or claim")
    CALL_BACK = "call-back", _("Call-back of a trainee")
    PAYMENT = "payment", _("Mending a payment")
    COMPLAINT = "complaint", _("Handling a complaint or objection")
    INSPECTION = "inspection", _("Inspection or audit")


def normal(number: str) -> str:
    """A number as it is kept: half-width, upper case, without spaces."""
    return "".join(unicodedata.normalize("NFKC", number).split()).upper()


def same_name(one: str, other: str) -> bool:
    """Whether two spellings are one name: width, spaces and the middle dot do not matter."""
    a, b = ("".join(unicodedata.normalize("NFC", name).translate(DOTS).split()).casefold() for name in (one, other))
    return a == b


def birth_in(number: str) -> date | None:
    """The date of birth that an 18-character number states; None where there is no such day."""
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


def kind_of(number: str) -> IdKind:
    if number.startswith("9"):
        return IdKind.FOREIGN_PERMANENT
    return REGIONS.get(number[:6], IdKind.CITIZEN)


def reasons_against_number(number: str, today: date) -> Iterator[Message]:
    """Everything that is wrong with an identity number (GB 11643; domain 4)."""
    number = normal(number)
    if len(number) == 15 and number.isdigit():
        text = _("The number has 15 digits: the old form. Enter the 18 characters of the present card.")
        yield reason("id-old-form", text, "GB 11643")
        return
    if len(number) != 18 or not (number.isascii() and number[:17].isdigit()):
        text = _("An identity number has 18 characters, the first 17 of them digits; this has {length}.")
        yield reason("id-form", text, "GB 11643", length=len(number))
        return
    if kind_of(number) == IdKind.CITIZEN and number[:2] not in PROVINCES:
        yield reason("id-region", _("No province has the code {digits}."), "GB/T 2260", digits=number[:2])
    born = birth_in(number)
    if born is None or not date(1900, 1, 1) <= born <= today:
        text = _("“{day}” is no possible date of birth.")
        yield reason("id-birth", text, "GB 11643", day=number[6:14])
    if check_digit(number[:17]) != number[17]:
        text = _("The last character should be {digit}: one of the others is mistyped.")
        yield reason("id-check-digit", text, "GB 11643", digit=check_digit(number[:17]))


def reasons_against_account(account: str, *, is_card: bool = True) -> Iterator[Message]:
    """A card of 16 to 19 digits has a check digit (Luhn, ISO/IEC 7812-1); an organisation's account has none."""
    digits = "".join(account.split())
    if not (digits.isascii() and digits.isdigit()) or not 12 <= len(digits) <= 30:
        yield reason("account-form", _("A bank account has 12 to 30 digits."))
    elif is_card and 16 <= len(digits) <= 19 and not luhn(digits):
        yield reason("account-check-digit", _("The account's check digit is wrong: one digit is mistyped."))


def shown_birth(birth_on: date) -> str:
    """What a page shows beside a masked number: the year, since the day would leave nine numbers that fit."""
    return f"{birth_on.year}"


def luhn(digits: str) -> bool:
    turned = [int(digit) for digit in reversed(digits)]
    return sum(sum(divmod(d * 2, 10)) if n % 2 else d for n, d in enumerate(turned)) % 10 == 0


def age_on(birth_on: date, day: date) -> int:
    """Completed years of age."""
    return day.year - birth_on.year - ((day.month, day.day) < (birth_on.month, birth_on.day))


class NoticeKind(Choice):
    """What a person is told of, and in which words: `was` and `now` are what the change was from and to."""

    ACCOUNT = (
        "account",
        _(
            "The account for your training subsidy was changed on {day} from {was} to {now}. If it was not you, ask the office."
        ),
    )
    RECOVERY = (
        "recovery",
        _(
            "{was} yuan of your training subsidy are to be paid back by {now}. What stays open may be set off against later subsidies."
        ),
    )
    INSTALMENT = "instalment", _("Of what you pay back, {was} yuan are due on {now}.")
    OVERDUE = "overdue", _("Of what you pay back, {was} yuan were due on {now} and have not come. Ask the office.")
    SET_OFF = (
        "set-off",
        _(
            "{was} yuan of your training subsidy were set off against what you have to pay back; {now} yuan were paid to you."
        ),
    )


class AccountKind(Choice):
    """What a subsidy is paid to: the social security card, unless there is a reason for another account (N16.3)."""

    CARD = "social-card", _("Social security card")
    OTHER = "other", _("Another bank account")


def reasons_against_kind(kind: str, why: str) -> Iterator[Message]:
    """The card is the rule; whoever is paid elsewhere says why (N16.3)."""
    if kind not in AccountKind.values():
        yield reason("account-kind", _("Say whether it is the social security card or another account."), "N16.3")
    elif kind == AccountKind.OTHER and not why.strip():
        yield reason("account-why", _("Say why it is not paid to the social security card."), "N16.3")
