"""Pages of the books: what finance sees of balances, ages and movements, and what two people do there (N12.1)."""

from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from rollbook.accounts.tests.factories import AccountFactory
from rollbook.funds import actions, queries, rules
from rollbook.funds.models import Closing, FundOrder, LedgerAccount, Transaction
from rollbook.funds.views.books import book_table
from rollbook.journal.models import Entry
from rollbook.kernel.reasons import NotFound
from rollbook.regions.models import Region

pytestmark = pytest.mark.django_db
K = rules.AccountKind
CITY, COUNTY = "320100", "320102"
PLACE = {"fund": "employment", "year": 2026}


@pytest.fixture
def offices(settings):
    settings.DEMO = True
    for code, name in ((CITY, "南京市"), (COUNTY, "玄武区")):
        Region.objects.create(code=code, name=name, in_force=DateRange(datetime(1990, 1, 1, tzinfo=UTC).date(), None))
    return [AccountFactory(role="city-finance", region_code=CITY) for _ in range(2)]


def page(client, by, name, *args, **values):
    client.force_login(by)
    return client.get(reverse(f"funds:{name}", args=args), values)


def sent(client, by, name, *args, **values):
    client.force_login(by)
    answer = client.post(reverse(f"funds:{name}", args=args), values)
    assert answer.status_code == 302, answer.content.decode()
    return answer


def grant(client, by):
    sent(client, by, "set_budget", key="5f1c1f5e-6f0d-4c1b-9a55-0d7c6c1f2a11", amount="1000", document="d", **PLACE)


def test_a_budget_goes_down_by_two_people(client, offices):
    one, other = offices
    grant(client, one)
    values = {"key": "5f1c1f5e-6f0d-4c1b-9a55-0d7c6c1f2a12", "amount": "400", "document": "宁财社〔2026〕2号", **PLACE}
    sent(client, one, "ask_transfer", target_region=COUNTY, **values)
    order = FundOrder.objects.get()
    assert "宁财社〔2026〕2号" in page(client, other, "order_list").text
    sent(client, other, "decide_order", order.pk, move="grant")
    assert LedgerAccount.objects.get(region_code=COUNTY).balance_fen == 40_000
    seen = page(client, AccountFactory(role="county-finance", region_code=COUNTY), "balances").text
    assert "¥400.00" in seen
    assert "¥600.00" not in seen  # what the city has is not the county's to see


def test_the_same_form_sent_twice_is_one_budget(client, offices):
    grant(client, offices[0])
    client.post(
        reverse("funds:set_budget"),
        {"key": "5f1c1f5e-6f0d-4c1b-9a55-0d7c6c1f2a11", "amount": "1000", "document": "d", **PLACE},
    )
    assert LedgerAccount.objects.get(kind="budget").balance_fen == 100_000


def test_freeze_reverse_and_close_by_their_forms(client, offices):
    one, other = offices
    grant(client, one)
    paper = {"document": "宁审〔2026〕3号", "why": "审计"}
    sent(client, one, "ask_freeze", key="5f1c1f5e-6f0d-4c1b-9a55-0d7c6c1f2a13", amount="10.50", **PLACE, **paper)
    sent(client, other, "decide_order", FundOrder.objects.get().pk, move="grant")
    frozen = Transaction.objects.get(kind="freeze")
    assert "1,050" not in page(client, one, "transaction", frozen.pk).text
    assert reverse("funds:ask_unfreeze", args=[frozen.pk]) in page(client, one, "transaction", frozen.pk).text
    sent(client, one, "ask_unfreeze", frozen.pk, **paper)
    sent(client, other, "decide_order", FundOrder.objects.get(kind="unfreeze").pk, move="refuse", why="尚未审结")
    assert FundOrder.objects.filter(state="refused").count() == 1
    budget = Transaction.objects.get(kind="budget")
    sent(client, one, "ask_reversal", budget.pk, key="5f1c1f5e-6f0d-4c1b-9a55-0d7c6c1f2a14", amount="1", **paper)
    sent(client, other, "decide_order", FundOrder.objects.get(kind="reverse").pk, move="grant")
    assert queries.reversed_fen(budget) == 100
    sent(client, one, "closing_list", fund="employment", month="2026-03")
    assert Closing.objects.count() == 1
    assert queries.broken_invariants() == []


def test_what_is_open_is_shown_by_its_age(client, offices):
    """30, 60, 90 days and older: each kind of waiting counts."""
    actions.set_budget(by=offices[0], region_code=CITY, amount_fen=10_000, document="d", now=timezone.now(), **PLACE)
    for days, amount in ((0, 1_00), (30, 2_00), (31, 4_00), (75, 8_00), (91, 16_00)):
        at = timezone.now() - timedelta(days=days)
        actions.reserve(by=None, subject=f"a:{days}", region_code=CITY, amount_fen=amount, now=at, **PLACE)
    actions.release(by=None, subject="a:30", now=timezone.now())
    reserved = LedgerAccount.objects.get(kind="reserved")
    ages = queries.open_items(queries.accounts_visible_to(offices[0]), timezone.localdate())
    assert ages == {reserved.pk: [1_00, 4_00, 8_00, 16_00]}
    text = page(client, offices[0], "balances").text
    assert all(f"¥{one}.00" in text for one in (1, 4, 8, 16, 29))
    assert "a:91" in page(client, offices[0], "book", reserved.pk, q="a:91").text
    assert "a:75" not in page(client, offices[0], "book", reserved.pk, q="a:91").text


def test_lists_have_a_fixed_number_of_queries(client, offices, django_assert_max_num_queries):
    actions.set_budget(by=offices[0], region_code=CITY, amount_fen=10_000, document="d", now=timezone.now(), **PLACE)
    for n in range(30):
        actions.reserve(by=None, subject=f"a:{n}", region_code=CITY, amount_fen=1, now=timezone.now(), **PLACE)
        key = {"document": "d", "why": "w", "now": timezone.now(), "amount_fen": 1, "region_code": CITY, **PLACE}
        actions.ask_freeze(by=offices[0], **key)
    reserved = LedgerAccount.objects.get(kind="reserved")
    for name, args in (("balances", ()), ("order_list", ()), ("closing_list", ()), ("book", (reserved.pk,))):
        client.force_login(offices[1])
        with django_assert_max_num_queries(22):
            assert client.get(reverse(f"funds:{name}", args=args)).status_code == 200


def test_exports_say_what_the_pages_say(client, offices):
    grant(client, offices[0])
    sheet = load_workbook(BytesIO(page(client, offices[0], "balances", export="1").content)).worksheets[0]
    assert [row[3].value for row in sheet.iter_rows(min_row=2)] == [1000]
    budget = LedgerAccount.objects.get(kind="budget")
    sheet = load_workbook(BytesIO(page(client, offices[0], "book", budget.pk, export="1").content)).worksheets[0]
    assert [row[4].value for row in sheet.iter_rows(min_row=2)] == [1000]


def test_what_leaves_as_a_file_is_noted_and_a_job_builds_the_same_list(client, offices, rf):
    """N14.1: which list, under which filters, how many rows."""
    grant(client, offices[0])
    budget = LedgerAccount.objects.get(kind="budget")
    for name, args in (("balances", ()), ("book", (budget.pk,)), ("difference_list", ()), ("recovery_list", ())):
        assert page(client, offices[0], name, *args, export="1", q="d").status_code == 200
    noted = Entry.objects.filter(kind="list.exported").order_by("pk").values_list("data__list", "data__rows")
    assert list(noted) == [("balances", 1), ("books", 1), ("differences", 0), ("recoveries", 0)]
    for region_code, rows in ((CITY, 1), ("320583", None)):
        request = rf.get("/", {"ledger": budget.pk})
        request.user = AccountFactory(role="city-finance", region_code=region_code)
        if rows is None:
            with pytest.raises(NotFound):
                book_table(request)
        else:
            assert book_table(request).found.count() == rows


def test_the_api_reads_what_the_pages_show(client, offices):
    grant(client, offices[0])
    client.force_login(offices[1])
    budget = LedgerAccount.objects.get(kind="budget")
    read = {name: client.get(f"/api/payments/{name}").json()["items"] for name in ("accounts?year=2026", "orders")}
    assert {row["kind"]: row["balance_fen"] for row in read["accounts?year=2026"]} == {
        "budget": 100_000, "treasury": -100_000,
    }  # fmt: skip
    assert read["orders"] == []
    [entry] = client.get(f"/api/payments/accounts/{budget.pk}/entries").json()["items"]
    assert (entry["amount_fen"], entry["kind"], entry["document"]) == (100_000, "budget", "d")
    for name in ("statements", "differences"):
        assert client.get(f"/api/payments/{name}").json()["items"] == []
    client.force_login(AccountFactory(role="county-finance", region_code="320583"))
    assert client.get("/api/payments/accounts").json()["items"] == []
    assert client.get(f"/api/payments/accounts/{budget.pk}/entries").status_code == 404


def test_a_province_sees_its_cities_and_opens_one(client, settings):
    """N12.1: a line a city with the sum of its counties, and a line a county when the city is chosen."""
    settings.DEMO = True  # no second factor
    for region, yuan in ((COUNTY, 1000), ("320104", 200), ("320583", 30)):
        actions.set_budget(
            by=AccountFactory(role="county-finance", region_code=region), region_code=region, fund="employment",
            year=2026, amount_fen=yuan * 100, document="苏财 1 号", now=timezone.now(),
        )  # fmt: skip
    province = AccountFactory(role="province-finance", region_code="320000")
    whole = page(client, province, "balances").text
    assert whole.count("1,200.00") == 2, "granted and available"
    assert "region_code=320100" in whole
    assert "1,000.00" not in whole
    city = page(client, province, "balances", region_code="320100").text
    assert "1,000.00" in city
    assert "200.00" in city
    assert "30.00" not in city
    other = AccountFactory(role="county-finance", region_code="320583")
    assert "1,000.00" not in page(client, other, "balances", region_code="320100").text
