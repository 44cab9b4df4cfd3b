"""The life of a payment batch, whose the accounts are, and how many must sign."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from rollbook.accounts.rules import Role
from rollbook.kernel.choices import Choice
from rollbook.kernel.lifecycle import Lifecycle
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import reason


class BatchState(Choice):
    DRAFT = "draft", _("Prepared")
    CHECKED = "checked", _("Checked by finance")
    RELEASED = "released", _("Released")
    SENT = "sent", _("With the bank")
    SETTLED = "settled", _("Settled")
    CANCELLED = "cancelled", _("Cancelled")


class BatchMove(Choice):
    CHECK = "check", _("Confirm the check")
    RETURN = "return", _("Return to the office")
    RELEASE = "release", _("Release the money")
    SEND = "send", _("Hand to the bank")
    SETTLE = "settle", _("Settle")
    CANCEL = "cancel", _("Cancel the batch")
    VOID = "void", _("Void its approvals")


BATCHES = Lifecycle(
    {
        (BatchState.DRAFT, BatchMove.CHECK): BatchState.CHECKED,
        (BatchState.CHECKED, BatchMove.RETURN): BatchState.DRAFT,
        (BatchState.DRAFT, BatchMove.VOID): BatchState.DRAFT,
        (BatchState.CHECKED, BatchMove.VOID): BatchState.DRAFT,
        (BatchState.RELEASED, BatchMove.VOID): BatchState.DRAFT,  # while the bank was not tried
        (BatchState.CHECKED, BatchMove.RELEASE): BatchState.RELEASED,
        (BatchState.RELEASED, BatchMove.SEND): BatchState.SENT,
        (BatchState.SENT, BatchMove.SETTLE): BatchState.SETTLED,
        (BatchState.DRAFT, BatchMove.CANCEL): BatchState.CANCELLED,
    }
)


class LineState(Choice):
    WAITING = "waiting", _("Waiting")
    SENT = "sent", _("With the bank")
    PAID = "paid", _("Paid")
    FAILED = "failed", _("Refused by the bank")
    CORRECTED = "corrected", _("Corrected and paid anew")


class Ownership(Choice):
    """What the bank says of a name and an account: whose it is. Anything but a clear answer is no pass."""

    PENDING = "pending", _("Not answered yet")
    MATCH = "match", _("The payee's own")
    MISMATCH = "mismatch", _("Somebody else's")
    CLOSED = "closed", _("Closed at the bank")
    UNKNOWN = "unknown", _("Unknown to the bank")


@dataclass(frozen=True, slots=True, kw_only=True)
class Payee:
    """What the release of a payment looks at: the account of the line, and of the person, now."""

    name: str
    account: str  # masked
    ownership: str
    asked_on: date | None  # when the bank answered
    is_changed: bool  # the person has another account than the line
    changed_at: datetime | None = None  # when the person's account was last changed, local time


def reasons_against_payees(payees: Iterable[Payee], *, now: datetime, days: int, hours: int) -> Iterator[Message]:
    """Why money may not leave for these accounts: each must be the payee's own by the bank's word, which counts
    for so many days, and unchanged for so many hours (N14.1, N16.3). `now` is local time."""
    on = now.date()
    for one in payees:
        if one.changed_at is not None and now < one.changed_at + timedelta(hours=hours):
            text = _("{name} has had another account since {changed}; the payment is held until {until}.")
            changed, until = (
                f"{at:%Y-%m-%d %H:%M}" for at in (one.changed_at, one.changed_at + timedelta(hours=hours))
            )
            yield reason("payee-held", text, "N14.1", name=one.name, changed=changed, until=until)
        if one.is_changed:
            text = _("{name} has another account since the batch was prepared; prepare it anew.")
            yield reason("account-changed", text, "N14.1", name=one.name)
        elif one.ownership == Ownership.PENDING or one.asked_on is None:
            text = _("The bank has not said yet whose account {account} is, for {name}; ask it again.")
            yield reason("owner-pending", text, "N16.3", name=one.name, account=one.account)
        elif one.ownership != Ownership.MATCH:
            text = _("By the bank's answer of {day}, account {account} cannot be paid for {name}: {outcome}.")
            outcome, day = Ownership(one.ownership), one.asked_on
            yield reason("owner-wrong", text, "N16.3", day=day, account=one.account, name=one.name, outcome=outcome)
        elif (on - one.asked_on).days > days:
            text = _("The bank's answer for {name} is of {day}, older than {days} days; ask it again.")
            yield reason("owner-old", text, "N16.3", name=one.name, day=one.asked_on, days=days)


class Basis(Choice):
    BATCH = "batch", _("Sum of the batch")
    LINE = "line", _("Largest single payment")
    WRITE_OFF = "writeoff", _("Sum that is written off")


class Step(Choice):
    """What a person signs a batch as."""

    MAKE = "make", _("Prepared")
    CHECK = "check", _("Checked by finance")
    COSIGN = "cosign", _("Signed besides")
    RELEASE = "release", _("Released")


COSIGNERS = ("county-finance-releaser", "city-finance", "province-finance")
MOST_COSIGNERS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """From an amount on, so many more signatures of an office."""

    basis: str
    from_fen: int
    releasers: int
    office: str
    document: str = ""


def cosigners(bands: Iterable[Band], **amounts_fen: int) -> dict[str, Band]:
    """Which band binds for each office: of those reached, the one that asks for most. `amounts_fen` by what counts:
    `batch` and `line` of a batch, `writeoff` of what is given up."""
    found: dict[str, Band] = {}
    for one in bands:
        reached = one.basis in amounts_fen and one.from_fen <= amounts_fen[one.basis]
        if reached and (one.office not in found or found[one.office].releasers < one.releasers):
            found[one.office] = one
    return {office: one for office, one in found.items() if one.releasers}


def reasons_against_signatures(needed: Mapping[str, Band], signed: Sequence[str]) -> Iterator[Message]:
    """Which signatures are still missing; `signed` are the offices of those who signed besides (N14.1)."""
    for office, band in needed.items():
        missing = band.releasers - signed.count(office)
        if missing > 0:
            text = _("From {yuan} yuan ({basis}) {count} more to sign: {office} ({document}).")
            yield reason(
                "cosigners", text, "N14.1", yuan=band.from_fen // 100, basis=Basis(band.basis), count=missing,
                office=Role(office), document=band.document,
            )  # fmt: skip


def reasons_against_band(band: Band, starts_on: date, today: date) -> Iterator[Message]:
    if band.from_fen < 0 or not 0 <= band.releasers <= MOST_COSIGNERS or band.office not in COSIGNERS:
        yield reason("band-figures", _("Amount, number of signatures or office cannot be so."), "N14.1")
    if not band.document.strip():
        yield reason("band-document", _("Name the document that sets it."), "N14.1")
    if starts_on < today:
        yield reason("band-past", _("It counts from today or later: what was released stays."), "N14.1")
