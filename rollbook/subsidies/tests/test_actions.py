"""Deeds of claims: what each does, and what is refused with nothing changed."""

import re
import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils.timezone import localdate

from rollbook.funds import actions as funds
from rollbook.funds.models import LedgerAccount, LedgerEntry, PaymentBatch
from rollbook.funds.queries import broken_invariants
from rollbook.journal.models import Entry
from rollbook.kernel.reasons import Forbidden, NotFound, Refused
from rollbook.persons.queries import unsealed
from rollbook.persons.rules import check_digit
from rollbook.subsidies import actions, queries
from rollbook.subsidies.models import Claim, Publicity
from rollbook.subsidies.tests import factories as f

pytestmark = pytest.mark.django_db


def held(kind: str, region_code: str = "320102") -> int:
    return sum(LedgerAccount.objects.filter(kind=kind, region_code=region_code).values_list("balance_fen", flat=True))


def state():
    """Everything a refused deed must leave alone."""
    return (
        list(Claim.objects.order_by("pk").values_list("pk", "state", "first_by", "second_by", "publicity")),
        LedgerEntry.objects.count(),
        Entry.objects.count(),
        PaymentBatch.objects.count(),
    )


def refuses(code, deed, /, **arguments):
    before = state()
    with pytest.raises(Refused) as refusal:
        deed(now=f.NOW, **arguments)
    assert code in [reason.code for reason in refusal.value.reasons]
    assert state() == before


def forbids(error, deed, /, **arguments):
    before = state()
    with pytest.raises(error):
        deed(now=f.NOW, **arguments)
    assert state() == before


class TestFiling:
    def test_the_worker_files_and_the_money_is_set_aside(self):
        """N12.2, N16.2: facts, terms and working stay with the claim; the budget is reserved."""
        f.load_terms()
        klass = f.assessed_class(1)
        enrolment = klass.enrolments.get()
        worker = f.account("worker", person_id=enrolment.person_id)
        claim = actions.file_claim(by=worker, enrolment_id=enrolment.pk, now=f.NOW)
        assert (claim.state, claim.amount_fen, held("reserved")) == ("filed", 150_000, 150_000)
        assert held("budget") == f.BUDGET_FEN - 150_000
        assert claim.facts["attended_percent"] == 100
        claim.refresh_from_db()
        assert queries.replayed(claim) == []  # B1
        assert claim.decide_by > localdate(f.NOW)

    def test_a_class_is_claimed_for_whoever_is_due(self):
        f.load_terms()
        klass = f.assessed_class(3)
        first = klass.enrolments.order_by("pk").first()
        first.commitment.delete()
        filed, against = actions.file_class_claims(by=f.manager_of(klass), class_id=klass.pk, now=f.NOW)
        assert len(filed) == 2
        assert [one.code for one in against[first.pk]] == ["no-commitment"]

    def test_a_second_claim_for_the_same_level_is_refused(self):
        [claim] = f.claims(1)
        manager = f.manager_of(claim.enrolment.training_class)
        refuses("same-level", actions.file_claim, by=manager, enrolment_id=claim.enrolment_id)

    def test_others_may_not_file(self):
        f.load_terms()
        enrolment = f.assessed_class(1).enrolments.get()
        stranger = f.account("worker", person_id=f.PersonFactory().pk)
        forbids(NotFound, actions.file_claim, by=stranger, enrolment_id=enrolment.pk)
        forbids(Forbidden, actions.file_claim, by=f.account("county-reviewer"), enrolment_id=enrolment.pk)

    def test_a_short_budget_refuses_the_claim_whole(self):
        """N12.1: nothing is promised that the budget does not hold."""
        f.load_terms()
        klass = f.assessed_class(2, budget_fen=200_000)
        refuses("over-budget", actions.file_class_claims, by=f.manager_of(klass), class_id=klass.pk)

    def test_results_must_be_locked(self):
        f.load_terms()
        klass = f.assessed_class(1)
        type(klass).objects.filter(pk=klass.pk).update(state="ended")
        refuses("not-assessed", actions.file_class_claims, by=f.manager_of(klass), class_id=klass.pk)


class TestReview:
    def test_two_officers_pass_a_claim(self):
        [claim] = f.reviewed(1)
        claim.refresh_from_db()
        assert claim.state == "publicity"
        assert claim.first_by_id != claim.second_by_id

    def test_the_second_officer_is_another_and_each_has_the_own_step(self):
        """N14.1: who made the first review cannot make the second."""
        [claim] = f.claims(1)
        first, second = f.account("county-reviewer"), f.account("county-second-reviewer")
        forbids(Forbidden, actions.review_claim, by=second, claim_id=claim.pk, move="pass-first")
        actions.review_claim(by=first, claim_id=claim.pk, move="pass-first", now=f.NOW)
        forbids(Forbidden, actions.review_claim, by=first, claim_id=claim.pk, move="pass-second")
        Claim.objects.filter(pk=claim.pk).update(first_by=second)
        refuses("same-officer", actions.review_claim, by=second, claim_id=claim.pk, move="pass-second")

    @pytest.mark.parametrize("move", ["return", "refuse"])
    def test_no_without_a_ground(self, move):
        [claim] = f.claims(1)
        refuses("why", actions.review_claim, by=f.account("county-reviewer"), claim_id=claim.pk, move=move)

    @pytest.mark.parametrize("move", ["batch", "pay", "nonsense", "pass-second"])
    def test_other_moves_are_no_reviews(self, move):
        [claim] = f.claims(1)
        before = state()
        with pytest.raises(Refused):
            actions.review_claim(by=f.account("county-reviewer"), claim_id=claim.pk, move=move, why="x", now=f.NOW)
        assert state() == before

    def test_a_refused_claim_gives_the_money_and_the_level_back(self):
        [claim] = f.claims(1)
        actions.review_claim(by=f.account("county-reviewer"), claim_id=claim.pk, move="refuse", why="冒名", now=f.NOW)
        assert (held("reserved"), held("budget")) == (0, f.BUDGET_FEN)
        manager = f.manager_of(claim.enrolment.training_class)
        again = actions.file_claim(by=manager, enrolment_id=claim.enrolment_id, now=f.NOW)
        assert again.pk != claim.pk

    def test_what_became_known_meanwhile_stops_the_review(self):
        """A certificate that was revoked after filing is seen by the reviewer and bars the pass."""
        [claim] = f.claims(1)
        type(claim.enrolment.certificate).objects.filter(enrolment=claim.enrolment).update(
            state="revoked", revoked_at=f.NOW, revoked_by=f.account("province-officer"), revoke_reason="错发"
        )
        reviewer = f.account("county-reviewer")
        refuses("not-certified", actions.review_claim, by=reviewer, claim_id=claim.pk, move="pass-first")

    def test_a_returned_claim_is_filed_again(self):
        [claim] = f.claims(1)
        actions.review_claim(by=f.account("county-reviewer"), claim_id=claim.pk, move="return", why="补材料", now=f.NOW)
        manager = f.manager_of(claim.enrolment.training_class)
        assert actions.refile(by=manager, claim_id=claim.pk, now=f.NOW).state == "filed"
        refuses("wrong-state", actions.refile, by=manager, claim_id=claim.pk)
        assert held("reserved") == 150_000

    def test_many_pass_together_or_none(self):
        one, other = f.claims(2)
        reviewer = f.account("county-reviewer")
        other.enrolment.commitment.delete()
        refuses("no-commitment", actions.pass_claims, by=reviewer, claim_ids=[one.pk, other.pk])
        assert actions.pass_claims(by=reviewer, claim_ids=[one.pk], now=f.NOW) == 1
        refuses("none-chosen", actions.pass_claims, by=reviewer, claim_ids=[])


class TestPublicity:
    def test_five_working_days_on_the_calendar(self):
        f.reviewed(1)
        notice = actions.publish_claims(by=f.account("county-reviewer"), now=f.NOW)
        assert notice.ends_on > notice.starts_on
        assert actions.finish_publicity(publicity_id=notice.pk, now=f.NOW) == 0
        last = f.NOW + timedelta((notice.ends_on - notice.starts_on).days)
        assert actions.finish_publicity(publicity_id=notice.pk, now=last) == 0
        assert actions.finish_publicity(publicity_id=notice.pk, now=last + timedelta(1)) == 1
        assert actions.finish_publicity(publicity_id=notice.pk, now=last + timedelta(1)) == 0

    def test_nothing_to_publish(self):
        refuses("nothing", actions.publish_claims, by=f.account("county-reviewer"))

    def test_an_objection_pulls_back_only_its_claim(self):
        """N14.2: the others go on."""
        one, other = f.reviewed(2)
        notice = actions.publish_claims(by=f.account("county-reviewer"), now=f.NOW)
        objection = actions.raise_objection(claim_id=one.pk, text="未参加培训", contact="", now=f.NOW)
        assert actions.finish_publicity(publicity_id=notice.pk, now=f.LATER) == 1
        states = dict(Claim.objects.values_list("pk", "state"))
        assert states == {one.pk: "pulled-back", other.pk: "approved"}
        judge = f.account("county-second-reviewer")
        refuses("finding", actions.settle_objection, by=judge, objection_id=objection.pk, upheld=True, finding=" ")
        actions.settle_objection(by=judge, objection_id=objection.pk, upheld=False, finding="查无此事", now=f.LATER)
        assert Claim.objects.get(pk=one.pk).state == "approved"

    def test_an_upheld_objection_frees_the_money(self):
        [one] = f.reviewed(1)
        actions.publish_claims(by=f.account("county-reviewer"), now=f.NOW)
        objection = actions.raise_objection(claim_id=one.pk, text="未参加培训", contact="", now=f.NOW)
        actions.settle_objection(
            by=f.account("county-second-reviewer"), objection_id=objection.pk, upheld=True, finding="属实", now=f.NOW
        )
        assert Claim.objects.get().state == "refused"
        assert (held("reserved"), held("budget")) == (0, f.BUDGET_FEN)

    def test_no_objection_after_the_days_or_without_words(self):
        [one] = f.reviewed(1)
        forbids(NotFound, actions.raise_objection, claim_id=one.pk, text="x", contact="")
        notice = actions.publish_claims(by=f.account("county-reviewer"), now=f.NOW)
        refuses("no-text", actions.raise_objection, claim_id=one.pk, text=" ", contact="")
        Publicity.objects.filter(pk=notice.pk).update(ends_on=localdate(f.NOW) - timedelta(1))
        refuses("publicity-over", actions.raise_objection, claim_id=one.pk, text="x", contact="")

    def test_a_masked_number_fits_more_than_20_000_people(self, client):
        """N14.2: the numbers that fit what the disclosure's row shows are counted one by one, for persons of 16 to 60."""
        [one] = f.approved(1)
        actions.make_batch(by=f.account("county-reviewer"), claim_ids=[one.pk], now=f.LATER)
        actions.settle_payment(subject=actions.subject_of(one), is_paid=True, failure="", now=f.LATER)
        page = client.get("/open/disclosure/").text
        [shown] = set(re.findall(r"[0-9]{6}[0-9*]{11}[0-9X*]", page))
        number = f.PersonFactory.build(n=0).id_masked  # masked as every page does it
        assert [c == "*" for c in shown] == [c == "*" for c in number]
        today = localdate(f.LATER)
        days = [today - timedelta(n) for n in range(16 * 365, 60 * 365)]
        fitting = 0
        for serial in range(1000):
            if any(a not in ("*", b) for a, b in zip(shown[14:17], f"{serial:03}", strict=True)):
                continue
            for day in days[serial % 40 :: 40]:  # every fortieth day of each serial, other ones for each
                birth = f"{day:%Y%m%d}"
                if all(a in ("*", b) for a, b in zip(shown[6:14], birth, strict=True)):
                    first17 = f"{shown[:6]}{birth}{serial:03}"
                    fitting += shown[17] in ("*", check_digit(first17))
        assert fitting * 40 > 20_000


class TestPayment:
    def batch(self, count=2):
        found = f.approved(count)
        keys = [one.pk for one in found]
        return actions.make_batch(by=f.account("county-reviewer"), claim_ids=keys, now=f.LATER)

    def test_four_people_of_two_offices_before_money_leaves(self):
        """N14.1, N16.3: two reviewers, a checker and a releaser; the same hand is refused twice."""
        batch = self.batch()
        refuses("wrong-state", funds.release_batch, by=f.account("county-finance-releaser"), batch_id=batch.pk)
        checker, releaser = f.account("county-finance"), f.account("county-finance-releaser")
        forbids(Forbidden, funds.check_batch, by=f.account("county-reviewer"), batch_id=batch.pk)
        funds.check_batch(by=checker, batch_id=batch.pk, now=f.LATER)
        forbids(Forbidden, funds.release_batch, by=checker, batch_id=batch.pk)
        batch = funds.release_batch(by=releaser, batch_id=batch.pk, now=f.LATER)
        claim = Claim.objects.first()
        people = {claim.first_by_id, claim.second_by_id, batch.checked_by_id, batch.released_by_id}
        assert len(people) == 4
        assert (held("reserved"), held("transit")) == (0, 300_000)
        assert broken_invariants() == []

    def test_a_cancelled_batch_gives_its_claims_back(self):
        batch = self.batch()
        actions.cancel_batch(by=f.account("county-reviewer"), batch_id=batch.pk, now=f.LATER)
        assert set(Claim.objects.values_list("state", flat=True)) == {"approved"}
        keys = list(Claim.objects.values_list("pk", flat=True))
        assert actions.make_batch(by=f.account("county-reviewer"), claim_ids=keys, now=f.LATER).pk != batch.pk

    def test_a_failed_payment_is_corrected_and_paid_again(self):
        """Domain 2.2, 20: the line failed, the account is mended, another batch pays, once."""
        batch = self.batch(1)
        claim = Claim.objects.get()
        actions.settle_payment(subject=actions.subject_of(claim), is_paid=False, failure="销户", now=f.LATER)
        for state in ("sent", "failed"):
            batch.lines.update(state=state)
        worker = f.account("worker", person_id=claim.person_id)
        actions.correct_account(
            by=worker, claim_id=claim.pk, bank="江苏银行", bank_account="6228480402564890018", now=f.LATER
        )
        assert unsealed(claim.person_id)["bank_account"] == "6228480402564890018"
        again = actions.make_batch(by=f.account("county-reviewer"), claim_ids=[claim.pk], now=f.LATER)
        assert again.lines.get().state == "waiting"
        refuses("wrong-state", actions.correct_account, by=worker, claim_id=claim.pk, bank="x", bank_account="1")

    def test_what_the_bank_said_is_told_once(self):
        self.batch(1)
        claim = Claim.objects.get()
        for _ in range(2):
            actions.settle_payment(subject=actions.subject_of(claim), is_paid=True, failure="", now=f.LATER)
        assert Claim.objects.get().state == "paid"
        assert Entry.objects.filter(kind="claim.paid").count() == 1

    def test_nothing_chosen_makes_no_batch(self):
        refuses("no-lines", actions.make_batch, by=f.account("county-reviewer"), claim_ids=[])


@pytest.mark.django_db(transaction=True)
def test_two_counties_claim_one_person_at_the_same_level():
    """N12.3: whichever comes first; the other is refused, and no money of it stays reserved."""
    f.load_terms()
    person = f.payee(1)
    here = f.assessed_class(persons=[person])
    there = f.assessed_class(persons=[person], institution__region_code="320104", item=here.item)
    outcomes: list[str] = []
    together = threading.Barrier(2)

    def claim(klass):
        try:
            together.wait()
            actions.file_class_claims(by=managers[klass.pk], class_id=klass.pk, now=f.NOW)
            outcomes.append("filed")
        except Refused as refusal:
            outcomes.append(refusal.reasons[0].code)
        finally:
            connection.close()

    managers = {klass.pk: f.manager_of(klass) for klass in (here, there)}
    threads = [threading.Thread(target=claim, args=[klass]) for klass in (here, there)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(outcomes) == ["filed", "same-level"]
    assert Claim.objects.count() == 1
    assert held("reserved") + held("reserved", "320104") == 150_000
