"""A sender's own file with what is wrong written at the end of each row: from the file brought again, since only the
digests of its numbers are kept."""

import uuid
from pathlib import Path
from typing import Any

from rollbook.exchange import rules
from rollbook.exchange.files import lake, tables
from rollbook.exchange.files.room import room
from rollbook.web import sheets

WHOLE_UP_TO = 10_000  # rows; of a larger file only the wrong ones are given
MOST_CELLS = 100_000


def marked(source: Path, shape: rules.Shape, digest: lake.Digest) -> bytes:
    """An Excel file with the columns of the contract."""
    target = f"working/{uuid.uuid4().hex}.parquet"
    try:
        with room():
            taken = lake.write(source, shape, target, digest, MOST_CELLS)
    finally:
        lake.where(target).unlink(missing_ok=True)
    wrong = [sheets.Wrong(*cell) for cell in sorted(taken.cells, key=lambda cell: cell[0])]
    sheet = sheets.Sheet([sheets.Column(one.key, one.header) for one in shape.fields], "", wrong=wrong)
    told = {one.row for one in wrong}
    known = set()
    for row, cells in _rows(source, shape):
        known.add(row)
        if row in told or (taken.rows <= WHOLE_UP_TO and any(cells)):
            sheet.rows.append({"row": row})
            sheet.cells.append(cells)
    for row in sorted(told - known):  # too many or too few cells: what they are cannot be said
        sheet.rows.append({"row": row})
        sheet.cells.append([""] * len(shape.fields))
    return sheets.marked(sheet)


def _rows(source: Path, shape: rules.Shape) -> Any:
    for numbers, table in tables.chunks(source, shape, tables.Skipped([])):
        columns = [column.fill_null("").to_pylist() for column in table.columns]
        yield from zip(numbers.tolist(), map(list, zip(*columns, strict=True)), strict=True)
