"""How a recovery is paid: instalments, interest, written off and opened again (N6.4, N7.5, N14.1)."""

from datetime import date, timedelta

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from rollbook.funds import actions, queries, rules
from rollbook.funds.models import (
    Instalment,
    Plan,
    Recovery,
    WriteOff,
)
from rollbook.funds.rules import Part
from rollbook.kernel.reasons import Forbidden, NotFound
from rollbook.persons import queries as persons
from rollbook.persons.models import Notice
from rollbook.subsidies.tests import factories as f
from rollbook.subsidies.tests.debts import (
    LATER,
    TODAY,
    K,
    agree,
    held,
    ordered,
    paying,
    receive,
    refuses,
    told,
)

pytestmark = pytest.mark.django_db


class TestRules:
    """N6.4: figures of instalments, interest and set-off."""

    @pytest.mark.parametrize(
        ("left", "first", "count", "wanted"),
        [
            (100_000, date(2026, 5, 31), 3, [("2026-05-31", 33_333), ("2026-06-30", 33_333), ("2026-07-31", 33_334)]),
            (100, date(2026, 12, 15), 2, [("2026-12-15", 50), ("2027-01-15", 50)]),
            (100, date(2027, 1, 31), 2, [("2027-01-31", 50), ("2027-02-28", 50)]),
            (7, date(2026, 5, 1), 1, [("2026-05-01", 7)]),
        ],
    )
    def test_evenly(self, left, first, count, wanted):
        assert [(str(one.due_on), one.amount_fen) for one in rules.evenly(left, first, count)] == wanted

    @pytest.mark.parametrize(
        ("total", "rate", "days", "wanted"),
        [
            (100_000, 0, 400, (100_000, 0)),
            (100_000, 365, 0, (100_000, 0)),
            (101_000, 365, 100, (100_000, 1_000)),  # 3.65 % a year: 1 % in 100 days
            (50_000, 365, 100, (49_505, 495)),
            (1, 2_400, 3_000, (1, 0)),
        ],
    )
    def test_interest_is_apart_and_rounded_down(self, total, rate, days, wanted):
        assert rules.split(total, rate=rate, days=days) == wanted

    @pytest.mark.parametrize("left", [1, 99, 100, 150_000, 999_999_999])
    @pytest.mark.parametrize(("rate", "days"), [(0, 10), (365, 1), (365, 100), (1_500, 4_000), (10_000, 365)])
    def test_who_pays_off_pays_back_all_of_it(self, left, rate, days):
        back, interest = rules.split(rules.payoff(left, rate=rate, days=days), rate=rate, days=days)
        assert back == left
        assert interest == left * rate * days // (365 * 10_000)

    @pytest.mark.parametrize(
        ("paid", "due", "percent", "kept", "wanted"),
        [
            (150_000, 150_000, 50, 0, 75_000),
            (150_000, 10_000, 50, 0, 10_000),
            (150_000, 150_000, 0, 0, 0),
            (150_000, 150_000, 100, 0, 148_500),  # something always goes to the bank
            (150_000, 150_000, 50, 100_000, 50_000),
            (150_000, 150_000, 50, 200_000, 0),
            (1, 1, 99, 0, 0),
        ],
    )
    def test_set_off_within_the_terms(self, paid, due, percent, kept, wanted):
        assert rules.set_off(paid, due, percent=percent, kept_fen=kept) == wanted

    def test_due_by(self):
        parts = [(date(2026, 5, 1), 100), (date(2026, 6, 1), 250)]
        found = [rules.due_by(parts, date(2026, month, 1)) for month in (4, 5, 6)]
        assert found == [0, 100, 250]


def test_a_plan_is_agreed_kept_reminded_of_and_overdue(money):
    person = f.payee(1)
    one = ordered(paying(person))
    agree(one, Part(date(2026, 5, 10), 50_000), Part(date(2026, 6, 10), 100_000))
    one.refresh_from_db()
    assert one.due_on == date(2026, 6, 10)
    assert paying(person, 100_000, statuses=()).netted_fen == 0, "who keeps the plan is paid in full"
    receive(one, 20_000)
    assert actions.remind(region_code="320102", now=LATER) == 0
    at = LATER + timedelta(days=15)  # 5 May
    assert [actions.remind(region_code="320102", now=at) for _ in range(2)] == [1, 0]
    assert told()[-1] == ("instalment", "300.00", "2026-05-10")
    late = date(2026, 5, 11)
    by = f.account("county-finance")
    assert [row.is_overdue for row in queries.recoveries_visible_to(by, late)] == [True]
    assert [row.is_overdue for row in queries.recoveries_visible_to(by, date(2026, 5, 10))] == [False]
    call_command("daily_funds")
    assert told()[-1][0] == "overdue"
    receive(one, 30_000, "回单2")
    assert [row.is_overdue for row in queries.recoveries_visible_to(by, late)] == [False]
    assert queries.broken_invariants() == []


def test_an_instalment_that_did_not_come_is_set_off(money):
    person = f.payee(1)
    one = ordered(paying(person), now=LATER - timedelta(days=10))
    agree(one, Part(date(2026, 4, 15), 20_000), Part(date(2026, 6, 10), 130_000), now=LATER - timedelta(days=9))
    assert paying(person, 100_000, statuses=()).netted_fen == 20_000


def test_a_plan_says_all_of_it_on_days_ahead(money):
    one = ordered(paying(f.payee(1)))
    may, june = date(2026, 5, 10), date(2026, 6, 10)
    refuses("plan-sum", agree, one, Part(may, 149_999))
    refuses("plan-sum", agree, one, Part(may, 150_001), Part(june, -1))
    refuses("plan-sum", agree, one)
    refuses("plan-days", agree, one, Part(june, 75_000), Part(may, 75_000))
    refuses("plan-days", agree, one, Part(may, 75_000), Part(may, 75_000))
    refuses("plan-days", agree, one, Part(TODAY, 150_000))
    refuses("plan-days", agree, one, Part(date(2028, 4, 21), 150_000))
    refuses("not-open", agree, ordered(paying(f.payee(2)), confirmed=False), Part(may, 150_000))
    for role in ("county-reviewer", "auditor"):
        with pytest.raises(Forbidden):
            agree(one, Part(may, 150_000), by=f.account(role))
    with pytest.raises(NotFound):
        agree(one, Part(may, 150_000), by=f.account("county-finance", region_code="320104"))


def test_another_plan_follows_and_one_that_is_not_kept_ends(money):
    one = ordered(paying(f.payee(1)))
    agree(one, Part(date(2026, 5, 10), 150_000))
    agree(one, Part(date(2026, 6, 10), 50_000), Part(date(2026, 7, 10), 100_000))
    assert Plan.objects.filter(ended_at=None).count() == 1
    refuses("why", actions.end_plan, by=f.account("county-finance"), recovery_id=one.pk, why=" ", now=LATER)
    actions.end_plan(by=f.account("county-finance"), recovery_id=one.pk, why="两期未付", now=LATER)
    one.refresh_from_db()
    assert one.due_on == date(2026, 5, 20), "as before any plan"
    refuses("no-plan", actions.end_plan, by=f.account("county-finance"), recovery_id=one.pk, why="x", now=LATER)
    for change in ({"amount_fen": 1}, {"due_on": TODAY}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Instalment.objects.update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        Plan.objects.update(document="x")
    assert queries.broken_invariants() == []


# Interest


def interest(rate, since=0):
    from rollbook.directory.models import Term

    Term.objects.filter(key="recovery-interest").update(value=rate)
    Term.objects.filter(key="recovery-interest-from").update(value=since)


def test_interest_from_the_last_day_is_received_apart(money):
    interest(365)
    one = ordered(paying(f.payee(1)), 100_000)
    late, now = date(2026, 8, 28), LATER + timedelta(days=130)  # 100 days after 20 May
    refuses("receipt-amount", receive, one, 101_001, on=late, now=now)
    paid, budget = held(K.PAID), held(K.BUDGET)
    receipt = receive(one, 101_000, on=late, now=now)
    one.refresh_from_db()
    assert (one.state, receipt.amount_fen, receipt.interest_fen) == ("done", 100_000, 1_000)
    assert (paid - held(K.PAID), held(K.BUDGET) - budget) == (100_000, 100_000)
    assert (held(K.INTEREST), held(K.OUTSIDE)) == (1_000, -1_000)
    assert queries.broken_invariants() == []


def test_interest_from_the_payment_and_as_the_term_was(money):
    interest(365, since=1)
    one = ordered(paying(f.payee(1)), 100_000)
    assert (one.interest_rate, one.interest_since) == (365, TODAY)
    interest(9_999)
    assert receive(one, 50_000, on=date(2026, 7, 29), now=LATER + timedelta(100)).interest_fen == 495
    with pytest.raises(IntegrityError), transaction.atomic():
        Recovery.objects.update(interest_rate=0)
    assert queries.broken_invariants() == []


def test_in_time_without_interest(money):
    interest(365)
    one = ordered(paying(f.payee(1)))
    assert receive(one, 150_000, on=date(2026, 5, 20), now=LATER + timedelta(30)).interest_fen == 0


def test_the_pages_do_all_of_it(client, settings, money):
    settings.DEMO = True
    person = f.payee(1)
    one = ordered(paying(person))
    line = paying(person, statuses=())
    client.force_login(f.account("county-finance"))
    page = client.get(reverse("funds:batch_detail", args=[line.batch_id])).text
    assert "¥1,500.00" in page
    assert "¥750.00" in page
    text = client.get(reverse("funds:recovery", args=[one.pk])).text
    assert line.reference in text
    url = reverse("funds:agree_plan", args=[one.pk])
    wrong = client.post(url, {"document": "协议", "rows": "morgen 5"})
    assert wrong.status_code == 422
    assert client.post(url, {"document": "协议"}).status_code == 422
    ahead = date.today() + timedelta(days=20)  # noqa: DTZ011 the pages have the real clock
    assert client.post(url, {"document": "协议", "first_on": ahead.isoformat(), "count": 3}).status_code == 302
    assert Instalment.objects.count() == 3
    rows = f"{ahead} 500.00\n{ahead + timedelta(30)} 1000"
    assert client.post(url, {"document": "协议", "rows": rows}).status_code == 302
    assert [part.amount_fen for part in Instalment.objects.filter(plan__ended_at=None)] == [50_000, 100_000]
    assert client.post(reverse("funds:end_plan", args=[one.pk]), {"why": "未付"}).status_code == 302
    actions.cancel_batch(by=f.account("county-reviewer"), batch_id=line.batch_id, now=LATER)
    form = {"ground": "cost", "why": "费用高于所得", "document": "宁财8号"}
    for values in (form | {"amount": "500"}, form):
        client.force_login(f.account("county-finance"))
        client.post(reverse("funds:ask_write_off", args=[one.pk]), values)
        asked = WriteOff.objects.get(state="asked")
        client.force_login(f.account("county-finance-releaser"))
        client.post(reverse("funds:decide_write_off", args=[asked.pk]), {"move": "grant"})
    assert list(WriteOff.objects.order_by("pk").values_list("amount_fen", flat=True)) == [50_000, 100_000]
    assert "宁财8号" in client.get(reverse("funds:recovery", args=[one.pk])).text
    form = {"document": "宁财9号", "why": "找到本人"}
    client.post(reverse("funds:reopen", args=[one.pk]), form)
    one.refresh_from_db()
    assert one.state == "open"
    client.force_login(f.account("worker", person_id=person.pk))
    Notice.objects.update(at=timezone.now())
    mine = client.get(reverse("portal:me")).text
    assert "¥1,500.00" in mine
    assert all(persons.words_of(notice) in mine for notice in Notice.objects.all())
