"""What a trainee says of the class: signals for screening, never decisions by themselves (N4.1, N4.5)."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from rollbook.classes.rules.states import Presence
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import reason

# Each question with what it is answered by; the answer in brackets is the one that screening looks at.
YES_NO = ("yes", "no")
QUESTIONS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "attended": (_("Did you attend the lessons yourself?"), YES_NO),
    "teacher": (_("Was it the teacher named in the plan who taught?"), YES_NO),
    "hours": (_("Were all the hours of the plan held?"), YES_NO),
    "charged": (_("Did anyone ask you for money for this class?"), YES_NO),
    "returned": (_("Did anyone ask you to hand on a part of the subsidy?"), YES_NO),
    "useful": (_("How useful was the class? (5 is very)"), ("1", "2", "3", "4", "5")),
}
# Answers that an officer should see.
TELLING: Mapping[str, str] = {"attended": "no", "teacher": "no", "hours": "no", "charged": "yes", "returned": "yes"}


def telling(answers: Mapping[str, str]) -> list[str]:
    """The questions whose answers call for a look."""
    return [name for name, value in TELLING.items() if answers.get(name) == value]


def reasons_against_answers(answers: Mapping[str, str], *, is_over: bool, is_given: bool) -> Iterator[Message]:
    if not is_over:
        yield reason("not-over", _("The questions are asked once the training has ended."), "N4.5")
    if is_given:
        yield reason("answered", _("You have answered already; thank you."), "N4.5")
    for name, (text, choices) in QUESTIONS.items():
        if answers.get(name) not in choices:
            yield reason("unanswered", _("Please answer: {question}"), "N4.5", question=text)


def is_noted(in_at: datetime | None, out_at: datetime | None, presence: str) -> bool:
    """Whether anything stands in the record that a trainee may deny: a coming, a going, or what was decided by others."""
    return in_at is not None or out_at is not None or presence != Presence.ABSENT


def reasons_against_denial(*, counts: bool, has_begun: bool, is_said: bool) -> Iterator[Message]:
    if not has_begun:
        yield reason("not-begun", _("The lesson has not begun yet."), "N4.5")
    elif not counts:
        yield reason("not-counted", _("Nothing is recorded for you in this lesson."), "N4.5")
    if is_said:
        yield reason("denied", _("You have said so already; the office can see it."), "N4.5")
