"""Account ownership: asked before money leaves, and anything but a match keeps it here (N14.1, N16.3)."""

import threading
from datetime import timedelta
from http.server import ThreadingHTTPServer

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from rollbook.funds import actions, adapters, queries
from rollbook.funds.models import Ownership, PaymentBatch
from rollbook.journal.models import Entry
from rollbook.kernel.reasons import Forbidden, NotFound, Refused
from rollbook.subsidies import actions as subsidies
from rollbook.subsidies.tests import factories as f
from simulators import bank

pytestmark = pytest.mark.django_db


@pytest.fixture
def bank_at(settings, monkeypatch):
    monkeypatch.setattr(bank, "LATE_SECONDS", 0.0)
    monkeypatch.setattr(bank, "SLOW_SECONDS", 0.4)
    monkeypatch.setattr(adapters, "OWNERSHIP_SECONDS", 0.2)
    monkeypatch.setattr(bank, "KEY", b"a key of the test")
    monkeypatch.setattr(bank.Handler, "vault", bank.Vault())
    server = ThreadingHTTPServer(("127.0.0.1", 0), bank.Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.BANK_KEY, settings.BANK_URL = "a key of the test", f"http://127.0.0.1:{server.server_port}"
    yield server
    server.shutdown()
    server.server_close()


def checked(*accounts, **values):
    people = [f.payee(n, f"62284800000000{end}", is_owner=False) for n, end in enumerate(accounts)]
    keys = [one.pk for one in f.approved(persons=people)]
    batch = subsidies.make_batch(by=f.account("county-reviewer"), claim_ids=keys, now=f.LATER)
    return actions.check_batch(by=f.account("county-finance"), batch_id=batch.pk, now=f.LATER)


def released(batch, now=f.LATER):
    return actions.release_batch(by=f.account("county-finance-releaser"), batch_id=batch.pk, now=now)


def codes(batch, now=f.LATER):
    with pytest.raises(Refused) as refusal, transaction.atomic():
        released(batch, now)
    batch.refresh_from_db()
    assert batch.state == "checked"
    assert queries.broken_invariants() == []
    return [one.code for one in refusal.value.reasons]


@pytest.mark.enable_socket
def test_each_answer_of_the_bank(bank_at):
    """Match, mismatch, closed, unknown, slow, down: only the first lets money leave, and every line says why."""
    batch = checked("11", "77", "99", "55", "66", "44")
    assert codes(batch) == ["owner-pending"] * 6
    assert actions.ask_owners(batch_id=batch.pk, now=f.LATER) == 4
    said = list(queries.with_owners(queries.lines_of(batch.pk)).values_list("ownership", flat=True))
    assert said == ["match", "mismatch", "closed", "unknown", "pending", "pending"]
    assert codes(batch) == ["owner-wrong"] * 3 + ["owner-pending"] * 2
    assert Entry.objects.filter(kind="person.account-checked").count() == 4
    assert not Ownership.objects.filter(outcome="pending", answered_at__isnull=False).exists()


@pytest.mark.enable_socket
def test_what_is_known_is_not_asked_again_until_it_is_old(bank_at, monkeypatch):
    batch = checked("11", "12")
    assert actions.ask_owners(batch_id=batch.pk, now=f.LATER) == 2
    assert actions.ask_owners(batch_id=batch.pk, now=f.LATER) == 0
    later = f.LATER + timedelta(91)
    assert codes(batch, later) == ["owner-old"] * 2
    bank_at.shutdown()
    bank_at.server_close()  # no answer takes nothing back
    assert actions.ask_owners(batch_id=batch.pk, now=f.LATER + timedelta(90)) == 0
    assert set(Ownership.objects.values_list("outcome", flat=True)) == {"match"}
    assert released(batch).state == "released"


@pytest.mark.enable_socket
def test_a_bank_that_is_down_is_not_asked_for_every_line(settings):
    settings.BANK_URL = "http://127.0.0.1:9"
    batch = checked("11", "12", "13", "14", "15")
    assert actions.ask_owners(batch_id=batch.pk, now=f.LATER) == 0
    assert Ownership.objects.filter(outcome="pending").count() == 3


@pytest.mark.enable_socket
def test_an_answer_that_is_not_the_banks_counts_for_nothing(bank_at, settings, monkeypatch):
    batch = checked("11")
    monkeypatch.setattr(adapters, "is_signed", lambda answer: False)
    assert actions.ask_owners(batch_id=batch.pk, now=f.LATER) == 0
    assert codes(batch) == ["owner-pending"]


@pytest.mark.parametrize("outcome", ["pending", "mismatch", "closed", "unknown"])
def test_the_database_knows_too(outcome):
    batch = checked("11")
    f.owned(batch.lines.get().person, outcome)
    with pytest.raises(IntegrityError), transaction.atomic():
        PaymentBatch.objects.filter(pk=batch.pk).update(
            state="released", released_by=f.account("county-finance-releaser")
        )


def test_an_answer_for_an_account_left_meanwhile_is_dropped():
    batch = checked("11")
    line = batch.lines.get()
    line.person.bank_digest = "another"
    line.person.save()
    said = actions.learn_owner(
        person_id=line.person_id, bank_digest=line.bank_digest, outcome="match", detail="", now=f.LATER
    )
    assert said is None
    assert codes(batch) == ["account-changed"]


def test_the_page_shows_it_and_asks_again(client, settings):
    settings.DEMO = True
    batch = checked("11", "77")
    one, other = (line.person for line in queries.lines_of(batch.pk))
    f.owned(one)
    f.owned(other, "mismatch")
    releaser = f.account("county-finance-releaser")
    client.force_login(releaser)
    page = client.get(reverse("funds:batch_detail", args=[batch.pk]), headers={"accept-language": "en"})
    assert "cannot be paid for" in page.content.decode()
    found = client.get(reverse("funds:batch_detail", args=[batch.pk]), {"ownership": "mismatch"}).content.decode()
    assert (f">{other.name}<" in found, f">{one.name}<" in found) == (True, False)
    assert client.post(reverse("funds:request_owners", args=[batch.pk])).status_code == 302
    assert Entry.objects.filter(kind="batch.owners-asked", by=releaser).count() == 1
    assert client.get(f"/api/payments/batches/{batch.pk}/lines").json()["items"][1]["ownership"] == "mismatch"
    assert client.post(f"/api/payments/batches/{batch.pk}/owners").status_code in (200, 403)


def test_who_may_have_the_bank_asked():
    batch = checked("11")
    for role in ("auditor", "city-finance"):
        with pytest.raises(Forbidden):
            actions.request_owners(by=f.account(role), batch_id=batch.pk, now=f.LATER)
    with pytest.raises(NotFound):
        actions.request_owners(by=f.account("county-finance", region_code="320104"), batch_id=batch.pk, now=f.LATER)
    f.owned(batch.lines.get().person)
    released(batch)
    with pytest.raises(Refused):
        actions.request_owners(by=f.account("county-finance"), batch_id=batch.pk, now=f.LATER)
