"""A province-year, a county at a time.

The tables are those of `rollbook/risk/detectors/tables.py`, one folder each, by month where the table has one. The
truth lies apart, in `truth.parquet` of the folder: what each scheme touched, and which detectors should find it.
"""

import json
import shutil
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from simulators.province import bodies, outcomes, schemes, schemes_money, schemes_training, training
from simulators.province.columns import Chunk, gather, write

COUNTY = 16_000  # enrolments of one county's year
PART = 25  # counties whose files become one: a province of 250 has ten files a month, not thousands
REGIONS = tuple(f"{city}{county:02}" for city in range(3201, 3214) for county in range(1, 9))
# Of every kind; that the other two modules are read is what registers their schemes.
SCHEMES = {**schemes.SCHEMES, **schemes_money.SCHEMES, **schemes_training.SCHEMES}


def county(number: int, seed: int, enrolments: int, lessons: int, rate: float) -> Chunk:
    """One county's year."""
    rng = np.random.default_rng([seed, number])
    chunk = Chunk(number, REGIONS[number % len(REGIONS)], rng, lessons)
    bodies.institutions(chunk)
    bodies.firms(chunk)
    training.classes(chunk, max(enrolments // 29, 16))
    training.rosters(chunk)
    training.lessons(chunk)
    training.presences(chunk)
    training.check_ins(chunk)
    outcomes.exams(chunk)
    outcomes.scores(chunk)
    outcomes.certificates(chunk)
    outcomes.claims(chunk)
    outcomes.office(chunk)
    outcomes.mess(chunk)
    if rate:
        schemes.inject(chunk, rate)
    return chunk


def _made(task: tuple[int, int, int, int, float, str]) -> tuple[int, list[tuple[int, str, str, str, int]]]:
    number, seed, enrolments, lessons, rate, root = task
    chunk = county(number, seed, enrolments, lessons, rate)
    return write(chunk, Path(root)), chunk.truth


def province(root: Path, *, enrolments: int, seed: int, lessons: int, rate: float, processes: int) -> int:
    """Make all counties; gives how many rows."""
    if root.exists():
        shutil.rmtree(root)
    root.mkdir(parents=True)
    count = max(1, round(enrolments / COUNTY))
    tasks = [(n, seed, enrolments // count, lessons, rate, str(root)) for n in range(count)]
    rows = 0
    truth: list[tuple[int, str, str, str, int]] = []
    with ProcessPoolExecutor(processes) as pool:
        for first in range(0, count, PART):
            for some, told in pool.map(_made, tasks[first : first + PART]):
                rows, truth = rows + some, truth + told
            gather(root, first)
    names = ("instance", "scheme", "detectors", "kind", "subject_id")
    pq.write_table(pa.table({n: pa.array([t[i] for t in truth]) for i, n in enumerate(names)}), root / "truth.parquet")
    asked = {"enrolments": enrolments, "seed": seed, "lessons": lessons, "rate": rate, "rows": rows}
    (root / "made.json").write_text(json.dumps(asked))
    return rows
