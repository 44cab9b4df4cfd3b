"""How fast a year of social-insurance months comes in: a Parquet file of so many rows, by the same action as any batch,
with every check, digest and comparison; beside the same rows as a partition of PostgreSQL with its index, by COPY."""

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks._figures import Figure, at_most
from benchmarks._site import own_database

ROWS = int(os.environ.get("FACTS_ROWS", "50000000"))
PEER = int(os.environ.get("FACTS_PEER_ROWS", "5000000"))  # rows of the comparison with PostgreSQL
REGISTER = 2_000  # people of the register among them
MONTHS, FIRMS = 12, 20_000
WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])


def run() -> Iterator[Figure]:
    from django.test.utils import override_settings

    with tempfile.TemporaryDirectory() as folder, own_database(), override_settings(LAKE_ROOT=Path(folder) / "lake"):
        yield from _measured(Path(folder))


def numbers(first: int, count: int) -> pa.Array:
    """Valid identity numbers, many at once."""
    n = np.arange(first, first + count)
    day = (np.datetime64("1955-01-01") + n // 1000 % 18_000).astype("datetime64[D]")
    year, rest = day.astype("datetime64[Y]").astype(int) + 1970, day
    month = rest.astype("datetime64[M]").astype(int) % 12 + 1
    of_month = (rest - rest.astype("datetime64[M]")).astype(int) + 1
    head = (320_100 + n // 18_000_000) * 10**11 + (year * 10_000 + month * 100 + of_month) * 1000 + n % 1000
    digits = head[:, None] // 10 ** np.arange(16, -1, -1) % 10
    check = np.frombuffer(b"10X98765432", dtype=np.uint8)[digits @ WEIGHTS % 11]
    signs = np.column_stack([(digits + ord("0")).astype(np.uint8), check])
    text = signs.tobytes().decode()
    return pa.array([text[at : at + 18] for at in range(0, len(text), 18)])


def firms() -> pa.Array:
    """Valid unified social credit codes."""
    signs = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    found = []
    for n in range(FIRMS):
        first = f"91320100MA{n:07}"
        total = sum(signs.index(one) * pow(3, i, 31) for i, one in enumerate(first))
        found.append(first + signs[(31 - total % 31) % 31])
    return pa.array(found)


def write(path: Path, rows: int) -> None:
    """Month after month, as a department's monthly accounts come."""
    people, rng = -(-rows // MONTHS), np.random.default_rng(1)
    who, at = numbers(0, people), firms()
    writer = None
    for month in range(MONTHS):
        order = rng.permutation(people)
        table = pa.table(
            {
                "身份证号": who.take(pa.array(order)),
                "费款所属期": pa.array([f"2026-{month + 1:02}"]).take(pa.array(np.zeros(people, dtype=int))),
                "单位统一社会信用代码": at.take(pa.array(order % FIRMS)),
                "缴费基数（元）": pa.array(rng.integers(4000, 20_000, people)).cast(pa.string()),
                "险种": pa.array(["both"]).take(pa.array(np.zeros(people, dtype=int))),
            }
        )
        writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
        writer.write_table(table)
    assert writer is not None
    writer.close()


def _measured(folder: Path) -> Iterator[Figure]:
    from django.utils import timezone

    from rollbook.exchange import actions, queries
    from rollbook.exchange.rules import Way
    from rollbook.exchange.tests.factories import contract, officer
    from rollbook.persons import actions as persons
    from rollbook.persons.models import Person

    by = officer()
    deal = contract("insurance-months", by=by, code="months", matched_percent=100)
    drafts = [persons.Draft(f"学员{n}", one) for n, one in enumerate(numbers(0, REGISTER).to_pylist())]
    now = timezone.now()
    for first in range(0, REGISTER, 5000):
        persons.register_many(by=by, drafts=drafts[first : first + 5000], now=now)
    path = folder / "months.parquet"
    write(path, ROWS)
    began, used = time.perf_counter(), time.process_time()
    batch = actions.receive(
        source=deal.source, feed=deal.feed, number="1", as_of=timezone.localdate(), path=path, name=path.name,
        way=Way.PUSH, now=now,
    )  # fmt: skip
    took, cpu = time.perf_counter() - began, time.process_time() - used
    assert (batch.state, batch.wrong) == ("loaded", 0), batch.state
    expected = REGISTER * MONTHS
    assert batch.known == expected, (batch.known, expected)
    size = sum(one.stat().st_size for one in (folder / "lake").rglob("*.parquet")) / 2**30
    note = f"({batch.rows:,} rows, {cpu:.0f} s of processors, {size:.1f} GB kept)"
    yield at_most("social-insurance months, file to facts", took, 300 * ROWS / 50_000_000, "s", note)
    person = Person.objects.first()
    assert person is not None
    began = time.perf_counter()
    for _ in range(20):
        [fact] = queries.facts_of(person, sensitive=False)
    yield at_most("one person's months out of them", (time.perf_counter() - began) / 20 * 1000, 150, "ms")
    assert fact.months == MONTHS
    yield from _peer(queries.lake.where(batch.lake_path))


def _peer(path: Path) -> Iterator[Figure]:
    """The same columns as a table of PostgreSQL: COPY from the finished file, then the index that finds a person."""
    import duckdb
    from django.db import connection

    target = path.with_suffix(".csv")
    with duckdb.connect() as engine:
        engine.execute(
            f"COPY (SELECT subject, from_on, f_employer, f_base, f_kind FROM '{path}' LIMIT {PEER}) TO '{target}' (HEADER false)"
        )
    began = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE peer_months (subject text, month date, employer text, base bigint, kind text)")
        with cursor.copy("COPY peer_months FROM STDIN (FORMAT csv)") as copy, target.open("rb") as file:
            while block := file.read(2**20):
                copy.write(block)
        cursor.execute("CREATE INDEX ON peer_months (subject)")
        took = time.perf_counter() - began
        cursor.execute("SELECT pg_total_relation_size('peer_months')")
        size = cursor.fetchone()[0] / 2**30
    yield Figure(
        f"{PEER:,} of these rows into PostgreSQL, COPY and index only",
        f"{took:.0f} s, {size:.1f} GB; {ROWS:,} at that pace {took * ROWS / PEER:.0f} s, {size * ROWS / PEER:.0f} GB",
    )
