"""Stops on claims: held is neither published, approved nor paid, and everybody is told (N4.1, N14.1)."""

import threading

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client

from rollbook.funds import actions as funds
from rollbook.funds.models import PaymentBatch
from rollbook.journal.models import Entry
from rollbook.kernel.messages import Message
from rollbook.kernel.reasons import Forbidden, NotFound, Refused
from rollbook.subsidies import actions, queries
from rollbook.subsidies.models import Claim, Hold
from rollbook.subsidies.tests import factories as f

pytestmark = pytest.mark.django_db
GROUND = Message("The inspection of {day} found the class unqualified.", {"day": "2026-03-05"}, "unqualified", "2.5")


def hold_class(claim, by=None):
    class_id = claim.enrolment.training_class_id
    return actions.hold_class(by=by, class_id=class_id, ground=GROUND, source="supervision.Inspection:1", now=f.LATER)


def hold_one(claim):
    return actions.hold_claim(by=None, claim_id=claim.pk, ground=GROUND, source="risk.Alert:1", now=f.LATER)


def codes(deed, **values):
    with pytest.raises(Refused) as refused:
        deed(**values)
    return [one.code for one in refused.value.reasons]


def states():
    return sorted(Claim.objects.values_list("state", flat=True))


@pytest.mark.parametrize("role", ["county-reviewer", "county-second-reviewer"])
def test_a_held_claim_passes_no_review(role):
    claim = f.claims(1)[0]
    if role == "county-second-reviewer":
        actions.review_claim(by=f.account("county-reviewer"), claim_id=claim.pk, move="pass-first", now=f.NOW)
    hold_class(claim)
    move = "pass-first" if role == "county-reviewer" else "pass-second"
    assert "held" in codes(actions.review_claim, by=f.account(role), claim_id=claim.pk, move=move, now=f.LATER)
    assert states() == ["filed" if role == "county-reviewer" else "first"]


def test_a_hold_on_a_class_covers_claims_that_are_filed_later():
    """N4.1: an unqualified class has no subsidy, whoever of it claims when."""
    klass_claims = f.claims(2)
    hold_class(klass_claims[0])
    assert queries.held_among([one.pk for one in klass_claims]) == {one.pk for one in klass_claims}
    assert hold_class(klass_claims[0]).pk == hold_class(klass_claims[0]).pk
    assert Hold.objects.count() == 1, "told twice is one hold"


def test_held_claims_are_put_into_no_batch_and_the_others_go():
    one, other = f.approved(2)
    hold_one(one)
    officer = f.account("county-reviewer")
    assert [row.pk for row in queries.to_pay(officer.region_code)] == [other.pk]
    assert codes(actions.make_batch, by=officer, claim_ids=[one.pk, other.pk], now=f.LATER) == ["held"]
    assert PaymentBatch.objects.count() == 0
    actions.make_batch(by=officer, claim_ids=[other.pk], now=f.LATER)
    assert states() == ["approved", "in-payment"]


def test_a_batch_with_a_held_payment_is_not_released():
    """The money is still ours: the batch goes back, and out again without the held one."""
    claims = f.approved(2)
    batch = actions.make_batch(by=f.account("county-reviewer"), claim_ids=[one.pk for one in claims], now=f.LATER)
    funds.check_batch(by=f.account("county-finance"), batch_id=batch.pk, now=f.LATER)
    hold = hold_one(claims[0])
    releaser = f.account("county-finance-releaser")
    assert "held" in codes(funds.release_batch, by=releaser, batch_id=batch.pk, now=f.LATER)
    with pytest.raises(DatabaseError), transaction.atomic():
        PaymentBatch.objects.filter(pk=batch.pk).update(state="released", released_by=releaser, released_at=f.LATER)
    batch.refresh_from_db()
    assert batch.state == "checked"
    actions.lift_hold(by=f.account("county-second-reviewer"), hold_id=hold.pk, why="复核合格", now=f.LATER)
    assert funds.reasons_stopped(batch) == []


def test_the_end_of_publicity_passes_by_what_is_held_and_lifting_brings_it_on():
    claims = f.claims(2)
    for claim in claims:
        for role, move in (("county-reviewer", "pass-first"), ("county-second-reviewer", "pass-second")):
            actions.review_claim(by=f.account(role), claim_id=claim.pk, move=move, now=f.NOW)
    notice = actions.publish_claims(by=f.account("county-reviewer"), now=f.NOW)
    hold = hold_one(claims[0])
    actions.finish_publicity(publicity_id=notice.pk, now=f.LATER)
    assert states() == ["approved", "publicity"]
    actions.lift_hold(by=f.account("county-second-reviewer"), hold_id=hold.pk, why="查无此事", now=f.LATER)
    assert states() == ["approved", "approved"]
    assert Entry.objects.filter(kind="claim.hold-lifted").count() == 1


def test_what_the_database_keeps_whoever_writes():
    claim = f.approved(1)[0]
    hold = hold_one(claim)
    for state in ("in-payment", "paid"):
        with pytest.raises(DatabaseError), transaction.atomic():
            Claim.objects.filter(pk=claim.pk).update(state=state)
    with pytest.raises(DatabaseError), transaction.atomic():
        Hold.objects.filter(pk=hold.pk).update(source="x")
    with pytest.raises(DatabaseError), transaction.atomic():
        Hold.objects.filter(pk=hold.pk).delete()
    with pytest.raises(DatabaseError), transaction.atomic():
        Hold.objects.filter(pk=hold.pk).update(lifted_at=f.LATER)


def test_who_lifts_a_hold():
    """N14.1: another officer of the region, with a reason; all or nothing."""
    claim = f.claims(1)[0]
    officer = f.account("county-second-reviewer")
    hold = hold_class(claim, by=officer)
    assert codes(actions.lift_hold, by=officer, hold_id=hold.pk, why="好", now=f.LATER) == ["own-hold"]
    other = f.account("city-officer", region_code="320100")
    assert codes(actions.lift_hold, by=other, hold_id=hold.pk, why=" ", now=f.LATER) == ["why"]
    with pytest.raises(Forbidden):
        actions.lift_hold(by=f.account("county-reviewer"), hold_id=hold.pk, why="好", now=f.LATER)
    with pytest.raises(NotFound):
        actions.lift_hold(
            by=f.account("county-second-reviewer", region_code="320583"), hold_id=hold.pk, why="好", now=f.LATER
        )
    hold.refresh_from_db()
    assert hold.lifted_at is None
    assert queries.held_among([claim.pk])
    actions.lift_hold(by=other, hold_id=hold.pk, why="整改合格", now=f.LATER)
    assert not queries.held_among([claim.pk])


def test_everywhere_the_claim_shows_it_says_so(settings):
    settings.DEMO = True
    claim = f.claims(1)[0]
    hold_class(claim)
    second = f.account("county-second-reviewer")
    worker = f.account("worker", person_id=claim.person_id)
    manager = f.account("institution-manager", institution_id=claim.institution_id)
    class_id = claim.enrolment.training_class_id
    for who, addresses in (
        (
            f.account("county-reviewer"),
            ["/claims/", "/claims/queue/", f"/claims/classes/{class_id}/", f"/claims/{claim.pk}/"],
        ),
        (manager, ["/claims/", f"/claims/{claim.pk}/"]),
        (worker, ["/me/", f"/claims/{claim.pk}/"]),
        (second, [f"/claims/{claim.pk}/"]),
    ):
        client = Client(headers={"accept-language": "en"})
        client.force_login(who)
        for address in addresses:
            assert "Held" in client.get(address).text, address
    answer = client.post(f"/claims/holds/{Hold.objects.get().pk}/lift/", {"why": "整改合格", "claim": claim.pk})
    assert answer.status_code == 302
    assert "Held" not in client.get(f"/claims/{claim.pk}/").text.replace("Claim held", "")


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_hold_and_batch_at_once_never_pay():
    """Whichever comes first: a claim that is held is in no batch, or its batch cannot be released."""
    claim = f.approved(1)[0]
    for _ in range(6):
        start, officer = threading.Barrier(2), f.account("county-reviewer")

        def batch(claim=claim, officer=officer, start=start):
            start.wait()
            try:
                actions.make_batch(by=officer, claim_ids=[claim.pk], now=f.LATER)
            except Refused:
                pass
            finally:
                connection.close()

        def stop(claim=claim, start=start):
            start.wait()
            hold_one(claim)
            connection.close()

        threads = [threading.Thread(target=batch), threading.Thread(target=stop)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        claim.refresh_from_db()
        if claim.state == "in-payment":
            made = PaymentBatch.objects.latest("pk")
            assert [one.code for one in funds.reasons_stopped(made)] == ["held"]
            actions.cancel_batch(by=officer, batch_id=made.pk, now=f.LATER)
        else:
            assert claim.state == "approved"
        hold = Hold.objects.get(lifted_at=None)
        actions.lift_hold(by=f.account("county-second-reviewer"), hold_id=hold.pk, why="重试", now=f.LATER)
