from typing import TYPE_CHECKING

from django.db.models import QuerySet

from rollbook.accounts.rules import INSTITUTIONAL
from rollbook.classes.models import Enrolment, TrainingClass
from rollbook.kernel.reasons import NotFound
from rollbook.regions.rules import prefix

if TYPE_CHECKING:
    from rollbook.accounts.models import Account


def visible_to(by: "Account") -> QuerySet[TrainingClass]:
    """Every class of the account's region, institution or own training."""
    found = TrainingClass.objects.select_related("institution", "occupation")
    if by.role == "institution-manager":
        return found.filter(institution_id=by.institution_id)
    if by.role == "teacher":
        return found.filter(institution_id=by.institution_id, lessons__teacher_person_id=by.person_id).distinct()
    if by.role == "worker":
        return found.filter(enrolments__person_id=by.person_id).exclude(state="draft")
    assert by.role not in INSTITUTIONAL  # noqa: S101 each has its scope above
    return found.filter(region_code__startswith=prefix(by.region_code)).exclude(state="draft")


def get(by: "Account", class_id: int, *, lock: bool = False) -> TrainingClass:
    found = TrainingClass.objects.filter(pk__in=visible_to(by).filter(pk=class_id).values("pk"))
    if lock:
        found = found.select_for_update(of=("self",))
    try:
        return found.select_related("institution", "occupation").get()
    except TrainingClass.DoesNotExist:
        raise NotFound from None


def enrolment(by: "Account", enrolment_id: int) -> Enrolment:
    found = Enrolment.objects.filter(pk=enrolment_id, training_class__in=visible_to(by))
    if by.role == "worker":
        found = found.filter(person_id=by.person_id)
    try:
        return found.select_related("training_class__institution", "person").get()
    except Enrolment.DoesNotExist:
        raise NotFound from None
