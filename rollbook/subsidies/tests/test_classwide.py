"""Claiming for a whole class by a worker: seen beforehand, with progress, going on after a stop, nothing twice (N12.2, N12.3, N16.2)."""

import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from rollbook.classes.models import Commitment
from rollbook.journal.models import Entry
from rollbook.kernel.reasons import Forbidden, NotFound, Refused
from rollbook.subsidies import actions, queries, tasks
from rollbook.subsidies.actions import classwide
from rollbook.subsidies.models import Claim, Filing
from rollbook.subsidies.tests import factories as f

pytestmark = pytest.mark.django_db


@pytest.fixture
def klass():
    """Three trainees, of whom the second has not signed."""
    f.load_terms()
    klass = f.assessed_class(3)
    Commitment.objects.filter(enrolment=klass.enrolments.order_by("pk")[1]).delete()
    return klass


def ask(klass, by=None):
    return actions.ask_filing(by=by or f.manager_of(klass), class_id=klass.pk, now=f.NOW)


def run(one):
    tasks.run_filing.func(one.pk)
    one.refresh_from_db()
    return one


def told(one):
    return [(bool(row.claim_id), [why.code for why in row.against]) for row in queries.outcomes(one)]


def codes(deed, *args, **values):
    before = list(Filing.objects.values())
    with pytest.raises(Refused) as refusal, transaction.atomic():
        deed(*args, **values)
    assert list(Filing.objects.values()) == before
    return [one.code for one in refusal.value.reasons]


def test_who_is_due_is_claimed_for_and_the_others_have_their_reasons(klass):
    one = ask(klass)
    assert (one.state, one.total, Claim.objects.count()) == ("waiting", 3, 0)
    run(one)
    assert (one.state, told(one)) == ("done", [(True, []), (False, ["no-commitment"]), (True, [])])
    assert Claim.objects.count() == 2
    kinds = Entry.objects.filter(subject=f"subsidies.Filing:{one.pk}").values_list("kind", flat=True)
    assert set(kinds) == {"filing.asked", "filing.ended"}


def test_once_run_it_files_nothing_again(klass):
    one = run(ask(klass))
    run(one)
    assert Claim.objects.count() == 2
    again = run(ask(klass))  # the one who was not due may be by now
    assert (again.total, told(again)) == (1, [(False, ["no-commitment"])])
    actions.ask_filing(by=f.manager_of(klass), class_id=klass.pk, now=f.NOW)
    assert codes(ask, klass) == ["filing-open"]
    with pytest.raises(IntegrityError), transaction.atomic():
        Filing.objects.filter(pk=one.pk).update(state="waiting", ended_at=None)


def test_where_everybody_has_claimed_there_is_nothing_to_file():
    f.load_terms()
    klass = f.assessed_class(1)
    run(ask(klass))
    assert codes(ask, klass) == ["all-claimed"]


def test_after_a_stop_it_goes_on_with_those_who_are_left(klass, monkeypatch):
    one, outcome = ask(klass), classwide._outcome
    last = klass.enrolments.order_by("pk").last().pk

    def breaks(filing, enrolment_id, now):
        if enrolment_id == last:
            raise OSError("no space left")
        return outcome(filing, enrolment_id, now)

    monkeypatch.setattr(classwide, "_outcome", breaks)
    with pytest.raises(OSError, match="no space"):
        run(one)
    one.refresh_from_db()
    assert (one.state, told(one)) == ("failed", [(True, []), (False, ["no-commitment"])])
    assert one.failure[0]["code"] == "filing-broken"
    monkeypatch.undo()
    first = Claim.objects.get()
    actions.go_on_filing(by=f.manager_of(klass), filing_id=one.pk, now=f.NOW)
    run(one)
    assert (one.state, [row[0] for row in told(one)]) == ("done", [True, False, True])
    assert Claim.objects.filter(enrolment=first.enrolment).get() == first


def test_a_worker_that_was_killed_is_noticed_by_its_silence(klass):
    one = ask(klass)
    Filing.objects.update(state="running", seen_at=f.NOW)
    by = f.manager_of(klass)
    assert codes(actions.go_on_filing, by=by, filing_id=one.pk, now=f.NOW + timedelta(minutes=4)) == ["not-broken"]
    actions.go_on_filing(by=by, filing_id=one.pk, now=f.NOW + timedelta(minutes=6))
    assert run(one).state == "done"
    assert Claim.objects.count() == 2


def test_what_the_budget_no_longer_covers_is_told_and_the_rest_stays_filed():
    f.load_terms()
    klass = f.assessed_class(3, budget_fen=300_000)
    one = run(ask(klass))
    assert [row[0] for row in told(one)] == [True, True, False]
    assert "over-budget" in told(one)[2][1]
    f.grant(klass.region_code)
    assert [row[0] for row in told(run(ask(klass)))] == [True]


def test_an_account_that_was_closed_meanwhile_files_nothing(klass):
    by = f.manager_of(klass)
    one = ask(klass, by)
    by.is_active = False
    by.save()
    run(one)
    assert (one.state, one.failure[0]["code"], Claim.objects.count()) == ("failed", "filing-forbidden", 0)


def test_others_neither_ask_nor_see(klass):
    with pytest.raises(Forbidden):
        ask(klass, f.account("county-reviewer"))
    elsewhere = f.account("institution-manager", institution_id=f.InstitutionFactory().pk)
    with pytest.raises(NotFound):
        ask(klass, elsewhere)
    one = ask(klass)
    with pytest.raises(NotFound):
        actions.go_on_filing(by=elsewhere, filing_id=one.pk, now=f.NOW)
    klass.state = "ended"
    klass.save()
    Filing.objects.all().delete()
    assert codes(ask, klass) == ["not-assessed"]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_three_workers_at_once_file_once_for_each():
    f.load_terms()
    klass = f.assessed_class(4)
    one = ask(klass)

    def work():
        try:
            actions.run_filing(filing_id=one.pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    one.refresh_from_db()
    assert (one.state, len(one.results), Claim.objects.count()) == ("done", 4, 4)


def test_pages_from_the_preview_to_the_result(klass, client, settings):
    settings.DEMO = True
    client.force_login(f.manager_of(klass))
    address = reverse("subsidies:class_claims", args=[klass.pk])
    page = client.get(address, headers={"accept-language": "en"}).content.decode()
    assert ("Claim for 2 people, ¥3,000" in page, "has not signed" in page) == (True, True), "before anything is filed"
    assert Claim.objects.count() == 0
    answer = client.post(reverse("subsidies:file_class", args=[klass.pk]))
    one = Filing.objects.get()
    result = reverse("subsidies:filing", args=[one.pk])
    assert answer["Location"] == result
    part = client.get(result, headers={"hx-request": "true"}).content.decode()
    assert ("<progress" in part, "<html" in part) == (True, False)
    run(one)
    page = client.get(result).content.decode()
    claim = Claim.objects.first()
    assert (reverse("subsidies:claim_detail", args=[claim.pk]) in page, "<progress" in page) == (True, False)
    assert client.get(result, {"export": 1})["Content-Type"].endswith("sheet")
    assert result in client.get(address).content.decode()
    Filing.objects.update(state="running", ended_at=None, seen_at=timezone.now() - timedelta(hours=1))
    assert reverse("subsidies:go_on_filing", args=[one.pk]) in client.get(result).content.decode()
    assert client.post(reverse("subsidies:go_on_filing", args=[one.pk])).status_code == 302


def test_a_whole_class_over_the_api(klass, client, settings):
    settings.DEMO = True
    client.force_login(f.manager_of(klass))
    answer = client.post(f"/api/claims/classes/{klass.pk}")
    assert (answer.status_code, len(answer.json()["claims"])) == (201, 2)
    assert [row["against"][0]["code"] for row in answer.json()["not_due"]] == ["no-commitment"]
