"""Claims: their life, from filing to the money on a card (N12.2, N14.1, N16.3)."""

from rollbook.kernel.choices import Choice
from rollbook.kernel.lifecycle import Lifecycle
from rollbook.kernel.messages import _


class State(Choice):
    FILED = "filed", _("Filed")
    FIRST = "first", _("Passed the first review")
    PUBLICITY = "publicity", _("In publicity")
    PULLED_BACK = "pulled-back", _("Pulled back for an objection")
    APPROVED = "approved", _("Approved for payment")
    IN_PAYMENT = "in-payment", _("In payment")
    PAID = "paid", _("Paid")
    FAILED = "failed", _("Refused by the bank")
    RETURNED = "returned", _("Returned")
    REFUSED = "refused", _("Refused")


class Move(Choice):
    PASS_FIRST = "pass-first", _("Pass the first review")
    PASS_SECOND = "pass-second", _("Pass the second review")
    RETURN = "return", _("Return for correction")
    REFUSE = "refuse", _("Refuse")
    REFILE = "refile", _("File again")
    PULL_BACK = "pull-back", _("Pull back")
    RESUME = "resume", _("Objection rejected, go on")
    FINISH_PUBLICITY = "finish-publicity", _("Publicity has ended")
    BATCH = "batch", _("Put into a payment batch")
    UNBATCH = "unbatch", _("Take out of the batch")
    PAY = "pay", _("Paid by the bank")
    FAIL = "fail", _("Refused by the bank")
    CORRECT = "correct", _("Account corrected")


S, M = State, Move
LIFECYCLE = Lifecycle(
    {
        (S.FILED, M.PASS_FIRST): S.FIRST,
        (S.FILED, M.RETURN): S.RETURNED,
        (S.FILED, M.REFUSE): S.REFUSED,
        (S.FIRST, M.PASS_SECOND): S.PUBLICITY,
        (S.FIRST, M.RETURN): S.RETURNED,
        (S.FIRST, M.REFUSE): S.REFUSED,
        (S.RETURNED, M.REFILE): S.FILED,
        (S.PUBLICITY, M.PULL_BACK): S.PULLED_BACK,
        (S.PUBLICITY, M.FINISH_PUBLICITY): S.APPROVED,
        (S.PULLED_BACK, M.RESUME): S.PUBLICITY,
        (S.PULLED_BACK, M.REFUSE): S.REFUSED,
        (S.APPROVED, M.BATCH): S.IN_PAYMENT,
        (S.IN_PAYMENT, M.UNBATCH): S.APPROVED,
        (S.IN_PAYMENT, M.PAY): S.PAID,
        (S.IN_PAYMENT, M.FAIL): S.FAILED,
        (S.FAILED, M.CORRECT): S.APPROVED,
    }
)
LIVE = frozenset(S) - {S.REFUSED}
