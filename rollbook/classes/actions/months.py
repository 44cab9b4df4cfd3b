"""The months of the table of check-ins: made before they begin, moved out when a term says so."""

import os
from datetime import date, datetime

import pyarrow.parquet as pq
from django.conf import settings
from django.db import connection, transaction
from django.utils.timezone import localdate

from rollbook.classes.models import ArchivedRun, MonthArchive
from rollbook.classes.queries import months as queries
from rollbook.journal.actions import record

AHEAD = 13  # months; a teaching plan is rarely longer


def make_months(*, now: datetime) -> list[date]:
    """The partitions of this month and of the next ones, where they are not there yet."""
    today, made = localdate(now), []
    for n in range(AHEAD):
        count = today.year * 12 + today.month - 1 + n
        month = date(count // 12, count % 12 + 1, 1)
        with connection.cursor() as cursor:
            cursor.execute("SELECT classes_check_in_month(%s)", [month])
            if cursor.fetchone()[0]:
                made.append(month)
    return made


@transaction.atomic
def archive_month(*, month: date, now: datetime) -> MonthArchive:
    """Move a month of check-ins into a Parquet file: written, read back and compared before the rows go.

    What arrives for that month afterwards is kept among the others, so nothing is ever turned away.
    """
    name = queries.partition(month)
    with connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {name} IN SHARE ROW EXCLUSIVE MODE")  # nobody writes meanwhile
    table = queries.rows_of_month(month)
    path = settings.MEDIA_ROOT / queries.archive_path(month)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".part")
    pq.write_table(table, beside, compression="zstd")
    with beside.open("rb") as file:
        os.fsync(file.fileno())
    digest = queries.digest_of_file(beside)
    if not pq.read_table(beside).equals(table):
        raise RuntimeError(f"the file of {month:%Y-%m} is not what was written")
    beside.rename(path)
    found = MonthArchive.objects.create(
        month=month, path=str(queries.archive_path(month)), sha256=digest, rows=table.num_rows, archived_at=now
    )
    ArchivedRun.objects.bulk_create(
        ArchivedRun(archive=found, reader_id=reader, first=first, last=last)
        for reader, first, last in queries.runs_of_month(month)
    )
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE classes_checkin DETACH PARTITION {name}")
        cursor.execute(f"DROP TABLE {name}")
    record("attendance.archived", found, by=None, at=now, rows=table.num_rows, file=found.path, sha256=digest)
    return found
