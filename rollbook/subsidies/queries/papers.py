"""Papers that show work, and whether a trainee needs one (domain 3.2)."""

from datetime import date
from typing import TYPE_CHECKING

from django.db.models import QuerySet

from rollbook.accounts.rules import holds
from rollbook.certificates import queries as certificates
from rollbook.kernel.reasons import NotFound
from rollbook.regions.rules import prefix
from rollbook.subsidies import rules
from rollbook.subsidies.models import WorkPaper
from rollbook.subsidies.queries import apprentices, departments, parts, policies, proposals
from rollbook.subsidies.queries.claims import READERS
from rollbook.subsidies.queries.entitlement import entitlement

if TYPE_CHECKING:
    from rollbook.accounts.models import Account
    from rollbook.classes.models import Enrolment, TrainingClass


def work_of(klass: "TrainingClass", one: "Enrolment", today: date) -> departments.Said:
    """What departments and papers say of one trainee, as the policy of the training asks. Refused where none is in force."""
    subsidy = apprentices.subsidy_of(klass)
    first = parts.first_part(one.pk, subsidy)
    _facts, version = entitlement(klass, [one], today, subsidy=subsidy, version=first.policy if first else None)
    issued = certificates.of_class(klass.pk)
    return departments.said_of(klass, [one], policies.rules_of(version), issued, {one.pk: today})[one.pk]


def papers_of(enrolment_id: int) -> QuerySet[WorkPaper]:
    """For who may see the trainee."""
    return WorkPaper.objects.filter(enrolment=enrolment_id).order_by("-pk")


def is_number_used(number: str) -> bool:
    """Whether a safety certificate was filed before, by anybody, and not refused."""
    found = WorkPaper.objects.filter(kind=rules.PaperKind.SAFETY, number=number)
    return found.exclude(state=rules.PaperState.REFUSED).exists()


def paid_on_paper(paper_id: int) -> list[int]:
    """The paid claims of the training that a paper is for."""
    return proposals.paid_of_enrolment(WorkPaper.objects.values_list("enrolment", flat=True).get(pk=paper_id))


def papers_visible_to(by: "Account") -> QuerySet[WorkPaper]:
    """Those of the region, of the institution or one's own."""
    found = WorkPaper.objects.select_related(
        "enrolment__person", "enrolment__training_class", "institution", "filed_by", "decided_by"
    ).order_by("-pk")
    if by.role == "institution-manager":
        return found.filter(institution_id=by.institution_id or 0)
    if by.role == "worker":
        return found.filter(enrolment__person_id=by.person_id or 0)
    if not any(holds(by, one) for one in READERS):
        return found.none()
    return found.filter(region_code__startswith=prefix(by.region_code))


def work_paper(by: "Account", paper_id: int, *, lock: bool = False) -> WorkPaper:
    found = papers_visible_to(by).select_related("paper").filter(pk=paper_id)
    try:
        return (found.select_for_update(of=("self",)) if lock else found).get()
    except WorkPaper.DoesNotExist:
        raise NotFound from None
