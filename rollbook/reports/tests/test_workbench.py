"""What waits for whom (N3.1): one line leads to all the records that may be of one person, for who may merge them."""

import hashlib
from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone
from django.utils.timezone import localdate
from django_tasks_db.models import DBTaskResult

from rollbook.accounts.models import Account
from rollbook.accounts.tests.factories import AccountFactory
from rollbook.directory.tests.factories import load_terms
from rollbook.evidence.models import Scrub
from rollbook.institutions.tests.factories import equipped
from rollbook.journal import actions as journal
from rollbook.journal.actions import record
from rollbook.persons import actions
from rollbook.persons.tests.factories import number
from rollbook.regions.models import CalendarDay
from rollbook.reports import queries
from rollbook.subsidies.models import Discrepancy
from rollbook.subsidies.tests.factories import claims
from rollbook.supervision.models import Draw

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)


def test_records_alike_wait_for_the_province_alone():
    load_terms()
    province = AccountFactory(role="province-officer", region_code="320000")
    assert queries.todos(province) == []
    for n in (1, 3):  # namesakes born on one day
        actions.register(by=None, name="王小明", number=number(n), region_code="320102", now=NOW)
    actions.find_candidates(now=NOW)
    assert [(todo.url_name, todo.title) for todo in queries.todos(province)] == [("persons:candidate_list", "1")]
    assert queries.todos(AccountFactory(role="county-reviewer", region_code="320102")) == []


def kinds(by):
    return [(todo.kind, todo.title) for todo in queries.todos(by)]


def test_locked_accounts_wait_for_the_security_administrator(settings):
    """N14.1: and officials without a second factor, where they need one."""
    settings.DEMO = True
    here, there = AccountFactory(region_code="320102", name="被锁"), AccountFactory(region_code="330102")
    Account.objects.filter(pk__in=[here.pk, there.pk]).update(locked_until=timezone.now() + timedelta(minutes=9))
    security = AccountFactory(role="security-administrator", region_code="320000")
    assert kinds(security) == [("Locked account", "被锁")]
    settings.DEMO = False
    Account.objects.filter(pk=here.pk).update(last_login=NOW, locked_until=None)
    assert kinds(security) == [("Official without second factor", "被锁")]
    assert kinds(AccountFactory(role="county-reviewer", region_code="320102")) == []


def test_the_system_administrator_has_the_calendar_and_institutions_without_an_account(settings):
    settings.DEMO = True
    system = AccountFactory(role="system-administrator", region_code="320000")
    closed = equipped()
    AccountFactory(role="institution-manager", institution_id=closed.pk, is_active=False)
    AccountFactory(role="institution-manager", institution_id=equipped().pk)
    told = kinds(system)
    assert ("Institution whose accounts are all closed", closed.name) in told
    assert len([one for one in told if one[0].startswith("Institution")]) == 1
    year = str(localdate().year)
    assert ("Working-day calendar to be extended", year) in told
    CalendarDay.objects.create(day=date(int(year), 1, 1), is_working=False, document="国办发明电")
    assert ("Working-day calendar to be extended", year) not in kinds(system)


@pytest.mark.parametrize("role", ["auditor", "audit-administrator"])
def test_the_journal_waits_for_whoever_watches_over_it(client, role, settings):
    """B6: days that are not sealed, and a comparison that is long ago, never made, or came out otherwise."""
    settings.DEMO = True
    by, now = AccountFactory(role=role, region_code="320000"), timezone.now()
    assert [kind for kind, _title in kinds(by)] == ["Journal to be compared with its seals; last"]
    record("list.exported", by, by=by, at=now - timedelta(3))
    assert "Journal not sealed since" in dict(kinds(by))
    journal.seal_days(now=now)
    assert journal.verify(now=now) == []
    assert kinds(by) == []
    client.force_login(by, backend=settings.AUTHENTICATION_BACKENDS[0])
    client.cookies["django_language"] = "en"
    assert client.post("/work/journal/verify/").status_code == 302
    assert DBTaskResult.objects.filter(task_path="rollbook.journal.tasks.verify").count() == 1
    assert "the journal is what was sealed" in client.get("/work/journal/").text
    assert client.get("/work/").status_code == 200
    record("journal.verified", by, by=None, at=now, broken=1, first="2026-03-01: 3 entries where 4 were sealed")
    assert dict(kinds(by))["The journal is not as it was sealed"].startswith("2026-03-01")
    assert "1 days are not as they were sealed" in client.get("/work/journal/").text


def test_the_auditor_has_differences_draws_and_evidence(settings):
    """Issue 5.8: what others have to settle and have not, in the auditor's region."""
    settings.DEMO = True
    auditor = AccountFactory(role="auditor", region_code="320000")
    [claim] = claims(1)
    Discrepancy.objects.create(
        claim=claim, basis="stored", was_fen=2, now_fen=1, differences=[], found_at=NOW, seen_at=NOW
    )
    one, other = AccountFactory.create_batch(2, region_code="320102")
    draw = Draw.objects.create(
        title="双随机", region_code="320102", percent=10, due_on=date(2026, 3, 1), bodies=[], inspectors=[],
        announced_at=NOW, announced_by=one, draws_at=NOW + timedelta(1), secret="s", lists_digest="l", source="彩票",
        commitment=hashlib.sha256(b"s").hexdigest(),
    )  # fmt: skip
    draw.checks.create(institution=claim.institution, region_code="320102", first=one, second=other)
    Scrub.objects.create(began_at=NOW, ended_at=NOW, items=1, bytes_read=1, wrong=[{"item": 1, "what": "changed"}])
    told = dict(kinds(auditor))
    assert told["Differences of recomputation, not settled"] == "1"
    assert told["Draw with results overdue"] == "双随机 · 1"
    assert told["Evidence not as it was stored"] == "1"
    assert "Draw with results overdue" not in dict(kinds(AccountFactory(role="auditor", region_code="330000")))
