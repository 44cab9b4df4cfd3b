"""Hard legal rules hold claims until a person has looked; likelihoods hold nothing (domain 5.3, N3.6, N14.1)."""

from datetime import timedelta

import pytest

from rollbook.risk import actions
from rollbook.risk.actions.filing import file
from rollbook.risk.detectors import DETECTORS
from rollbook.risk.models import Alert, Hit, Run
from rollbook.risk.queries.screening import Group
from rollbook.risk.rules import wanted
from rollbook.subsidies import actions as subsidies
from rollbook.subsidies import queries as claims
from rollbook.subsidies.models import Hold
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


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_who_is_filed_is_screened_at_once_on_the_same_expressions():
    """N3.5: read from the database at that moment; the person of the claim is too young by law."""
    claim, other = f.claims(2)
    claim.person.birth_on = f.NOW.date() - timedelta(365 * 12)
    claim.person.save()
    run = actions.screen_claim(claim_id=claim.pk, now=f.LATER)
    assert {step.detector: step.error for step in run.steps.all() if step.error} == {}
    assert {one.subject_id for one in Hit.objects.all()} == {claim.enrolment_id}
    assert [one.detector for one in Alert.objects.get().findings.all()] == ["D09"]
    assert claims.held_among([claim.pk, other.pk]) == {claim.pk}
    run = actions.screen_roster(class_id=claim.enrolment.training_class_id, now=f.LATER)
    assert run.steps.count() > 20
