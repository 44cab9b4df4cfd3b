"""Batches and the bank's files: three people, one payment each, hostile returns (N14.1, N16.3)."""

import random
import threading
from http.server import ThreadingHTTPServer

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from rollbook.funds import actions, files, queries
from rollbook.funds.models import BankFile, LedgerAccount, LedgerEntry, PaymentBatch, PaymentLine
from rollbook.kernel.reasons import Forbidden, NotFound, Refused
from rollbook.subsidies import actions as subsidies
from rollbook.subsidies.models import Claim
from rollbook.subsidies.tests import factories as f
from simulators import bank

pytestmark = pytest.mark.django_db


def prepared(count=3):
    keys = [one.pk for one in f.approved(count)]
    return subsidies.make_batch(by=f.account("county-reviewer"), claim_ids=keys, now=f.LATER)


def released(count=3):
    batch = prepared(count)
    actions.check_batch(by=f.account("county-finance"), batch_id=batch.pk, now=f.LATER)
    return actions.release_batch(by=f.account("county-finance-releaser"), batch_id=batch.pk, now=f.LATER)


def sent(count=3):
    batch = released(count)
    PaymentBatch.objects.filter(pk=batch.pk).update(state="sent", sent_at=f.LATER)
    return batch


def answer(batch, statuses, *, lines=None):
    lines = lines or list(queries.lines_of(batch.pk))
    rows = [
        f"D|{one.reference}|{one.amount_fen}|{status}|B{one.pk}|{'' if status == 'PAID' else '账户已销户'}"
        for one, status in zip(lines, statuses, strict=False)
    ]
    total = sum(one.amount_fen for one, _status in zip(lines, statuses, strict=False))
    return files.closed([f"H|1|RET|{batch.number}|{len(rows)}|{total}", *rows])


def take(batch, content):
    return actions.take_return(batch_id=batch.pk, content=content, now=f.LATER)


def state():
    return (
        list(PaymentLine.objects.order_by("pk").values_list("pk", "state")),
        list(PaymentBatch.objects.order_by("pk").values_list("pk", "state", "checked_by", "released_by")),
        list(LedgerAccount.objects.order_by("pk").values_list("pk", "balance_fen")),
        LedgerEntry.objects.count(),
        BankFile.objects.count(),
    )


def refuses(code, deed, *args, **kwargs):
    before = state()
    with pytest.raises(Refused) as refusal:
        deed(*args, **kwargs)
    assert code in [one.code for one in refusal.value.reasons]
    assert state() == before


def held(kind):
    return LedgerAccount.objects.get(kind=kind, fund="employment").balance_fen


def test_paid_failed_partial_and_again():
    batch = sent(3)
    one, other, last = queries.lines_of(batch.pk)
    first = answer(batch, ["PAID", "FAIL"], lines=[one, other])
    assert take(batch, first) == 2
    assert take(batch, first) == 0  # the same file counts once
    assert (held("paid"), held("transit"), held("reserved")) == (150_000, 150_000, 150_000)
    refuses("bank-contradiction", take, batch, answer(batch, ["FAIL"], lines=[one]))
    assert take(batch, answer(batch, ["PAID", "PAID"], lines=[one, last])) == 1  # a late one, with an old answer
    batch.refresh_from_db()
    assert (batch.state, held("transit")) == ("settled", 0)
    assert queries.broken_invariants() == []


def closed(text):
    return files.closed(text.split("\n"))


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("bank-digest", lambda good, _batch: good[:-20]),
        ("bank-digest", lambda good, _batch: good.replace(b"150000", b"150001", 1)),
        ("bank-digest", lambda _good, _batch: b""),
        ("bank-encoding", lambda _good, batch: _raw(b"H|1|RET|" + batch.number.encode() + b"|0|0\r\n\xff\xff\r\n")),
        ("bank-header", lambda _good, _batch: closed("H|1|RET|OTHER|0|0")),
        ("bank-header", lambda _good, batch: closed(f"H|1|OUT|{batch.number}|0|0")),
        ("bank-sum", lambda _good, batch: closed(f"H|1|RET|{batch.number}|1|5")),
        ("bank-record", lambda _good, batch: closed(f"H|1|RET|{batch.number}|1|5\nD|x|5|MAYBE|b|")),
        ("bank-reference", lambda _good, batch: closed(f"H|1|RET|{batch.number}|1|5\nD|x|5|PAID|b|")),
    ],
)
def test_a_wrong_return_is_refused_whole(code, change):
    batch = sent(1)
    refuses(code, take, batch, change(answer(batch, ["PAID"]), batch))


def _raw(body):
    import hashlib

    return body + f"T|{hashlib.sha256(body).hexdigest()}\r\n".encode()


def test_all_that_is_wrong_is_told_at_once():
    batch = sent(2)
    one, other = queries.lines_of(batch.pk)
    rows = [f"D|{one.reference}|1|PAID|b|", "D|nobody|1|PAID|b|", f"D|{other.reference}|150000|PERHAPS|b|"]
    content = files.closed([f"H|1|RET|{batch.number}|3|3", *rows])
    with pytest.raises(Refused) as refusal:
        take(batch, content)
    assert [one.code for one in refusal.value.reasons] == ["bank-amount", "bank-reference", "bank-record"]


def test_random_damage_never_posts_twice_or_more_than_was_sent():
    """Three hundred mutations, half of them with a digest that fits: the books stay right."""
    batch = sent(3)
    good = answer(batch, ["PAID", "FAIL", "PAID"])
    body = good[: good.rfind(b"T|")]
    dice = random.Random(7)  # noqa: S311 a repeatable test
    for n in range(300):
        hurt = bytearray(body)
        for _ in range(dice.randint(1, 3)):
            at = dice.randrange(len(hurt))
            match dice.randrange(3):
                case 0:
                    hurt[at] = dice.randrange(256)
                case 1:
                    del hurt[at]
                case _:
                    hurt[at:at] = hurt[at : at + dice.randint(1, 40)]
        content = _raw(bytes(hurt)) if n % 2 else bytes(hurt) + good[len(body) :]
        try:
            with transaction.atomic():
                take(batch, content)
        except Refused:
            pass
    assert queries.broken_invariants() == []
    # An account is opened by its first posting: where all were refused, there is none for what was paid.
    shares = LedgerAccount.objects.filter(kind__in=["paid", "transit", "reserved"], fund="employment")
    assert sum(shares.values_list("balance_fen", flat=True)) == 450_000
    assert LedgerEntry.objects.filter(transaction__kind__in=["settle", "fail"]).count() <= 6


def test_checker_and_releaser_are_others():
    """N14.1: three people; what was changed after the check is not released."""
    batch = prepared(2)
    checker, releaser = f.account("county-finance"), f.account("county-finance-releaser")
    actions.check_batch(by=checker, batch_id=batch.pk, now=f.LATER)
    refuses("wrong-state", actions.check_batch, by=checker, batch_id=batch.pk, now=f.LATER)
    PaymentLine.objects.filter(batch=batch, number=1).update(amount_fen=1)
    refuses("batch-changed", actions.release_batch, by=releaser, batch_id=batch.pk, now=f.LATER)
    actions.return_batch(by=releaser, batch_id=batch.pk, why="改动", now=f.LATER)
    batch.refresh_from_db()
    assert (batch.state, batch.checked_by) == ("draft", None)
    PaymentBatch.objects.filter(pk=batch.pk).update(made_by=checker)
    refuses("same-person", actions.check_batch, by=checker, batch_id=batch.pk, now=f.LATER)


@pytest.mark.parametrize("values", [{"checked_by": "made_by"}, {"state": "released"}, {"state": "checked"}])
def test_the_database_knows_the_hands_too(values):
    batch = prepared(1)
    values = {name: getattr(batch, value, value) for name, value in values.items()}
    with pytest.raises(IntegrityError), transaction.atomic():
        PaymentBatch.objects.filter(pk=batch.pk).update(**values)


def test_one_account_for_two_people_stops_the_check():
    """Domain 5.2, D26."""
    batch = prepared(2)
    digest = batch.lines.first().bank_digest
    batch.lines.update(bank_digest=digest)
    refuses("shared-account", actions.check_batch, by=f.account("county-finance"), batch_id=batch.pk, now=f.LATER)


def test_other_regions_neither_see_nor_touch_a_batch():
    batch = prepared(1)
    for role in ("county-finance", "county-finance-releaser", "county-reviewer"):
        assert not queries.visible_to(f.account(role, region_code="320104")).exists()
    with pytest.raises(NotFound):
        actions.check_batch(by=f.account("county-finance", region_code="320104"), batch_id=batch.pk, now=f.LATER)
    assert not queries.visible_to(f.account("institution-manager", institution_id=f.InstitutionFactory().pk)).exists()


def test_a_return_is_uploaded_by_who_releases():
    batch = sent(1)
    content = answer(batch, ["PAID"])
    with pytest.raises(Forbidden):
        actions.upload_return(by=f.account("county-reviewer"), batch_id=batch.pk, content=content, now=f.LATER)
    by = f.account("county-finance-releaser")
    assert actions.upload_return(by=by, batch_id=batch.pk, content=content, now=f.LATER) == 1


def test_the_pages_open(client, settings):
    settings.DEMO = True
    batch = sent(2)
    client.force_login(f.account("county-finance"))
    for name, args in (("balances", []), ("batch_list", []), ("batch_detail", [batch.pk]), ("return_list", [])):
        page = client.get(reverse(f"funds:{name}", args=args))
        assert page.status_code == 200, name
    assert client.get("/api/payments/batches").json()["items"][0]["number"] == batch.number
    client.force_login(f.account("system-administrator"))
    assert client.get(reverse("funds:batch_detail", args=[batch.pk])).status_code == 404
    assert client.get(reverse("funds:balances")).status_code == 403


@pytest.fixture
def bank_at(settings, monkeypatch):
    monkeypatch.setattr(bank, "LATE_SECONDS", 0.0)
    monkeypatch.setattr(bank, "KEY", b"a key of the test")
    monkeypatch.setattr(bank.Handler, "vault", bank.Vault())
    server = ThreadingHTTPServer(("127.0.0.1", 0), bank.Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.BANK_KEY, settings.BANK_URL = "a key of the test", f"http://127.0.0.1:{server.server_port}"
    yield server
    server.shutdown()
    server.server_close()


@pytest.mark.enable_socket
def test_the_bank_pays_over_http(bank_at, django_capture_on_commit_callbacks):
    """The whole exchange with the separate program: handed over once, paid, refused, settled."""
    from django.core.management import call_command

    f.load_terms()
    people = [f.payee(1, "6228480000000011"), f.payee(2, "6228480000000033"), f.payee(3, "6228480000000018")]
    klass = f.assessed_class(persons=people)
    filed, _ = subsidies.file_class_claims(by=f.manager_of(klass), class_id=klass.pk, now=f.NOW)
    officers = f.account("county-reviewer"), f.account("county-second-reviewer")
    for by, move in zip(officers, ("pass-first", "pass-second"), strict=True):
        for one in filed:
            subsidies.review_claim(by=by, claim_id=one.pk, move=move, now=f.NOW)
    notice = subsidies.publish_claims(by=officers[0], now=f.NOW)
    subsidies.finish_publicity(publicity_id=notice.pk, now=f.LATER)
    keys = list(Claim.objects.values_list("pk", flat=True))
    batch = subsidies.make_batch(by=officers[0], claim_ids=keys, now=f.LATER)
    actions.check_batch(by=f.account("county-finance"), batch_id=batch.pk, now=f.LATER)
    actions.release_batch(by=f.account("county-finance-releaser"), batch_id=batch.pk, now=f.LATER)
    for _ in range(2):
        call_command("exchange_with_bank")
    states = [one.state for one in queries.lines_of(batch.pk)]
    assert states == ["paid", "failed", "paid"]
    batch.refresh_from_db()
    assert batch.state == "settled"
    call_command("verify_ledger")
