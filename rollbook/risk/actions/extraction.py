"""From the database into the lake: rows that are only added are read from where the last reading ended."""

from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc
from django.db import transaction

from rollbook.database import lake
from rollbook.risk.detectors.tables import SHAPES
from rollbook.risk.models import Extract
from rollbook.risk.queries import sources


def refresh(*, now: datetime, whole: bool = False) -> dict[str, int]:
    """Bring the lake up to the present; give how many rows of each table were read.

    A table that grows by its numbers gets one more part a month; every other is read anew, month by month into files
    that take the places of the old ones. Who is stopped in between begins again where the last table ended.
    """
    return {name: _table(name, now, whole) for name in sources.SOURCES}


@transaction.atomic
def _table(name: str, now: datetime, whole: bool) -> int:
    mark, _made = Extract.objects.select_for_update().get_or_create(table=name, defaults={"at": now})
    number = sources.SOURCES[name].number
    root, after = sources.root(), 0 if whole or not number else mark.last_id
    fresh = root / f".{name}.fresh"
    lake.drop(root, fresh.name)
    rows, last = 0, after
    for n, batch in enumerate(sources.batches(name, after)):
        for month, part in _by_month(name, batch):
            rows += lake.write(root, fresh.name, part.schema, part.to_batches(), month, f"{after:012}-{n:06}")
        if number and batch.num_rows:
            last = max(last, pc.max(batch.column(number)).as_py())
    if not after:
        lake.drop(root, name)
    lake.merge(root, fresh.name, name)
    mark.last_id, mark.at, mark.rows = last, now, rows + (mark.rows if after else 0)
    mark.save()
    return rows


def _by_month(name: str, batch: pa.Table) -> list[tuple[str, pa.Table]]:
    """The rows of each month; those without a day, and tables without months, are filed together."""
    column = SHAPES[name].month_of
    if not column or not batch.num_rows:
        return [(lake.WHOLE, batch)]
    months = pc.strftime(batch.column(column), "%Y-%m").fill_null(lake.WHOLE)
    return [(month, batch.filter(pc.equal(months, month))) for month in sorted(set(months.to_pylist()))]
