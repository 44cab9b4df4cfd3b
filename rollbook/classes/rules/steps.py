"""The steps of an application, and which of its reasons belongs to which."""

from rollbook.kernel.choices import Choice
from rollbook.kernel.messages import _


class Step(Choice):
    PROJECT = "project", _("Project and dates")
    PLAN = "plan", _("Teaching plan")
    ROSTER = "roster", _("Roster")
    COMMITMENT = "commitment", _("Commitments")
    CHECK = "check", _("Check and submit")


CODES = {
    Step.PLAN: frozenset({
        "no-lessons", "lesson-outside", "too-few-hours", "too-little-practice", "long-day", "too-few-seats",
        "teacher-unqualified", "room-taken", "teacher-taken", "plan-overlaps",
    }),
    Step.ROSTER: frozenset({
        "class-size", "over-capacity", "too-young", "identity-mismatch", "trainee-taken", "level-had", "unverified",
        "old",
    }),
    Step.COMMITMENT: frozenset({"no-commitment", "unsigned"}),
}  # fmt: skip


def step_of(code: str) -> Step:
    """Where a reason can be mended: what belongs nowhere else is of the project and its dates."""
    return next((step for step, codes in CODES.items() if code in codes), Step.PROJECT)
