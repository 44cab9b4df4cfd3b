"""Long files are taken in without their page: with progress, all of it or nothing, found again by their owner (quality.md)."""

from datetime import timedelta
from threading import Thread

import pytest
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils import timezone
from django.utils.module_loading import import_string
from django_tasks_db.models import DBTaskResult

from benchmarks import roster
from rollbook.accounts.models import Account
from rollbook.classes import queries as classes
from rollbook.classes.tests.applications import ready
from rollbook.directory.tests.factories import load_terms
from rollbook.journal.models import Entry
from rollbook.kernel.reasons import Refused
from rollbook.web import actions, rules, sheets
from rollbook.web.models import Job

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def asked(settings, tmp_path, monkeypatch):
    settings.DEMO, settings.MEDIA_ROOT = True, tmp_path
    monkeypatch.setattr(roster, "ROWS", 310)
    monkeypatch.setattr(sheets, "TOLD_EVERY", 100)
    load_terms()
    return ready()


@pytest.fixture
def send(client, asked):
    client.force_login(asked.manager, backend=django_settings.AUTHENTICATION_BACKENDS[0])
    client.cookies["django_language"] = "en"

    def sent(content):
        file = SimpleUploadedFile("roster.xlsx", content)
        return client.post(f"/classes/{asked.klass.pk}/import/roster/", {"file": file})

    return sent


def stored(tmp_path):
    return [one for one in (tmp_path / "jobs").rglob("*") if one.is_file()]


def test_every_name_is_a_deed():
    assert all(callable(import_string(path)) for path in django_settings.IMPORTS.values())


def test_a_long_roster_is_a_job_with_progress(client, asked, send, tmp_path, monkeypatch):
    """Seen while it goes on, though nothing of it is there before all of it is; the file itself is gone afterwards."""
    before = classes.roster(asked.klass.pk).count()
    answer = send(roster.content())
    assert answer.url == "/jobs/"
    job = Job.objects.get()
    assert (job.source, job.total, job.state, len(stored(tmp_path))) == ("roster", 310, "waiting", 1)
    assert DBTaskResult.objects.filter(task_path="rollbook.web.tasks.run_import").count() == 1
    seen, tell = [], actions._tell

    def watched(job_id, done):
        tell(job_id, done)
        seen.append((Job.objects.get().done, classes.roster(asked.klass.pk).count()))

    monkeypatch.setattr(actions, "_tell", watched)
    assert "Under way" not in client.get("/jobs/").text
    actions.run_import(job_id=job.pk)
    job.refresh_from_db()
    assert [done for done, _rows in seen] == [100, 200, 300]
    assert (job.state, job.done, job.sent.name, stored(tmp_path)) == ("done", 310, "", [])
    assert classes.roster(asked.klass.pk).count() == before + 310
    assert Entry.objects.get(kind="class.roster-imported").data["rows"] == 310
    page = client.get("/jobs/").text
    assert "Taken in" in page
    assert f"/classes/{asked.klass.pk}/?step=roster" in page
    actions.run_import(job_id=job.pk)
    assert classes.roster(asked.klass.pk).count() == before + 310, "once"


def test_a_short_roster_comes_at_once(asked, send, monkeypatch):
    monkeypatch.setattr(roster, "ROWS", 3)
    assert "/jobs/" not in send(roster.content()).url
    assert not Job.objects.exists()
    assert Entry.objects.filter(kind="class.roster-imported").count() == 1


def test_what_became_wrong_meanwhile_takes_nothing_in_and_is_told(client, asked, send, tmp_path):
    before = classes.roster(asked.klass.pk).count()
    send(roster.content())
    send(roster.content())
    for job in Job.objects.order_by("pk"):
        actions.run_import(job_id=job.pk)
    first, second = Job.objects.order_by("pk")
    assert (first.state, second.state, len(second.reasons)) == ("done", "failed", rules.MOST_TOLD)
    assert classes.roster(asked.klass.pk).count() == before + 310
    assert stored(tmp_path) == []
    page = client.get("/jobs/").text
    assert "Not taken in" in page
    assert "on the roster already" in page


def test_who_may_no_longer_takes_nothing_in(asked, send):
    send(roster.content())
    Account.objects.filter(pk=asked.manager.pk).update(is_active=False)
    before = classes.roster(asked.klass.pk).count()
    actions.run_import(job_id=Job.objects.get().pk)
    assert Job.objects.get().reasons[0]["code"] == "job-forbidden"
    assert classes.roster(asked.klass.pk).count() == before


def test_a_job_that_was_given_up_takes_nothing_in_any_more(asked, send, tmp_path, monkeypatch):
    """Cut off and tidied while its worker still lived: what the worker did is rolled back."""
    send(roster.content())
    job, before, tidied = Job.objects.get(), classes.roster(asked.klass.pk).count(), []

    def given_up(job_id):
        try:
            Job.objects.filter(pk=job_id).update(seen_at=timezone.now() - timedelta(hours=1))
            tidied.append(actions.tidy_jobs(now=timezone.now()))
        finally:
            connection.close()

    def elsewhere(job_id, _done):
        one = Thread(target=given_up, args=[job_id])
        one.start()
        one.join()

    monkeypatch.setattr(actions, "_tell", elsewhere)
    actions.run_import(job_id=job.pk)
    job.refresh_from_db()
    assert tidied[0] == 1
    assert (job.state, job.reasons[0]["code"]) == ("failed", "job-cut-off")
    assert classes.roster(asked.klass.pk).count() == before
    assert stored(tmp_path) == []


def test_at_most_some_at_one_time(asked):
    values = {
        "by": asked.manager, "source": "roster", "args": {"class_id": asked.klass.pk}, "content": b"x", "rows": 400,
        "back": "/", "language": "en", "now": timezone.now(),
    }  # fmt: skip
    for _n in range(rules.MOST_OPEN):
        actions.start_import(**values)
    with pytest.raises(Refused, match="too-many-jobs"):
        actions.start_import(**values)
    assert Job.objects.count() == rules.MOST_OPEN
