"""Each invariant of quality.md is found broken where somebody went around the triggers (N14.1)."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from rollbook.accounts.tests.factories import AccountFactory
from rollbook.funds import actions, queries
from rollbook.funds.actions.ledger import Posting, account
from rollbook.funds.models import PaymentBatch, PaymentLine
from rollbook.funds.rules import AccountKind as K
from rollbook.persons.tests.factories import PersonFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 4, 1, 2, tzinfo=UTC)
PLACE = {"region_code": "320102", "fund": "employment", "year": 2026}


@pytest.fixture
def around():
    """SQL as the owner of the tables writes it: no trigger and no key speaks."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET session_replication_role = replica")
        yield cursor.execute
        cursor.execute("SET session_replication_role = DEFAULT")


@pytest.fixture
def money():
    """A budget of 1 000 fen of which 300 are reserved and 100 of those given back."""
    finance = AccountFactory(role="county-finance")
    actions.set_budget(by=finance, amount_fen=1_000, document="宁财社〔2026〕1号", now=NOW, **PLACE)
    for n, amount in ((1, 200), (2, 100)):
        actions.reserve(by=None, subject=f"a:{n}", amount_fen=amount, now=NOW, **PLACE)
    actions.release(by=None, subject="a:2", now=NOW)
    return {kind: account(kind, "employment", "320102", 2026).pk for kind in (K.TREASURY, K.BUDGET, K.RESERVED)}


def told():
    return {one.partition(":")[0] for one in queries.broken_invariants()}


def test_all_of_it_holds(money):
    assert told() == set()
    call_command("verify_ledger")


def test_there_are_the_eleven_of_the_plan_and_four_of_what_comes_back():
    assert len(set(queries.CODES)) == 11 + 4


def entered(around, account_id, amount, kind="x", **values):
    """A transaction of one entry, sealed by nobody."""
    key = uuid4()
    row = {"closes_id": None, "reverses_id": None, "booked_on": NOW.date(), "at": NOW} | values
    around(
        "INSERT INTO funds_transaction (id, kind, subject, at, booked_on, document, reverses_id, closes_id, seal) "
        "VALUES (%s, %s, 'x:1', %s, %s, '', %s, %s, '')",
        [key, kind, row["at"], row["booked_on"], row["reverses_id"], row["closes_id"]],
    )
    around(
        "INSERT INTO funds_ledgerentry (transaction_id, account_id, amount_fen) VALUES (%s, %s, %s)",
        [key, account_id, amount],
    )
    return key


def test_one_sided(money, around):
    entered(around, money[K.BUDGET], 5)
    around("UPDATE funds_ledgeraccount SET balance_fen = balance_fen + 5 WHERE id = %s", [money[K.BUDGET]])
    assert told() == {"transaction-balances", "ledger-balances", "entries-stay"}


def test_a_balance_that_was_moved_by_hand(money, around):
    around("UPDATE funds_ledgeraccount SET balance_fen = balance_fen + 5 WHERE id = %s", [money[K.BUDGET]])
    around("UPDATE funds_ledgeraccount SET balance_fen = balance_fen - 5 WHERE id = %s", [money[K.RESERVED]])
    assert told() == {"balance-is-its-entries"}


def test_an_overdrawn_account(money, around):
    around("ALTER TABLE funds_ledgeraccount DROP CONSTRAINT account_is_not_overdrawn")
    around("UPDATE funds_ledgeraccount SET balance_fen = -5 WHERE id = %s", [money[K.BUDGET]])
    assert "not-overdrawn" in told()


def test_entries_that_were_changed_so_that_all_sums_still_fit(money, around):
    """Two reservations swap their amounts: only the seals know."""
    around("UPDATE funds_ledgerentry SET amount_fen = amount_fen * 2 WHERE abs(amount_fen) = 200")
    around(
        "UPDATE funds_ledgeraccount a SET balance_fen = "
        "(SELECT sum(amount_fen) FROM funds_ledgerentry WHERE account_id = a.id)"
    )
    assert told() == {"entries-stay"}


def test_words_that_were_changed(money, around):
    around("UPDATE funds_transaction SET document = '苏财社〔2026〕9号' WHERE kind = 'budget'")
    assert told() == {"entries-stay"}


def test_money_that_went_nowhere_it_waited_for(money, around):
    """A release that closes nothing, and one that is closed by two."""
    around("UPDATE funds_transaction SET closes_id = NULL WHERE kind = 'release'")
    assert told() == {"pending-once", "entries-stay"}


def test_closed_twice(money, around):
    around("ALTER TABLE funds_transaction DROP CONSTRAINT funds_transaction_closes_id_key")
    around(
        "INSERT INTO funds_transaction SELECT gen_random_uuid(), kind, subject, at, document, by_id, reverses_id, "
        "booked_on, closes_id, seal FROM funds_transaction WHERE kind = 'release'"
    )
    assert "pending-once" in told()


def test_between_funds(money, around):
    other = account(K.BUDGET, "unemployment", "320102", 2026)
    around("UPDATE funds_ledgerentry SET account_id = %s WHERE account_id = %s", [other.pk, money[K.BUDGET]])
    assert "funds-apart" in told()


def test_reversed_beyond_what_was_posted(money, around):
    around("SELECT id FROM funds_transaction WHERE kind = 'budget'")
    key = queries.pending(["a:1"], K.RESERVED)["a:1"].id
    entered(around, money[K.BUDGET], 201, reverses_id=key)
    assert "reversal-within-original" in told()


def test_booked_into_a_closed_month(money, around):
    around(
        "INSERT INTO funds_closing (region_code, fund, month, closed_by_id, closed_at) VALUES (%s, %s, %s, 1, %s)",
        ["320102", "employment", "2026-04-01", NOW],
    )
    assert told() == set()
    entered(around, money[K.BUDGET], 1, at=NOW + timedelta(days=40))
    assert "closed-month" in told()


@pytest.fixture
def batch():
    return PaymentBatch.objects.create(
        number="PB1", made_by=AccountFactory(), made_at=NOW, region_code="320102", fund="employment", year=2026
    )


def line(batch, number, state):
    return PaymentLine.objects.create(
        batch=batch, number=number, subject="a:1", person=PersonFactory(), payee_name="张三", bank_masked="",
        bank_digest="x", amount_fen=200, state=state, reference=f"R{number}",
    )  # fmt: skip


def test_paid_without_a_payment(money, batch):
    line(batch, 1, "paid")
    account(K.PAID, "employment", "320102", 2026)
    assert told() == {"ledger-is-the-banks"}


def test_in_transit_without_a_payment(money):
    transit, found = account(K.TRANSIT, "employment", "320102", 2026), queries.pending(["a:1"], K.RESERVED)["a:1"]
    actions.post([Posting(uuid4(), "pay", "a:1", found.account, transit, 200, closes=found.id)], by=None, at=NOW)
    assert told() == {"ledger-is-the-banks"}


def test_one_claim_with_two_payments(money, batch, around):
    around("DROP INDEX one_live_payment_a_subject")
    line(batch, 1, "waiting")
    line(batch, 2, "waiting")
    assert told() == {"one-payment-a-claim"}
    with pytest.raises(CommandError, match="one-payment-a-claim"):
        call_command("verify_ledger")
