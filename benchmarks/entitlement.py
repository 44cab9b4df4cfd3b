"""How fast claims are decided over columns."""

import time
from collections.abc import Iterator

import numpy as np

from benchmarks._figures import Figure, at_least
from rollbook.kernel.columns import Ints
from rollbook.subsidies import rules

CLAIMS = 1_000_000


def _columns() -> tuple[rules.Facts, rules.Terms]:
    dice = np.random.default_rng(7)

    def whole(low: int, high: int) -> Ints:
        return dice.integers(low, high, CLAIMS)

    facts = rules.Facts(
        attended_percent=whole(60, 101), worst_day_percent=whole(75, 101), has_certificate=whole(0, 10) > 0,
        is_committed=whole(0, 10) > 0, is_verified=whole(0, 10) > 0, level=whole(1, 6), highest_paid_level=whole(1, 10),
        same_level_had=whole(0, 10) == 0, paid_this_year=whole(0, 4), paid_ever=whole(0, 10),
        days_since_certificate=whole(0, 400),
    )  # fmt: skip
    same = {"amount_fen": 150_000, "scarce_extra_fen": 0, "attendance_percent": 80, "day_attendance_percent": 80}
    caps = {"claims_a_year": 3, "claims_lifetime": 9, "claim_days": 365}
    names = ("list_document", "attendance_document", "caps_document", "days_document")
    numbers = {name: np.full(CLAIMS, value) for name, value in (same | caps).items()}
    return facts, rules.Terms(**numbers, **{name: np.full(CLAIMS, name) for name in names})


def run() -> Iterator[Figure]:
    facts, terms = _columns()
    start = time.perf_counter()
    rules.payable_fen(facts, terms)
    rate = CLAIMS / (time.perf_counter() - start)
    yield at_least(f"claims decided over columns ({CLAIMS:,})", rate / 1e6, 5, "M/s")
