"""The roles that the whole way does not need: what each does, and what it is refused, in Chromium."""

import pytest
from django.utils import timezone

from rollbook.accounts.models import Account
from rollbook.accounts.rules import Role
from rollbook.directory.models import DemandList
from rollbook.directory.tests.factories import DemandItemFactory, load_terms
from rollbook.journal.models import Entry
from rollbook.persons.tests.factories import number
from rollbook.regions.models import CalendarDay
from rollbook.subsidies.tests.factories import load_policies
from tests.browser.conftest import account_of
from tests.browser.steps import press, send, state_of, unfold, write

OWN = {
    "province": (Role.PROVINCE_OFFICER, Role.PROVINCE_FINANCE),
    "city": (Role.CITY_OFFICER, Role.CITY_FINANCE),
}


@pytest.fixture
def listed(site, transactional_db):
    load_terms()
    load_policies()
    return DemandItemFactory()


@pytest.mark.parametrize("level", OWN)
def test_an_office_and_its_finance_publish_the_next_version(level, listed, at):
    """N1.1, N1.2, N1.3: from the list in force, agreed with finance of the same level, never edited afterwards."""
    officer, finance = map(account_of, OWN[level])
    page = at(officer, "/directory/")
    form = unfold(page, "Begin the next version")
    write(form, document="试〔2026〕2 号")
    send(page, form)
    press(page, "Change", "table")
    write(page.locator("main form").first, amount="1700")
    press(page, "Save")
    press(page, "Send to finance")
    address = "/" + page.url.split("/", 3)[3]
    assert page.locator("main").get_by_role("button", name="Agree").count() == 0, "nobody agrees with oneself"

    page = at(finance, address)
    press(page, "Agree")
    page = at(officer, address)
    write(page, from_on=timezone.localdate().isoformat())
    press(page, "Publish")
    assert state_of(page) == "published"
    assert page.get_by_role("link", name="Add a project").count() == 0
    press(page, "What changed")
    shown = page.locator("main").inner_text()
    assert "1,500.00" in shown
    assert "1,700.00" in shown
    assert DemandList.objects.filter(state="published", in_force__upper_inf=True, document="试〔2026〕2 号").exists()


def test_an_auditor_reads_everything_and_changes_nothing(listed, at):
    """N14.1: the journal with its filters and its file, the balances; no button that decides."""
    account_of(Role.COUNTY_FINANCE)
    page = at(account_of(Role.AUDITOR), "/work/journal/")
    with page.expect_download() as file:
        page.get_by_role("link", name="Excel").click()
    assert file.value.suggested_filename.endswith(".xlsx")
    for address in ("/funds/", "/funds/batches/", "/classes/", "/claims/", "/institutions/"):
        page = at(account_of(Role.AUDITOR), address)
        assert page.locator("main form[method=post]").count() == 0, address


def test_the_administrators_apart(site, transactional_db, at):
    """Who gives accounts sees no training, who resets factors gives none, who audits only reads."""
    system, audit = account_of(Role.SYSTEM_ADMINISTRATOR), account_of(Role.AUDIT_ADMINISTRATOR)
    page = at(system, "/persons/accounts/")
    press(page, "Give an account")
    form = page.locator("main form").first
    write(
        form, name="新经办", number=number(950), username="new-officer", password="long enough 1",
        role="county-reviewer", region_code="320102",
    )  # fmt: skip
    send(page, form)
    made = Account.objects.get(username="new-officer")
    page = at(system, f"/persons/accounts/{made.pk}/")
    press(page, "Close the account")
    made.refresh_from_db()
    assert not made.is_active

    page = at(system, "/directory/calendar/")
    write(page, day="2027-02-08", name="春节", document="国办发明电")
    press(page, "A day off")
    assert CalendarDay.objects.filter(day="2027-02-08", is_working=False).exists()

    page = at(account_of(Role.SECURITY_ADMINISTRATOR), "/persons/accounts/")
    assert page.get_by_role("link", name="Give an account").count() == 0
    page = at(audit, "/work/journal/?q=新经办")
    assert page.locator("main tbody tr").count() == Entry.objects.filter(title__contains="新经办").count() >= 2


def test_a_closed_account_cannot_sign_in(site, transactional_db, at):
    account = account_of(Role.COUNTY_REVIEWER)
    account.set_password("the right password")
    account.is_active = False
    account.save()
    page = at(None, "/account/login/")
    write(page, login=account.username, password="the right password")
    press(page, "Sign in")
    assert page.locator("[name=password]").count() == 1 or "inactive" in page.url
    assert page.context.request.get(site.url + "/work/", max_redirects=0).status == 302
