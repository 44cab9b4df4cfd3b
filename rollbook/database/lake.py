"""The lake: Parquet files by table, filed by month, written whole or not at all.

`<root>/<table>/filed=2026-03/<part>.parquet`; a table that has no month is `<root>/<table>/filed=all/…`. The folder's
name is no column of the table.
"""

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

WHOLE = "all"
ROWS = 1_000_000  # of one row group


@contextmanager
def _whole(path: Path) -> Iterator[Path]:
    """A file beside, which takes the name only when it is complete: who is killed leaves nothing half."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield beside
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def write(
    root: Path, table: str, schema: pa.Schema, batches: Iterable[pa.RecordBatch], filed: str = WHOLE, part: str = "0"
) -> int:
    """Write one part of a month, a batch at a time; give how many rows it has. An empty part is removed."""
    path, rows = root / table / f"filed={filed}" / f"{part}.parquet", 0
    with _whole(path) as beside, pq.ParquetWriter(beside, schema, compression="zstd") as file:
        for batch in batches:
            file.write_batch(batch.select(schema.names).cast(schema), row_group_size=ROWS)
            rows += batch.num_rows
    if not rows:
        path.unlink()
    return rows


def drop(root: Path, table: str, filed: str | None = None) -> None:
    """Forget a month of a table, or all of it."""
    shutil.rmtree(root / table / f"filed={filed}" if filed else root / table, ignore_errors=True)


def merge(root: Path, beside: str, table: str) -> None:
    """Move the parts of one table into another, file by file, and forget the first."""
    for path in sorted((root / beside).glob("filed=*/*.parquet")):
        target = root / table / path.parent.name / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        path.replace(target)
    drop(root, beside)


def remove(root: Path, table: str, column: str, values: pa.Array) -> int:
    """Take the rows with these values of a column out of every file that has some; give how many went."""
    gone = 0
    low, high = pc.min(values).as_py(), pc.max(values).as_py()
    for name in files(root, table) if len(values) else []:
        with pq.ParquetFile(name) as file:
            at = file.schema_arrow.get_field_index(column)
            spans = [file.metadata.row_group(n).column(at).statistics for n in range(file.metadata.num_row_groups)]
            if all(span and span.has_min_max and (span.max < low or span.min > high) for span in spans):
                continue
            hit = pc.is_in(file.read([column]).column(0), value_set=values)
            count: int = pc.sum(hit).as_py() or 0
            if not count:
                continue
            rest = file.read().filter(pc.invert(hit))
        gone += count
        with _whole(Path(name)) as beside:
            pq.write_table(rest, beside, compression="zstd", row_group_size=ROWS)
    return gone


def files(root: Path, table: str, months: Iterable[str] | None = None) -> list[str]:
    """The files of a table, of some months or of all."""
    wanted = None if months is None else {f"filed={month}" for month in months}
    found = sorted((root / table).glob("filed=*/*.parquet"))
    return [str(path) for path in found if wanted is None or path.parent.name in wanted]
