"""The words of what an entry is about, where it has no title of its own: claim #12, classes.Lesson:681."""

import re

from rollbook.kernel.messages import _

THINGS = {
    "account": _("Account"),
    "assessment": _("Assessment"),
    "call": _("Call"),
    "check": _("Drawn check"),
    "claim": _("Claim"),
    "consent": _("Consent"),
    "correction": _("Correction"),
    "discrepancy": _("Discrepancy"),
    "enrolment": _("Trainee"),
    "explanation": _("Explanation"),
    "hold": _("Hold"),
    "inspection": _("Inspection"),
    "leave": _("Leave"),
    "lesson": _("Lesson"),
    "make-up": _("Make-up lesson"),
    "objection": _("Objection"),
    "person": _("Person"),
    "plan change": _("Change of the plan"),
    "proposal": _("Proposed recovery"),
    "recomputation": _("Recomputation"),
    "roll": _("Roll call"),
    "score change": _("Change of a score"),
    "sign-up": _("Sign-up of a worker"),
    "sitting": _("Sitting"),
    "teaching correction": _("Teacher's attendance"),
    "trainingclass": _("Class"),
    "visit": _("Visit on site"),
    "write-off": _("Write-off"),
}
TITLED = re.compile(r"([a-z][a-z -]*) (#\d+)")
NAMED = re.compile(r"[a-z]+\.([A-Za-z]+):(\d+)")


def thing(text: str) -> tuple[str, str] | None:
    """The word and the number of what is named by its kind alone."""
    if (found := TITLED.fullmatch(text)) and found[1] in THINGS:
        return THINGS[found[1]], found[2]
    if (found := NAMED.fullmatch(text)) and found[1].lower() in THINGS:
        return THINGS[found[1].lower()], f"#{found[2]}"
    return None
