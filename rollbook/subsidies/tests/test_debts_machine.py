"""Payments, recoveries, set-off, plans and write-offs in any order: a model of sums agrees, and every invariant holds after
every step (quality plan, N6.4, N14.1)."""

from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from rollbook.directory.tests.factories import load_terms
from rollbook.funds import actions, queries, rules
from rollbook.funds.models import LedgerAccount, PaymentLine, Recovery
from rollbook.kernel.reasons import Refused
from rollbook.subsidies.tests import factories as f
from rollbook.subsidies.tests.debts import (
    LATER,
    TODAY,
    K,
    agree,
    decide,
    give_up,
    ordered,
    paying,
    receive,
    sent,
)
from rollbook.subsidies.tests.test_payments import answer


class Debts(RuleBasedStateMachine):
    """One payee: whatever is paid, ordered to come back, set off, received, given up and opened again."""

    def __init__(self):
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        load_terms()
        f.grant()
        self.person = f.payee(1)
        self.left: dict[int, int] = {}  # by recovery, what is to be paid back still
        self.waiting: dict[int, tuple[int, list[tuple[int, int]]]] = {}  # by batch: due, and what is set off of which
        self.paid: dict[str, int] = {}  # by reference, what of a payment was not ordered back
        self.given_up: dict[int, int] = {}
        self.paid_fen = 0
        self.papers = 0

    def teardown(self):
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    def free(self, pk):
        return self.left[pk] - sum(fen for _due, taken in self.waiting.values() for one, fen in taken if one == pk)

    def refused(self, deed, *args, **values):
        try:
            with transaction.atomic():
                deed(*args, **values)
        except Refused:
            return True
        return False

    @rule(amount=st.integers(1, 300))
    def prepare(self, amount):
        """A payment is prepared: half of it at most is set off, against the oldest first."""
        room, taken = min(amount // 2, sum(map(self.free, self.left))), []
        for pk in self.left:
            fen = min(room, self.free(pk))
            if fen:
                taken.append((pk, fen))
            room -= fen
        line = paying(self.person, amount, statuses=())
        assert (line.amount_fen, line.netted_fen) == (
            amount - sum(fen for _pk, fen in taken),
            sum(fen for _pk, fen in taken),
        )
        assert sorted(line.nettings.values_list("recovery_id", "amount_fen")) == sorted(taken)
        self.waiting[line.batch_id] = amount, taken

    @precondition(lambda self: self.waiting)
    @rule(data=st.data(), said=st.sampled_from(["PAID", "FAIL"]))
    def answered(self, data, said):
        batch_id = data.draw(st.sampled_from(sorted(self.waiting)))
        amount, taken = self.waiting.pop(batch_id)
        line = PaymentLine.objects.select_related("batch").get(batch_id=batch_id)
        sent(line.batch)
        assert actions.take_return(batch_id=batch_id, content=answer(line.batch, [said]), now=LATER) == 1
        if said == "PAID":
            self.paid[line.reference] = amount
            self.paid_fen += amount
            for pk, fen in taken:
                self.back(pk, fen)

    def back(self, pk, fen):
        self.left[pk] -= fen
        self.paid_fen -= fen
        if self.left[pk] == 0:
            del self.left[pk]

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def cancelled(self, data):
        batch_id = data.draw(st.sampled_from(sorted(self.waiting)))
        actions.cancel_batch(by=f.account("county-reviewer"), batch_id=batch_id, now=LATER)
        del self.waiting[batch_id]

    @precondition(lambda self: self.paid)
    @rule(data=st.data(), share=st.integers(1, 120))
    def order(self, data, share):
        """No more comes back of a payment than was paid, what was set off of it included."""
        reference = data.draw(st.sampled_from(sorted(self.paid)))
        amount = max(self.paid[reference] * share // 100, 1)
        line = PaymentLine.objects.select_related("batch").get(reference=reference)
        if amount > self.paid[reference]:
            assert self.refused(ordered, line, amount)
            return
        self.left[ordered(line, amount).pk] = amount
        self.paid[reference] -= amount

    @precondition(lambda self: self.left)
    @rule(data=st.data(), share=st.integers(1, 120))
    def received(self, data, share):
        pk = data.draw(st.sampled_from(sorted(self.left)))
        amount, self.papers = max(self.left[pk] * share // 100, 1), self.papers + 1
        is_refused = self.refused(receive, Recovery.objects.get(pk=pk), amount, f"回单{self.papers}")
        assert is_refused == (amount > self.free(pk))
        if not is_refused:
            self.back(pk, amount)

    @precondition(lambda self: self.left)
    @rule(data=st.data(), off=st.sampled_from([0, 0, 1]))
    def planned(self, data, off):
        pk = data.draw(st.sampled_from(sorted(self.left)))
        part = rules.Part(TODAY + timedelta(days=40), self.left[pk] + off)
        one = Recovery.objects.get(pk=pk)
        assert self.refused(agree, one, part) == bool(off)
        if not off:  # what is planned is not set off while the plan is kept: end it, so that the model stays small
            actions.end_plan(by=f.account("county-finance"), recovery_id=pk, why="试", now=LATER)

    @precondition(lambda self: self.left)
    @rule(data=st.data(), share=st.sampled_from([None, 1, 50, 100, 120]))
    def given(self, data, share):
        """All that is left is given up, or a part of it; never what is being set off."""
        pk = data.draw(st.sampled_from(sorted(self.left)))
        one = Recovery.objects.get(pk=pk)
        amount = None if share is None else max(self.left[pk] * share // 100, 1)
        wanted = amount or self.left[pk]
        if wanted > self.free(pk):
            assert self.refused(give_up, one, amount_fen=amount)
            return
        decide(give_up(one, amount_fen=amount))
        self.given_up[pk] = self.given_up.get(pk, 0) + wanted
        self.left[pk] -= wanted
        if self.left[pk] == 0:
            del self.left[pk]

    @precondition(lambda self: self.given_up)
    @rule(data=st.data())
    def opened_again(self, data):
        pk = data.draw(st.sampled_from(sorted(self.given_up)))
        key = {"recovery_id": pk, "document": "宁财9号", "why": "找到本人", "now": LATER}
        actions.reopen(by=f.account("county-finance"), **key)
        assert self.refused(actions.reopen, by=f.account("county-finance"), **key)
        self.left[pk] = self.left.get(pk, 0) + self.given_up.pop(pk)
        self.left = dict(sorted(self.left.items()))

    @invariant()
    def sums(self):
        held = dict.fromkeys(K.values(), 0)
        held |= {one.kind: one.balance_fen for one in LedgerAccount.objects.filter(fund="employment")}
        given_up = sum(self.given_up.values())
        assert (held["paid"], held["written-off"]) == (self.paid_fen - given_up, given_up)
        assert (held["netting"], held["transit"]) == (0, 0)
        open_ones = Recovery.objects.filter(state="open")
        assert {one.pk: one.left_fen for one in open_ones} == self.left
        assert {one.pk: one.written_off_fen for one in Recovery.objects.filter(written_off_fen__gt=0)} == self.given_up
        assert queries.broken_invariants() == []


@pytest.mark.slow
@pytest.mark.django_db
def test_any_order_of_payments_and_recoveries():
    run_state_machine_as_test(
        Debts,
        settings=settings(
            max_examples=6,
            stateful_step_count=14,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
