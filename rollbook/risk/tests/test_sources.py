"""The tables of screening are filled from what the system really holds (N3.5), and read on from where one stopped."""

import dataclasses
import time
from datetime import timedelta

import psycopg
import pyarrow.parquet as pq
import pytest
from django.db import connection
from django.test import Client

from rollbook.accounts.tests.factories import AccountFactory
from rollbook.certificates.models import Certificate
from rollbook.classes.models import Attendance, CheckIn, Enrolment, Lesson, TrainingClass
from rollbook.database import arrow, changes, lake
from rollbook.directory.tests.factories import load_terms
from rollbook.exchange.models import Fact
from rollbook.exchange.tests.factories import delivered
from rollbook.institutions.models import Institution, Room, Site
from rollbook.persons.models import Person
from rollbook.persons.tests.factories import PersonFactory
from rollbook.risk import actions, queries
from rollbook.risk.detectors import DETECTORS
from rollbook.risk.detectors.tables import SHAPES
from rollbook.risk.models import Extract
from rollbook.risk.queries import sources
from rollbook.subsidies.models import Claim
from rollbook.subsidies.tests.factories import NOW
from tests.world import two_counties

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture(autouse=True)
def lake_of_its_own(settings, tmp_path):
    settings.LAKE_ROOT = tmp_path
    settings.DEMO = True


def written_before_any_reading():
    """Wait until no transaction is open that began before now, also of other databases beside this one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text::bigint")
        [last] = cursor.fetchone()
    until = time.monotonic() + 60
    while changes.watermark() <= last:
        assert time.monotonic() < until, "something stays open"
        time.sleep(0.05)


def test_every_source_has_the_columns_of_its_table_and_the_lake_goes_on_where_it_stopped():
    two_counties()
    written_before_any_reading()
    read = actions.refresh(now=NOW)
    assert set(read) == set(sources.SOURCES) <= set(SHAPES)
    for name in (
        "persons",
        "enrolments",
        "classes",
        "lessons",
        "institutions",
        "rooms",
        "teachers",
        "claims",
        "certificates",
        "reviews",
    ):
        assert read[name] > 0, name
        assert lake.files(sources.root(), name)
    written_before_any_reading()
    assert set(actions.refresh(now=NOW).values()) == {0}, "nothing was written, nothing is read"
    assert actions.refresh(now=NOW + timedelta(7)) == read, "once a week all of it"
    assert Extract.objects.count() == len(sources.SOURCES)


def rows_in_lake():
    root = sources.root()
    return {
        name: sorted(str(row) for file in lake.files(root, name) for row in pq.read_table(file).to_pylist())
        for name in sources.SOURCES
    }


def changed():
    """Every kind of row that a table with keys is made of, changed in some way."""
    lesson, enrolment = Lesson.objects.filter(is_binding=True)[0], Enrolment.objects.all()[0]
    of_lesson, klass = Lesson.objects.filter(pk=lesson.pk), TrainingClass.objects.filter(pk=lesson.training_class_id)
    others = Enrolment.objects.filter(training_class=lesson.training_class)
    of_lesson.update(attendance_closed_at=NOW)
    Attendance.objects.bulk_create(
        Attendance(lesson=lesson, enrolment=one, presence="present", minutes=150) for one in others
    )
    yield Claim.objects.update(paid_at=NOW)
    Attendance.objects.filter(enrolment=others[0]).update(minutes=20)
    yield of_lesson.update(starts_at=lesson.starts_at - timedelta(40), kind="theory")
    others.filter(pk=others[0].pk).update(dropped_at=NOW)
    Certificate.objects.update(level="3")
    yield klass.update(region_code="320205", level="3")
    klass.update(state="cancelled")
    who = Person.objects.filter(pk=enrolment.person_id)
    yield who.update(bank_digest="another", region_code="320205")
    yield who.update(merged_into=Person.objects.exclude(pk=enrolment.person_id)[0])


def test_what_is_read_of_changes_is_what_is_read_of_everything(monkeypatch):
    """Parts of months are rewritten where rows change, move to another month, or are no longer of the table (N3.5)."""
    kept = {name: source for name, source in sources.SOURCES.items() if source.changed}
    monkeypatch.setattr(sources, "SOURCES", kept)
    two_counties()
    actions.refresh(now=NOW)
    before = rows_in_lake()
    for _change in changed():
        actions.refresh(now=NOW)
        went_on = rows_in_lake()
        assert went_on != before
        actions.refresh(now=NOW, whole=True)
        before = rows_in_lake()
        assert went_on == before, [name for name in before if went_on[name] != before[name]]
        assert dict(Extract.objects.values_list("table", "rows")) == {name: len(rows) for name, rows in before.items()}


def test_what_was_read_whole_is_read_again_only_if_a_row_of_its_tables_was_written_or_taken_away(monkeypatch):
    """A row changed, added, exchanged for another or taken away, also in a table that is only joined (N3.5)."""
    monkeypatch.setattr(sources, "SOURCES", {"rooms": sources.SOURCES["rooms"]})
    two_counties()
    actions.refresh(now=NOW)
    room, number = Room.objects.all()[0], Room.objects.count()
    another = Institution.objects.exclude(pk=room.site.institution_id)[0]
    for change in (
        lambda: Room.objects.filter(pk=room.pk).update(seats=77),
        lambda: Room.objects.create(site=room.site, name="new", kind="theory", seats=30),
        lambda: (
            Room.objects.get(name="new").delete(),
            Room.objects.create(site=room.site, name="other", kind="theory", seats=31),
        ),
        lambda: Room.objects.get(name="other").delete(),
        lambda: Site.objects.filter(pk=room.site_id).update(institution=another),
    ):
        written_before_any_reading()
        actions.refresh(now=NOW)
        assert actions.refresh(now=NOW)["rooms"] == 0
        change()
        assert actions.refresh(now=NOW)["rooms"] == Room.objects.count()
        went_on = rows_in_lake()["rooms"]
        actions.refresh(now=NOW, whole=True)
        assert went_on == rows_in_lake()["rooms"]
    assert Room.objects.count() == number


def test_households_told_of_since_are_read_again(monkeypatch):
    """N3.5: what columns are made of is looked at too, not only what is selected as it lies."""
    monkeypatch.setattr(sources, "SOURCES", {"relatives": sources.SOURCES["relatives"]})
    batch = delivered("320100")
    actions.refresh(now=NOW)
    for person in PersonFactory.create_batch(2):
        Fact.objects.create(
            batch=batch, source=batch.source, feed="population", subject=person.id_digest, data={"household": "H1"},
            as_of=batch.as_of, from_on=batch.as_of,
        )  # fmt: skip
    assert actions.refresh(now=NOW)["relatives"] == 2, "in both directions"


def test_the_tables_that_a_statement_reads_are_those_that_postgresql_finds_in_it():
    """Or a table that was written would be taken for one that was not (N3.5)."""
    statements = [arrow.statement(rows) for source in sources.SOURCES.values() for rows in source.rows()]
    assert len(statements) > 50
    with connection.cursor() as cursor:
        for one in statements:
            cursor.execute(f"CREATE TEMP VIEW said AS SELECT count(*) FROM ({one}) s")  # noqa: S608
            cursor.execute("SELECT table_name FROM information_schema.view_table_usage WHERE view_name = 'said'")
            assert changes.tables_of(one) == {name for (name,) in cursor.fetchall()}, one
            cursor.execute("DROP VIEW said")
    asking = {name for name in sources.SOURCES if any(changes.asks_the_time(one) for one in said_by(name))}
    assert asking == {"lessons"}


def said_by(name):
    return [arrow.statement(rows) for rows in sources.SOURCES[name].rows()]


CHECK_IN = """
INSERT INTO classes_checkin (event_id, held_on, lesson_id, enrolment_id, direction, means, happened_at, received_at,
    device, nonce, is_mock, set_aside)
VALUES (gen_random_uuid(), %s, %s, %s, 'in', 'card', now(), now(), '', '', false, '') RETURNING id
"""


def numbers_in_lake():
    files = lake.files(sources.root(), "check_ins")
    return sorted(number for file in files for number in pq.read_table(file)["check_in_id"].to_pylist())


def test_who_took_a_number_before_and_was_written_after_is_read_as_well(monkeypatch):
    """Of a table that only grows, a row may be written when higher numbers were read already (N3.5)."""
    monkeypatch.setattr(sources, "SOURCES", {"check_ins": sources.SOURCES["check_ins"]})
    two_counties()
    lesson = Lesson.objects.filter(training_class__enrolments__isnull=False)[0]
    enrolment = lesson.training_class.enrolments.all()[0]
    Attendance.objects.create(lesson=lesson, enrolment=enrolment)
    event = [lesson.starts_at.date(), lesson.pk, enrolment.pk]
    actions.refresh(now=NOW)
    info = connection.connection.info
    with psycopg.connect(info.dsn, password=info.password) as late:
        [number] = late.execute(CHECK_IN, event).fetchone()
        with connection.cursor() as cursor:
            cursor.execute(CHECK_IN, event)
        actions.refresh(now=NOW)
        assert max(numbers_in_lake()) > number
        assert number not in numbers_in_lake()
    for _again in range(2):
        actions.refresh(now=NOW)
        assert numbers_in_lake() == sorted(CheckIn.objects.values_list("pk", flat=True))


def test_the_night_goes_on_where_it_broke_off():
    two_counties()
    run = actions.screen_everyone(now=NOW, codes=("D01", "D25"))
    assert [step.error for step in run.steps.all()] == ["", ""]
    run.finished_at = None
    run.save()
    before = set(run.steps.values_list("pk", flat=True))
    again = actions.screen_everyone(now=NOW, codes=("D01", "D25", "D66"))
    assert again.pk == run.pk
    assert before < set(again.steps.values_list("pk", flat=True))
    assert again.steps.count() == 3


def test_a_detector_that_fails_is_seen_and_tried_again_and_is_not_done(monkeypatch):
    """N3.5: on the page of detectors and on the workbench of the province, until it runs; three times a night."""
    monkeypatch.setattr("rollbook.risk.actions.screening.refresh", lambda **_values: {})
    load_terms()
    whole = dict(DETECTORS)

    def fails(_tables, _limits):
        raise ValueError("no such column")

    monkeypatch.setitem(DETECTORS, "D25", dataclasses.replace(whole["D25"], find=fails))
    codes, province = ("D01", "D25"), AccountFactory(role="province-officer", region_code="320000")
    run = actions.screen_everyone(now=NOW, codes=codes)
    assert [step.detector for step in queries.failing(province)] == ["D25"]
    assert queries.failing(AccountFactory(role="county-reviewer", region_code="320102")) == []
    assert queries.runs()[0].done == 1
    client = Client(headers={"accept-language": "en"})
    client.force_login(province)
    assert "Detectors that fail" in client.get("/work/").text
    assert "ValueError: no such column" in client.get("/alerts/detectors/").text
    assert queries.is_due(NOW)
    assert actions.screen_everyone(now=NOW, codes=codes).pk == run.pk
    assert queries.failing(province)[0].tries == 2
    monkeypatch.setitem(DETECTORS, "D25", whole["D25"])
    actions.screen_everyone(now=NOW, codes=codes)
    assert queries.failing(province) == []
    assert not queries.is_due(NOW)
    assert "no such column" not in client.get("/alerts/detectors/").text


def test_all_detectors_run_over_what_the_system_holds():
    two_counties()
    run = actions.screen_everyone(now=NOW)
    assert {step.detector: step.error for step in run.steps.all() if step.error} == {}
    assert run.finished_at
