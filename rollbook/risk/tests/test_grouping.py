"""What was done to forty of a class is one alert with forty grounds, each settled by itself (N3.6)."""

from datetime import timedelta

import pytest

from rollbook.kernel.reasons import Refused
from rollbook.risk import actions, queries, rules
from rollbook.risk.actions.filing import file
from rollbook.risk.detectors import DETECTORS
from rollbook.risk.models import Alert, Finding, Hit, Run
from rollbook.risk.queries.screening import Group
from rollbook.risk.rules import Subject, wanted
from rollbook.subsidies import queries as claims
from rollbook.subsidies.tests import factories as f

pytestmark = pytest.mark.django_db
ROW = {
    "day": "2026-03-05", "fund": "unemployment", "people": 3, "number": 2, "share": 33, "roster": 9, "payees": 2, "level": "4",
}  # fmt: skip


def found(code, *subjects, now=f.LATER):
    """File what a detector would have found: each subject, or with the digest of its rows."""
    one = DETECTORS[code]
    run = Run.objects.create(kind="night", engine="duckdb", started_at=now)
    groups = [
        Group(subject, [ROW], 1, digest)
        for subject, digest in (s if isinstance(s, tuple) else (s, "a") for s in subjects)
    ]
    file(run, one, wanted({}, one), {}, groups, now)


def settle(alert, true, consequences, **more):
    return actions.settle(
        by=f.account("county-reviewer"), alert_id=alert.pk, true_codes=true, excuse="" if true else "record", finding="核实",
        consequences=consequences, now=f.LATER, **more,
    )  # fmt: skip


def close(alert):
    return actions.close(by=f.account("county-second-reviewer"), alert_id=alert.pk, now=f.LATER)


@pytest.mark.parametrize(
    ("subject", "class_id", "home"),
    [
        (Subject.ENROLMENT, 7, (Subject.CLASS, 7)),
        (Subject.CLAIM, 7, (Subject.CLASS, 7)),
        (Subject.CLAIM, None, (Subject.CLAIM, 1)),
        (Subject.CLASS, 1, (Subject.CLASS, 1)),
        (Subject.INSTITUTION, None, (Subject.INSTITUTION, 1)),
        (Subject.ACCOUNT, None, (Subject.ACCOUNT, 1)),
    ],
)
def test_trainees_and_claims_go_by_their_class(subject, class_id, home):
    assert rules.grouped(subject, 1, class_id) == home


def test_what_is_at_stake_is_counted_once():
    assert rules.at_stake({Subject.ENROLMENT: [3, 4], Subject.CLAIM: [3]}) == 7
    assert rules.at_stake({Subject.ENROLMENT: [3, 4], Subject.CLASS: [20]}) == 20
    assert rules.at_stake({}) == 0


def test_a_class_is_one_alert_with_a_ground_for_each_of_its_people():
    paid = f.claims(4)
    found("D18", *(claim.enrolment_id for claim in paid))
    found("D115", *(claim.pk for claim in paid[:2]))  # of the same kind of deceit, about claims
    [alert] = Alert.objects.all()
    assert (alert.subject, alert.subject_id, alert.person) == ("class", paid[0].enrolment.training_class_id, None)
    assert alert.amount_fen == sum(claim.amount_fen for claim in paid)
    assert alert.title.endswith("… (4)")
    by_code = {one.detector: one for one in alert.findings.all()}
    assert (by_code["D18"].hits.count(), by_code["D18"].count) == (4, 4)
    assert {row["person_id"] for row in by_code["D18"].rows} == {claim.person_id for claim in paid}
    assert by_code["D115"].hits.count() == 2
    assert claims.held_among([claim.pk for claim in paid]) == {claim.pk for claim in paid}, "each by itself"


def test_one_of_a_class_is_named():
    [claim] = f.claims(1)
    found("D18", claim.enrolment_id)
    alert = Alert.objects.get()
    assert (alert.person_id, alert.title.split(" · ")[-1]) == (claim.person_id, claim.person.name)
    assert list(queries.about_claim(f.account("county-reviewer"), claim.pk, claim.enrolment_id, alert.subject_id)) == [
        alert
    ]


def test_another_of_the_class_does_not_hang_on_a_neighbours_claim():
    one, other = f.claims(2)
    found("D18", one.enrolment_id)
    by, class_id = f.account("county-reviewer"), other.enrolment.training_class_id
    assert not queries.about_claim(by, other.pk, other.enrolment_id, class_id).exists()


def test_the_next_night_adds_who_is_new_and_nothing_twice():
    paid = [claim.enrolment_id for claim in f.claims(3)]
    found("D18", *paid[:2])
    found("D18", *paid, now=f.LATER + timedelta(1))
    assert (Alert.objects.count(), Finding.objects.count(), Hit.objects.count()) == (1, 1, 3)
    found("D18", (paid[0], "b"), now=f.LATER + timedelta(2))
    assert Hit.objects.get(subject_id=paid[0]).digest == "b"
    assert Hit.objects.count() == 3


def test_what_waits_for_the_second_officer_opens_again_when_more_is_found():
    """N14.1: nobody confirms what nobody has judged."""
    paid = [claim.enrolment_id for claim in f.claims(2)]
    found("D18", paid[0])
    settle(Alert.objects.get(), ["D18"], ["hold"])
    found("D18", paid[0], now=f.LATER + timedelta(1))
    assert Alert.objects.get().state == "proposed", "the same is nothing new"
    found("D18", *paid, now=f.LATER + timedelta(2))
    alert = Alert.objects.get()
    assert (alert.state, alert.outcome) == ("open", "")
    assert not Hit.objects.exclude(is_true=None).exists()


def test_one_is_cleared_and_let_go_the_others_stay_held():
    """N3.6: the ground is true, but not of everybody."""
    paid = f.claims(3)
    found("D18", *(claim.enrolment_id for claim in paid))
    alert, free = Alert.objects.get(), Hit.objects.get(subject_id=paid[1].enrolment_id)
    everybody = list(Hit.objects.values_list("pk", flat=True))
    with pytest.raises(Refused) as refused:
        settle(alert, ["D18"], ["hold"], cleared=everybody)
    assert [one.code for one in refused.value.reasons] == ["all-cleared"]
    assert Hit.objects.filter(is_true=None).count() == 3
    settle(alert, ["D18"], ["hold", "release"], cleared=[free.pk])
    close(alert)
    assert claims.held_among([claim.pk for claim in paid]) == {paid[0].pk, paid[2].pk}
    assert list(Hit.objects.order_by("pk").values_list("is_true", flat=True)) == [True, False, True]
    found("D18", *(claim.enrolment_id for claim in paid), now=f.LATER + timedelta(1))
    assert Alert.objects.count() == 1, "who was settled is not found again"
    found("D18", (paid[1].enrolment_id, "b"), now=f.LATER + timedelta(2))
    assert Alert.objects.filter(state="open").get().person_id == paid[1].person_id


def test_the_page_names_whom_it_is_about_and_takes_who_is_cleared(client, settings):
    settings.DEMO = True
    paid = f.claims(3)
    found("D18", *(claim.enrolment_id for claim in paid))
    alert, free = Alert.objects.get(), Hit.objects.get(subject_id=paid[1].enrolment_id)
    client.force_login(f.account("county-reviewer"), backend=settings.AUTHENTICATION_BACKENDS[0])
    page = client.get(f"/alerts/{alert.pk}/").text
    assert all(claim.person.name in page for claim in paid)
    data = {"true_codes": "D18", "cleared": free.pk, "finding": "核实", "consequences": "refusal", "excuse": ""}
    assert client.post(f"/alerts/{alert.pk}/settle/", data).status_code == 302
    free.refresh_from_db()
    assert free.is_true is False
    assert Hit.objects.filter(is_true=True).count() == 2
