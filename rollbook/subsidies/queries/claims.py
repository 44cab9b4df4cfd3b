from collections.abc import Collection
from datetime import date
from typing import TYPE_CHECKING

from django.db.models import CharField, Count, Exists, OuterRef, QuerySet, Sum, Value
from django.db.models.functions import Cast, Concat

from rollbook.accounts.rules import Permission, holds
from rollbook.certificates import queries as certificates
from rollbook.classes import queries as classes
from rollbook.funds import queries as funds
from rollbook.kernel.reasons import NotFound
from rollbook.regions.rules import prefix
from rollbook.subsidies import rules
from rollbook.subsidies.models import Claim, Objection, Publicity
from rollbook.subsidies.queries.holds import is_held

if TYPE_CHECKING:
    from rollbook.accounts.models import Account
    from rollbook.classes.models import TrainingClass

READERS = (Permission.CLAIM_REVIEW, Permission.CLAIM_SECOND_REVIEW, Permission.LEDGER_READ, Permission.STATISTICS_READ)


def visible_to(by: "Account") -> QuerySet[Claim]:
    """The region's claims, the institution's, or one's own."""
    found = Claim.objects.select_related(
        "person", "institution", "item__occupation", "enrolment__training_class", "policy", "organisation"
    ).annotate(is_held=is_held())
    if by.role == "institution-manager":
        return found.filter(institution_id=by.institution_id or 0)
    if by.role == "worker":
        return found.filter(person_id=by.person_id or 0)
    if not any(holds(by, one) for one in READERS):
        return found.none()
    return found.filter(region_code__startswith=prefix(by.region_code))


def get(by: "Account", claim_id: int, *, lock: bool = False) -> Claim:
    found = visible_to(by).filter(pk=claim_id)
    try:
        return (found.select_for_update(of=("self",)) if lock else found).get()
    except Claim.DoesNotExist:
        raise NotFound from None


def review_queue(by: "Account") -> QuerySet[Claim]:
    """Claims that wait for this officer, the nearest limit first."""
    wanted = []
    if holds(by, Permission.CLAIM_REVIEW):
        wanted.append(rules.State.FILED)
    if holds(by, Permission.CLAIM_SECOND_REVIEW):
        wanted.append(rules.State.FIRST)
    found = visible_to(by).annotate(is_doubted=classes.is_doubted("enrolment__training_class", "person"))
    return found.filter(state__in=wanted).order_by("decide_by", "pk")


def of_person(person_id: int) -> QuerySet[Claim]:
    return (
        Claim.objects.filter(person_id=person_id)
        .select_related("enrolment__training_class", "publicity", "item__occupation")
        .annotate(is_held=is_held())
        .order_by("-pk")
    )


def of_class(class_id: int) -> dict[int, Claim]:
    """The live claims of a class for the training itself, by enrolment."""
    found = Claim.objects.filter(enrolment__training_class_id=class_id, kind__in=rules.TRAINED)
    found = found.exclude(state=rules.State.REFUSED)
    found = found.annotate(is_held=is_held()).order_by("pk")  # of instalments, the last
    return {one.enrolment_id: one for one in found}


def published_of_class(class_id: int) -> QuerySet[Claim]:
    """The claims of a class that were published, with what was objected: for contexts that have checked who asks."""
    found = Claim.objects.filter(enrolment__training_class_id=class_id, publicity__isnull=False)
    return found.select_related("publicity").prefetch_related("objections").order_by("pk")


def subject_of(claim: Claim) -> str:
    """What the funds know a claim by."""
    return f"subsidies.Claim:{claim.pk}"


def paid_to(enrolment_ids: Collection[int]) -> dict[int, int]:
    """What was paid to each trainee for a training, of all instalments, and not to an employer or institution: for
    contexts that have checked who asks."""
    found = Claim.objects.filter(
        enrolment_id__in=enrolment_ids, state=rules.State.PAID, kind__in=rules.TRAINED, payee=rules.Payee.PERSON
    )
    sums = found.order_by().values("enrolment_id").annotate(sum=Sum("amount_fen"))
    return dict(sums.values_list("enrolment_id", "sum"))


def by_subject(subject: str) -> Claim:
    """The claim that a payment is for: "subsidies.Claim:3"."""
    return Claim.objects.get(pk=subject.rpartition(":")[2])


def to_pay(region_code: str) -> QuerySet[Claim]:
    found = Claim.objects.filter(~is_held(), region_code=region_code, state=rules.State.APPROVED)
    return found.select_related("person", "institution", "item__occupation", "organisation").order_by("pk")


def held_back(region_code: str) -> QuerySet[Claim]:
    """Approved claims that are not to be paid because of a hold."""
    found = Claim.objects.filter(is_held(), region_code=region_code, state=rules.State.APPROVED)
    return found.select_related("person", "institution", "enrolment").order_by("pk")


def classes_to_claim(by: "Account") -> "QuerySet[TrainingClass]":
    """Classes of the institution with certificates and not one claim, the oldest first (N16.2)."""
    ready = classes.visible_to(by).filter(state="assessed").order_by("ends_on", "pk")
    claimed = Claim.objects.filter(enrolment__training_class=OuterRef("pk"))
    return ready.filter(Exists(certificates.issued_in(OuterRef("pk"))), ~Exists(claimed))


def to_publish(region_code: str) -> QuerySet[Claim]:
    """Claims that passed both reviews and are in no public notice yet."""
    found = Claim.objects.filter(~is_held(), region_code=region_code, state=rules.State.PUBLICITY, publicity=None)
    return found.order_by("pk")


def publicities() -> QuerySet[Publicity]:
    return Publicity.objects.annotate(people=Count("claims")).order_by("-starts_on", "-pk")


def publicities_visible_to(by: "Account") -> QuerySet[Publicity]:
    return publicities().filter(region_code__startswith=prefix(by.region_code))


def publicity(publicity_id: int) -> Publicity:
    try:
        return Publicity.objects.get(pk=publicity_id)
    except Publicity.DoesNotExist:
        raise NotFound from None


def rows_of(publicity_id: int) -> QuerySet[Claim]:
    """What a public notice lists: masked at the edge (N14.2)."""
    found = Claim.objects.filter(publicity_id=publicity_id)
    return found.select_related(
        "person", "institution", "item__occupation", "enrolment__training_class", "organisation"
    ).order_by("pk")


def row_of(publicity_id: int, claim_id: int) -> Claim:
    """One row of a public notice."""
    try:
        return rows_of(publicity_id).get(pk=claim_id)
    except Claim.DoesNotExist:
        raise NotFound from None


def disclosed() -> QuerySet[Claim]:
    """Subsidies that were paid, for anyone to see, with what of each was paid back (N14.2, N6.4)."""
    subject = Concat(Value("subsidies.Claim:"), Cast(OuterRef("pk"), CharField()))
    found = Claim.objects.filter(state=rules.State.PAID).annotate(recovered_fen=funds.recovered_fen(subject))
    found = found.select_related("person", "institution", "item__occupation", "enrolment", "organisation")
    return found.order_by("-paid_at", "-pk")


def ended_publicities(today: date) -> list[int]:
    found = Publicity.objects.filter(ends_on__lt=today, finished_at=None)
    return list(found.order_by("pk").values_list("pk", flat=True))


def objections_open(by: "Account") -> QuerySet[Objection]:
    found = Objection.objects.filter(settled_at=None, claim__in=visible_to(by).values("pk"))
    return found.select_related("claim__person", "claim__institution").order_by("raised_at")


def objections_of(claim_id: int) -> QuerySet[Objection]:
    return Objection.objects.filter(claim_id=claim_id).order_by("-pk")


def in_publicity(claim_id: int) -> Claim | None:
    """A claim that anyone may object to now."""
    found = Claim.objects.filter(pk=claim_id, state__in=[rules.State.PUBLICITY, rules.State.PULLED_BACK])
    return found.exclude(publicity=None).select_related("person", "institution", "publicity").first()
