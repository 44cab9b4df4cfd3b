"""What a benchmark tells: the figure, the goal of the quality plan, and whether it was met."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table; `met` is None where there is nothing to meet."""

    what: str
    shown: str
    goal: str = "for comparison"
    met: bool | None = None

    @property
    def verdict(self) -> str:
        return {None: "", True: "met", False: "NOT MET"}[self.met]


def at_least(what: str, value: float, goal: float, unit: str, note: str = "") -> Figure:
    return Figure(what, f"{_number(value)} {unit} {note}".strip(), f"≥ {_number(goal)} {unit}", value >= goal)


def at_most(what: str, value: float, goal: float, unit: str, note: str = "") -> Figure:
    return Figure(what, f"{_number(value)} {unit} {note}".strip(), f"≤ {_number(goal)} {unit}", value <= goal)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.2f}"
