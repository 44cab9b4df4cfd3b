"""Which columns detectors read and which of them something in this system fills: what of the rest can never be found.

Read are those that DuckDB scans to answer a detector's expression: an expression names whole tables where it joins them,
and its engine drops what comes to nothing.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import ibis

from rollbook.risk.detectors import DETECTORS
from rollbook.risk.detectors.shapes import Tables
from rollbook.risk.detectors.tables import SHAPES
from rollbook.risk.queries.sources import SOURCES

# What an engine can work out of tables without rows before it scans them, and of what filters alone read.
KEPT_AS_WRITTEN = "SET disabled_optimizers = 'statistics_propagation,empty_result_pullup,filter_pushdown'"


@cache
def _empty() -> Any:
    backend = ibis.duckdb.connect()
    for name, shape in SHAPES.items():
        backend.create_table(name, schema=shape.schema)
    backend.raw_sql(KEPT_AS_WRITTEN)
    return backend


def _scans(step: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if "Table" in step["extra_info"]:
        yield step["extra_info"]
    for below in step["children"]:
        yield from _scans(below)


@cache
def columns_read(code: str) -> Mapping[str, set[str]]:
    """The columns of each table that a detector reads."""
    one, backend = DETECTORS[code], _empty()
    words = backend.compile(one.find(Tables(backend.table), one.defaults()))
    [(_kind, plan)] = backend.raw_sql(f"EXPLAIN (FORMAT JSON) {words}").fetchall()
    found: dict[str, set[str]] = defaultdict(set)
    for scan in _scans(json.loads(plan)[0]):
        columns = scan.get("Projections", [])
        name = scan["Table"].rpartition(".")[2]
        found[name] |= {columns} if isinstance(columns, str) else set(columns)
    return found


@cache
def columns_filled(name: str) -> set[str]:
    """The columns of a table that at least one of its sources selects; what lies in files of columns has all of them."""
    source = SOURCES[name]
    if source.columns:
        return set(dict(SHAPES[name].columns))
    return {column.rstrip("_") for rows in source.rows() for column in rows.query.selected or ()}


def waits_for(code: str) -> list[str]:
    """What a detector reads and nothing fills: a table, or a column of one as `table.column`."""
    made = []
    for name, columns in sorted(columns_read(code).items()):
        missing = columns - columns_filled(name) if name in SOURCES else ()
        made += [name] if name not in SOURCES else [f"{name}.{column}" for column in sorted(missing)]
    return made
