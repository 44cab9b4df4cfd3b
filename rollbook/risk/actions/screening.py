"""Screening: everyone by night, and those on a roster or claim as soon as it is filed."""

import time
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.utils.timezone import localdate

from rollbook.classes.queries import screening as classes
from rollbook.database import arrow
from rollbook.database.engines import Backend
from rollbook.risk.actions.extraction import refresh
from rollbook.risk.actions.filing import file
from rollbook.risk.detectors import DETECTORS
from rollbook.risk.detectors.shapes import Tables
from rollbook.risk.models import Run, Step
from rollbook.risk.queries import screening
from rollbook.risk.rules import RunKind
from rollbook.subsidies.queries import screening as subsidies

WAITED = timedelta(minutes=10)  # who was added may have waited for another deed on the class, while it was screened
SCREENING = 7306  # the number of the lock: one night at a time


def screen_everyone(*, now: datetime, whole: bool = False, codes: tuple[str, ...] = ()) -> Run | None:
    """Read what is new and run every detector over the lake. A night that broke off goes on with what it lacks, and one
    whose detectors failed with those.

    None while another process is at it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [SCREENING])
        if not cursor.fetchone()[0]:
            return None
    try:
        run = screening.left_over(now)
        if run is None:
            refresh(now=now, whole=whole)
            run = Run.objects.create(kind=RunKind.NIGHT, engine=settings.SCREENING_ENGINE, started_at=now)
        with screening.engine() as backend:
            _detect(run, backend, screening.from_lake(backend), codes or tuple(DETECTORS), now)
        return _finished(run, now)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [SCREENING])


def screen_roster(*, class_id: int, now: datetime) -> Run | None:
    """Those on a roster that was filed, on the same expressions (N3.5)."""
    people = classes.people_of(class_id)
    return _screen_people(RunKind.ROSTER, f"classes.TrainingClass:{class_id}", people, now) if people else None


def screen_added(*, class_id: int, now: datetime) -> Run | None:
    """Those who came to a roster after it was last screened; a draft's are screened when it is filed."""
    subject = f"classes.TrainingClass:{class_id}"
    last = Run.objects.filter(kind=RunKind.ROSTER, subject=subject).order_by("-pk").first()
    people = classes.people_of(class_id, last.started_at - WAITED if last else None)
    return _screen_people(RunKind.ROSTER, subject, people, now) if people else None


def screen_claim(*, claim_id: int, now: datetime) -> Run | None:
    """The person of a claim that was filed."""
    found = subsidies.of_claim(claim_id)
    return _screen_people(RunKind.CLAIM, f"subsidies.Claim:{claim_id}", [found[0]], now) if found else None


def _screen_people(kind: RunKind, subject: str, people: list[int], now: datetime) -> Run:
    run = Run.objects.create(kind=kind, subject=subject, engine="duckdb", started_at=now)
    with screening.at_hand() as backend, arrow.held():
        tables = screening.from_database(backend, people, classes.rosters_of(people))
        _detect(run, backend, tables, screening.ALONE, now)
    return _finished(run, now)


def _finished(run: Run, now: datetime) -> Run:
    run.finished_at = now
    run.milliseconds = sum(run.steps.values_list("milliseconds", flat=True))
    run.save()
    return run


def _detect(run: Run, backend: Backend, tables: Tables, codes: tuple[str, ...], now: datetime) -> None:
    done = set(run.steps.filter(error="").values_list("detector", flat=True))
    settings_now = screening.settings_on(localdate(now))
    for code in codes:
        if code not in done:
            _step(run, backend, tables, code, settings_now.get(code, {}), now)


def _step(
    run: Run, backend: Backend, tables: Tables, code: str, by_region: Mapping[str, Mapping[str, int]], now: datetime
) -> None:
    """One detector, whole or not at all; one that fails is written down and does not stop the others."""
    one, begun, count, error = DETECTORS[code], time.monotonic(), 0, ""
    try:
        with transaction.atomic():
            for way in screening.ways(one, by_region):
                groups = list(screening.found(backend, tables, one, way[1]))
                count += file(run, one, way, by_region, groups, now)
    except Exception as failure:
        error, count = f"{type(failure).__name__}: {failure}"[:500], 0
    spent = int((time.monotonic() - begun) * 1000)
    said = {"findings": count, "milliseconds": spent, "error": error}
    Step.objects.update_or_create(
        run=run, detector=code, defaults={**said, "tries": F("tries") + 1}, create_defaults=said
    )
