"""Completion assessment: scores, and when they pass (N5.2, domain 9.2)."""

from collections.abc import Iterator

from rollbook.kernel.choices import Choice
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import reason


class Result(Choice):
    PENDING = "pending", _("Not assessed")
    PASSED = "passed", _("Passed")
    FAILED = "failed", _("Failed")
    ABSENT = "absent", _("Absent from the assessment")


class ChangeState(Choice):
    ASKED = "asked", _("Asked")
    GRANTED = "granted", _("Granted")
    REFUSED = "refused", _("Refused")


def result(theory: int | None, practice: int | None, is_absent: bool, pass_mark: int) -> Result:
    """Both theory and practice must reach the pass mark, out of 100 (domain 9.2)."""
    if is_absent:
        return Result.ABSENT
    if theory is None or practice is None:
        return Result.PENDING
    return Result.PASSED if min(theory, practice) >= pass_mark else Result.FAILED


def reasons_against_marks(theory: int | None, practice: int | None, is_absent: bool) -> Iterator[Message]:
    for name, mark in ((_("theory"), theory), (_("practice"), practice)):
        if mark is not None and not 0 <= mark <= 100:
            yield reason(
                "mark-range", _("The mark of {name} must be 0 to 100; it is {mark}."), "N5.2", name=name, mark=mark
            )
    if is_absent and (theory is not None or practice is not None):
        yield reason("absent-with-marks", _("Who was absent has no marks."), "N5.2")


def reasons_against_lock(
    *, trainees: int, pending: int, held: bool, class_ended: bool, make_ups: int
) -> Iterator[Message]:
    """Why results cannot be locked yet (N5.1)."""
    if not class_ended:
        yield reason("not-ended", _("The training has not ended."), "N5.1")
    if not held:
        yield reason("not-held", _("Enter when and where the assessment was held, and by whom."), "N5.1")
    if make_ups:
        text = _("{count} make-up lessons are not over or not closed; they may still count.")
        yield reason("make-ups-open", text, "N4.1", count=make_ups)
    if pending or not trainees:
        yield reason("pending", _("{count} trainees have no result yet."), "N5.1", count=pending)
