"""Many rows at once into a table of the register, with its constraints and triggers on; what it refuses is kept apart.

Rows are copied into a table of the session and inserted from there in one statement. What hangs on a row that is not there
is taken out before. What a unique or exclusion constraint refuses is passed over, and tried alone to hear its name; what a
check or a trigger refuses fails the statement, and is found by trying ever smaller parts.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from django.apps import apps
from django.db import DatabaseError, connection, transaction
from django.db.models import DateTimeField, ForeignKey, Model
from django.db.models.fields import NOT_PROVIDED

NULL = r"\N"
REFUSED = ("23", "P0")  # SQLSTATE: a constraint is violated, a trigger raised


class Refusal(NamedTuple):
    table: str
    key: int
    constraint: str  # its name, or what a trigger said, or "after …": the table whose refused row this hangs on
    about: str  # "class:1000012", as the truth names it


@dataclass(slots=True)
class Loader:
    """`ask` writes what a query over the Parquet files gives as CSV into a file, and tells its columns."""

    ask: Callable[[str, Path], list[str]]
    folder: Path
    now: datetime
    rows: dict[str, int] = field(default_factory=dict)  # of each table, that are in it now
    seconds: dict[str, float] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)
    refused: set[tuple[str, int]] = field(default_factory=set)  # by table and key
    key: str = "id"  # of the table that is being loaded

    def load(self, label: str, query: str) -> None:
        """What the query gives: the key and other columns of the table, and `about`. Columns that it leaves out are as the model has
        them."""
        model, began = apps.get_model(label), time.monotonic()
        table, self.key = model._meta.db_table, str(model._meta.pk.column)
        columns = [one for one in self.ask(query, self.folder / "rows.csv") if one != "about"]
        with transaction.atomic(), connection.cursor() as cursor:
            count = self._staged(cursor, table, columns)
            self._orphans(cursor, model, columns)
            given = dict(_left_out(model, columns, self.now))
            names = ", ".join(f'"{one}"' for one in [*columns, *given])
            values = ", ".join([*(f'"{one}"' for one in columns), *["%s"] * len(given)])
            insert = f'INSERT INTO "{table}" ({names}) SELECT {values} FROM staged WHERE nth BETWEEN %s AND %s'
            added = self._inserted(cursor, table, (insert, list(given.values())), 1, count)
            cursor.execute("DROP TABLE staged")
        self.rows[table] = self.rows.get(table, 0) + added
        self.seconds[table] = self.seconds.get(table, 0.0) + time.monotonic() - began

    def _staged(self, cursor: Any, table: str, columns: list[str]) -> int:
        names = ", ".join(f'"{one}"' for one in columns)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # a key is looked at when the row is written, not at the end
        cursor.execute(f'CREATE TEMP TABLE staged AS SELECT {names} FROM "{table}" WITH NO DATA')
        cursor.execute("ALTER TABLE staged ADD about text, ADD nth bigserial")
        statement = f"COPY staged ({names}, about) FROM STDIN (FORMAT csv, NULL '{NULL}')"
        with cursor.copy(statement) as copy, (self.folder / "rows.csv").open("rb") as file:
            while block := file.read(2**20):
                copy.write(block)
        cursor.execute("CREATE INDEX ON staged (nth)")
        cursor.execute("ANALYZE staged")
        cursor.execute("SELECT coalesce(max(nth), 0) FROM staged")
        return int(cursor.fetchone()[0])

    def _orphans(self, cursor: Any, model: type[Model], columns: list[str]) -> None:
        """Rows that hang on one that is not there: the key refuses them."""
        table = model._meta.db_table
        for one in model._meta.concrete_fields:
            if not isinstance(one, ForeignKey) or one.column not in columns:
                continue
            parent = one.related_model._meta.db_table
            cursor.execute(
                f'DELETE FROM staged s WHERE "{one.column}" IS NOT NULL AND NOT EXISTS '
                f'(SELECT FROM "{parent}" p WHERE p.{one.target_field.column} = s."{one.column}") '
                f'RETURNING {self.key}, "{one.column}", about'
            )
            for key, on, about in cursor.fetchall():
                follows = (parent, on) in self.refused
                self._refuse(table, key, f"after {parent}" if follows else f"{one.column} is of {parent}", about)

    def _inserted(self, cursor: Any, table: str, insert: tuple[str, list[object]], first: int, last: int) -> int:
        """Insert these of the staged rows; gives how many the table took."""
        statement, given = insert
        cursor.execute("SELECT count(*) FROM staged WHERE nth BETWEEN %s AND %s", [first, last])
        wanted = cursor.fetchone()[0]
        if not wanted:
            return 0
        try:
            with transaction.atomic():
                cursor.execute(f"{statement} ORDER BY nth ON CONFLICT DO NOTHING", [*given, first, last])
                added = int(cursor.rowcount)
        except DatabaseError as error:
            name = _constraint(error)
            if first == last:
                self._refuse_staged(cursor, table, name, first)
                return 0
            middle = (first + last) // 2
            parts = (first, middle), (middle + 1, last)
            return sum(self._inserted(cursor, table, insert, *part) for part in parts)
        if added < wanted:
            self._passed_over(cursor, table, insert, first, last)
        return added

    def _passed_over(self, cursor: Any, table: str, insert: tuple[str, list[object]], first: int, last: int) -> None:
        statement, given = insert
        cursor.execute(
            f"SELECT nth FROM staged s WHERE nth BETWEEN %s AND %s "
            f'AND NOT EXISTS (SELECT FROM "{table}" t WHERE t.{self.key} = s.{self.key}) ORDER BY nth',
            [first, last],
        )
        for (nth,) in cursor.fetchall():
            try:
                with transaction.atomic():
                    cursor.execute(statement, [*given, nth, nth])
            except DatabaseError as error:
                self._refuse_staged(cursor, table, _constraint(error), nth)

    def _refuse_staged(self, cursor: Any, table: str, constraint: str, nth: int) -> None:
        cursor.execute(f"SELECT {self.key}, about FROM staged WHERE nth = %s", [nth])
        for key, about in cursor.fetchall():
            self._refuse(table, key, constraint, about)

    def _refuse(self, table: str, key: int, constraint: str, about: str | None) -> None:
        self.refusals.append(Refusal(table, key, constraint, about or ""))
        self.refused.add((table, key))


def _constraint(error: DatabaseError) -> str:
    """The name of what refused a row; other errors are errors."""
    told = getattr(error.__cause__, "diag", None)
    if told is None or not str(told.sqlstate).startswith(REFUSED):
        raise error
    if told.column_name:
        return f"{told.column_name} is needed"
    return str(told.constraint_name or told.message_primary)


def _left_out(model: type[Model], columns: list[str], now: datetime) -> Iterator[tuple[str, object]]:
    """What the columns that a query does not give hold in a row that is made without them."""
    for one in model._meta.concrete_fields:
        column = str(one.column)
        if column in columns or one.null or one.generated or one.db_default is not NOT_PROVIDED or one.primary_key:
            continue
        value = now if isinstance(one, DateTimeField) and not one.has_default() else one.get_default()
        yield column, one.get_db_prep_save(value, connection)


def continue_numbers(tables: Iterable[str]) -> None:
    """What is added later gets numbers beyond those that were loaded."""
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence(%s, 'id'), greatest(max(id), 1)) FROM \"{table}\"",
                [table],
            )
