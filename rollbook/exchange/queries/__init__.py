import io
import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.csv as pa_csv
from django.db import connection
from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext
from pypinyin import lazy_pinyin

from rollbook.accounts.rules import Permission, holds
from rollbook.exchange import rules
from rollbook.exchange.files import lake, marking, months
from rollbook.exchange.models import Batch, Contract, Fact, Source, Wrong
from rollbook.exchange.rules import matching
from rollbook.exchange.rules.lines import Line, LineState, state
from rollbook.kernel.messages import _
from rollbook.kernel.reasons import NotFound
from rollbook.persons import queries as persons
from rollbook.regions.rules import around, prefix

if TYPE_CHECKING:
    from rollbook.accounts.models import Account
    from rollbook.persons.models import Person

CATALOGUE = Path(__file__).parents[1] / "data" / "feeds.json"


@lru_cache(maxsize=1)
def catalogue() -> dict[str, dict[str, Any]]:
    """What each feed is agreed to hold, as it comes with the project; a contract keeps its own copy."""
    return {one["feed"]: one for one in json.loads(CATALOGUE.read_text(encoding="utf-8"))}


# Sources, contracts, batches


def sources(by: "Account") -> QuerySet[Source]:
    """The sources of the own region and of those around it: whose facts serve the region."""
    if not holds(by, Permission.EXCHANGE_READ):
        return Source.objects.none()
    own = Q(region_code__startswith=prefix(by.region_code)) | Q(region_code__in=around(by.region_code))
    return Source.objects.filter(own)


def visible_to(by: "Account") -> QuerySet[Batch]:
    """Batches hold people of the source's whole region: only who answers for all of it may see them."""
    if not holds(by, Permission.EXCHANGE_READ):
        return Batch.objects.none()
    return Batch.objects.filter(source__region_code__startswith=prefix(by.region_code)).select_related("source")


def get(by: "Account", batch_id: int, *, lock: bool = False) -> Batch:
    found = visible_to(by).filter(pk=batch_id)
    try:
        return (found.select_for_update(of=("self",)) if lock else found).get()
    except Batch.DoesNotExist:
        raise NotFound from None


def contracts(by: "Account", today: date) -> QuerySet[Contract]:
    """The contracts in force, each with the day that its newest loaded batch speaks of."""
    newest = Batch.objects.filter(
        source=OuterRef("source"), feed=OuterRef("feed"), state=rules.BatchState.LOADED
    ).order_by("-as_of")
    waiting = visible_to(by).filter(
        source=OuterRef("source"), feed=OuterRef("feed"), state__in=[rules.BatchState.CHECKED, rules.BatchState.STOPPED]
    )
    return (
        Contract.objects.filter(source__in=sources(by), in_force__contains=today)
        .select_related("source")
        .annotate(
            newest_on=Subquery(newest.values("as_of")[:1]),
            received_at=Subquery(newest.values("received_at")[:1]),
            waiting_id=Subquery(waiting.order_by("pk").values("pk")[:1]),
        )
        .order_by("source__region_code", "feed", "pk")
    )


def get_contract(by: "Account", contract_id: int) -> Contract:
    try:
        return Contract.objects.select_related("source").get(pk=contract_id, source__in=sources(by))
    except Contract.DoesNotExist:
        raise NotFound from None


def versions_of(contract: Contract) -> QuerySet[Contract]:
    return Contract.objects.filter(source=contract.source_id, feed=contract.feed).order_by("-in_force")


def contract_for(source_id: int, feed: str, on: date) -> Contract | None:
    return Contract.objects.filter(source_id=source_id, feed=feed, in_force__contains=on).first()


def contract_now(source_id: int, feed: str) -> Contract | None:
    return Contract.objects.filter(source_id=source_id, feed=feed, in_force__upper_inf=True).first()


def to_send(by: "Account", today: date) -> QuerySet[Contract]:
    """The contracts under which an official may upload a file."""
    own = Q(source__region_code__startswith=prefix(by.region_code))
    return Contract.objects.filter(own, in_force__contains=today).select_related("source").order_by("feed", "pk")


def source_by_code(code: str) -> Source | None:
    return Source.objects.filter(code=code).first()


def batch_of_number(source_id: int, feed: str, number: str) -> Batch | None:
    return Batch.objects.filter(source_id=source_id, feed=feed, number=number).first()


def due_lines(now: Any) -> list[int]:
    """Sources that are fetched from and whose turn has come."""
    return list(
        Source.objects.filter(next_try_at__lte=now).exclude(url="").order_by("next_try_at").values_list("pk", flat=True)
    )


def known_numbers(source_id: int) -> dict[tuple[str, str], Batch]:
    found = Batch.objects.filter(source_id=source_id).only("feed", "number", "sha256", "sm3", "received_at")
    return {(one.feed, one.number): one for one in found}


def line_state(source: Source) -> LineState:
    return state(Line(source.failures, source.next_try_at))


def wrong_cells(batch: Batch) -> QuerySet[Wrong]:
    return Wrong.objects.filter(batch=batch).order_by("row", "pk")


def loaded_paths(source_id: int, feed: str, until: date) -> list[str]:
    """The files of a feed that hold its present state and how it came to be, oldest first."""
    found = Batch.objects.filter(source_id=source_id, feed=feed, state=rules.BatchState.LOADED, as_of__lte=until)
    return list(found.exclude(lake_path="").order_by("as_of", "pk").values_list("lake_path", flat=True))


def damaged() -> Iterator[tuple[Batch, str]]:
    """Batches whose file of columns is not the one that was written, read to its last byte."""
    for batch in Batch.objects.exclude(lake_path="").order_by("pk").iterator():
        path = lake.where(batch.lake_path)
        if not path.is_file():
            yield batch, "missing"
        elif lake.digest_of(path) != batch.lake_sha256:
            yield batch, "changed"


def strays(before: datetime) -> list[Path]:
    """Files of columns that no batch has, older than that: left by a process that was killed."""
    known = {str(lake.where(one)) for one in Batch.objects.values_list("lake_path", flat=True)}
    found = lake.where("exchange").rglob("*.*")
    return [one for one in found if str(one) not in known and one.stat().st_mtime < before.timestamp()]


def register() -> Any:
    """The digests of everybody's numbers in the register, as one column, beside whose each is now."""
    rows = persons.living().values("id_digest", "live_id")
    sql, params = rows.query.sql_with_params()
    connection.ensure_connection()
    with connection.cursor() as cursor, cursor.copy(f"COPY ({sql}) TO STDOUT (FORMAT csv)", params or None) as source:
        text = b"".join(bytes(block) for block in source)
    options = pa_csv.ReadOptions(column_names=["digest", "person_id"])
    if not text:
        return pa.table({"digest": pa.array([], pa.string()), "person_id": pa.array([], pa.int64())})
    return pa_csv.read_csv(io.BytesIO(text), read_options=options)


def preview(batch: Batch) -> dict[str, Any]:
    """The first rows of a batch: digests shortened, names as sent."""
    shape = rules.Shape.of(batch.contract.shape)
    headers = {f"f_{one.key}": one for one in shape.fields}
    names, rows = lake.preview(batch.lake_path)
    shown = [n for n, name in enumerate(names) if name in ("row", "subject", "name") or name in headers]
    own = {"row": _("Row"), "subject": _("Person or firm"), "name": _("Name")}
    heads = [own[names[n]] if names[n] in own else headers[names[n]].header for n in shown]
    fields = {n: headers.get(names[n]) for n in shown}
    return {"heads": heads, "rows": [[_cell(fields[n], row[n]) for n in shown] for row in rows]}


def marked(batch: Batch, content: bytes) -> bytes:
    """The file of a batch, brought again, with what is wrong at the end of each row."""
    return marking.marked(content, batch.file, batch.sha256, rules.Shape.of(batch.contract.shape), persons.digests)


def _cell(field: rules.Field | None, value: Any) -> Any:
    if isinstance(value, str) and len(value) == 64:  # a digest
        return f"{value[:8]}…"
    return value if field is None or value is None else gettext(field.shown(value))


# Facts about people


@dataclass(slots=True)
class Said:
    """One fact as a page shows it."""

    feed: rules.Feed
    source: str
    as_of: date
    received_at: Any
    number: str  # of the batch
    from_on: date | None
    until_on: date | None
    values: list[tuple[str, Any]]
    is_ended: bool = False
    is_history: bool = False
    name_differs: str = ""  # the name that the source has
    months: int = 0
    extra: dict[str, Any] = field(default_factory=dict)


def facts_of(person: "Person", *, sensitive: bool, history: bool = False) -> list[Said]:
    """What other departments said of a person, newest first; of each fact the present state, or all that was said."""
    subjects = persons.digests_of(person)
    found = Fact.objects.filter(subject__in=subjects).select_related("batch__contract", "source")
    if not sensitive:
        found = found.exclude(feed__in=sensitive_feeds())
    said, seen = [], set()
    for one in found.order_by("feed", "source", "key", "-as_of", "-pk"):
        fact = (one.source_id, one.feed, one.subject, one.key)
        is_old = fact in seen
        seen.add(fact)
        if history or not (is_old or one.is_ended):
            said.append(_said(one, person, is_old=is_old))
    return said + list(_months(subjects))


def _said(one: Fact, person: "Person", *, is_old: bool) -> Said:
    shape = rules.Shape.of(one.batch.contract.shape)
    shown = [
        f for f in shape.kept if not f.is_digested and f.key not in shape.period and one.data.get(f.key) is not None
    ]
    differs = one.name if one.name and not persons.is_named(person, one.name) else ""
    return Said(
        rules.Feed(one.feed), one.source.name, one.as_of, one.batch.received_at, one.batch.number,
        one.from_on, one.until_on, [(f.header, gettext(f.shown(one.data[f.key]))) for f in shown],
        is_ended=one.is_ended, is_history=is_old, name_differs=differs,
    )  # fmt: skip


def sensitive_feeds() -> list[str]:
    return [feed for feed, one in catalogue().items() if one.get("sensitive")]


def held_of(people: "Collection[Person]", feeds: Collection[str]) -> dict[int, list[Fact]]:
    """What holds of these people by the feeds, by person: never a fact whose name is not the register's (N3.5)."""
    by_id = {one.pk: one for one in people}
    digests = persons.by_digests(list(by_id))
    newest = (
        Fact.objects.filter(subject__in=digests, feed__in=feeds)
        .order_by("source_id", "feed", "subject", "key", "-as_of", "-pk")
        .distinct("source_id", "feed", "subject", "key")
        .select_related("source", "batch")
    )
    found: dict[int, list[Fact]] = {pk: [] for pk in by_id}
    for one in newest:
        person = by_id[digests[one.subject]]
        if not one.is_ended and (not one.name or persons.is_named(person, one.name)):
            found[person.pk].append(one)
    return found


def firm_names(codes: Collection[str]) -> dict[str, str]:
    """The names of firms by the company register, as far as it has them."""
    found = Fact.objects.filter(feed=rules.Feed.COMPANIES, subject__in=codes, is_ended=False).order_by("as_of", "pk")
    return {code: data["title"] for code, data in found.values_list("subject", "data") if data.get("title")}


def insured_of(person_ids: Collection[int], kind: str) -> dict[int, list[date]]:
    """The months for which an employer paid insurance of this kind, of all these people at once."""
    numbers = persons.by_digests(person_ids)
    people = pa.table({"digest": list(numbers), "person_id": pa.array(numbers.values(), pa.int64())})
    found: dict[int, set[date]] = {pk: set() for pk in person_ids}
    for batch in months.held(_month_parts(), people, (kind, "both")):
        for pk, month in zip(batch.column("person_id").to_pylist(), batch.column("month").to_pylist(), strict=True):
            found[pk].add(month)
    return {pk: sorted(one) for pk, one in found.items()}


def insured(person_ids: Collection[int] | None = None) -> Iterator[pa.RecordBatch]:
    """Person, month and employer of pension insurance of everybody in the register, month after month, for screening; or
    of some people at once."""
    parts = _month_parts()
    if person_ids is not None:
        numbers = persons.by_digests(person_ids)
        some = pa.table({"digest": list(numbers), "person_id": pa.array(numbers.values(), pa.int64())})
        yield from months.held(parts, some, ("pension", "both"))
        return
    people = register() if parts else None
    for month in months.months(parts):
        yield from months.held(parts, people, ("pension", "both"), month)


def month_files() -> "QuerySet[Batch, Any]":
    """The files of insurance months that were loaded, of each source in the order in which they hold."""
    loaded = Batch.objects.filter(feed=rules.Feed.INSURANCE_MONTHS, state=rules.BatchState.LOADED)
    return loaded.exclude(lake_path="").order_by("source_id", "as_of", "pk").values_list("lake_path", "source_id")


def _month_parts() -> list[months.Part]:
    return [months.Part(*one) for one in month_files()]


def _months(subjects: Sequence[str]) -> Iterator[Said]:
    """Facts of feeds that are kept as columns alone, months in a row with one employer as one line."""
    rows = _present_months(subjects)
    rows.sort(key=lambda one: (one[0].source_id, one[1]["f_employer"], one[1]["from_on"]))
    for _who, paid in groupby(rows, key=lambda one: (one[0].source_id, one[1]["f_employer"])):
        yield from _spans(list(paid))


def _present_months(subjects: Sequence[str]) -> list[tuple[Batch, dict[str, Any]]]:
    """The months that hold, each with the batch that said so."""
    bulk = [feed for feed, one in catalogue().items() if one.get("bulk")]
    batches = Batch.objects.filter(feed__in=bulk, state=rules.BatchState.LOADED).exclude(lake_path="")
    by_path = {str(lake.where(one.lake_path)): one for one in batches.select_related("source", "contract")}
    present: dict[tuple[int, str], tuple[Batch, dict[str, Any]]] = {}
    for subject in subjects if by_path else ():
        for row in lake.rows_of([one.lake_path for one in by_path.values()], subject):
            batch = by_path[row["filename"]]
            fact = (batch.source_id, row["key"])
            if fact not in present or (present[fact][0].as_of, present[fact][0].pk) < (batch.as_of, batch.pk):
                present[fact] = batch, row
    return [one for one in present.values() if one[1].get("f_withdrawn") != "yes"]


def _spans(paid: list[tuple[Batch, dict[str, Any]]]) -> Iterator[Said]:
    span: list[tuple[Batch, dict[str, Any]]] = []
    for one in [*paid, None]:
        if span and (one is None or one[1]["from_on"] != span[-1][1]["until_on"] + timedelta(1)):
            batch, last = span[-1]
            field = rules.Shape.of(batch.contract.shape).field("employer")
            yield Said(
                rules.Feed(batch.feed), batch.source.name, batch.as_of, batch.received_at, batch.number,
                span[0][1]["from_on"], last["until_on"], [(field.header, last["f_employer"])], months=len(span),
            )  # fmt: skip
            span = []
        if one is not None:
            span.append(one)


def present(feed: str) -> "QuerySet[Fact, Any]":
    """The facts of a feed that hold, one row each, for screening: never one whose name is not the register's.

    `DISTINCT ON` over the index of facts in force; `person_id` is the register's row, NULL for whom it has not.
    """
    newest = (
        Fact.objects.filter(feed=feed)
        .order_by("source_id", "subject", "key", "-as_of", "-pk")
        .distinct("source_id", "subject", "key")
    )
    person = persons.by_digest(OuterRef("subject"))
    return (
        Fact.objects.filter(pk__in=newest.values("pk"), is_ended=False)
        .annotate(
            person_id=Subquery(person.values("live_id")[:1]),
            tidy=Subquery(person.values("tidy")[:1]),
        )
        .filter(Q(name="") | Q(name=F("tidy")) | Q(tidy__isnull=True))
    )


@lru_cache(maxsize=30_000)
def sounds(sign: str) -> str:
    """The pinyin of one character; what is none stands for itself."""
    return lazy_pinyin(sign)[0] if sign > "\u2e80" else sign


def compared() -> list[tuple[int, int]]:
    """All pairs of the register that look like one person, older record first, the surest pairs first."""
    rows = persons.comparable()
    ids, names, births, sexes, phones = zip(*rows, strict=True) if rows else ((),) * 5
    found = matching.pairs(matching.People(names, births, sexes, phones), sounds)
    return [(ids[one], ids[other]) for one, other in zip(found.left.tolist(), found.right.tolist(), strict=True)]


def changed_numbers() -> list[tuple[int, int]]:
    """Two records of one person by the population register: it names the former number; older record first."""
    told = Fact.objects.filter(feed=rules.Feed.POPULATION, data__former_identity__isnull=False, is_ended=False)
    both = [(subject, former) for subject, former in told.values_list("subject", "data__former_identity") if former]
    known = persons.live_by_digest({one for pair in both for one in pair})
    met = [(known[one], known[other]) for one, other in both if one in known and other in known]
    return [(min(pair), max(pair)) for pair in met if pair[0] != pair[1]]
