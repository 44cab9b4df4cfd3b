"""Check-ins a second over HTTP through the real server: one by one, each by its own trainee who is
signed in, and forty at a time by a reader with its reader's key; beside a view that does nothing
but insert a row. And 200 000 events that a reader kept, as a file that a worker takes.

What is compared takes turns, so that a busy moment of the machine meets all alike.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import cycle
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from benchmarks._figures import Figure, at_least, at_most
from benchmarks._load import Answers, Order, prepared, send
from benchmarks._site import cpu_seconds, own_database, served, signed_in, spent

if TYPE_CHECKING:
    from rollbook.classes.models import Lesson
    from rollbook.classes.queries.devices import Known
    from rollbook.classes.tests.scenes import Scene

ROUNDS, SECONDS, CONNECTIONS, BATCH = 4, 3.0, 24, 40
LESSONS, PEOPLE = 40, 20
WARM = LESSONS * PEOPLE  # everyone has checked in before the readers say so
MOST = 3_000  # requests a second that are prepared
ROWS = 50_000  # of a file after each round: 200 000 events in all
SAME = 2_000  # events that come to the same state both ways, or nothing is measured


def run() -> Iterator[Figure]:
    with own_database():
        yield from measured()


def measured() -> Iterator[Figure]:
    from django.db import connection

    from rollbook.classes.models import CheckIn
    from rollbook.journal.models import Entry

    lessons = prepare()
    away = offline()
    yield the_same_both_ways(away)
    requests = {"bare": bare(), "single": single(lessons), "batch": batches(lessons)}
    found = {name: Answers() for name in requests}
    used = dict.fromkeys(requests, 0.0)
    taken = Taken()
    before = CheckIn.objects.count()
    with served() as port:
        for name in requests:
            send(Order(port, [next(requests[name]) for _ in range(WARM)], CONNECTIONS, 60))
        warmed = WARM + WARM * BATCH
        analyse()  # as the server does of itself with tables that have been in use for a minute
        for _ in range(ROUNDS):
            for name, more in requests.items():
                many = [next(more) for _ in range(int(SECONDS * MOST / (10 if name == "batch" else 1)))]
                begun = cpu_seconds(port)
                found[name].add(send(Order(port, many, CONNECTIONS, SECONDS)))
                used[name] += spent(begun, cpu_seconds(port))
            taken.add(away, ROWS)
    connection.close()
    kept = CheckIn.objects.count() - before - warmed - taken.events
    noted = Entry.objects.filter(kind="attendance.checked").count() - WARM
    one, least = found["single"], found["bare"]
    yield Figure("bare insert view", f"{least.rate:,.0f}/s, {least.told()}")
    yield at_least("check-ins one by one, signed in", one.rate, 600, "/s")
    yield at_least("… beside the bare insert view", one.rate / least.rate, 0.7, "×")
    yield at_most("… 99th percentile", one.percentile(99), 250, "ms", f"({one.told()})")
    yield at_least(f"check-ins by {BATCH}", found["batch"].rate * BATCH, 10_000, "/s", f"({found['batch'].told()})")
    yield at_least("… beside one by one", found["batch"].rate * BATCH / one.rate, 10, "×")
    yield at_least("a file of events, read, checked, taken", taken.rate, 10_000, "/s", f"({taken.events:,} events)")
    yield Figure("… beside one by one", f"{taken.rate / one.rate:.1f} ×")
    yield Figure("… beside batches", f"{taken.rate / (found['batch'].rate * BATCH):.2f} ×")
    yield Figure("processor time of worker and database, an event of a file", f"{taken.each * 1000:.3f} ms")
    yield Figure("events of files that count", f"{taken.counted:,} of {taken.events:,}", "every one", taken.all_count)
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
class Taken:
    """What a worker made of files."""

    events: int = 0
    counted: int = 0
    seconds: float = 0.0
    cpu: float = 0.0

    @property
    def rate(self) -> float:
        return self.events / self.seconds

    @property
    def each(self) -> float:
        return self.cpu / self.events

    @property
    def all_count(self) -> bool:
        return self.counted == self.events

    def add(self, one: "Offline", rows: int) -> None:
        """File so many events that come after all before, and take them as the worker does, in this process."""
        from django.utils import timezone

        from rollbook.classes import actions
        from rollbook.classes.models import EventFile

        content = ndjson(kept_by(one, self.events, rows))
        begun, used = time.perf_counter(), own_seconds()
        made = actions.file_events(device=one.device, content=[content], sent_at=None, now=timezone.now())
        actions.run_event_file(file_id=made.pk)
        self.seconds += time.perf_counter() - begun
        self.cpu += own_seconds() - used
        self.events += rows
        self.counted += EventFile.objects.get(pk=made.pk).counted


def own_seconds() -> float:
    """What this process and its connection to the database have computed."""
    import psutil
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        server = psutil.Process(cursor.fetchone()[0]).cpu_times()
    return time.process_time() + server.user + server.system


@dataclass
class Offline:
    """A reader that was without a network, its lessons and those on their roster."""

    device: "Known"
    lessons: list["Lesson"]
    people: list[int]


def offline(lessons: int = 120, people: int = 100) -> Offline:
    """Fifteen days with eight lessons each of a hundred people: as many marks as a reader has in a month."""
    from django.utils import timezone

    from rollbook.classes.actions.devices import digest_of
    from rollbook.classes.models import Lesson
    from rollbook.classes.queries import active_device
    from rollbook.classes.tests.scenes import another

    now, scene = timezone.now(), another(people, lessons)
    found = list(Lesson.objects.filter(training_class=scene.klass).order_by("pk"))
    for n, one in enumerate(found):
        one.starts_at = now - timedelta(days=2 + n // 8) + timedelta(hours=2) * (n % 8)
        one.ends_at = one.starts_at + timedelta(minutes=90)
        one.save()
    known = active_device(digest_of(reader_of(scene, now)))
    if known is None:
        raise SystemExit("the reader is not active")
    return Offline(known, found, [one.pk for one in scene.people])


def kept_by(one: Offline, after: int, rows: int) -> Iterator[dict[str, object]]:
    """Everybody comes to each lesson, then everybody leaves, each time a moment earlier or later than before: every
    event changes what is recorded."""
    people, lessons = len(one.people), len(one.lessons)
    for n in range(after, after + rows):
        lesson, goes = one.lessons[n // people % lessons], n // (people * lessons) % 2
        moment = timedelta(minutes=10) - timedelta(milliseconds=n)
        yield {
            "event_id": str(uuid4()),
            "sequence": n,
            "lesson_id": lesson.pk,
            "enrolment_id": one.people[n % people],
            "direction": "out" if goes else "in",
            "happened_at": (lesson.ends_at - moment if goes else lesson.starts_at + moment).isoformat(),
        }


def ndjson(rows: Iterator[dict[str, object]]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def the_same_both_ways(one: Offline) -> Figure:
    """The same events in batches and as a file: what is kept of each."""
    from django.db import transaction
    from django.utils import timezone

    from rollbook.classes import actions
    from rollbook.classes.actions.devices import DeviceEvent
    from rollbook.classes.models import Attendance, CheckIn

    rows = list(kept_by(one, 0, SAME))
    now = timezone.now()
    events = [
        DeviceEvent(
            **row | {"event_id": UUID(row["event_id"]), "happened_at": datetime.fromisoformat(row["happened_at"])}
        )
        for row in rows
    ]
    states = []
    for by_file in (False, True):
        with transaction.atomic():
            if by_file:
                made = actions.file_events(device=one.device, content=[ndjson(iter(rows))], sent_at=None, now=now)
                actions.run_event_file(file_id=made.pk)
            else:
                for n in range(0, SAME, BATCH):
                    part = events[n : n + BATCH]
                    actions.take_device_events(device=one.device, events=part, sent_at=None, now=now)
            marks = Attendance.objects.order_by("lesson_id", "enrolment_id")
            kept = CheckIn.objects.order_by("event_id")
            states.append(
                (
                    list(marks.values_list("enrolment_id", "in_at", "out_at", "presence", "minutes")),
                    list(kept.values_list("event_id", "sequence", "happened_at", "set_aside", "enrolment_id")),
                )
            )
            transaction.set_rollback(True)
    same = states[0] == states[1]
    if not same:
        raise SystemExit("a file and batches of the same events come to different states")
    return Figure(f"{SAME:,} events by file and by batch", "the same state", "the same", same)


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
    from rollbook.classes.actions import code_of
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
        key = reader_of(scene, now)
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


def reader_of(scene: "Scene", now: datetime) -> str:
    """The key of an active reader of the scene's institution."""
    from rollbook.accounts.tests.factories import AccountFactory
    from rollbook.classes.actions import activate_device, register_device

    device, key = register_device(by=scene.manager, name="bench", kind="reader", serial="1", room_id=None, now=now)
    activate_device(by=AccountFactory(region_code=scene.klass.region_code), device_id=device.pk, now=now)
    return key


def analyse() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    connection.close()


def with_ticket(account: object) -> dict[str, str]:
    """Signed in, and with what the page of the phone then carries."""
    from django.utils import timezone

    from rollbook.accounts.models import Account
    from rollbook.accounts.queries import ticket_for

    signed_in(account)
    now = Account.objects.get(pk=account.pk)
    return {"Authorization": f"Bearer {ticket_for(now, now.session_key, timezone.now())}"}
