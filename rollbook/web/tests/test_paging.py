"""Lists are paged by key: every row once, in order, from either end, whatever the order and its gaps (quality: p95 of lists)."""

from datetime import UTC, date, datetime

import pytest
from django.http import QueryDict
from psycopg.types.range import Range

from rollbook.accounts.models import Account
from rollbook.accounts.tests.factories import AccountFactory
from rollbook.web import paging
from rollbook.web.paging import page_of

pytestmark = pytest.mark.django_db
SIZE = 4


@pytest.fixture
def accounts():
    """Rows with equal and with missing values in what they are ordered by."""
    made = [AccountFactory(role="auditor", office=f"处室{n % 3}") for n in range(19)]
    for n, one in enumerate(made):
        one.locked_until = datetime(2026, 3, 1 + n % 4, 8, 30, 15, 123456, tzinfo=UTC) if n % 3 else None
        one.save()
    return made


def at(found, **query):
    address = QueryDict(mutable=True)
    address.update({name: str(value) for name, value in query.items()})
    return page_of(found, address, SIZE)


ORDERS = [
    (), ("pk",), ("-pk",), ("office",), ("-office", "pk"), ("locked_until",), ("-locked_until",),
    ("office", "-locked_until", "pk"), ("username",),
]  # fmt: skip


@pytest.mark.parametrize("order", ORDERS)
def test_forwards_and_backwards_every_row_stands_once_in_its_order(accounts, order):
    found = Account.objects.order_by(*order)
    descends = bool(order) and order[-1].startswith("-")
    whole = list(found if "pk" in str(order) else found.order_by(*order, "-pk" if descends else "pk"))
    page, seen = at(found), []
    while True:
        seen.append(page)
        if not page.next:
            break
        page = at(found, after=page.next, n=page.end + 1)
    assert [row for one in seen for row in one.rows] == whole
    assert [(one.start, one.end) for one in seen] == [(1, 4), (5, 8), (9, 12), (13, 16), (17, 19)]
    assert {one.total for one in seen} == {19}

    back = at(found, before="last")
    assert back.rows == whole[-SIZE:]
    assert (back.start, back.end, back.next) == (16, 19, "")
    rows = list(back.rows)
    while back.previous:
        back = at(found, before=back.previous, n=back.start_before(SIZE))
        rows = back.rows + rows if back.previous else rows
    assert rows == whole[-len(rows) :]
    assert back.rows == whole[:SIZE], "near the beginning it is the whole first page"


def test_what_was_read_stays_put_when_rows_come_and_go(accounts):
    found = Account.objects.order_by("-pk")
    first = at(found)
    AccountFactory(role="auditor")
    Account.objects.filter(pk=first.rows[-1].pk).update(is_active=False)
    second = at(found.filter(is_active=True), after=first.next)
    assert [one.pk for one in second.rows] == [one.pk for one in accounts[::-1][SIZE : 2 * SIZE]]


@pytest.mark.parametrize("text", ["", "x", "5", "eyJh", "last", "\0", "99999999999999999999"])
def test_an_address_that_was_made_up_leads_to_the_first_page(accounts, text):
    assert at(Account.objects.order_by("pk"), after=text, n="-5").rows == accounts[:SIZE]


def test_a_key_made_for_another_order_leads_to_the_first_page(accounts):
    other = at(Account.objects.order_by("-pk")).next
    assert at(Account.objects.order_by("pk"), after=other).rows == accounts[:SIZE]


def test_a_long_list_is_not_counted_to_its_end(accounts, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(paging, "MOST_COUNTED", 10)
    with django_assert_num_queries(2):
        page = at(Account.objects.order_by("pk"))
    assert (page.total, page.is_capped, page.start) == (10, True, 1)
    last = at(Account.objects.order_by("pk"), before="last")
    assert (last.start, last.end, last.rows) == (None, None, accounts[-SIZE:])


def test_one_page_is_not_counted_at_all(accounts, django_assert_num_queries):
    with django_assert_num_queries(1):
        page = at(Account.objects.filter(pk__lte=accounts[2].pk).order_by("pk"))
    assert (page.total, page.start, page.end, page.next, page.previous) == (3, 1, 3, "", "")


def test_an_empty_list_has_no_pages():
    page = at(Account.objects.none())
    assert (page.rows, page.total, page.next, page.previous) == ([], 0, "", "")


def test_periods_are_carried_whole():
    """Terms and bands are ordered by the period in which they are in force."""
    period = Range(date(2026, 1, 1), None, "[)")
    assert paging._rich(paging._plain(period)) == period
