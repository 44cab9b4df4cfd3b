"""What a payee has to pay back is set off against what the payee is paid, within one fund; the books find what was done around
them (N6.4, N12.1, N14.1)."""

import threading
from datetime import date
from uuid import uuid4

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from rollbook.directory.tests.factories import load_terms
from rollbook.funds import actions, queries
from rollbook.funds.actions.ledger import Posting, account
from rollbook.funds.models import (
    Netting,
    PaymentLine,
    Recovery,
)
from rollbook.funds.rules import Part
from rollbook.kernel.reasons import Refused
from rollbook.subsidies.tests import factories as f
from rollbook.subsidies.tests.debts import (
    LATER,
    K,
    agree,
    decide,
    give_up,
    held,
    ordered,
    paid_again,
    paying,
    receive,
    refuses,
    sent,
    told,
)
from rollbook.subsidies.tests.test_payments import answer

pytestmark = pytest.mark.django_db


def test_set_off_against_the_next_payment(money):
    person = f.payee(1)
    one = ordered(paying(person), 60_000)
    assert told() == [("recovery", "600.00", "2026-05-20")]
    line = paying(person, 100_000, statuses=())
    assert (line.amount_fen, line.netted_fen, line.due_fen) == (50_000, 50_000, 100_000)
    assert Recovery.objects.get().received_fen == 0, "nothing is back before the bank has answered"
    sent(line.batch)
    assert (held(K.TRANSIT), held(K.NETTING)) == (50_000, 50_000)
    budget = held(K.BUDGET)
    actions.take_return(batch_id=line.batch_id, content=answer(line.batch, ["PAID"]), now=LATER)
    one.refresh_from_db()
    assert (one.received_fen, one.state) == (50_000, "open")
    assert (held(K.NETTING), held(K.TRANSIT), held(K.BUDGET) - budget) == (0, 0, 50_000)
    receipt = one.receipts.get()
    assert (receipt.amount_fen, receipt.netting.line, receipt.entered_by) == (50_000, line, None)
    assert told()[1:] == [("set-off", "500.00", "500.00")]
    assert queries.broken_invariants() == []
    again = paying(person, 100_000)
    one.refresh_from_db()
    assert (again.netted_fen, one.state) == (10_000, "done")
    assert queries.broken_invariants() == []


def test_what_the_bank_refuses_is_not_set_off(money):
    person = f.payee(1)
    one = ordered(paying(person))
    line = paying(person, statuses=("FAIL",))
    one.refresh_from_db()
    assert (line.state, line.netted_fen, one.received_fen, held(K.NETTING)) == ("failed", 75_000, 0, 0)
    assert held(K.RESERVED) == 150_000, "all of it waits for the next try"
    assert queries.broken_invariants() == []
    actions.supersede(subject=line.subject)
    again = paid_again(person, line.subject, 150_000, region_code="320102", fund="employment", year=2026)
    one.refresh_from_db()
    assert (again.state, again.netted_fen, one.received_fen) == ("paid", 75_000, 75_000)
    assert queries.broken_invariants() == []


def test_never_across_funds_or_regions(money):
    f.grant(fund="unemployment")
    f.grant("320104")
    person = f.payee(1)
    one = ordered(paying(person))
    for place in ({"fund": "unemployment"}, {"region_code": "320104"}):
        assert paying(person, 100_000, **place).netted_fen == 0
    own = paying(person, 100_000, statuses=())
    assert own.netted_fen == 50_000
    for place in ({"fund": "unemployment"}, {"region_code": "320104"}):
        other = paying(person, 100_000, statuses=(), **place)
        with pytest.raises(IntegrityError), transaction.atomic():
            Netting.objects.create(line=other, recovery=one, amount_fen=1)
    assert queries.broken_invariants() == []


def test_the_same_person_under_another_record_and_nobody_else(money):
    person, other, stranger = f.payee(1), f.payee(2), f.payee(3)
    ordered(paying(person))
    other.merged_into = person
    other.save(update_fields=["merged_into"])
    assert paying(other, 100_000, statuses=()).netted_fen == 50_000
    assert paying(stranger, 100_000, statuses=()).netted_fen == 0


def test_two_payments_at_once_set_off_no_more_than_is_left(money):
    person = f.payee(1)
    one = ordered(paying(person), 60_000)
    first = paying(person, 100_000, statuses=())
    second = paying(person, 100_000, statuses=())
    assert (first.netted_fen, second.netted_fen) == (50_000, 10_000)
    refuses("receipt-amount", receive, one, 1)
    actions.cancel_batch(by=f.account("county-reviewer"), batch_id=second.batch_id, now=LATER)
    receive(one, 10_000)
    refuses("being-set-off", give_up, one)
    with pytest.raises(IntegrityError), transaction.atomic():
        Recovery.objects.update(received_fen=10_001)
    assert queries.broken_invariants() == []


def test_the_terms_say_how_much(money):
    """Limits are dated terms of the region, never constants."""
    from rollbook.directory.models import Term

    person = f.payee(1)
    ordered(paying(person))
    for key, value, wanted in (("netting-percent", 20, 20_000), ("netting-percent", 0, 0)):
        Term.objects.filter(key=key).update(value=value)
        assert paying(person, 100_000, statuses=()).netted_fen == wanted
    Term.objects.filter(key="netting-percent").update(value=90)
    Term.objects.filter(key="netting-kept").update(value=700)
    assert paying(person, 100_000, statuses=()).netted_fen == 30_000


def test_an_account_changed_after_release_takes_all_of_it_back(money):
    person = f.payee(1)
    ordered(paying(person))
    line = paying(person, statuses=())
    actions.check_batch(by=f.account("county-finance"), batch_id=line.batch_id, now=LATER)
    actions.release_batch(by=f.account("county-finance-releaser"), batch_id=line.batch_id, now=LATER)
    assert held(K.NETTING) == 75_000
    type(person).objects.filter(pk=person.pk).update(bank_digest="another")
    assert actions.account_changed(person_id=person.pk, now=LATER)
    assert (held(K.NETTING), held(K.TRANSIT), held(K.RESERVED)) == (0, 0, 150_000)
    assert queries.broken_invariants() == []


def test_what_is_signed_names_what_is_set_off(money):
    person = f.payee(1)
    ordered(paying(person))
    line = paying(person, statuses=())
    with pytest.raises(IntegrityError), transaction.atomic():
        PaymentLine.objects.filter(pk=line.pk).update(netted_fen=0)
    with pytest.raises(DatabaseError), transaction.atomic():
        Netting.objects.update(amount_fen=1)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET session_replication_role = replica")
        cursor.execute("UPDATE funds_netting SET amount_fen = 1")
        cursor.execute("SET session_replication_role = DEFAULT")
    assert {one.partition(":")[0] for one in queries.broken_invariants()} == {"set-off-adds-up"}
    actions.check_batch(by=f.account("county-finance"), batch_id=line.batch_id, now=LATER)
    with pytest.raises(IntegrityError), transaction.atomic():
        actions.release_batch(by=f.account("county-finance-releaser"), batch_id=line.batch_id, now=LATER)


@pytest.fixture
def around():
    """SQL as the owner of the tables writes it: no trigger and no key speaks."""
    with connection.cursor() as cursor:
        yield lambda sql: cursor.execute(
            f"SET CONSTRAINTS ALL IMMEDIATE; SET session_replication_role = replica; {sql}; "
            "SET session_replication_role = DEFAULT"
        )


def broken():
    return {one.partition(":")[0] for one in queries.broken_invariants()}


@pytest.mark.parametrize(
    ("planted", "found"),
    [
        ("UPDATE funds_recovery SET received_fen = received_fen + 1 WHERE state = 'open'", "recovery-adds-up"),
        ("UPDATE funds_receipt SET amount_fen = amount_fen + 1 WHERE netting_id IS NULL", "recovery-adds-up"),
        ("UPDATE funds_recovery SET amount_fen = 150001 WHERE state = 'open'", "recovery-adds-up"),
        ("UPDATE funds_paymentline SET netted_fen = netted_fen - 1 WHERE netted_fen > 0", "set-off-adds-up"),
        ("DELETE FROM funds_receipt WHERE netting_id IS NOT NULL", "set-off-adds-up"),
        ("UPDATE funds_paymentbatch SET fund = 'special' WHERE id IN (SELECT batch_id FROM funds_paymentline WHERE netted_fen > 0)", "set-off-adds-up"),
        ("DELETE FROM funds_writeoff", "written-off-by-two"),
        ("UPDATE funds_writeoff SET decided_by_id = asked_by_id", "written-off-by-two"),
        ("UPDATE funds_writeoff SET amount_fen = 1", "written-off-by-two"),
        ("UPDATE funds_writeoff SET cosigners = 1", "written-off-by-two"),
        ("UPDATE funds_recovery SET state = 'open', written_off_fen = 0 WHERE state = 'written-off'", "written-off-by-two"),
        ("UPDATE funds_recovery SET state = 'open', written_off_fen = 0 WHERE state = 'written-off'", "ledger-is-the-banks"),
        ("UPDATE funds_recovery SET written_off_fen = 1 WHERE state = 'open'", "written-off-by-two"),
        ("UPDATE funds_instalment SET amount_fen = amount_fen - 1 WHERE number = 2", "plan-adds-up"),
        ("DELETE FROM funds_instalment WHERE number = 2", "plan-adds-up"),
        ("UPDATE funds_receipt SET interest_fen = interest_fen + 1", "recovery-adds-up"),
    ],
)  # fmt: skip
def test_each_planted_fault_is_found(money, around, planted, found):
    first, second = f.payee(1), f.payee(2)
    one = ordered(paying(first))
    paying(first, 100_000)
    receive(one, 10_000)
    agree(one, Part(date(2026, 5, 10), 40_000), Part(date(2026, 6, 10), 50_000))
    decide(give_up(ordered(paying(second))))
    assert broken() == set()
    around("ALTER TABLE funds_writeoff DROP CONSTRAINT write_off_is_decided_by_another")
    around(planted)
    assert found in broken()


def test_money_set_off_without_a_payment(money, around):
    transit, netting = (
        account(K.TRANSIT, "employment", "320102", 2026),
        account(K.NETTING, "employment", "320102", 2026),
    )
    budget = account(K.BUDGET, "employment", "320102", 2026)
    actions.post([Posting(uuid4(), "x", "x", budget, transit, 1, more=((budget, netting, 2),))], by=None, at=LATER)
    assert broken() == {"ledger-is-the-banks"}
    with pytest.raises(Refused):  # what waits is moved on whole
        actions.post([Posting(uuid4(), "x", "x", netting, budget, 2)], by=None, at=LATER)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_received_set_off_and_given_up_at_the_same_moment():
    """Whatever comes first, no fen comes back twice and none is lost."""
    load_terms()
    f.grant()
    person = f.payee(1)
    one = ordered(paying(person), 60_000)
    asked, outcomes = give_up(one), []
    subjects = [f"b:{n}" for n in range(3)]
    for subject in subjects:
        actions.reserve(
            by=None, subject=subject, region_code="320102", fund="employment", year=2026, amount_fen=100_000, now=LATER
        )
    place = {"region_code": "320102", "fund": "employment", "year": 2026}
    deeds = [lambda n=n: receive(one, 25_000, f"回单{n}") for n in range(3)]
    deeds += [lambda: decide(asked)]
    deeds += [lambda name=name: paid_again(person, name, 100_000, **place) for name in subjects]
    start = threading.Barrier(len(deeds))

    def work(deed):
        start.wait()
        try:
            deed()
            outcomes.append("done")
        except Refused as refusal:
            outcomes.append(refusal.reasons[0].code)
        except DatabaseError as error:
            outcomes.append(repr(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    allowed = {"done", "receipt-amount", "not-open", "write-off-changed"}
    assert set(outcomes) <= allowed, outcomes
    one.refresh_from_db()
    back = sum(one.receipts.values_list("amount_fen", flat=True))
    assert back == one.received_fen <= 60_000
    assert held(K.WRITTEN_OFF) == (60_000 - back if one.state == "written-off" else 0)
    assert queries.broken_invariants() == []
