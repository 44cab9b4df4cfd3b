"""New apprenticeship: half ahead, the rest by who passed, back by who did not, to the enterprise (domain 3.5, 3.8; N12.2, N12.3, N16.2)."""

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.urls import reverse

from rollbook.assessment.models import Assessment
from rollbook.certificates.models import Certificate
from rollbook.classes import actions as classes
from rollbook.classes.models import Attendance
from rollbook.evidence.models import Item
from rollbook.funds import actions as funds
from rollbook.funds import queries as money
from rollbook.funds.models import PaymentBatch, PaymentLine, Recovery
from rollbook.journal.models import Entry
from rollbook.kernel.reasons import Forbidden, NotFound, Refused
from rollbook.persons import actions as persons
from rollbook.persons.models import Organisation
from rollbook.subsidies import actions, queries, rules
from rollbook.subsidies.models import Apprenticeship, Claim, Proposal
from rollbook.subsidies.tests import factories as f
from rollbook.subsidies.tests.cases import shipped
from rollbook.subsidies.tests.test_offers import published, told
from rollbook.subsidies.tests.test_payees import DETAILS, approved, batched, checked, codes, owned, release
from rollbook.subsidies.tests.test_payments import answer, take

pytestmark = pytest.mark.django_db
FIRM, OTHER = "91320102MA1X000019", "91320102MA1X00002C"
PAPER = b"%PDF-1.4\n% an agreement\n%%EOF\n"
FILING = {"uscc": FIRM, "name": "金陵机械厂", "agreement": "学徒培养协议〔2026〕1号", "paper": PAPER}


@pytest.fixture(autouse=True)
def kept(settings, tmp_path):
    settings.LAKE_ROOT, settings.DROP_ROOT, settings.LAKE_MEMORY = tmp_path / "lake", tmp_path / "drop", "512MB"
    settings.MEDIA_ROOT = tmp_path / "media"


def policy(region_code="350000", **content):
    """The figures of Fujian, or another's, in force in the county."""
    return published(**shipped(region_code, "apprentice").json() | content)


def apprentices(count=2, *, employer=FIRM, until="2027-12-31", **values):
    """A class of one year under way, everyone employed by the enterprise; nobody has a certificate yet."""
    f.load_terms()
    klass = f.assessed_class(
        count, study_form="apprenticeship", ends_on=date(2027, 3, 1), **{"level": "4", **values}
    )  # fmt: skip
    Certificate.objects.all().delete()
    Assessment.objects.filter(training_class=klass).update(locked_at=None)
    klass.state = "running"
    klass.save()
    for one in klass.enrolments.all():
        if employer:
            told(one.person, "labour-contracts", "2026-01-01", until, employer=employer)
    return klass


def filed(klass, by=None, **values):
    return actions.file_apprenticeship(
        by=by or f.manager_of(klass), class_id=klass.pk, now=f.NOW, **FILING | values
    )  # fmt: skip


def ended(klass, certified):
    """The training is over, its results locked, and so many have the certificate."""
    klass.state = "assessed"
    klass.save()
    Assessment.objects.filter(training_class=klass).update(locked_at=f.NOW)
    for one in klass.enrolments.order_by("pk")[:certified]:
        f.CertificateFactory(enrolment=one)


def account(klass):
    firm = Organisation.objects.get(uscc=FIRM)
    persons.keep_organisation_account(by=None, organisation_id=firm.pk, now=f.NOW, **DETAILS)
    firm.refresh_from_db()
    owned(firm)
    return firm


def pay(claims):
    """Through a batch that four of two organisations sign; gives its lines."""
    batch = checked(batched(claims))
    release(batch)
    PaymentBatch.objects.filter(pk=batch.pk).update(state="sent", sent_at=f.LATER)
    take(batch, answer(batch, ["PAID"] * len(claims)))
    for one in claims:
        actions.settle_payment(subject=actions.subject_of(one), is_paid=True, failure="", now=f.LATER)
    return list(batch.lines.all())


def tally_of(klass):
    return rules.tally(one for _enrolment, one in queries.apprentices_of(klass.pk))


def file(klass):
    return actions.file_class_claims(by=f.manager_of(klass), class_id=klass.pk, now=f.NOW)


@pytest.mark.slow
def test_twenty_of_fujian_at_level_4_of_whom_fifteen_pass():
    """Domain 3.8: 50 000 ahead; 75 000 due; the balance of 37 500 nets the 12 500 that come back: 25 000."""
    klass = apprentices(20)
    policy()
    filed(klass)
    firm = account(klass)
    ahead = approved(klass)
    assert {(one.stage, one.amount_fen, one.payee, one.organisation) for one in ahead} == {
        ("filed", 250_000, "employer", firm)
    }
    pay(ahead)
    assert sum(PaymentLine.objects.values_list("amount_fen", flat=True)) == 5_000_000
    actions.recompute(region_code="320102", now=f.LATER)
    assert Proposal.objects.count() == 0, "nothing comes back while they train"

    ended(klass, 15)
    actions.recompute(region_code="320102", now=f.LATER)
    found = list(Proposal.objects.order_by("pk"))
    assert {(one.amount_fen, one.due_fen, one.ground) for one in found} == {(250_000, 0, "facts")}
    assert len(found) == 5
    assert {one.reasons[0]["code"] for one in found} == {"not-certified"}
    actions.order_proposals(
        by=f.account("county-reviewer"), proposal_ids=[one.pk for one in found], document="宁人社〔2027〕7号", now=f.LATER
    )  # fmt: skip
    finance = f.account("county-finance")
    for one in Recovery.objects.all():
        funds.decide_recovery(
            by=finance, recovery_id=one.pk, granted=True, finding="", now=f.LATER
        )  # fmt: skip

    later, against = file(klass)
    assert len(later) == 15
    assert {(one.stage, one.amount_fen, one.facts["paid_fen"]) for one in later} == {("certified", 250_000, 250_000)}
    assert {one.code for messages in against.values() for one in messages} >= {"not-certified"}
    for role, move in (("county-reviewer", "pass-first"), ("county-second-reviewer", "pass-second")):
        by = f.account(role)
        for one in later:
            actions.review_claim(by=by, claim_id=one.pk, move=move, now=f.NOW)
    notice = actions.publish_claims(by=f.account("county-reviewer"), now=f.NOW)
    actions.finish_publicity(publicity_id=notice.pk, now=f.LATER)
    lines = pay(later)
    assert sum(one.due_fen for one in lines) == 3_750_000
    assert sum(one.netted_fen for one in lines) == 1_250_000
    assert sum(one.amount_fen for one in lines) == 2_500_000
    tally = tally_of(klass)
    assert (tally.people, tally.certified, tally.ahead, tally.later, tally.back) == (20, 15, 20, 15, 5)
    assert (tally.ahead_fen, tally.later_fen, tally.back_fen) == (5_000_000, 3_750_000, 1_250_000)
    assert tally.left_fen == 7_500_000
    assert money.broken_invariants() == []
    assert queries.payments_without_claim() == []
    assert all(queries.replayed(one) == [] for one in Claim.objects.all())


def test_who_leaves_before_the_end_is_proposed_to_come_back_at_once():
    klass = apprentices(1)
    policy()
    filed(klass)
    account(klass)
    pay(approved(klass))
    one = klass.enrolments.get()
    assert queries.paid_to([one.pk]) == {}, "the enterprise has it, not the trainee"
    classes.drop_trainee(by=f.manager_of(klass), enrolment_id=one.pk, why="离职", now=f.LATER)
    actions.recompute(region_code="320102", now=f.LATER)
    assert Proposal.objects.get().amount_fen == 250_000
    assert tally_of(klass).left_fen == 0


def test_where_the_policy_keeps_it_who_finished_without_certificate_keeps_the_half():
    """Tianjin: 50 % at completion as well; who did not attend did not complete."""
    klass = apprentices(2)
    policy("120000")
    filed(klass)
    account(klass)
    pay(approved(klass))
    first, _second = klass.enrolments.order_by("pk")
    ended(klass, 0)
    actions.recompute(region_code="320102", now=f.LATER)
    assert Proposal.objects.count() == 0
    Attendance.objects.filter(enrolment=first).update(presence="absent")
    actions.recompute(region_code="320102", now=f.LATER)
    assert Proposal.objects.filter(claim__enrolment=first).get().reasons[0]["code"] in ("attendance", "not-filed")


def test_a_class_that_files_late_has_all_of_it_at_once_and_once():
    klass = apprentices(2)
    policy()
    filed(klass)
    ended(klass, 1)
    claims, against = file(klass)
    assert [(one.stage, one.amount_fen) for one in claims] == [("certified", 500_000)]
    assert [[one.code for one in why] for why in against.values()] == [["not-certified"]]
    by, passed = f.manager_of(klass), claims[0].enrolment
    assert "not-offered" in codes(
        lambda: actions.file_claim(by=by, enrolment_id=passed.pk, subsidy="training", now=f.NOW)
    )
    assert "not-offered" in codes(
        lambda: actions.file_claim(by=by, enrolment_id=passed.pk, subsidy="upgrade", now=f.NOW)
    )
    assert codes(file, klass)[0] in ("part-open", "not-certified")


def test_an_advance_is_for_those_the_enterprise_employs_for_a_year():
    klass = apprentices(3, employer="")
    policy()
    filed(klass)
    here, elsewhere, briefly = klass.enrolments.order_by("pk")
    told(here.person, "labour-contracts", "2026-01-01", employer=FIRM)
    told(elsewhere.person, "labour-contracts", "2026-01-01", employer=OTHER)
    told(briefly.person, "labour-contracts", "2026-02-01", "2026-12-31", employer=FIRM)
    claims, against = file(klass)
    assert [one.enrolment for one in claims] == [here]
    assert {pk: sorted(one.code for one in why) for pk, why in against.items()} == {
        elsewhere.pk: ["contract-months", "payee"], briefly.pk: ["contract-months"],
    }  # fmt: skip


def test_without_an_advance_in_the_policy_a_running_class_is_due_nothing():
    klass = apprentices(1)
    policy(instalments=[{"stage": "certified", "percent": 100}])
    filed(klass)
    assert codes(file, klass) == ["not-certified"]


@pytest.mark.parametrize(
    ("change", "values", "code"),
    [
        ({"study_form": "full-time"}, {}, "not-apprenticeship"),
        ({"state": "submitted"}, {}, "not-approved"),
        ({"ends_on": date(2027, 2, 28)}, {}, "apprentice-years"),
        ({}, {"uscc": FIRM[:-1] + "Z"}, "uscc-form"),
        ({}, {"name": " "}, "agreement"),
        ({}, {"paper": b""}, "no-paper"),
    ],
)
def test_what_stops_the_filing_of_an_enterprise(change, values, code):
    klass = apprentices(1)
    for name, value in change.items():
        setattr(klass, name, value)
    klass.save()
    assert code in codes(lambda: filed(klass, **values))
    assert Apprenticeship.objects.count() == Item.objects.count() == 0


def test_the_enterprise_may_be_mended_until_something_was_claimed():
    klass = apprentices(1)
    policy()
    by = f.manager_of(klass)
    assert codes(file, klass) == ["no-enterprise"]
    filed(klass, by, uscc=OTHER)
    one = filed(klass, by)
    assert (one.enterprise.uscc, Apprenticeship.objects.count()) == (FIRM, 1)
    assert Entry.objects.filter(kind="apprenticeship.filed").count() == 2
    file(klass)
    assert codes(lambda: filed(klass, by, uscc=OTHER)) == ["apprentice-claimed"]
    for deed in (one.delete, lambda: Apprenticeship.objects.update(agreement="他")):
        with pytest.raises(IntegrityError), transaction.atomic():
            deed()


def test_others_do_not_file_for_an_enterprise():
    klass = apprentices(1)
    policy()
    with pytest.raises(NotFound):
        filed(klass, f.account("institution-manager", institution_id=f.InstitutionFactory().pk))
    with pytest.raises(Forbidden):
        filed(klass, f.account("county-reviewer"))
    filed(klass)
    one = klass.enrolments.get()
    trainee = f.account("worker", person_id=one.person_id)
    with pytest.raises(Refused) as refusal:
        actions.file_claim(by=trainee, enrolment_id=one.pk, now=f.NOW)
    assert [why.code for why in refusal.value.reasons] == ["enterprise-claims"]


def test_pages_from_the_class_to_the_tally(client, settings):
    """The manager files and claims by clicking, the office reads what it comes to, a file carries it out."""
    settings.DEMO = True
    klass = apprentices(2)
    policy()
    client.force_login(f.manager_of(klass))
    claims_page = reverse("subsidies:class_claims", args=[klass.pk])
    assert klass.title in client.get(reverse("subsidies:class_list")).content.decode()
    assert reverse("subsidies:enterprise", args=[klass.pk]) in client.get(claims_page).content.decode()
    assert client.get(reverse("subsidies:enterprise", args=[klass.pk])).status_code == 200
    sent = FILING | {"paper": SimpleUploadedFile("a.pdf", PAPER)}
    answer = client.post(reverse("subsidies:file_enterprise", args=[klass.pk]), sent)
    one = Apprenticeship.objects.get()
    assert answer["Location"] == reverse("subsidies:apprenticeship", args=[one.pk])
    page = client.get(claims_page).content.decode()
    assert ("2,500" in page, "5,000" in page) == (True, True), "each and all of them, before anything is filed"
    file(klass)
    firm = account(klass)
    client.force_login(f.account("county-reviewer"))
    page = client.get(reverse("subsidies:apprenticeship", args=[one.pk])).content.decode()
    assert (firm.bank_masked in page, FIRM in page) == (True, True)
    assert firm.name in client.get(reverse("subsidies:apprenticeship_list"), {"q": FIRM}).content.decode()
    assert FIRM not in client.get(reverse("subsidies:apprenticeship_list"), {"q": OTHER}).content.decode()
    assert "(0)" in client.get(claims_page).content.decode(), "what was claimed is not due to the office either"
    claim = Claim.objects.first()
    assert not {one.code for one in queries.met(claim)} & set(rules.ATTENDED), "nobody attended yet"
    page = client.get(reverse("subsidies:claim_detail", args=[claim.pk])).content.decode()
    assert reverse("subsidies:apprenticeship", args=[one.pk]) in page
    for address in (reverse("subsidies:apprenticeship", args=[one.pk]), reverse("subsidies:apprenticeship_list")):
        answer = client.get(address, {"export": 1})
        assert answer["Content-Type"].endswith("sheet")


@pytest.mark.parametrize("count", [1, 6])
def test_the_page_of_a_tally_asks_the_same_whatever_the_size(client, settings, django_assert_num_queries, count):
    settings.DEMO = True
    one = filed(apprentices(count))
    client.force_login(f.account("county-reviewer"))
    address = reverse("subsidies:apprenticeship", args=[one.pk])
    client.get(address)
    with django_assert_num_queries(7):
        client.get(address)


def test_the_enterprise_is_filed_over_the_api(client, settings):
    settings.DEMO = True
    klass = apprentices(1)
    client.force_login(f.manager_of(klass))
    sent = FILING | {"paper": SimpleUploadedFile("a.pdf", PAPER)}
    answer = client.post(f"/api/claims/apprenticeships/{klass.pk}", sent)
    assert (answer.status_code, answer.json()["uscc"]) == (201, FIRM)
    assert [one["class_id"] for one in client.get("/api/claims/apprenticeships").json()["items"]] == [klass.pk]
