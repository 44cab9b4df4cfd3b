"""How fast claims are decided over columns: the shipped policy of Jiangsu, grounds and amounts."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from benchmarks._figures import Figure, at_least, at_most
from rollbook.subsidies import rules
from rollbook.subsidies.tests.cases import SAID, facts, shipped

CLAIMS, TIMES = 1_000_000, 3
SOME = {
    "attended_percent": (60, 101), "worst_day_percent": (75, 101), "stage": (2, 4), "level": (1, 6),
    "highest_had_level": (1, 10), "days_since_certificate": (0, 400), "identity": (6180100, 6180400), "urgency": (0, 4),
    "grade": (1, 4),
}  # fmt: skip


def cases(count: int) -> rules.Facts:
    """As many cases as asked for, diced the same each time."""
    dice = np.random.default_rng(7)
    one = facts()
    columns = {name: np.repeat(getattr(one, name), count, axis=0) for name in rules.Facts.__dataclass_fields__}
    columns |= {name: dice.integers(low, high, count) for name, (low, high) in SOME.items()}
    columns["list_fen"] = np.where(dice.random(count) < 0.5, -1, dice.integers(5, 50, count) * 10_000)
    columns["kind"] = dice.choice(5, count, p=(0.7, 0.1, 0.1, 0.05, 0.05))
    columns["excluded"] = np.where(dice.random(count) < 0.05, 1 << dice.integers(0, 6, count), 0)
    columns |= {name: dice.random(count) < 0.9 for name in ("is_committed", "is_verified")}
    columns |= {name: dice.random(count) < 0.05 for name in ("is_starred", "same_level_had")}
    for name in ("had_year", "had_ever"):
        columns[name] = (dice.random((count, len(rules.Kind))) < 0.15).astype(np.int16)
    return rules.Facts(**columns)


def run() -> Iterator[Figure]:
    policy, many, one = shipped("320000", "training"), cases(CLAIMS), facts()
    count = len(rules.grounds(one, policy)) + len(rules.award(one, policy).lines)
    seconds, ours = best(lambda: rules.payable_fen(many, policy))
    yield at_least(
        f"claim-rules decided over columns ({CLAIMS:,} claims, {count} rules)", CLAIMS * count / seconds / 1e6, 5, "M/s"
    )
    yield at_least("claims decided over columns", CLAIMS / seconds / 1e6, 0.4, "M/s")
    single = best(lambda: rules.payable_fen(rules.heard(SAID), policy), 200)[0]
    yield at_most("one claim, from its stored words to its sum", single * 1e3, 5, "ms")
    yield from _beside_openfisca(many, ours, seconds, single)


def _beside_openfisca(many: rules.Facts, ours: np.ndarray, seconds: float, single: float) -> Iterator[Figure]:
    """The same policy in OpenFisca (`requirements-bench.txt`), which must come to the same first."""
    try:
        from benchmarks import _openfisca as peer
    except ModuleNotFoundError as missing:
        yield Figure("beside OpenFisca", f"not measured: {missing.name} is not installed")
        return
    columns = peer.inputs(many)
    runs = [peer.decided(columns, CLAIMS) for _ in range(TIMES)]
    raw = {name: getattr(many, name) for name in rules.Facts.__dataclass_fields__}
    policy = shipped("320000", "training")
    whole = best(lambda: rules.payable_fen(rules.Facts(**raw), policy))[0]
    apart = int((runs[0][0] != ours).sum())
    theirs, alone = (min(run[n] for run in runs) for n in (1, 2))
    share = f"{(ours > 0).mean():.0%} due"
    yield Figure(f"… comes to the same in OpenFisca ({CLAIMS:,} claims, {share})", f"{apart:,} differ", "0", apart == 0)
    yield at_least(
        "… beside OpenFisca, from columns to sums", theirs / whole, 1, "×", f"({CLAIMS / theirs / 1e6:.2f} M/s)"
    )
    yield Figure(
        "… beside its calculation alone, inputs set before", f"{alone / seconds:.2f} × ({CLAIMS / alone / 1e6:.2f} M/s)"
    )
    columns = peer.inputs(rules.heard(SAID))
    alone = best(lambda: peer.one_case(columns), 50)[0]
    yield at_most("… one claim beside OpenFisca's", single / alone, 0.5, "×", f"({alone * 1e3:.2f} ms)")


def best(work: Callable[[], Any], times: int = 3) -> tuple[float, Any]:
    """The shortest of some runs, and what it gave: others on the machine can only make it longer."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        found = work()
        taken.append(time.perf_counter() - start)
    return min(taken), found
