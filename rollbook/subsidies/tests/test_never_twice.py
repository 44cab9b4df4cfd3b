"""N12.3: the same occupation and level once, whatever the code, fund, region, payee, record or order."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.urls import reverse

from rollbook.classes import actions as classes
from rollbook.classes.models import LevelReservation
from rollbook.directory.tests.factories import DemandItemFactory, DemandListFactory, OccupationFactory
from rollbook.kernel.reasons import Refused
from rollbook.persons import actions as persons
from rollbook.subsidies import actions, queries
from rollbook.subsidies.models import Claim
from rollbook.subsidies.tests import factories as f
from rollbook.subsidies.tests import races
from rollbook.subsidies.tests.cases import shipped

pytestmark = pytest.mark.django_db


@pytest.fixture
def claim():
    return f.claims(1)[0]


def again(claim, **values):
    """The same claim written past all our code."""
    row = {one.attname: getattr(claim, one.attname) for one in Claim._meta.concrete_fields if one.name != "id"}
    with transaction.atomic():
        return Claim.objects.create(**row | values)


def codes(refusal) -> list[str]:
    return [one.code for one in refusal.value.reasons]


@pytest.mark.parametrize(
    "values",
    [{"kind": kind} for kind in ("level", "completion", "special", "startup", "induction", "upgrade", "apprentice")]
    + [{"region_code": "320583"}, {"fund": "unemployment", "kind": "upgrade"}, {"level": "5"}, {"state": "paid"}],
)
def test_the_database_refuses_a_second_of_any_fund_region_or_state(claim, values):
    with pytest.raises(IntegrityError):
        again(claim, **values)
    assert Claim.objects.count() == 1


def test_an_evaluation_is_another_thing_but_not_twice(claim):
    """Domain 3.8: training and evaluation of one level are both paid; each of them once."""
    again(claim, kind="evaluation")
    with pytest.raises(IntegrityError):
        again(claim, kind="evaluation")


def test_a_higher_level_may_follow_and_then_bars_the_lower(claim):
    higher = again(claim, level="3")
    with pytest.raises(IntegrityError):
        again(claim, level="5", person_id=higher.person_id)
    assert set(Claim.objects.values_list("level", flat=True)) == {"4", "3"}


def test_a_refused_claim_does_not_bar_but_cannot_come_back_beside_another(claim):
    actions.review_claim(by=f.account("county-reviewer"), claim_id=claim.pk, move="refuse", why="冒名", now=f.NOW)
    again(claim, state="filed")
    with pytest.raises(IntegrityError), transaction.atomic():
        Claim.objects.filter(pk=claim.pk).update(state="filed")


def test_a_claim_cannot_name_another_occupation_than_its_project(claim):
    with pytest.raises(IntegrityError):
        again(claim, occupation_identity=6180999, person_id=f.payee(5).pk)


def test_the_identity_of_an_occupation_with_claims_stays(claim):
    with pytest.raises(IntegrityError), transaction.atomic():
        type(claim.item.occupation).objects.filter(pk=claim.item.occupation_id).update(identity=1)


@pytest.mark.parametrize("edition", [1999, 2015])
def test_the_code_of_another_edition_is_the_same_occupation(claim, edition):
    """Domain 3.7 H: keyed by identity, not by code or name."""
    older = OccupationFactory(edition=edition, code="6-04-02-05", name="电焊工", identity=claim.occupation_identity)
    klass = f.assessed_class(
        persons=[claim.person],
        institution__region_code="320583",
        item=DemandItemFactory(demand_list=claim.item.demand_list, occupation=older),
    )
    with pytest.raises(Refused) as refusal:
        actions.file_class_claims(by=f.manager_of(klass), class_id=klass.pk, now=f.NOW)
    assert codes(refusal) == ["same-level"]


def test_two_records_of_one_person_are_one(claim):
    """N3.1: what was claimed under the other record counts, for the rules and for the database."""
    other = f.payee(7)
    klass = f.assessed_class(persons=[other], institution__region_code="320583", item=claim.item)
    persons.merge(
        by=f.account("province-officer", region_code="320000"), keep_id=other.pk, merge_id=claim.person_id,
        why="同一人", now=f.NOW,
    )  # fmt: skip
    with pytest.raises(Refused) as refusal:
        actions.file_class_claims(by=f.manager_of(klass), class_id=klass.pk, now=f.NOW)
    assert codes(refusal) == ["same-level"]
    with pytest.raises(IntegrityError):
        again(claim, person_id=other.pk, enrolment_id=klass.enrolments.get().pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        LevelReservation.objects.create(
            person=other, occupation_identity=claim.occupation_identity, level="5",
            enrolment=klass.enrolments.get(), reserved_at=f.NOW,
        )  # fmt: skip


def test_the_unemployment_fund_pays_instead_and_not_besides():
    """Domain 3.3, 5: one item, one fund; the money is set aside in the fund that pays."""
    f.load_terms()
    klass = f.assessed_class(1)
    races.upgrade_policy()
    manager, enrolment = f.manager_of(klass), klass.enrolments.get()
    f.grant(fund="unemployment")
    claim = actions.file_claim(by=manager, enrolment_id=enrolment.pk, now=f.NOW, subsidy="upgrade")
    assert (claim.kind, claim.fund, claim.amount_fen) == ("upgrade", "unemployment", 150_000)
    with pytest.raises(Refused) as refusal:
        actions.file_claim(by=manager, enrolment_id=enrolment.pk, now=f.NOW)
    assert codes(refusal) == ["same-level", "blocked-by"]
    assert refusal.value.reasons[1].values["claim"] == claim.pk
    with pytest.raises(Refused) as refusal:
        actions.file_claim(by=manager, enrolment_id=enrolment.pk, now=f.NOW, subsidy="safety")
    assert codes(refusal) == ["not-offered"]


def test_the_shipped_upgrade_policy_wants_insured_months():
    policy = replace(shipped("320000", "upgrade"), caps=())
    assert policy.fund == "unemployment"
    assert policy.limits.insured_months == 12


class TestBlockedBy:
    def test_the_own_claim_is_named_and_a_strangers_is_not(self, claim):
        """Who may see the other claim is told which it is; nobody else learns where it is."""
        klass = f.assessed_class(persons=[claim.person], institution__region_code="320583", item=claim.item)
        people = list(klass.enrolments.select_related("person"))
        province = f.account("province-officer", region_code="320000")
        [named] = queries.blocked_by(province, klass, people)[people[0].pk]
        assert named.values["claim"] == claim.pk
        assert claim.institution.name in str(named)
        with pytest.raises(Refused) as refusal:
            actions.file_claim(by=f.manager_of(klass), enrolment_id=people[0].pk, now=f.NOW)
        hidden = refusal.value.reasons[-1]
        assert hidden.code == "blocked-by"
        assert "claim" not in hidden.values
        assert claim.institution.name not in str(hidden)

    def test_the_pages_lead_to_the_other_claim_for_whoever_may_see_it(self, claim, client, settings):
        """Two records turn out to be of one person: the second claim is barred, on every page that says so."""
        settings.DEMO = True
        klass = f.assessed_class(1, institution__region_code="320583", item=claim.item)
        enrolment = klass.enrolments.get()
        second = actions.file_claim(by=f.manager_of(klass), enrolment_id=enrolment.pk, now=f.NOW)
        type(enrolment.person).objects.filter(pk=second.person_id).update(merged_into=claim.person)
        link = f'href="{reverse("subsidies:claim_detail", args=[claim.pk])}"'

        def shown(by, name, *args, **sent):
            client.force_login(by)
            url = reverse(f"subsidies:{name}", args=args)
            return (client.post(url, sent) if sent else client.get(url)).text

        province, near = (
            f.account("province-officer", region_code="320000"),
            f.account("county-reviewer", region_code="320583"),
        )
        assert link in shown(province, "claim_detail", second.pk)
        for page in (shown(near, "claim_detail", second.pk), shown(near, "review_preview", claim=second.pk)):
            assert link not in page
            assert "与之冲突的是其他地区或机构的一笔 4 级申请。" in page
        Claim.objects.filter(pk=second.pk).update(state="refused")
        for name, arg in (("class_claims", klass.pk), ("offers", enrolment.pk)):
            assert link in shown(province, name, arg)
            assert link not in shown(f.manager_of(klass), name, arg)


class TestReservation:
    """N12.3: reserved at approval, confirmed at payment, released where nothing is paid."""

    def rows(self):
        columns = ("enrolment_id", "confirmed_at", "released_at")
        return list(LevelReservation.objects.order_by("pk").values_list(*columns))

    def test_a_claim_holds_the_level_and_payment_confirms_it(self):
        [claim] = f.approved(1)
        assert self.rows() == [(claim.enrolment_id, None, None)]
        actions.make_batch(by=f.account("county-reviewer"), claim_ids=[claim.pk], now=f.LATER)
        assert self.rows() == [(claim.enrolment_id, None, None)]
        actions.settle_payment(subject=actions.subject_of(claim), is_paid=True, failure="", now=f.LATER)
        assert self.rows() == [(claim.enrolment_id, f.LATER, None)]
        classes.release_reservation(enrolment_id=claim.enrolment_id, now=f.LATER)
        assert self.rows() == [(claim.enrolment_id, f.LATER, None)]
        classes.release_reservation(enrolment_id=claim.enrolment_id, now=f.LATER, is_recovered=True)
        assert self.rows() == [(claim.enrolment_id, f.LATER, f.LATER)]

    def test_a_failed_payment_keeps_the_level(self):
        [claim] = f.approved(1)
        actions.make_batch(by=f.account("county-reviewer"), claim_ids=[claim.pk], now=f.LATER)
        actions.settle_payment(subject=actions.subject_of(claim), is_paid=False, failure="销户", now=f.LATER)
        assert self.rows() == [(claim.enrolment_id, None, None)]

    def test_a_refused_claim_releases_it_and_a_new_one_takes_it_anew(self, claim):
        actions.review_claim(by=f.account("county-reviewer"), claim_id=claim.pk, move="refuse", why="冒名", now=f.NOW)
        assert self.rows() == [(claim.enrolment_id, None, f.NOW)]
        manager = f.manager_of(claim.enrolment.training_class)
        actions.file_claim(by=manager, enrolment_id=claim.enrolment_id, now=f.LATER)
        assert self.rows() == [(claim.enrolment_id, None, f.NOW), (claim.enrolment_id, None, None)]

    def test_what_another_county_took_meanwhile_is_not_taken_back(self, claim):
        actions.review_claim(by=f.account("county-reviewer"), claim_id=claim.pk, move="refuse", why="冒名", now=f.NOW)
        klass = f.assessed_class(persons=[claim.person], institution__region_code="320583", item=claim.item)
        classes.hold_reservation(enrolment=klass.enrolments.get(), now=f.NOW)
        manager = f.manager_of(claim.enrolment.training_class)
        with pytest.raises(Refused) as refusal:
            actions.file_claim(by=manager, enrolment_id=claim.enrolment_id, now=f.LATER)
        assert codes(refusal) == ["level-had-meanwhile"]
        assert Claim.objects.exclude(state="refused").count() == 0

    def test_dropping_out_releases_it_before_any_claim(self):
        f.load_terms()
        klass = f.assessed_class(1)
        type(klass).objects.filter(pk=klass.pk).update(state="running")
        one = klass.enrolments.get()
        classes.hold_reservation(enrolment=one, now=f.NOW)
        classes.drop_trainee(by=f.manager_of(klass), enrolment_id=one.pk, why="离开", now=f.LATER)
        assert self.rows() == [(one.pk, None, f.LATER)]

    def test_a_lower_level_is_not_reserved_beside_a_higher(self, claim):
        with pytest.raises(IntegrityError), transaction.atomic():
            LevelReservation.objects.create(
                person=claim.person, occupation_identity=claim.occupation_identity, level="5",
                enrolment=claim.enrolment, reserved_at=f.NOW,
            )  # fmt: skip
        LevelReservation.objects.create(
            person=claim.person, occupation_identity=claim.occupation_identity, level="3",
            enrolment=claim.enrolment, reserved_at=f.NOW,
        )  # fmt: skip


class TestDecisionsStay:
    """B1: what a decision rested on is never changed afterwards, whoever writes."""

    @pytest.mark.parametrize(
        "values",
        [
            {"amount_fen": 1}, {"facts": {}}, {"working": []}, {"grounds": []}, {"sources": {}}, {"filings": 2},
            {"level": "5"}, {"kind": "special"}, {"fund": "special"}, {"region_code": "320000"},
            {"filed_at": f.LATER}, {"occupation_identity": 1},
        ],
    )  # fmt: skip
    def test_in_the_database(self, claim, values):
        with pytest.raises(IntegrityError), transaction.atomic():
            Claim.objects.filter(pk=claim.pk).update(**values)

    def test_nor_is_it_deleted(self, claim):
        with pytest.raises(DatabaseError), transaction.atomic():
            Claim.objects.filter(pk=claim.pk).delete()

    def test_a_returned_claim_is_decided_anew_by_what_is_true_then(self, claim):
        actions.review_claim(by=f.account("county-reviewer"), claim_id=claim.pk, move="return", why="补材料", now=f.NOW)
        lesson = claim.enrolment.training_class.lessons.get()
        assert claim.facts["attended_percent"] == 100
        lesson.attendances.update(presence="late")
        later = f.NOW + timedelta(3)
        manager = f.manager_of(claim.enrolment.training_class)
        refiled = actions.refile(by=manager, claim_id=claim.pk, now=later)
        refiled.refresh_from_db()
        assert (refiled.state, refiled.filings) == ("filed", 2)
        assert refiled.sources["attendance"]["on"] == "2026-04-04"
        assert queries.replayed(refiled) == []


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_whoever_claims_at_once_one_wins():
    """12 workers, three counties, three codes, three levels, two funds, shuffled; 1 000 rounds of 64 workers are in
    `python -m benchmarks races`."""
    f.load_terms()
    rounds = races.prepare(4)
    outcomes = races.run(rounds, 12)
    assert races.broken(rounds) == []
    assert outcomes["filed"] == Claim.objects.count() >= len(rounds)
    assert set(outcomes) <= {"filed", "same-level", "higher-level", "level-had-meanwhile"}
    assert all(not queries.replayed(one) for one in Claim.objects.select_related("policy"))


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_caps_are_counted_under_a_lock_on_the_person():
    """Four occupations at once where three subsidies may be had in all: three are filed."""
    f.load_terms()
    person = f.payee(1)
    attempts, listed = [], DemandListFactory()
    for n in range(4):
        occupation = OccupationFactory(code=f"6-18-01-0{n}", name=f"工种{n}")
        item = DemandItemFactory(demand_list=listed, occupation=occupation)
        klass = f.assessed_class(persons=[person], item=item, budget_fen=0)
        attempts.append(races.Attempt(f.manager_of(klass).pk, klass.enrolments.get().pk, "training", "4", str(n)))
    f.grant()
    outcomes = races.run([races.Round(person.pk, attempts)], 8)
    assert Claim.objects.count() == 3
    assert outcomes["filed"] == 3
