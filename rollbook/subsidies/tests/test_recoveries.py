"""Money that was paid and is to come back: ordered, confirmed, received in parts, shown (N6.4, N7.5, N14.2)."""

from datetime import date, timedelta

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from rollbook.funds import actions, queries
from rollbook.funds.models import LedgerAccount, LedgerEntry, Receipt, Recovery
from rollbook.kernel.reasons import Forbidden, NotFound, Refused
from rollbook.persons.tests.factories import PersonFactory
from rollbook.subsidies.queries import disclosed
from rollbook.subsidies.tests import factories as f
from rollbook.subsidies.tests.test_payments import answer, sent, take

pytestmark = pytest.mark.django_db
LATER = f.LATER + timedelta(days=5)
DAY = date(2026, 4, 25)


def paid():
    batch = sent(1)
    take(batch, answer(batch, ["PAID"]))
    return batch.lines.get()


def order(line, by=None, **values):
    wanted = {
        "ground": "revoked",
        "why": "证书作废",
        "document": "宁人社〔2026〕5号",
        "amount_fen": 150_000,
        "now": LATER,
    }
    return actions.order_recovery(by=by or f.account("county-reviewer"), reference=line.reference, **(wanted | values))


def confirm(one, by=None, *, granted=True, finding=""):
    by = by or f.account("county-finance")
    return actions.decide_recovery(by=by, recovery_id=one.pk, granted=granted, finding=finding, now=LATER)


def receive(one, amount_fen, document="回单1", by=None, **values):
    wanted = {"received_on": DAY, "now": LATER} | values
    by = by or f.account("county-finance")
    return actions.receive(by=by, recovery_id=one.pk, amount_fen=amount_fen, document=document, **wanted)


def state():
    return (
        list(Recovery.objects.order_by("pk").values_list("pk", "state", "received_fen")),
        Receipt.objects.count(),
        LedgerEntry.objects.count(),
    )


def refuses(code, deed, *args, **kwargs):
    before = state()
    with pytest.raises(Refused) as refusal, transaction.atomic():
        deed(*args, **kwargs)
    assert code in [one.code for one in refusal.value.reasons]
    assert state() == before


def held(kind):
    return sum(LedgerAccount.objects.filter(kind=kind, fund="employment").values_list("balance_fen", flat=True))


def test_ordered_confirmed_and_received_in_parts():
    one = order(paid())
    refuses("not-open", receive, one, 1)
    assert confirm(one).due_on == DAY + timedelta(days=30)
    budget = held("budget")
    receive(one, 50_000)
    refuses("receipt-there", receive, one, 50_000)
    refuses("receipt-amount", receive, one, 100_001, "回单2")
    refuses("receipt-day", receive, one, 1, "回单2", received_on=DAY + timedelta(days=1))
    refuses("receipt-paper", receive, one, 1, " ")
    receive(one, 100_000, "回单2")
    one.refresh_from_db()
    assert (one.state, one.received_fen) == ("done", 150_000)
    assert (held("paid"), held("budget") - budget) == (0, 150_000)
    refuses("not-open", receive, one, 1, "回单3")
    assert queries.broken_invariants() == []


def test_money_of_an_earlier_year_goes_back_to_the_treasury():
    one = order(paid())
    confirm(one)
    treasury = held("treasury")
    receive(one, 150_000, received_on=date(2027, 1, 5), now=LATER + timedelta(days=300))
    assert held("treasury") - treasury == 150_000
    assert queries.broken_invariants() == []


def test_no_more_comes_back_than_was_paid():
    line = paid()
    refuses("recovery-amount", order, line, amount_fen=150_001)
    refuses("recovery-amount", order, line, amount_fen=0)
    refuses("recovery-why", order, line, why=" ")
    refuses("ground", order, line, ground="mood")
    order(line, amount_fen=100_000)
    refuses("recovery-amount", order, line, amount_fen=50_001)
    refused = confirm(order(line, amount_fen=50_000), granted=False, finding="证书有效")
    assert refused.state == "refused"
    order(line, amount_fen=50_000)
    by = f.account("county-reviewer")
    with pytest.raises(IntegrityError), transaction.atomic():
        Recovery.objects.create(line=line, region_code="320102", amount_fen=1, ordered_by=by, ordered_at=LATER)


def test_only_what_was_paid_comes_back():
    batch = sent(1)
    refuses("not-paid", order, batch.lines.get())
    with pytest.raises(NotFound):
        actions.order_recovery(
            by=f.account("county-reviewer"), reference="nothing", ground="revoked", why="x", document="x",
            amount_fen=1, now=LATER,
        )  # fmt: skip


def test_the_office_orders_and_finance_confirms():
    line, person = paid(), PersonFactory()
    with pytest.raises(Forbidden):
        order(line, by=f.account("county-finance"))
    with pytest.raises(NotFound):
        order(line, by=f.account("county-reviewer", region_code="320104"))
    one = order(line, by=f.account("county-reviewer", person_id=person.pk))
    with pytest.raises(Forbidden):
        confirm(one, by=f.account("county-reviewer"))
    with pytest.raises(NotFound):
        confirm(one, by=f.account("county-finance", region_code="320104"))
    refuses("why", confirm, one, granted=False)
    by = f.account("county-finance")
    with pytest.raises(IntegrityError), transaction.atomic():
        Recovery.objects.update(state="open", decided_by=by, decided_person=person, decided_at=LATER, due_on=DAY)
    confirm(one)
    refuses("decided", confirm, one)


def test_the_database_keeps_what_was_ordered_and_received():
    one = order(paid())
    confirm(one)
    receive(one, 50_000)
    for change in ({"amount_fen": 1}, {"received_fen": 0}, {"received_fen": 150_001}, {"state": "done"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Recovery.objects.update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        Receipt.objects.update(amount_fen=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        Recovery.objects.all().delete()


def test_what_is_overdue_is_shown_and_what_came_back_is_disclosed(client, settings):
    settings.DEMO = True
    line = paid()
    one = order(line)
    confirm(one)
    found = queries.recoveries_visible_to(f.account("county-finance"), one.ordered_at.date() + timedelta(days=31))
    assert [row.is_overdue for row in found] == [True]
    found = queries.recoveries_visible_to(f.account("county-finance"), DAY + timedelta(days=30))
    assert [row.is_overdue for row in found] == [False]
    receive(one, 60_000)
    f.actions.settle_payment(subject=line.subject, is_paid=True, failure="", now=f.LATER)
    assert "¥600.00" in client.get(reverse("portal:disclosure")).text
    client.force_login(f.account("county-reviewer"))
    claim_id = line.subject.rpartition(":")[2]
    assert "¥600.00" in client.get(reverse("subsidies:claim_detail", args=[claim_id])).text
    assert disclosed().get().recovered_fen == 60_000


def test_the_pages_order_confirm_and_receive(client, settings):
    settings.DEMO = True
    line = paid()
    client.force_login(f.account("county-reviewer"))
    batch_page = client.get(reverse("funds:batch_detail", args=[line.batch_id])).text
    assert f"?reference={line.reference}" in batch_page
    wanted = {"reference": line.reference, "amount": "1500", "ground": "fraud", "why": "冒名", "document": "宁人社9号"}
    posted = client.post(reverse("funds:recovery_list"), wanted)
    one = Recovery.objects.get()
    assert posted["Location"] == reverse("funds:recovery", args=[one.pk])
    client.force_login(f.account("county-finance"))
    client.post(reverse("funds:decide_recovery", args=[one.pk]), {"move": "grant"})
    today = timezone.localdate().isoformat()
    form = {"amount": "500", "received_on": today, "document": "回单1"}
    assert client.post(reverse("funds:receive", args=[one.pk]), form).status_code == 302
    text = client.get(reverse("funds:recovery", args=[one.pk])).text
    assert "¥500.00" in text
    assert "¥1,000.00" in text
    assert "宁人社9号" in client.get(reverse("funds:recovery_list"), {"q": "宁人社"}).text
    assert client.get("/api/payments/recoveries").json()["items"][0]["received_fen"] == 50_000
    assert client.get(reverse("funds:recovery_list"), {"export": "1"}).status_code == 200
