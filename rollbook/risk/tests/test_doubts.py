"""What a person decides before the next step is asked where that step is taken (domain 5.2 severity R, 5.3, N3.6)."""

from datetime import timedelta

import pytest
from django.test import Client

from rollbook.classes import actions as classes
from rollbook.classes.models import Doubt
from rollbook.classes.tests.applications import NOW, ready
from rollbook.directory.tests.factories import load_terms
from rollbook.journal.models import Entry
from rollbook.kernel.reasons import Refused
from rollbook.risk import actions
from rollbook.risk.tests.test_holds import found, settled
from rollbook.subsidies import actions as subsidies
from rollbook.subsidies.tests import factories as f

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked():
    load_terms(class_min=2)
    made = ready()
    made.submit()
    return made


def codes(deed, **values):
    with pytest.raises(Refused) as refused:
        deed(**values)
    return [one.code for one in refused.value.reasons]


def passed(claim, role="county-reviewer", **values):
    move = "pass-first" if role == "county-reviewer" else "pass-second"
    return subsidies.review_claim(by=f.account(role), claim_id=claim.pk, move=move, now=f.LATER, **values)


def test_a_class_is_approved_over_an_open_alert_only_with_a_reason(asked):
    """5.3: a likelihood refuses nobody; what the officer says is the office's own."""
    found("D17", asked.klass.enrolments.first().pk, now=NOW)
    assert codes(asked.review) == ["undecided"]
    assert codes(asked.review, despite="  ", remark="同意") == ["undecided"]
    asked.klass.refresh_from_db()
    assert asked.klass.state == "submitted"
    assert not Entry.objects.filter(kind="doubt.passed").exists()
    assert asked.review(despite="已核实：同名不同人").state == "approved"
    entry = Entry.objects.get(kind="doubt.passed")
    assert (entry.data["why"], entry.institution_id, entry.by) == ("已核实：同名不同人", None, asked.county)
    assert not asked.klass.reviews.filter(remark__contains="核实").exists()


def test_sending_a_class_back_needs_no_reason_why_one_goes_on(asked):
    found("D17", asked.klass.enrolments.first().pk, now=NOW)
    assert asked.review("return", ticked=["roster"]).state == "draft"


def test_nothing_is_approved_by_silence_over_an_open_alert(asked):
    alert = found("D17", asked.klass.enrolments.first().pk, now=NOW)
    assert not classes.approve_by_silence(class_id=asked.klass.pk, now=NOW + timedelta(8))
    actions.settle(
        by=f.account("county-reviewer"), alert_id=alert.pk, true_codes=[], excuse="record", finding="同名", now=NOW,
        consequences=[],
    )  # fmt: skip
    assert classes.approve_by_silence(class_id=asked.klass.pk, now=NOW + timedelta(8))


def test_warnings_ask_nothing(asked):
    found("D24", asked.klass.enrolments.first().pk, now=NOW)
    assert not Doubt.objects.exists()
    assert asked.review().state == "approved"


def test_a_claim_is_passed_over_an_open_alert_about_its_trainee_only_with_a_reason():
    claim, other = f.claims(2)
    alert = found("D17", claim.enrolment_id)
    assert passed(other).state == "first"
    assert codes(passed, claim=claim) == ["undecided"]
    claim.refresh_from_db()
    assert claim.state == "filed"
    assert codes(
        subsidies.pass_claims, by=f.account("county-reviewer"), claim_ids=[claim.pk], now=f.LATER
    ) == ["undecided"]  # fmt: skip
    assert passed(claim, despite="已电话核实").state == "first"
    second = "county-second-reviewer"
    assert codes(passed, claim=claim, role=second) == ["undecided"], "each officer decides"
    settled(alert, [])
    assert passed(claim, second).state == "publicity"
    assert Doubt.objects.get().ended_at


def test_an_alert_about_the_class_is_about_each_of_its_claims_and_more_found_adds_to_it():
    claim, other = f.claims(2)
    alert = found("D25", claim.enrolment.training_class_id)
    found("D25", claim.enrolment.training_class_id, digest="b", now=f.LATER + timedelta(1))
    assert [(one.number, one.person) for one in Doubt.objects.all()] == [(alert.pk, None)]
    for one in (claim, other):
        assert codes(passed, claim=one) == ["undecided"]


def test_whoever_may_see_alerts_sees_them_with_the_class_the_claim_and_in_the_queues(settings):
    settings.DEMO = True
    claim, other = f.claims(2)
    alert = found("D17", claim.enrolment_id)
    klass = claim.enrolment.training_class
    office, manager = f.account("county-reviewer"), f.manager_of(klass)
    client = Client(headers={"accept-language": "en"})
    client.force_login(office)
    link = f"/alerts/{alert.pk}/"
    for address in (f"/alerts/classes/{klass.pk}/", f"/alerts/claims/{claim.pk}/", f"/claims/{claim.pk}/"):
        assert link in client.get(address).text, address
    assert link not in client.get(f"/alerts/claims/{other.pk}/").text
    assert f"/alerts/classes/{klass.pk}/" in client.get(f"/classes/{klass.pk}/").text
    assert client.get("/claims/queue/").text.count("Open alert<") == 1
    answer = client.post(f"/claims/{claim.pk}/review/", {"move": "pass-first", "despite": "已核实"})
    assert answer.status_code == 302
    client.force_login(manager)
    for address in (f"/claims/{claim.pk}/", f"/classes/{klass.pk}/"):
        page = client.get(address).text
        assert "alert was not decided" not in page
        assert "/alerts/cl" not in page
        assert "已核实" not in page


def test_the_page_of_an_application_asks_for_the_reason(asked, settings):
    settings.DEMO = True
    found("D17", asked.klass.enrolments.first().pk, now=NOW)
    client = Client(headers={"accept-language": "en"})
    client.force_login(asked.county)
    assert "Open alert<" in client.get("/classes/queue/").text
    assert 'name="despite"' in client.get(f"/classes/{asked.klass.pk}/").text
    client.post(f"/classes/{asked.klass.pk}/review/", {"move": "approve", "despite": "已核实"})
    asked.klass.refresh_from_db()
    assert asked.klass.state == "approved"
