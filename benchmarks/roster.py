"""A roster of 5 000 rows from Excel: read, every cell checked, every number looked up, all of them registered."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO

from benchmarks._figures import Figure, at_most
from benchmarks._site import own_database

ROWS = 5_000


def run() -> Iterator[Figure]:
    with own_database():
        yield from measured()


def measured() -> Iterator[Figure]:
    from rollbook.classes import actions
    from rollbook.classes.models import Enrolment
    from rollbook.classes.tests.applications import NOW, ready
    from rollbook.directory.tests.factories import load_terms

    load_terms()
    asked = ready()
    sent = {"by": asked.manager, "class_id": asked.klass.pk, "content": content()}
    begun = time.perf_counter()
    sheet = actions.preview_roster(**sent, today=datetime.now(UTC).date() - timedelta(1))
    checked = time.perf_counter() - begun
    if sheet.wrong:
        raise SystemExit(f"the roster should be right: {sheet.wrong[:3]}")
    before = Enrolment.objects.count()
    begun = time.perf_counter()
    actions.import_roster(**sent, now=NOW)
    taken = time.perf_counter() - begun
    kept = Enrolment.objects.count() - before
    yield at_most(f"roster of {ROWS:,} rows: every cell checked", checked, 10, "s")
    yield at_most("… checked again, registered, sealed and enrolled", taken, 10, "s")
    yield Figure("trainees kept", f"{kept:,} of {ROWS:,}", "every one", kept == ROWS)


def content() -> bytes:
    from openpyxl import Workbook

    from rollbook.classes.files import ROSTER
    from rollbook.persons.tests.factories import number

    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append([column.header for column in ROSTER])
    for n in range(ROWS):
        row = {"number": number(50_000 + n), "name": "张三丰", "category": "登记失业人员", "phone": f"138{n:08}"}
        sheet.append([row.get(column.key, "") for column in ROSTER])
    buffer = BytesIO()
    book.save(buffer)
    return buffer.getvalue()
