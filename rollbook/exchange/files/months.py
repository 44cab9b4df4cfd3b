"""Months of insurance among the files of columns: one person's from a row group, many people's in one pass.

Of one source, person, month and employer the row of the latest batch holds, as it does for facts that are rows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa

from rollbook.exchange.files import lake

FEW = 8  # people whose digests stand in the question itself, so that row groups without them are not read


@dataclass(frozen=True, slots=True)
class Part:
    """A loaded file: of two that say the same fact, the one later in the list of parts holds."""

    path: str
    source_id: int


def months(parts: Sequence[Part]) -> list[date]:
    """The months that the files speak of."""
    paths = [str(lake.where(one.path)) for one in parts]
    if not paths:
        return []
    with lake.engine() as connection:
        found = connection.execute("SELECT DISTINCT from_on FROM read_parquet(?) ORDER BY 1", [paths]).fetchall()
    return [month for (month,) in found]


def held(
    parts: Sequence[Part], people: Any, kinds: Sequence[str], month: date | None = None
) -> Iterator[pa.RecordBatch]:
    """Person, month and employer of what holds. `people` has the columns `digest` and `person_id`."""
    if not parts or not people.num_rows:
        return
    digests = people.column("digest").to_pylist() if people.num_rows <= FEW else []
    told = {
        "filename": [str(lake.where(one.path)) for one in parts],
        "source_id": [one.source_id for one in parts],
        "nth": list(range(len(parts))),
    }
    narrow = "" if month is None else "AND from_on = ?"
    narrow += " AND m.subject IN ({})".format(", ".join("?" * len(digests))) if digests else ""
    with lake.engine() as connection:
        connection.register("parts", pa.table(told))
        connection.register("people", people)
        found = connection.sql(
            f"""SELECT DISTINCT person_id, said.month AS month, said.employer AS employer FROM (
                SELECT person_id, arg_max({{month: from_on, employer: f_employer, kind: f_kind,
                    is_ended: coalesce(f_withdrawn = 'yes', false)}}, nth) AS said
                FROM read_parquet(?, filename = true) m JOIN people p ON m.subject = p.digest JOIN parts USING (filename)
                WHERE true {narrow} GROUP BY source_id, m.subject, "key", person_id
            ) WHERE said.kind IN (SELECT unnest(?)) AND NOT said.is_ended""",  # noqa: S608 our own words
            params=[told["filename"], *([] if month is None else [month]), *digests, list(kinds)],
        )
        yield from found.to_arrow_reader()
