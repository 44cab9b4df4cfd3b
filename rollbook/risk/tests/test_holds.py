"""Hard legal rules hold claims until a person has looked; likelihoods hold nothing (domain 5.3, N3.6, N14.1)."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from rollbook.certificates.models import Certificate
from rollbook.classes.tests.factories import EnrolmentFactory
from rollbook.journal.models import Entry
from rollbook.kernel.reasons import Refused
from rollbook.risk import actions
from rollbook.risk.actions.filing import file
from rollbook.risk.detectors import DETECTORS
from rollbook.risk.models import Alert, Finding, Hit, Run
from rollbook.risk.queries.screening import Group
from rollbook.risk.rules import wanted
from rollbook.subsidies import actions as subsidies
from rollbook.subsidies import queries as claims
from rollbook.subsidies.models import Claim, Hold
from rollbook.subsidies.tests import factories as f

pytestmark = pytest.mark.django_db
ROW = {"day": "2026-03-05", "fund": "unemployment", "people": 3, "all_people": 9, "phone": "x", "account": "x"}


def found(code, subject_id, digest="a", now=f.LATER):
    one = DETECTORS[code]
    run = Run.objects.create(kind="night", engine="duckdb", started_at=now)
    file(run, one, wanted({}, one), {}, [Group(subject_id, [ROW], 1, digest)], now)
    return Alert.objects.order_by("-pk").first()


def settled(alert, consequences, true=()):
    first, second = f.account("county-reviewer"), f.account("county-second-reviewer")
    actions.settle(
        by=first, alert_id=alert.pk, true_codes=list(true), excuse="" if true else "record", finding="核实", now=f.LATER,
        consequences=consequences,
    )  # fmt: skip
    return actions.close(by=second, alert_id=alert.pk, now=f.LATER)


def test_what_the_law_forbids_is_held_and_released_when_it_was_not_so():
    held, free = f.claims(2)
    alert = found("D18", held.enrolment_id)
    assert claims.held_among([held.pk, free.pk]) == {held.pk}
    assert alert.amount_fen == held.amount_fen
    assert Hold.objects.get().placed_by is None
    settled(alert, ["release"])
    assert not claims.held_among([held.pk])
    found("D18", held.enrolment_id, now=f.LATER + timedelta(1))
    assert not claims.held_among([held.pk]), "the same rows do not come back"
    found("D18", held.enrolment_id, digest="b", now=f.LATER + timedelta(2))
    assert claims.held_among([held.pk]) == {held.pk}, "new evidence does"


def test_the_province_releases_a_hold_when_it_closes_the_alert():
    """N14.1: the second pair of eyes of the province is as good as a county's."""
    [claim] = f.claims(1)
    alert = found("D18", claim.enrolment_id)
    values = {"true_codes": [], "excuse": "record", "finding": "记录有误", "consequences": ["release"], "now": f.LATER}
    actions.settle(by=f.account("county-reviewer"), alert_id=alert.pk, **values)
    officer = f.account("province-officer", region_code="320000")
    assert actions.close(by=officer, alert_id=alert.pk, now=f.LATER).state == "closed"
    assert not claims.held_among([claim.pk])


def test_a_hold_that_a_person_lifted_stays_lifted_while_the_alert_is_open():
    [claim] = f.claims(1)
    found("D26", claim.pk)
    subsidies.lift_hold(
        by=f.account("county-second-reviewer"), hold_id=Hold.objects.get().pk, why="家庭共用", now=f.LATER
    )
    found("D26", claim.pk, now=f.LATER + timedelta(1))
    assert not claims.held_among([claim.pk])


def test_a_likelihood_holds_nothing_until_two_people_say_so():
    [claim] = f.claims(1)
    class_id = claim.enrolment.training_class_id
    alert = found("D25", class_id)
    assert not claims.held_among([claim.pk])
    settled(alert, ["hold"], true=["D25"])
    assert claims.held_among([claim.pk]) == {claim.pk}
    assert Hold.objects.get().source == f"risk.Alert:{alert.pk}"


def claimed_later(klass):
    """File the claims of a class after something was found."""
    filed, against = subsidies.file_class_claims(by=f.manager_of(klass), class_id=klass.pk, now=f.LATER)
    assert not against
    return filed


def unclaimed(count=2):
    f.load_terms()
    klass = f.assessed_class(count)
    return klass, list(klass.enrolments.order_by("pk"))


def test_what_was_found_before_the_claim_holds_it_when_it_is_filed():
    """5.3: the usual order is roster, finding, claim; and the same rows found again change nothing."""
    klass, (one, other) = unclaimed()
    found("D18", one.pk)
    found("D18", one.pk, now=f.LATER + timedelta(1))
    filed = claimed_later(klass)
    mine = {claim.pk for claim in filed if claim.enrolment_id == one.pk}
    assert claims.held_among([claim.pk for claim in filed]) == mine
    with pytest.raises(Refused):
        subsidies.review_claim(by=f.account("county-reviewer"), claim_id=min(mine), move="pass-first", now=f.LATER)
    [free] = [claim for claim in filed if claim.enrolment_id == other.pk]
    assert subsidies.review_claim(
        by=f.account("county-reviewer"), claim_id=free.pk, move="pass-first", now=f.LATER
    ).first_by


def test_the_database_itself_stops_what_was_found_before_the_claim():
    klass, (one, other) = unclaimed()
    found("D18", one.pk)
    claims_now = {claim.enrolment_id: claim for claim in claimed_later(klass)}
    first, second = f.account("county-reviewer"), f.account("county-second-reviewer")
    passed = {"state": "publicity", "first_by": first, "second_by": second}
    Claim.objects.update(state="first", first_by=first)
    with pytest.raises(DatabaseError), transaction.atomic():
        Claim.objects.filter(pk=claims_now[one.pk].pk).update(**passed)
    assert Claim.objects.filter(pk=claims_now[other.pk].pk).update(**passed) == 1


def test_a_hold_lifted_before_the_claim_stays_lifted():
    klass, (one, _other) = unclaimed()
    found("D18", one.pk)
    subsidies.lift_hold(
        by=f.account("county-second-reviewer"), hold_id=Hold.objects.get().pk, why="另一人", now=f.LATER
    )
    assert Entry.objects.filter(kind="class.claims-released", subject__endswith=f":{klass.pk}").exists()
    found("D18", one.pk, now=f.LATER + timedelta(1))
    assert not claims.held_among([claim.pk for claim in claimed_later(klass)])


@pytest.mark.parametrize("code", ["D18", "D25", "D17"])
def test_settled_as_true_before_the_claim_it_holds_what_is_claimed_later(code):
    """N3.6: a class as a whole (D25), or that trainee; also where the detector by itself held nothing."""
    klass, (one, _other) = unclaimed()
    subject = klass.pk if code == "D25" else one.pk
    settled(found(code, subject), ["hold"], true=[code])
    found(code, subject, now=f.LATER + timedelta(1))
    filed = claimed_later(klass)
    wanted = {claim.pk for claim in filed if code == "D25" or claim.enrolment_id == one.pk}
    assert claims.held_among([claim.pk for claim in filed]) == wanted


@pytest.mark.parametrize("consequences", [[], ["release"]])
def test_settled_as_legitimate_before_the_claim_it_holds_nothing(consequences):
    """Whoever had claimed nothing yet must not be stopped later by what was found not to be so."""
    klass, (one, _other) = unclaimed()
    settled(found("D18", one.pk), consequences)
    found("D18", one.pk, now=f.LATER + timedelta(1))
    assert not claims.held_among([claim.pk for claim in claimed_later(klass)])


def test_a_cleared_one_of_two_is_let_go_and_the_other_stays_held():
    klass, (one, other) = unclaimed()
    found("D18", one.pk)
    alert = found("D18", other.pk)
    first, second = f.account("county-reviewer"), f.account("county-second-reviewer")
    hit = Hit.objects.get(subject_id=one.pk)
    actions.settle(
        by=first, alert_id=alert.pk, true_codes=["D18"], excuse="", finding="一人重复", now=f.LATER,
        consequences=["hold"], cleared=[hit.pk],
    )  # fmt: skip
    actions.close(by=second, alert_id=alert.pk, now=f.LATER)
    filed = claimed_later(klass)
    wanted = {claim.pk for claim in filed if claim.enrolment_id == other.pk}
    assert claims.held_among([claim.pk for claim in filed]) == wanted


def test_who_is_held_before_claiming_is_told_where_claims_are_filed(settings):
    """N14.1: with the ground, and an officer lifts it there."""
    settings.DEMO = True
    klass, (one, other) = unclaimed()
    found("D18", one.pk)
    address, client = f"/claims/classes/{klass.pk}/", Client(headers={"accept-language": "en"})
    for who, sees in (
        (f.manager_of(klass), True),
        (f.account("worker", person_id=one.person_id), True),
        (f.account("worker", person_id=other.person_id), False),
        (f.account("county-second-reviewer"), True),
    ):
        client.force_login(who)
        assert (f"all claims of {one.person.name} for this class" in client.get(address).text) is sees, who.role
    answer = client.post(f"/claims/holds/{Hold.objects.get().pk}/lift/", {"why": "另一人", "class": klass.pk})
    assert answer.url == address
    assert "Held" not in client.get(address).text


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_who_is_filed_is_screened_at_once_on_the_same_expressions():
    """N3.5: read from the database at that moment. The person of the claim is too young by law; and that it comes too
    late needs nobody else's rows either."""
    claim, other = f.claims(2)
    claim.person.birth_on = f.NOW.date() - timedelta(365 * 12)
    claim.person.save()
    Certificate.objects.filter(enrolment=claim.enrolment_id).update(issued_on=claim.filed_at.date() - timedelta(400))
    run = actions.screen_claim(claim_id=claim.pk, now=f.LATER)
    assert {step.detector: step.error for step in run.steps.all() if step.error} == {}
    assert {"D20", "D113", "D114", "D115", "D116"} <= set(run.steps.values_list("detector", flat=True))
    assert {(one.subject, one.subject_id) for one in Hit.objects.all()} == {
        ("enrolment", claim.enrolment_id), ("claim", claim.pk),
    }  # fmt: skip
    assert {one.source for one in Hold.objects.all()} == {"risk.D09", "risk.D114"}
    assert claims.held_among([claim.pk, other.pk]) == {claim.pk}


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_who_comes_to_a_roster_later_is_screened_alone():
    """N3.5: a trainee added to a running class; those screened before are not read again."""
    klass, (one, _other) = unclaimed()
    one.person.birth_on = f.NOW.date() - timedelta(365 * 12)
    one.person.save()
    run = actions.screen_roster(class_id=klass.pk, now=f.NOW)
    assert run.steps.count() > 20
    assert Hold.objects.get().person == one.person
    late = EnrolmentFactory(
        training_class=klass,
        person=f.PersonFactory(birth_on=f.NOW.date() - timedelta(365 * 12)),
        added_at=f.LATER - timedelta(hours=1),
    )
    actions.screen_added(class_id=klass.pk, now=f.LATER)
    assert {hold.person_id for hold in Hold.objects.all()} == {one.person_id, late.person_id}
    assert Finding.objects.get().hits.count() == 2
    assert actions.screen_added(class_id=klass.pk, now=f.LATER + timedelta(1)) is None, "nobody came since"


def test_whoever_is_put_on_a_roster_is_screened(settings):
    """Singly or by a file; of a draft nobody, for it is screened when it is filed."""
    for kind in ("class.trainee-added", "class.roster-imported"):
        assert "rollbook.risk.tasks.screen_added" in settings.REACTIONS[kind]
    draft = EnrolmentFactory(training_class__state="draft").training_class
    assert actions.screen_added(class_id=draft.pk, now=f.LATER) is None
