"""Decisions replayed and worked out again: differences are found once, named line by line, and settled (B1, N14.1)."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from rollbook.directory.models import Term
from rollbook.journal.models import Entry
from rollbook.kernel.reasons import Forbidden, NotFound, Refused
from rollbook.persons.models import Person
from rollbook.subsidies import actions, queries, rules
from rollbook.subsidies.models import Accuracy, Claim, Discrepancy, Recomputation
from rollbook.subsidies.tests import factories as f
from rollbook.subsidies.tests.cases import SAID, facts, shipped

pytestmark = pytest.mark.django_db
LATER = f.LATER + timedelta(30)


def paid(count: int = 2):
    found = f.approved(count)
    actions.make_batch(by=f.account("county-reviewer"), claim_ids=[one.pk for one in found], now=f.LATER)
    for one in found:
        actions.settle_payment(subject=actions.subject_of(one), is_paid=True, failure="", now=f.LATER)
    return found


def recompute(now=LATER):
    return actions.recompute(region_code="320000", now=now)


def revoke(claim):
    type(claim.enrolment.certificate).objects.filter(enrolment=claim.enrolment).update(
        state="revoked", revoked_at=f.NOW, revoked_by=f.account("province-officer"), revoke_reason="错发"
    )


class TestRules:
    POLICY = shipped("320000", "training")

    def stored(self, **values):
        one = facts(**values)
        grounds, award = rules.grounds(one, self.POLICY), rules.award(one, self.POLICY)
        return rules.kept(one, grounds, award, 0), grounds, award

    def test_nothing_differs_from_itself(self):
        stored, grounds, award = self.stored()
        assert list(rules.apart(stored, grounds, award, 0)) == []

    def test_a_changed_line_is_named_with_both_sums(self):
        stored, grounds, award = self.stored()
        stored["working"][0]["amount_fen"] += 500
        apart = list(rules.apart(stored, grounds, award, 0))
        assert [(one.aspect, one.was - one.now) for one in apart] == [("fen", 500), ("fen", 500)]
        assert apart[-1].label == rules.TOTAL

    def test_a_ground_and_a_figure_are_named(self):
        stored, _grounds, _award = self.stored()
        _stored, grounds, award = self.stored(attended_percent=70)
        apart = list(rules.apart(stored, grounds, award, 0))
        assert [(one.aspect, one.label.code) for one in apart] == [("against", "attendance"), ("figures", "attendance")]
        assert apart[1].was["percent"] == 100
        assert apart[1].now is None

    def test_facts_that_changed_are_told_with_both_values(self):
        assert rules.facts_apart(SAID, SAID | {"hours": 80}) == [("hours", 120, 80)]

    @pytest.mark.parametrize(
        ("due", "paid", "alarm"),
        [
            (10_000, 9_992, False), (10_000, 9_991, True), (10_000, 10_008, False), (10_000, 10_009, True),
            (0, 0, False), (0, 1, True), (10**12, 9_992 * 10**8 - 1, True),
        ],
    )  # fmt: skip
    def test_the_band_has_exact_edges(self, due, paid, alarm):
        band = rules.Band(least=9992, most=10008, document="文")
        assert (rules.out_of_band(due, paid, band) is not None) is alarm

    def test_the_share_is_cut_and_not_rounded_into_the_band(self):
        assert rules.share(1_000_000, 999_199) == "99.91"
        assert rules.share(0, 5) == "–"

    def test_every_fact_has_its_word_and_source(self):
        assert set(rules.LABELS) == set(SAID)
        shown = list(rules.facts_told(SAID))
        assert {one.source for one in shown} <= set(rules.SOURCES)
        assert {one.name: one.value for one in shown}["attended_percent"] == 100
        assert "list_fen" not in {one.name for one in shown}


def test_nothing_is_found_where_nothing_changed():
    paid(2)
    run = recompute()
    assert (run.claims, run.discrepancies, Discrepancy.objects.count()) == (2, 0, 0)
    one = Accuracy.objects.get()
    assert (one.claims, one.due_fen, one.paid_fen, one.is_out_of_band) == (2, 300_000, 300_000, False)
    assert (one.least, one.most) == (9992, 10008)
    assert Entry.objects.get(kind="recomputation.finished").data["out_of_band"] == []


def test_a_paid_claim_that_is_not_due_any_more_becomes_a_discrepancy_and_an_alarm():
    """A revoked certificate after payment: the decision differs, its line says why, the county is out of its band."""
    one, _other = paid(2)
    revoke(one)
    run = recompute()
    found = Discrepancy.objects.get()
    assert (found.claim_id, found.basis, found.was_fen, found.now_fen) == (one.pk, "present", 150_000, 0)
    assert [row["label"]["code"] for row in found.differences if row["aspect"] == "against"] == ["not-certified"]
    assert found.facts == [["stage", "certified", "completed"]]
    assert run.discrepancies == 1
    accuracy = Accuracy.objects.get()
    assert (accuracy.due_fen, accuracy.paid_fen, accuracy.is_out_of_band) == (150_000, 300_000, True)


def test_what_was_claimed_afterwards_is_no_ground_against_what_came_before():
    """A higher level later does not make the lower one wrong that was paid first."""
    [claim] = f.claims(1)
    item = type(claim.item).objects.create(
        demand_list=claim.item.demand_list, training_type="level", occupation=claim.item.occupation, level="3",
        grade="A", hours=56, amount_fen=200_000,
    )  # fmt: skip
    klass = f.assessed_class(persons=[claim.person], item=item, budget_fen=0)
    actions.file_class_claims(by=f.manager_of(klass), class_id=klass.pk, now=f.LATER)
    recompute()
    assert Discrepancy.objects.count() == 0


def test_two_records_that_turn_out_to_be_one_person_are_found():
    """N3.1, N12.3: each was right when it was decided; merged, the later one was not due."""
    [claim] = f.claims(1)
    other = f.payee(7)
    klass = f.assessed_class(persons=[other], item=claim.item, institution__region_code="320583")
    [second], _against = actions.file_class_claims(by=f.manager_of(klass), class_id=klass.pk, now=f.LATER)
    Person.objects.filter(pk=other.pk).update(merged_into=claim.person_id)
    recompute()
    found = Discrepancy.objects.get()
    assert found.claim_id == second.pk
    assert found.differences[0]["label"]["code"] == "same-level"


def test_an_open_one_is_seen_again_and_closed_once_it_is_gone():
    [claim] = f.claims(1)
    commitment = claim.enrolment.commitment
    type(commitment).objects.filter(pk=commitment.pk).update(enrolment=None)
    recompute()
    recompute(LATER + timedelta(1))
    one = Discrepancy.objects.get()
    assert one.seen_at == LATER + timedelta(1)
    type(commitment).objects.filter(pk=commitment.pk).update(enrolment=claim.enrolment)
    recompute(LATER + timedelta(2))
    one.refresh_from_db()
    assert (one.outcome, one.settled_by, one.settled_at) == ("gone", None, LATER + timedelta(2))
    assert [e.kind for e in Entry.objects.filter(kind__startswith="discrepancy").order_by("pk")] == [
        "discrepancy.found", "discrepancy.gone",
    ]  # fmt: skip


class TestSettling:
    @pytest.fixture
    def one(self):
        [claim] = f.claims(1)
        revoke(claim)
        recompute()
        return Discrepancy.objects.get()

    def test_a_settled_one_is_not_found_again_unless_it_changes(self, one):
        judge = f.account("county-second-reviewer")
        actions.settle_discrepancy(by=judge, discrepancy_id=one.pk, outcome="stands", finding=" 已核实 ", now=LATER)
        one.refresh_from_db()
        assert (one.outcome, one.finding, one.settled_by) == ("stands", "已核实", judge)
        recompute(LATER + timedelta(1))
        assert Discrepancy.objects.count() == 1
        one.claim.enrolment.commitment.delete()
        recompute(LATER + timedelta(2))
        assert Discrepancy.objects.filter(settled_at=None).count() == 1

    @pytest.mark.parametrize(
        ("outcome", "finding", "code"),
        [("stands", " ", "finding"), ("gone", "x", "bad-outcome"), ("", "x", "bad-outcome"), ("x", "x", "bad-outcome")],
    )
    def test_it_takes_an_outcome_and_words(self, one, outcome, finding, code):
        with pytest.raises(Refused) as refusal:
            actions.settle_discrepancy(
                by=f.account("county-second-reviewer"),
                discrepancy_id=one.pk,
                outcome=outcome,
                finding=finding,
                now=LATER,
            )
        assert [reason.code for reason in refusal.value.reasons] == [code]
        one.refresh_from_db()
        assert one.settled_at is None

    def test_only_the_countys_own_judge_settles_and_once(self, one):
        words = {"outcome": "stands", "finding": "x", "now": LATER}
        with pytest.raises(Forbidden):
            actions.settle_discrepancy(by=f.account("county-reviewer"), discrepancy_id=one.pk, **words)
        elsewhere = f.account("county-second-reviewer", region_code="320583")
        with pytest.raises(NotFound):
            actions.settle_discrepancy(by=elsewhere, discrepancy_id=one.pk, **words)
        with pytest.raises(NotFound):
            actions.settle_discrepancy(
                by=f.manager_of(one.claim.enrolment.training_class), discrepancy_id=one.pk, **words
            )
        judge = f.account("county-second-reviewer")
        actions.settle_discrepancy(by=judge, discrepancy_id=one.pk, **words)
        with pytest.raises(Refused) as refusal:
            actions.settle_discrepancy(by=judge, discrepancy_id=one.pk, **words)
        assert [reason.code for reason in refusal.value.reasons] == ["settled"]


class TestCommands:
    def test_replaying_says_how_many_and_fails_where_one_differs(self, monkeypatch):
        """The policy that a version is read as is put off by a fen: every decision of it differs, line by line."""
        f.claims(2)
        out = StringIO()
        call_command("replay_claims", stdout=out)
        assert "2 decisions replayed, 0 differ" in out.getvalue()
        [first, _second] = Claim.objects.order_by("pk")
        policy = queries.rules_of(first.policy)
        other = type(policy).of(policy.json() | {"source": "table", "document": "别的文件"})
        monkeypatch.setattr("rollbook.subsidies.queries.policies.rules_of", lambda _version: other)
        out = StringIO()
        with pytest.raises(CommandError):
            call_command("replay_claims", str(first.pk), stdout=out)
        assert "1 decisions replayed, 1 differ" in out.getvalue()
        assert "0 → 150000" in out.getvalue()

    def test_the_nightly_command_names_the_counties_out_of_band(self):
        [claim] = paid(1)
        revoke(claim)
        Accuracy.objects.all().delete()
        out = StringIO()
        call_command("recompute_claims", region="320100", stdout=out)
        assert "1 claims worked out again, 1 discrepancies open" in out.getvalue()
        # Paid in April of 2026; the command runs by the clock of now, another year may have begun.
        assert Recomputation.objects.get().finished_at is not None


def test_the_band_is_a_dated_term_of_the_region():
    paid(1)
    Term.objects.filter(key="accuracy-least").update(value=10_000)
    Term.objects.filter(key="accuracy-most").update(value=10_000)
    recompute()
    assert Accuracy.objects.get().least == 10_000


class TestPages:
    @pytest.fixture
    def one(self):
        claim, _other = paid(2)
        revoke(claim)
        recompute()
        return Discrepancy.objects.get()

    def sign_in(self, client, settings, role="county-second-reviewer", **values):
        settings.DEMO = True
        client.cookies["django_language"] = "en"
        client.force_login(f.account(role, **values), backend=settings.AUTHENTICATION_BACKENDS[0])

    def test_accuracy_shows_counties_runs_and_the_alarm(self, client, settings, one, django_assert_max_num_queries):
        self.sign_in(client, settings)
        with django_assert_max_num_queries(20):
            page = client.get(reverse("subsidies:accuracy"))
        assert "200.00 %" in page.text
        assert "Counties out of their band: 1" in page.text
        assert client.get(reverse("subsidies:accuracy") + "?export=1").status_code == 200

    def test_the_workbench_tells_both(self, client, settings, one):
        self.sign_in(client, settings)
        page = client.get(reverse("reports:workbench"))
        assert "Discrepancy to settle" in page.text
        assert "Paid is not what was due" in page.text

    def test_lists_are_filtered_and_exported(self, client, settings, one):
        self.sign_in(client, settings)
        address = reverse("subsidies:discrepancy_list")
        assert one.claim.person.name in client.get(address + "?state=open&basis=present").text
        assert one.claim.person.name not in client.get(address + "?state=settled").text
        assert client.get(address + "?export=1").status_code == 200

    def test_an_institution_is_not_shown_them(self, client, settings, one):
        self.sign_in(client, settings, "institution-manager", institution_id=one.claim.institution_id)
        for name in ("accuracy", "discrepancy_list"):
            assert client.get(reverse(f"subsidies:{name}")).status_code == 403

    def test_one_is_settled_on_its_page(self, client, settings, one):
        self.sign_in(client, settings)
        page = client.get(reverse("subsidies:discrepancy_detail", args=[one.pk]))
        assert "There is no valid certificate of this class." in page.text
        answer = client.post(
            reverse("subsidies:discrepancy_settle", args=[one.pk]), {"outcome": "recovered", "finding": "追回"}
        )
        assert answer.status_code == 302
        one.refresh_from_db()
        assert one.outcome == "recovered"

    def test_a_claim_is_replayed_line_by_line(self, client, settings, one):
        self.sign_in(client, settings)
        page = client.get(reverse("subsidies:replay", args=[one.claim_id]))
        assert "the same" in page.text
        page = client.get(reverse("subsidies:claim_detail", args=[one.claim_id]))
        assert "Facts that decided" in page.text
        assert reverse("subsidies:discrepancy_detail", args=[one.pk]) in page.text

    def test_an_officer_asks_for_it_now(self, client, settings, one):
        self.sign_in(client, settings)
        assert client.post(reverse("subsidies:recompute")).status_code == 302
        asked = Recomputation.objects.get(asked_by__role="county-second-reviewer")
        assert asked.region_code == "320102"
        actions.run_recomputation(run_id=asked.pk, now=LATER)
        asked.refresh_from_db()
        assert (asked.claims, asked.finished_at) == (2, LATER)
        with pytest.raises(Forbidden):
            actions.ask_recomputation(by=f.account("worker", person_id=one.claim.person_id), now=LATER)
