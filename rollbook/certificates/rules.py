"""Completion certificates: their numbers and states (N5.3)."""

from rollbook.kernel.choices import Choice
from rollbook.kernel.messages import _


class State(Choice):
    VALID = "valid", _("Valid")
    REVOKED = "revoked", _("Revoked")
