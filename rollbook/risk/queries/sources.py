"""Where the tables of screening come from: the query set behind each, and how it is read again (N3.5).

A table without a source here has none in this system yet; `docs/detectors.md` names them.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
from django.conf import settings
from django.db.models import F, QuerySet
from django.db.models.functions import TruncDate

from rollbook.assessment import queries as assessment
from rollbook.certificates import queries as certificates
from rollbook.classes.queries import screening as classes
from rollbook.classes.queries.check_ins import set_aside
from rollbook.database import arrow, changes
from rollbook.evidence import queries as evidence
from rollbook.faces import queries as faces
from rollbook.fees import queries as fees
from rollbook.institutions import queries as institutions
from rollbook.learning import queries as learning
from rollbook.live import queries as live
from rollbook.persons import queries as persons
from rollbook.risk.detectors.tables import SHAPES
from rollbook.risk.models import Told
from rollbook.risk.queries import facts, office
from rollbook.subsidies.queries import screening as subsidies

Rows = Iterable[QuerySet[Any, Any]]
AT_ONCE = 20_000  # keys of one statement
OVERTAKEN = 1_000_000  # numbers that those written meanwhile may be ahead of one that was taken earlier


@dataclass(frozen=True, slots=True)
class Source:
    """Where rows are only ever added, `key` is their number: those beyond the last one are read, and those that took
    their number before it and were written after. Where rows change, `changed` gives the keys of those that read
    differently since a transaction. `columns` makes columns of what `rows` are only the ground of: of everybody, or of some."""

    rows: Callable[[], Rows]
    key: str = ""
    changed: Callable[[int], Rows] | None = None
    columns: Callable[[list[int] | None], Iterator[pa.RecordBatch]] | None = None
    keyed: tuple[str, ...] = ()  # columns read in clear, and kept as the keyed digests that persons' are

    @property
    def only_grows(self) -> bool:
        return bool(self.key) and self.changed is None


def told() -> QuerySet[Told, Any]:
    """What trainees said on the phone to offices of contexts above."""
    return Told.objects.values(
        "enrolment_id", "outcome", "paid_back", person_id=F("enrolment__person_id"),
        class_id=F("enrolment__training_class_id"), day=TruncDate("told_at"),
        institution_id=F("enrolment__training_class__institution_id"),
        region_code=F("enrolment__training_class__region_code"),
    )  # fmt: skip


def _of(make: Callable[[], QuerySet[Any, Any]], key: str = "", changed: Callable[[int], Rows] | None = None) -> Source:
    return Source(lambda: [make()], key, changed)


def _of_many(make: Callable[[], Mapping[str, QuerySet[Any, Any]]], name: str) -> Source:
    return Source(lambda: [make()[name]])


SOURCES: dict[str, Source] = {
    "persons": _of(persons.screened, "person_id", persons.changed_since),
    "bank_accounts": _of(facts.accounts, "person_id", facts.accounts_changed_since),
    "face_pairs": _of(faces.screened_pairs),
    "enrolments": _of(facts.enrolments, "enrolment_id", facts.enrolments_changed_since),
    "classes": _of(classes.classes, "class_id", lambda mark: classes.changed_since(mark)["classes"]),
    "lessons": _of(facts.lessons, "lesson_id", facts.lessons_changed_since),
    "presences": _of(classes.presences, "lesson_id", lambda mark: classes.changed_since(mark)["presences"]),
    "check_ins": _of(classes.check_ins, "check_in_id"),
    "set_aside": _of(set_aside, "check_in_id"),
    "leaves": _of(classes.leaves),
    "denials": _of(classes.denials),
    "calls": Source(lambda: [classes.questioned(), live.screened()["calls"], told()]),
    "photos": _of(classes.photos, "photo_id"),
    "photo_pairs": _of(evidence.screened_pairs, "photo_id"),
    **{name: _of_many(live.screened, name) for name in ("camera_faults", "head_counts")},
    "insured_months": Source(facts.insured_rests_on, columns=facts.insured_months),
    "corrections": _of(classes.corrections),
    **{
        name: _of_many(institutions.screened, name)
        for name in ("sites", "rooms", "teachers", "qualifications", "papers", "projects")
    },
    "institutions": Source(lambda: [institutions.screened()["institutions"]], keyed=("phone",)),
    "scores": _of(lambda: assessment.screened()["scores"], "enrolment_id", assessment.changed_since),
    **{name: _of_many(assessment.screened, name) for name in ("score_changes", "exams", "exam_staff")},
    "sessions": _of(lambda: learning.screened()["sessions"], "session_id", learning.changed_since),
    "quizzes": _of_many(learning.screened, "quizzes"),
    "answers": Source(lambda: [assessment.sheets()], columns=assessment.answers),
    "certificates": _of(certificates.screened, "certificate_id", certificates.changed_since),
    "receipts": _of(fees.screened),
    "claims": _of(subsidies.claims, "claim_id", lambda mark: subsidies.changed_since(mark)["claims"]),
    "objections": _of(subsidies.objections),
    "reviews": Source(
        lambda: [classes.reviews(), subsidies.reviews("first"), subsidies.reviews("second"), office.sent_back()],
        key="review_id",
        changed=lambda mark: [
            *classes.changed_since(mark)["reviews"],
            *subsidies.changed_since(mark)["reviews"],
            office.sent_back_since(mark),
        ],
    ),
    "reveals": _of(office.reveals, "reveal_id"),
    **{name: _of(make) for name, make in facts.TABLES.items()},
    "lists": Source(facts.listed),
    "relatives": Source(lambda: [facts.households()], columns=facts.relatives),
    "sightings": Source(lambda: [facts.sightings(), assessment.seen_at_door()]),
    "transfers": Source(lambda: [facts.transfers("transfers"), facts.transfers("firm-transfers")]),
}


def root() -> Path:
    """Where the lake of screening lies."""
    return Path(settings.LAKE_ROOT) / "screening"


def narrowed(name: str, rows: QuerySet[Any, Any], people: list[int], classes: list[int]) -> QuerySet[Any, Any]:
    """Only what concerns some people and their classes; tables of neither are small and stay whole."""
    columns = dict(SHAPES[name].columns)
    if name == "lessons":
        return rows.filter(class_id__in=classes) | rows.filter(person_id__in=people)
    if name == "face_pairs":
        return rows.filter(person_id__in=people) | rows.filter(other_person_id__in=people)
    if "person_id" in columns and name != "teachers":
        return rows.filter(person_id__in=people)
    return rows.filter(class_id__in=classes) if "class_id" in columns else rows


def shaped(name: str, batch: pa.RecordBatch | pa.Table) -> pa.Table:
    """What was read, in the columns and types of the table; a name that a model has ends in "_" here."""
    schema = SHAPES[name].schema.to_pyarrow()
    found = pa.Table.from_batches([batch]) if isinstance(batch, pa.RecordBatch) else batch
    found = found.rename_columns([column.rstrip("_") for column in found.column_names])
    for column in SOURCES[name].keyed:
        found = found.set_column(found.column_names.index(column), column, _digested(found.column(column)))
    columns = [
        _cast(found.column(field.name), field.type)
        if field.name in found.column_names
        else pa.nulls(found.num_rows, field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def _digested(column: pa.ChunkedArray) -> pa.Array:
    said = [one for one in column.to_pylist() if one is not None]
    known = dict(zip(said, persons.digests(said), strict=True))
    return pa.array([known.get(one) for one in column.to_pylist()], pa.string())


def _cast(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    """NUMERIC arrives as text: what PostgreSQL worked out of hours and seconds."""
    if isinstance(column.type, pa.BaseExtensionType):
        column = pa.chunked_array([chunk.storage for chunk in column.chunks], column.type.storage_type)
    if pa.types.is_string(column.type) and pa.types.is_integer(kind):
        column = column.cast(pa.float64())
    return column.cast(kind, safe=False)


def read(name: str, people: list[int], of_classes: list[int]) -> pa.Table:
    """The rows of a table that concern some people."""
    empty = SHAPES[name].schema.to_pyarrow().empty_table()
    if name not in SOURCES:
        return empty
    source = SOURCES[name]
    if source.columns:
        return pa.concat_tables([empty, *(shaped(name, batch) for batch in source.columns(people))])
    parts = [shaped(name, arrow.read(narrowed(name, rows, people, of_classes))) for rows in source.rows()]
    return pa.concat_tables(parts)


@dataclass(slots=True)
class Looked:
    """What one night has looked through already: a table is looked through once, whatever is made of it."""

    keys: dict[str, pa.Array] = field(default_factory=dict)
    sizes: dict[tuple[str, int], tuple[int, bool]] = field(default_factory=dict)

    def numbers(self, rows: QuerySet[Any, Any]) -> pa.Array:
        statement = arrow.statement(rows)
        if statement not in self.keys:
            self.keys[statement] = arrow.read(rows).column(0).cast(pa.int64()).drop_null().unique()
        return self.keys[statement]

    def size(self, table: str, mark: int) -> tuple[int, bool]:
        if (table, mark) not in self.sizes:
            self.sizes[table, mark] = changes.size(table, mark)
        return self.sizes[table, mark]


def rests_on(name: str, mark: int, looked: Looked) -> tuple[str, bool]:
    """A digest of what a table is read from: the statements, and how many rows each of their tables has; and whether
    any of these was written since. None is given for what the time alone can change."""
    statements = [arrow.statement(rows) for rows in SOURCES[name].rows()]
    if any(changes.asks_the_time(one) for one in statements):
        return "", True
    sizes = {table: looked.size(table, mark) for one in statements for table in changes.tables_of(one)}
    said = json.dumps([statements, sorted((table, rows) for table, (rows, _written) in sizes.items())])
    return sha256(said.encode()).hexdigest(), any(written for _rows, written in sizes.values())


def changed(name: str, mark: int, last: int, looked: Looked) -> pa.Array:
    """The keys, up to the `last` that was read, of rows that read differently since a transaction."""
    source = SOURCES[name]
    if source.changed:
        found = source.changed(mark)
    else:
        near = {f"{source.key}__lte": last, f"{source.key}__gt": last - OVERTAKEN}
        found = [
            changes.written_since(rows.filter(**near), mark).values_list(source.key, flat=True)
            for rows in source.rows()
        ]
    keys = pa.concat_arrays([pa.array([], pa.int64()), *(looked.numbers(rows) for rows in found)])
    return keys.unique().sort()


def with_keys(name: str, keys: pa.Array) -> Iterator[pa.Table]:
    """The rows of a table with these keys, so many at a time."""
    source = SOURCES[name]
    for first in range(0, len(keys), AT_ONCE):
        some = keys[first : first + AT_ONCE].to_pylist()
        for rows in source.rows():
            yield shaped(name, arrow.read(rows.filter(**{f"{source.key}__in": some})))


def beyond(name: str, last: int) -> Iterator[pa.Table]:
    """The rows of a table that grows, from a number on."""
    for rows in SOURCES[name].rows():
        for batch in arrow.stream(rows.filter(**{f"{SOURCES[name].key}__gt": last})):
            yield shaped(name, batch)


def batches(name: str) -> Iterator[pa.Table]:
    """All rows of a table, a batch at a time."""
    source = SOURCES[name]
    if source.columns:
        yield from (shaped(name, batch) for batch in source.columns(None))
        return
    for rows in source.rows():
        for batch in arrow.stream(rows):
            yield shaped(name, batch)
