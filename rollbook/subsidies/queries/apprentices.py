"""Classes of new apprentices: whose they are, and what they come to by number (N16.2, domain 3.5)."""

from collections import defaultdict
from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet

from rollbook.accounts.rules import holds
from rollbook.certificates import queries as certificates
from rollbook.classes import queries as classes
from rollbook.classes.rules.states import State as ClassState
from rollbook.classes.rules.states import StudyForm
from rollbook.directory.rules import ListState
from rollbook.funds import queries as funds
from rollbook.kernel.reasons import NotFound
from rollbook.regions.rules import around, prefix
from rollbook.subsidies import rules
from rollbook.subsidies.models import Apprenticeship, Claim, PolicyVersion, Proposal
from rollbook.subsidies.queries.claims import READERS, subject_of

if TYPE_CHECKING:
    from rollbook.accounts.models import Account
    from rollbook.classes.models import Enrolment, TrainingClass


def subsidy_of(klass: "TrainingClass") -> rules.Subsidy:
    """What is claimed for the training of a class: an apprenticeship has no other subsidy for the same (domain 3.3, 6)."""
    is_apprenticeship = klass.study_form == StudyForm.APPRENTICESHIP
    return rules.Subsidy.APPRENTICE if is_apprenticeship else rules.Subsidy.TRAINING


def classes_open(by: "Account") -> "QuerySet[TrainingClass]":
    """Classes that have come so far that something may be claimed for them."""
    is_under_way = Q(study_form=StudyForm.APPRENTICESHIP, state__in=rules.OPENED)
    return classes.class_list(by).filter(Q(state=ClassState.ASSESSED) | is_under_way)


def may_claim_at(klass: "TrainingClass", subsidy: str) -> bool:
    """Whether a class has come so far that this may be claimed: its results are locked, or, of an apprenticeship, the
    county has approved it; its policy says whether an advance is due by then."""
    return klass.state == ClassState.ASSESSED or (subsidy == rules.Subsidy.APPRENTICE and klass.state in rules.OPENED)


def offered(klass: "TrainingClass") -> tuple[rules.Subsidy, ...]:
    """What a training may be claimed for."""
    also: tuple[rules.Subsidy, ...] = (rules.Subsidy.EVALUATION, rules.Subsidy.LIVING)
    if subsidy_of(klass) == rules.Subsidy.APPRENTICE:
        return (rules.Subsidy.APPRENTICE, *also)
    if _pays_safety(klass):
        also = (*also, rules.Subsidy.SAFETY)
    return (rules.Subsidy.TRAINING, rules.Subsidy.UPGRADE, *also)


def _pays_safety(klass: "TrainingClass") -> bool:
    """Whether a policy around names the project of the class: what a first certificate and a renewal come to is its."""
    identity = klass.occupation.identity if klass.occupation else 0
    found = PolicyVersion.objects.filter(
        region_code__in=around(klass.region_code), subsidy=rules.Subsidy.SAFETY, state=ListState.PUBLISHED,
        content__amounts__contains=[{"identity": identity}],
    )  # fmt: skip
    return found.exists()


def apprenticeship_of(class_id: int) -> Apprenticeship | None:
    """For who may see the class."""
    found = Apprenticeship.objects.filter(training_class=class_id)
    return found.select_related("enterprise", "paper", "filed_by").first()


def apprenticeships_visible_to(by: "Account") -> QuerySet[Apprenticeship]:
    found = Apprenticeship.objects.select_related("enterprise", "institution", "training_class").order_by("-pk")
    if by.role == "institution-manager":
        return found.filter(institution_id=by.institution_id or 0)
    if by.role == "worker" or not any(holds(by, one) for one in READERS):
        return found.none()
    return found.filter(region_code__startswith=prefix(by.region_code))


def apprenticeship(by: "Account", apprenticeship_id: int) -> Apprenticeship:
    try:
        return apprenticeships_visible_to(by).select_related("paper", "filed_by").get(pk=apprenticeship_id)
    except Apprenticeship.DoesNotExist:
        raise NotFound from None


def is_claimed(class_id: int) -> bool:
    """Whether subsidies of the apprenticeship were claimed that are not refused."""
    live = Claim.objects.filter(enrolment__training_class=class_id, kind=rules.Kind.APPRENTICE)
    return live.exclude(state=rules.State.REFUSED).exists()


def apprentices_of(class_id: int) -> "list[tuple[Enrolment, rules.Apprentice]]":
    """What each apprentice of a class came to, also of those who left: a fixed number of queries."""
    found = Claim.objects.filter(enrolment__training_class=class_id, kind=rules.Kind.APPRENTICE)
    paid = list(found.filter(state=rules.State.PAID).order_by("pk"))
    open_ones = Proposal.objects.filter(claim__in=paid, state=rules.ProposalState.OPEN)
    proposed = dict(open_ones.values_list("claim", "amount_fen"))
    out = funds.paid_out(subject_of(one) for one in paid)
    ahead: dict[int, int] = defaultdict(int)
    later: dict[int, int] = defaultdict(int)
    back: dict[int, int] = defaultdict(int)
    for one in paid:
        (ahead if one.stage == rules.Stage.FILED else later)[one.enrolment_id] += one.amount_fen
        payment = out.get(subject_of(one))
        back[one.enrolment_id] += proposed.get(one.pk, 0) + (payment.ordered_fen if payment else 0)
    valid = {pk for pk, one in certificates.of_class(class_id).items() if one.state == "valid"}
    return [
        (one, rules.Apprentice(ahead[one.pk], later[one.pk], back[one.pk], is_certified=one.pk in valid))
        for one in classes.ever_on(class_id)
        if one.dropped_at is None or one.pk in ahead
    ]
