"""A simulated province into the tables of an empty register, county by county, with constraints and triggers on.

What the register refuses does not stop it: `refused.parquet` of the folder tells each row, by what, and of which class.
Memory stays that of one county, save for the identity numbers' counters.
"""

import json
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from django.db import connection

from rollbook.classes import actions as classes
from rollbook.classes.models import TrainingClass
from rollbook.persons.models import Sealed
from rollbook.risk.detectors.tables import SHAPES
from simulators.province.loading import base, facts, people, rows
from simulators.province.loading.bulk import NULL, Loader, continue_numbers

AT_ONCE = 1_000_000  # numbers of one county
MONTHS = range(1, 13)
ENDED = datetime(2027, 3, 1, tzinfo=UTC)  # when the year and all that follows from it lies behind
# By which column the rows of a county are found, the first that a table has; the others are of the whole province.
KEYS = ("person_id", "class_id", "room_id", "institution_id", "teacher_id", "exam_id")


class NotEmpty(Exception):
    """There is something in the register already."""


def load(root: Path, tell: Callable[[str], None]) -> Loader:
    """Fill the register; `tell` hears how far it is."""
    lessons = int(json.loads((root / "made.json").read_text())["lessons"])
    if TrainingClass.objects.exists():
        raise NotEmpty
    for month in MONTHS:
        classes.make_months(now=datetime(2026, month, 1, 4, tzinfo=UTC))
    items, numbers = base.prepare(lessons, ENDED)
    counters = people.Numbers()
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as lake:
        lake.execute("SET TimeZone='UTC'; SET threads=2; SET memory_limit='2GB'")
        lake.register("items", items)
        loader = Loader(lambda query, path: _csv(lake, query, path), Path(folder), ENDED)
        for first in _counties(root):
            region = _opened(lake, root, first)
            names = {"first": first, "region": region} | numbers
            _made(lake, names, counters)
            for label, query in rows.TABLES:
                loader.load(label, query.format(**names))
            facts.write(lake, Path(folder), first)
            tell(f"{region}: {sum(loader.rows.values()):,} rows, {len(loader.refusals):,} refused")
        for batch in facts.deliver(lake, Path(folder), base.officer("province-officer"), ENDED):
            tell(f"{batch.feed}: {batch.rows:,} rows, {batch.state}, {batch.wrong} wrong")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE assessment_assessment SET locked_at = held_on + interval '3 days', locked_by_id = %s",
            [base.officer("province-officer").pk],
        )
    continue_numbers(loader.rows.keys() - {Sealed._meta.db_table})
    schema = pa.schema(
        [("table", pa.string()), ("key", pa.int64()), ("constraint", pa.string()), ("about", pa.string())]
    )
    pq.write_table(pa.Table.from_pylist([one._asdict() for one in loader.refusals], schema), root / "refused.parquet")
    return loader


def _counties(root: Path) -> list[int]:
    """Where the numbers of each county begin."""
    ids = pq.read_table(root / "classes", columns=["class_id"])["class_id"].to_numpy()
    return sorted({int(one) // AT_ONCE * AT_ONCE for one in ids})


def _opened(lake: Any, root: Path, first: int) -> str:
    """The county's rows as tables of the session; what nobody wrote is empty. Gives its region."""
    for name, shape in SHAPES.items():
        files = sorted(map(str, (root / name).rglob("*.parquet")))
        columns = dict(shape.columns)
        key = next((one for one in KEYS if one in columns), "")
        if files:
            of = f"read_parquet({files}, hive_partitioning=false)"
            if key:
                of += f" WHERE {key} BETWEEN {first} AND {first + AT_ONCE - 1}"
            lake.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS FROM {of}")
        else:
            lake.register("shape", shape.schema.to_pyarrow().empty_table())
            lake.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS FROM shape")
    return str(lake.execute("SELECT any_value(region_code) FROM classes").fetchall()[0][0])


def _made(lake: Any, names: dict[str, Any], numbers: people.Numbers) -> None:
    """Who the people and firms are."""
    everybody = lake.sql(rows.EVERYBODY.format(**names)).to_arrow_table().to_pylist()
    for name, table in zip(("people", "sealed"), people.people(everybody, numbers), strict=True):
        lake.register(name, table)
    found = sorted(int(one[1:]) for (one,) in lake.execute(rows.FIRMS).fetchall())
    codes = [people.firm(one) for one in found]
    lake.register("firms", pa.table({"number": found, "company": [f"c{one}" for one in found], "code": codes}))


def _csv(lake: Any, query: str, path: Path) -> list[str]:
    lake.execute(f"COPY ({query}) TO '{path}' (FORMAT csv, HEADER false, NULLSTR '{NULL}')")
    return [one[0] for one in lake.execute(f"DESCRIBE {query}").fetchall()]
