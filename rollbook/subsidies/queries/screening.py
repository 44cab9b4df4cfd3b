"""Claims, objections and reviews of claims as the columns that screening reads."""

from collections.abc import Collection
from datetime import date
from typing import Any

from django.db.models import Case, CharField, Count, F, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Cast, Coalesce, Concat, ExtractHour, ExtractMinute, NullIf, TruncDate

from rollbook.database.changes import changed
from rollbook.subsidies.models import Apprenticeship, Claim, Discrepancy, Hold, Objection
from rollbook.subsidies.rules import Basis, Payee, State


def claims() -> "QuerySet[Claim, Any]":
    # what the rule gives from the stored facts, where working it out again came to something else
    again = Discrepancy.objects.filter(claim=OuterRef("pk"), basis=Basis.STORED, settled_at=None)
    return Claim.objects.exclude(state=State.REFUSED).values(
        "enrolment_id",
        "person_id",
        "institution_id",
        "region_code",
        "level",
        "state",
        "kind",
        "amount_fen",
        claim_id=F("pk"),
        class_id=F("enrolment__training_class_id"),
        occupation=F("occupation_identity"),
        filed_by_=F("filed_by_id"),
        payee_=Case(
            When(organisation=None, then=Concat(Value("person:"), Cast("person_id", CharField()))),
            default=Concat(Value("organisation:"), Cast("organisation_id", CharField())),
        ),
        account=Case(When(organisation=None, then=NullIf("person__bank_digest", Value("")))),
        filed_on=TruncDate("filed_at"),
        paid_on=TruncDate("paid_at"),
        certificate_on=F("enrolment__certificate__issued_on"),
        number=F("enrolment__certificate__number"),
        due_fen=Coalesce(Subquery(again.values("now_fen")[:1]), F("amount_fen")),
    )


def employers(enrolment: OuterRef, training_class: OuterRef) -> list[Subquery]:
    """The code of the employer that subsidies for a trainee go to: by the agreement on apprentices, or by a claim."""
    agreed = Apprenticeship.objects.filter(training_class=training_class)
    paid = Claim.objects.exclude(state=State.REFUSED).filter(enrolment=enrolment, payee=Payee.EMPLOYER)
    return [Subquery(agreed.values("enterprise__uscc")[:1]), Subquery(paid.values("organisation__uscc")[:1])]


def employers_changed_since(mark: int) -> list["QuerySet[Any, Any]"]:
    """The enrolments of which that reads differently since the transaction `mark`."""
    return [changed(Claim, mark, "enrolment_id"), changed(Apprenticeship, mark, "training_class__enrolments__pk")]


def changed_since(mark: int) -> dict[str, list["QuerySet[Any, Any]"]]:
    """The claims that read differently since the transaction `mark`, and the reviews of those."""
    return {
        "claims": [
            changed(Claim, mark),
            changed(Discrepancy, mark, "claim_id"),
            changed(Claim, mark, of="person__created_at"),
            changed(Claim, mark, of="enrolment__certificate__issued_on"),
        ],
        "reviews": [changed(Claim, mark, F("pk") * 4 + offset) for offset in (1, 3)],
    }


def objections() -> "QuerySet[Objection, Any]":
    return Objection.objects.values(
        "claim_id",
        "upheld",
        objection_id=F("pk"),
        class_id=F("claim__enrolment__training_class_id"),
        institution_id=F("claim__institution_id"),
        region_code=F("claim__region_code"),
        day=TruncDate("raised_at"),
    )


def reviews(stage: str) -> "QuerySet[Claim, Any]":
    """The first or second reviews of claims that passed them; odd numbers, beside the even ones of classes."""
    at, by = f"{stage}_at", f"{stage}_by_id"
    offset = 1 if stage == "first" else 3
    return Claim.objects.filter(**{f"{at}__isnull": False}).values(
        "institution_id",
        "region_code",
        review_id=F("pk") * 4 + offset,
        account_id=F(by),
        subject_id=F("pk"),
        at=F(at),
        move=Value(f"pass-{stage}"),
        day=TruncDate(at),
        minute=ExtractHour(at) * 60 + ExtractMinute(at),
        # written out: the word of a table
        kind_=Case(When(pk__isnull=False, then=Value("claim"))),
    )


def on_desk() -> "QuerySet[Claim]":
    """Within a query of deeds: the claims that waited for a decision `at` that moment at an office of the `desk`."""
    still = Q(second_at=None) | Q(second_at__gte=OuterRef("at"))
    return Claim.objects.filter(still, filed_at__lte=OuterRef("at"), region_code__startswith=OuterRef("desk"))


def placed(ids: Collection[int]) -> "QuerySet[Claim, Any]":
    """Where claims belong, for alerts about them."""
    return Claim.objects.filter(pk__in=ids).values(
        "pk",
        "person_id",
        "institution_id",
        "region_code",
        "amount_fen",
        name=F("person__name"),
        class_id=F("enrolment__training_class_id"),
        title=F("enrolment__training_class__title"),
    )


def days(class_id: int, person_ids: Collection[int]) -> tuple[dict[date, int], dict[date, int]]:
    """How many claims of a class were filed each day and how many paid: of these people, or of everybody."""
    found = Claim.objects.filter(enrolment__training_class=class_id)
    if person_ids:
        found = found.filter(person__in=person_ids)
    filed = found.values(day=TruncDate("filed_at")).annotate(n=Count("pk")).order_by("day")
    paid = found.filter(paid_at__isnull=False).values(day=TruncDate("paid_at")).annotate(n=Count("pk")).order_by("day")
    return dict(filed.values_list("day", "n")), dict(paid.values_list("day", "n"))


def stakes(field: str, ids: Collection[int]) -> dict[int, int]:
    """What is claimed and not refused of each enrolment, class or institution, in fen."""
    found = Claim.objects.exclude(state=State.REFUSED).filter(**{f"{field}__in": ids})
    return dict(found.values_list(field).annotate(total=Sum("amount_fen")))


def stoppable(ids: Collection[int], *, paid_too: bool = False) -> list[int]:
    """Those of these claims that a hold can still stop, or has to mark although they are paid."""
    over = [State.REFUSED] if paid_too else [State.REFUSED, State.PAID]
    return list(Claim.objects.exclude(state__in=over).filter(pk__in=ids).order_by("pk").values_list("pk", flat=True))


def of_claim(claim_id: int) -> tuple[int, int] | None:
    """The person and class of a claim."""
    found = Claim.objects.filter(pk=claim_id).values_list("person_id", "enrolment__training_class_id")
    return found.first()


def held(
    sources: Collection[str], claim_ids: Collection[int], trainees: Collection[tuple[int, int]], class_id: int | None
) -> list[int]:
    """The holds of these sources on these claims, on these trainees (class and person), or on that class as a whole."""
    on = Q(claim_id__in=claim_ids) | Q(training_class_id=class_id or 0, person=None)
    for of_class, person_id in trainees:
        on |= Q(training_class_id=of_class, person_id=person_id)
    return list(Hold.objects.filter(on, source__in=sources, lifted_at=None).order_by("pk").values_list("pk", flat=True))
