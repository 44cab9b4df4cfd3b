"""Spark finds the same rows as DuckDB, for every detector; and from the lake the same as from memory (B6)."""

from collections import defaultdict

import pyarrow as pa
import pytest

from rollbook.database import engines, lake
from rollbook.risk.detectors import DETECTORS
from rollbook.risk.detectors.shapes import Tables
from rollbook.risk.detectors.tables import SHAPES
from rollbook.risk.tests import worlds
from rollbook.risk.tests.test_detectors import CASES

# What looks at shares of a county or an officer is diluted by the others' cases: these stand alone.
DILUTED = ("D82", "I03")
APART = 1000  # every case has numbers of its own, so that all of them make one province
# Compiling a plan costs more than running it on a handful of rows.
SMALL = {
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.autoBroadcastJoinThreshold": "-1",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}


def province(cases=None):
    """All cases in one: every number of a case lies in a range of its own."""
    rows = defaultdict(list)
    for n, (world, _expected) in enumerate(CASES[code] for code in cases or CASES):
        for name, found in world.items():
            for row in found:
                moved = {k: v + n * APART if k.endswith("_id") and v is not None else v for k, v in row.items()}
                rows[name].append(moved)
    return worlds.tables(rows)


def found(backend, tables, code):
    one = DETECTORS[code]
    rows = engines.rows_of(backend, one.find(tables, one.defaults()))
    return sorted(repr(sorted(row.items())) for row in rows)


@pytest.fixture(scope="module")
def everything():
    return province()


def given(backend, everything, prefix=""):
    return Tables(lambda name: engines.given(backend, f"{prefix}{name}", everything[name]))


def found_by_all(backend, everything):
    """What each detector finds in the province of all cases, or alone where that dilutes it."""
    worlds_of = {"": given(backend, everything)}
    worlds_of |= {code: given(backend, province([code]), f"{code}_") for code in DILUTED}
    return {code: found(backend, worlds_of.get(code, worlds_of[""]), code) for code in DETECTORS}


def test_the_lake_gives_what_was_put_in(tmp_path, everything):
    for name, rows in everything.items():
        lake.write(tmp_path, name, rows.schema, rows.to_batches(), filed="2026-03")
    with engines.connect(memory="500MB", spill=str(tmp_path / "spill"), threads=1) as backend:
        stored = Tables(
            lambda name: engines.stored(backend, f"s_{name}", lake.files(tmp_path, name), SHAPES[name].schema)
        )
        memory = given(backend, everything)
        for code in ("D07", "D25", "D45", "D74", "I01"):
            assert found(backend, stored, code) == found(backend, memory, code) != []


def test_a_part_is_written_whole_or_not_at_all(tmp_path):
    def broken():
        yield pa.record_batch({"person_id": [1]})
        raise RuntimeError("killed")

    schema = pa.schema({"person_id": pa.int64()})
    with pytest.raises(RuntimeError):
        lake.write(tmp_path, "deaths", schema, broken())
    assert lake.files(tmp_path, "deaths") == []
    assert list(tmp_path.rglob("*.parquet*")) == []


@pytest.mark.slow
@pytest.mark.spark
@pytest.mark.enable_socket
@pytest.mark.filterwarnings("ignore")
def test_spark_finds_the_same_rows_for_every_detector(everything):
    with engines.connect(memory="1GB", threads=2) as duck:
        expected = found_by_all(duck, everything)
    with engines.connect("local[2]", memory="1GB") as spark:
        for name, value in SMALL.items():
            spark._session.conf.set(name, value)
        seen = found_by_all(spark, everything)
        different = [code for code in DETECTORS if seen[code] != expected[code]]
    assert different == []
    assert all(expected.values())
