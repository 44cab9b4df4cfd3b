"""What officials did reaches the detectors of insiders; and nobody is warned by a count (N14.1, domain 5.2 D81, I03)."""

from datetime import timedelta

import pytest

from rollbook.classes import queries as classes
from rollbook.evidence import actions as evidence
from rollbook.evidence.rules import Keep, Kind
from rollbook.evidence.tests.pictures import photo
from rollbook.exchange import actions as exchange
from rollbook.persons import actions as persons
from rollbook.risk import queries
from rollbook.risk.models import Alert, Finding, Run
from rollbook.risk.queries import office
from rollbook.subsidies import actions as subsidies
from rollbook.subsidies.queries import screening as claimed
from rollbook.subsidies.tests import factories as f

pytestmark = pytest.mark.django_db


def shown():
    return {row["person_id"] or row["item_id"]: row for row in office.reveals()}


def test_a_read_that_a_case_calls_for_is_told_from_one_out_of_curiosity(settings, tmp_path):
    """I03: sealed fields and sensitive facts, with the region of whom and of who looked; evidence by its file."""
    settings.EVIDENCE_ROOT = tmp_path
    claim = f.claims(1)[0]
    other, away = f.payee(8, region_code="320102"), f.payee(9, region_code="320583")
    by, province = f.account("county-reviewer"), f.account("province-officer", region_code="320000")
    persons.reveal(by=by, person_id=claim.person_id, field="number", purpose="review", now=f.LATER)
    exchange.reveal_facts(by=province, person_id=other.pk, purpose="review", now=f.LATER)
    persons.reveal(by=province, person_id=away.pk, field="phone", purpose="call-back", now=f.LATER)
    found = shown()
    assert {pk: row["was_due"] for pk, row in found.items()} == {claim.person_id: True, other.pk: False, away.pk: False}
    assert (found[away.pk]["region_code_"], found[away.pk]["person_region"]) == ("320000", "320583")
    for role, move in (("county-reviewer", "pass-first"), ("county-second-reviewer", "pass-second")):
        subsidies.review_claim(by=f.account(role), claim_id=claim.pk, move=move, now=f.LATER)
    assert shown()[claim.person_id]["was_due"] is True, "it waited then"
    persons.reveal(by=by, person_id=claim.person_id, field="phone", purpose="review", now=f.LATER + timedelta(1))
    assert [row["was_due"] for row in office.reveals().filter(by=by).order_by("pk")] == [True, False]
    klass = claim.enrolment.training_class
    place = classes.place_of(klass, klass.lessons.get(), Keep.FILE, f.LATER)
    item = evidence.store(by=by, kind=Kind.PHOTO, content=photo(), place=place, now=f.LATER)
    evidence.opened_for(by=by, item=item, purpose="review", now=f.LATER)
    evidence.opened_for(by=by, item=item, purpose="review", now=f.LATER + timedelta(1))
    read = office.reveals().filter(kind="evidence.opened").order_by("pk")
    assert [(row["item_id"], row["was_due"]) for row in read] == [(item.pk, True), (item.pk, False)]


def test_reviews_of_claims_have_what_was_sent_back_and_refused_too():
    """D81: or the share of approvals is a hundred per cent of whoever reviews."""
    passed, returned, refused = f.claims(3)
    by = f.account("county-reviewer")
    for claim, move in ((passed, "pass-first"), (returned, "return"), (refused, "refuse")):
        subsidies.review_claim(by=by, claim_id=claim.pk, move=move, why="核对", now=f.LATER)
    rows = [*claimed.reviews("first"), *office.sent_back()]
    assert {(row["subject_id"], row["move"]) for row in rows} == {
        (passed.pk, "pass-first"), (returned.pk, "return"), (refused.pk, "refuse"),
    }  # fmt: skip
    assert {row["account_id"] for row in rows} == {by.pk}
    assert {row["institution_id"] for row in rows} == {passed.institution_id}
    assert sorted(office.sent_back_since(0)) == sorted(row["review_id"] for row in office.sent_back())


def insider(account, region_code):
    alert = Alert.objects.create(
        subject="account", subject_id=account.pk, scheme="insider", severity=2, score=2000, region_code=region_code,
        title=account.name, first_found_at=f.NOW, last_found_at=f.NOW,
    )  # fmt: skip
    run = Run.objects.create(kind="night", engine="duckdb", started_at=f.NOW)
    Finding.objects.create(
        alert=alert, detector="I03", severity=2, ground={}, rows=[], count=1, run=run, version="x", found_at=f.NOW
    )
    return alert


def test_of_insiders_neither_a_colleague_nor_a_count_tells():
    """N14.1: a county's reviewers see none, a city's officers none of the city itself, nobody the one about themselves."""
    reviewer, peer = f.account("county-reviewer"), f.account("city-officer", region_code="320100")
    city, auditor = f.account("city-officer", region_code="320100"), f.account("auditor", region_code="320000")
    province, other = (f.account("province-officer", region_code="320000") for _n in range(2))
    alerts = [insider(reviewer, "320102"), insider(peer, "320100"), insider(province, "320000")]
    for by, expected in (
        (f.account("county-reviewer"), []), (reviewer, []), (city, alerts[:1]), (peer, alerts[:1]),
        (province, alerts[:2]), (other, alerts), (auditor, alerts),
    ):  # fmt: skip
        assert set(queries.visible_to(by)) == set(expected), by.role
        assert queries.waiting(by) == len(expected)
        counted = next(row for row in queries.performance(by) if row["one"].code == "I03")
        assert (counted["found"], counted["waiting"]) == (len(expected), len(expected))
        assert sum(row["found"] for row in queries.by_region(by, "I03")) == len(expected)
    Alert.objects.update(proposed_by=province, proposed_at=f.NOW)
    assert queries.load(reviewer, f.NOW) == []
    assert [row["settled"] for row in queries.load(other, f.NOW)] == [3]
