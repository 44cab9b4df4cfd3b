"""What is not decided yet about a class or some of its people (domain 5.2, severity R)."""

from collections.abc import Iterator, Sequence

from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import reason


def undecided(number: int, what: str) -> Message:
    text = _("Alert {other} is not decided yet: {what}. Have it settled first, or say why you go on.")
    return reason("undecided", text, "N3.6", other=number, what=Message(what))


def reasons_against_going_on(found: Sequence[Message], despite: str) -> Iterator[Message]:
    """A likelihood refuses nobody (domain 5.3); but a person decides, and says why, before the next step."""
    if not despite.strip():
        yield from found
