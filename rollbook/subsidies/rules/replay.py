"""A decision as it is kept, and where working it out again comes to something else (B1)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rollbook.kernel.choices import Choice
from rollbook.kernel.decisions import Award, Ground, reasons
from rollbook.kernel.messages import Message, _
from rollbook.subsidies.rules.facts import Facts, said

TOTAL = Message(_("Total"))


class Aspect(Choice):
    """How the two sides of a difference are read."""

    FEN = "fen", _("Money")
    AGAINST = "against", _("Stands against it")
    FIGURES = "figures", _("Figures")
    FACT = "fact", _("Fact")


@dataclass(frozen=True, slots=True)
class Difference:
    """One line, condition or fact that is no longer what it was."""

    label: Message
    aspect: Aspect
    was: Any = None
    now: Any = None

    def json(self) -> dict[str, Any]:
        return asdict(self) | {"aspect": self.aspect.value}


def kept(facts: Facts, grounds: Sequence[Ground], award: Award, row: int) -> dict[str, Any]:
    """What is stored with a decision: the facts, the conditions that had figures as they were met, the lines."""
    return {"facts": said(facts, row), "grounds": conditions(grounds, row), "working": award.working(row)}


def conditions(grounds: Sequence[Ground], row: int) -> list[dict[str, Any]]:
    met = (one for one in grounds if one.values and not one.holds[row] and one.code != "higher-level")
    return [asdict(one.message(row)) for one in met]


def apart(stored: Mapping[str, Any], grounds: Sequence[Ground], award: Award, row: int) -> Iterator[Difference]:
    """Where a decision worked out again differs from the stored one, line by line."""
    for against in reasons(grounds, row):
        yield Difference(against, Aspect.AGAINST)
    yield from _conditions_apart(stored["grounds"], conditions(grounds, row))
    yield from _lines_apart(stored["working"], award.working(row))


def side_by_side(was: Sequence[Mapping[str, Any]], now: Sequence[Mapping[str, Any]]) -> list[tuple[Message, int, int]]:
    """Every line of two workings with what it is in each."""
    before, after = _sums(was), _sums(now)
    found = []
    for name in dict.fromkeys([*before, *after]):
        label = (before.get(name) or after[name])[0]
        found.append((label, before[name][1] if name in before else 0, after[name][1] if name in after else 0))
    return found


def _lines_apart(was: Sequence[Mapping[str, Any]], now: Sequence[Mapping[str, Any]]) -> Iterator[Difference]:
    """A line that only one of the two has is nothing in the other."""
    lines = side_by_side(was, now)
    yield from (Difference(label, Aspect.FEN, old, new) for label, old, new in lines if old != new)
    sums = (sum(old for _label, old, _new in lines), sum(new for _label, _old, new in lines))
    if sums[0] != sums[1]:
        yield Difference(TOTAL, Aspect.FEN, *sums)


def _sums(lines: Sequence[Mapping[str, Any]]) -> dict[str, tuple[Message, int]]:
    found: dict[str, tuple[Message, int]] = {}
    for line in lines:
        label = Message(**line["label"])
        fen = found[repr(label)][1] if repr(label) in found else 0
        found[repr(label)] = (label, fen + line["amount_fen"])
    return found


def _conditions_apart(was: Sequence[Mapping[str, Any]], now: Sequence[Mapping[str, Any]]) -> Iterator[Difference]:
    """A condition that was met by other figures, or that only one of the two looked at."""
    before, after = _by_code(was), _by_code(now)
    for name in dict.fromkeys([*before, *after]):
        old, new = before.get(name), after.get(name)
        if old is None or new is None or old.values != new.values:
            label = new or old or TOTAL
            yield Difference(label, Aspect.FIGURES, old and dict(old.values), new and dict(new.values))


def _by_code(conditions: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], Message]:
    """Two caps share a code, so the limit tells them apart."""
    messages = [Message(**one) for one in conditions]
    return {(one.code, str(one.values.get("limit", ""))): one for one in messages}


def facts_apart(was: Mapping[str, Any], now: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """Facts that are not what they were on the day of the decision."""
    return [(name, was[name], now[name]) for name in was if name in now and was[name] != now[name]]
