"""Columns of a chunk as numbers only, and how they become the columns of the named tables."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from rollbook.risk.detectors.tables import SHAPES, Shape

Ints = Any  # of NumPy
NONE = -1  # of a code: NULL
NO_DAY = np.iinfo(np.int32).min
DAY = 86400


@dataclass(slots=True)
class Text:
    """Texts as numbers: of a list of words, or of a prefix with the number behind it. -1 is no text."""

    codes: Ints
    words: tuple[str, ...] = ()
    prefix: str = ""

    def __len__(self) -> int:
        return len(self.codes)

    def take(self, rows: Ints) -> "Text":
        return Text(self.codes[rows], self.words, self.prefix)

    def arrow(self) -> Any:
        codes = pa.array(self.codes, mask=self.codes == NONE)
        if self.words:
            return pa.DictionaryArray.from_arrays(codes.cast(pa.int32()), pa.array(self.words)).cast(pa.string())
        return pc.binary_join_element_wise(self.prefix, codes.cast(pa.string()), "")


def word(text: str, count: int) -> Text:
    return Text(np.zeros(count, dtype=np.int64), (text,))


Table = dict[str, Any]


def rows_of(table: Table) -> int:
    return len(next(iter(table.values())))


def taken(table: Table, rows: Ints) -> Table:
    return {name: column.take(rows) if isinstance(column, Text) else column[rows] for name, column in table.items()}


@dataclass(slots=True)
class Chunk:
    """One county's year: its tables by name, and the truth about its schemes."""

    number: int
    region: str
    rng: np.random.Generator
    lessons_each: int
    tables: dict[str, Table] = field(default_factory=dict)
    truth: list[tuple[int, str, str, str, int]] = field(default_factory=list)  # instance, scheme, detectors, kind, id
    used: set[int] = field(default_factory=set)  # classes that a scheme has already

    @property
    def first(self) -> int:
        """Ids of this chunk begin here."""
        return (self.number + 1) * 1_000_000

    def add(self, name: str, **columns: Any) -> None:
        """Append rows; scalars and single words are spread over all."""
        count = max(len(one) for one in columns.values() if isinstance(one, Text | np.ndarray | list))
        spread = {key: self._spread(value, count) for key, value in columns.items()}
        known = self.tables.get(name)
        if known is None:
            self.tables[name] = spread
            return
        for key in known.keys() | spread.keys():
            before, after = rows_of(known), count
            known_part = known[key] if key in known else _empty(spread[key], before)
            new_part = spread[key] if key in spread else _empty(known_part, after)
            spread[key] = _joined(known_part, new_part)
        self.tables[name] = spread

    @staticmethod
    def _spread(value: Any, count: int) -> Any:
        if isinstance(value, str):
            return word(value, count)
        if isinstance(value, Text):  # a copy of its own: schemes change columns in place
            return Text(value.codes.copy(), value.words, value.prefix)
        if isinstance(value, np.ndarray):
            return value.copy()
        return np.array(value) if isinstance(value, list) else np.full(count, value)


def _empty(like: Any, count: int) -> Any:
    if isinstance(like, Text):
        return Text(np.full(count, NONE), like.words, like.prefix)
    if like.dtype == bool:
        return np.zeros(count, dtype=bool)
    return np.full(count, np.nan) if like.dtype.kind == "f" else np.full(count, NO_DAY if like.dtype == np.int32 else 0)


def _joined(one: Any, other: Any) -> Any:
    if not isinstance(one, Text):
        return np.concatenate([one, other])
    if one.words == other.words and one.prefix == other.prefix:
        return Text(np.concatenate([one.codes, other.codes]), one.words, one.prefix)
    words = (*one.words, *other.words) if one.words and other.words else ()
    if words:
        shifted = np.where(other.codes == NONE, NONE, other.codes + len(one.words))
        return Text(np.concatenate([one.codes, shifted]), words)
    whole = tuple(str(v) for v in pa.concat_arrays([one.arrow(), other.arrow()]).fill_null("").to_pylist())
    codes = np.arange(len(whole))
    codes[[n for n, v in enumerate(whole) if v == ""]] = NONE
    return Text(codes, whole)


def arrow(shape: Shape, table: Table) -> Any:
    """The table with exactly the columns and types of its shape; what nobody filled is NULL."""
    count = rows_of(table)
    schema = shape.schema.to_pyarrow()
    unknown = set(table) - set(schema.names)
    if unknown:
        raise ValueError(f"{shape.name}: {sorted(unknown)}")
    columns = []
    for one in schema:
        if one.name not in table:
            columns.append(pa.nulls(count, one.type))
            continue
        value = table[one.name]
        if isinstance(value, Text):
            columns.append(value.arrow())
        elif pa.types.is_date(one.type):
            days = value.astype(np.int32)
            columns.append(pa.array(days, mask=days == NO_DAY).cast(pa.date32()))
        elif pa.types.is_timestamp(one.type):
            columns.append(pa.array(value * 1_000_000, mask=value == 0).cast(one.type))
        elif pa.types.is_floating(one.type):
            columns.append(pa.array(value.astype(np.float64), mask=np.isnan(value)))
        else:
            columns.append(pa.array(value).cast(one.type))
    return pa.table(columns, schema=schema)


def months(table: Table, column: str) -> Iterator[tuple[str, Ints]]:
    """The rows of each month of a day."""
    which = table[column].astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    order = np.argsort(which, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(which[order]) > 0])
    for rows in np.split(order, starts[1:]):
        month = which[rows[0]]
        yield f"{1970 + month // 12}-{month % 12 + 1:02}", rows


def write(chunk: Chunk, root: Path) -> int:
    """Each table as Parquet, by month where its shape says so; gives how many rows."""
    total = 0
    for name, table in chunk.tables.items():
        if name.startswith("_"):
            continue  # what only the making needs
        shape = SHAPES[name]
        total += rows_of(table)
        parts = months(table, shape.month_of) if shape.month_of else [("", slice(None))]
        for month, rows in parts:
            folder = root / name / (f"part={month}" if month else "")
            folder.mkdir(parents=True, exist_ok=True)
            part = taken(table, rows) if month else table
            pq.write_table(arrow(shape, part), folder / f"{chunk.number:05}.parquet", compression="zstd")
    return total


def gather(root: Path, first: int) -> None:
    """Join the files of single counties into one a table and month, a row group at a time; `first` names it."""
    for folder in sorted({path.parent for path in root.glob("*/**/?????.parquet")}):
        found = sorted(folder.glob("?????.parquet"))
        with pq.ParquetWriter(folder / f"from-{first:05}.parquet", pq.read_schema(found[0]), compression="zstd") as out:
            for path in found:
                out.write_table(pq.read_table(path, partitioning=None))
                path.unlink()
