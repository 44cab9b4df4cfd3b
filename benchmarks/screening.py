"""Screening: one overlap search on five engines, all detectors over a simulated province, one roster, the alert queue.

ROWS (10 and 100 million presences) and ENROLMENTS (50 000, and an eighth of them) are of the environment.
"""

import os
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks._figures import Figure, at_least, at_most

ROWS = tuple(int(one) for one in os.environ.get("ROWS", "10_000_000,100_000_000").split(","))
ENROLMENTS = int(os.environ.get("ENROLMENTS", "50_000"))
DAYS, TWICE = 25, 500  # of each person; one in so many days is in two places
ROUNDS = 3  # of each engine but Spark, turn about

# Every engine has the detector's own idea: who is in one class only cannot be in two places.
SQL = """
WITH several AS (
    SELECT person_id FROM read_parquet('{path}') GROUP BY person_id HAVING min(enrolment_id) <> max(enrolment_id)
),
few AS (SELECT * FROM read_parquet('{path}') SEMI JOIN several USING (person_id))
SELECT DISTINCT a.enrolment_id, a.day FROM few a JOIN few b
ON a.person_id = b.person_id AND a.day = b.day AND a.enrolment_id <> b.enrolment_id
AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at
"""


def run() -> Iterator[Figure]:
    for rows in ROWS:
        with tempfile.TemporaryDirectory() as folder:
            yield from overlaps(Path(folder) / "presences.parquet", rows)
    with tempfile.TemporaryDirectory() as folder:
        yield from province(Path(folder))
    from benchmarks import alerts

    yield from alerts.run()


def presences(path: Path, rows: int) -> None:
    """Day by day, as they come in: everybody once, some of them a second time, in another enrolment that overlaps."""
    dice = np.random.default_rng(3)
    people = rows // DAYS
    writer = None
    for day in range(20_500, 20_500 + DAYS):
        person = dice.permutation(people)
        starts = day * 86_400_000_000 + dice.integers(0, 6, people) * 3_600_000_000
        extra = dice.random(people) < 1 / TWICE
        starts_at = np.concatenate([starts, starts[extra] + 1_800_000_000])
        columns = {
            "enrolment_id": pa.array(np.concatenate([person, person[extra] + people])),
            "person_id": pa.array(np.concatenate([person, person[extra]])),
            "day": pa.array(np.full(len(starts_at), day, dtype=np.int32)).cast(pa.date32()),
            "starts_at": pa.array(starts_at).cast(pa.timestamp("us", "UTC")),
            "ends_at": pa.array(starts_at + 3_600_000_000 * 3).cast(pa.timestamp("us", "UTC")),
        }
        table = pa.table(columns)
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table, row_group_size=1_000_000)
    assert writer is not None
    writer.close()


def by_pandas(path: str) -> int:
    import pandas as pd

    rows = pd.read_parquet(path)
    of = rows.groupby("person_id").enrolment_id.agg(["min", "max"])
    few = rows[rows.person_id.isin(of.index[of["min"] != of["max"]])]
    both = few.merge(few, on=["person_id", "day"], suffixes=("", "_other"))
    found = both[
        (both.enrolment_id != both.enrolment_id_other)
        & (both.starts_at < both.ends_at_other)
        & (both.starts_at_other < both.ends_at)
    ]
    return len(found[["enrolment_id", "day"]].drop_duplicates())


def by_polars(path: str) -> int:
    import polars as pl

    rows, at = pl.scan_parquet(path), pl.col("enrolment_id")
    of = rows.group_by("person_id").agg(at.min().alias("low"), at.max().alias("high"))
    few = rows.join(of.filter(pl.col("low") != pl.col("high")).select("person_id"), on="person_id", how="semi")
    both = few.join(few, on=["person_id", "day"], suffix="_other").filter(
        (at != pl.col("enrolment_id_other"))
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
        of = rows.aggregate(by="person_id", low=rows.enrolment_id.min(), high=rows.enrolment_id.max())
        few = rows.semi_join(of.filter(of.low != of.high), "person_id")
        one, other = few.view(), few.view()
        found = one.join(
            other,
            [
                one.person_id == other.person_id,
                one.day == other.day,
                one.enrolment_id != other.enrolment_id,
                meets(one, other),
            ],
        )
        return engines.result(backend, found.select(one.enrolment_id, one.day).distinct()).num_rows


def by_spark(path: str) -> int:
    return by_ibis(path, "local[2]")


def apart(work: Callable[..., Any], *arguments: Any) -> tuple[Any, float, float]:
    """What the work gives, its seconds, and the most memory it had, in a process of its own."""
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(measured, (work, arguments))


def measured(work: Callable[..., Any], arguments: tuple[Any, ...]) -> tuple[Any, float, float]:
    for name in ("ibis", "duckdb", "pandas", "polars", "pyspark.sql", "rollbook.risk.detectors"):
        import_module(name)  # starting up is not what is measured
    import_module("ibis").duckdb.connect().disconnect()
    begun = time.perf_counter()
    result = work(*arguments)
    return result, time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def overlaps(path: Path, rows: int) -> Iterator[Figure]:
    presences(path, rows)
    engines = {"raw DuckDB SQL": by_sql, "Ibis on DuckDB": by_ibis, "Polars": by_polars, "pandas": by_pandas}
    found = {name: [apart(work, str(path))] for name, work in [*engines.items(), ("Ibis on Spark, local[2]", by_spark)]}
    if len({count for [(count, _seconds, _memory)] in found.values()}) > 1:
        raise SystemExit("the engines do not find the same rows")
    for _again in range(ROUNDS - 1):
        for name, work in engines.items():
            found[name].append(apart(work, str(path)))
    times = {name: median(seconds for _count, seconds, _memory in runs) for name, runs in found.items()}
    for name, runs in found.items():
        memory = max(most for _count, _seconds, most in runs)
        yield Figure(
            f"overlaps of {rows:,} presences: {name}", f"{times[name]:.2f} s, {memory:.1f} GB, {runs[0][0]:,} rows"
        )
    ours = times["Ibis on DuckDB"]
    yield at_least("… beside pandas", times["pandas"] / ours, 4, "×")
    yield at_least("… beside Polars", times["Polars"] / ours, 1, "×")
    yield at_most("… of raw DuckDB SQL's time", ours / times["raw DuckDB SQL"], 1.05, "×")


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
                count += engines.result(backend, one.find(tables, one.defaults())).num_rows
            except Exception as error:
                failed += 1
                print(code, error)
            slow.append((time.perf_counter() - begun, code))
    return count, failed, sorted(slow, reverse=True)[:5]


def province(folder: Path) -> Iterator[Figure]:
    """Time and memory of all detectors at an eighth and at the whole, which should be eight times."""
    from simulators.province.making import province as made

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
