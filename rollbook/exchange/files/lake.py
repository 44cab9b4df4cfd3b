"""The good rows of each batch as a Parquet file of columns: what was received, with keyed digests for numbers.

A file is written once, its digest stands in the batch's row, and is sorted by subject, so that one person's rows are
found without reading the rest. Feeds of many millions of rows are kept here alone (docs/decisions/exchange.md).
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from django.conf import settings

from rollbook.exchange import rules
from rollbook.exchange.files import tables
from rollbook.exchange.rules import columns
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import Refused, reason

MOST_TOLD = 1000  # wrong cells that are kept of a batch
Digest = Callable[[Sequence[str]], list[str]]


@dataclass(slots=True)
class Taken:
    """What a file held."""

    rows: int = 0
    wrong: int = 0  # rows with something wrong
    cells: list[tuple[int, str, Message]] = field(default_factory=list)  # the first of them, so many:
    most: int = MOST_TOLD
    sha256: str = ""


@contextmanager
def engine() -> Iterator[Any]:
    """DuckDB, held to the memory that the settings give it."""
    folder = Path(settings.LAKE_ROOT) / "working"
    folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        connection.execute(f"SET memory_limit = '{settings.LAKE_MEMORY}'")
        connection.execute(f"SET temp_directory = '{folder}'")
        connection.execute("SET preserve_insertion_order = false")
        yield connection


def where(lake_path: str) -> Path:
    return Path(settings.LAKE_ROOT) / lake_path


def write(source: Path, shape: rules.Shape, target: str, digest: Digest, most: int = MOST_TOLD) -> Taken:
    """Read a file by its contract and write what is good of it; tell what is not."""
    path = where(target)
    path.parent.mkdir(parents=True, exist_ok=True)
    raw, beside = path.with_suffix(".raw"), path.with_suffix(".sorted")
    taken, skipped = Taken(most=most), tables.Skipped([])
    try:
        writer = None
        for numbers, table in tables.chunks(source, shape, skipped):
            good = _good(numbers, table, shape, digest, taken)
            writer = writer or pq.ParquetWriter(raw, good.schema, compression="lz4")
            writer.write_table(good)
        if writer is None:
            raise Refused(reason("no-rows", _("The file has a header but no rows.")))
        writer.close()
        _skip(skipped, taken)
        _sort(raw, beside, taken)
        with beside.open("rb") as file:
            os.fsync(file)  # before the database says that we have it
        beside.replace(path)
    finally:
        raw.unlink(missing_ok=True)
        beside.unlink(missing_ok=True)
    taken.sha256 = digest_of(path)
    return taken


def digest_of(path: Path) -> str:
    return tables.digests_of(path, with_sm3=False)[0]


def _skip(skipped: tables.Skipped, taken: Taken) -> None:
    taken.rows += len(skipped.rows)
    taken.wrong += len(skipped.rows)
    text = _("The row has too many or too few cells.")
    taken.cells += [(row, "", reason("row-cells", text, "N3.5")) for row in skipped.rows[: taken.most]]


def _good(numbers: Any, table: Any, shape: rules.Shape, digest: Digest, taken: Taken) -> Any:
    """The rows of a chunk that have nothing wrong, as they are kept."""
    count = table.num_rows
    is_bad, values = np.zeros(count, dtype=bool), {}
    is_blank = np.ones(count, dtype=bool)
    for one in shape.fields:
        values[one.key], wrong = columns.parsed(one, table.column(one.key).combine_chunks())
        is_wrong = wrong.to_numpy(zero_copy_only=False)
        is_null = pc.is_null(values[one.key]).to_numpy(zero_copy_only=False)
        is_blank &= is_null & ~is_wrong
        is_missing = is_null & ~is_wrong if one.required else np.zeros(count, dtype=bool)
        _tell(taken, numbers[is_wrong], one.header, columns.wrong(one))
        is_bad |= is_wrong
        values[f"?{one.key}"] = is_missing
    for one in shape.fields:
        is_missing = values.pop(f"?{one.key}") & ~is_blank
        _tell(taken, numbers[is_missing], one.header, columns.missing())
        is_bad |= is_missing
    taken.rows += int(count - is_blank.sum())
    taken.wrong += int(is_bad.sum())
    keep = pa.array(~(is_bad | is_blank))
    chosen = {key: pc.filter(column, keep) for key, column in values.items()}
    return _kept(pc.filter(pa.array(numbers), keep), chosen, shape, digest)


def _tell(taken: Taken, rows: Any, header: str, message: Message) -> None:
    room = taken.most - len(taken.cells)
    taken.cells += [(int(row), header, message) for row in rows[: max(room, 0)]]


def _digested(column: Any, digest: Digest) -> Any:
    """Each different value once: a file of months has a person's number a dozen times."""
    coded = column.dictionary_encode()
    found = pa.array(digest(coded.dictionary.to_pylist()), pa.string())
    return pc.take(found, coded.indices)


def _kept(numbers: Any, values: dict[str, Any], shape: rules.Shape, digest: Digest) -> Any:
    for one in shape.fields:
        if one.is_digested:
            values[one.key] = _digested(values[one.key], digest)
    texts = [pc.fill_null(values[key].cast(pa.string()), "") for key in shape.key]
    empty = pa.array([""] * len(numbers), pa.string())
    first, last = shape.period
    return pa.table(
        {
            "row": numbers,
            "subject": values[shape.subject_field],
            "name": values.get("name", empty),
            "key": pc.binary_join_element_wise(*texts, "|") if texts else empty,
            "from_on": values[first] if first else pa.nulls(len(numbers), pa.date32()),
            "until_on": _until(values[last], shape.field(last).kind) if last else pa.nulls(len(numbers), pa.date32()),
            **{f"f_{one.key}": values[one.key] for one in shape.kept},
        }
    )


def _until(days: Any, kind: rules.Kind) -> Any:
    """A month lasts until its last day."""
    if kind != rules.Kind.MONTH:
        return days
    starts = days.to_numpy(zero_copy_only=False).astype("datetime64[M]")
    ends = (starts + 1).astype("datetime64[D]") - 1
    return pa.array(ends, mask=np.isnat(ends)).cast(pa.date32())


def _sort(raw: Path, path: Path, taken: Taken) -> None:
    """By subject, each fact once; rows that contradict an earlier one of the same file are wrong."""
    order = """ORDER BY subject, "key", "row" """
    into = f"""TO '{path}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880, USE_TMP_FILE false)"""
    with engine() as connection:
        connection.execute(f"COPY (SELECT * FROM read_parquet('{raw}') {order}) {into}")  # noqa: S608 our own path
        if not _repeats(path):
            return
        names = pq.ParquetFile(raw).schema_arrow.names
        said = ", ".join(f'"{name}"' for name in names if name.startswith("f_") or name in ("from_on", "until_on"))
        windowed = f"""SELECT *, row_number() OVER facts AS n, first_value(hash({said})) OVER facts AS h
            FROM read_parquet('{raw}') WINDOW facts AS (PARTITION BY subject, "key" ORDER BY "row")"""  # noqa: S608 our own columns
        connection.execute(f"COPY (SELECT * EXCLUDE (n, h) FROM ({windowed}) WHERE n = 1 {order}) {into}")  # noqa: S608
        twice = connection.execute(
            f"""SELECT "row" FROM ({windowed}) WHERE n > 1 AND hash({said}) <> h ORDER BY 1"""  # noqa: S608
        ).fetchall()
    taken.wrong += len(twice)
    _tell(taken, [row for (row,) in twice], "", columns.twice())


def _repeats(path: Path) -> bool:
    """Whether a sorted file says the same fact in two rows: then they are neighbours."""
    before = None
    for batch in pq.ParquetFile(path).iter_batches(columns=["subject", "key"]):
        subject, key = batch.column("subject"), batch.column("key")
        if len(subject) == 0:
            continue
        same = pc.and_(pc.equal(subject[1:], subject[:-1]), pc.equal(key[1:], key[:-1]))
        if pc.any(same).as_py() or before == (subject[0].as_py(), key[0].as_py()):
            return True
        before = subject[-1].as_py(), key[-1].as_py()
    return False


COLUMNS = ("subject", "name", "key", "from_on", "until_on", "is_ended", "data")


def facts_csv(lake_path: str) -> Iterator[bytes]:
    """The rows of a batch as COPY takes them, in the order of COLUMNS."""
    with engine() as connection:
        path = where(lake_path)
        names = pq.ParquetFile(path).schema_arrow.names
        told = [name for name in names if name.startswith("f_") and name != "f_withdrawn"]
        packed = ", ".join(f'"{name[2:]}" := "{name}"' for name in told)
        data = f"to_json(struct_pack({packed}))" if told else "'{}'"
        target = path.with_suffix(".csv")
        connection.execute(
            f"""COPY (SELECT subject, coalesce(name, '') AS name, "key", from_on, until_on,
            coalesce(f_withdrawn = 'yes', false) AS is_ended, {data} AS data FROM '{path}')
            TO '{target}' (FORMAT csv, HEADER false, NULLSTR '', FORCE_QUOTE (name, "key"))"""  # noqa: S608
        )
        try:
            with target.open("rb") as file:
                while block := file.read(2**20):
                    yield block
        finally:
            target.unlink(missing_ok=True)


def preview(lake_path: str, limit: int = 50) -> tuple[list[str], list[tuple[Any, ...]]]:
    """The first rows of the file, in its order; none where the file is not there any more."""
    if not where(lake_path).exists():
        return [], []
    with engine() as connection:
        found = connection.execute(f"""SELECT * FROM '{where(lake_path)}' ORDER BY "row" LIMIT {limit}""")  # noqa: S608
        return [one[0] for one in found.description], found.fetchall()


def rows_of(lake_paths: Sequence[str], subject: str) -> list[dict[str, Any]]:
    """What the files say of one subject, each row with the number of its file."""
    paths = [str(where(one)) for one in lake_paths if where(one).exists()]
    if not paths:
        return []
    with engine() as connection:
        found = connection.execute(
            "SELECT *, filename FROM read_parquet(?, filename = true, union_by_name = true) WHERE subject = ? ORDER BY from_on",
            [paths, subject],
        )
        names = [one[0] for one in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def against_register(lake_path: str, digests: Any) -> tuple[int, int]:
    """How many rows of a file, and how many people of the register, meet: `digests` is the register's."""
    with engine() as connection:
        connection.register("register", digests)
        found = connection.execute(
            f"""SELECT count(*), count(DISTINCT subject) FROM '{where(lake_path)}'
            SEMI JOIN register ON subject = digest"""  # noqa: S608
        ).fetchone()
        return found[0], found[1]


def against_earlier(lake_path: str, earlier: Sequence[str]) -> tuple[int, int, int]:
    """Facts of earlier files about the periods of this one; of its rows, how many change one, and say the same."""
    paths = [str(where(one)) for one in earlier]
    if not paths:
        return 0, 0, 0
    with engine() as connection:
        path = where(lake_path)
        names = pq.ParquetFile(path).schema_arrow.names
        said = ", ".join(f'"{name}"' for name in names if name.startswith("f_"))
        first, last = connection.execute(f"SELECT min(from_on), max(from_on) FROM '{path}'").fetchone()  # noqa: S608
        present = f"""SELECT subject, "key", arg_max(hash({said}), n) AS h FROM (
            SELECT *, list_position(?, filename) AS n FROM read_parquet(?, filename = true)
            WHERE from_on BETWEEN ? AND ?) GROUP BY ALL"""  # noqa: S608
        found = connection.execute(
            f"""SELECT count(*), count(*) FILTER (now.h <> before.h), count(*) FILTER (now.h = before.h)
            FROM ({present}) before LEFT JOIN (SELECT subject, "key", hash({said}) AS h FROM '{path}') now
            USING (subject, "key")""",  # noqa: S608
            [paths, paths, first, last],
        ).fetchone()
        return found[0], found[1], found[2]


def how_many(lake_path: str) -> int:
    count: int = pq.ParquetFile(where(lake_path)).metadata.num_rows
    return count
