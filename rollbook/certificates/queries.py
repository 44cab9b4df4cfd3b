from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from django.db.models import F, OuterRef, QuerySet, Value

from rollbook.accounts.rules import APART
from rollbook.certificates import rules
from rollbook.certificates.models import Certificate
from rollbook.database.changes import changed
from rollbook.kernel.reasons import NotFound
from rollbook.persons.rules import same_name
from rollbook.regions.rules import prefix

if TYPE_CHECKING:
    from rollbook.accounts.models import Account


def visible_to(by: "Account") -> QuerySet[Certificate]:
    """The region's, the institution's, or one's own."""
    found = Certificate.objects.select_related("institution", "occupation", "person")
    if by.role == "institution-manager":
        return found.filter(institution_id=by.institution_id or 0)
    if by.role == "worker":
        return found.filter(person_id=by.person_id or 0)
    if by.role == "teacher" or by.role in APART:  # they keep accounts and the journal, not training
        return found.none()
    return found.filter(region_code__startswith=prefix(by.region_code))


def get(by: "Account", certificate_id: int, *, lock: bool = False) -> Certificate:
    found = visible_to(by).filter(pk=certificate_id)
    try:
        return (found.select_for_update(of=("self",)) if lock else found).get()
    except Certificate.DoesNotExist:
        raise NotFound from None


def of_class(class_id: int) -> dict[int, Certificate]:
    """The certificates of a class by enrolment."""
    return {one.enrolment_id: one for one in Certificate.objects.filter(enrolment__training_class_id=class_id)}


def issued_in(classes: "int | OuterRef") -> QuerySet[Certificate]:
    """The certificates of a class, or of the class of an outer query."""
    return Certificate.objects.filter(enrolment__training_class=classes)


def revoked_among(enrolments: Collection[int]) -> set[int]:
    """The trainees among these whose certificate is void."""
    found = Certificate.objects.filter(enrolment_id__in=enrolments, state=rules.State.REVOKED)
    return set(found.values_list("enrolment_id", flat=True))


def valid_among(enrolments: Collection[int]) -> set[int]:
    """The trainees among these who hold a valid certificate of their training."""
    found = Certificate.objects.filter(enrolment_id__in=enrolments, state=rules.State.VALID)
    return set(found.values_list("enrolment_id", flat=True))


def enrolment_of(certificate_id: int) -> int:
    return Certificate.objects.values_list("enrolment_id", flat=True).get(pk=certificate_id)


def of_person(person_id: int) -> QuerySet[Certificate]:
    return Certificate.objects.filter(person_id=person_id).order_by("-issued_on", "-pk")


def verify(number: str, name: str) -> Certificate | None:
    """Anyone may ask with number and name together; a wrong one of either is the same nothing (N5.3)."""
    found = Certificate.objects.filter(number=number.strip().upper()[:24]).select_related("institution").first()
    is_holder = same_name(found.name if found else name[:64] + "?", name)  # compared either way: the time tells nothing
    return found if found and is_holder else None


def by_token(token: str) -> Certificate:
    """What the QR code names: 256 random bits, so it cannot be guessed."""
    try:
        return Certificate.objects.select_related("institution").get(token=token)
    except Certificate.DoesNotExist:
        raise NotFound from None


def changed_since(mark: int) -> "list[QuerySet[Any, Any]]":
    """The certificates that read differently since the transaction `mark`."""
    return [changed(Certificate, mark)]


def screened() -> "QuerySet[Certificate, Any]":
    return Certificate.objects.values(
        "enrolment_id", "person_id", "institution_id", "serial", "region_code", "level", "number", "state",
        "issued_on", "ends_on", certificate_id=F("pk"), class_id=F("enrolment__training_class_id"),
        occupation_=F("occupation__identity"), kind=F("enrolment__training_class__certificate_kind"),
        exam_on=F("enrolment__training_class__assessment__held_on"), number_valid=Value(True), has_training=Value(True),
    )  # fmt: skip
