"""How fast the ledger takes postings, beside the design of pgledger written here in SQL: accounts with balance and
version, a row a transfer, two rows of entries with the balance before and after, one call a transfer or many at once."""

import threading
import time
from collections.abc import Callable, Iterator
from uuid import uuid4

from benchmarks._figures import Figure, at_least, at_most
from benchmarks._site import own_database

LINES, ONCE, SINGLES, WORKERS = 500_000, 1_000, 1_500, 4
PGLEDGER = """
    CREATE TABLE peer_accounts (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, currency text NOT NULL,
        balance numeric NOT NULL DEFAULT 0, version bigint NOT NULL DEFAULT 0,
        allow_negative boolean NOT NULL DEFAULT true
    );
    CREATE TABLE peer_transfers (
        id uuid PRIMARY KEY DEFAULT uuidv7(), from_id bigint NOT NULL REFERENCES peer_accounts,
        to_id bigint NOT NULL REFERENCES peer_accounts, amount numeric NOT NULL CHECK (amount > 0),
        created_at timestamptz NOT NULL DEFAULT now(), event_at timestamptz NOT NULL DEFAULT now(),
        CHECK (from_id <> to_id)
    );
    CREATE INDEX ON peer_transfers (from_id);
    CREATE INDEX ON peer_transfers (to_id);
    CREATE TABLE peer_entries (
        id uuid PRIMARY KEY DEFAULT uuidv7(), account_id bigint NOT NULL REFERENCES peer_accounts,
        transfer_id uuid NOT NULL REFERENCES peer_transfers, amount numeric NOT NULL,
        balance_before numeric NOT NULL, balance_after numeric NOT NULL, account_version bigint NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now()
    );
    CREATE INDEX ON peer_entries (account_id);
    CREATE INDEX ON peer_entries (transfer_id);

    CREATE FUNCTION peer_entry(whose bigint, of_transfer uuid, moved numeric) RETURNS void LANGUAGE plpgsql AS $$
    DECLARE now_is peer_accounts;
    BEGIN
        UPDATE peer_accounts SET balance = balance + moved, version = version + 1 WHERE id = whose RETURNING * INTO now_is;
        IF now_is.balance < 0 AND NOT now_is.allow_negative THEN RAISE EXCEPTION 'overdrawn'; END IF;
        INSERT INTO peer_entries (account_id, transfer_id, amount, balance_before, balance_after, account_version)
        VALUES (whose, of_transfer, moved, now_is.balance - moved, now_is.balance, now_is.version);
    END $$;

    CREATE FUNCTION peer_transfer(source bigint, target bigint, moved numeric) RETURNS uuid LANGUAGE plpgsql AS $$
    DECLARE made uuid;
    BEGIN
        PERFORM FROM peer_accounts WHERE id IN (source, target) ORDER BY id FOR UPDATE;
        IF (SELECT count(DISTINCT currency) FROM peer_accounts WHERE id IN (source, target)) <> 1 THEN
            RAISE EXCEPTION 'currencies differ';
        END IF;
        INSERT INTO peer_transfers (from_id, to_id, amount) VALUES (source, target, moved) RETURNING id INTO made;
        PERFORM peer_entry(source, made, -moved);
        PERFORM peer_entry(target, made, moved);
        RETURN made;
    END $$;

    CREATE FUNCTION peer_transfers_at_once(source bigint, targets bigint[], moved bigint[])
    RETURNS SETOF uuid LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM FROM peer_accounts WHERE id = source OR id = ANY(targets) ORDER BY id FOR UPDATE;
        FOR n IN 1 .. cardinality(targets) LOOP
            RETURN NEXT peer_transfer(source, targets[n], moved[n]);
        END LOOP;
    END $$;
"""
Post = Callable[[int], None]  # so many postings from the hot account, at once and committed


def run() -> Iterator[Figure]:
    with own_database():
        seconds = batch_of(LINES)
        yield at_most(f"one batch of {LINES:,} payments posted", seconds, 60, "s", f"({LINES / seconds:,.0f} /s)")
        if broken := verified():
            raise SystemExit(f"the ledger does not hold: {broken}")
        ours, theirs = Ours(), Peer()
        same_results(ours, theirs)
        yield from compared(ours, theirs)
        if broken := verified():
            raise SystemExit(f"the ledger does not hold: {broken}")


def compared(ours: "Ours", theirs: "Peer") -> Iterator[Figure]:
    for said, each in (("one by one", 1), (f"{ONCE:,} at once", ONCE)):
        for workers in (1, WORKERS):
            jobs = SINGLES if each == 1 else 40
            rates = [hot(one.post, each, jobs, workers) for one in (theirs, ours)]
            name = f"hot account, {said}, {workers} worker{'s' * (workers > 1)}"
            yield Figure(f"{name}: pgledger's design", f"{rates[0]:,.0f} /s")
            yield Figure(f"{name}: Rollbook", f"{rates[1]:,.0f} /s", met=None)
            yield Figure("… ratio", f"{rates[1] / rates[0]:.2f} ×")
            if each == 1 and workers == WORKERS:
                typical = rates[0]
            if each == ONCE and workers == WORKERS:
                yield at_least("hot account, our batches beside pgledger's calls", rates[1] / typical, 10, "×")


class Ours:
    def __init__(self) -> None:
        from rollbook.funds.actions.ledger import account
        from rollbook.funds.rules import AccountKind

        self.source = account(AccountKind.TREASURY, "special", "320000", 2098)
        self.target = account(AccountKind.BUDGET, "special", "320000", 2098)

    def post(self, count: int) -> None:
        from django.utils import timezone

        from rollbook.funds import actions as funds
        from rollbook.funds.actions.ledger import Posting

        rows = [Posting(uuid4(), "bench", f"bench:{n}", self.source, self.target, n + 1) for n in range(count)]
        funds.post(rows, by=None, at=timezone.now())

    def balances(self) -> tuple[int, int]:
        from rollbook.funds.models import LedgerAccount

        found = [LedgerAccount.objects.get(pk=one.pk).balance_fen for one in (self.source, self.target)]
        return found[0], found[1]


class Peer:
    def __init__(self) -> None:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute(PGLEDGER)
            cursor.execute("INSERT INTO peer_accounts (name, currency) VALUES ('hot', 'CNY'), ('b', 'CNY')")
            cursor.execute("SELECT id FROM peer_accounts ORDER BY id")
            self.source, self.target = (row[0] for row in cursor.fetchall())

    def post(self, count: int) -> None:
        from django.db import connection

        with connection.cursor() as cursor:
            if count == 1:
                cursor.execute("SELECT peer_transfer(%s, %s, %s)", [self.source, self.target, 1])
            else:
                amounts = list(range(1, count + 1))
                cursor.execute(
                    "SELECT count(*) FROM peer_transfers_at_once(%s, %s, %s)",
                    [self.source, [self.target] * count, amounts],
                )

    def balances(self) -> tuple[int, int]:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("SELECT balance FROM peer_accounts ORDER BY id")
            found = [int(row[0]) for row in cursor.fetchall()]
        return found[0], found[1]


def same_results(ours: Ours, theirs: Peer) -> None:
    """Before speed counts: the same movements leave the same balances."""
    for one in (ours, theirs):
        one.post(1)
        one.post(100)
    if ours.balances() != theirs.balances() or ours.balances() != (-5051, 5051):
        raise SystemExit(f"not the same: {ours.balances()} and {theirs.balances()}")


def hot(post: Post, each: int, jobs: int, workers: int) -> float:
    """Postings a second when workers share one account."""
    from django.db import connection

    def work() -> None:
        try:
            for _ in range(jobs // workers):
                post(each)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(workers)]
    start = time.perf_counter()
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return each * (jobs // workers) * workers / (time.perf_counter() - start)


def verified() -> list[str]:
    from rollbook.funds.queries import broken_invariants

    return broken_invariants()


def batch_of(count: int) -> float:
    """As the release of a batch does it: what was reserved for each payment moves on to the bank."""
    from django.db import connection
    from django.utils import timezone

    from rollbook.funds import actions as funds
    from rollbook.funds.actions.ledger import Posting, account, move
    from rollbook.funds.rules import AccountKind as K

    now = timezone.now()
    treasury, budget, reserved, aside = (
        account(kind, "employment", "320000", 2099) for kind in (K.TREASURY, K.BUDGET, K.RESERVED, K.FROZEN)
    )
    funds.post([Posting(uuid4(), "budget", "bench:budget", treasury, budget, count * 150_000)], by=None, at=now)
    ids = [move(f"reserve {n}") for n in range(count)]
    funds.post(
        [Posting(key, "reserve", f"bench:{n}", budget, reserved, 150_000) for n, key in enumerate(ids)], by=None, at=now
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    rows = [
        Posting(move(f"pay {n}"), "pay", f"bench:{n}", reserved, aside, 150_000, closes=key)
        for n, key in enumerate(ids)
    ]
    start = time.perf_counter()
    funds.post(rows, by=None, at=now)
    return time.perf_counter() - start
