"""Completion assessment: scores, and when they pass (N5.2, domain 9.2)."""

from rollbook.kernel.choices import Choice
from rollbook.kernel.messages import _


class Result(Choice):
    PENDING = "pending", _("Not assessed")
    PASSED = "passed", _("Passed")
    FAILED = "failed", _("Failed")
    ABSENT = "absent", _("Absent from the assessment")


class ChangeState(Choice):
    ASKED = "asked", _("Asked")
    GRANTED = "granted", _("Granted")
    REFUSED = "refused", _("Refused")
