"""What is acknowledged is kept: processes killed under load, more than the server can do, all phones back at once,
and a reader's afternoon in a thousand orders. The client's own journal is the oracle.
"""

import json
import os
import random
import signal
import time
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID, uuid4

import psutil

from benchmarks import check_ins
from benchmarks._figures import Figure, at_least, at_most
from benchmarks._load import Order, prepared, send
from benchmarks._oracle import Journal, Quest, ask, told
from benchmarks._site import own_database, served

CONNECTIONS = 24  # as many as one process takes, so that none is turned away
KILLS, SECONDS, CLIENTS = 6, 4.0, 48
PERMUTATIONS = 1_000


def run() -> Iterator[Figure]:
    with own_database():
        lessons = check_ins.prepare()
        yield from overload(lessons)
        yield from herd(lessons)
        yield from killed(lessons)
        yield from permutations()


def _quests(lessons: list[check_ins.Going], clients: int, each: int) -> list[list[tuple[str, bytes]]]:
    """Every client is one trainee: in, then out again and again."""
    found = []
    for n in range(clients):
        one, person = lessons[n % len(lessons)], n // len(lessons) % check_ins.PEOPLE
        mine = []
        for turn in range(each):
            event = str(uuid4())
            body = {"event_id": event, "code": one.code, "direction": "in" if turn == 0 else "out"}
            path = f"/api/classes/lessons/{one.id}/check-in"
            mine.append((event, prepared(path, headers=one.browsers[person], body=json.dumps(body).encode())))
        found.append(mine)
    return found


def _judged(journals: list[Journal]) -> tuple[int, int, int, int]:
    """Lost, duplicated, phantom; and entries of the journal that differ from what is kept."""
    from django.db import connection

    from rollbook.classes.models import CheckIn
    from rollbook.journal.models import Entry

    connection.close()
    kept = [str(one) for one in CheckIn.objects.filter(means="code").values_list("event_id", flat=True)]
    acknowledged = {one for journal in journals for one in journal.acknowledged}
    sent = {one for journal in journals for one in journal.sent}
    entries = Entry.objects.filter(kind="attendance.checked").count()
    return len(acknowledged - set(kept)), len(kept) - len(set(kept)), len(set(kept) - sent), abs(entries - len(kept))


def _emptied() -> None:
    """Between two trials; the journal and the check-ins forbid it to everybody else."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE journal_entry DISABLE TRIGGER journal_is_never_emptied")
        cursor.execute("TRUNCATE classes_checkin, journal_entry")
        cursor.execute("UPDATE classes_attendance SET in_at = NULL, out_at = NULL, presence = 'absent', minutes = 0")


def overload(lessons: list[check_ins.Going]) -> Iterator[Figure]:
    """Three times what it can do, at constant intervals whatever it answers."""
    from rollbook.classes.models import CheckIn

    requests, warm = check_ins.single(lessons), check_ins.WARM
    with served() as port:
        send(Order(port, [next(requests) for _ in range(warm)], CONNECTIONS, 120))
        closed = send(Order(port, [next(requests) for _ in range(12_000)], CONNECTIONS, 5))
        before = CheckIn.objects.count()
        many = [next(requests) for _ in range(int(closed.rate * 3 * 8))]
        found = send(Order(port, many, 400, 8, rate=closed.rate * 3), accepted=frozenset({200, 503}))
    kept = CheckIn.objects.count() - before
    yield Figure(f"capacity, {CONNECTIONS} connections", f"{closed.rate:,.0f}/s, {closed.told()}")
    yield at_least(
        "overload: 3 × that at constant intervals, goodput", found.rate / closed.rate * 100, 90, "%",
        f"({found.rate:,.0f}/s, {found.told()}, {found.statuses[503]:,} × 503)",
    )  # fmt: skip
    yield Figure("… kept of those acknowledged", f"{kept:,} of {found.good:,}", "every one", kept >= found.good)
    _emptied()


def herd(lessons: list[check_ins.Going]) -> Iterator[Figure]:
    """Everybody's phone finds the network again in the same second."""
    quests = _quests(lessons, check_ins.LESSONS * check_ins.PEOPLE, 1)
    with served() as port:
        journal = told(ask(Quest(port, quests, 60)))
    lost, doubled, phantom, _ = _judged([journal])
    waits = sorted(journal.waits)
    yield Figure(
        f"reconnect herd of {len(quests)}: all acknowledged",
        f"{len(waits)} in {journal.ended:.1f} s, p99 {waits[int(len(waits) * 0.99) - 1]:.1f} s, {journal.statuses[503]} × 503",
        "every one",
        len(waits) == len(quests) and not lost + doubled + phantom,
    )
    _emptied()


def killed(lessons: list[check_ins.Going]) -> Iterator[Figure]:
    rng = random.Random(1)
    for what, deed in (("web process", _kill_worker), ("web server whole", None), ("database backend", _kill_backend)):
        journals = [_trial(lessons, deed, rng) for _ in range(KILLS)]
        lost, doubled, phantom, entries = (sum(column) for column in zip(*(one[1] for one in journals), strict=True))
        acknowledged = sum(len(one.acknowledged) for one, _ in journals)
        broken = sum(one.broken for one, _ in journals)
        yield at_most(
            f"kill -9, {what}, {KILLS} times: lost + doubled + phantom + entries amiss",
            lost + doubled + phantom + entries, 0, "",
            f"({lost} + {doubled} + {phantom} + {entries} of {acknowledged:,} acknowledged, {broken} connections broken)",
        )  # fmt: skip


def _trial(  # type: ignore[no-untyped-def]
    lessons: list[check_ins.Going], deed, rng: random.Random, seconds: float = SECONDS
) -> tuple[Journal, tuple[int, int, int, int]]:
    _emptied()
    quests = _quests(lessons, CLIENTS, 400)
    with served() as port:
        process = ask(Quest(port, quests, seconds * 2 + 2, pause=0.01))
        _wait_for_load()
        time.sleep(rng.random() * seconds / 2)
        if deed is None:
            _kill_tree(port)
        else:
            deed(port)
            journal = told(process)
            return journal, _judged([journal])
    with served(port) as _:
        journal = told(process)
        return journal, _judged([journal])


def _wait_for_load() -> None:
    """Until every client has been answered once: a server that has just started answers nobody for a while."""
    from django.db import connection

    from rollbook.classes.models import CheckIn

    for _ in range(300):
        if CheckIn.objects.count() >= CLIENTS:
            break
        time.sleep(0.1)
    connection.close()


def _servers(port: int) -> list[psutil.Process]:
    """Granian and its workers on this port, the parent first."""
    parents = [one for one in psutil.Process().children(recursive=True) if f"--port {port}" in _command(one)]
    return parents + [child for one in parents for child in one.children(recursive=True)]


def _command(one: psutil.Process) -> str:
    try:
        return " ".join(one.cmdline())
    except psutil.Error:  # it has ended, and nobody has asked how
        return ""


def _kill_worker(port: int) -> None:
    parent = _servers(port)[0]
    workers = [one for one in parent.children() if "resource_tracker" not in _command(one)]
    os.kill(random.choice(workers).pid, signal.SIGKILL)


def _kill_tree(port: int) -> None:
    for one in _servers(port):
        try:
            os.kill(one.pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def _kill_backend(port: int) -> None:  # noqa: ARG001
    """A server process of PostgreSQL dies: the postmaster ends all others and recovers from its log."""
    from django.db import connection

    with connection.cursor() as cursor:
        pid = None
        while pid is None:  # until the web server has one
            cursor.execute(
                "SELECT max(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            [pid] = cursor.fetchone()
    connection.close()
    os.kill(pid, signal.SIGKILL)


def short() -> dict[str, dict[str, int]]:
    """One kill of each kind under load, in little time: what the tests look at. Kills the database that it is given."""
    found = {}
    with own_database():
        lessons, rng = check_ins.prepare(4), random.Random()
        for what, deed in (("worker", _kill_worker), ("web", None), ("database", _kill_backend)):
            journal, judged = _trial(lessons, deed, rng, 2.5)
            found[what] = dict(zip(("lost", "doubled", "phantom", "amiss"), judged, strict=True))
            failed = sum(count for status, count in journal.statuses.items() if status >= 500)
            found[what] |= {"acknowledged": len(journal.acknowledged), "felt": journal.broken + failed}
    return found


def permutations() -> Iterator[Figure]:
    """One reader's afternoon, in five batches, doubled and shuffled a thousand times: one final state."""
    from django.db import transaction

    from rollbook.classes.actions import activate_device, register_device, take_device_events
    from rollbook.classes.actions.devices import DeviceEvent
    from rollbook.classes.models import Attendance, CheckIn
    from rollbook.classes.queries.devices import Known
    from rollbook.classes.tests.scenes import BEGINS, ENDS, another

    rng, seen, begun = random.Random(2), set(), time.perf_counter()
    scene = another(10)
    device, _key = register_device(by=scene.manager, name="r", kind="reader", serial="p", room_id=None, now=BEGINS)
    activate_device(by=scene.county, device_id=device.pk, now=BEGINS)
    known = Known(device.pk, device.institution_id, None, "r")
    events = [
        DeviceEvent(
            event_id=UUID(int=rng.getrandbits(128)),
            sequence=n,
            lesson_id=scene.lesson.pk,
            enrolment_id=scene.people[n % 10].pk,
            direction="in" if n < 20 else "out",
            happened_at=BEGINS + timedelta(minutes=rng.randrange(-60, 240)),
        )
        for n in range(40)
    ]
    for _ in range(PERMUTATIONS):
        sent = events + rng.sample(events, 10)
        rng.shuffle(sent)
        with transaction.atomic():
            for n in range(5):
                take_device_events(device=known, events=sent[n::5], sent_at=None, now=ENDS + timedelta(days=20 + n))
            marks = (
                Attendance.objects.filter(lesson=scene.lesson)
                .order_by("enrolment")
                .values_list("enrolment", "in_at", "out_at", "presence", "minutes")
            )
            kept = CheckIn.objects.filter(reader=device.pk).order_by("sequence").values_list("event_id", "set_aside")
            seen.add((tuple(marks), tuple(kept)))
            transaction.set_rollback(True)
    yield at_most(
        f"{PERMUTATIONS:,} orders of a reader's 40 events in 5 batches: final states", len(seen), 1, "",
        f"({time.perf_counter() - begun:,.0f} s)",
    )  # fmt: skip


if __name__ == "__main__":
    import django

    django.setup()
    print(json.dumps(short()))
