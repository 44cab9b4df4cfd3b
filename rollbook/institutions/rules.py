"""Institutions that may train: what they are, and how one comes into the directory."""

from rollbook.kernel.choices import Choice
from rollbook.kernel.lifecycle import Lifecycle
from rollbook.kernel.messages import _


class Kind(Choice):
    VOCATIONAL_COLLEGE = "vocational-college", _("Vocational college")
    TECHNICAL_COLLEGE = "technical-college", _("Technical college")
    PRIVATE_SCHOOL = "private-school", _("Private vocational training school")
    OTHER_SCHOOL = "other-school", _("Other school")
    ENTERPRISE = "enterprise", _("Enterprise")
    SOCIAL_ORGANISATION = "social-organisation", _("Social organisation")


class Nature(Choice):
    PUBLIC = "public", _("Public")
    PRIVATE = "private", _("Private")


class State(Choice):
    DRAFT = "draft", _("In preparation")
    APPLIED = "applied", _("Applied")
    VERIFIED = "verified", _("Verified on site")
    LISTED = "listed", _("In the directory")
    REFUSED = "refused", _("Refused")
    REMOVED = "removed", _("Removed from the directory")


class Move(Choice):
    APPLY = "apply", _("Apply")
    RETURN = "return", _("Return")
    VERIFY = "verify", _("Record the verification")
    APPROVE = "approve", _("Enter in the directory")
    REFUSE = "refuse", _("Refuse")
    REMOVE = "remove", _("Remove from the directory")


LIFECYCLE = Lifecycle(
    {
        (State.DRAFT, Move.APPLY): State.APPLIED,
        (State.APPLIED, Move.RETURN): State.DRAFT,
        (State.VERIFIED, Move.RETURN): State.DRAFT,
        (State.APPLIED, Move.VERIFY): State.VERIFIED,
        (State.VERIFIED, Move.VERIFY): State.VERIFIED,
        (State.VERIFIED, Move.APPROVE): State.LISTED,
        (State.APPLIED, Move.REFUSE): State.REFUSED,
        (State.VERIFIED, Move.REFUSE): State.REFUSED,
        (State.LISTED, Move.REMOVE): State.REMOVED,
        (State.REFUSED, Move.APPLY): State.APPLIED,
    }
)


class PaperKind(Choice):
    LICENCE = "licence", _("School or business licence")
    FIRE = "fire", _("Fire safety certificate")
    HEALTH = "health", _("Health permit")
    SAFETY = "safety", _("Building safety appraisal")
    AGREEMENT = "agreement", _("Training agreement")


class ProjectState(Choice):
    ASKED = "asked", _("Applied for")
    APPROVED = "approved", _("Approved")
    REFUSED = "refused", _("Refused")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class RoomKind(Choice):
    CLASSROOM = "classroom", _("Classroom")
    WORKSHOP = "workshop", _("Workshop")
    COMPUTER_ROOM = "computer-room", _("Computer room")
