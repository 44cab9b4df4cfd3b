"""Completion certificates: their numbers and states (N5.3)."""

from collections.abc import Iterator

from rollbook.kernel.choices import Choice
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import reason


class State(Choice):
    VALID = "valid", _("Valid")
    REVOKED = "revoked", _("Revoked")


def number_of(province_code: str, year: int, serial: int) -> str:
    """P, province (2), year (4), serial (8), check digit (ISO 7064 MOD 11-10): 16 characters.

    There is no national format for completion certificates (domain 4.1); docs/decisions says why this one.
    """
    body = f"{province_code[:2]}{year:04}{serial:08}"
    return f"P{body}{check_digit(body)}"


def check_digit(body: str) -> int:
    rest = 10
    for digit in body:
        rest = (rest + int(digit)) % 10 or 10
        rest = rest * 2 % 11
    return (11 - rest) % 10


def is_possible(number: str) -> bool:
    """Whether a number has the form of ours: a mistyped one is told from one that is not there."""
    body = number[1:15]
    return len(number) == 16 and number[0] == "P" and number[1:].isdigit() and str(check_digit(body)) == number[15]


def reasons_against_certificate(
    *, passed: bool, attended_percent: int, least_percent: int, document: str, committed: bool,
    attended_hours: int = 0, least_hours: int = 0,
) -> Iterator[Message]:  # fmt: skip
    """Why a trainee gets no certificate (N5.3)."""
    if not passed:
        yield reason("not-passed", _("The assessment was not passed."), "N5.3")
    if attended_percent < least_percent:
        text = _("Attended {percent} % of the hours; {least} % are needed.")
        yield reason("attendance", text, document, percent=attended_percent, least=least_percent)
    if attended_hours < least_hours:
        text = _("Attended {hours} hours; at least {least} are needed.")
        yield reason("hours", text, document, hours=attended_hours, least=least_hours)
    if not committed:
        yield reason("no-commitment", _("The trainee has not signed the commitment."), "N4.6")
