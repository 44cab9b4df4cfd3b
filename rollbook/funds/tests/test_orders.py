"""Budgets passed down, held back, set right and closed, each by two people (N12.1, N14.1)."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from rollbook.accounts.tests.factories import AccountFactory
from rollbook.database.rights import restrict
from rollbook.funds import actions, queries, rules
from rollbook.funds.actions.ledger import Posting, account, post
from rollbook.funds.models import Closing, FundOrder, LedgerAccount, LedgerEntry, Transaction
from rollbook.kernel.reasons import Forbidden, NotFound, Refused
from rollbook.persons.tests.factories import PersonFactory
from rollbook.regions.models import Region

K = rules.AccountKind
NOW = datetime(2026, 4, 20, 2, tzinfo=UTC)
CITY, COUNTY = "320100", "320102"
FUND = {"fund": "employment", "year": 2026}
PAPER = {"document": "宁财社〔2026〕1号", "now": NOW}


@pytest.fixture(autouse=True)
def regions(db):
    for code, name in (("320000", "江苏省"), (CITY, "南京市"), (COUNTY, "玄武区"), ("320200", "无锡市")):
        Region.objects.create(code=code, name=name, in_force=DateRange(date(1990, 1, 1), None))


def finance(role="city-finance", region_code=CITY, **values):
    return AccountFactory(role=role, region_code=region_code, **values)


def grant(amount_fen=1_000, region_code=CITY, **values):
    by = AccountFactory(role="city-finance" if region_code == CITY else "county-finance", region_code=region_code)
    actions.set_budget(by=by, region_code=region_code, amount_fen=amount_fen, **FUND, **(PAPER | values))


def held(kind, region_code=CITY):
    return sum(LedgerAccount.objects.filter(kind=kind, region_code=region_code).values_list("balance_fen", flat=True))


def state():
    return (
        list(LedgerAccount.objects.filter(balance_fen__gt=0).order_by("pk").values_list("pk", "balance_fen")),
        LedgerEntry.objects.count(),
        list(FundOrder.objects.order_by("pk").values_list("pk", "state")),
        Closing.objects.count(),
    )


def refuses(code, deed, **kwargs):
    before = state()
    with pytest.raises(Refused) as refusal, transaction.atomic():
        deed(**kwargs)
    assert code in [one.code for one in refusal.value.reasons]
    assert state() == before


def decide(order, by=None, granted=True, finding="", now=NOW):
    return actions.decide_order(by=by or finance(), order_id=order.pk, granted=granted, finding=finding, now=now)


def ask_transfer(by=None, **values):
    wanted = {"target_region": COUNTY, "amount_fen": 400, **FUND, **PAPER} | values
    return actions.ask_transfer(by=by or finance(), **wanted)


def test_a_transfer_goes_down_once_a_second_person_confirms():
    grant()
    order = ask_transfer()
    assert held(K.BUDGET, COUNTY) == 0
    decide(order)
    assert (held(K.BUDGET), held(K.BUDGET, COUNTY)) == (600, 400)
    refuses("decided", decide, order=order)
    assert queries.broken_invariants() == []


def test_nobody_confirms_what_they_asked_as_whatever_account():
    grant()
    person = PersonFactory()
    by, other = finance(person_id=person.pk), finance(person_id=person.pk)
    order = ask_transfer(by)
    for one in (by, other):
        refuses("same-person", decide, order=order, by=one)
    with pytest.raises(IntegrityError), transaction.atomic():
        FundOrder.objects.filter(pk=order.pk).update(decided_by=by, decided_at=NOW, state="refused")
    with pytest.raises(IntegrityError), transaction.atomic():
        FundOrder.objects.filter(pk=order.pk).update(decided_by=other, decided_person=person, state="refused")


def test_what_may_not_be_transferred():
    grant()
    refuses("not-below", ask_transfer, target_region="320000")
    refuses("not-below", ask_transfer, target_region=CITY)
    refuses("not-below", ask_transfer, target_region="320200")
    refuses("no-region", ask_transfer, target_region="320199")
    refuses("budget", ask_transfer, amount_fen=0)
    refuses("budget", ask_transfer, document=" ")
    with pytest.raises(Forbidden):
        ask_transfer(finance("county-finance-releaser", COUNTY))
    order = ask_transfer(amount_fen=1_001)
    refuses("over-budget", decide, order=order)
    refuses("why", decide, order=order, granted=False)
    assert decide(order, granted=False, finding="超出预算").state == "refused"
    with pytest.raises(Forbidden):
        decide(ask_transfer(), by=finance("county-finance-releaser", COUNTY))  # who gets it does not confirm it
    with pytest.raises(NotFound):
        decide(ask_transfer(), by=finance(region_code="320200"))


def test_the_same_key_is_one_order_and_one_budget():
    key = uuid4()
    grant(key=key)
    refuses("posted-before", grant, key=key)
    ask_transfer(key=key)
    refuses("asked-before", ask_transfer, key=key)


def ask_freeze(**values):
    wanted = {"region_code": CITY, "amount_fen": 300, "why": "审计", **FUND, **PAPER} | values
    return actions.ask_freeze(by=finance(), **wanted)


def test_a_freeze_holds_back_until_it_is_released():
    grant()
    order = decide(ask_freeze())
    assert (held(K.BUDGET), held(K.FROZEN)) == (700, 300)
    refuses("over-budget", decide, order=ask_freeze(amount_fen=701))
    end = actions.ask_unfreeze(by=finance(), transaction_id=order.transaction_id, why="审计结束", **PAPER)
    refuses("asked-before", actions.ask_unfreeze, by=finance(), transaction_id=order.transaction_id, why="又", **PAPER)
    decide(end)
    assert (held(K.BUDGET), held(K.FROZEN)) == (1_000, 0)
    with pytest.raises(NotFound):
        actions.ask_unfreeze(by=finance(), transaction_id=order.transaction_id, why="再", **PAPER)
    assert queries.broken_invariants() == []


def test_a_freeze_ends_by_itself_once():
    grant()
    order = decide(ask_freeze(until=date(2026, 5, 1)))
    refuses("until-past", ask_freeze, until=date(2026, 4, 20))
    assert queries.freezes_to_end(NOW) == []
    later = NOW + timedelta(days=11)
    assert queries.freezes_to_end(later) == [order.pk]
    assert [actions.end_freeze(order_id=order.pk, now=one) for one in (NOW, later, later)] == [False, True, False]
    assert (held(K.FROZEN), queries.freezes_to_end(later)) == (0, [])


def ask_reversal(one, amount_fen, **values):
    wanted = {"transaction_id": one.pk, "amount_fen": amount_fen, "why": "录入有误", **PAPER} | values
    return actions.ask_reversal(by=finance(), **wanted)


def test_reversals_never_exceed_what_was_posted():
    grant()
    budget = Transaction.objects.get(kind="budget")
    decide(ask_reversal(budget, 600))
    assert (held(K.BUDGET), queries.reversed_fen(budget)) == (400, 600)
    refuses("reversal-too-much", decide, order=ask_reversal(budget, 401))
    decide(ask_reversal(budget, 400))
    back = Transaction.objects.filter(kind="reverse").first()
    refuses("not-reversible", ask_reversal, one=back, amount_fen=1)
    refuses("reversal-day", ask_reversal, one=budget, amount_fen=1, booked_on=date(2026, 4, 19))
    refuses("reversal-day", ask_reversal, one=budget, amount_fen=1, booked_on=date(2026, 4, 21))
    assert queries.broken_invariants() == []


def test_the_database_refuses_reversals_that_are_none():
    grant()
    one = Transaction.objects.get(kind="budget")
    treasury, budget = queries.sides_of(one)
    with pytest.raises(Refused):  # more of the same is no reversal
        post([Posting(uuid4(), "reverse", "x", treasury, budget, 1, reverses=one.pk)], by=None, at=NOW)
    other = account(K.RESERVED, "employment", CITY, 2026)
    with pytest.raises(Refused):  # from an account that it did not touch
        post([Posting(uuid4(), "reverse", "x", budget, other, 1, reverses=one.pk)], by=None, at=NOW)


def close(month=date(2026, 3, 1), by=None):
    return actions.close_month(by=by or finance(), fund="employment", month=month, now=NOW)


def test_a_closed_month_takes_only_adjustments():
    grant(now=NOW - timedelta(days=30))  # 21 March
    budget = Transaction.objects.get(kind="budget")
    refuses("month-not-over", close, month=date(2026, 4, 1))
    with pytest.raises(Forbidden):
        close(by=finance("county-finance", COUNTY))
    close()
    refuses("closed-before", close)
    refuses("month-closed", grant, now=NOW - timedelta(days=20))
    grant(5, COUNTY, now=NOW - timedelta(days=30))  # another region's books
    decide(ask_reversal(budget, 100, booked_on=date(2026, 3, 25)))
    back = Transaction.objects.get(kind="reverse")
    assert (back.booked_on, back.reverses) == (date(2026, 3, 25), budget)
    assert queries.broken_invariants() == []
    with pytest.raises(DatabaseError), transaction.atomic():
        Closing.objects.all().delete()


def test_balances_and_accounts_move_by_entries_alone():
    grant()
    for change in ({"balance_fen": 5}, {"year": 2027}, {"fund": "special"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            LedgerAccount.objects.update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        LedgerAccount.objects.create(kind="budget", fund="special", region_code=CITY, year=2026, balance_fen=5)
    with pytest.raises(IntegrityError), transaction.atomic():
        LedgerAccount.objects.all().delete()


def test_orders_stay_as_they_were_asked():
    grant()
    order = ask_transfer()
    with pytest.raises(IntegrityError), transaction.atomic():
        FundOrder.objects.update(amount_fen=999)
    decide(order)
    for change in ({"state": "asked", "decided_by": None, "transaction": None}, {"finding": "x"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            FundOrder.objects.update(**change)


def test_the_role_of_the_servers_can_post_and_cannot_rewrite():
    """By privileges too, not by triggers alone: append-only tables, balances, truncation, the tables themselves."""
    grant()
    budget, treasury = (account(kind, "employment", CITY, 2026) for kind in (K.BUDGET, K.TREASURY))
    reserved = account(K.RESERVED, "employment", CITY, 2026)
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE rollbook_test NOLOGIN")
        restrict("rollbook_test")
        cursor.execute("SET LOCAL ROLE rollbook_test")
        post([Posting(uuid4(), "budget", "x", treasury, budget, 5)], by=None, at=NOW)
        post([Posting(uuid4(), "reserve", "x", budget, reserved, 5)], by=None, at=NOW)
        for statement in (
            "UPDATE funds_ledgeraccount SET balance_fen = 0",
            "UPDATE funds_ledgerentry SET amount_fen = 1",
            "DELETE FROM funds_ledgerentry",
            "TRUNCATE funds_ledgerentry",
            "UPDATE funds_transaction SET document = 'x'",
            "DELETE FROM funds_closing",
            "UPDATE journal_entry SET kind = 'x'",
            "ALTER TABLE funds_ledgerentry DISABLE TRIGGER ALL",
            "SET session_replication_role = replica",
        ):
            with pytest.raises(DatabaseError, match=r"permission denied|must be owner"), transaction.atomic():
                cursor.execute(statement)
        cursor.execute("RESET ROLE")
    assert held(K.RESERVED) == 5
