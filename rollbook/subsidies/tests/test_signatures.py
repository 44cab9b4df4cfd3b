"""Hands under a batch: bound to its lines, distinct people, more of them for large amounts (N14.1)."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from rollbook.funds import actions, queries
from rollbook.funds.models import PaymentBatch, PaymentLine, ReleaseBand, Signature
from rollbook.funds.rules import Band, cosigners, reasons_against_signatures
from rollbook.kernel.reasons import Forbidden, Refused
from rollbook.persons.tests.factories import PersonFactory
from rollbook.subsidies import actions as subsidies
from rollbook.subsidies.tests import factories as f

ONE, TWO = ("county-finance-releaser", "city-finance")


def band(basis, yuan, count, office):
    return Band(basis=basis, from_fen=yuan * 100, releasers=count, office=office, document="苏财〔2026〕1号")


@pytest.mark.parametrize(
    ("bands", "sum_fen", "largest_fen", "needed"),
    [
        ([], 10**12, 10**12, {}),
        ([band("batch", 3000, 1, TWO)], 299_999, 150_000, {}),
        ([band("batch", 3000, 1, TWO)], 300_000, 150_000, {TWO: 1}),
        ([band("line", 3000, 1, TWO)], 900_000, 299_999, {}),
        ([band("line", 3000, 1, TWO)], 900_000, 300_000, {TWO: 1}),
        ([band("batch", 1, 1, TWO), band("batch", 9, 2, TWO)], 900, 900, {TWO: 2}),
        ([band("batch", 1, 1, ONE), band("line", 1, 2, TWO)], 900, 900, {ONE: 1, TWO: 2}),
        ([band("batch", 1, 0, TWO)], 900, 900, {}),
    ],
)
def test_bands(bands, sum_fen, largest_fen, needed):
    found = cosigners(bands, batch=sum_fen, line=largest_fen)
    assert {office: one.releasers for office, one in found.items()} == needed
    assert len(list(reasons_against_signatures(found, []))) == len(needed)
    signed = [office for office, count in needed.items() for _ in range(count)]
    assert list(reasons_against_signatures(found, signed)) == []


def prepared(count=2):
    keys = [one.pk for one in f.approved(count)]
    return subsidies.make_batch(by=f.account("county-reviewer"), claim_ids=keys, now=f.LATER)


def checked(count=2):
    batch = prepared(count)
    return actions.check_batch(by=f.account("county-finance"), batch_id=batch.pk, now=f.LATER)


def release(batch, by=None):
    return actions.release_batch(by=by or f.account("county-finance-releaser"), batch_id=batch.pk, now=f.LATER)


def cosign(batch, by):
    return actions.cosign_batch(by=by, batch_id=batch.pk, now=f.LATER)


def codes(deed, *args, **kwargs):
    with pytest.raises(Refused) as refusal, transaction.atomic():
        deed(*args, **kwargs)
    return [one.code for one in refusal.value.reasons]


def asked(count=1, office="city-finance", basis="batch", yuan=3000):
    return actions.set_band(
        by=f.account("city-finance", region_code="320100"), fund="employment", basis=basis, from_fen=yuan * 100,
        releasers=count, office=office, document="宁财〔2026〕7号", starts_on=f.LATER.date(), now=f.LATER,
    )  # fmt: skip


@pytest.mark.django_db
def test_from_an_amount_on_more_must_sign():
    asked(2)
    batch = checked(2)  # 3 000 yuan
    assert codes(release, batch) == ["cosigners"]
    city = [f.account("city-finance", region_code="320100") for _ in range(2)]
    cosign(batch, city[0])
    assert codes(release, batch) == ["cosigners"]
    assert codes(cosign, batch, city[0]) == ["same-person"]
    cosign(batch, city[1])
    assert release(batch).cosigners == 2
    steps = list(queries.signatures_of(batch.pk).values_list("step", flat=True))
    assert steps == ["make", "check", "cosign", "cosign", "release"]


@pytest.mark.django_db
def test_below_the_amount_three_are_enough():
    asked(1, yuan=3001)
    batch = checked(2)
    assert codes(cosign, batch, f.account("city-finance", region_code="320100")) == ["cosign-not-asked"]
    assert release(batch).cosigners == 0


@pytest.mark.django_db
def test_who_signs_besides_is_nobody_who_had_a_hand_in_it():
    asked(1, office="county-finance-releaser", basis="line", yuan=1500)
    batch = checked(2)
    other, releaser = f.account("county-finance-releaser"), f.account("county-finance-releaser")
    with pytest.raises(Forbidden):
        cosign(batch, f.account("county-finance"))
    with pytest.raises(Forbidden):
        cosign(batch, f.account("auditor"))
    cosign(batch, other)
    assert codes(release, batch, other) == ["same-person"]
    assert release(batch, releaser).state == "released"


@pytest.mark.django_db
def test_one_person_signs_once_by_whatever_account():
    person = PersonFactory()
    asked(1, yuan=1500)
    batch = prepared(1)
    checker = f.account("county-finance", person_id=person.pk)
    other = f.account("city-finance", region_code="320100", person_id=person.pk)  # a pair of posts that may be held
    actions.check_batch(by=checker, batch_id=batch.pk, now=f.LATER)
    assert codes(cosign, batch, other) == ["same-person"]
    assert Signature.objects.filter(batch=batch).count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    "change",
    [
        {"amount_fen": 1},
        {"payee_name": "别人"},
        {"subject": "subsidies.Claim:999"},
    ],
)
def test_a_signature_binds_what_was_signed(change):
    batch = checked(1)
    PaymentLine.objects.filter(batch=batch).update(**change)
    found = codes(release, batch)
    assert "batch-changed" in found
    assert found.count("signature-broken") == 2  # the maker's and the checker's


@pytest.mark.django_db
def test_a_signature_that_the_server_did_not_write_counts_for_nothing():
    asked(1)
    batch = checked(2)
    city = f.account("city-finance", region_code="320100")
    Signature.objects.create(
        batch=batch, by=city, step="cosign", office="city-finance", digest=batch.digest, at=f.LATER, mac="0" * 64
    )
    assert codes(release, batch) == ["signature-broken"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE funds_signature SET mac = 'x'",
        "UPDATE funds_signature SET by_id = by_id + 1",
        "DELETE FROM funds_signature",
        "INSERT INTO funds_signature (batch_id, by_id, step, office, digest, at, mac) "
        "SELECT batch_id, by_id, 'cosign', office, digest, at, mac FROM funds_signature WHERE step = 'make'",
        "INSERT INTO funds_signature (batch_id, by_id, step, office, digest, at, mac) "
        "SELECT batch_id, (SELECT max(id) FROM accounts_account), step, office, digest, at, mac "
        "FROM funds_signature WHERE step = 'check'",
        "UPDATE funds_paymentbatch SET state = 'released', released_by_id = (SELECT max(id) FROM accounts_account)",
        "UPDATE funds_paymentbatch SET state = 'sent', released_by_id = (SELECT max(id) FROM accounts_account)",
        "UPDATE funds_paymentbatch SET checked_by_id = made_by_id",
        "UPDATE funds_paymentbatch SET checked_by_id = NULL",
        "UPDATE funds_paymentbatch SET released_by_id = made_by_id",
        "UPDATE funds_paymentbatch SET released_by_id = checked_by_id",
        "UPDATE funds_paymentbatch SET state = 'settled', released_by_id = NULL",
    ],
)
def test_direct_sql_does_not_get_past_the_hands(statement):
    """Maker, checker, releaser and those who sign besides, by the database alone."""
    checked(1)
    f.account("auditor")
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert PaymentBatch.objects.get().state == "checked"


@pytest.mark.django_db
def test_a_return_voids_the_check_and_keeps_the_makers_hand():
    batch = checked(1)
    actions.return_batch(by=f.account("county-finance-releaser"), batch_id=batch.pk, why="核对", now=f.LATER)
    assert list(queries.signatures_of(batch.pk).values_list("step", flat=True)) == ["make"]
    actions.check_batch(by=f.account("county-finance"), batch_id=batch.pk, now=f.LATER)
    assert release(batch).state == "released"
    assert Signature.objects.count() == 4


@pytest.mark.django_db
def test_bands_are_dated_and_superseded():
    first = asked(1)
    values = {
        "by": f.account("city-finance", region_code="320100"), "fund": "employment", "basis": "batch",
        "from_fen": 300_000, "office": "city-finance", "document": "x", "now": f.LATER,
    }  # fmt: skip
    later = f.LATER.date() + timedelta(30)
    actions.set_band(**values, releasers=3, starts_on=later)
    first.refresh_from_db()
    assert first.in_force.upper == later
    for day, count in ((later - timedelta(1), 1), (later, 3)):
        assert [one.releasers for one in queries.bands_for("320102", "employment", day)] == [count]
    assert queries.bands_for("320583", "employment", later) == []
    assert codes(actions.set_band, **values, releasers=1, starts_on=f.LATER.date()) == ["band-later"]
    wrong = values | {"office": "teacher", "document": " "}
    assert codes(actions.set_band, **wrong, releasers=9, starts_on=date(2020, 1, 1)) == [
        "band-figures", "band-document", "band-past",
    ]  # fmt: skip
    with pytest.raises(Forbidden):
        actions.set_band(**(values | {"by": f.account("county-finance-releaser")}), releasers=1, starts_on=later)
    assert ReleaseBand.objects.count() == 2


@pytest.mark.django_db
def test_the_pages(client, settings):
    settings.DEMO = True
    asked(1)
    batch = checked(2)
    city = f.account("city-finance", region_code="320100")
    client.force_login(city)
    assert (
        reverse("funds:cosign_batch", args=[batch.pk])
        in client.get(reverse("funds:batch_detail", args=[batch.pk])).content.decode()
    )
    assert client.post(reverse("funds:cosign_batch", args=[batch.pk])).status_code == 302
    assert "宁财〔2026〕7号" in client.get(reverse("funds:band_list")).content.decode()
    form = {
        "fund": "special", "basis": "line", "amount": "5000", "releasers": "1", "office": "city-finance",
        "document": "x", "starts_on": "2099-01-01",
    }  # fmt: skip
    assert client.post(reverse("funds:band_list"), form).status_code == 302
    assert ReleaseBand.objects.filter(fund="special", from_fen=500_000).exists()
