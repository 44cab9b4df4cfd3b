"""The ledger under eight hands at once, one of them killed, and under every order of deeds (quality plan, N14.1)."""

import multiprocessing
import os
import random
import signal
import time
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from rollbook.funds import queries
from rollbook.funds.actions.ledger import Posting, account, post
from rollbook.funds.models import LedgerAccount, Transaction
from rollbook.funds.rules import AccountKind as K
from rollbook.kernel.reasons import Refused

NOW = datetime(2026, 4, 1, 2, tzinfo=UTC)
KINDS = (K.TREASURY, K.BUDGET, K.RESERVED, K.FROZEN)
WORKERS, SECONDS, SUBJECTS = 8, 5.0, 30


def books(region="320102"):
    return {kind: account(kind, "employment", region, 2026) for kind in KINDS}


class Ledger(RuleBasedStateMachine):
    """Any order of budgets, reservations, moves, returns and reversals: what was refused changed nothing, balances
    are those of a model of three lines, and every invariant holds after every step."""

    def __init__(self):
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.books = books()
        self.model = dict.fromkeys(KINDS, 0)
        self.waiting: dict[UUID, tuple[str, K, int]] = {}
        self.grants: dict[UUID, int] = {}

    def teardown(self):
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    def move(self, source, target, amount, subject="s", **values):
        key = uuid4()
        posting = Posting(key, "x", subject, self.books[source], self.books[target], amount, **values)
        try:
            post([posting], by=None, at=NOW)
        except Refused:
            return None
        self.model[source] -= amount
        self.model[target] += amount
        return key

    @rule(amount=st.integers(1, 1000))
    def grant(self, amount):
        key = self.move(K.TREASURY, K.BUDGET, amount)
        assert key is not None
        self.grants[key] = amount

    @rule(amount=st.integers(1, 800), kind=st.sampled_from([K.RESERVED, K.FROZEN]))
    def set_aside(self, amount, kind):
        enough = self.model[K.BUDGET] >= amount
        subject = f"s:{len(self.waiting)}"
        key = self.move(K.BUDGET, kind, amount, subject)
        assert (key is not None) == enough
        if key is not None:
            self.waiting[key] = (subject, kind, amount)

    @precondition(lambda self: self.waiting)
    @rule(data=st.data(), off=st.sampled_from([0, 0, 0, 1, -1]))
    def move_on(self, data, off):
        """Whole and once: a fen more or less, or twice, is refused."""
        key = data.draw(st.sampled_from(sorted(self.waiting)))
        subject, kind, amount = self.waiting[key]
        moved = self.move(kind, K.BUDGET, amount + off, subject, closes=key) if amount + off > 0 else None
        assert (moved is not None) == (off == 0)
        if moved is not None:
            del self.waiting[key]
            assert self.move(kind, K.BUDGET, amount, subject, closes=key) is None

    @precondition(lambda self: self.grants)
    @rule(data=st.data(), amount=st.integers(1, 1200))
    def take_back(self, data, amount):
        key = data.draw(st.sampled_from(sorted(self.grants)))
        may = amount <= self.grants[key] and amount <= self.model[K.BUDGET]
        assert (self.move(K.BUDGET, K.TREASURY, amount, reverses=key) is not None) == may
        if may:
            self.grants[key] -= amount

    @rule(amount=st.integers(1, 100))
    def cross_funds(self, amount):
        other = account(K.BUDGET, "unemployment", "320102", 2026)
        with pytest.raises(Refused):
            post([Posting(uuid4(), "x", "s", self.books[K.TREASURY], other, amount)], by=None, at=NOW)

    @invariant()
    def holds(self):
        found = LedgerAccount.objects.in_bulk([one.pk for one in self.books.values()])
        assert {kind: found[one.pk].balance_fen for kind, one in self.books.items()} == self.model
        assert sum(amount for _subject, _kind, amount in self.waiting.values()) == (
            self.model[K.RESERVED] + self.model[K.FROZEN]
        )
        assert queries.broken_invariants() == []


@pytest.mark.django_db
def test_any_order_of_deeds():
    run_state_machine_as_test(
        Ledger,
        settings=settings(
            max_examples=8,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )


def work(number, path):
    """A worker of its own process: says what it will post before, and what was acknowledged after."""
    inherited, connection.connection = connection.connection, None  # noqa: F841 kept, or its end would be the parent's
    dice, end = random.Random(number), time.monotonic() + SECONDS  # noqa: S311 a repeatable test
    here, there = books(), books("320104")
    done: list[Posting] = []
    with open(path, "a", buffering=1) as told:
        while time.monotonic() < end:
            subject = f"w:{dice.randrange(SUBJECTS)}"
            posting = _next(dice, subject, here, there, done)
            if posting is None:
                continue
            told.write(f"will {posting.id}\n")
            try:
                post([posting], by=None, at=NOW)
            except Refused:
                continue
            except DatabaseError as error:
                told.write(f"fault {error!r}\n")
                continue
            told.write(f"done {posting.id}\n")
            done.append(posting)
    connection.close()


def _next(dice, subject, here, there, done):
    match dice.randrange(8):
        case 0:
            return Posting(uuid4(), "x", "grant", here[K.TREASURY], here[K.BUDGET], dice.randint(1, 500))
        case 1:
            return Posting(uuid4(), "x", "down", here[K.BUDGET], there[K.BUDGET], dice.randint(1, 300))
        case 2:
            return Posting(uuid4(), "x", "up", there[K.BUDGET], here[K.BUDGET], dice.randint(1, 300))
        case 3 if done:
            return dice.choice(done)  # sent again: the same id
        case 4 | 5:
            return Posting(uuid4(), "x", subject, here[K.BUDGET], here[K.RESERVED], dice.randint(1, 200))
        case _:
            found = queries.pending([subject], K.RESERVED).get(subject)
            target = dice.choice([here[K.BUDGET], here[K.FROZEN]])
            return found and Posting(uuid4(), "x", subject, found.account, target, found.amount_fen, closes=found.id)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_eight_workers_one_of_them_killed(tmp_path):
    """Checked from a second connection while they run; afterwards nothing acknowledged is lost, nothing is there twice,
    nothing is there that nobody sent."""
    here = books()
    books("320104")
    post([Posting(uuid4(), "x", "grant", here[K.TREASURY], here[K.BUDGET], 5_000)], by=None, at=NOW)
    before = set(Transaction.objects.values_list("pk", flat=True))
    paths = [tmp_path / str(n) for n in range(WORKERS)]
    connection.close()  # each process has its own
    fork = multiprocessing.get_context("fork")
    workers = [fork.Process(target=work, args=(n, path)) for n, path in enumerate(paths)]
    for one in workers:
        one.start()
    checks, killed = 0, False
    while any(one.is_alive() for one in workers):
        assert queries.broken_invariants() == []
        checks += 1
        if not killed and len(paths[3].read_text().splitlines() if paths[3].exists() else []) > 20:
            os.kill(workers[3].pid, signal.SIGKILL)
            killed = True
    for one in workers:
        one.join()
    assert killed
    assert workers[3].exitcode == -signal.SIGKILL
    assert checks > 1
    told = [line.split(" ", 1) for path in paths for line in path.read_text().splitlines() if " " in line]
    assert [what for kind, what in told if kind == "fault"] == []
    acknowledged = [UUID(what) for kind, what in told if kind == "done"]
    meant = {UUID(what) for kind, what in told if kind == "will" and len(what) == 36}
    stored = set(Transaction.objects.values_list("pk", flat=True)) - before
    assert len(acknowledged) > 100
    assert len(acknowledged) == len(set(acknowledged))
    assert set(acknowledged) - stored == set()
    assert stored - meant == set()
    assert len(stored - set(acknowledged)) <= 1  # of the killed one, at most
    assert queries.broken_invariants() == []
