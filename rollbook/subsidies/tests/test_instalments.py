"""A training's subsidy in instalments: 60 % at its end, 80 with the certificate, 100 once employed (N12.2, N12.3, domain 3.2)."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from rollbook.certificates.models import Certificate
from rollbook.classes.models import LevelReservation
from rollbook.funds import actions as funds
from rollbook.funds.models import PaymentBatch, PaymentLine, Recovery
from rollbook.kernel.reasons import Refused
from rollbook.subsidies import actions, queries, rules
from rollbook.subsidies.models import Claim, Discrepancy
from rollbook.subsidies.tests import factories as f
from rollbook.subsidies.tests import races
from rollbook.subsidies.tests.test_offers import TODAY, codes, file, klass, published, told  # noqa: F401
from rollbook.subsidies.tests.test_payments import answer, take

LADDER = [{"stage": stage, "percent": n} for stage, n in (("completed", 60), ("certified", 80), ("employed", 100))]


def policy(**content):
    amounts = [{"kind": "level", "level": 4, "amount_fen": 100_000}]
    caps = [{"limit": 1, "period": "year", "kinds": ["level"]}]
    return published("training", **{"amounts": amounts, "caps": caps, "instalments": LADDER, **content})


@pytest.fixture
def enrolment(klass, monkeypatch):  # noqa: F811
    """One who completed, is not certified and has no employer."""
    policy()
    one = klass.enrolments.get()
    insure(monkeypatch)
    Certificate.objects.filter(enrolment=one).delete()
    return one


def insure(monkeypatch, *more):
    """Five months long ago, and more."""
    paid = [date(2020, month, 1) for month in range(1, 6)] + [*more]
    monkeypatch.setattr("rollbook.exchange.queries.insured_of", lambda ids, _kind: dict.fromkeys(ids, paid))


def certify(enrolment):
    f.CertificateFactory(enrolment=enrolment)


def employ(monkeypatch):
    """An employer pays insurance from the month after the certificate."""
    insure(monkeypatch, TODAY)


def pay(claim):
    """Through both reviews, publicity and a batch of its own."""
    for role, move in (("county-reviewer", "pass-first"), ("county-second-reviewer", "pass-second")):
        actions.review_claim(by=f.account(role), claim_id=claim.pk, move=move, now=f.NOW)
    notice = actions.publish_claims(by=f.account("county-reviewer"), now=f.NOW)
    assert actions.finish_publicity(publicity_id=notice.pk, now=f.LATER) == 1
    batch = actions.make_batch(by=f.account("county-reviewer"), claim_ids=[claim.pk], now=f.LATER)
    assert batch.lines.get().amount_fen == claim.amount_fen
    funds.check_batch(by=f.account("county-finance"), batch_id=batch.pk, now=f.LATER)
    funds.release_batch(by=f.account("county-finance-releaser"), batch_id=batch.pk, now=f.LATER)
    PaymentBatch.objects.filter(pk=batch.pk).update(state="sent", sent_at=f.LATER)
    take(batch, answer(batch, ["PAID"]))
    actions.settle_payment(subject=actions.subject_of(claim), is_paid=True, failure="", now=f.LATER)
    claim.refresh_from_db()
    assert claim.state == "paid"


def refused_with(klass, enrolment):  # noqa: F811
    before = Claim.objects.count()
    with pytest.raises(Refused) as refusal:
        file(klass, enrolment, "training")
    assert Claim.objects.count() == before
    found = [one.code for one in refusal.value.reasons]
    assert found == codes(klass, enrolment, "training")  # the page says the same
    return found


def test_each_stage_pays_what_is_due_less_what_was_paid(klass, enrolment, monkeypatch):  # noqa: F811
    first = file(klass, enrolment, "training")
    assert (first.amount_fen, first.stage, first.follows) == (60_000, "completed", None)
    assert refused_with(klass, enrolment) == ["part-open", "not-certified"]
    pay(first)
    assert refused_with(klass, enrolment) == ["not-certified"]
    certify(enrolment)
    second = file(klass, enrolment, "training")
    assert (second.amount_fen, second.stage, second.follows) == (20_000, "certified", first)
    assert (second.facts["paid_fen"], second.working[-1]["amount_fen"]) == (60_000, -60_000)
    assert queries.reasons_now(f.account("county-reviewer"), second) == []
    pay(second)
    assert refused_with(klass, enrolment) == ["not-employed"]
    employ(monkeypatch)
    third = file(klass, enrolment, "training")
    assert (third.amount_fen, third.stage, third.facts["paid_fen"]) == (20_000, "employed", 80_000)
    pay(third)
    assert refused_with(klass, enrolment) == ["all-parts-had"]
    assert LevelReservation.objects.filter(enrolment=enrolment, confirmed_at__isnull=False).count() == 1
    assert all(queries.replayed(one) == [] for one in (first, second, third))


def test_who_comes_with_the_certificate_has_both_stages_at_once(klass, enrolment):  # noqa: F811
    certify(enrolment)
    first = file(klass, enrolment, "training")
    assert first.amount_fen == 80_000
    pay(first)
    assert refused_with(klass, enrolment) == ["not-employed"]


def test_the_night_finds_nothing_in_what_came_later(klass, enrolment):  # noqa: F811
    first = file(klass, enrolment, "training")
    pay(first)
    certify(enrolment)
    second = file(klass, enrolment, "training")
    run = actions.recompute(region_code="320102", now=f.LATER)
    assert (run.claims, run.discrepancies) == (2, 0)
    revoked = {"state": "revoked", "revoked_at": f.NOW, "revoked_by": f.account("county-reviewer")}
    Certificate.objects.filter(enrolment=enrolment).update(**revoked, revoke_reason="替考")
    assert [one.code for one in queries.reasons_now(f.account("county-reviewer"), second)] == ["not-certified"]
    actions.recompute(region_code="320102", now=f.LATER)
    assert Discrepancy.objects.get().claim == second  # what was paid at the end of the class stays due


def test_a_refused_instalment_leaves_the_one_before_and_may_be_filed_again(klass, enrolment):  # noqa: F811
    pay(file(klass, enrolment, "training"))
    certify(enrolment)
    second = file(klass, enrolment, "training")
    actions.review_claim(by=f.account("county-reviewer"), claim_id=second.pk, move="refuse", why="待查", now=f.NOW)
    assert LevelReservation.objects.filter(enrolment=enrolment, released_at=None).exists()
    assert file(klass, enrolment, "training").amount_fen == 20_000


def test_a_returned_instalment_is_decided_anew_with_what_was_paid_before(klass, enrolment):  # noqa: F811
    pay(file(klass, enrolment, "training"))
    certify(enrolment)
    second = file(klass, enrolment, "training")
    actions.review_claim(by=f.account("county-reviewer"), claim_id=second.pk, move="return", why="补件", now=f.NOW)
    again = actions.refile(by=f.manager_of(klass), claim_id=second.pk, now=f.LATER)
    assert (again.amount_fen, again.facts["paid_fen"], again.filings) == (20_000, 60_000, 2)


def test_nothing_more_is_paid_where_money_is_to_come_back(klass, enrolment):  # noqa: F811
    first = file(klass, enrolment, "training")
    pay(first)
    certify(enrolment)
    line, office = PaymentLine.objects.get(subject=actions.subject_of(first)), f.account("county-reviewer")
    Recovery.objects.create(
        line=line, region_code="320102", ground="revoked", why="缺课", document="文", amount_fen=100, ordered_by=office,
        ordered_at=f.LATER,
    )  # fmt: skip
    assert refused_with(klass, enrolment) == ["part-recovered"]


def test_instalments_are_one_subsidy_among_those_that_are_counted(klass, enrolment):  # noqa: F811
    pay(file(klass, enrolment, "training"))
    certify(enrolment)
    file(klass, enrolment, "training")
    other = f.assessed_class(persons=[enrolment.person], item=klass.item)
    facts, _version = queries.entitlement(other, list(other.enrolments.all()), TODAY)
    assert facts.had_year[0].sum() == 1


def test_without_instalments_it_is_paid_once(klass):  # noqa: F811
    policy(instalments=[], caps=[])
    one = klass.enrolments.get()
    pay(file(klass, one, "training"))
    with pytest.raises(Refused) as refusal:
        file(klass, one, "training")
    assert [why.code for why in refusal.value.reasons] == ["same-level"]


def test_the_database_refuses_whatever_code_does(klass, enrolment):  # noqa: F811
    first = file(klass, enrolment, "training")
    certify(enrolment)

    def copy(**values):
        one = Claim.objects.get(pk=first.pk)
        one.pk, one.state, one.follows = None, "filed", first
        one.facts = one.facts | {"stage": "certified", "paid_fen": 60_000} | values.pop("facts", {})
        for name, value in values.items():
            setattr(one, name, value)
        with transaction.atomic():
            one.save(force_insert=True)
        return one

    def refused(_why, **values):
        with pytest.raises(IntegrityError, match=r"instalment|one_live|was had"):
            copy(**values)

    refused("the one before is not paid")
    pay(first)
    refused("the same stage", facts={"stage": "completed"})
    refused("what was paid is not netted", facts={"paid_fen": 0})
    refused("another fund", fund="unemployment")
    refused("another level", level="3")
    refused("not an instalment", follows=None)
    made = copy()
    refused("the same stage, and not paid", facts={"stage": "employed", "paid_fen": 60_000})
    with pytest.raises(IntegrityError), transaction.atomic():
        Claim.objects.filter(pk=made.pk).update(follows=None)
    assert Claim.objects.count() == 2


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_eight_at_once_file_one_instalment(monkeypatch):
    f.load_terms()
    klass = f.assessed_class(1)  # noqa: F811
    policy()
    one = klass.enrolments.get()
    insure(monkeypatch)
    Certificate.objects.filter(enrolment=one).delete()
    pay(file(klass, one, "training"))
    certify(one)
    attempt = races.Attempt(f.manager_of(klass).pk, one.pk, "training", "4", "")
    outcomes = races.run([races.Round(one.person_id, [attempt])], 8)
    assert outcomes == {"filed": 1, "part-open": 7}
    assert sorted(Claim.objects.values_list("amount_fen", flat=True)) == [20_000, 60_000]


def test_the_page_shows_what_was_had_and_what_is_next(client, klass, enrolment, settings):  # noqa: F811
    settings.DEMO = True
    worker = f.account("worker", person_id=enrolment.person_id)
    first = file(klass, enrolment, "training")
    pay(first)
    client.force_login(worker)
    url, english = reverse("subsidies:offers", args=[enrolment.pk]), {"accept-language": "en"}
    page = client.get(url, headers=english).content.decode()
    assert ("Next instalment: not due, and why" in page, "There is no valid certificate" in page) == (True, True)
    certify(enrolment)
    page = client.get(url, headers=english).content.decode()
    assert ("¥200.00" in page, "Paid before" in page, f"Claim {first.pk}" in page) == (True, True, True)
    answer = client.post(reverse("subsidies:file_claim", args=[enrolment.pk]), {"subsidy": "training"})
    assert answer["Location"] == reverse("subsidies:claim_detail", args=[Claim.objects.get(follows=first).pk])


@pytest.mark.parametrize(
    ("had", "stage", "due_fen", "found"),
    [
        ([], "completed", 60, []),
        ([("completed", "paid", False)], "certified", 20, []),
        ([("completed", "paid", False)], "employed", 40, []),
        ([("completed", "paid", False)], "completed", 0, ["not-certified"]),
        ([("completed", "paid", False)], "certified", 0, ["nothing-more"]),
        ([("completed", "paid", True)], "certified", 20, ["part-recovered"]),
        ([("completed", "in-payment", False)], "certified", 80, ["part-open"]),
        ([("completed", "paid", False), ("certified", "failed", False)], "employed", 40, ["part-open"]),
        ([("employed", "paid", False)], "employed", 0, ["all-parts-had"]),
    ],
)
def test_which_instalment_is_next(had, stage, due_fen, found):
    ladder = rules.Policy.of({"subsidy": "training", "document": "文", "instalments": LADDER})
    parts = [rules.Part(n, stage, state, 60, is_recovered) for n, (stage, state, is_recovered) in enumerate(had)]
    assert [one.code for one in rules.reasons_against_part(parts, ladder, stage, due_fen)] == found


def test_the_button_of_the_class_files_the_instalment_that_is_due(klass, enrolment, client):  # noqa: F811
    """First and later instalments alike; who is due nothing comes back with the reason (N12.2)."""
    by = f.manager_of(klass)
    [first], against = actions.file_class_claims(by=by, class_id=klass.pk, now=f.NOW)
    assert (first.stage, against) == ("completed", {})
    pay(first)
    with pytest.raises(Refused) as refusal:
        actions.file_class_claims(by=by, class_id=klass.pk, now=f.NOW)
    assert [one.code for one in refusal.value.reasons] == ["not-certified"]
    certify(enrolment)
    client.force_login(by)
    page = client.get(reverse("subsidies:class_claims", args=[klass.pk])).content.decode()
    assert reverse("subsidies:file_class", args=[klass.pk]) in page
    [second], against = actions.file_class_claims(by=by, class_id=klass.pk, now=f.NOW)
    assert (second.stage, second.amount_fen, second.follows, against) == ("certified", 20_000, first, {})
    page = client.get(reverse("subsidies:class_claims", args=[klass.pk])).content.decode()
    assert reverse("subsidies:file_class", args=[klass.pk]) not in page  # it is not paid yet: nothing more is due


@pytest.mark.parametrize(
    ("months", "stage", "yuan"), [(-1, "employed", 1000), (6, "employed", 1000), (0, "certified", 800)]
)
def test_work_must_begin_within_the_months_of_the_policy(klass, months, stage, yuan):  # noqa: F811
    """The third instalment by a labour contract, with the proof kept beside the claim (domain 3.2)."""
    policy(limits={"employed_months": months})
    enrolment = klass.enrolments.get()  # certified on 20 March
    told(enrolment.person, "labour-contracts", TODAY, employer="91320102MA1X0000X1")
    claim = file(klass, enrolment, "training")
    assert (claim.stage, claim.amount_fen) == (stage, yuan * 100)
    proofs = [(one["what"], one["from"]) for one in claim.sources["proofs"]]
    assert proofs == ([("Employment after the certificate", str(TODAY))] if stage == "employed" else [])
    assert queries.replayed(claim) == []
