"""64 workers claim for one person at once, a thousand times: other counties, codes, levels, funds and orders each time.

`RACE_ROUNDS=100` makes it shorter. In even rounds all claim at one level, so exactly one may win; in odd rounds at
three levels, so each may be won once and only upwards.
"""

import multiprocessing
import os
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

from benchmarks._figures import Figure
from benchmarks._site import own_database

PROCESSES, THREADS = 4, 16
ROUNDS = int(os.environ.get("RACE_ROUNDS", "1000"))


def run() -> Iterator[Figure]:
    from django.db import connections

    from rollbook.subsidies.tests import factories, races

    with own_database():
        factories.load_terms()
        rounds = races.prepare(ROUNDS)
        ways = sum(len(one.attempts) for one in rounds)
        connections.close_all()
        start = time.perf_counter()
        outcomes = _raced(rounds)
        seconds = time.perf_counter() - start
        broken = races.broken(rounds)
        attempts = sum(outcomes.values())
    workers = PROCESSES * THREADS
    yield Figure(
        f"rounds of {workers} workers in which not exactly one won",
        f"{len(broken)} of {len(rounds):,}", "0", not broken,
    )  # fmt: skip
    yield Figure("… attempts, by how they ended", ", ".join(f"{name} {n:,}" for name, n in outcomes.most_common()))
    yield Figure("… ways to claim that were prepared", f"{ways:,}")
    yield Figure("… attempts decided", f"{attempts / seconds:,.0f} /s, {workers} at once on each person")


def _raced(rounds: list[Any]) -> Counter[str]:
    """Processes of threads, all of them let go together in every round."""
    context = multiprocessing.get_context("fork")
    together = context.Barrier(PROCESSES * THREADS)
    results = context.SimpleQueue()
    workers = [context.Process(target=_worker, args=(rounds, n, together, results)) for n in range(PROCESSES)]
    for one in workers:
        one.start()
    found: Counter[str] = Counter()
    for _one in workers:
        found += results.get()
    for one in workers:
        one.join()
    return found


def _worker(rounds: list[Any], offset: int, together: Any, results: Any) -> None:
    from rollbook.subsidies.tests import races

    results.put(races.run(rounds, THREADS, together, offset, PROCESSES))
