"""What is given up, whole or in part, by two people; and opened again (N6.4, N14.1)."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from rollbook.funds import actions, queries
from rollbook.funds.models import Recovery, WriteOff
from rollbook.funds.rules import Part
from rollbook.kernel.reasons import Forbidden, NotFound
from rollbook.persons.tests.factories import PersonFactory
from rollbook.subsidies.tests import factories as f
from rollbook.subsidies.tests.debts import (
    LATER,
    TODAY,
    K,
    agree,
    decide,
    give_up,
    held,
    ordered,
    paying,
    receive,
    refuses,
    told,
)

pytestmark = pytest.mark.django_db


def test_given_up_by_two_and_never_out_of_the_books(money):
    one = ordered(paying(f.payee(1)))
    receive(one, 30_000)
    asked = give_up(one)
    refuses("asked-before", give_up, one)
    assert decide(asked).state == "done"
    one.refresh_from_db()
    assert (one.state, one.received_fen, held(K.WRITTEN_OFF), held(K.PAID)) == ("written-off", 30_000, 120_000, 0)
    assert queries.broken_invariants() == []
    refuses("decided", decide, asked)
    refuses("not-open", receive, one, 1, "回单2")
    with pytest.raises(IntegrityError), transaction.atomic():
        WriteOff.objects.update(state="asked")
    assert paying(one.line.person, 100_000, statuses=()).netted_fen == 0


def test_opened_again_and_paid_after_all(money):
    one = ordered(paying(f.payee(1)))
    by = f.account("county-finance")
    key = {"recovery_id": one.pk, "document": "宁财〔2026〕9号", "why": "找到本人", "now": LATER}
    refuses("not-written-off", actions.reopen, by=by, **key)
    decide(give_up(one))
    refuses("recovery-why", actions.reopen, by=by, **(key | {"document": " "}))
    with pytest.raises(Forbidden):
        actions.reopen(by=f.account("county-reviewer"), **key)
    actions.reopen(by=by, **key)
    one.refresh_from_db()
    assert (one.state, held(K.WRITTEN_OFF), held(K.PAID)) == ("open", 0, 150_000)
    assert queries.broken_invariants() == []
    receive(one, 150_000)
    assert Recovery.objects.get().state == "done"
    assert queries.broken_invariants() == []


def test_who_gives_up(money):
    person = PersonFactory()
    one = ordered(paying(f.payee(1)))
    with pytest.raises(Forbidden):
        give_up(one, by=f.account("county-reviewer"))
    with pytest.raises(NotFound):
        give_up(one, by=f.account("county-finance", region_code="320104"))
    refuses("ground", give_up, one, ground="mood")
    refuses("write-off-paper", give_up, one, document=" ")
    by = f.account("city-finance", region_code="320100", person_id=person.pk)
    asked = give_up(one, by=by)
    for role in ("county-reviewer", "auditor", "county-finance"):
        with pytest.raises((Forbidden, NotFound)):
            decide(asked, by=f.account(role))
    refuses("same-person", decide, asked, by=by)
    refuses("same-person", decide, asked, by=f.account("province-finance", region_code="320000", person_id=person.pk))
    refuses("why", decide, asked, granted=False)
    assert decide(asked, granted=False, finding="尚有财产").state == "refused"
    one.refresh_from_db()
    assert one.state == "open"
    with pytest.raises(IntegrityError), transaction.atomic():
        Recovery.objects.update(state="written-off")


def test_large_sums_are_signed_besides(money):
    """Amount bands as batches have them (N14.1)."""
    one = ordered(paying(f.payee(1)))
    city = f.account("city-finance", region_code="320100")
    actions.set_band(
        by=city, fund="employment", basis="writeoff", from_fen=100_000, releasers=1, office="city-finance",
        document="宁财〔2026〕2号", starts_on=TODAY, now=LATER,
    )  # fmt: skip
    asked = give_up(one)
    refuses("cosigners", decide, asked)
    key = {"write_off_id": asked.pk, "now": LATER}
    releaser = f.account("county-finance-releaser")
    refuses("cosign-not-asked", actions.cosign_write_off, by=releaser, **key)
    actions.cosign_write_off(by=city, **key)
    refuses("same-person", actions.cosign_write_off, by=city, **key)
    refuses("same-person", decide, asked, by=city)
    assert decide(asked, by=releaser).cosigners == 1
    assert queries.broken_invariants() == []


def test_what_came_in_meanwhile_stops_it(money):
    one = ordered(paying(f.payee(1)))
    asked = give_up(one)
    receive(one, 1)
    refuses("write-off-changed", decide, asked)


# Written off in part


def figures(one):
    one.refresh_from_db()
    return one.state, one.received_fen, one.written_off_fen, one.left_fen


def test_a_part_is_given_up_and_the_rest_stays_owed(money):
    one = ordered(paying(f.payee(1)))
    receive(one, 30_000)
    for amount in (0, -1, 120_001):
        refuses("write-off-amount", give_up, one, amount_fen=amount)
    asked = give_up(one, by=(city := f.account("city-finance", region_code="320100")), amount_fen=50_000)
    refuses("same-person", decide, asked, by=city)
    decide(asked)
    assert figures(one) == ("open", 30_000, 50_000, 70_000)
    assert (held(K.WRITTEN_OFF), held(K.PAID)) == (50_000, 70_000)
    assert queries.broken_invariants() == []
    refuses("receipt-amount", receive, one, 70_001, "回单2")
    refuses("write-off-amount", give_up, one, amount_fen=70_001)
    decide(give_up(one, amount_fen=20_000))
    receive(one, 50_000, "回单2")
    assert figures(one) == ("written-off", 80_000, 70_000, 0)
    assert (held(K.WRITTEN_OFF), held(K.PAID)) == (70_000, 0)
    assert queries.broken_invariants() == []
    key = {"recovery_id": one.pk, "document": "宁财〔2026〕9号", "why": "找到本人", "now": LATER}
    actions.reopen(by=f.account("county-finance"), **key)
    assert figures(one) == ("open", 80_000, 0, 70_000)
    refuses("not-written-off", actions.reopen, by=f.account("county-finance"), **key)
    receive(one, 70_000, "回单3")
    assert figures(one) == ("done", 150_000, 0, 0)
    assert queries.broken_invariants() == []


def test_given_up_in_parts_is_signed_as_if_it_were_at_once(money):
    """Bands are not passed under by asking twice (N14.1)."""
    one = ordered(paying(f.payee(1)))
    actions.set_band(
        by=f.account("city-finance", region_code="320100"), fund="employment", basis="writeoff", from_fen=100_000,
        releasers=1, office="city-finance", document="宁财〔2026〕2号", starts_on=TODAY, now=LATER,
    )  # fmt: skip
    decide(give_up(one, amount_fen=60_000))
    refuses("cosigners", decide, give_up(one, amount_fen=40_000))


def test_what_is_being_set_off_is_not_given_up(money):
    person = f.payee(1)
    one = ordered(paying(person))
    asked = give_up(one, amount_fen=110_000)
    line = paying(person, 100_000, statuses=())
    assert line.netted_fen == 50_000
    refuses("write-off-changed", decide, asked)
    decide(asked, granted=False, finding="另行提出")
    refuses("being-set-off", give_up, one, amount_fen=100_001)
    decide(give_up(one, amount_fen=100_000))
    with pytest.raises(IntegrityError), transaction.atomic():
        Recovery.objects.update(written_off_fen=100_001)
    assert figures(one) == ("open", 0, 100_000, 50_000)
    assert queries.broken_invariants() == []


def test_what_is_given_up_counts_towards_the_next_instalments(money):
    person = f.payee(1)
    one = ordered(paying(person))
    agree(one, Part(date(2026, 5, 10), 50_000), Part(date(2026, 6, 10), 100_000))
    decide(give_up(one, amount_fen=70_000))
    by, late = f.account("county-finance"), date(2026, 6, 11)
    assert [row.is_overdue for row in queries.recoveries_visible_to(by, date(2026, 5, 11))] == [False]
    assert [row.is_overdue for row in queries.recoveries_visible_to(by, late)] == [True]
    assert actions.remind(region_code="320102", now=LATER + timedelta(days=15)) == 0, "the first is given up"
    assert actions.remind(region_code="320102", now=LATER + timedelta(days=50)) == 1
    assert told()[-1] == ("instalment", "800.00", "2026-06-10")
    refuses("plan-sum", agree, one, Part(date(2026, 7, 10), 150_000))
    agree(one, Part(date(2026, 7, 10), 80_000))
    assert queries.broken_invariants() == []
