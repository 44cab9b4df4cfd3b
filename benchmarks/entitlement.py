"""How fast claims are decided over columns: the shipped policy of Jiangsu, grounds and amounts."""

import time
from collections.abc import Iterator

import numpy as np

from benchmarks._figures import Figure, at_least, at_most
from rollbook.subsidies import rules
from rollbook.subsidies.tests.cases import SAID, facts, shipped

CLAIMS = 1_000_000
SOME = {
    "attended_percent": (60, 101), "worst_day_percent": (75, 101), "stage": (2, 4), "level": (1, 6),
    "highest_had_level": (1, 10), "days_since_certificate": (0, 400), "identity": (6180100, 6180400), "urgency": (0, 4),
    "grade": (1, 4), "list_fen": (-1, 3),
}  # fmt: skip


def cases(count: int) -> rules.Facts:
    """As many cases as asked for, diced the same each time."""
    dice = np.random.default_rng(7)
    one = facts()
    columns = {name: np.repeat(getattr(one, name), count, axis=0) for name in SAID}
    columns |= {name: dice.integers(low, high, count) for name, (low, high) in SOME.items()}
    columns |= {name: dice.random(count) < 0.9 for name in ("is_committed", "is_verified")}
    columns["had_year"] = dice.integers(0, 2, (count, len(rules.Kind))).astype(np.int16)
    return rules.Facts(**columns)


def run() -> Iterator[Figure]:
    policy, many, one = shipped("320000", "training"), cases(CLAIMS), facts()
    count = len(rules.grounds(one, policy)) + len(rules.award(one, policy).lines)
    start = time.perf_counter()
    rules.payable_fen(many, policy)
    seconds = time.perf_counter() - start
    yield at_least(
        f"claim-rules decided over columns ({CLAIMS:,} claims, {count} rules)", CLAIMS * count / seconds / 1e6, 5, "M/s"
    )
    yield at_least("claims decided over columns", CLAIMS / seconds / 1e6, 0.4, "M/s")
    start = time.perf_counter()
    for _ in range(200):
        rules.payable_fen(one, policy)
    yield at_most("one claim", (time.perf_counter() - start) / 200 * 1e3, 5, "ms")
