"""A department's file as chunks of columns of texts: Excel, CSV in UTF-8 or GB18030, Parquet."""

import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from cryptography.hazmat.primitives import hashes

from rollbook.exchange import rules
from rollbook.kernel.messages import _
from rollbook.kernel.reasons import Refused, reason
from rollbook.web import sheets

MOST_EXCEL_ROWS = 100_000
CHUNK = 1_000_000  # rows read at a time
BLOCK = 2**20


@dataclass(slots=True)
class Skipped:
    """Rows of a CSV that have too many or too few cells."""

    rows: list[int]


def digests_of(path: Path, *, with_sm3: bool) -> tuple[str, str]:
    """SHA-256 of a file, and SM3 (GB/T 32905) where its manifest gives that one."""
    sha, sm3 = hashlib.sha256(), hashes.Hash(hashes.SM3()) if with_sm3 else None
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            sha.update(block)
            if sm3 is not None:
                sm3.update(block)
    return sha.hexdigest(), sm3.finalize().hex() if sm3 is not None else ""


def chunks(path: Path, shape: rules.Shape, skipped: Skipped) -> Iterator[tuple[Any, Any]]:
    """The rows' numbers and the columns of the contract, as texts; a column that is not there is empty."""
    with path.open("rb") as file:
        start = file.read(4)
    match start:
        case b"PAR1":
            found = _parquet(path, shape)
        case b"PK\x03\x04":
            found = _excel(path, shape)
        case _:
            found = _csv(path, shape, skipped)
    first = 2
    for table in found:
        numbers = _numbers(first, table.num_rows, skipped.rows)
        yield numbers, _texts(table, shape)
        first = int(numbers[-1]) + 1 if len(numbers) else first


def _numbers(first: int, count: int, skipped: list[int]) -> Any:
    """The numbers of so many rows from the first on; rows that were skipped have theirs too."""
    numbers = np.arange(first, first + count, dtype=np.int32)
    for row in sorted(one for one in skipped if one >= first):
        numbers[np.searchsorted(numbers, row) :] += 1
    return numbers


def _texts(table: Any, shape: rules.Shape) -> Any:
    columns = {}
    for one in shape.fields:
        name = next((n for n in (one.header, one.key) if n in table.column_names), None)
        if name is None:
            columns[one.key] = pa.nulls(table.num_rows, pa.string())
            continue
        column = table.column(name).combine_chunks()
        columns[one.key] = column if pa.types.is_string(column.type) else column.cast(pa.string())
    return pa.table(columns)


def _check(headers: list[str], shape: rules.Shape) -> None:
    if missing := rules.missing_headers(headers, shape):
        raise Refused(*missing)


def _parquet(path: Path, shape: rules.Shape) -> Iterator[Any]:
    try:
        file = pq.ParquetFile(path)
        names = [one for one in file.schema_arrow.names if file.schema_arrow.names.count(one) == 1]
        _check(names, shape)
        wanted = [one for one in names if one in {f.key for f in shape.fields} | {f.header for f in shape.fields}]
        for batch in file.iter_batches(batch_size=CHUNK, columns=wanted):
            yield pa.Table.from_batches([batch])
    except (pa.ArrowException, OSError) as error:
        raise Refused(reason("unreadable-parquet", _("This Parquet file is damaged."))) from error


def _excel(path: Path, shape: rules.Shape) -> Iterator[Any]:
    columns = [sheets.Column(one.key, one.header, (one.key,), one.required) for one in shape.fields]
    sheet = sheets.read(path.read_bytes(), columns, max_rows=MOST_EXCEL_ROWS)
    rows = dict(zip((row["row"] for row in sheet.rows), sheet.cells, strict=True))
    empty = [""] * len(columns)  # rows that are left out keep their number
    cells = [rows.get(n, empty) for n in range(2, max(rows) + 1)]
    yield pa.table({one.key: pa.array([row[n] for row in cells], pa.string()) for n, one in enumerate(columns)})


def _csv(path: Path, shape: rules.Shape, skipped: Skipped) -> Iterator[Any]:
    unreadable = reason("unreadable-csv", _("Neither an Excel file nor a CSV in UTF-8 or GB18030."))
    encoding = _encoding(path)
    if encoding is None:
        raise Refused(unreadable)

    def skip(row: Any) -> str:
        if len(skipped.rows) >= MOST_EXCEL_ROWS:
            return "error"
        skipped.rows.append(row.number or 0)
        return "skip"

    read = pa_csv.ReadOptions(block_size=16 * BLOCK, encoding=encoding, use_threads=False)
    parse = pa_csv.ParseOptions(newlines_in_values=False, invalid_row_handler=skip)
    try:
        with path.open("rb") as file:
            first = file.readline(BLOCK).decode(encoding).lstrip("\ufeff").strip()
        names = next(csv.reader([first]))
        _check(names, shape)
        convert = pa_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False, quoted_strings_can_be_null=False
        )
        with pa_csv.open_csv(path, read_options=read, parse_options=parse, convert_options=convert) as reader:
            for batch in reader:
                yield pa.Table.from_batches([batch])
    except (pa.ArrowException, UnicodeDecodeError, OSError) as error:
        raise Refused(unreadable) from error


def _encoding(path: Path) -> str | None:
    """UTF-8 or GB18030, by the whole file; None where it is neither or holds zeros."""
    for encoding in ("utf-8", "gb18030"):
        try:
            with path.open(encoding=encoding, newline="") as file:
                while block := file.read(BLOCK):
                    if "\0" in block:
                        return None
        except UnicodeDecodeError:
            continue
        return encoding
    return None
