"""The journal: written once, sealed daily, read by those it concerns (N14.1)."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from rollbook.accounts.tests.factories import AccountFactory
from rollbook.journal import actions, queries
from rollbook.journal.models import Entry, Seal

NOW = datetime(2026, 11, 24, 4, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def sealed():
    """Three days of four entries, sealed."""
    account = AccountFactory()
    for day in (3, 2, 1):
        for n in range(4):
            actions.record(
                "account.opened", account, by=account, at=NOW - timedelta(day, minutes=n), region_code="320102", n=n
            )
    assert actions.seal_days(now=NOW) == 3


@pytest.mark.parametrize("deed", ["UPDATE journal_entry SET kind = 'x'", "DELETE FROM journal_entry"])
def test_the_database_refuses_changes(sealed, deed):
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(deed)
    assert Entry.objects.count() == 12


def test_what_was_not_touched_is_confirmed(sealed, capsys):
    call_command("verify_journal")
    assert actions.seal_days(now=NOW) == 0
    assert actions.seal_days(now=NOW + timedelta(1)) == 1


TAMPERING = {
    "a word changed": "UPDATE journal_entry SET title = title || '.' WHERE id = (SELECT min(id) FROM journal_entry)",
    "data changed": "UPDATE journal_entry SET data = '{\"n\": 9}' WHERE id = (SELECT max(id) FROM journal_entry)",
    "who changed": "UPDATE journal_entry SET by_id = NULL WHERE id = (SELECT min(id) FROM journal_entry)",
    "another day": "UPDATE journal_entry SET at = at + interval '1 day' WHERE id = (SELECT min(id) FROM journal_entry)",
    "one removed": "DELETE FROM journal_entry WHERE id = (SELECT min(id) + 1 FROM journal_entry)",
    "the end cut off": "DELETE FROM journal_entry WHERE id = (SELECT max(id) FROM journal_entry)",
    "all removed": "DELETE FROM journal_entry",
    "one slipped in": "INSERT INTO journal_entry (at, kind, subject, title, region_code, data) "
    "SELECT at, kind, subject, title, region_code, data FROM journal_entry ORDER BY id LIMIT 1",
    "a seal removed": "DELETE FROM journal_seal WHERE id = (SELECT min(id) + 1 FROM journal_seal)",
    "a seal changed": "UPDATE journal_seal SET digest = repeat('0', 64) WHERE id = (SELECT min(id) FROM journal_seal)",
}


@pytest.mark.parametrize("deed", TAMPERING.values(), ids=TAMPERING)
def test_tampering_past_the_trigger_is_found(sealed, deed):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in ("journal_entry", "journal_seal"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER journal_is_append_only")
        cursor.execute(deed)
    with pytest.raises(CommandError):
        call_command("verify_journal")


def test_who_reads_what():
    here, there = AccountFactory(), AccountFactory(region_code="320281")
    province = AccountFactory(role="auditor", region_code="320000")
    for one in (here, there):
        actions.record("account.opened", one, by=one, at=NOW, region_code=one.region_code)
    actions.record("account.opened", here, by=None, at=NOW, institution_id=7)
    assert [queries.visible_to(one).count() for one in (here, there, province)] == [1, 1, 3]
    manager = AccountFactory.build(role="institution-manager", institution_id=7)
    assert queries.visible_to(manager).count() == 1


def test_a_timeline_is_of_one_object_and_two_queries(django_assert_num_queries):
    one, other = AccountFactory(), AccountFactory()
    for n in range(5):
        actions.record("account.opened", one, by=other, at=NOW + timedelta(minutes=n))
    actions.record("account.closed", other, by=one, at=NOW)
    with django_assert_num_queries(1):
        entries = queries.timeline(one)
        assert [str(entry.by) for entry in entries] == [str(other)] * 5
    assert entries[0].at > entries[-1].at


def test_nothing_is_written_when_the_deed_fails():
    account = AccountFactory()

    @transaction.atomic
    def deed():
        actions.record("account.opened", account, by=account, at=NOW)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        deed()
    assert not Entry.objects.exists()
    assert not Seal.objects.exists()
