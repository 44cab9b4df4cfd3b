"""A bank that does everything wrong, and files that were hurt on the way: nothing is posted twice (N14.1, N16.3)."""

import hashlib
import random
import threading
from datetime import timedelta
from http.server import ThreadingHTTPServer
from io import StringIO

import httpx
import pytest
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

from rollbook.funds import actions, adapters, queries
from rollbook.funds.models import (
    BankFile,
    Difference,
    LedgerAccount,
    LedgerEntry,
)
from rollbook.kernel.reasons import Refused
from rollbook.subsidies.models import Claim
from rollbook.subsidies.tests import factories as f
from rollbook.subsidies.tests.test_payments import answer, released, sent, take
from simulators import bank

pytestmark = pytest.mark.django_db
NEXT = f.LATER + timedelta(days=1)


def hurt(good, dice):
    """One of what happens to files: bits, cuts, doublings, other encodings, edits with a digest that fits."""
    body = bytearray(good[: good.rfind(b"T|")])
    for _ in range(dice.randint(1, 3)):
        at = dice.randrange(len(body))
        match dice.randrange(5):
            case 0:
                body[at] = dice.randrange(256)
            case 1:
                del body[at : at + dice.randint(1, 30)]
            case 2:
                body[at:at] = body[at : at + dice.randint(1, 80)]
            case 3:
                rows = bytes(body).split(b"\r\n")
                dice.shuffle(rows)
                body = bytearray(b"\r\n".join(rows))
            case _:
                old, new = dice.choice(((b"PAID", b"FAIL"), (b"FAIL", b"PAID"), (b"150000", b"300000"), (b"|", b"||")))
                body = bytearray(bytes(body).replace(old, new, dice.randint(1, 2)))
        if not body:
            body = bytearray(b"\r\n")
    if dice.random() < 0.2:
        body = bytearray(bytes(body).decode("gb18030", "replace").encode("utf-8"))
    content = bytes(body)
    return (
        content + f"T|{hashlib.sha256(content).hexdigest()}\r\n".encode()
        if dice.random() < 0.7
        else content + good[len(body) :]
    )


@pytest.mark.slow
def test_a_thousand_mutated_files_post_nothing_twice():
    """Quality plan: replayed, reordered, truncated, edited, re-encoded, with and without a digest that fits."""
    batch = sent(4)
    lines = list(queries.lines_of(batch.pk))
    parts = [answer(batch, ["PAID", "FAIL"], lines=lines[:2]), answer(batch, ["PAID", "PAID"], lines=lines[2:])]
    dice = random.Random(20260420)  # noqa: S311 a repeatable test
    taken = refused = 0
    for n in range(1000):
        content = hurt(dice.choice(parts), dice)
        try:
            with transaction.atomic():
                taken += take(batch, content)
        except Refused:
            refused += 1
        if n % 250 == 0:
            assert queries.broken_invariants() == []
    assert queries.broken_invariants() == []
    assert refused > 500
    assert taken <= 4
    held = {one.kind: one.balance_fen for one in LedgerAccount.objects.filter(fund="employment")}
    assert held["paid"] + held["transit"] + held["reserved"] == 600_000
    assert LedgerEntry.objects.filter(transaction__kind__in=["settle", "fail"]).count() == 2 * taken


@pytest.fixture
def bank_at(settings, monkeypatch):
    monkeypatch.setattr(bank, "LATE_SECONDS", 0.0)
    monkeypatch.setattr(bank, "KEY", b"a key of the test")
    monkeypatch.setattr(bank, "TROUBLE", list(bank.TROUBLES))
    monkeypatch.setattr(bank.Handler, "vault", bank.Vault())
    server = ThreadingHTTPServer(("127.0.0.1", 0), bank.Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.BANK_KEY, settings.BANK_URL = "a key of the test", f"http://127.0.0.1:{server.server_port}"
    yield server
    server.shutdown()
    server.server_close()


@pytest.mark.enable_socket
def test_a_bank_that_does_everything_wrong(bank_at, monkeypatch):
    """Over HTTP with the separate program: returns doubled, cut, edited, re-encoded; one payment that it says only
    when asked, one that it never says, one paid twice and taken back a day later. Nothing is posted twice."""
    f.load_terms()
    tails = ("11", "22", "33", "21", "23")
    people = [f.payee(n, f"62284800000000{tail}") for n, tail in enumerate(tails)]
    claims = _approved(people)
    batch = f.actions.make_batch(by=f.account("county-reviewer"), claim_ids=claims, now=f.LATER)
    actions.check_batch(by=f.account("county-finance"), batch_id=batch.pk, now=f.LATER)
    actions.release_batch(by=f.account("county-finance-releaser"), batch_id=batch.pk, now=f.LATER)
    for _ in range(3):
        call_command("exchange_with_bank", stderr=StringIO(), stdout=StringIO())
    assert [one.state for one in queries.lines_of(batch.pk)] == ["paid", "paid", "failed", "sent", "sent"]
    assert BankFile.objects.filter(direction="refused").count() >= 4  # kept once, as evidence
    assert actions.ask_outcomes(batch_id=batch.pk, now=timezone.now()) == 1
    assert [one.state for one in queries.lines_of(batch.pk)] == ["paid", "paid", "failed", "paid", "sent"]
    today = timezone.localdate()
    monkeypatch.setattr(bank, "today", lambda: today + timedelta(days=2))
    for n in range(2):
        content = adapters.statement_for("320102", today + timedelta(days=n))
        actions.take_statement(content=content, now=timezone.now() + timedelta(days=n + 1))
        assert [one.state for one in Difference.objects.all()] == [["open"], ["settled"]][n]
    assert Difference.objects.get().kind == "twice"
    call_command("verify_ledger", stdout=StringIO())


def _approved(people):
    klass = f.assessed_class(persons=people)
    filed, _against = f.actions.file_class_claims(by=f.manager_of(klass), class_id=klass.pk, now=f.NOW)
    officers = f.account("county-reviewer"), f.account("county-second-reviewer")
    for by, move in zip(officers, ("pass-first", "pass-second"), strict=True):
        for one in filed:
            f.actions.review_claim(by=by, claim_id=one.pk, move=move, now=f.NOW)
    notice = f.actions.publish_claims(by=officers[0], now=f.NOW)
    f.actions.finish_publicity(publicity_id=notice.pk, now=f.LATER)
    return list(Claim.objects.values_list("pk", flat=True))


@pytest.mark.enable_socket
def test_a_bank_that_is_gone_settles_nothing(settings, bank_at):
    batch = sent(1)
    bank_at.shutdown()
    bank_at.server_close()
    assert actions.ask_outcomes(batch_id=batch.pk, now=NEXT) == 0
    assert queries.lines_of(batch.pk).get().state == "sent"


def test_a_batch_is_never_handed_over_under_another_number(monkeypatch):
    """The line breaks with an unknown outcome: whatever is tried again bears the same number and content."""
    batch, offered = released(1), []

    def broken(number, content):
        offered.append((number, content))
        raise httpx.ReadTimeout("")

    monkeypatch.setattr(adapters, "hand_over", broken)
    for _ in range(3):
        with pytest.raises(httpx.ReadTimeout):
            actions.send_batch(batch_id=batch.pk, now=f.LATER)
    assert len(set(offered)) == 1
    monkeypatch.setattr(adapters, "hand_over", lambda number, content: offered.append((number, content)) or True)
    assert actions.send_batch(batch_id=batch.pk, now=f.LATER)
    assert len(set(offered)) == 1
