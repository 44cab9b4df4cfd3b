"""What may be claimed for a training besides its subsidy, and what other departments' facts mean (N3.5, N12.2, N16.3)."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.urls import reverse

from rollbook.certificates.models import Certificate
from rollbook.classes.models import LevelReservation
from rollbook.exchange.models import Batch, Fact
from rollbook.exchange.tests.factories import delivered
from rollbook.kernel.reasons import Refused
from rollbook.subsidies import actions, queries, rules
from rollbook.subsidies.models import Claim, PolicyVersion
from rollbook.subsidies.rules.others import Fact as Other
from rollbook.subsidies.tests import factories as f

TODAY = date(2026, 4, 1)


def published(subsidy, **content):
    """A policy of the county that was in force all the while."""
    office, finance = f.account("county-reviewer"), f.account("county-finance")
    policy = rules.Policy.of({"document": "玄人社〔2026〕8号", **content, "subsidy": subsidy})
    assert list(rules.reasons_against_policy(policy)) == []
    return PolicyVersion.objects.create(
        region_code="320102", subsidy=subsidy, version=1, title="玄武区", content=policy.json(), state="published",
        in_force=DateRange(date(2020, 1, 1), None), drafted_by=office, agreed_by=finance, agreed_at=f.NOW,
        published_at=f.NOW, created_at=f.NOW,
    )  # fmt: skip


def living(**content):
    amounts = [{"kind": "living", "unit": "day", "amount_fen": 3000, "most_units": 30}]
    caps = [{"limit": 1, "period": "year", "kinds": ["living"]}]
    stages = [{"stage": "completed", "percent": 100}]
    return published("living", amounts=amounts, caps=caps, instalments=stages, **content)


@pytest.fixture
def klass(db, settings, tmp_path):
    settings.LAKE_ROOT, settings.DROP_ROOT, settings.LAKE_MEMORY = tmp_path / "lake", tmp_path / "drop", "512MB"
    f.load_terms()
    return f.assessed_class(1)


@pytest.fixture
def enrolment(klass):
    return klass.enrolments.get()


def file(klass, enrolment, subsidy="living"):
    return actions.file_claim(by=f.manager_of(klass), enrolment_id=enrolment.pk, subsidy=subsidy, now=f.NOW)


def codes(klass, enrolment, subsidy):
    [offer] = [one for one in queries.offers(f.manager_of(klass), klass, enrolment, TODAY) if one.subsidy == subsidy]
    return [one.code for one in offer.against]


def told(person, feed, from_on, until_on=None, **data):
    """A fact that another department sent."""
    batch = Batch.objects.first() or delivered("320000")
    return Fact.objects.create(
        batch=batch, source=batch.source, feed=feed, subject=person.id_digest, name=person.name, data=data,
        from_on=from_on, until_on=until_on, as_of=date(2026, 3, 1),
    )  # fmt: skip


def test_a_living_allowance_is_claimed_beside_the_subsidy_and_once(klass, enrolment):
    living()
    claim = file(klass, enrolment)
    days = enrolment.attendances.values("lesson__starts_at__date").distinct().count()
    assert (claim.kind, claim.amount_fen, claim.facts["units"]) == ("living", 3000 * days, days)
    assert file(klass, enrolment, "training").kind == "level"
    with pytest.raises(Refused) as refusal:
        file(klass, enrolment)
    assert [one.code for one in refusal.value.reasons] == ["yearly-cap"]
    assert Claim.objects.count() == 2


def test_without_a_cap_the_training_still_pays_it_once(klass, enrolment):
    published("living", amounts=[{"kind": "living", "amount_fen": 3000}])
    claim = file(klass, enrolment)
    with pytest.raises(Refused) as refusal:
        file(klass, enrolment)
    assert [one.code for one in refusal.value.reasons] == ["same-training"]
    claim.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        claim.save(force_insert=True)


def test_it_passes_both_reviews_publicity_and_is_paid_from_its_fund(klass, enrolment):
    living()
    claim = file(klass, enrolment)
    for role, move in (("county-reviewer", "pass-first"), ("county-second-reviewer", "pass-second")):
        actions.review_claim(by=f.account(role), claim_id=claim.pk, move=move, now=f.NOW)
    notice = actions.publish_claims(by=f.account("county-reviewer"), now=f.NOW)
    assert actions.finish_publicity(publicity_id=notice.pk, now=f.LATER) == 1
    batch = actions.make_batch(by=f.account("county-reviewer"), claim_ids=[claim.pk], now=f.LATER)
    assert batch.lines.get().amount_fen == claim.amount_fen
    claim.refresh_from_db()
    assert (claim.state, queries.replayed(claim)) == ("in-payment", [])


def test_refusing_it_leaves_the_level_of_the_training_reserved(klass, enrolment):
    living()
    training, claim = file(klass, enrolment, "training"), file(klass, enrolment)
    actions.review_claim(by=f.account("county-reviewer"), claim_id=claim.pk, move="refuse", why="未到课", now=f.NOW)
    held = LevelReservation.objects.filter(enrolment=enrolment, released_at=None)
    assert (held.exists(), queries.of_class(klass.pk)) == (True, {enrolment.pk: training})


def test_no_policy_is_told_and_other_kinds_are_not_offered(klass, enrolment):
    assert codes(klass, enrolment, "living") == ["no-policy"]
    with pytest.raises(Refused) as refusal:
        file(klass, enrolment, "apprentice")
    assert [one.code for one in refusal.value.reasons] == ["not-offered"]


def test_the_page_offers_and_files_each(client, klass, enrolment, settings):
    settings.DEMO = True
    living()
    worker = f.account("worker", person_id=enrolment.person_id)
    client.force_login(worker)
    page = client.get(
        reverse("subsidies:offers", args=[enrolment.pk]), headers={"accept-language": "en"}
    ).content.decode()
    assert ("¥1,500.00" in page, "Living allowance" in page, "玄武区 v1" in page) == (True,) * 3
    answer = client.post(reverse("subsidies:file_claim", args=[enrolment.pk]), {"subsidy": "living"})
    claim = Claim.objects.get()
    assert (answer["Location"], claim.filed_by) == (reverse("subsidies:claim_detail", args=[claim.pk]), worker)


# Facts of other departments


def test_a_pension_excludes_on_the_first_day_and_not_a_survivors(klass, enrolment):
    assert codes(klass, enrolment, "training") == []
    told(enrolment.person, "pensions", date(2025, 1, 1), kind="survivor")
    assert codes(klass, enrolment, "training") == []
    told(enrolment.person, "pensions", klass.starts_on, kind="employee")
    published("training", source="list", exclusions=[{"exclusion": "pension"}])
    assert codes(klass, enrolment, "training") == ["is-pension"]
    with pytest.raises(Refused):
        file(klass, enrolment, "training")
    assert not Claim.objects.exists()


def test_a_category_is_proved_by_the_list_of_its_department(klass, enrolment):
    living(categories=[{"category": "monitored", "proof": "监测对象名单"}])
    enrolment.category = "monitored"
    enrolment.save()
    assert codes(klass, enrolment, "living") == ["no-proof"]
    told(enrolment.person, "monitored", date(2026, 1, 1), klass.starts_on, kind="edge")
    assert codes(klass, enrolment, "living") == []
    claim = file(klass, enrolment)
    assert (claim.facts["has_proof"], claim.sources["departments"]["on"]) == (True, "2026-03-01")


def test_a_fact_under_another_name_says_nothing_of_the_person(klass, enrolment):
    published("training", source="list", exclusions=[{"exclusion": "pension"}])
    fact = told(enrolment.person, "pensions", date(2020, 1, 1), kind="employee")
    assert codes(klass, enrolment, "training") == ["is-pension"]
    Fact.objects.create(
        batch=fact.batch, source=fact.source, feed="pensions", subject=fact.subject, name="另一个人", data=fact.data,
        from_on=fact.from_on, as_of=date(2026, 4, 1),
    )  # fmt: skip
    assert codes(klass, enrolment, "training") == []


DAY = date(2026, 3, 2)


@pytest.mark.parametrize(
    ("feed", "from_on", "until_on", "data", "shown"),
    [
        ("pensions", DAY, None, {"kind": "employee"}, {"pension"}),
        ("pensions", date(2026, 3, 3), None, {"kind": "employee"}, set()),
        ("pensions", date(2020, 1, 1), date(2026, 3, 1), {"kind": "resident"}, set()),
        ("pensions", date(2020, 1, 1), DAY, {"kind": "resident"}, {"pension"}),
        ("pensions", date(2020, 1, 1), None, {"kind": "survivor"}, set()),
        ("payroll", date(2020, 1, 1), None, {}, {"establishment"}),
        ("payroll", date(2020, 1, 1), date(2026, 2, 28), {}, set()),
        ("schooling", date(2023, 9, 1), None, {"full_time": "yes", "graduates_in": 2027}, {"student"}),
        ("schooling", date(2022, 9, 1), None, {"full_time": "yes", "graduates_in": 2026}, set()),
        ("schooling", date(2023, 9, 1), None, {"full_time": "no", "graduates_in": 2027}, set()),
        ("schooling", date(2023, 9, 1), date(2025, 6, 30), {"full_time": "yes", "graduates_in": 2027}, set()),
        ("deaths", DAY, None, {}, set()),
    ],
)
def test_which_facts_exclude_on_the_day(feed, from_on, until_on, data, shown):
    every = tuple(rules.Excluded(exclusion=one) for one in rules.EXCLUSIONS)
    policy = rules.Policy(subsidy="training", document="文件", exclusions=every)
    days = dict.fromkeys(("start", "sign-up", "certificate"), DAY)
    bits = rules.excluded([Other(feed, from_on, until_on, data)], policy, days)
    assert {one for n, one in enumerate(rules.EXCLUSIONS) if bits >> n & 1} == shown


@pytest.mark.parametrize(("frozen_at", "is_over"), [("sign-up", False), ("start", False), ("certificate", True)])
def test_a_fact_is_looked_at_on_the_day_that_the_policy_freezes(frozen_at, is_over):
    policy = rules.Policy(
        subsidy="training", document="文件", exclusions=(rules.Excluded(exclusion="pension", frozen_at=frozen_at),)
    )
    days = {"sign-up": date(2026, 2, 1), "start": DAY, "certificate": date(2026, 3, 20)}
    assert (
        bool(rules.excluded([Other("pensions", date(2026, 3, 10), None, {"kind": "employee"})], policy, days))
        is is_over
    )


def test_months_of_insurance_are_asked_where_the_policy_counts_them(klass, enrolment, monkeypatch):
    published(
        "upgrade",
        fund="unemployment",
        limits={"insured_months": 12},
        amounts=[{"kind": "upgrade", "amount_fen": 100_000}],
    )
    assert codes(klass, enrolment, "upgrade") == ["insured-months"]  # nothing was sent
    certified, asked = date(2026, 3, 20), []
    paid = [*(date(2025, month, 1) for month in range(1, 12)), date(2026, 4, 1)]

    def months(person_ids, kind):
        asked.append((person_ids, kind))
        return {enrolment.person_id: paid}

    monkeypatch.setattr("rollbook.exchange.queries.insured_of", months)
    assert codes(klass, enrolment, "upgrade") == ["insured-months"], "a month after the certificate is none"
    paid.append(certified.replace(day=1))
    assert codes(klass, enrolment, "upgrade") == []
    assert asked[0] == ([enrolment.person_id], "unemployment")


# The fee of an evaluation


def test_an_evaluations_fee_is_claimed_beside_the_training_and_once_an_occupation(klass, enrolment):
    """First evaluation only, the same occupation not twice (N12.2, N12.3, domain 3.3 4); paid by its own table."""
    fee, training = file(klass, enrolment, "evaluation"), file(klass, enrolment, "training")
    assert (fee.kind, fee.amount_fen, fee.policy.region_code) == ("evaluation", 20_000, "320000")
    assert (training.kind, queries.of_class(klass.pk), queries.replayed(fee)) == ("level", {enrolment.pk: training}, [])
    with pytest.raises(Refused) as refusal:
        file(klass, enrolment, "evaluation")
    assert {"same-level"} <= {one.code for one in refusal.value.reasons}
    fee.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        fee.save(force_insert=True)
    assert Claim.objects.count() == 2


def test_refusing_a_fee_leaves_the_training_and_it_may_be_claimed_again(klass, enrolment):
    training, fee = file(klass, enrolment, "training"), file(klass, enrolment, "evaluation")
    actions.review_claim(by=f.account("county-reviewer"), claim_id=fee.pk, move="refuse", why="非首次", now=f.NOW)
    assert LevelReservation.objects.filter(enrolment=enrolment, released_at=None).exists()
    assert file(klass, enrolment, "evaluation").pk > training.pk


def test_a_fee_needs_the_certificate_of_a_level(klass, enrolment):
    revoked = {"state": "revoked", "revoked_at": f.NOW, "revoked_by": f.account("county-reviewer")}
    Certificate.objects.filter(enrolment=enrolment).update(**revoked, revoke_reason="替考")
    assert codes(klass, enrolment, "evaluation") == ["not-certified"]
    klass = f.assessed_class(1, item__training_type="completion", item__demand_list=klass.item.demand_list)
    enrolment = klass.enrolments.get()
    assert codes(klass, enrolment, "evaluation") == ["no-evaluation"]
    with pytest.raises(Refused) as refusal:
        file(klass, enrolment, "evaluation")
    assert [one.code for one in refusal.value.reasons] == ["no-evaluation"]
    assert not Claim.objects.exists()


def test_the_directory_of_trainings_says_nothing_of_a_fee(klass, enrolment):
    published("evaluation", source="list", amounts=[{"kind": "evaluation", "level": 4, "amount_fen": 35_000}])
    assert file(klass, enrolment, "evaluation").amount_fen == 35_000
