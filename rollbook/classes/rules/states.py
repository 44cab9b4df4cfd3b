"""The life of a class (N4.1), and the words of attendance (domain 2.5)."""

from rollbook.kernel.choices import Choice
from rollbook.kernel.lifecycle import Lifecycle
from rollbook.kernel.messages import _


class State(Choice):
    DRAFT = "draft", _("In preparation")
    SUBMITTED = "submitted", _("Submitted")
    REVIEWED = "reviewed", _("Waiting for the second officer")
    APPROVED = "approved", _("Approved")
    REFUSED = "refused", _("Refused")
    RUNNING = "running", _("In training")
    ENDED = "ended", _("Training ended")
    ASSESSED = "assessed", _("Assessed")
    CANCELLED = "cancelled", _("Cancelled")


class Move(Choice):
    SUBMIT = "submit", _("Submit")
    WITHDRAW = "withdraw", _("Withdraw")
    RETURN = "return", _("Return for correction")
    REFUSE = "refuse", _("Refuse")
    PASS_ON = "pass-on", _("Approve and pass to the second officer")
    APPROVE = "approve", _("Approve")
    START = "start", _("Start the training")
    END = "end", _("End the training")
    ASSESS = "assess", _("Lock the results")
    CANCEL = "cancel", _("Cancel the class")


S, M = State, Move
LIFECYCLE = Lifecycle(
    {
        (S.DRAFT, M.SUBMIT): S.SUBMITTED,
        (S.DRAFT, M.CANCEL): S.CANCELLED,
        (S.SUBMITTED, M.WITHDRAW): S.DRAFT,
        (S.SUBMITTED, M.RETURN): S.DRAFT,
        (S.SUBMITTED, M.REFUSE): S.REFUSED,
        (S.SUBMITTED, M.PASS_ON): S.REVIEWED,
        (S.SUBMITTED, M.APPROVE): S.APPROVED,
        (S.REVIEWED, M.APPROVE): S.APPROVED,
        (S.REVIEWED, M.RETURN): S.DRAFT,
        (S.REVIEWED, M.REFUSE): S.REFUSED,
        (S.APPROVED, M.START): S.RUNNING,
        (S.APPROVED, M.CANCEL): S.CANCELLED,
        (S.RUNNING, M.END): S.ENDED,
        (S.RUNNING, M.CANCEL): S.CANCELLED,
        (S.ENDED, M.ASSESS): S.ASSESSED,
    }
)

LIVE = frozenset({S.SUBMITTED, S.REVIEWED, S.APPROVED, S.RUNNING, S.ENDED, S.ASSESSED})


def takes_check_ins(state: str, *, is_make_up: bool) -> bool:
    """While the class is in training; a make-up lesson may also be held between its end and its results."""
    return state == State.RUNNING or (is_make_up and state == State.ENDED)


class LessonKind(Choice):
    THEORY = "theory", _("Theory")
    PRACTICE = "practice", _("Practice")


class Presence(Choice):
    """What one trainee's attendance of one lesson came to (field codes 0, 1, 2, 4)."""

    PRESENT = "present", _("Present")
    LEAVE = "leave", _("On leave")
    LATE = "late", _("Late or left early")
    ABSENT = "absent", _("Absent")


class Direction(Choice):
    IN = "in", _("In")
    OUT = "out", _("Out")


class Means(Choice):
    CODE = "code", _("Scanned code")
    ROLL_CALL = "roll-call", _("Roll call")
    CARD = "card", _("Card reader")
    FENCE = "fence", _("Position")
    FACE = "face", _("Face")


class StudyForm(Choice):
    FULL_TIME = "full-time", _("Full-time")
    PART_TIME = "part-time", _("Part-time")
    EVENING = "evening", _("Evenings and weekends")
    APPRENTICESHIP = "apprenticeship", _("New apprenticeship")


class CertificateKind(Choice):
    COMPLETION = "completion", _("Completion certificate")
    LEVEL = "level", _("Skill-level certificate")
    SPECIAL = "special", _("Special-ability certificate")


class AskState(Choice):
    """A request that a second person decides: leave, correction, change of plan."""

    ASKED = "asked", _("Asked")
    GRANTED = "granted", _("Granted")
    REFUSED = "refused", _("Refused")
