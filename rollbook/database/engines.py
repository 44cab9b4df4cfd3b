"""Where tables are searched: DuckDB within this process, or Spark, by one setting (B6).

Both are backends of Ibis: an expression does not know which of the two runs it, and a test holds that both find the
same rows. "duckdb", or the address of a Spark master ("local[2]", "spark://host:7077") or Connect server ("sc://…").
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
from sqlglot.optimizer.eliminate_subqueries import eliminate_subqueries

Backend = Any  # of Ibis, which has no types of its own


@contextmanager
def connect(address: str = "duckdb", *, memory: str = "2GB", spill: str = "", threads: int = 0) -> Iterator[Backend]:
    """A backend for one run; `memory` bounds it and `spill` is where what does not fit goes."""
    if address == "duckdb":
        bounds: dict[str, Any] = {"memory_limit": memory}
        bounds |= {"temp_directory": spill} if spill else {}
        bounds |= {"threads": threads} if threads else {}
        backend = ibis.duckdb.connect(**bounds)
        try:
            yield backend
        finally:
            backend.disconnect()
        return
    session = _session(address, memory)
    with TemporaryDirectory() as aside:  # a cluster must be able to read it too: TMPDIR on a shared disk
        try:
            backend = ibis.pyspark.connect(session)
            backend.aside = aside
            yield backend
        finally:
            session.stop()


def _session(address: str, memory: str) -> Any:
    from pyspark.sql import SparkSession  # a cluster's choice: nobody else needs Java

    build = SparkSession.builder.appName("rollbook")
    build = build.remote(address) if address.startswith("sc://") else build.master(address)
    local = address.startswith("local")
    for name, value in {
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.ansi.enabled": "true",
        "spark.driver.memory": memory.replace("GB", "g").replace("MB", "m"),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        **({"spark.sql.shuffle.partitions": "4", "spark.sql.adaptive.enabled": "true"} if local else {}),
    }.items():
        build = build.config(name, value)
    return build.getOrCreate()


def stored(backend: Backend, name: str, files: Sequence[str], schema: ibis.Schema) -> ibis.Table:
    """A table of Parquet files, with just the columns of its schema; one without files is empty."""
    if not files:
        return empty(backend, name, schema)
    if backend.name == "duckdb":
        found = backend.read_parquet(list(files), table_name=name, hive_partitioning=False)
    else:
        backend._session.read.parquet(*files).createOrReplaceTempView(name)
        found = backend.table(name)
    return found.select(list(schema)).cast(dict(schema))


def empty(backend: Backend, name: str, schema: ibis.Schema) -> ibis.Table:
    return given(backend, name, schema.to_pyarrow().empty_table()).cast(
        dict(schema)
    )  # as of a stored one: they are joined


def given(backend: Backend, name: str, rows: pa.Table) -> ibis.Table:
    """A table of rows at hand. Spark reads them from a file: by way of pandas, numbers with gaps would become floats."""
    if backend.name == "duckdb":
        backend.con.register(name, rows)
        return backend.table(name)
    path = Path(backend.aside) / f"{name}.parquet"
    pq.write_table(rows, path)
    backend._session.read.parquet(str(path)).createOrReplaceTempView(name)
    return backend.table(name)


def result(backend: Backend, expression: ibis.Table) -> pa.Table:
    """The rows of an expression. Ibis writes a part out wherever it is used; DuckDB is told that it is one part."""
    if backend.name != "duckdb":
        return backend.to_pyarrow(expression)
    shared = eliminate_subqueries(backend.compiler.to_sqlglot(expression))
    return backend.sql(shared.sql("duckdb"), schema=expression.schema()).to_pyarrow()


def rows_of(backend: Backend, expression: ibis.Table) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = result(backend, expression).to_pylist()
    return found
