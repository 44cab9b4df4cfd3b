"""How fast the ledger takes postings, each a transaction of two entries, its balance proved by the database."""

import time
from collections.abc import Iterator
from uuid import uuid4

from benchmarks._figures import Figure, at_most
from benchmarks._site import own_database

POSTINGS, AT_ONCE, LINES = 20_000, 1_000, 500_000


def run() -> Iterator[Figure]:
    with own_database():
        seconds = posted()
    yield Figure(
        "postings of the ledger",
        f"{POSTINGS / seconds:,.0f} /s",
        f"{LINES / 60:,.0f} /s",
        POSTINGS / seconds >= LINES / 60,
    )
    yield at_most(f"… {LINES:,} lines at that rate", LINES / POSTINGS * seconds, 60, "s", f"(from {POSTINGS:,})")


def posted() -> float:
    from django.db import transaction
    from django.utils import timezone

    from rollbook.funds import actions as funds
    from rollbook.funds.actions.ledger import Posting, account
    from rollbook.funds.rules import AccountKind

    now = timezone.now()
    source, target = (account(kind, "special", "320000", 2099) for kind in (AccountKind.TREASURY, AccountKind.BUDGET))
    postings = [Posting(uuid4(), "bench", f"bench:{n}", source, target, 1) for n in range(POSTINGS)]
    start = time.perf_counter()
    with transaction.atomic():  # at its end the balance of each is proved
        for at in range(0, POSTINGS, AT_ONCE):
            funds.post(postings[at : at + AT_ONCE], by=None, at=now)
    return time.perf_counter() - start
