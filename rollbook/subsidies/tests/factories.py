"""A class whose results are locked and whose trainees are due their subsidy; officials for each step."""

from datetime import UTC, date, datetime

import factory
from factory.django import DjangoModelFactory

from rollbook.accounts.tests.factories import AccountFactory
from rollbook.assessment.models import Assessment
from rollbook.certificates.models import Certificate, Series
from rollbook.classes.models import Attendance, Commitment
from rollbook.classes.tests.factories import ClassFactory, EnrolmentFactory, LessonFactory
from rollbook.directory.tests.factories import load_terms
from rollbook.funds import actions as funds
from rollbook.funds.models import Ownership
from rollbook.institutions.tests.factories import InstitutionFactory, RoomFactory, SiteFactory, TeacherFactory  # noqa: F401
from rollbook.persons.models import Sealed
from rollbook.persons.sealing import digest, seal
from rollbook.persons.tests.factories import PersonFactory
from rollbook.subsidies import actions, rules
from rollbook.subsidies.models import Claim, PolicyVersion

NOW = datetime(2026, 4, 1, 2, tzinfo=UTC)  # a Wednesday
BUDGET_FEN = 10_000_000


def load_policies() -> None:
    """The shipped policies of Jiangsu, published."""
    drafter = AccountFactory(role="province-officer", region_code="320000")
    finance = AccountFactory(role="province-finance", region_code="320000")
    actions.load_policies(drafter=drafter, finance=finance, now=NOW, regions="32")


def account(role: str, **values):
    return AccountFactory(role=role, **values)


def payee(n: int, bank_account: str = "", *, is_owner: bool = True, **values):
    """A matched person with a sealed account, as the bank's file needs it."""
    bank_account = bank_account or f"62284800{n:010d}0"
    person = PersonFactory(bank_digest=digest(bank_account), **values)
    version, box = seal(person.pk, {"bank": "江苏银行", "bank_account": bank_account})
    Sealed.objects.update_or_create(person=person, defaults={"key_version": version, "box": box})
    if is_owner:
        owned(person)
    return person


def owned(person, outcome: str = "match", at: datetime = NOW) -> None:
    """The bank's word on whose the person's account is."""
    Ownership.objects.update_or_create(
        person=person, bank_digest=person.bank_digest,
        defaults={"outcome": outcome, "asked_at": at, "answered_at": None if outcome == "pending" else at},
    )  # fmt: skip


class PolicyFactory(DjangoModelFactory):
    """A draft of a county's training policy."""

    class Meta:
        model = PolicyVersion

    region_code = "320102"
    subsidy = "training"
    version = 1
    title = "玄武区职业培训补贴"
    drafted_by = factory.SubFactory(AccountFactory)
    created_at = NOW

    @factory.lazy_attribute
    def content(self):
        amounts = [
            {"kind": "level", "level": 5, "amount_fen": 100_000},
            {"kind": "level", "level": 4, "amount_fen": 150_000},
        ]
        document = {"subsidy": self.subsidy, "document": "玄人社〔2026〕1号", "amounts": amounts}
        return rules.Policy.of(document).json()


class CertificateFactory(DjangoModelFactory):
    class Meta:
        model = Certificate

    serial = factory.Sequence(lambda n: n + 1)
    number = factory.Sequence("S320000{:012d}".format)
    token = factory.Sequence("token-{}".format)
    person = factory.SelfAttribute("enrolment.person")
    name = factory.SelfAttribute("person.name")
    id_masked = factory.SelfAttribute("person.id_masked")
    institution = factory.SelfAttribute("enrolment.training_class.institution")
    institution_name = factory.SelfAttribute("institution.name")
    occupation = factory.SelfAttribute("enrolment.training_class.occupation")
    project = "焊工"
    level = "4"
    hours = 56
    starts_on = date(2026, 3, 2)
    ends_on = date(2026, 3, 13)
    issued_on = date(2026, 3, 20)
    region_code = factory.SelfAttribute("enrolment.training_class.region_code")

    @factory.lazy_attribute
    def series(self):
        return Series.objects.get_or_create(province_code="320000", year=2026)[0]


def due(enrolment):
    """Make one trainee's every paper right: attended, committed, certified."""
    klass = enrolment.training_class
    for lesson in klass.lessons.all():
        Attendance.objects.create(lesson=lesson, enrolment=enrolment, presence="present")
    Commitment.objects.create(
        training_class=klass, enrolment=enrolment, signed_name=enrolment.person.name, text_version="1",
        text_sha256="0" * 64, signed_at=NOW, means="own account",
    )  # fmt: skip
    CertificateFactory(enrolment=enrolment)
    return enrolment


def assessed_class(count: int = 2, *, persons=(), budget_fen: int = BUDGET_FEN, **values):
    """A class with locked results; with a budget in its county where `budget_fen` says so."""
    load_policies()
    klass = ClassFactory(state="assessed", **values)
    teacher = TeacherFactory(institution=klass.institution)
    room = RoomFactory(site=SiteFactory(institution=klass.institution))
    LessonFactory(training_class=klass, teacher=teacher, room=room)
    Assessment.objects.create(training_class=klass, held_on=date(2026, 3, 16), locked_at=NOW)
    people = list(persons) or [payee(n) for n in range(count)]
    for person in people:
        due(EnrolmentFactory(training_class=klass, person=person))
    if budget_fen:
        grant(klass.region_code, budget_fen)
    return klass


def grant(
    region_code: str = "320102", amount_fen: int = BUDGET_FEN, year: int = 2026, fund: str = "employment"
) -> None:
    finance = account("county-finance", region_code=region_code)
    funds.set_budget(
        by=finance, region_code=region_code, fund=fund, year=year, amount_fen=amount_fen, document="宁财社〔2026〕1号",
        now=NOW,
    )  # fmt: skip


def manager_of(klass):
    return account("institution-manager", institution_id=klass.institution_id)


def claims(count: int = 2, **values) -> list[Claim]:
    """Claims that were just filed."""
    load_terms()
    klass = assessed_class(count, **values)
    filed, against = actions.file_class_claims(by=manager_of(klass), class_id=klass.pk, now=NOW)
    assert not against
    return filed


def reviewed(count: int = 2, **values) -> list[Claim]:
    """Claims that passed both reviews."""
    found = claims(count, **values)
    first, second = account("county-reviewer"), account("county-second-reviewer")
    for by, move in ((first, "pass-first"), (second, "pass-second")):
        for claim in found:
            actions.review_claim(by=by, claim_id=claim.pk, move=move, now=NOW)
    return found


def approved(count: int = 2, **values) -> list[Claim]:
    """Claims whose publicity is over."""
    found = reviewed(count, **values)
    notice = actions.publish_claims(by=account("county-reviewer"), now=NOW)
    actions.finish_publicity(publicity_id=notice.pk, now=LATER)
    return found


LATER = datetime(2026, 4, 20, 2, tzinfo=UTC)
