"""Which rows were written since an earlier reading, by the transaction that PostgreSQL keeps with each: no column, trigger or
index to keep, and nothing written past the application escapes. A table is looked through for it, which is cheap; what
changed is read, which is not."""

import re
from typing import Any

from django.db import connection
from django.db.models import BooleanField, Func, Model, QuerySet

AGES = 2**32  # transactions are compared within half of this many; what is older counts as changed


def watermark() -> int:
    """Every transaction that is not over yet, or begins later, has at least this number."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        return int(cursor.fetchone()[0])


def changed(model: type[Model], mark: int, key: Any = "pk", of: str = "pk") -> QuerySet[Any, Any]:
    """What `key` names in the rows of a model where a transaction of `mark` or later wrote the row that holds `of`."""
    return written_since(model._default_manager.all(), mark, of).values_list(key, flat=True)


def written_since(rows: QuerySet[Any, Any], mark: int, of: str = "pk") -> QuerySet[Any, Any]:
    return rows.filter(_WrittenSince(of, mark=mark))


def tables_of(statement: str) -> set[str]:
    """The tables that a statement of Django's reads, wherever in it they stand."""
    return set(re.findall(r'(?:FROM|JOIN) "(\w+)"', statement))


def asks_the_time(statement: str) -> bool:
    """Whether it may find other rows of the same tables later."""
    return "TIMESTAMP()" in statement or "NOW()" in statement


def size(table: str, mark: int) -> tuple[int, bool]:
    """How many rows a table has, and whether a transaction of `mark` or later wrote one of them. As many as before and
    none written since are the same rows: who takes one away and adds another has written it."""
    with connection.cursor() as cursor:
        name = connection.ops.quote_name(table)
        cursor.execute(
            f"SELECT count(*), count(*) FILTER (WHERE age(xmin) <= age(%s::xid)) FROM {name}",  # noqa: S608 a name quoted
            [str(mark % AGES)],
        )
        rows, written = cursor.fetchone()
    return rows, written > 0


class _WrittenSince(Func):
    output_field = BooleanField()

    def __init__(self, *expressions: Any, mark: int) -> None:
        super().__init__(*expressions)
        self.mark = mark

    def as_sql(self, compiler: Any, *_arguments: Any, **_options: Any) -> tuple[str, tuple[str]]:
        column, _none = compiler.compile(self.source_expressions[0])
        table = column.rpartition(".")[0]
        return f"age({table}.xmin) <= age(%s::xid)", (str(self.mark % AGES),)
