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
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import uuid4

CLIENTS, SECONDS, BATCH = 8, 5.0, 40
PEOPLE = 50


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

    scene, head, ids = prepare()
    lesson, now = scene.lesson.pk, time_of(scene)
    numbers = count()

    def events(n: int) -> dict[str, Any]:
        rows = [
            {
                "event_id": str(uuid4()),
                "enrolment_id": ids[next(numbers) % len(ids)],
                "direction": "in",
                "happened_at": now,
            }
            for _ in range(n)
        ]
        return {"device": "bench", "events": rows}

    url = f"/api/classes/lessons/{lesson}/events"
    with served("benchmarks.urls") as base:
        bare = rate(base, "/bare/", lambda: {"event_id": str(uuid4())}, {})
        before = CheckIn.objects.count()
        single = rate(base, url, lambda: events(1), head)
        batched = rate(base, url, lambda: events(BATCH), head) * BATCH
        connection.close()
        kept = CheckIn.objects.count() - before
    yield "Bare insert view, requests/s", f"{bare:,.0f}", "for comparison"
    yield "Check-ins one by one over HTTP, /s", f"{single:,.0f} ({single / bare:.0%} of bare)", "≥ 600"
    yield f"Check-ins in batches of {BATCH} over HTTP, /s", f"{batched:,.0f}", "≥ 10,000"
    yield "Check-ins kept by the database", f"{kept:,}", "every one answered"


def prepare() -> tuple[Any, dict[str, str], list[int]]:
    """A class with a lesson that is going on, and its institution's key."""
    from django.utils import timezone

    from rollbook.accounts.actions import make_token
    from rollbook.classes.tests.scenes import running

    now = timezone.now()
    scene = running(trainees=PEOPLE)
    scene.lesson.starts_at, scene.lesson.ends_at = now - timedelta(minutes=30), now + timedelta(hours=2)
    scene.lesson.save()
    _, secret = make_token(by=scene.manager, name="bench", scopes=["attendance"], now=now)
    return scene, {"Authorization": f"Bearer {secret}"}, [one.pk for one in scene.people]


def time_of(scene: Any) -> str:
    return str((scene.lesson.starts_at + timedelta(minutes=1)).isoformat())


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


def rate(base: str, path: str, body: Callable[[], dict[str, Any]], head: dict[str, str]) -> float:
    """Answered requests a second with several clients at once; any error ends the measurement."""
    import httpx

    def client(until: float) -> int:
        done = 0
        with httpx.Client(base_url=base, headers=head, timeout=30) as http:
            while time.monotonic() < until:
                http.post(path, json=body()).raise_for_status()
                done += 1
        return done

    httpx.post(base + path, json=body(), headers=head, timeout=30).raise_for_status()
    with ThreadPoolExecutor(CLIENTS) as clients:
        begun = time.monotonic()
        answered = sum(clients.map(client, [begun + SECONDS] * CLIENTS))
        return answered / (time.monotonic() - begun)
