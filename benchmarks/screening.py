"""Screening: one overlap search on five engines, all detectors over a simulated province, one roster, the alert queue.

ROWS (10 million presences) and ENROLMENTS (50 000, and an eighth of them) are of the environment.
"""

import os
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks._figures import Figure, at_least, at_most

ROWS = int(os.environ.get("ROWS", "10_000_000"))
ENROLMENTS = int(os.environ.get("ENROLMENTS", "50_000"))
DAYS, TWICE = 25, 500  # of each person; one in so many days is in two places

SQL = """
WITH several AS (SELECT person_id, day FROM read_parquet('{path}') GROUP BY ALL HAVING count(*) > 1),
few AS (SELECT * FROM read_parquet('{path}') SEMI JOIN several USING (person_id, day))
SELECT DISTINCT a.enrolment_id, a.day FROM few a JOIN few b
ON a.person_id = b.person_id AND a.day = b.day AND a.enrolment_id <> b.enrolment_id
AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at
"""


def run() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        yield from overlaps(Path(folder) / "presences.parquet")
    with tempfile.TemporaryDirectory() as folder:
        yield from province(Path(folder))
    from benchmarks import alerts

    yield from alerts.run()


def presences(path: Path, rows: int) -> None:
    """People with a presence a day; some of them with a second one that overlaps, in another enrolment."""
    dice = np.random.default_rng(3)
    people = rows // DAYS
    person = np.repeat(np.arange(people, dtype=np.int64), DAYS)
    day = np.tile(np.arange(DAYS, dtype=np.int32), people)
    hour = dice.integers(0, 6, len(person))
    extra = dice.random(len(person)) < 1 / TWICE
    first = 20_500 * 86_400_000_000
    start = first + day.astype(np.int64) * 86_400_000_000 + hour * 3_600_000_000
    columns = {
        "enrolment_id": np.concatenate([person, person[extra] + people]),
        "person_id": np.concatenate([person, person[extra]]),
        "day": np.concatenate([day, day[extra]]) + 20_500,
        "starts_at": np.concatenate([start, start[extra] + 1_800_000_000]),
    }
    table = pa.table(
        {
            "enrolment_id": columns["enrolment_id"],
            "person_id": columns["person_id"],
            "day": pa.array(columns["day"].astype(np.int32)).cast(pa.date32()),
            "starts_at": pa.array(columns["starts_at"]).cast(pa.timestamp("us", "UTC")),
            "ends_at": pa.array(columns["starts_at"] + 3_600_000_000 * 3).cast(pa.timestamp("us", "UTC")),
        }
    )
    pq.write_table(table, path, row_group_size=1_000_000)


def by_pandas(path: str) -> int:
    import pandas as pd

    one = pd.read_parquet(path)
    both = one.merge(one, on=["person_id", "day"], suffixes=("", "_other"))
    found = both[
        (both.enrolment_id != both.enrolment_id_other)
        & (both.starts_at < both.ends_at_other)
        & (both.starts_at_other < both.ends_at)
    ]
    return len(found[["enrolment_id", "day"]].drop_duplicates())


def by_polars(path: str) -> int:
    """Tuned by hand: only the days on which a person has more than one row are joined."""
    import polars as pl

    one = pl.scan_parquet(path)
    several = one.group_by("person_id", "day").agg(pl.len().alias("n")).filter(pl.col("n") > 1)
    few = one.join(several.select("person_id", "day"), on=["person_id", "day"], how="semi")
    both = few.join(few, on=["person_id", "day"], suffix="_other").filter(
        (pl.col("enrolment_id") != pl.col("enrolment_id_other"))
        & (pl.col("starts_at") < pl.col("ends_at_other"))
        & (pl.col("starts_at_other") < pl.col("ends_at"))
    )
    return both.select("enrolment_id", "day").unique().collect(engine="streaming").height


def by_sql(path: str) -> int:
    import duckdb

    with duckdb.connect(config={"memory_limit": "4GB", "threads": 2}) as engine:
        return len(engine.sql(SQL.format(path=path)).to_arrow_table())


def by_ibis(path: str, address: str = "duckdb") -> int:
    from rollbook.database import engines
    from rollbook.risk.detectors.shapes import meets

    with engines.connect(address, memory="4GB", threads=2) as backend:
        rows = backend.read_parquet(path)
        days = rows.aggregate(by=["person_id", "day"], n=rows.count())
        one = rows.semi_join(days.filter(days.n > 1), ["person_id", "day"])  # who has one row cannot be in two places
        other = rows.view()  # whole: only one side need be few
        found = one.join(
            other,
            [
                one.person_id == other.person_id,
                one.day == other.day,
                one.enrolment_id != other.enrolment_id,
                meets(one, other),
            ],
        )
        return int(backend.to_pyarrow(found.select(one.enrolment_id, one.day).distinct()).num_rows)


def by_spark(path: str) -> int:
    return by_ibis(path, "local[2]")


def apart(work: Callable[..., Any], *arguments: Any) -> tuple[Any, float, float]:
    """What the work gives, its seconds, and the most memory it had, in a process of its own."""
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(measured, (work, arguments))


def measured(work: Callable[..., Any], arguments: tuple[Any, ...]) -> tuple[Any, float, float]:
    for name in ("ibis", "duckdb", "pandas", "polars", "pyspark.sql", "rollbook.risk.detectors"):
        import_module(name)  # starting up is not what is measured
    begun = time.perf_counter()
    result = work(*arguments)
    return result, time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def overlaps(path: Path) -> Iterator[Figure]:
    presences(path, ROWS)
    engines = {"raw DuckDB SQL": by_sql, "Ibis on DuckDB": by_ibis, "Polars": by_polars, "pandas": by_pandas}
    engines["Ibis on Spark, local[2]"] = by_spark
    found: dict[str, tuple[Any, float, float]] = {}
    for name, work in engines.items():
        found[name] = apart(work, str(path))
        rows, seconds, memory = found[name]
        yield Figure(f"overlaps of {ROWS:,} presences: {name}", f"{seconds:.1f} s, {memory:.1f} GB, {rows:,} rows")
    if len({rows for rows, _seconds, _memory in found.values()}) > 1:
        raise SystemExit("the engines do not find the same rows")
    ours = found["Ibis on DuckDB"][1]
    yield at_least("… beside pandas", found["pandas"][1] / ours, 4, "×")
    yield at_least("… beside Polars", found["Polars"][1] / ours, 1, "×")
    yield at_most("… of raw DuckDB SQL's time", ours / found["raw DuckDB SQL"][1], 1.05, "×")


def screened(root: str, memory: str) -> tuple[int, int, list[tuple[float, str]]]:
    """Every detector over a lake: how many rows were found, how many failed, and the slowest."""
    from rollbook.database import engines
    from rollbook.risk.detectors import DETECTORS
    from rollbook.risk.detectors.shapes import Tables
    from rollbook.risk.detectors.tables import SHAPES

    count, failed, slow = 0, 0, []
    with engines.connect(memory=memory, spill=f"{root}/.spill", threads=2) as backend:
        tables = Tables(
            lambda name: engines.stored(
                backend, name, sorted(map(str, (Path(root) / name).rglob("*.parquet"))), SHAPES[name].schema
            )
        )
        for code, one in DETECTORS.items():
            begun = time.perf_counter()
            try:
                count += backend.to_pyarrow(one.find(tables, one.defaults())).num_rows
            except Exception as error:
                failed += 1
                print(code, error)
            slow.append((time.perf_counter() - begun, code))
    return count, failed, sorted(slow, reverse=True)[:5]


def province(folder: Path) -> Iterator[Figure]:
    """Time and memory of all detectors at an eighth and at the whole, which should be eight times."""
    from simulators.province.__main__ import province as made

    times = {}
    for size in (ENROLMENTS // 8, ENROLMENTS):
        root = folder / str(size)
        rows = made(root, enrolments=size, seed=11, lessons=12, rate=0.02, processes=2)
        (found, failed, slow), seconds, memory = apart(screened, str(root), "4GB")
        times[size] = seconds
        slowest = ", ".join(f"{code} {took:.1f} s" for took, code in slow[:3])
        yield Figure(
            f"all detectors, {size:,} enrolments, {rows:,} rows",
            f"{seconds:.0f} s, {memory:.1f} GB, {found:,} findings, {failed} failed; {slowest}",
        )
    small, large = times.values()
    yield at_most("… time of the whole beside an eighth", large / small, 8.8, "×")
