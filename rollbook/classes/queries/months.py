"""Check-ins wherever they lie: in the database, or in the Parquet file of a month that was moved out."""

import hashlib
from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from django.conf import settings
from django.db import connection
from django.utils.timezone import localdate

from rollbook.classes.models import CheckIn, Lesson, MonthArchive
from rollbook.directory import queries as directory
from rollbook.directory.rules import TermKey
from rollbook.kernel.messages import _
from rollbook.kernel.reasons import Refused, reason

COLUMNS = tuple(str(field.column) for field in CheckIn._meta.concrete_fields)


def check_ins_of(lesson_ids: Iterable[int]) -> list[CheckIn]:
    """The check-ins of lessons in the order they happened: of this month or of ten years ago."""
    ids = list(lesson_ids)
    found = list(CheckIn.objects.filter(lesson__in=ids))
    days = Lesson.objects.filter(pk__in=ids).values_list("starts_at", flat=True)
    months = {localdate(day).replace(day=1) for day in days}
    for one in MonthArchive.objects.filter(month__in=months):
        if not is_as_written(one):
            text = _("The file of check-ins of {month} is not as it was written; tell the operator.")
            raise Refused(reason("archive-altered", text, "N4.3", month=f"{one.month:%Y-%m}"))
        table = pq.read_table(settings.MEDIA_ROOT / one.path, filters=pc.field("lesson_id").isin(ids))
        found += [CheckIn.from_db(None, COLUMNS, [row[name] for name in COLUMNS]) for row in table.to_pylist()]
    return sorted(found, key=lambda one: (one.happened_at, str(one.event_id)))


def digest_of_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@lru_cache(maxsize=256)
def _digest_seen(path: Path, size: int, changed_ns: int) -> str:  # noqa: ARG001 part of the key
    return digest_of_file(path)


def is_as_written(one: MonthArchive, *, every_byte: bool = False) -> bool:
    """Whether the file of a month has the digest that was noted. It is read anew when its size or time changed, and by
    the nightly check in any case."""
    path = Path(settings.MEDIA_ROOT) / one.path
    try:
        found = path.stat()
    except FileNotFoundError:
        return False
    digest = digest_of_file(path) if every_byte else _digest_seen(path, found.st_size, found.st_mtime_ns)
    return digest == one.sha256


def altered_months() -> list[MonthArchive]:
    """The months whose file is gone or differs from what was written, every byte read."""
    return [one for one in MonthArchive.objects.order_by("month") if not is_as_written(one, every_byte=True)]


def runs_of_month(month: date) -> list[tuple[int, int, int]]:
    """The numbers of devices' sequences in a month: device, first and last of each that follow one another."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT reader_id, min(sequence), max(sequence) FROM (
                    SELECT reader_id, sequence,
                           sequence - dense_rank() OVER (PARTITION BY reader_id ORDER BY sequence) AS island
                    FROM {partition(month)} WHERE reader_id IS NOT NULL AND sequence IS NOT NULL
                ) AS numbers GROUP BY reader_id, island ORDER BY 1, 2"""  # noqa: S608 ours
        )
        return list(cursor.fetchall())


def months_in_tables() -> list[date]:
    """The months that have a partition of their own, the oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT to_date(right(c.relname, 6), 'YYYYMM') FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
            " WHERE i.inhparent = 'classes_checkin'::regclass AND c.relname ~ '_[0-9]{6}$' ORDER BY 1"
        )
        return [row[0] for row in cursor.fetchall()]


def months_to_archive(today: date) -> list[date]:
    """Those that lie further back than any region's term keeps them."""
    months = directory.longest(TermKey.CHECK_IN_MONTHS, today)
    if months is None:
        return []
    count = today.year * 12 + today.month - 1 - months
    first = date(count // 12, count % 12 + 1, 1)
    return [one for one in months_in_tables() if one < first]


def rows_of_month(month: date) -> pa.Table:
    """A month as Arrow, in the order in which it is looked up."""
    names = ", ".join(f'"{name}"' for name in COLUMNS)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {names} FROM {partition(month)} ORDER BY lesson_id, enrolment_id, id")  # noqa: S608 ours
        columns = list(zip(*cursor.fetchall(), strict=True)) or [()] * len(COLUMNS)
    return pa.table(
        {name: _array(name, values) for name, values in zip(COLUMNS, columns, strict=True)},
    )


def _array(name: str, values: Iterable[Any]) -> pa.Array:
    if name == "event_id":
        return pa.array([str(one) for one in values], pa.string())
    return pa.array(list(values), TYPES.get(name, pa.string()))


MOMENT = pa.timestamp("us", "UTC")
TYPES = {
    **dict.fromkeys(("id", "lesson_id", "enrolment_id", "by_id", "reader_id", "sequence"), pa.int64()),
    **dict.fromkeys(("skew_seconds", "accuracy", "distance"), pa.int32()),
    **dict.fromkeys(("latitude", "longitude"), pa.float64()),
    **dict.fromkeys(("happened_at", "received_at"), MOMENT),
    "held_on": pa.date32(),
    "is_mock": pa.bool_(),
}


def partition(month: date) -> str:
    return f"classes_checkin_{month:%Y%m}"


def archive_path(month: date) -> Path:
    return Path("archive") / "check-ins" / f"{month:%Y-%m}.parquet"
