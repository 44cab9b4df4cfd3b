"""Running detectors over tables, and placing what they find: which region, institution, class and person."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from typing import Any

import ibis
from django.conf import settings
from django.db.models import Q
from django.utils.timezone import localdate

from rollbook.database import engines, lake
from rollbook.regions.rules import around
from rollbook.risk.detectors import DETECTORS
from rollbook.risk.detectors.shapes import Tables, unbound
from rollbook.risk.detectors.tables import SHAPES
from rollbook.risk.models import Run, Setting, Step
from rollbook.risk.queries import sources
from rollbook.risk.rules import Detector, RunKind, plain, wanted

TRIES = 3  # of a detector that fails, in one night
KEPT = 40  # rows of evidence that an alert keeps; their number and digest are of all


@dataclass(slots=True)
class Group:
    """The rows of one subject that one detector found."""

    subject_id: int
    rows: list[Mapping[str, Any]] = field(default_factory=list)
    count: int = 0
    digest: str = ""


@cache
def version_of(code: str) -> str:
    """A digest of the detector's expression: what found an alert can be told from what would find it today."""
    one = DETECTORS[code]
    words = ibis.to_sql(one.find(unbound(), one.defaults()), dialect="duckdb")
    return hashlib.sha256(str(words).encode()).hexdigest()[:16]


def settings_on(day: date) -> dict[str, dict[str, dict[str, int]]]:
    """What regions have set otherwise, by detector, region and name."""
    found: dict[str, dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
    for one in Setting.objects.filter(in_force__contains=day):
        found[one.detector][one.region_code][one.name] = one.value
    return found


def of_region(by_region: Mapping[str, Mapping[str, int]], region_code: str) -> dict[str, int]:
    """What is in force in a region: its own, else the city's, else the province's."""
    merged: dict[str, int] = {}
    for scope in reversed(around(region_code)) if region_code else ():
        merged |= by_region.get(scope, {})
    return merged


def from_lake(backend: engines.Backend) -> Tables:
    """The tables of the lake, each opened when a detector first reads it."""
    root = sources.root()
    return Tables(lambda name: engines.stored(backend, name, lake.files(root, name), SHAPES[name].schema))


def from_database(backend: engines.Backend, people: list[int], of_classes: list[int]) -> Tables:
    """The rows of some people, read now: the same expressions within seconds of filing."""
    return Tables(lambda name: engines.given(backend, name, sources.read(name, people, of_classes)))


def found(backend: engines.Backend, tables: Tables, one: Detector, limits: Mapping[str, int]) -> Iterator[Group]:
    """What a detector finds, by subject; each row kept in an order that every engine gives."""
    rows = engines.rows_of(backend, one.find(tables, limits))
    groups: dict[int, Group] = {}
    for row in rows:
        if row["subject_id"] is not None:
            groups.setdefault(row["subject_id"], Group(row["subject_id"])).rows.append(
                {name: plain(value) for name, value in row.items() if name != "subject_id"}
            )
    for group in groups.values():
        group.rows.sort(key=lambda row: json.dumps(row, sort_keys=True))
        group.digest = hashlib.sha256(json.dumps(group.rows, sort_keys=True).encode()).hexdigest()
        group.count, group.rows = len(group.rows), group.rows[:KEPT]
        yield group


# What of one person's rows alone can be judged, as soon as they are on a roster or claim: nobody else's are needed.
ALONE = tuple(
    code for code in DETECTORS if code in {*(f"D{n:02}" for n in range(1, 25)), "D27", "D113", "D114", "D115", "D116"}
)


def engine() -> Any:
    """The backend that the settings name."""
    return engines.connect(
        settings.SCREENING_ENGINE, memory=settings.SCREENING_MEMORY, spill=str(sources.root() / ".spill")
    )


def at_hand() -> Any:
    """A small DuckDB for the rows of a few people, whatever engine the night runs on."""
    return engines.connect(memory="256MB", threads=1)


def is_due(now: datetime) -> bool:
    """Whether this night was not screened yet: it begins at midnight, and is due as long as something of it is left."""
    nights = Run.objects.filter(kind=RunKind.NIGHT)
    done = nights.filter(finished_at__isnull=False, started_at__date=localdate(now)).exists()
    return not done or left_over(now) is not None


def left_over(now: datetime) -> Run | None:
    """The night that broke off, or the last one of today of whose detectors some failed and are tried again."""
    again = Q(
        started_at__date=localdate(now), pk__in=Step.objects.exclude(error="").filter(tries__lt=TRIES).values("run")
    )
    return Run.objects.filter(Q(finished_at=None) | again, kind=RunKind.NIGHT).order_by("-pk").first()


Way = tuple[int, dict[str, int]]  # a rank, and limits


def ways(one: Detector, by_region: Mapping[str, Mapping[str, int]]) -> list[Way]:
    """The different ways in which a detector is run: as it is, and as regions have set it."""
    made: list[Way] = []
    for region in ("", *by_region):
        way = wanted(of_region(by_region, region), one)
        if way not in made:
            made.append(way)
    return [way for way in made if way[0]]
