"""Claims as columns on disk: what was decided never changes, so each claim is taken apart once (B5).

A block holds the claims of a range of numbers as Parquet; it is written anew when claims came into
its range or one of them was decided anew.
"""

import os
from collections.abc import Iterator
from dataclasses import fields
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj
import pyarrow.parquet as pq
from django.conf import settings
from django.db.models import Count, F, Sum, TextField
from django.db.models.functions import Cast
from django.utils.timezone import localdate

from rollbook.kernel.columns import Bools, Counts, Texts
from rollbook.subsidies import rules
from rollbook.subsidies.models import Claim
from rollbook.subsidies.rules.facts import ADDED_LATER, WORDS
from rollbook.subsidies.rules.simulation import width

BLOCK = 100_000
SMALL = pa.int32()


def folder() -> Path:
    return Path(settings.LAKE_ROOT) / "claims"


def blocks() -> list[tuple[int, int, int]]:
    """Which ranges of numbers have claims: the block, how many, and how often they were filed."""
    rows = Claim.objects.order_by().annotate(block=F("pk") / BLOCK).values_list("block")
    return sorted(rows.annotate(n=Count("pk"), filings=Sum("filings")))


def path_of(block: int, count: int, filings: int) -> Path:
    """A block's file: its name says what was in it and how many facts, so an old one is never taken for the present."""
    return folder() / f"{block:06}-{count}-{filings}-{len(fields(rules.Facts))}.parquet"


def rows_of_block(block: int) -> pa.Table:
    """The claims of a block from the database, as the rules read them."""
    found = Claim.objects.filter(pk__gte=block * BLOCK, pk__lt=(block + 1) * BLOCK).order_by("pk")
    columns = (
        "pk", "person_id", "institution_id", "region_code", "policy_id", "filed_at", "amount_fen", "person__birth_on",
        "person__sex",
    )  # fmt: skip
    rows = list(found.values_list(*columns, Cast("facts", TextField())))
    about = list(zip(*rows, strict=True))
    facts = pj.read_json(BytesIO("\n".join(about[-1]).encode()), pj.ReadOptions(block_size=1 << 26))
    return pa.table(_about(about) | _columns(facts))


def _about(columns: list[Any]) -> dict[str, pa.Array]:
    pk, person, institution, county, policy, filed, amount, born, sex, _facts = columns
    days = (localdate(one) for one in filed)
    return {
        "claim": pa.array(pk, pa.int64()),
        "person": pa.array(person, pa.int64()),
        "institution": pa.array(institution, pa.int64()),
        "county": pa.array([int(one) for one in county], SMALL),
        "policy": pa.array(policy, pa.int64()),
        "filed_on": pa.array([_number(one) for one in days], SMALL),
        "decided_fen": pa.array(amount, pa.int64()),
        "born_on": pa.array([_number(one) for one in born], SMALL),
        "sex": pa.array([int(one) for one in sex], pa.int8()),
    }


def _number(day: Any) -> int:
    return int(day.year * 10_000 + day.month * 100 + day.day)


def _columns(facts: pa.Table) -> dict[str, pa.Array]:
    """Words to codes, counts to lists of one length; what was not asked yet at the time did not weigh."""
    found: dict[str, pa.Array] = {}
    for one in fields(rules.Facts):
        if one.type is Texts:
            continue
        column = _complete(facts, one.name)
        if one.type is Counts:
            flat = column.flatten().cast(pa.int16())
            found[one.name] = pa.FixedSizeListArray.from_arrays(flat, width(one.name))
        elif one.name in WORDS:
            found[one.name] = pc.index_in(column, value_set=pa.array(list(WORDS[one.name]))).cast(pa.int8())
        elif one.type is Bools:
            found[one.name] = column
        else:
            found[one.name] = column.cast(pa.int64())
    return found


def _complete(facts: pa.Table, name: str) -> pa.Array:
    """A column of the stored cases; where an old case has no such fact, what it would have been."""
    if name not in facts.column_names:
        return pa.array([ADDED_LATER[name]] * facts.num_rows)
    column = facts[name].combine_chunks()
    if column.null_count:
        return pa.array([ADDED_LATER[name] if one is None else one for one in column.to_pylist()])
    return column


def refused() -> set[int]:
    """Claims that came to nothing: a change of policy would not have paid them either."""
    return set(Claim.objects.filter(state=rules.State.REFUSED).values_list("pk", flat=True))


def read_blocks(paths: list[Path], out: set[int]) -> Iterator[pa.Table]:
    """One block after the other, never two in memory."""
    refused_ids = pa.array(sorted(out), pa.int64())
    for path in paths:
        table = pq.read_table(path, memory_map=True)
        yield table.append_column("is_refused", pc.is_in(table["claim"], value_set=refused_ids))


def put(path: Path, table: pa.Table, block: int) -> None:
    """Write a block's file whole or not at all, and drop what it was before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(f".{os.getpid()}.part")
    pq.write_table(table, unfinished, compression="zstd")
    unfinished.rename(path)
    for old in path.parent.glob(f"{block:06}-*.parquet"):
        if old != path:
            old.unlink(missing_ok=True)
