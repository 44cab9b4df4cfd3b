"""Public money: the three funds, the ledger's accounts, and the life of a payment batch."""

from rollbook.kernel.choices import Choice
from rollbook.kernel.lifecycle import Lifecycle
from rollbook.kernel.messages import _


class Fund(Choice):
    EMPLOYMENT = "employment", _("Employment subsidy fund")
    UNEMPLOYMENT = "unemployment", _("Unemployment insurance fund")
    SPECIAL = "special", _("Special account for skill upgrading")


class AccountKind(Choice):
    """What a ledger account of a region, fund and year holds.

    The Treasury gives the budget; money moves budget → reserved → in transit → paid.
    """

    TREASURY = "treasury", _("Treasury")
    BUDGET = "budget", _("Available budget")
    RESERVED = "reserved", _("Reserved for claims")
    TRANSIT = "transit", _("In transit at the bank")
    PAID = "paid", _("Paid out")


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


BATCHES = Lifecycle(
    {
        (BatchState.DRAFT, BatchMove.CHECK): BatchState.CHECKED,
        (BatchState.CHECKED, BatchMove.RETURN): BatchState.DRAFT,
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
