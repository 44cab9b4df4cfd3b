"""Check-ins a second over HTTP through the real server, one by one and by forty, beside a view
that does nothing but insert a row.

Everything happens in a database of its own, made for this and dropped afterwards.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count, cycle
from typing import Any
from uuid import uuid4

CLIENTS, SECONDS, BATCH = 8, 5.0, 40
PEOPLE, LESSONS = 50, 16


def run() -> list[tuple[str, str, str]]:
    from django.conf import settings
    from django.test.utils import get_runner, override_settings

    runner = get_runner(settings)(verbosity=0, interactive=False)
    with override_settings(DEBUG=False):
        databases = runner.setup_databases()
        try:
            return list(measured())
        finally:
            runner.teardown_databases(databases)


def measured() -> Iterator[tuple[str, str, str]]:
    from django.db import connection

    from rollbook.classes.models import CheckIn

    lessons = prepare()
    turn = count()

    def sent(n: int) -> tuple[str, dict[str, Any], dict[str, str]]:
        """The next lesson's reader hands in n events."""
        lesson = lessons[next(turn) % len(lessons)]
        rows = [
            {
                "event_id": str(uuid4()),
                "enrolment_id": next(lesson.people),
                "direction": "in",
                "happened_at": lesson.moment(),
            }
            for _ in range(n)
        ]
        return lesson.url, {"device": "bench", "events": rows}, lesson.head

    connection.close()
    with served("benchmarks.urls") as base:
        bare = rate(base, lambda: ("/bare/", {"event_id": str(uuid4())}, {}))
        before = CheckIn.objects.count()
        single = rate(base, lambda: sent(1))
        batched = rate(base, lambda: sent(BATCH)) * BATCH
        connection.close()
        kept = CheckIn.objects.count() - before
    yield "Bare insert view, requests/s", f"{bare:,.0f}", "for comparison"
    yield "Check-ins one by one over HTTP, /s", f"{single:,.0f} ({single / bare:.0%} of bare)", "≥ 600"
    yield f"Check-ins in batches of {BATCH} over HTTP, /s", f"{batched:,.0f}", "≥ 10,000"
    yield "Check-ins kept by the database", f"{kept:,}", "every one answered"


@dataclass
class Going:
    """A lesson that is going on, its people in turn, and its institution's key."""

    url: str
    begins: datetime
    people: Iterator[int]
    head: dict[str, str]
    sent: Iterator[int] = field(default_factory=count)

    def moment(self) -> str:
        """Each event is before the last, so that each changes what is recorded."""
        return (self.begins + timedelta(minutes=5) - timedelta(milliseconds=next(self.sent))).isoformat()


def prepare() -> list[Going]:
    from django.db import connection
    from django.utils import timezone

    from rollbook.accounts.actions import make_token
    from rollbook.classes.tests.scenes import another, running

    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_bare (id bigserial PRIMARY KEY, event uuid UNIQUE)")
    now = timezone.now()
    found = []
    for scene in [running(PEOPLE), *(another(PEOPLE) for _ in range(LESSONS - 1))]:
        lesson = scene.lesson
        lesson.starts_at, lesson.ends_at = now - timedelta(minutes=30), now + timedelta(hours=2)
        lesson.save()
        _, secret = make_token(by=scene.manager, name="bench", scopes=["attendance"], now=now)
        found.append(
            Going(
                url=f"/api/classes/lessons/{lesson.pk}/events",
                begins=lesson.starts_at,
                people=cycle([one.pk for one in scene.people]),
                head={"Authorization": f"Bearer {secret}"},
            )
        )
    return found


@contextmanager
def served(urlconf: str) -> Iterator[str]:
    """The real server on a free port, over the present database."""
    from django.conf import settings
    from psycopg.conninfo import make_conninfo

    from rollbook.database import server

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = make_conninfo(server.url(), dbname=settings.DATABASES["default"]["NAME"])
    environment = os.environ | {"DATABASE_URL": address, "BENCH_URLS": urlconf, "DEMO": "1"}
    command = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(port), "--workers", "2",
        "--blocking-threads", "4", "--log-level", "warning", "benchmarks.wsgi:application",
    ]  # fmt: skip
    process = subprocess.Popen(command, env=environment)
    try:
        for _ in range(150):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def rate(base: str, request: Callable[[], tuple[str, dict[str, Any], dict[str, str]]]) -> float:
    """Answered requests a second with several clients at once; any error ends the measurement."""
    import httpx

    def client(until: float) -> int:
        done = 0
        with httpx.Client(base_url=base, timeout=30) as http:
            while time.monotonic() < until:
                path, body, head = request()
                http.post(path, json=body, headers=head).raise_for_status()
                done += 1
        return done

    client(time.monotonic() + 1)  # warm
    with ThreadPoolExecutor(CLIENTS) as clients:
        begun = time.monotonic()
        answered = sum(clients.map(client, [begun + SECONDS] * CLIENTS))
        return answered / (time.monotonic() - begun)
