"""What keys open, who may have an account, and the ticket of a phone."""

import hmac
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from rollbook.accounts.rules.permissions import INSTITUTIONAL, OFFICIALS, Role
from rollbook.kernel.choices import Choice
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import reason

SCOPES = (
    "classes",
    "attendance",
    "learning",
    "scores",
    "certificates",
    "claims",
    "institution",
    "alerts",
    "fees",
)  # what a token may be for

# Which keys open which part of the API; what is not named here opens to no key (N14.1).
AREAS: dict[str, frozenset[str]] = {
    "directory": frozenset(SCOPES),
    "institutions": frozenset({"institution"}),
    "classes": frozenset({"classes", "attendance"}),
    "learning": frozenset({"learning"}),
    "assessments": frozenset({"scores"}),
    "certificates": frozenset({"certificates"}),
    "claims": frozenset({"claims"}),
    "alerts": frozenset({"alerts"}),
    "fees": frozenset({"fees"}),
}


def opens(scopes: Collection[str], area: str) -> bool:
    """Whether a key for these scopes may enter that part of the API."""
    return bool(AREAS.get(area, frozenset()) & set(scopes))


def reasons_against_account(username: str, password: str, toxic: Sequence[str]) -> Iterator[Message]:
    """Why an account cannot be given: names, the password, and incompatible posts (N14.1)."""
    if not username or not username.replace("-", "").replace("_", "").isalnum():
        yield reason("bad-username", _("A user name has letters, digits, - and _ only."))
    if len(password) < 8:
        yield reason("short-password", _("A password has at least 8 characters."))
    for role in toxic:
        text = _("The person already holds “{role}”, which does not go with this role.")
        yield reason("toxic-pair", text, "N14.1", role=Role(role))


def reasons_against_role(role: str, *, has_person: bool, has_institution: bool) -> Iterator[Message]:
    """What a role must belong to: managers and teachers to an institution, a worker to a person."""
    if role not in Role.values():
        yield reason("unknown-role", _("There is no role “{role}”."), "N14.1", role=role)
    if (role in INSTITUTIONAL) != has_institution:
        yield reason("role-institution", _("Managers and teachers belong to an institution, nobody else."), "N14.1")
    if role == Role.WORKER and not has_person:
        yield reason("role-person", _("A worker's account belongs to a person."), "N14.1")


def reasons_against_closing(*, own: bool) -> Iterator[Message]:
    if own:
        yield reason("own-account", _("Nobody closes their own account; ask another administrator."), "N14.1")


class Guess(Choice):
    """What was given wrongly when signing in."""

    PASSWORD = "password", _("Password")
    CODE = "code", _("Code of the second factor")


LOCK_AFTER = 5  # wrong passwords, or codes, in a row
LOCK_MINUTES = 15


def reasons_against_change(role: str, *, was: str, own: bool) -> Iterator[Message]:
    """Why an account cannot go from one office to another (N14.1)."""
    if own:
        yield reason("own-account", _("Nobody changes their own account; ask another administrator."), "N14.1")
    if role not in OFFICIALS or was not in OFFICIALS:
        yield reason("role-office", _("Here only the roles of an office are given."), "N14.1")


def reasons_against_unlocking(*, locked: bool, own: bool) -> Iterator[Message]:
    if own:
        yield reason("own-account", _("Nobody unlocks their own account; ask another administrator."), "N14.1")
    if not locked:
        yield reason("not-locked", _("This account is not locked."))


@dataclass(frozen=True, slots=True)
class Ticket:
    """That a person has signed in on a phone, carried by the phone itself: for check-ins, which come by the
    hundred a second. Whoever acts on it asks the database in the same step whether the session still stands."""

    account_id: int
    person_id: int
    expires: int  # seconds of the epoch
    session: str  # SHA-256 of the session's key

    def signed(self, secret: bytes) -> str:
        text = f"{self.account_id}.{self.person_id}.{self.expires}.{self.session}"
        return f"{text}.{_signature(secret, text)}"


def read_ticket(secret: bytes, text: str, now: float) -> Ticket | None:
    """The ticket, when it is ours and has not run out."""
    body, _dot, signature = text.rpartition(".")
    if not hmac.compare_digest(_signature(secret, body).encode(), signature.encode()):
        return None
    account, person, expires, session = body.split(".")
    return Ticket(int(account), int(person), int(expires), session) if int(expires) > now else None


def _signature(secret: bytes, text: str) -> str:
    return hmac.digest(secret, b"ticket:" + text.encode(), "sha256").hex()
