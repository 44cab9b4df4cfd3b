"""Safety certificates and entrepreneurship training from the class to the payment, each with its figures (domain 3.3, 8, 9 and 11; N12.2, N13.1)."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction

from rollbook.certificates.models import Certificate
from rollbook.directory.models import DemandItem, DemandList
from rollbook.directory.tests.factories import DemandItemFactory, DemandListFactory, OccupationFactory
from rollbook.funds.models import PaymentLine
from rollbook.kernel.reasons import Refused
from rollbook.subsidies import actions, queries, rules
from rollbook.subsidies.actions import identified
from rollbook.subsidies.models import Claim, WorkPaper
from rollbook.subsidies.tests import factories as f
from rollbook.subsidies.tests.cases import shipped
from rollbook.subsidies.tests.test_instalments import pay
from rollbook.subsidies.tests.test_offers import published
from rollbook.subsidies.tests.test_papers import FIRM, PAPER, codes, decide

pytestmark = pytest.mark.django_db
SAFETY = {
    "kind": "safety-certificate", "name": "天津市应急管理局", "number": "T120101199001011234", "from_on": date(2026, 3, 20),
    "until_on": date(2032, 3, 19), "file": PAPER,
}  # fmt: skip


@pytest.fixture(autouse=True)
def kept(settings, tmp_path):
    settings.MEDIA_ROOT, settings.LAKE_ROOT, settings.LAKE_MEMORY = tmp_path / "media", tmp_path / "lake", "512MB"
    f.load_terms()


def trained(project, training_type, *, person=None, amount_fen=0):
    """A class of a project of no level, its results locked, everybody attended; without certificates of ours."""
    occupation = OccupationFactory(code="", name=project, identity=rules.project_identity(project))
    known = {"training_type": training_type, "occupation": occupation, "level": "0"}
    item = DemandItem.objects.filter(**known).first() or DemandItemFactory(
        demand_list=DemandList.objects.first() or DemandListFactory(), grade="", amount_fen=amount_fen, **known
    )
    klass = f.assessed_class(persons=[person or f.payee(1)], item=item)
    Certificate.objects.filter(enrolment__training_class=klass).update(level="0")
    return klass, klass.enrolments.get()


def file(klass, one, subsidy):
    return actions.file_claim(by=f.manager_of(klass), enrolment_id=one.pk, subsidy=subsidy, now=f.NOW)


def attach(klass, one, **values):
    return actions.file_paper(by=f.manager_of(klass), enrolment_id=one.pk, now=f.NOW, **SAFETY | values)


def refused(klass, one, subsidy):
    with pytest.raises(Refused) as refusal:
        file(klass, one, subsidy)
    return [why.code for why in refusal.value.reasons]


@pytest.fixture
def tianjin():
    policy = identified(shipped("120000", "safety"))
    return published(**policy.json())


@pytest.mark.parametrize(("project", "yuan"), [("初次取证", 300), ("复审", 100)])
def test_tianjin_a_first_certificate_300_a_renewal_100(tianjin, project, yuan):
    """From the class to the money: the certificate is another authority's, so it is a paper that an officer accepts."""
    klass, one = trained(project, "completion")
    assert refused(klass, one, "safety") == ["not-certified"], (
        "the completion certificate is not the safety certificate"
    )
    paper = attach(klass, one)
    assert refused(klass, one, "safety") == ["not-certified"]
    decide(paper)
    claim = file(klass, one, "safety")
    assert (claim.kind, claim.amount_fen, claim.payee, claim.policy) == ("safety", yuan * 100, "person", tianjin)
    assert (claim.sources["certificate"]["number"], claim.sources["certificate"]["on"]) == (
        SAFETY["number"], "2026-03-20",
    )  # fmt: skip
    [proof] = claim.sources["proofs"]
    assert (proof["feed"], proof["paper"]) == ("safety-certificate", paper.pk)
    pay(claim)
    assert PaymentLine.objects.get().amount_fen == yuan * 100
    assert queries.replayed(claim) == []


def test_a_safety_certificate_is_paid_once_a_year_and_each_number_once(tianjin, monkeypatch):
    klass, one = trained("初次取证", "completion")
    decide(attach(klass, one))
    claim = file(klass, one, "safety")
    again, other = trained("复审", "completion", person=one.person)
    assert codes(attach, again, other) == ["number-used"]
    with monkeypatch.context() as moment:  # both looked before either filed
        moment.setattr(queries, "is_number_used", lambda number: False)
        assert codes(attach, again, other) == ["number-used"]
    decide(attach(again, other, number="T120101199001015678"))
    assert refused(again, other, "safety") == ["yearly-cap"]
    claim.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        claim.save(force_insert=True)
    paper = WorkPaper.objects.first()
    paper.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        paper.save(force_insert=True)
    assert Claim.objects.count() == 1


def test_a_certificate_that_is_found_false_is_proposed_to_come_back(tianjin):
    klass, one = trained("初次取证", "completion")
    paper = attach(klass, one)
    decide(paper)
    claim = file(klass, one, "safety")
    pay(claim)
    decide(paper, granted=False, remark="证书查无此号")
    actions.propose(claim_ids=[claim.pk], now=f.LATER)
    assert claim.proposals.get().amount_fen == 30_000


def test_no_other_class_is_offered_it(tianjin):
    klass, one = trained("家庭育婴", "completion")
    assert refused(klass, one, "safety") == ["not-offered"]
    assert codes(attach, klass, one) == ["no-safety"]
    assert codes(attach, klass, one, number=" ") == ["no-safety", "no-number"]
    assert "safety" not in [
        offer.subsidy for offer in queries.offers(f.manager_of(klass), klass, one, date(2026, 4, 1))
    ]


@pytest.mark.parametrize(("project", "yuan"), [("创业意识GYB", 350), ("创办你的企业SYB", 1000)])
def test_jiangsu_entrepreneurship_by_the_ordinary_claim(project, yuan):
    """The ordinary claim does it: the project is a row of the table, the certificate the completion certificate."""
    published(**identified(shipped("320000", "training", "2026-03-02")).json() | {"source": "table"})
    klass, one = trained(project, "startup")
    claim = file(klass, one, "training")
    assert (claim.kind, claim.amount_fen, claim.level) == ("startup", yuan * 100, "0")
    pay(claim)
    assert PaymentLine.objects.get().amount_fen == yuan * 100
    again, other = trained(project, "startup", person=one.person)
    assert "same-level" in refused(again, other, "training"), "the same kind once (domain 3.3, 9)"
    assert queries.replayed(claim) == []


def test_entrepreneurship_is_paid_in_full_by_the_standard_of_the_demand_directory():
    klass, one = trained("创办你的企业SYB", "startup", amount_fen=120_000)
    claim = file(klass, one, "training")  # the policy of Jiangsu reads the list
    assert (claim.kind, claim.amount_fen) == ("startup", 120_000)


def test_the_rest_of_an_entrepreneurship_subsidy_is_paid_by_the_business_licence():
    """N13.1: standards differ by the result, here a business that was founded."""
    ladder = [{"stage": "completed", "percent": 60}, {"stage": "employed", "percent": 100}]
    published("training", amounts=[{"kind": "startup", "amount_fen": 100_000}], instalments=ladder)
    klass, one = trained("创办你的企业SYB", "startup")
    pay(file(klass, one, "training"))
    assert refused(klass, one, "training") == ["not-employed"]
    licence = {"kind": "business-licence", "uscc": FIRM, "number": "", "name": "小李修车铺", "until_on": None}
    decide(attach(klass, one, **licence | {"from_on": date(2026, 3, 25)}))
    rest = file(klass, one, "training")
    assert (rest.amount_fen, rest.facts["stage"]) == (40_000, "employed")
    pay(rest)
    assert sum(PaymentLine.objects.values_list("amount_fen", flat=True)) == 100_000
