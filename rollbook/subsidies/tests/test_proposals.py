"""Changed facts propose what is to come back: due to date minus paid to date, ordered or closed by the office (N6.4, N7.5)."""

import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from rollbook.certificates import actions as certificates
from rollbook.classes.models import Attendance
from rollbook.funds import actions as funds
from rollbook.funds import queries as ledger
from rollbook.funds.models import Recovery
from rollbook.funds.rules import RecoveryGround
from rollbook.journal.models import Entry
from rollbook.kernel.messages import Message
from rollbook.kernel.reasons import Forbidden, NotFound, Refused
from rollbook.subsidies import actions, queries, rules, tasks
from rollbook.subsidies.models import Accuracy, Claim, Discrepancy, Proposal
from rollbook.subsidies.tests import factories as f
from rollbook.subsidies.tests.test_payments import answer, sent, take

pytestmark = pytest.mark.django_db
LATER = f.LATER + timedelta(days=5)
GROUND = Message("The inspection of {day} found the class unqualified.", {"day": "2026-03-05"}, "unqualified", "2.5")


def paid(count=1):
    """Claims that the bank paid, each 1 500 yuan."""
    batch = sent(count)
    take(batch, answer(batch, ["PAID"] * count))
    for line in batch.lines.all():
        actions.settle_payment(subject=line.subject, is_paid=True, failure="", now=f.LATER)
    return list(Claim.objects.order_by("pk"))


def revoke(claim):
    """As the office does it, and as the queue follows."""
    by = f.account("county-second-reviewer")
    certificate = claim.enrolment.certificate
    certificates.revoke(by=by, certificate_id=certificate.pk, why="错发", now=LATER)
    tasks.certificate_revoked.func(certificate.pk)


def recompute():
    actions.recompute(region_code="320000", now=LATER)


def order(one, by=None, **values):
    wanted = {"ground": one.ground, "amount_fen": one.amount_fen, "document": "宁人社〔2026〕7号", "why": "证书作废"}
    return actions.order_proposal(
        by=by or f.account("county-reviewer"), proposal_id=one.pk, now=LATER, **(wanted | values)
    )


def figures():
    rows = Proposal.objects.order_by("pk").values_list("state", "ground", "paid_fen", "due_fen", "amount_fen")
    return list(rows)


def refuses(code, deed, *args, **values):
    before = (figures(), Recovery.objects.count(), Entry.objects.count())
    with pytest.raises(Refused) as refusal, transaction.atomic():
        deed(*args, **values)
    assert code in [one.code for one in refusal.value.reasons]
    assert (figures(), Recovery.objects.count(), Entry.objects.count()) == before


class TestRules:
    @pytest.mark.parametrize(
        ("paid_fen", "ordered_fen", "due_fen", "back_fen"),
        [(1500, 0, 0, 1500), (1500, 0, 600, 900), (1500, 400, 600, 500), (1500, 900, 600, 0), (600, 0, 1500, 0)],
    )
    def test_due_to_date_minus_paid_to_date(self, paid_fen, ordered_fen, due_fen, back_fen):
        assert rules.to_come_back(paid_fen=paid_fen, ordered_fen=ordered_fen, due_fen=due_fen) == back_fen

    @pytest.mark.parametrize(
        ("sources", "codes", "is_revoked", "ground"),
        [
            ([], ["no-certificate"], True, RecoveryGround.REVOKED),
            (["supervision.Inspection:1"], [], False, RecoveryGround.DISQUALIFIED),
            ([], ["same-level"], False, RecoveryGround.DUPLICATE),
            (["risk.Alert:1"], [], False, RecoveryGround.FACTS),
            ([], ["attendance"], False, RecoveryGround.FACTS),
        ],
    )
    def test_the_ground_says_which_fact_changed(self, sources, codes, is_revoked, ground):
        assert rules.ground_of(sources, codes, is_revoked=is_revoked) == ground

    def test_a_detector_alone_takes_nothing_back(self):
        assert [rules.is_confirmed(one) for one in ("risk.D44", "risk.Alert:4", "supervision.Inspection:1")] == [
            False, True, True,
        ]  # fmt: skip


def test_a_revoked_certificate_proposes_all_of_it():
    claim, other = paid(2)
    recompute()
    assert figures() == []
    revoke(claim)
    assert figures() == [("open", "revoked", 150_000, 0, 150_000)]
    one = Proposal.objects.get()
    assert one.claim == claim
    assert one.reasons, "the conditions that are no longer met are named"
    recompute()  # told twice is one proposal
    assert Proposal.objects.count() == 1
    assert other.proposals.count() == 0


def test_an_unqualified_class_proposes_every_paid_claim_until_the_hold_is_lifted():
    first, second = paid(2)
    class_id = first.enrolment.training_class_id
    hold = actions.hold_class(by=None, class_id=class_id, ground=GROUND, source="supervision.Inspection:1", now=LATER)
    for claim in (first, second):
        tasks.claim_looked_into.func(claim.pk)
    assert figures() == [("open", "disqualified", 150_000, 0, 150_000)] * 2
    by = f.account("county-second-reviewer")
    actions.lift_hold(by=by, hold_id=hold.pk, why="复查合格", now=LATER)
    tasks.claim_looked_into.func(first.pk)
    recompute()
    assert [row[0] for row in figures()] == ["gone", "gone"]


def test_a_confirmed_alert_proposes_and_screening_alone_does_not():
    [claim] = paid(1)
    for source, count in (("risk.D44", 0), ("risk.Alert:3", 1)):
        actions.hold_claim(by=None, claim_id=claim.pk, ground=GROUND, source=source, now=LATER)
        tasks.claim_looked_into.func(claim.pk)
        assert Proposal.objects.count() == count
    assert figures()[0][1] == "facts"


def test_what_the_night_finds_is_proposed():
    [claim] = paid(1)
    Attendance.objects.filter(enrolment=claim.enrolment).update(presence="absent")
    recompute()
    assert figures() == [("open", "facts", 150_000, 0, 150_000)]
    assert Discrepancy.objects.get(settled_at=None).basis == "present"


def test_one_person_under_two_records_was_paid_twice():
    """N12.3: merged records show that the same level was paid before."""
    first, second = paid(2)
    second.person.merged_into = first.person
    second.person.save(update_fields=["merged_into"])
    tasks.person_merged.func(second.person_id)
    [one] = Proposal.objects.all()
    assert (one.claim, one.ground, one.amount_fen) == (second, "duplicate", 150_000)


def test_ordered_with_one_click_and_confirmed_by_finance():
    [claim] = paid(1)
    recompute()
    revoke(claim)
    recompute()
    one = order(Proposal.objects.get())
    assert one.state == "ordered"
    recovery = one.recovery
    assert (recovery.amount_fen, recovery.ground, recovery.state) == (150_000, "revoked", "asked")
    assert Discrepancy.objects.get().outcome == "recovered"
    recompute()
    assert [row[0] for row in figures()] == ["ordered"], "what is ordered is not proposed again"
    refuses("decided", order, one)
    finance = f.account("county-finance")
    funds.decide_recovery(by=finance, recovery_id=recovery.pk, granted=False, finding="证书有效", now=LATER)
    recompute()
    assert [row[0] for row in figures()] == ["ordered", "open"], "refused by finance: the office has to say what now"
    assert ledger.broken_invariants() == []


def test_in_part_and_no_more_than_the_facts_of_now():
    [claim] = paid(1)
    revoke(claim)
    one = Proposal.objects.get()
    refuses("proposal-amount", order, one, amount_fen=150_001)
    refuses("recovery-why", order, one, document=" ")
    order(one, amount_fen=50_000)
    recompute()
    assert figures()[1] == ("open", "revoked", 100_000, 0, 100_000)
    type(claim.enrolment.certificate).objects.update(state="valid", revoked_at=None, revoked_by=None, revoke_reason="")
    refuses("nothing-back", order, Proposal.objects.get(state="open"))


def test_closed_with_a_reason_and_not_proposed_again_for_the_same():
    [claim] = paid(1)
    revoke(claim)
    one, by = Proposal.objects.get(), f.account("county-reviewer")
    refuses("why", actions.close_proposal, by=by, proposal_id=one.pk, why=" ", now=LATER)
    actions.close_proposal(by=by, proposal_id=one.pk, why="另案处理", now=LATER)
    refuses("decided", actions.close_proposal, by=by, proposal_id=one.pk, why="x", now=LATER)
    refuses("decided", order, one)
    recompute()
    assert [row[0] for row in figures()] == ["closed"]


def test_what_came_back_is_no_longer_paid_beyond_what_is_due():
    """B1: paid against due of a county is right again once the money is back."""
    [claim] = paid(1)
    revoke(claim)
    recovery = order(Proposal.objects.get()).recovery
    finance = f.account("county-finance")
    funds.decide_recovery(by=finance, recovery_id=recovery.pk, granted=True, finding="", now=LATER)
    for received, out in ((0, True), (150_000, False)):
        if received:
            key = {"amount_fen": received, "received_on": LATER.date(), "document": "回单1", "now": LATER}
            funds.receive(by=finance, recovery_id=recovery.pk, **key)
        recompute()
        last = Accuracy.objects.latest("pk")
        assert (last.paid_fen, last.due_fen, last.is_out_of_band) == (150_000 - received, 0, out)


def test_who_may_order_and_close():
    [claim] = paid(1)
    revoke(claim)
    one = Proposal.objects.get()
    for role in ("county-finance", "county-second-reviewer", "auditor"):
        with pytest.raises(Forbidden):
            order(one, by=f.account(role))
        with pytest.raises(Forbidden):
            actions.close_proposal(by=f.account(role), proposal_id=one.pk, why="x", now=LATER)
    for by in (f.account("county-reviewer", region_code="320104"), f.manager_of(claim.enrolment.training_class)):
        with pytest.raises(NotFound):
            order(one, by=by)


def test_the_database_keeps_one_open_proposal_a_claim_and_why_it_was_closed():
    [claim] = paid(1)
    revoke(claim)
    for change in ({"state": "ordered"}, {"state": "closed"}, {"paid_fen": 0}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Proposal.objects.update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        Proposal.objects.create(
            claim=claim, ground="facts", paid_fen=2, due_fen=1, reasons=[], found_at=LATER, seen_at=LATER
        )


def test_the_pages_order_several_and_lead_back_to_the_minutes(client, settings, django_assert_max_num_queries):
    """N14.1: from a recovery to payment, claim, decision, days and minutes on one page."""
    settings.DEMO = True
    claims = paid(3)
    for claim in claims:
        revoke(claim)
    lesson = claims[0].enrolment.attendances.get()
    Attendance.objects.filter(pk=lesson.pk).update(minutes=87)
    client.force_login(f.account("county-reviewer"))
    with django_assert_max_num_queries(25):
        assert "¥1,500.00" in client.get(reverse("subsidies:proposal_list"), {"state": "open"}).text
    page = client.get(reverse("subsidies:proposal", args=[Proposal.objects.first().pk])).text
    assert reverse("subsidies:order_proposal", args=[Proposal.objects.first().pk]) in page
    chosen = [one.pk for one in Proposal.objects.order_by("pk")[:2]]
    client.post(reverse("subsidies:order_proposals"), {"proposal": chosen, "document": "宁人社〔2026〕7号"})
    assert Recovery.objects.count() == 2
    last = Proposal.objects.get(state="open")
    client.post(reverse("subsidies:close_proposal", args=[last.pk]), {"why": "另案处理"})
    assert Proposal.objects.get(pk=last.pk).why == "另案处理"
    assert client.get(reverse("subsidies:proposal_list"), {"export": "1"}).status_code == 200
    recovery = Recovery.objects.get(line__subject=queries.subject_of(claims[0]))
    trail = client.get(reverse("subsidies:trail", args=[recovery.pk])).text
    for told in (
        recovery.line.reference,
        "87",
        claims[0].person.name,
        reverse("subsidies:claim_detail", args=[claims[0].pk]),
    ):
        assert str(told) in trail
    client.force_login(f.account("county-reviewer", region_code="320104"))
    assert client.get(reverse("subsidies:trail", args=[recovery.pk])).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_two_officers_order_at_the_same_moment():
    [claim] = paid(1)
    revoke(claim)
    one, outcomes = Proposal.objects.get(), []
    people = [f.account("county-reviewer") for _ in range(4)]
    start = threading.Barrier(len(people))

    def work(by):
        start.wait()
        try:
            order(one, by=by)
            outcomes.append("ordered")
        except Refused as refusal:
            outcomes.append(refusal.reasons[0].code)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(by,)) for by in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["decided"] * 3 + ["ordered"]
    assert Recovery.objects.count() == 1
