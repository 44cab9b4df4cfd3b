"""What other departments say of the trainees of a class, and what it shows (N3.5, N16.2)."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django.utils.timezone import localdate

from rollbook.certificates import queries as certificates
from rollbook.exchange import queries as exchange
from rollbook.kernel.messages import _
from rollbook.persons import queries as persons
from rollbook.persons.rules import age_on
from rollbook.subsidies import rules
from rollbook.subsidies.models import Apprenticeship, Claim, WorkPaper

if TYPE_CHECKING:
    from rollbook.certificates.models import Certificate
    from rollbook.classes.models import Enrolment, TrainingClass
    from rollbook.persons.models import Organisation

ADULT = 16  # "younger than 16" is what the exclusion of minors says
INSURANCE = "unemployment"


@dataclass(frozen=True, slots=True)
class Payee:
    """Who is paid for a trainee: the person, or an organisation by its code, where it is known."""

    kind: str
    uscc: str = ""
    name: str = ""

    @property
    def is_known(self) -> bool:
        return self.kind == rules.Payee.PERSON or bool(self.uscc)


class Said:
    """The facts of one trainee that come from other departments, asked on the days that a policy looks at them."""

    def __init__(
        self,
        klass: "TrainingClass",
        one: "Enrolment",
        facts: list[rules.OtherFact],
        policy: rules.Policy,
        certificate: "Certificate | Issued | None",
        day: date,
        *,
        is_apprentice: bool,
        enterprise: "Organisation | None" = None,
        insured: Collection[date] = (),
    ) -> None:
        self.klass, self.one, self.facts, self.policy, self.day = klass, one, facts, policy, day
        self.category = one.category or one.person.category
        self.certified_on = certificate.issued_on if certificate else None
        self.is_apprentice, self.enterprise, self.insured = is_apprentice, enterprise, insured
        self.days = {
            "start": klass.starts_on or day,
            "sign-up": localdate(one.added_at),
            "certificate": self.certified_on or day,
        }

    def columns(self) -> dict[str, Any]:
        """What of it goes into the decision; months of insurance only where they count."""
        is_minor = age_on(self.one.person.birth_on, self.days["start"]) < ADULT
        excluded = rules.excluded(self.facts, self.policy, self.days) | _bit("minor", is_minor)
        found: dict[str, Any] = {
            "excluded": excluded | _bit("apprentice", self.is_apprentice),
            "has_proof": self.proof() is not None,
            "has_payee": self.payee().is_known,
        }
        if self.policy.limits.insured_months >= 0:
            found["insured_months"] = sum(month <= self.days["certificate"] for month in self.insured)
        if self.policy.limits.contract_months >= 0:
            found["contract_months"] = rules.contract_months(self.contract())
        return found

    def proof(self) -> rules.OtherFact | None:
        """What shows the category of the trainee."""
        return rules.proof_of(self.facts, self.category, self.policy, self.days)

    def contract(self) -> rules.OtherFact | None:
        """The labour contract on the first day; of an apprentice, with the enterprise that was filed for the class."""
        if self.policy.subsidy != rules.Subsidy.APPRENTICE:
            return rules.contract_on(self.facts, self.days["start"])
        return rules.contract_on(self.facts, self.days["start"], self.enterprise.uscc) if self.enterprise else None

    def payee(self) -> Payee:
        """Who is paid: an employer is found by the labour contract on the first day, or else on the day of the claim."""
        kind = self.policy.payee_of(self.category)
        if kind == rules.Payee.PERSON:
            return Payee(kind)
        if kind == rules.Payee.INSTITUTION:
            return Payee(kind, self.klass.institution.uscc, self.klass.institution.name)
        found = self.contract()
        if self.policy.subsidy == rules.Subsidy.APPRENTICE:
            return Payee(kind, self.enterprise.uscc, self.enterprise.name) if found and self.enterprise else Payee(kind)
        found = found or rules.contract_on(self.facts, self.day)
        uscc = found.data.get("employer", "") if found else ""
        return Payee(kind, uscc, self.one.employer or uscc)

    def employment_until(self) -> date | None:
        """The last day by which work must have begun; none where nothing asks for work or there is no certificate."""
        if self.certified_on is None:
            return None
        months = self.policy.limits.employed_months
        return self.day if months < 0 else min(self.day, rules.months_later(self.certified_on, months))

    def employed(self) -> rules.OtherFact | None:
        """What shows work after the certificate and in time: a labour contract, or months of insurance (domain 3.2)."""
        until, since = self.employment_until(), self.certified_on
        if until is None or since is None:
            return None
        if contract := rules.employment(self.facts, since, until):
            return contract
        months = sorted(month for month in self.insured if since < month <= until)
        return rules.OtherFact("insurance-months", months[0], months[-1], {}) if months else None

    def safety(self) -> rules.OtherFact | None:
        """The accepted safety certificate, where the subsidy is for one."""
        if self.policy.subsidy != rules.Subsidy.SAFETY:
            return None
        return next((one for one in self.facts if one.feed == rules.PaperKind.SAFETY), None)

    def lacks_work(self) -> bool:
        """Whether the policy pays for work after the certificate that nothing shows."""
        return self.policy.pays_at(rules.Stage.EMPLOYED) and self.certified_on is not None and self.employed() is None

    def lacks_contract(self) -> bool:
        """Whether the policy asks for a labour contract that nothing shows."""
        is_asked = self.policy.limits.contract_months >= 0 and self.contract() is None
        return is_asked or not self.payee().is_known

    def proofs(self) -> list[dict[str, Any]]:
        """Which proof was found where, and as of when: kept beside the claim and shown on its page."""
        needs_work = self.policy.pays_at(rules.Stage.EMPLOYED)
        asks_contract = self.policy.limits.contract_months >= 0 or self.payee().kind == rules.Payee.EMPLOYER
        day = self.days[rules.frozen_at(self.category, self.policy)]
        found = [
            (_("Category of the person"), self.proof(), day),
            (_("Labour contract"), self.contract() if asks_contract else None, self.days["start"]),
            (_("Safety certificate"), self.safety(), None),
            (_("Employment after the certificate"), self.employed() if needs_work else None, self.employment_until()),
        ]
        return [
            {
                "what": what, "feed": fact.feed, "source": fact.source, "number": fact.number,
                "as_of": str(fact.as_of or ""), "from": str(fact.from_on or ""), "until": str(fact.until_on or ""),
                "looked_at": str(on or ""), "paper": fact.paper,
            }
            for what, fact, on in found
            if fact
        ]  # fmt: skip


def _bit(exclusion: str, holds: bool) -> int:
    return holds << rules.EXCLUSIONS.index(exclusion)


def said_of(
    klass: "TrainingClass",
    people: "Collection[Enrolment]",
    policy: rules.Policy,
    issued: "Mapping[int, Certificate | Issued]",
    days: Mapping[int, date],
) -> dict[int, Said]:
    """What other departments say of each, asked of them all at once; `days` is the day of each claim."""
    facts = exchange.held_of([one.person for one in people], [feed.value for feed in rules.FEEDS])
    apprentices = _apprentices(people, klass)
    is_apprenticeship = policy.subsidy == rules.Subsidy.APPRENTICE
    filed = (
        Apprenticeship.objects.filter(training_class=klass).select_related("enterprise") if is_apprenticeship else ()
    )
    enterprise = next((one.enterprise for one in filed), None)
    papers = _papers(people)
    counts = policy.limits.insured_months >= 0 or policy.pays_at(rules.Stage.EMPLOYED)
    insured = exchange.insured_of([one.person_id for one in people], INSURANCE) if counts else {}
    return {
        one.pk: Said(
            klass, one,
            [
                rules.OtherFact(
                    fact.feed, fact.from_on, fact.until_on, fact.data, fact.source.name, fact.batch.number, fact.as_of
                )
                for fact in facts[one.person_id]
            ] + papers.get(one.pk, []),
            policy, issued.get(one.pk), days[one.pk], is_apprentice=one.person_id in apprentices,
            enterprise=enterprise, insured=insured.get(one.person_id, ()),
        )
        for one in people
    }  # fmt: skip


def _papers(people: "Collection[Enrolment]") -> dict[int, list[rules.OtherFact]]:
    """What accepted papers of these trainees show, where no department says so (domain 3.2)."""
    found: dict[int, list[rules.OtherFact]] = defaultdict(list)
    for one in WorkPaper.objects.filter(enrolment__in=[one.pk for one in people], state=rules.PaperState.GRANTED):
        data = {"employer": one.uscc}
        fact = rules.OtherFact(
            one.kind, one.from_on, one.until_on, data, one.name, one.number, as_of=_day(one.decided_at), paper=one.pk
        )
        found[one.enrolment_id].append(fact)
    return found


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate as an entitlement looks at it."""

    issued_on: date
    number: str
    state: str = "valid"


def safety_of(enrolment_ids: Collection[int]) -> dict[int, Issued]:
    """The safety certificates of these trainees that an officer accepted; another authority issued them (domain 3.3, 8)."""
    found = WorkPaper.objects.filter(
        enrolment__in=enrolment_ids, kind=rules.PaperKind.SAFETY, state=rules.PaperState.GRANTED
    )
    return {one.enrolment_id: Issued(one.from_on, one.number) for one in found.order_by("pk")}


def issued_of(
    klass: "TrainingClass", people: "Collection[Enrolment]", subsidy: str
) -> "Mapping[int, Certificate | Issued]":
    """The certificate that a subsidy looks at, by enrolment."""
    if subsidy == rules.Subsidy.SAFETY:
        return safety_of([one.pk for one in people])
    return certificates.of_class(klass.pk)


def _day(moment: datetime | None) -> date | None:
    return localdate(moment) if moment else None


def _apprentices(people: "Collection[Enrolment]", klass: "TrainingClass") -> set[int]:
    """Who is, on the first day of the class, in an apprenticeship of another class that was claimed for (domain 3.3, 6)."""
    records = persons.records_of([one.person_id for one in people])
    live = Claim.objects.filter(person_id__in=records, kind=rules.Kind.APPRENTICE).exclude(state=rules.State.REFUSED)
    live = live.exclude(enrolment__training_class=klass)
    live = live.filter(
        enrolment__training_class__starts_on__lte=klass.starts_on,
        enrolment__training_class__ends_on__gte=klass.starts_on,
    )
    return {records[pk] for pk in live.values_list("person_id", flat=True)}
