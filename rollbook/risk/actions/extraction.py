"""From the database into the lake: what was added or changed since the last reading, where a table can tell it."""

from collections.abc import Iterable
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc
from django.db import transaction

from rollbook.database import changes, lake
from rollbook.risk.detectors.tables import SHAPES
from rollbook.risk.models import Extract
from rollbook.risk.queries import sources


def refresh(*, now: datetime, whole: bool = False) -> dict[str, int]:
    """Bring the lake up to the present; give how many rows of each table were read.

    A table that grows by its numbers gets one more part a month. Of one whose rows change, those that changed are read,
    and taken out where they lay. Every other is read anew, month by month into files that take the places of the old
    ones. Who is stopped in between begins again where the last table ended.
    """
    return {name: _table(name, now, whole) for name in sources.SOURCES}


@transaction.atomic
def _table(name: str, now: datetime, whole: bool) -> int:
    mark, _made = Extract.objects.select_for_update().get_or_create(table=name, defaults={"at": now})
    upto = changes.watermark()  # before anything is read: what is written meanwhile is read again next time
    if not whole and sources.SOURCES[name].changed and 0 < mark.watermark <= upto:
        rows = _changed(name, mark)
    else:
        rows = _anew(name, mark, whole)
    mark.watermark, mark.at = upto, now
    mark.save()
    return rows


def _changed(name: str, mark: Extract) -> int:
    keys = sources.changed(name, mark.watermark)
    part = f"w{mark.watermark:020}"
    rows = _write(name, sources.with_keys(name, keys), part)
    gone = lake.remove(sources.root(), name, sources.SOURCES[name].key, keys)
    lake.merge(sources.root(), _fresh(name), name)
    mark.rows += rows - gone
    return rows


def _anew(name: str, mark: Extract, whole: bool) -> int:
    number = sources.SOURCES[name].number
    after = 0 if whole or not number else mark.last_id
    last = after

    def counted(batches: Iterable[pa.Table]) -> Iterable[pa.Table]:
        nonlocal last
        for batch in batches:
            if number and batch.num_rows:
                last = max(last, pc.max(batch.column(number)).as_py())
            yield batch

    rows = _write(name, counted(sources.batches(name, after)), f"{after:012}")
    if not after:
        lake.drop(sources.root(), name)
    lake.merge(sources.root(), _fresh(name), name)
    mark.last_id, mark.rows = last, rows + (mark.rows if after else 0)
    return rows


def _fresh(name: str) -> str:
    return f".{name}.fresh"


def _write(name: str, batches: Iterable[pa.Table], part: str) -> int:
    """The rows as parts of their months, beside the table; give how many."""
    root, rows = sources.root(), 0
    lake.drop(root, _fresh(name))
    for n, batch in enumerate(batches):
        for month, some in _by_month(name, batch):
            rows += lake.write(root, _fresh(name), some.schema, some.to_batches(), month, f"{part}-{n:06}")
    return rows


def _by_month(name: str, batch: pa.Table) -> list[tuple[str, pa.Table]]:
    """The rows of each month; those without a day, and tables without months, are filed together."""
    column = SHAPES[name].month_of
    if not column or not batch.num_rows:
        return [(lake.WHOLE, batch)]
    months = pc.strftime(batch.column(column), "%Y-%m").fill_null(lake.WHOLE)
    return [(month, batch.filter(pc.equal(months, month))) for month in sorted(set(months.to_pylist()))]
