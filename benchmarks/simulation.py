"""A change of policy tried on four million claims: read from Parquet as the simulator keeps them, decided twice, grouped.

The claims are made up here, as many as a large province has in a year; the simulator itself only knows real ones.
"""

import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks._figures import Figure, at_most
from benchmarks.entitlement import cases
from rollbook.kernel.columns import Counts, Texts
from rollbook.subsidies import rules
from rollbook.subsidies.rules import simulation as sim
from rollbook.subsidies.tests.cases import shipped

CLAIMS, BLOCK, PEOPLE, INSTITUTIONS = 4_000_000, 100_000, 3_000_000, 3_000


def run() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        paths = list(written(Path(folder)))
        size = sum(path.stat().st_size for path in paths) / 1e6
        before = peak()
        policy, scenario = shipped("320000", "training"), sim.Scenario(percent=110, caps={1: 2}, attendance_least=85)
        start, used = time.perf_counter(), time.process_time()
        result = worked_out(paths, policy, scenario)
        seconds, used = time.perf_counter() - start, time.process_time() - used
    yield at_most(
        f"simulation on {result['claims']:,} claims, nine groupings", seconds, 10, "s", f"({used:.1f} s of processors)"
    )
    changed = result["people_more"] + result["people_less"]
    yield Figure("… people whom the change reaches", f"{changed:,} of {result['people']:,}")
    yield Figure("… memory above what it began with; extract on disk", f"{peak() - before:,.0f} MB; {size:,.0f} MB")


def worked_out(paths: list[Path], policy: rules.Policy, scenario: sim.Scenario) -> dict[str, int]:
    from rollbook.subsidies.queries.extract import read_blocks

    scope = sim.Scope(county_from=320000, county_below=330000, since=20260101, until=20261231, policies=(1,))
    changed = scenario.applied(policy)
    parts, others = [], 0
    for table in read_blocks(paths, set()):
        mine, untouched = sim.within(table, scope)
        others += untouched
        parts.append(sim.decided(mine, policy, changed, scenario))
    return sim.result(parts, others)


def written(folder: Path) -> Iterator[Path]:
    """Blocks as the simulator writes them."""
    dice = np.random.default_rng(11)
    many = cases(BLOCK)
    for block in range(CLAIMS // BLOCK):
        columns = {}
        for name, one in rules.Facts.__dataclass_fields__.items():
            values = getattr(many, name)
            if one.type is Counts:
                columns[name] = pa.FixedSizeListArray.from_arrays(pa.array(values.reshape(-1)), values.shape[1])
            elif one.type is not Texts:
                columns[name] = pa.array(np.roll(values, block * 997))
        months, days = dice.integers(1, 13, BLOCK), dice.integers(1, 29, BLOCK)
        born = dice.integers(1960, 2007, BLOCK) * 10_000 + months * 100 + days
        path = folder / f"{block:06}.parquet"
        table = pa.table(
            columns | {
                "claim": pa.array(np.arange(BLOCK) + block * BLOCK), "person": pa.array(dice.integers(0, PEOPLE, BLOCK)),
                "institution": pa.array(dice.integers(0, INSTITUTIONS, BLOCK)),
                "county": pa.array((320_000 + dice.integers(1, 14, BLOCK) * 100 + dice.integers(1, 9, BLOCK)).astype(np.int32)),
                "policy": pa.array(np.ones(BLOCK, dtype=np.int64)),
                "filed_on": pa.array((20_260_000 + months * 100 + days).astype(np.int32)),
                "decided_fen": pa.array(np.full(BLOCK, 150_000)), "born_on": pa.array(born.astype(np.int32)),
                "sex": pa.array(dice.integers(1, 3, BLOCK).astype(np.int8)),
            }
        )  # fmt: skip
        pq.write_table(table, path, compression="zstd")
        yield path


def peak() -> float:
    """The most memory that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
