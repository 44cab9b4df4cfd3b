"""What a night reads into the lake of screening: a year of a province's attendance, then one more day of it (N3.5).

INCREMENT_ENROLMENTS (500 000, an eighth of a large province's year) sets the size; the goal of a minute is for the whole.
"""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks._figures import Figure, at_most
from benchmarks._site import own_database

ENROLMENTS, WHOLE = int(os.environ.get("INCREMENT_ENROLMENTS", "500000")), 4_000_000
SIZE, LESSONS, DAYS = 25, 13, 240  # of a class, half-days; the days on which classes of a year begin
FIRST = datetime(2026, 1, 5, 1, tzinfo=UTC)
NOW = FIRST + timedelta(DAYS)


def run() -> Iterator[Figure]:
    from django.test.utils import override_settings

    with tempfile.TemporaryDirectory() as folder, own_database(), override_settings(LAKE_ROOT=Path(folder)):
        yield from measured()


def measured() -> Iterator[Figure]:
    from rollbook.risk import actions

    rows = prepare()
    begun = time.perf_counter()
    read = actions.refresh(now=NOW, whole=True)
    took = time.perf_counter() - begun
    yield Figure(f"lake made of {rows:,} rows of attendance", f"{took:.0f} s, {sum(read.values()):,} rows read")
    added = one_more_day()
    begun = time.perf_counter()
    read = actions.refresh(now=NOW + timedelta(1))
    took = time.perf_counter() - begun
    most = ", ".join(f"{name} {count:,}" for name, count in sorted(read.items(), key=lambda one: -one[1])[:3])
    goal = 60 * ENROLMENTS / WHOLE
    yield at_most(f"a night's reading after {added:,} more rows", took, goal, "s", f"({most})")


def sql(statement: str, **values: Any) -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.rowcount)


@contextmanager
def in_bulk(*tables: str) -> Iterator[None]:
    """Within, rows of these tables are written as a restored copy would be: not logged, and their keys and indexes made
    afterwards. What they hold is the same."""
    from django.db import connection

    def rows(statement: str) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(statement, [list(tables)])
            return cursor.fetchall()

    indexes = rows(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY(%s) AND indexdef LIKE 'CREATE INDEX%%'"
    )
    leaves = rows(
        "SELECT leaf::regclass::text FROM pg_class c, LATERAL (SELECT relid FROM pg_partition_tree(c.oid) WHERE isleaf) t(leaf)"
        " WHERE c.relnamespace = 'public'::regnamespace AND relname = ANY(%s)"
    )
    for word, value in {
        "session_replication_role": "replica",
        "work_mem": "512MB",
        "maintenance_work_mem": "1GB",
    }.items():
        sql(f"SET {word} = '{value}'")
    for (name,) in reversed(leaves):
        sql(f"ALTER TABLE {name} SET UNLOGGED")
    for name, _made in indexes:
        sql(f'DROP INDEX "{name}"')
    yield
    for _name, made in indexes:
        sql(made.replace(" ON ONLY ", " ON "))
    for word in ("session_replication_role", "work_mem", "maintenance_work_mem"):
        sql(f"RESET {word}")


def copies(table: str, key: int, count: int, **columns: str) -> int:
    """Rows like the one with this key; `columns` says in SQL what is different in the `n`th."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT column_name FROM information_schema.columns WHERE table_name = %s", [table])
        names = [row[0] for row in cursor.fetchall() if row[0] != "id"]
    wanted = ", ".join(columns.get(name, f't."{name}"') for name in names)
    quoted = ", ".join(f'"{name}"' for name in names)
    return sql(
        f'INSERT INTO "{table}" ({quoted}) SELECT {wanted} FROM "{table}" t, generate_series(0, {count - 1}) n WHERE t.id = %(key)s'
        " ORDER BY n",
        key=key,
    )


def prepare() -> int:
    """A year, in bulk: each class has a room and a teacher of its own, so that nothing overlaps."""
    from django.db.models import Max

    from rollbook.classes import actions as classes
    from rollbook.classes.models import Lesson, TrainingClass
    from rollbook.classes.tests.applications import ready
    from rollbook.directory.tests.factories import load_terms
    from rollbook.institutions.models import Room
    from rollbook.persons.models import Person

    load_terms()
    for month in range(0, 20, 10):
        classes.make_months(now=FIRST + timedelta(31 * month))
    one = ready().klass
    lesson, room = Lesson.objects.filter(training_class=one)[0], Room.objects.get(pk=one.lessons.all()[0].room_id)
    person = Person.objects.order_by("-pk")[0]
    of = {model: model.objects.aggregate(last=Max("pk"))["last"] + 1 for model in (Person, Room, TrainingClass)}  # type: ignore[attr-defined]
    count = ENROLMENTS // SIZE
    copies("persons_person", person.pk, ENROLMENTS, id_digest="'b' || n", name="'学员' || n")
    copies("institutions_room", room.pk, count, name="'r' || n")
    starts = f"DATE '{FIRST:%Y-%m-%d}' + n %% {DAYS}"
    copies(
        "classes_trainingclass", one.pk, count, number="'B' || n", starts_on=starts, ends_on=f"{starts} + 7",
        state="'running'", is_deemed="true", decided_at="now()", started_at="now()", title="'2026 焊工 ' || n",
    )  # fmt: skip
    first_class, first_room, first_person = of[TrainingClass], of[Room], of[Person]
    sql(
        f"""INSERT INTO classes_lesson (training_class_id, room_id, teacher_id, teacher_person_id, starts_at, ends_at,
              hours, kind, subject, textbook, is_binding, is_make_up, attendance_closed_at)
            SELECT c.id, {first_room} + c.id - {first_class}, {lesson.teacher_id}, {first_person} + c.id - {first_class},
              s, s + interval '3 hours', 4, 'practice', '焊接', '', true, false,
              CASE WHEN s < %(now)s THEN s + interval '1 day' END
            FROM classes_trainingclass c, generate_series(0, {LESSONS - 1}) h,
              LATERAL (SELECT (c.starts_on + h / 2 + time '01:00' + h %% 2 * interval '5 hours') AT TIME ZONE 'UTC' AS s) a
            WHERE c.id >= {first_class}""",
        now=NOW,
    )
    sql(
        f"""INSERT INTO classes_enrolment (training_class_id, person_id, category, added_at, drop_reason, employer, post)
            SELECT {first_class} + n / {SIZE}, {first_person} + n, 'unemployed', now(), '', '', ''
            FROM generate_series(0, {ENROLMENTS - 1}) n"""
    )
    rows = 0
    with in_bulk("classes_attendance", "classes_checkin"):
        for day in range(0, (NOW - FIRST).days, 10):
            since = FIRST + timedelta(day)
            until = min(since + timedelta(10), NOW)
            rows += attended("l.starts_at >= %(since)s AND l.starts_at < %(until)s", since=since, until=until)
    sql("VACUUM ANALYZE")
    return rows


def attended(when: str, **values: Any) -> int:
    """Everybody came to these lessons: an attendance and two check-ins each."""
    of = f"FROM classes_lesson l JOIN classes_enrolment e USING (training_class_id) WHERE l.subject = '焊接' AND {when}"
    rows = sql(
        f"""INSERT INTO classes_attendance (lesson_id, enrolment_id, in_at, out_at, presence, minutes, wrong_codes)
            SELECT l.id, e.id, l.starts_at, l.ends_at, 'present', 180, 0 {of} ORDER BY l.starts_at""",
        **values,
    )
    for way, at in (("in", "l.starts_at"), ("out", "l.ends_at")):
        rows += sql(
            f"""INSERT INTO classes_checkin (event_id, held_on, lesson_id, enrolment_id, direction, means, happened_at,
                  received_at, device, nonce, is_mock, set_aside)
                SELECT gen_random_uuid(), l.starts_at::date, l.id, e.id, '{way}', 'code', {at}, {at}, 'd' || e.id, '', false, ''
                {of} ORDER BY l.starts_at""",
            **values,
        )
    return rows


def one_more_day() -> int:
    """The day's lessons, and what else a day changes: attendance corrected weeks later, people who leave."""
    day = "l.starts_at >= %(now)s AND l.starts_at < %(now)s + interval '1 day'"
    rows = attended(day, now=NOW)
    rows += sql(f"UPDATE classes_lesson l SET attendance_closed_at = %(now)s + interval '1 day' WHERE {day}", now=NOW)
    some = "SELECT id FROM classes_lesson l WHERE l.starts_at >= %(now)s - interval '20 days' AND l.id %% 1000 = 0"
    rows += sql(
        f"UPDATE classes_attendance SET minutes = 90 WHERE enrolment_id %% 9 = 0 AND lesson_id IN ({some})", now=NOW
    )
    rows += sql(
        "UPDATE classes_enrolment e SET dropped_at = %(now)s FROM classes_trainingclass c WHERE c.id = training_class_id"
        " AND c.ends_on >= %(now)s::date AND e.id %% 500 = 0",
        now=NOW,
    )
    return rows
