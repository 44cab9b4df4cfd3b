"""Long exports go on without their page, are found again by their owner alone, masked and journalled (N14.1)."""

from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from django.conf import settings as django_settings
from django.urls import reverse
from django.utils.module_loading import import_string
from django_tasks_db.models import DBTaskResult
from openpyxl import load_workbook

from rollbook.accounts.tests.factories import AccountFactory
from rollbook.journal.models import Entry
from rollbook.kernel.reasons import NotFound, Refused
from rollbook.persons.tests.factories import PersonFactory
from rollbook.web import actions, queries, rules
from rollbook.web.components import EXPORT_NAMES
from rollbook.web.models import Job, SavedView

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)


@pytest.fixture
def officer(settings, tmp_path):
    settings.DEMO, settings.MEDIA_ROOT = True, tmp_path
    return AccountFactory(role="county-reviewer", region_code="320102")


@pytest.fixture
def people(officer):
    return [PersonFactory(region_code="320102", name=f"学员{n}") for n in range(4)]


@pytest.fixture
def visit(client, officer):
    client.force_login(officer, backend=django_settings.AUTHENTICATION_BACKENDS[0])
    return lambda path, **query: client.get(path, query, headers={"accept-language": "en"})


def started(by, **changes):
    values = {"source": "persons", "query": "", "language": "en", "total": 4} | changes
    return actions.start_export(by=by, now=NOW, **values)


def rows_of(content):
    return [list(row) for row in load_workbook(BytesIO(content)).worksheets[0].values]


def test_every_source_is_a_function_with_a_name():
    assert {*django_settings.EXPORTS, *django_settings.IMPORTS} == set(EXPORT_NAMES)
    assert all(callable(import_string(path)) for path in django_settings.EXPORTS.values())


def test_a_short_list_comes_at_once_and_is_journalled(visit, people):
    answer = visit("/persons/", export="1", q="学员1", after="x")
    assert [row[0] for row in rows_of(answer.content)] == ["Name", "学员1"]
    entry = Entry.objects.get(kind="list.exported")
    assert entry.data == {"list": "persons", "rows": 1, "filters": "q=%E5%AD%A6%E5%91%981"}
    assert not Job.objects.exists()


def test_a_long_list_becomes_a_job_that_is_found_again(visit, people, officer, monkeypatch):
    monkeypatch.setattr(rules, "AT_ONCE", 3)
    monkeypatch.setattr(actions, "STEP", 2)
    answer = visit("/persons/", export="1", sort="name")
    assert (answer.status_code, answer["Location"]) == (302, "/jobs/")
    job = Job.objects.get()
    assert (job.state, job.total, job.query) == ("waiting", 4, "sort=name")
    page = visit("/jobs/").content.decode()
    assert 'hx-trigger="every 2s"' in page
    assert "0 / 4" in page

    queued = DBTaskResult.objects.get()
    assert queued.args_kwargs["args"] == [job.pk]
    queued.task.call(*queued.args_kwargs["args"])
    job.refresh_from_db()
    assert (job.state, job.done, job.account) == ("done", 4, officer)
    page = visit("/jobs/").content.decode()
    assert "every 2s" not in page
    address = reverse("web:job_file", args=[job.pk])
    assert address in page
    content = b"".join(visit(address).streaming_content)
    found = rows_of(content)
    assert [row[0] for row in found[1:]] == sorted(one.name for one in people)
    assert all("*" in row[1] for row in found[1:]), "numbers leave masked"
    assert Entry.objects.get(kind="list.exported").data == {"list": "persons", "rows": 4, "filters": "sort=name"}


def test_filters_are_told_as_they_are_read():
    assert rules.legible("q=%E5%AD%A6%E5%91%981&state=ended") == "q=学员1; state=ended"


def test_the_file_is_its_owners_alone(client, officer, people):
    job = started(officer)
    actions.run_export(job_id=job.pk)
    colleague = AccountFactory(role="county-reviewer", region_code="320102")
    client.force_login(colleague, backend=django_settings.AUTHENTICATION_BACKENDS[0])
    assert client.get(reverse("web:job_file", args=[job.pk])).status_code == 404
    assert list(queries.jobs_of(colleague)) == []


def test_a_job_sees_what_its_owner_may_see_when_it_runs(officer, people):
    """An account that was moved meanwhile does not carry the former region's people away (N3.2)."""
    job = started(officer)
    officer.region_code = "320583"
    officer.save()
    actions.run_export(job_id=job.pk)
    job.refresh_from_db()
    assert (job.state, job.done) == ("done", 0)


@pytest.mark.parametrize("change", [{"role": "county-finance"}, {"is_active": False}])
def test_who_may_no_longer_see_the_list_gets_no_file(officer, people, change):
    job = started(officer)
    for name, value in change.items():
        setattr(officer, name, value)
    officer.save()
    actions.run_export(job_id=job.pk)
    job.refresh_from_db()
    assert (job.state, job.file.name, job.reasons[0]["code"]) == ("failed", "", "job-forbidden")
    assert not Entry.objects.filter(kind="list.exported").exists()


def test_a_job_runs_once(officer, people):
    job = started(officer)
    actions.run_export(job_id=job.pk)
    first = Job.objects.get().file.name
    actions.run_export(job_id=job.pk)
    assert Job.objects.get().file.name == first
    assert Entry.objects.filter(kind="list.exported").count() == 1


def test_what_breaks_is_told_and_not_hidden(officer, people, settings):
    settings.EXPORTS = {"persons": "tests.test_jobs.broken"}
    job = started(officer)
    with pytest.raises(ZeroDivisionError):
        actions.run_export(job_id=job.pk)
    job.refresh_from_db()
    assert (job.state, job.reasons[0]["code"]) == ("failed", "job-broken")


def broken(request):
    return 1 / 0


def test_no_more_than_three_at_one_time(officer):
    for _ in range(rules.MOST_OPEN):
        started(officer)
    with pytest.raises(Refused) as refused:
        started(officer)
    assert [one.code for one in refused.value.reasons] == ["too-many-jobs"]
    assert Job.objects.count() == rules.MOST_OPEN
    started(AccountFactory())


def test_what_no_sheet_can_hold_is_refused(officer):
    with pytest.raises(Refused):
        started(officer, total=rules.MOST_ROWS + 1)
    assert not Job.objects.exists()


def test_old_files_go_and_what_was_cut_off_is_told(officer, people):
    old, cut = started(officer), started(officer)
    actions.run_export(job_id=old.pk)
    path = Job.objects.get(pk=old.pk).file
    Job.objects.filter(pk=old.pk).update(ended_at=NOW - timedelta(8))
    Job.objects.filter(pk=cut.pk).update(state="running", seen_at=NOW - timedelta(minutes=11))
    assert actions.tidy_jobs(now=NOW) == 2
    assert not path.storage.exists(path.name)
    assert Job.objects.get().reasons[0]["code"] == "job-cut-off"
    assert actions.tidy_jobs(now=NOW) == 0


def test_filters_are_saved_by_name_and_forgotten(client, visit, officer, people):
    """Saved views are the account's own; of the page number nothing is kept."""
    form = {"page": "/persons/", "query": "q=学员2&after=abc&n=51", "name": " 我的 "}
    answer = client.post("/views/", form)
    assert answer["Location"] == "/persons/?q=%E5%AD%A6%E5%91%982"
    page = visit("/persons/", q="学员2").content.decode()
    assert "我的" in page
    assert 'aria-current="true"' in page
    client.post("/views/", form | {"query": "q=学员3"})
    [one] = SavedView.objects.all()
    assert one.query == "q=%E5%AD%A6%E5%91%983"
    assert list(queries.views_of(AccountFactory(), "/persons/")) == []

    assert client.post(reverse("web:forget_view", args=[one.pk]))["Location"] == "/persons/"
    assert not SavedView.objects.exists()


@pytest.mark.parametrize("page", ["https://evil.example/", "//evil.example", "javascript:alert(1)", ""])
def test_a_view_leads_nowhere_else(client, visit, page):
    visit("/jobs/")
    assert client.post("/views/", {"page": page, "query": "q=1", "name": "x"}).status_code == 404
    assert not SavedView.objects.exists()


def test_views_have_a_name_and_a_limit(officer):
    keep = lambda name: actions.save_view(by=officer, page="/persons/", name=name, query="q=1")  # noqa: E731
    for n in range(rules.MOST_VIEWS):
        keep(f"{n}")
    for name, code in (("  ", "view-name"), ("one more", "too-many-views")):
        with pytest.raises(Refused) as refused:
            keep(name)
        assert code in [one.code for one in refused.value.reasons]
    keep("0")
    assert SavedView.objects.count() == rules.MOST_VIEWS


def test_nobody_removes_anothers_view(officer):
    one = actions.save_view(by=officer, page="/persons/", name="x", query="q=1")
    with pytest.raises(NotFound):
        actions.forget_view(by=AccountFactory(), view_id=one.pk)
    assert SavedView.objects.exists()


def test_answers_of_the_api_are_kept_for_a_week(officer):
    """A system that asks again within it is answered, and nothing is done twice."""
    done = []

    def ask(key="till-0001", asked="a", at=NOW):
        return actions.answer_once(by=officer, key=key, asked=asked, deed=lambda: done.append(key) or "{}", now=at)

    assert [ask(), ask(at=NOW + rules.ANSWERS_KEPT), len(done)] == ["{}", "{}", 1]
    with pytest.raises(Refused, match="key-used"):
        ask(asked="b")
    with pytest.raises(Refused, match="key-length"):
        ask(key="x" * 65)
    assert actions.tidy_jobs(now=NOW + rules.ANSWERS_KEPT) == 0
    assert actions.tidy_jobs(now=NOW + rules.ANSWERS_KEPT + timedelta(seconds=1)) == 1
    ask()
    assert len(done) == 2
