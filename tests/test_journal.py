"""The journal: written once, sealed daily, read by those it concerns (N14.1)."""

# ruff: noqa: S311, S608

from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from random import Random

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override
from openpyxl import load_workbook

from rollbook.accounts.rules import Role
from rollbook.accounts.tests.factories import AccountFactory
from rollbook.journal import actions, queries
from rollbook.journal.models import Entry, Seal
from rollbook.journal.rules import ROLES
from rollbook.kernel.reasons import reason
from rollbook.persons.tests.factories import PersonFactory
from rollbook.regions.tests.factories import RegionFactory
from rollbook.web.words import about

NOW = datetime(2026, 11, 24, 4, tzinfo=UTC)
TODAY = date(2026, 11, 24)
pytestmark = pytest.mark.django_db


@pytest.fixture
def sealed(monkeypatch):
    """Three days of four entries, sealed."""
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    account = AccountFactory()
    for day in (3, 2, 1):
        for n in range(4):
            actions.record(
                "account.opened", account, by=account, at=NOW - timedelta(day, minutes=n), region_code="320102", n=n
            )
    assert len(actions.seal_days(now=NOW)) == 3


@pytest.mark.parametrize("deed", ["UPDATE journal_entry SET kind = 'x'", "DELETE FROM journal_entry"])
def test_the_database_refuses_changes(sealed, deed):
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(deed)
    assert Entry.objects.count() == 12


def test_what_was_not_touched_is_confirmed(sealed, capsys):
    call_command("verify_journal")
    assert actions.seal_days(now=NOW) == []
    assert len(actions.seal_days(now=NOW + timedelta(1))) == 1


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


@pytest.mark.parametrize("table", ["journal_entry", "journal_seal"])
@pytest.mark.parametrize("deed", ["UPDATE {} SET id = id + 1000", "DELETE FROM {}", "TRUNCATE {}"])
def test_neither_entries_nor_seals_change(sealed, table, deed):
    """N14.1: update, delete and truncate by SQL alone."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER journal_is_never_emptied")
        cursor.execute(f"SELECT * FROM {table} ORDER BY id")
        before = cursor.fetchall()
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            cursor.execute(deed.format(table))
        cursor.execute(f"SELECT * FROM {table} ORDER BY id")
        assert cursor.fetchall() == before


COLUMNS = {
    "journal_entry": ["at", "by_id", "kind", "subject", "title", "region_code", "institution_id", "data"],
    "journal_seal": ["day", "last_entry_id", "entries", "digest", "sealed_at"],
}
CHANGED = {
    "at": "at + interval '1 second' * {n}",
    "by_id": "NULL",
    "institution_id": "coalesce(institution_id, 0) + {n}",
    "data": "data || '{{\"x\": {n}}}'",
    "day": "day - {n} * 1000",
    "last_entry_id": "last_entry_id + {n}",
    "entries": "entries + {n}",
    "digest": "repeat('{n}', 4) || substr(digest, 5)",
    "sealed_at": "sealed_at + interval '1 second' * {n}",
}


def tampering(random):
    """One thing that somebody with every right over the database might do to what is sealed."""
    table = random.choice(list(COLUMNS))
    rows = f"(SELECT id FROM {table} ORDER BY id OFFSET {{}} LIMIT {{}})"
    size = 12 if table == "journal_entry" else 3
    first = random.randrange(size)
    some = rows.format(first, random.randint(1, size))
    match random.choice(["edit", "delete", "cut off", "empty", "slip in", "swap"]):
        case "edit":
            column = random.choice(COLUMNS[table])
            value = CHANGED.get(column, f"substr({column} || '{{n}}', 2)").format(n=random.randint(1, 9))
            return f"UPDATE {table} SET {column} = {value} WHERE id IN {rows.format(first, 1)}"
        case "delete":
            return f"DELETE FROM {table} WHERE id IN {some}"
        case "cut off":
            return f"DELETE FROM {table} WHERE id IN {rows.format(first, size)}"
        case "empty":
            return f"TRUNCATE {table}"
        case "slip in":
            return (
                "INSERT INTO journal_entry (at, kind, subject, title, region_code, data) SELECT at, kind, subject,"
                f" title, region_code, data FROM journal_entry ORDER BY id OFFSET {random.randrange(12)} LIMIT 1"
            )
    day, other = random.sample(range(12), 2)
    pick = "(SELECT at FROM journal_entry ORDER BY id OFFSET {} LIMIT 1)"
    return (
        f"UPDATE journal_entry SET at = CASE at WHEN {pick.format(day)} THEN {pick.format(other)}"
        f" ELSE {pick.format(day)} END WHERE at IN ({pick.format(day)}, {pick.format(other)})"
    )


def test_a_thousand_random_tamperings_are_all_found(sealed):
    """Quality, security: edits, deletions, insertions and truncations past the triggers; each is undone again."""
    random, missed = Random(20261124), []
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in COLUMNS:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        assert queries.broken_seals(TODAY) == []
        for _ in range(1000):
            deed = tampering(random)
            save = transaction.savepoint()
            cursor.execute(deed)
            if not queries.broken_seals(TODAY):
                missed.append(deed)
            transaction.savepoint_rollback(save)
        assert queries.broken_seals(TODAY) == []
    assert missed == []


def test_a_day_that_was_rewritten_with_its_seals_is_found_by_a_noted_seal(sealed):
    """Whoever rewrites entries and seals alike cannot reach what was printed and kept elsewhere."""
    noted = {one.day: one.digest for one in Seal.objects.all()}
    assert queries.broken_seals(TODAY, noted) == []
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in COLUMNS:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        cursor.execute("UPDATE journal_entry SET title = 'x'")
        cursor.execute("DELETE FROM journal_seal")
    actions.seal_days(now=NOW)
    assert queries.broken_seals(TODAY) == []
    assert len(queries.broken_seals(TODAY, noted)) == 3
    known = [f"{day}:{digest}" for day, digest in noted.items()]
    with pytest.raises(CommandError, match="noted"):
        call_command("verify_journal", *known)


def test_the_command_prints_what_is_to_be_noted(capsys):
    actions.record("account.opened", AccountFactory(), by=None, at=NOW - timedelta(3))
    call_command("seal_journal")
    lines = capsys.readouterr().out.split()
    assert lines
    call_command("verify_journal", *lines)


def test_the_page_filters_searches_and_exports(client, settings):
    """N14.1: by kind, subject, account, region and days; the export is what is filtered."""
    settings.DEMO = True
    auditor = AccountFactory(role="auditor", region_code="320000")
    one = AccountFactory(username="zhang", name="张三")
    for code in ("320102", "320281"):
        RegionFactory(code=code)
    record = actions.record
    record("account.opened", one, by=one, at=NOW - timedelta(9), region_code="320102")
    record("account.closed", one, by=auditor, at=NOW, region_code="320281")
    record(
        "person.revealed", PersonFactory(), by=auditor, at=NOW, region_code="320102", purpose="review", field="phone"
    )
    client.force_login(auditor)
    page = reverse("reports:journal")

    def kinds(**asked):
        return [entry.kind for entry in client.get(page, asked).context["listing"].rows]

    assert kinds() == ["person.revealed", "account.closed", "account.opened"]
    assert kinds(kind="account.closed") == ["account.closed"]
    assert kinds(about="persons.Person:") == ["person.revealed"]
    assert kinds(account="zhang") == ["account.opened"]
    assert kinds(region_code="320281") == ["account.closed"]
    assert kinds(until="2026-11-20") == ["account.opened"]
    assert kinds(since="2026-11-20", until="2026-11-24", q="张三") == ["account.closed"]
    assert len(kinds(since="2026-02-31")) == len(kinds(since="yesterday")) == 3
    assert kinds(sort="at")[0] == "account.opened"
    exported = client.get(page, {"export": 1, "account": "zhang"}, headers={"accept-language": "en"})
    rows = list(load_workbook(BytesIO(exported.content)).active.iter_rows(values_only=True))
    assert [row[2] for row in rows[1:]] == ["Account opened again"]
    client.force_login(AccountFactory())
    assert client.get(page).status_code == 403


def test_the_page_costs_the_same_for_many(client, settings, django_assert_max_num_queries):
    settings.DEMO = True
    auditor = AccountFactory(role="auditor", region_code="320000")
    for n in range(60):
        actions.record("account.opened", AccountFactory(), by=AccountFactory(), at=NOW + timedelta(seconds=n))
    client.force_login(auditor)
    client.get(reverse("reports:journal"))
    with django_assert_max_num_queries(7):
        shown = client.get(reverse("reports:journal"))
    assert len(shown.context["listing"].rows) == 50
    page = shown.context["listing"].page
    older = client.get(reverse("reports:journal"), {"after": page.next, "n": 51}).context["listing"]
    assert (page.total, older.page.start, older.page.end) == (60, 51, 60)


def test_the_roles_have_the_words_that_accounts_give_them():
    assert {one.value: one.label for one in Role} == ROLES


def test_yes_and_no_and_what_an_ask_is_for_are_words():
    by = AccountFactory()
    data = {"used_up": False, "granted": True, "waits": True, "to": "present", "ground": "illness"}
    actions.record("attendance.correction-asked", by, by=by, at=timezone.now(), **data)
    said = [str(one.value) for one in queries.timeline(by)[0].facts]
    assert sorted(said) == ["Illness: a doctor's certificate", "Present", "no", "yes", "yes"]


def test_money_is_read_in_yuan_and_rows_are_left_to_their_page():
    by = AccountFactory()
    data = {"amount_fen": -1_234_567, "lines": [{"label": "x", "amount_fen": 1}], "ground": "revoked", "why": ""}
    actions.record("recovery.ordered", by, by=by, at=timezone.now(), **data)
    said = {str(one.name): one.value for one in queries.timeline(by)[0].facts}
    assert said == {"Amount": "−¥12,345.67", "Ground": "Certificate revoked"}


def test_a_ground_is_read_in_the_readers_language_and_a_moment_by_the_local_clock():
    by = AccountFactory()
    ground = reason("unqualified", "The inspection of {day} found the class unqualified.", "2.5", day=TODAY)
    actions.record("class.claims-held", by, by=by, at=NOW, ground=ground.kept(), until="2026-11-24T16:30:00.5+00:00")
    with override("zh-hans"):
        said = sorted(about(one.value) for one in queries.timeline(by)[0].facts)
    assert said == ["2026-11-24 的检查认定该班不合格。", "2026-11-25 00:30"]
