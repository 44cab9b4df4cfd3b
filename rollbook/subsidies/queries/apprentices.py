"""Classes of new apprentices: whose they are, and what they come to by number (N16.2, domain 3.5)."""

from collections import defaultdict
from typing import TYPE_CHECKING

from django.db.models import QuerySet, Sum

from rollbook.accounts.rules import holds
from rollbook.certificates import queries as certificates
from rollbook.classes import queries as classes
from rollbook.classes.rules.states import StudyForm
from rollbook.funds import queries as funds
from rollbook.kernel.reasons import NotFound
from rollbook.regions.rules import prefix
from rollbook.subsidies import rules
from rollbook.subsidies.models import Apprenticeship, Claim, Proposal
from rollbook.subsidies.queries.claims import READERS, subject_of

if TYPE_CHECKING:
    from rollbook.accounts.models import Account
    from rollbook.classes.models import TrainingClass


def subsidy_of(klass: "TrainingClass") -> rules.Subsidy:
    """What is claimed for the training of a class: an apprenticeship has no other subsidy for the same (domain 3.3, 6)."""
    is_apprenticeship = klass.study_form == StudyForm.APPRENTICESHIP
    return rules.Subsidy.APPRENTICE if is_apprenticeship else rules.Subsidy.TRAINING


def offered(klass: "TrainingClass") -> tuple[rules.Subsidy, ...]:
    """What a training may be claimed for."""
    also = (rules.Subsidy.EVALUATION, rules.Subsidy.LIVING)
    if subsidy_of(klass) == rules.Subsidy.APPRENTICE:
        return (rules.Subsidy.APPRENTICE, *also)
    return (rules.Subsidy.TRAINING, rules.Subsidy.UPGRADE, *also)


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


def apprenticeship(by: "Account", class_id: int) -> Apprenticeship:
    """The filing of a class with its paper, for whoever sees it."""
    try:
        return apprenticeships_visible_to(by).select_related("paper").get(training_class=class_id)
    except Apprenticeship.DoesNotExist:
        raise NotFound from None


def is_claimed(class_id: int) -> bool:
    """Whether subsidies of the apprenticeship were claimed that are not refused."""
    live = Claim.objects.filter(enrolment__training_class=class_id, kind=rules.Kind.APPRENTICE)
    return live.exclude(state=rules.State.REFUSED).exists()


def tally_of(class_id: int) -> rules.Tally:
    """What the apprentices of a class come to by number, whoever left among them: a fixed number of queries."""
    found = Claim.objects.filter(enrolment__training_class=class_id, kind=rules.Kind.APPRENTICE)
    paid = list(found.filter(state=rules.State.PAID).order_by("pk"))
    open_ones = Proposal.objects.filter(claim__in=paid, state=rules.ProposalState.OPEN)
    proposed = dict(open_ones.order_by().values("claim").annotate(sum=Sum("amount_fen")).values_list("claim", "sum"))
    out = funds.paid_out(subject_of(one) for one in paid)
    ahead: dict[int, int] = defaultdict(int)
    later: dict[int, int] = defaultdict(int)
    back: dict[int, int] = defaultdict(int)
    for one in paid:
        (ahead if one.stage == rules.Stage.FILED else later)[one.enrolment_id] += one.amount_fen
        payment = out.get(subject_of(one))
        back[one.enrolment_id] += proposed.get(one.pk, 0) + (payment.ordered_fen if payment else 0)
    issued = certificates.of_class(class_id)
    valid = {pk for pk, one in issued.items() if one.state == "valid"}
    people = {*classes.roster(class_id).values_list("pk", flat=True), *ahead, *later}
    return rules.tally(
        rules.Apprentice(ahead[pk], later[pk], back[pk], is_certified=pk in valid) for pk in sorted(people)
    )
