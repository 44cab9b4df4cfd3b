"""The ledger: what its triggers and constraints forbid, its deeds, its race (N12.1, N14.1)."""

import threading
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from rollbook.accounts.tests.factories import AccountFactory
from rollbook.funds import actions
from rollbook.funds.actions.ledger import account
from rollbook.funds.models import LedgerAccount, LedgerEntry, Transaction
from rollbook.funds.queries import broken_invariants
from rollbook.funds.rules import AccountKind
from rollbook.kernel.reasons import Forbidden, Refused

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 4, 1, 2, tzinfo=UTC)
PLACE = {"region_code": "320102", "fund": "employment", "year": 2026}


def grant(amount_fen=1_000):
    actions.set_budget(
        by=AccountFactory(role="county-finance"), amount_fen=amount_fen, document="宁财社〔2026〕1号", now=NOW, **PLACE
    )


def balance(kind):
    return LedgerAccount.objects.get(kind=kind, fund="employment").balance_fen


def reserve(subject, amount_fen):
    actions.reserve(by=None, subject=subject, amount_fen=amount_fen, now=NOW, **PLACE)


def refuses(code, deed, *args, **kwargs):
    before = list(LedgerAccount.objects.order_by("pk").values_list("pk", "balance_fen")), LedgerEntry.objects.count()
    with pytest.raises(Refused) as refusal, transaction.atomic():
        deed(*args, **kwargs)
    assert [one.code for one in refusal.value.reasons] == [code]
    after = list(LedgerAccount.objects.order_by("pk").values_list("pk", "balance_fen")), LedgerEntry.objects.count()
    assert after == before


def test_money_is_granted_reserved_and_released():
    grant()
    reserve("a:1", 300)
    assert (balance("treasury"), balance("budget"), balance("reserved")) == (-1_000, 700, 300)
    actions.release(by=None, subject="a:1", now=NOW)
    actions.release(by=None, subject="a:1", now=NOW)  # nothing is left to give back
    assert (balance("budget"), balance("reserved")) == (1_000, 0)
    assert broken_invariants() == []


def test_the_budget_is_the_limit_and_a_movement_is_made_once():
    grant()
    reserve("a:1", 900)
    refuses("over-budget", reserve, "a:2", 101)
    refuses("posted-before", reserve, "a:1", 1)
    reserve("a:2", 100)


def test_only_finance_of_the_place_sets_a_budget_with_its_document():
    values = {"amount_fen": 1, "document": "d", "now": NOW, **PLACE}
    for role, region in (("county-reviewer", "320102"), ("county-finance", "320104")):
        with pytest.raises(Forbidden):
            actions.set_budget(by=AccountFactory(role=role, region_code=region), **values)
    finance = AccountFactory(role="county-finance")
    refuses("budget", actions.set_budget, by=finance, **values | {"amount_fen": 0})
    refuses("budget", actions.set_budget, by=finance, **values | {"document": " "})


def entries(*amounts, funds=("employment", "employment")):
    one = Transaction.objects.create(id=uuid4(), kind="test", subject="x:1", at=NOW)
    LedgerEntry.objects.bulk_create(
        LedgerEntry(transaction=one, account=account(AccountKind.TREASURY, fund, "320102", 2026), amount_fen=amount)
        for amount, fund in zip(amounts, funds, strict=True)
    )


@pytest.mark.parametrize(
    ("amounts", "funds"),
    [
        ((5, -4), ("employment", "employment")),
        ((5, -5), ("employment", "unemployment")),  # funds never mix
        ((0, 0), ("employment", "employment")),
    ],
)
@pytest.mark.django_db(transaction=True)
def test_the_database_refuses_what_does_not_balance_within_one_fund(amounts, funds):
    with pytest.raises(IntegrityError), transaction.atomic():
        entries(*amounts, funds=funds)
    assert LedgerEntry.objects.count() == 0


def test_entries_are_final():
    grant()
    for table in (LedgerEntry.objects, Transaction.objects):
        with pytest.raises(DatabaseError), transaction.atomic():
            table.all().delete()
    with pytest.raises(DatabaseError), transaction.atomic():
        LedgerEntry.objects.update(amount_fen=1)
    with pytest.raises(DatabaseError), transaction.atomic():
        Transaction.objects.update(subject="y")


@pytest.mark.django_db(transaction=True)
def test_many_workers_reserve_the_last_of_the_budget():
    """64 claims race for a budget that holds ten of them: ten are reserved, no more, no less."""
    grant(1_000)
    account(AccountKind.RESERVED, "employment", "320102", 2026)
    outcomes: list[str] = []
    work = iter(range(64))

    def run():
        try:
            for n in work_of():
                try:
                    reserve(f"a:{n}", 100)
                    outcomes.append("reserved")
                except Refused as refusal:
                    outcomes.append(refusal.reasons[0].code)
        finally:
            connection.close()

    lock = threading.Lock()

    def work_of():
        while True:
            with lock:
                n = next(work, None)
            if n is None:
                return
            yield n

    threads = [threading.Thread(target=run) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert (outcomes.count("reserved"), outcomes.count("over-budget")) == (10, 54)
    assert broken_invariants() == []
