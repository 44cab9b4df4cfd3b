"""A payee changed after approval: approvals void, the payment held, the old contact told (N14.1)."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http.server import ThreadingHTTPServer

import pytest
from django.db import connection, transaction
from django.db.utils import IntegrityError
from django.urls import reverse

from rollbook.directory.models import Term
from rollbook.funds import actions, queries
from rollbook.funds.models import BankFile, LedgerAccount, PaymentBatch
from rollbook.journal.models import Entry
from rollbook.kernel.reasons import Refused
from rollbook.persons import actions as persons
from rollbook.persons.models import Notice, Person, Sealed
from rollbook.persons.sealing import seal
from rollbook.subsidies import actions as subsidies
from rollbook.subsidies.tests import factories as f
from simulators import messages

CARD = "6228480402564890018"
HOUR = timedelta(hours=1)


@pytest.fixture
def gateway(settings, monkeypatch):
    monkeypatch.setattr(messages, "KEY", b"a key of the test")
    monkeypatch.setattr(messages.Handler, "taken", {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), messages.Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.MESSAGES_KEY, settings.MESSAGES_URL = "a key of the test", f"http://127.0.0.1:{server.server_port}"
    yield messages.Handler.taken
    server.shutdown()
    server.server_close()


def checked(count=2):
    batch = subsidies.make_batch(
        by=f.account("county-reviewer"), claim_ids=[one.pk for one in f.approved(count)], now=f.LATER
    )
    return actions.check_batch(by=f.account("county-finance"), batch_id=batch.pk, now=f.LATER)


def release(batch, now=f.LATER):
    return actions.release_batch(by=f.account("county-finance-releaser"), batch_id=batch.pk, now=now)


def change(person, card=CARD, now=f.LATER, **values):
    by = f.account("worker", person_id=person.pk)
    return persons.set_account(by=by, person_id=person.pk, bank="江苏银行", bank_account=card, now=now, **values)


def refused(deed, *args):
    with pytest.raises(Refused) as refusal:
        deed(*args)
    return [one.code for one in refusal.value.reasons]


def held(kind):
    return sum(LedgerAccount.objects.filter(kind=kind, fund="employment").values_list("balance_fen", flat=True))


def again(batch, now):
    """Checked anew, with the bank's word on the new account."""
    for line in batch.lines.all():
        actions.learn_owner(person_id=line.person_id, bank_digest=line.bank_digest, outcome="match", detail="", now=now)
    assert refused(lambda: actions.check_batch(by=f.account("county-finance"), batch_id=batch.pk, now=now)) == [
        "not-confirmed"
    ]
    actions.confirm_batch(by=f.account("county-reviewer"), batch_id=batch.pk, now=now)
    return actions.check_batch(by=f.account("county-finance"), batch_id=batch.pk, now=now)


@pytest.mark.django_db
def test_the_approvals_are_void_and_the_payment_waits_a_day():
    batch = checked()
    line = batch.lines.first()
    change(line.person)
    assert "account-changed" in refused(release, batch)  # even before the queue has run
    assert actions.account_changed(person_id=line.person_id, now=f.LATER) == [batch.number]
    assert actions.account_changed(person_id=line.person_id, now=f.LATER) == []
    batch.refresh_from_db()
    assert (batch.state, batch.checked_by, batch.digest) == ("draft", None, "")
    assert batch.lines.get(pk=line.pk).bank_masked == "江苏银行 0018"
    assert Entry.objects.filter(kind="batch.voided").count() == 1
    again(batch, f.LATER + HOUR)
    assert refused(release, batch, f.LATER + HOUR) == ["payee-held"]
    assert refused(release, batch, f.LATER + 24 * HOUR - timedelta(minutes=1)) == ["payee-held"]
    assert release(batch, f.LATER + 24 * HOUR).state == "released"
    assert queries.broken_invariants() == []


@pytest.mark.django_db
def test_the_hours_are_a_dated_term_of_the_region():
    batch = checked(1)
    Term.objects.filter(key="payee-hold-hours").update(value=72)
    line = batch.lines.get()
    change(line.person)
    actions.account_changed(person_id=line.person_id, now=f.LATER)
    again(batch, f.LATER)
    assert refused(release, batch, f.LATER + 71 * HOUR) == ["payee-held"]
    assert release(batch, f.LATER + 72 * HOUR).state == "released"


@pytest.mark.django_db
def test_what_was_released_and_not_offered_to_the_bank_is_taken_back():
    batch = checked()
    release(batch)
    lines = list(queries.lines_of(batch.pk))
    assert held("transit") == 300_000
    change(lines[0].person)
    assert actions.send_batch(batch_id=batch.pk, now=f.LATER) is False  # nor is it offered meanwhile
    actions.account_changed(person_id=lines[0].person_id, now=f.LATER)
    batch.refresh_from_db()
    assert (batch.state, batch.tried_at, batch.released_by) == ("draft", None, None)
    assert (held("transit"), held("reserved")) == (0, 300_000)
    assert [one.reference for one in queries.lines_of(batch.pk)] == [f"{one.reference}R1" for one in lines]
    later = f.LATER + 24 * HOUR
    again(batch, later)
    release(batch, later)
    assert (held("transit"), held("reserved")) == (300_000, 0)
    assert sorted(BankFile.objects.values_list("direction", flat=True)) == ["out", "void"]
    assert queries.broken_invariants() == []


@pytest.mark.django_db
def test_what_the_bank_may_have_is_final():
    """Its outcome may be unknown: nothing is voided, nothing is sent under another number."""
    batch = checked(1)
    release(batch)
    PaymentBatch.objects.filter(pk=batch.pk).update(tried_at=f.LATER)
    line = batch.lines.get()
    change(line.person)
    assert actions.account_changed(person_id=line.person_id, now=f.LATER) == []
    batch.refresh_from_db()
    assert batch.state == "released"


@pytest.mark.django_db(transaction=True)
def test_change_against_release(settings):
    """Whoever comes first, no money leaves for an account that was approved for another: eight rounds."""

    assert "rollbook.funds.tasks.account_changed" in settings.REACTIONS["person.account-changed"]
    [claim] = f.approved(1)
    maker, checker, releaser = map(f.account, ("county-reviewer", "county-finance", "county-finance-releaser"))
    worker = f.account("worker", person_id=claim.person_id)
    outcomes = set()
    for n in range(8):
        now = f.LATER + n * 25 * HOUR
        batch = subsidies.make_batch(by=maker, claim_ids=[claim.pk], now=now)
        f.owned(Person.objects.get(pk=claim.person_id))
        actions.check_batch(by=checker, batch_id=batch.pk, now=now)
        start = threading.Barrier(2)
        card = (CARD, "6222021234567890128")[n % 2]
        deeds = (
            lambda batch=batch, now=now: actions.release_batch(by=releaser, batch_id=batch.pk, now=now),
            lambda card=card, now=now: persons.set_account(
                by=worker, person_id=claim.person_id, bank="江苏银行", bank_account=card, now=now
            ),
        )

        def at_once(deed, start=start):
            try:
                start.wait()
                deed()
            except Refused:
                return
            finally:
                connection.close()

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(at_once, deeds))
        batch.refresh_from_db()
        outcomes.add(batch.state)
        assert actions.send_batch(batch_id=batch.pk, now=now) is False
        assert actions.account_changed(person_id=claim.person_id, now=now) == [batch.number]
        batch.refresh_from_db()
        assert (batch.state, held("transit")) == ("draft", 0)
        assert queries.broken_invariants() == []
        subsidies.cancel_batch(by=maker, batch_id=batch.pk, now=now)
    assert outcomes <= {"checked", "released"}


@pytest.mark.django_db
@pytest.mark.enable_socket
def test_the_old_contact_is_told_once(gateway, client, settings):
    person = f.payee(1)
    version, box = seal(person.pk, {"bank_account": "6228480000000010", "phone": "13800001234"})
    Sealed.objects.filter(person=person).update(key_version=version, box=box)
    change(person)
    notice = Notice.objects.get()
    assert (notice.phone_masked, notice.was, notice.now) == ("138****1234", "江苏银行 0001", "江苏银行 0018")
    assert persons.send_notices(now=f.LATER) == 1
    assert persons.send_notices(now=f.LATER) == 0
    [text] = gateway.values()
    assert "0018" in text
    assert CARD not in text
    notice.refresh_from_db()
    assert (notice.sent_at, notice.box) == (f.LATER, None)
    assert Entry.objects.filter(kind="person.told").count() == 1
    Notice.objects.update(at=f.LATER.now(f.LATER.tzinfo))
    client.force_login(f.account("worker", person_id=person.pk))
    assert "江苏银行 0018" in client.get(reverse("portal:me")).content.decode()


@pytest.mark.django_db
@pytest.mark.enable_socket
@pytest.mark.parametrize("down", [True, False])
def test_what_is_not_taken_is_sent_again(gateway, settings, down):
    """The gateway is down, or took it and the line broke: the same number once more."""
    person = f.payee(1)
    version, box = seal(person.pk, {"bank_account": "6228480000000010", "phone": "13800000503"})
    Sealed.objects.filter(person=person).update(key_version=version, box=box)
    change(person)
    good = settings.MESSAGES_URL
    settings.MESSAGES_URL = "http://127.0.0.1:9" if down else good
    assert persons.send_notices(now=f.LATER) == 0
    assert Notice.objects.get().tries == 1
    settings.MESSAGES_URL = good
    version, box = seal(person.pk, {"phone": "13800001234"})
    Notice.objects.update(key_version=version, box=box)
    gateway[f"account-{Notice.objects.get().pk}"] = "taken before"
    assert persons.send_notices(now=f.LATER) == 1
    assert list(gateway.values()) == ["taken before"]


@pytest.mark.django_db
def test_the_first_account_and_the_same_one_hold_nothing():
    person = f.payee(1)
    Person.objects.filter(pk=person.pk).update(bank_digest="", bank_masked="")
    change(person)
    change(person)
    person.refresh_from_db()
    assert (person.account_changed_at, Notice.objects.count()) == (None, 0)


@pytest.mark.django_db
def test_the_card_is_the_rule_and_another_account_has_a_reason(client, settings):
    """N16.3: the social security card unless a reason is given; shown, and a list of those paid elsewhere."""
    settings.DEMO = True
    person = f.payee(1)
    assert person.account_kind == "social-card"
    with pytest.raises(Refused, match="account-why"):
        change(person, kind="other")
    with pytest.raises(Refused, match="account-kind"):
        change(person, kind="cash")
    change(person, kind="other", why="社保卡未激活")
    with pytest.raises(IntegrityError), transaction.atomic():
        Person.objects.filter(pk=person.pk).update(account_why="")
    client.force_login(f.account("county-reviewer"))
    assert "社保卡未激活" in client.get(reverse("persons:person_detail", args=[person.pk])).content.decode()
    other = f.payee(2)
    page = client.get(reverse("persons:person_list"), {"account_kind": "other"}).content.decode()
    assert (f"/persons/{person.pk}/" in page, f"/persons/{other.pk}/" in page) == (True, False)
    change(person, now=f.LATER)
    person.refresh_from_db()
    assert (person.account_kind, person.account_why) == ("social-card", "")
