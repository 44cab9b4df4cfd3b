from collections.abc import Collection
from datetime import date
from typing import TYPE_CHECKING, Any

from django.db.models import Count, QuerySet
from django.utils.timezone import localdate

from rollbook.accounts.rules import Permission, holds
from rollbook.assessment import queries as assessment
from rollbook.certificates import queries as certificates
from rollbook.classes import queries as classes
from rollbook.directory import queries as directory
from rollbook.directory.rules import TermKey
from rollbook.kernel.decisions import reasons
from rollbook.kernel.messages import Message
from rollbook.kernel.reasons import NotFound
from rollbook.regions.rules import prefix
from rollbook.subsidies import rules
from rollbook.subsidies.models import Claim, Objection, Publicity

if TYPE_CHECKING:
    from rollbook.accounts.models import Account
    from rollbook.classes.models import Enrolment, TrainingClass

READERS = (Permission.CLAIM_REVIEW, Permission.CLAIM_SECOND_REVIEW, Permission.LEDGER_READ, Permission.STATISTICS_READ)
NEVER = 9  # a level below all levels: nothing was had


def visible_to(by: "Account") -> QuerySet[Claim]:
    """The region's claims, the institution's, or one's own."""
    found = Claim.objects.select_related("person", "institution", "item__occupation", "enrolment__training_class")
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
    return visible_to(by).filter(state__in=wanted).order_by("decide_by", "pk")


def of_person(person_id: int) -> QuerySet[Claim]:
    return (
        Claim.objects.filter(person_id=person_id)
        .select_related("enrolment__training_class", "publicity", "item__occupation")
        .order_by("-pk")
    )


def of_class(class_id: int) -> dict[int, Claim]:
    """The live claims of a class by enrolment."""
    found = Claim.objects.filter(enrolment__training_class_id=class_id).exclude(state=rules.State.REFUSED)
    return {one.enrolment_id: one for one in found}


def by_subject(subject: str) -> Claim:
    """The claim that a payment is for: "subsidies.Claim:3"."""
    return Claim.objects.get(pk=subject.rpartition(":")[2])


def to_pay(region_code: str) -> QuerySet[Claim]:
    found = Claim.objects.filter(region_code=region_code, state=rules.State.APPROVED)
    return found.select_related("person", "institution", "item__occupation").order_by("pk")


def to_publish(region_code: str) -> QuerySet[Claim]:
    """Claims that passed both reviews and are in no public notice yet."""
    return Claim.objects.filter(region_code=region_code, state=rules.State.PUBLICITY, publicity=None).order_by("pk")


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
    return found.select_related("person", "institution", "item__occupation", "enrolment__training_class").order_by("pk")


def row_of(publicity_id: int, claim_id: int) -> Claim:
    """One row of a public notice."""
    try:
        return rows_of(publicity_id).get(pk=claim_id)
    except Claim.DoesNotExist:
        raise NotFound from None


def disclosed() -> QuerySet[Claim]:
    """Subsidies that were paid, for anyone to see (N14.2)."""
    found = Claim.objects.filter(state=rules.State.PAID)
    return found.select_related("person", "institution", "item__occupation", "enrolment").order_by("-paid_at", "-pk")


def ended_publicities(today: date) -> list[int]:
    found = Publicity.objects.filter(ends_on__lt=today, finished_at=None)
    return list(found.order_by("pk").values_list("pk", flat=True))


def objections_open(by: "Account") -> QuerySet[Objection]:
    found = Objection.objects.filter(settled_at=None, claim__in=visible_to(by).values("pk"))
    return found.select_related("claim__person", "claim__institution").order_by("raised_at")


def objections_of(claim_id: int) -> QuerySet[Objection]:
    return Objection.objects.filter(claim_id=claim_id).order_by("-pk")


def entitlement(
    klass: "TrainingClass", people: "Collection[Enrolment]", today: date, *, besides: int | None = None
) -> tuple[rules.Facts, rules.Terms]:
    """The facts and terms of these trainees of a class, as columns: a fixed number of queries.

    `besides` names a claim that does not count as one had before: the one that is looked at again.
    """
    assert klass.item is not None  # noqa: S101 an approved class has its project
    assert klass.occupation is not None  # noqa: S101
    issued = certificates.of_class(klass.pk)
    attended = classes.attendance_of(klass.pk)
    worst = classes.worst_day_percent(klass.pk)
    had = _had([one.person_id for one in people], klass.occupation.identity, today, besides)
    rows = []
    for one in people:
        certificate = issued.get(one.pk)
        is_valid = certificate is not None and certificate.state == "valid"
        rows.append(
            _Row(
                attended_percent=attended[one.pk].percent,
                worst_day_percent=worst,
                has_certificate=is_valid,
                is_committed=hasattr(one, "commitment"),
                is_verified=one.person.verification == "matched",
                level=int(klass.level),
                days_since_certificate=(today - certificate.issued_on).days if certificate else 0,
                same_level_had=klass.level in had.get(one.person_id, NOTHING)["levels"],
                **had.get(one.person_id, NOTHING),
            )
        )
    terms = terms_for(klass, today)
    return rules.Facts.of(rows), rules.Terms.of([terms] * len(rows))


NOTHING: dict[str, Any] = {"highest_paid_level": NEVER, "paid_this_year": 0, "paid_ever": 0, "levels": frozenset()}


class _Row:
    """One claim's facts before they become columns."""

    def __init__(self, **values: Any) -> None:
        self.__dict__.update(NOTHING | values)


def _had(person_ids: Collection[int], identity: int, today: date, besides: int | None) -> dict[int, dict[str, Any]]:
    """What these persons have claimed or been paid before, whatever the region or fund."""
    live = Claim.objects.filter(person_id__in=person_ids).exclude(state=rules.State.REFUSED).exclude(pk=besides or 0)
    found: dict[int, dict[str, Any]] = {}
    for person, occupation, level, filed_at in live.values_list(
        "person_id", "occupation_identity", "level", "filed_at"
    ):
        row = found.setdefault(person, dict(NOTHING))
        row["paid_ever"] += 1
        row["paid_this_year"] += localdate(filed_at).year == today.year
        if occupation == identity:
            row["levels"] = row["levels"] | {level}
            row["highest_paid_level"] = min(row["highest_paid_level"], int(level) or NEVER)
    return found


def terms_for(klass: "TrainingClass", today: date) -> Any:
    """The terms of a claim: the project's standard, and the numbers of the class's first day."""
    assert klass.item is not None  # noqa: S101
    item, terms = klass.item, directory.terms_for(klass.region_code, klass.starts_on or today)
    scarce = item.scarce_amount_fen or item.amount_fen
    return _Row(
        amount_fen=item.amount_fen,
        scarce_extra_fen=scarce - item.amount_fen,
        attendance_percent=terms[TermKey.ATTENDANCE_PERCENT],
        day_attendance_percent=terms[TermKey.DAY_ATTENDANCE_PERCENT],
        claims_a_year=terms[TermKey.CLAIMS_A_YEAR],
        claims_lifetime=terms[TermKey.CLAIMS_LIFETIME],
        claim_days=terms[TermKey.CLAIM_DAYS],
        list_document=f"{item.demand_list} {item.demand_list.document}",
        attendance_document=terms.document(TermKey.ATTENDANCE_PERCENT),
        caps_document=terms.document(TermKey.CLAIMS_A_YEAR),
        days_document=terms.document(TermKey.CLAIM_DAYS),
    )


def reasons_by_enrolment(
    klass: "TrainingClass", people: "list[Enrolment]", today: date
) -> "list[tuple[Enrolment, list[Message], int]]":
    """For each trainee why nothing is due, or what is, in fen: for pages."""
    if not people or not assessment.is_locked(klass.pk):
        return []
    facts, terms = entitlement(klass, people, today)
    against, due = rules.grounds(facts, terms), rules.award(facts, terms).amount_fen
    return [(one, list(reasons(against, n)), due[n].item()) for n, one in enumerate(people)]


def reasons_now(claim: Claim) -> list[Message]:
    """Why the claim, by what is known now, was not due on the day of its filing: for reviewers."""
    if claim.state not in (rules.State.FILED, rules.State.FIRST, rules.State.RETURNED):
        return []
    klass = classes.by_id(claim.enrolment.training_class_id)
    people = [one for one in classes.roster(klass.pk) if one.pk == claim.enrolment_id]
    if not people:
        return []
    facts, terms = entitlement(klass, people, localdate(claim.filed_at), besides=claim.pk)
    return list(reasons(rules.grounds(facts, terms), 0))


def replayed(claim: Claim) -> tuple[int, list[dict[str, Any]]]:
    """A past decision worked out again from what was stored with it: must agree (B1)."""
    facts, terms = rules.Facts.one(**claim.facts), rules.Terms.one(**claim.terms)
    award = rules.award(facts, terms)
    return award.amount_fen.item(), award.working(0)


def in_publicity(claim_id: int) -> Claim | None:
    """A claim that anyone may object to now."""
    found = Claim.objects.filter(pk=claim_id, state__in=[rules.State.PUBLICITY, rules.State.PULLED_BACK])
    return found.exclude(publicity=None).select_related("person", "institution", "publicity").first()
