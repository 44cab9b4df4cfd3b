"""Subsidies that the policy pays to an employer or institution (N16.2): who it is, whose account, and who is told."""

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from rollbook.funds import actions as funds
from rollbook.funds import queries as money
from rollbook.funds.models import BankFile, LedgerAccount, Ownership, PaymentBatch, PaymentLine
from rollbook.institutions import actions as institutions
from rollbook.journal.models import Entry
from rollbook.kernel.reasons import Forbidden, NotFound, Refused
from rollbook.persons import actions as persons
from rollbook.persons.models import Notice, Organisation
from rollbook.persons.queries import unsealed_organisation
from rollbook.subsidies import actions, queries
from rollbook.subsidies.models import Claim
from rollbook.subsidies.tests import factories as f
from rollbook.subsidies.tests.debts import ordered, paying, sent
from rollbook.subsidies.tests.test_offers import klass, published, told  # noqa: F401
from rollbook.subsidies.tests.test_payments import answer, take

AMOUNTS = [{"kind": "level", "level": 4, "amount_fen": 100_000}]
FIRM, CARD = "91320102MA1X0000X1", "125904300210803"
DETAILS = {"bank": "招商银行", "bank_account": CARD, "phone": "13900001111", "document": "开户许可证 J301"}


@pytest.fixture
def two(db, settings, tmp_path):
    settings.LAKE_ROOT, settings.DROP_ROOT, settings.LAKE_MEMORY = tmp_path / "lake", tmp_path / "drop", "512MB"
    f.load_terms()
    return f.assessed_class(2)


def to_institution():
    published("training", amounts=AMOUNTS, payee="institution")


def set_account(klass, **values):  # noqa: F811
    institutions.set_account(by=f.manager_of(klass), institution_id=klass.institution_id, now=f.NOW, **DETAILS | values)
    return Organisation.objects.get(uscc=klass.institution.uscc)


def owned(firm, outcome="match"):
    funds.learn_owner(organisation_id=firm.pk, bank_digest=firm.bank_digest, outcome=outcome, detail="", now=f.LATER)


def approved(klass):  # noqa: F811
    claims, against = actions.file_class_claims(by=f.manager_of(klass), class_id=klass.pk, now=f.NOW)
    assert against == {}
    for role, move in (("county-reviewer", "pass-first"), ("county-second-reviewer", "pass-second")):
        by = f.account(role)
        for one in claims:
            actions.review_claim(by=by, claim_id=one.pk, move=move, now=f.NOW)
    notice = actions.publish_claims(by=f.account("county-reviewer"), now=f.NOW)
    actions.finish_publicity(publicity_id=notice.pk, now=f.LATER)
    return claims


def batched(claims):
    return actions.make_batch(by=f.account("county-reviewer"), claim_ids=[one.pk for one in claims], now=f.LATER)


def checked(batch):
    return funds.check_batch(by=f.account("county-finance"), batch_id=batch.pk, now=f.LATER)


def release(batch):
    return funds.release_batch(by=f.account("county-finance-releaser"), batch_id=batch.pk, now=f.LATER)


def codes(deed, *args):
    with pytest.raises(Refused) as refusal:
        deed(*args)
    return [one.code for one in refusal.value.reasons]


def test_the_institution_is_paid_for_each_person_by_a_line_of_its_own(two):
    to_institution()
    claims = approved(two)
    assert {(one.payee, one.organisation.uscc) for one in claims} == {("institution", two.institution.uscc)}
    assert codes(batched, claims) == ["no-account"]
    assert PaymentLine.objects.count() == 0
    firm = set_account(two)
    batch = checked(batched(claims))
    assert codes(release, batch) == ["owner-pending", "owner-pending"]
    owned(firm)
    release(batch)
    out = bytes(BankFile.objects.get(batch=batch).content).decode("gb18030")
    assert out.count(f"|{two.institution.name}|{CARD}|100000") == 2
    assert CARD not in str(list(PaymentLine.objects.values())) + str(list(Entry.objects.values_list("data")))
    PaymentBatch.objects.filter(pk=batch.pk).update(state="sent", sent_at=f.LATER)
    take(batch, answer(batch, ["PAID", "PAID"]))
    for one in claims:
        actions.settle_payment(subject=actions.subject_of(one), is_paid=True, failure="", now=f.LATER)
    assert LedgerAccount.objects.get(kind="paid", fund="employment").balance_fen == 200_000
    assert money.broken_invariants() == []
    assert queries.payments_without_claim() == []
    assert all(queries.replayed(one) == [] for one in claims)


def test_the_employer_is_who_the_labour_contract_names(klass):  # noqa: F811
    published("training", amounts=AMOUNTS, payee="employer")
    one = klass.enrolments.get()
    by = f.manager_of(klass)
    assert codes(lambda: actions.file_claim(by=by, enrolment_id=one.pk, now=f.NOW)) == ["payee"]
    assert Claim.objects.count() == Organisation.objects.count() == 0
    told(one.person, "labour-contracts", "2025-01-01", employer=FIRM)
    claim = actions.file_claim(by=by, enrolment_id=one.pk, now=f.NOW)
    assert (claim.payee, claim.organisation.uscc) == ("employer", FIRM)
    [proof] = claim.sources["proofs"]
    assert (proof["what"], proof["feed"], proof["from"], proof["as_of"]) == (
        "Labour contract", "labour-contracts", "2025-01-01", "2026-03-01",
    )  # fmt: skip


def test_the_account_is_entered_from_a_paper_by_the_office_of_its_region(klass):  # noqa: F811
    firm = persons.register_organisation(by=None, uscc=FIRM, name="金陵机械厂", region_code="320102", now=f.NOW)

    def mend(by, **values):
        persons.mend_organisation_account(by=by, organisation_id=firm.pk, now=f.NOW, **DETAILS | values)

    with pytest.raises(NotFound):
        mend(f.manager_of(klass))
    with pytest.raises(NotFound):
        mend(f.account("county-reviewer", region_code="320583"))
    with pytest.raises(Forbidden):
        mend(f.account("county-finance"))
    office = f.account("county-reviewer")
    assert codes(lambda: mend(office, bank_account="12", document=" ")) == ["account-form", "account-document"]
    firm.refresh_from_db()
    assert (firm.bank_digest, firm.box) == ("", None)
    mend(office)
    firm.refresh_from_db()
    assert (firm.bank_masked, firm.phone_masked) == ("招商银行 0803", "139****1111")
    assert CARD.encode() not in bytes(firm.box)
    assert unsealed_organisation(firm)["bank_account"] == CARD
    persons.rotate()
    with pytest.raises(IntegrityError), transaction.atomic():
        Organisation.objects.filter(pk=firm.pk).update(document="")


def test_an_account_that_is_changed_voids_approvals_and_tells_the_old_contact(two):
    to_institution()
    firm = set_account(two)
    batch = checked(batched(approved(two)))
    owned(firm)
    set_account(two, bank_account="999904300210899", phone="13700002222")
    assert "account-changed" in codes(release, batch)
    assert funds.account_changed(organisation_id=firm.pk, now=f.NOW) == [batch.number]
    batch.refresh_from_db()
    assert (batch.state, batch.checked_by) == ("draft", None)
    assert set(batch.lines.values_list("bank_masked", flat=True)) == {"招商银行 0899"}
    notice = Notice.objects.get()
    assert (notice.organisation, notice.person, notice.phone_masked) == (firm, None, "139****1111")
    assert (
        Ownership.objects.get(organisation=firm).bank_digest != batch.lines.first().bank_digest
    )  # of the account of before: the new one is not known yet


def test_the_database_pays_nobody_but_the_payee_of_the_claim(two):
    to_institution()
    claims = approved(two)
    firm = set_account(two)
    batch = batched(claims)
    other = persons.register_organisation(by=None, uscc=FIRM, name="他厂", region_code="320102", now=f.NOW)
    with pytest.raises(IntegrityError, match="goes to whom its claim names"), transaction.atomic():
        PaymentLine.objects.filter(batch=batch).update(organisation=other)
    with pytest.raises(IntegrityError, match="goes to whom its claim names"), transaction.atomic():
        PaymentLine.objects.filter(batch=batch).update(organisation=None)
    with pytest.raises(IntegrityError, match="who is paid for a claim stays"), transaction.atomic():
        Claim.objects.update(payee="employer")
    with pytest.raises(IntegrityError), transaction.atomic():
        Claim.objects.update(payee="person")
    with pytest.raises(IntegrityError), transaction.atomic():
        Ownership.objects.create(
            person=claims[0].person, organisation=firm, bank_digest="y", asked_at=f.NOW, answered_at=f.NOW
        )


def test_a_refused_payment_is_mended_by_whom_it_concerns_and_paid_again(two):
    to_institution()
    claims, firm = approved(two), set_account(two)
    batch = checked(batched(claims))
    owned(firm)
    release(batch)
    PaymentBatch.objects.filter(pk=batch.pk).update(state="sent", sent_at=f.LATER)
    take(batch, answer(batch, ["PAID", "FAIL"]))
    actions.settle_payment(subject=actions.subject_of(claims[1]), is_paid=False, failure="户名不符", now=f.LATER)
    values = {"claim_id": claims[1].pk, "bank": "招商银行", "bank_account": "999904300210899", "now": f.LATER}
    trainee = f.account("worker", person_id=claims[1].person_id)
    with pytest.raises(Forbidden):  # it is not the trainee's account
        actions.correct_account(by=trainee, why="更正", **values)
    claim = actions.correct_account(by=f.manager_of(two), why="开户许可证 J302", **values)
    firm.refresh_from_db()
    assert (claim.state, firm.bank_masked, firm.document) == ("approved", "招商银行 0899", "开户许可证 J302")
    assert unsealed_organisation(firm)["phone"] == "13900001111"
    assert batched([claim]).lines.get().organisation == firm


def test_pages_name_the_payee_and_never_the_number(two, client, settings):
    settings.DEMO = True
    to_institution()
    claims, firm = approved(two), set_account(two)
    client.force_login(f.account("county-reviewer"))
    page = client.get(reverse("subsidies:claim_detail", args=[claims[0].pk])).content.decode()
    assert reverse("persons:organisation_detail", args=[firm.pk]) in page
    assert "招商银行 0803" in page
    page = client.get(reverse("persons:organisation_list"), {"q": firm.uscc}).content.decode()
    assert firm.name in page
    answer = client.post(reverse("persons:mend_account", args=[firm.pk]), DETAILS | {"bank_account": "999904300210899"})
    assert answer.status_code == 302
    page = client.get(reverse("persons:organisation_detail", args=[firm.pk])).content.decode()
    assert "招商银行 0899" in page
    assert CARD not in page
    client.force_login(f.manager_of(two))
    page = client.get(reverse("institutions:institution_detail", args=[two.institution_id])).content.decode()
    assert "招商银行 0899" in page
    answer = client.post(reverse("institutions:add", args=[two.institution_id, "account"]), DETAILS)
    assert answer.status_code == 302
    client.logout()
    page = client.get(reverse("portal:publicity", args=[Claim.objects.first().publicity_id])).content.decode()
    assert firm.name in page


def test_what_an_organisation_has_to_pay_back_is_its_own(two):
    """Set off against what the organisation is paid, never against a trainee's money, nor the other way round (N6.4)."""
    to_institution()
    owned(set_account(two))
    first, second = approved(two)
    batch = batched([first])
    sent(batch)
    take(batch, answer(batch, ["PAID"]))
    line = batch.lines.get()
    assert line.organisation_id is not None
    ordered(line)
    trainee = paying(first.person, 100_000, statuses=())
    assert trainee.netted_fen == 0, "the trainee owes nothing"
    own = batched([second]).lines.get()
    assert (own.organisation_id, own.netted_fen) == (line.organisation_id, second.amount_fen // 2)
