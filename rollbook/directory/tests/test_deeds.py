"""Who may do what with a list, a term or the calendar, also at once, on pages and through the API."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from io import BytesIO
from threading import Barrier

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from rollbook.accounts.rules import Role
from rollbook.accounts.tests.factories import AccountFactory
from rollbook.directory import actions, queries
from rollbook.directory.models import DemandList, Term
from rollbook.directory.rules import TermKey
from rollbook.directory.tests.factories import DemandItemFactory, DemandListFactory, load_terms
from rollbook.journal.models import Entry
from rollbook.kernel.reasons import Forbidden, NotFound, Refused
from rollbook.regions.models import CalendarDay

NOW = datetime(2026, 3, 2, 4, tzinfo=UTC)
TODAY = date(2026, 3, 2)
pytestmark = pytest.mark.django_db


@pytest.fixture
def upper():
    load_terms()
    return DemandItemFactory(occupation__pinyin="hangong hg").demand_list


@pytest.fixture
def county():
    return {"officer": AccountFactory(role=Role.COUNTY_REVIEWER), "finance": AccountFactory(role=Role.COUNTY_FINANCE)}


def codes(caught):
    return [one.code for one in caught.value.reasons]


def agreed(county):
    draft = actions.draft_list(by=county["officer"], document="玄人社 1", now=NOW)
    actions.submit_list(by=county["officer"], list_id=draft.pk, now=NOW)
    actions.agree_list(by=county["finance"], list_id=draft.pk, now=NOW)
    return draft


def test_one_draft_at_a_time(upper, county):
    actions.draft_list(by=county["officer"], document="1", now=NOW)
    with pytest.raises(Refused) as caught:
        actions.draft_list(by=county["officer"], document="2", now=NOW)
    assert (codes(caught), DemandList.objects.filter(region_code="320102").count()) == (["draft-open"], 1)


def test_after_it_is_sent_a_list_is_not_edited_until_it_is_returned(upper, county):
    """N1.1."""
    draft = actions.draft_list(by=county["officer"], document="1", now=NOW)
    item = draft.items.get()
    actions.submit_list(by=county["officer"], list_id=draft.pk, now=NOW)
    with pytest.raises(Refused) as caught:
        actions.remove_item(by=county["officer"], list_id=draft.pk, item_id=item.pk, now=NOW)
    assert (codes(caught), draft.items.count()) == (["not-a-draft"], 1)
    with pytest.raises(Refused):
        actions.return_list(by=county["finance"], list_id=draft.pk, why=" ", now=NOW)
    actions.return_list(by=county["finance"], list_id=draft.pk, why="标准偏高", now=NOW)
    actions.remove_item(by=county["officer"], list_id=draft.pk, item_id=item.pk, now=NOW)
    with pytest.raises(Refused) as caught:
        actions.submit_list(by=county["officer"], list_id=draft.pk, now=NOW)
    assert codes(caught) == ["empty-list"]


@pytest.mark.parametrize(
    ("role", "region"),
    [(Role.CITY_FINANCE, "320100"), (Role.PROVINCE_FINANCE, "320000"), (Role.COUNTY_FINANCE, "320104"),
     (Role.COUNTY_REVIEWER, "320102"), (Role.AUDITOR, "320000")],
)  # fmt: skip
def test_only_finance_of_the_same_level_agrees(upper, county, role, region):
    """N1.1: neither a higher level, nor the neighbour, nor who drafted it."""
    draft = actions.draft_list(by=county["officer"], document="1", now=NOW)
    actions.submit_list(by=county["officer"], list_id=draft.pk, now=NOW)
    entries = Entry.objects.count()
    with pytest.raises((Refused, Forbidden, NotFound)):
        actions.agree_list(by=AccountFactory(role=role, region_code=region), list_id=draft.pk, now=NOW)
    draft.refresh_from_db()
    assert (draft.state, draft.agreed_by, Entry.objects.count()) == ("submitted", None, entries)


def test_a_version_ends_when_the_next_begins(upper, county):
    """N1.3: any day has its version; what was published is looked up for ever."""
    first = agreed(county)
    actions.publish_list(by=county["officer"], list_id=first.pk, from_on=TODAY, now=NOW)
    second = agreed(county)
    with pytest.raises(Refused) as caught:
        actions.publish_list(by=county["officer"], list_id=second.pk, from_on=TODAY, now=NOW)
    assert codes(caught) == ["publish-date"]
    actions.publish_list(by=county["officer"], list_id=second.pk, from_on=date(2026, 7, 1), now=NOW)
    found = [queries.list_in_force("320102", day) for day in (date(2026, 3, 1), date(2026, 6, 30), date(2026, 7, 1))]
    assert found == [upper, first, second]


def test_the_past_is_not_changed(upper, county):
    """N13.1: neither a list nor a number begins on a day that has passed."""
    draft = agreed(county)
    with pytest.raises(Refused) as caught:
        actions.publish_list(by=county["officer"], list_id=draft.pk, from_on=date(2026, 3, 1), now=NOW)
    assert codes(caught) == ["publish-past"]
    terms = Term.objects.count()
    with pytest.raises(Refused) as caught:
        actions.set_term(
            by=county["officer"], key=TermKey.CLASS_MAX, value=40, from_on=date(2026, 3, 1), document="x", now=NOW
        )
    assert (codes(caught), Term.objects.count()) == (["term-past"], terms)


def test_a_number_is_dated_and_of_its_region(upper, county):
    """The county's from its day, the province's before it and elsewhere; each with its document."""
    actions.set_term(
        by=county["officer"], key=TermKey.CLASS_MAX, value=40, from_on=date(2026, 4, 1), document="玄人社 2", now=NOW
    )
    on = {day: queries.terms_for("320102", day) for day in (date(2026, 3, 31), date(2026, 4, 1))}
    assert [terms[TermKey.CLASS_MAX] for terms in on.values()] == [50, 40]
    assert on[date(2026, 4, 1)].document(TermKey.CLASS_MAX) == "玄人社 2"
    assert queries.terms_for("320104", date(2026, 4, 1))[TermKey.CLASS_MAX] == 50


@pytest.mark.parametrize("role", [Role.COUNTY_FINANCE, Role.COUNTY_SECOND_REVIEWER, Role.SYSTEM_ADMINISTRATOR])
def test_who_may_not_set_numbers(upper, role):
    by = AccountFactory(role=role)
    with pytest.raises(Forbidden):
        actions.set_term(by=by, key=TermKey.CLASS_MAX, value=1, from_on=TODAY, document="x", now=NOW)


def test_the_calendar_is_extended_by_its_administrator_alone():
    """Journalled: every limit in working days counts with it (N14.1)."""
    day = {"day": date(2027, 2, 8), "is_working": False, "name": "春节", "document": "国办发明电", "now": NOW}
    with pytest.raises(Forbidden):
        actions.extend_calendar(by=AccountFactory(), **day)
    by = AccountFactory(role=Role.SYSTEM_ADMINISTRATOR, region_code="320000")
    actions.extend_calendar(by=by, **day)
    for change, code in (({}, "day-known"), ({"day": date(2027, 2, 9), "document": " "}, "day-document")):
        with pytest.raises(Refused) as caught:
            actions.extend_calendar(by=by, **day | change)
        assert codes(caught) == [code]
    assert CalendarDay.objects.filter(day__year=2027).count() == 1
    assert Entry.objects.filter(kind="calendar.extended").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_officers_begin_and_publish_at_once():
    """One version a region: of two who begin it, and of two who publish it, one wins."""
    load_terms()
    DemandItemFactory()
    officers = AccountFactory.create_batch(2)
    barrier = Barrier(2)

    def both(deed):
        def one(by):
            try:
                barrier.wait(30)
                deed(by)
            except Refused as refused:
                return refused.reasons[0].code
            finally:
                connection.close()
            return "done"

        with ThreadPoolExecutor(2) as threads:
            return sorted(threads.map(one, officers))

    assert both(lambda by: actions.draft_list(by=by, document="1", now=NOW)) == ["done", "draft-open"]
    draft = DemandList.objects.get(region_code="320102")
    actions.submit_list(by=officers[0], list_id=draft.pk, now=NOW)
    actions.agree_list(by=AccountFactory(role=Role.COUNTY_FINANCE), list_id=draft.pk, now=NOW)
    answers = both(lambda by: actions.publish_list(by=by, list_id=draft.pk, from_on=TODAY, now=NOW))
    assert answers.count("done") == 1
    assert Entry.objects.filter(kind="demand.published").count() == 1


def test_the_database_has_one_list_a_day(upper):
    with pytest.raises(DatabaseError), transaction.atomic():
        DemandListFactory(version=99)


@pytest.mark.parametrize("text", ["焊工", "6-18-02", "hangong", "HG"])
def test_anyone_finds_a_project(client, upper, text):
    """N1.3, N16.1: by name, code, pinyin; at any day."""
    assert client.get("/open/directory/", {"q": text}).context["listing"].total == 1
    assert client.get("/open/directory/", {"q": text, "level": "3"}).context["listing"].total == 0


def test_the_file_holds_what_is_shown_and_no_formula(client, upper):
    DemandItemFactory(demand_list=DemandListFactory(region_code="320200", title="=1+1"), occupation__name="=cmd()",
                      occupation__code="6-18-01-01")  # fmt: skip
    sheet = load_workbook(BytesIO(client.get("/open/directory/", {"export": "1"}).content)).active
    assert sheet.max_row == 3
    assert [cell.value for row in sheet.rows for cell in row if cell.data_type == "f"] == []


def test_lists_take_the_same_queries_for_one_and_for_many(client, settings, upper, county, django_assert_num_queries):
    settings.DEMO = True
    client.force_login(county["officer"])
    addresses = ("/directory/", f"/directory/{upper.pk}/", "/open/directory/", "/directory/terms/")
    few = {}
    for address in addresses:
        client.get(address)
        with CaptureQueriesContext(connection) as asked:
            client.get(address)
        few[address] = len(asked)
    for n in range(4, 9):
        DemandItemFactory(demand_list=DemandListFactory(region_code=f"3201{n:02}"))
    for address in addresses:
        client.get(address)  # the names of regions are kept by the process
        with django_assert_num_queries(few[address]):
            assert client.get(address).status_code == 200, address


def test_the_api_reads_for_all_and_publishes_for_its_office(client, settings, upper, county):
    settings.DEMO = True
    client.force_login(AccountFactory(role=Role.COUNTY_REVIEWER, region_code="320104"))
    draft = agreed(county)
    assert [row["id"] for row in client.get("/api/directory").json()["items"]] == [upper.pk]
    assert client.get(f"/api/directory/{draft.pk}/items").status_code == 404
    assert client.post(f"/api/directory/{draft.pk}/publish?from_on=2030-01-01").status_code == 404
    client.force_login(county["officer"])
    assert client.post(f"/api/directory/{draft.pk}/publish?from_on=soon").status_code == 422
    answer = client.post(f"/api/directory/{draft.pk}/publish?from_on=2030-01-01")
    assert (answer.status_code, answer.json()["state"]) == (200, "published")
