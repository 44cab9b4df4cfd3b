"""From the database into the lake: what was added or changed since the last reading, where a table can tell it."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import chain

import pyarrow as pa
import pyarrow.compute as pc
from django.db import transaction

from rollbook.database import arrow, changes, lake
from rollbook.risk.detectors.tables import SHAPES
from rollbook.risk.models import Extract
from rollbook.risk.queries import sources

WEEK = timedelta(7)  # then all is read anew: what no row's own change tells, such as a term that came into force


def refresh(*, now: datetime, whole: bool = False) -> dict[str, int]:
    """Bring the lake up to the present; give how many rows of each table were read.

    A table that grows by its numbers gets one more part a month. Of one whose rows change, those that changed are read,
    and taken out where they lay. Every other, unless all that it is read from is as it was, and once a week all, is read
    anew, month by month into files that take the places of the old ones. Who is stopped in between begins again where
    the last table ended.
    """
    upto = changes.watermark()  # before anything is read: what is written meanwhile is read again next time
    looked = sources.Looked()
    with arrow.held():
        return {name: _table(name, now, whole, upto, looked) for name in sources.SOURCES}


@transaction.atomic
def _table(name: str, now: datetime, whole: bool, upto: int, looked: sources.Looked) -> int:
    mark, _made = Extract.objects.select_for_update().get_or_create(table=name, defaults={"at": now})
    source = sources.SOURCES[name]
    is_recent = not whole and mark.whole_at is not None and now - mark.whole_at < WEEK and mark.watermark <= upto
    goes_on = bool(source.key) and is_recent
    last, before = mark.last_id if goes_on else 0, mark.digest
    mark.digest, was_written = ("", True) if source.key else sources.rests_on(name, mark.watermark, looked)
    if is_recent and mark.digest == before and not was_written:
        mark.watermark, mark.at = upto, now
        mark.save()
        return 0

    def counted(batches: Iterable[pa.Table]) -> Iterable[pa.Table]:
        nonlocal last
        for batch in batches:
            if source.only_grows and batch.num_rows:
                last = max(last, pc.max(batch.column(source.key)).as_py())
            yield batch

    # The name of who begins again is that of who was stopped; of who goes on while others are open, another.
    part = f"{mark.watermark:012}-{last:012}"
    if goes_on:
        keys = sources.changed(name, mark.watermark, last, looked)
        new = sources.beyond(name, last) if source.only_grows else ()
        rows = _write(name, counted(chain(sources.with_keys(name, keys), new)), part)
        kept = mark.rows - lake.remove(sources.root(), name, source.key, keys)
    else:
        rows, kept = _write(name, counted(sources.batches(name)), part), 0
        lake.drop(sources.root(), name)
        mark.whole_at = now
    lake.merge(sources.root(), _fresh(name), name)
    mark.watermark, mark.last_id, mark.rows, mark.at = upto, last, kept + rows, now
    mark.save()
    return rows


def _fresh(name: str) -> str:
    return f".{name}.fresh"


def _write(name: str, batches: Iterable[pa.Table], part: str) -> int:
    """The rows as parts of their months, beside the table; give how many."""
    root, rows = sources.root(), 0
    lake.drop(root, _fresh(name))
    for n, batch in enumerate(one for one in batches if one.num_rows):
        for month, some in _by_month(name, batch):
            rows += lake.write(root, _fresh(name), some.schema, some.to_batches(), month, f"{part}-{n:06}")
    return rows


def _by_month(name: str, batch: pa.Table) -> list[tuple[str, pa.Table]]:
    """The rows of each month; those without a day, and tables without months, are filed together."""
    column = SHAPES[name].month_of
    if not column:
        return [(lake.WHOLE, batch)]
    months = pc.strftime(batch.column(column), "%Y-%m").fill_null(lake.WHOLE)
    return [(month, batch.filter(pc.equal(months, month))) for month in sorted(set(months.to_pylist()))]
