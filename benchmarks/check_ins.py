"""Check-ins a second over HTTP through the real server: one by one, each by its own trainee who is
signed in, and forty at a time by a reader with its reader's key; beside a view that does nothing
but insert a row.

What is compared takes turns, so that a busy moment of the machine meets all alike.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import cycle
from uuid import uuid4

from benchmarks._figures import Figure, at_least, at_most
from benchmarks._load import Answers, Order, prepared, send
from benchmarks._site import cpu_seconds, own_database, served, signed_in, spent

ROUNDS, SECONDS, CONNECTIONS, BATCH = 4, 3.0, 24, 40
LESSONS, PEOPLE = 40, 20
WARM = LESSONS * PEOPLE  # everyone has checked in before the readers say so
MOST = 3_000  # requests a second that are prepared


def run() -> Iterator[Figure]:
    with own_database():
        yield from measured()


def measured() -> Iterator[Figure]:
    from django.db import connection

    from rollbook.classes.models import CheckIn
    from rollbook.journal.models import Entry

    lessons = prepare()
    requests = {"bare": bare(), "single": single(lessons), "batch": batches(lessons)}
    found = {name: Answers() for name in requests}
    used = dict.fromkeys(requests, 0.0)
    before = CheckIn.objects.count()
    with served() as port:
        for name in requests:
            send(Order(port, [next(requests[name]) for _ in range(WARM)], CONNECTIONS, 60))
        warmed = WARM + WARM * BATCH
        with (
            connection.cursor() as cursor
        ):  # as the server does of itself with tables that have been in use for a minute
            cursor.execute("ANALYZE")
        connection.close()
        for _ in range(ROUNDS):
            for name, more in requests.items():
                many = [next(more) for _ in range(int(SECONDS * MOST / (10 if name == "batch" else 1)))]
                begun = cpu_seconds(port)
                found[name].add(send(Order(port, many, CONNECTIONS, SECONDS)))
                used[name] += spent(begun, cpu_seconds(port))
    connection.close()
    kept = CheckIn.objects.count() - before - warmed
    noted = Entry.objects.filter(kind="attendance.checked").count() - WARM
    one, least = found["single"], found["bare"]
    yield Figure("bare insert view", f"{least.rate:,.0f}/s, {least.told()}")
    yield at_least("check-ins one by one, signed in", one.rate, 600, "/s")
    yield at_least("… beside the bare insert view", one.rate / least.rate, 0.7, "×")
    yield at_most("… 99th percentile", one.percentile(99), 250, "ms", f"({one.told()})")
    yield at_least(f"check-ins by {BATCH}", found["batch"].rate * BATCH, 10_000, "/s", f"({found['batch'].told()})")
    yield at_least("… beside one by one", found["batch"].rate * BATCH / one.rate, 10, "×")
    for name, n in (("bare", 1), ("single", 1), ("batch", BATCH)):
        each = used[name] / (found[name].good * n)
        yield Figure(
            f"processor time of web and database, {name}",
            f"{each * 1000:.2f} ms: at most {2 / each:,.0f}/s on two processors",
        )
    answered = one.good + found["batch"].good * BATCH
    yield Figure("check-ins kept of those answered", f"{kept:,} of {answered:,}", "every one", kept == answered)
    yield Figure("journal entries of single ones", f"{noted:,} of {one.good:,}", "every one", noted == one.good)


@dataclass
class Going:
    """A lesson that is going on, its trainees' browsers, and its reader's key."""

    id: int
    begins: datetime
    code: str
    people: list[int]
    browsers: list[dict[str, str]]
    key: str


def bare() -> Iterator[bytes]:
    while True:
        yield prepared("/bare/", headers={}, body=json.dumps({"event_id": str(uuid4())}).encode())


def single(lessons: list[Going]) -> Iterator[bytes]:
    """Everyone in turn checks in once, then out again and again: the last check-out counts."""
    direction = "in"
    while True:
        for n in range(PEOPLE):
            for one in lessons:
                body = {"event_id": str(uuid4()), "code": one.code, "direction": direction}
                path = f"/api/classes/lessons/{one.id}/check-in"
                yield prepared(path, headers=one.browsers[n], body=json.dumps(body).encode())
        direction = "out"


def batches(lessons: list[Going]) -> Iterator[bytes]:
    """Each event is before the last one of its lesson, so that each changes what is recorded."""
    ahead = 0
    for one in cycle(lessons):
        people, events = cycle(one.people), []
        for _ in range(BATCH):
            ahead += 1
            moment = one.begins + timedelta(minutes=5) - timedelta(milliseconds=ahead)
            events.append(
                {
                    "event_id": str(uuid4()),
                    "sequence": ahead,
                    "lesson_id": one.id,
                    "enrolment_id": next(people),
                    "direction": "in",
                    "happened_at": moment.isoformat(),
                }
            )
        body = json.dumps({"events": events}).encode()
        headers = {"Authorization": f"Bearer {one.key}"}
        yield prepared("/api/devices/events", headers=headers, body=body)


def prepare(lessons: int = LESSONS) -> list[Going]:
    from django.db import connection
    from django.utils import timezone

    from rollbook.accounts.tests.factories import AccountFactory
    from rollbook.classes.actions import activate_device, code_of, register_device
    from rollbook.classes.tests.scenes import another, running

    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_bare (id bigserial PRIMARY KEY, event uuid UNIQUE)")
    now = timezone.now()
    scenes = [running(PEOPLE, code_seconds=3600), *(another(PEOPLE) for _ in range(lessons - 1))]
    found = []
    for scene in scenes:  # the code stands for an hour, so that requests can be prepared; it is checked all the same
        lesson = scene.lesson
        lesson.starts_at, lesson.ends_at = now - timedelta(minutes=30), now + timedelta(hours=2)
        lesson.save()
        device, key = register_device(by=scene.manager, name="bench", kind="reader", serial="1", room_id=None, now=now)
        activate_device(by=AccountFactory(region_code=scene.klass.region_code), device_id=device.pk, now=now)
        workers = [scene.worker] + [AccountFactory(role="worker", person_id=one.person_id) for one in scene.people[1:]]
        found.append(
            Going(
                id=lesson.pk,
                begins=lesson.starts_at,
                code=code_of(lesson, now),
                people=[one.pk for one in scene.people],
                browsers=[with_ticket(one) for one in workers],
                key=key,
            )
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return found


def with_ticket(account: object) -> dict[str, str]:
    """Signed in, and with what the page of the phone then carries."""
    from django.utils import timezone

    from rollbook.accounts.models import Account
    from rollbook.accounts.queries import ticket_for

    signed_in(account)
    now = Account.objects.get(pk=account.pk)
    return {"Authorization": f"Bearer {ticket_for(now, now.session_key, timezone.now())}"}
