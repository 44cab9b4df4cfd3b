"""How fast claims are decided over columns, and how fast the ledger takes postings."""

import time
from uuid import uuid4

import numpy as np
from django.conf import settings
from django.db import connection, transaction
from django.test.utils import get_runner
from django.utils import timezone

from rollbook.funds import actions as funds
from rollbook.funds.actions.ledger import Posting, account
from rollbook.funds.rules import AccountKind
from rollbook.kernel.columns import Ints
from rollbook.subsidies import rules

CLAIMS, POSTINGS = 1_000_000, 10_000


def _columns() -> tuple[rules.Facts, rules.Terms]:
    dice = np.random.default_rng(7)

    def whole(low: int, high: int) -> Ints:
        return dice.integers(low, high, CLAIMS)

    facts = rules.Facts(
        attended_percent=whole(60, 101), worst_day_percent=whole(75, 101), has_certificate=whole(0, 10) > 0,
        is_committed=whole(0, 10) > 0, is_verified=whole(0, 10) > 0, level=whole(1, 6), highest_paid_level=whole(1, 10),
        same_level_had=whole(0, 10) == 0, paid_this_year=whole(0, 4), paid_ever=whole(0, 10),
        days_since_certificate=whole(0, 400),
    )  # fmt: skip
    same = {"amount_fen": 150_000, "scarce_extra_fen": 0, "attendance_percent": 80, "day_attendance_percent": 80}
    caps = {"claims_a_year": 3, "claims_lifetime": 9, "claim_days": 365}
    names = ("list_document", "attendance_document", "caps_document", "days_document")
    numbers = {name: np.full(CLAIMS, value) for name, value in (same | caps).items()}
    return facts, rules.Terms(**numbers, **{name: np.full(CLAIMS, name) for name in names})


class Undone(Exception):
    """What a benchmark wrote is taken back."""


def _post() -> float:
    now = timezone.now()
    try:
        with transaction.atomic():
            source, target = (
                account(kind, "special", "320000", 2099) for kind in (AccountKind.TREASURY, AccountKind.BUDGET)
            )
            postings = [Posting(uuid4(), "bench", f"bench:{n}", source, target, 1) for n in range(POSTINGS)]
            start = time.perf_counter()
            for at in range(0, POSTINGS, 1_000):
                funds.post(postings[at : at + 1_000], by=None, at=now)
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # the balance of each is proved within the time
            seconds = time.perf_counter() - start
            raise Undone
    except Undone:
        return POSTINGS / seconds


def _measured() -> float:
    runner = get_runner(settings)(verbosity=0, interactive=False)
    databases = runner.setup_databases()
    try:
        return _post()
    finally:
        runner.teardown_databases(databases)


def run() -> list[tuple[str, str, str]]:
    facts, terms = _columns()
    start = time.perf_counter()
    rules.payable_fen(facts, terms)
    rate = CLAIMS / (time.perf_counter() - start)
    return [
        ("claims decided over columns", f"{rate / 1e6:.1f} M a second", f"{CLAIMS:,} rows, all grounds and lines"),
        ("postings of the ledger", f"{_measured():,.0f} a second", "1,000 a batch, two entries each, one process"),
    ]
