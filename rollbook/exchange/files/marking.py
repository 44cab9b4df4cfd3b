"""A sender's own file with what is wrong written at the end of each row: from the file brought again, since only the
digests of its numbers are kept."""

import tempfile
import uuid
from pathlib import Path
from typing import Any

from rollbook.exchange import rules
from rollbook.exchange.files import lake, tables
from rollbook.exchange.files.room import room
from rollbook.kernel.messages import _
from rollbook.kernel.reasons import Refused, reason
from rollbook.web import sheets

WHOLE_UP_TO = 10_000  # rows; of a larger file only the wrong ones are given
MOST_CELLS = 100_000


def marked(content: bytes, name: str, sha256: str, shape: rules.Shape, digest: lake.Digest) -> bytes:
    """An Excel file with the columns of the contract; refused where it is not the file that was sent."""
    with room(), tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        source = Path(file.name)
        if lake.digest_of(source) != sha256:
            text = _("This is not the file of the batch; choose {file} as it was sent.")
            raise Refused(reason("another-file", text, "N3.5", file=name))
        return _marked(source, shape, digest)


def _marked(source: Path, shape: rules.Shape, digest: lake.Digest) -> bytes:
    target = f"working/{uuid.uuid4().hex}.parquet"
    try:
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
