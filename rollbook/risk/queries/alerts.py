"""Alerts as people see them: whose, in which order, and what belongs to one."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Prefetch, Q, QuerySet

from rollbook.accounts.rules import Permission, Role, holds
from rollbook.classes.queries import screening as classes
from rollbook.exchange.queries import screening as exchange
from rollbook.institutions import queries as institutions
from rollbook.kernel.reasons import NotFound
from rollbook.persons import queries as persons
from rollbook.regions.rules import prefix
from rollbook.risk.models import Alert, Explanation, Finding, Hit
from rollbook.risk.rules import NOT_TOLD, Outcome, Scheme, State, Subject
from rollbook.risk.rules.alerts import REVIEW

if TYPE_CHECKING:
    from rollbook.accounts.models import Account

Names = Mapping[str, Mapping[Any, str]]
FIRM = "company:"  # before the digest of a firm that stands between two institutions
READERS = (Permission.ALERT_SETTLE, Permission.ALERT_CONFIRM, Permission.ALERT_READ)
ABOVE = {Role.CITY_OFFICER, Role.PROVINCE_OFFICER, Role.AUDITOR}


def visible_to(by: "Account") -> QuerySet[Alert]:
    """An office sees what `seen_by` says. An institution sees what it was asked about, or what was settled after it was
    asked."""
    found = Alert.objects.select_related("institution", "training_class", "person")
    if by.role == Role.INSTITUTION_MANAGER:
        told = found.filter(institution_id=by.institution_id or 0, answer_by__isnull=False)
        return told.exclude(scheme__in=NOT_TOLD)
    if not any(holds(by, one) for one in READERS):
        return found.none()
    return found.filter(seen_by(by))


def seen_by(by: "Account", alert: str = "") -> Q:
    """Which alerts an official sees, from a query that reaches them by `alert`: its region's. Of insiders only those above
    them, so that nobody reads of a colleague or is warned by a count: a county's reviewers none, a city's officers not
    those of the city itself. Above the province is nobody, so its own officers see them, but never the one about
    themselves; auditors are nobody's colleagues."""
    found = within(by.region_code, alert)
    insider = Q(**{f"{alert}scheme": Scheme.INSIDER})
    if by.role not in ABOVE:
        return found & ~insider
    if by.role == Role.CITY_OFFICER:
        found &= ~Q(insider, **{f"{alert}region_code": by.region_code})
    return found & ~Q(**{f"{alert}subject": Subject.ACCOUNT, f"{alert}subject_id": by.pk})


def within(region_code: str, alert: str = "") -> Q:
    """A county's exactly, which an index can be entered by; what has counties of its own by its digits."""
    digits = prefix(region_code)
    exactly = bool(digits) and digits == region_code
    return Q(**{f"{alert}region_code": digits} if exactly else {f"{alert}region_code__startswith": digits})


def get(by: "Account", alert_id: int, *, lock: bool = False) -> Alert:
    found = visible_to(by).filter(pk=alert_id)
    try:
        return (found.select_for_update(of=("self",)) if lock else found).get()
    except Alert.DoesNotExist:
        raise NotFound from None


def by_id(alert_id: int) -> Alert:
    """For contexts above that follow what officers decided."""
    return Alert.objects.select_related("institution", "training_class", "person", "proposed_by", "confirmed_by").get(
        pk=alert_id
    )


def weights(class_ids: Collection[int], institution_ids: Collection[int], since: datetime) -> "Weights":
    """How many alerts are open about each class and each institution, warnings apart; and how many of an institution
    were settled as true since then: what an order of inspections rests on (N11.4)."""
    still = Alert.objects.exclude(state=State.CLOSED).filter(severity__gte=REVIEW)
    about_class = still.filter(training_class__in=class_ids).exclude(subject=Subject.INSTITUTION)
    about_body = still.filter(institution__in=institution_ids, subject=Subject.INSTITUTION)
    true = Alert.objects.filter(
        institution__in=institution_ids, outcome__in=(Outcome.TRUE, Outcome.PARTLY), closed_at__gte=since
    )
    return Weights(
        dict(about_class.values_list("training_class").annotate(n=Count("pk")).order_by()),
        dict(about_body.values_list("institution").annotate(n=Count("pk")).order_by()),
        dict(true.values_list("institution").annotate(n=Count("pk")).order_by()),
    )


@dataclass(frozen=True, slots=True)
class Weights:
    """Numbers of alerts, by class and by institution."""

    of_class: Mapping[int | None, int]
    of_institution: Mapping[int | None, int]
    proven: Mapping[int | None, int]


def queue(by: "Account") -> QuerySet[Alert]:
    """By score, which is severity, money and how many grounds agree; of equals the oldest first."""
    return visible_to(by).order_by("-score", "pk")


def beside(by: "Account", alert: Alert) -> tuple[int | None, int | None]:
    """The alert before and the one after it in the queue of those that are not closed: read from the queue's index."""
    waiting = visible_to(by).exclude(state=State.CLOSED)
    same = waiting.filter(score=alert.score)
    before = (
        same.filter(pk__lt=alert.pk).order_by("-pk"),
        waiting.filter(score__gt=alert.score).order_by("score", "-pk"),
    )
    after = (
        same.filter(pk__gt=alert.pk).order_by("pk"),
        waiting.filter(score__lt=alert.score).order_by("-score", "pk"),
    )
    found = [
        next((pk for one in some for pk in one.values_list("pk", flat=True)[:1]), None) for some in (before, after)
    ]
    return found[0], found[1]


def findings_of(alert: Alert) -> list[Finding]:
    return list(
        alert.findings.select_related("run")
        .prefetch_related(Prefetch("hits", Hit.objects.select_related("person").order_by("pk")))
        .order_by("-severity", "detector")
    )


def explanations_of(alert: Alert) -> QuerySet[Explanation]:
    return alert.explanations.select_related("by").order_by("at")


def related(by: "Account", alert: Alert) -> QuerySet[Alert]:
    """Other alerts of the same class or institution."""
    found = visible_to(by).exclude(pk=alert.pk)
    if alert.training_class_id:
        return found.filter(training_class_id=alert.training_class_id).order_by("-score", "pk")
    return found.filter(institution_id=alert.institution_id or 0).order_by("-score", "pk")


def names_in(rows: Iterable[dict[str, Any]]) -> Names:
    """The names behind numbers in evidence, and behind the digests of firms, by kind: four queries whatever its size."""
    wanted: dict[str, set[int]] = {"person": set(), "class": set(), "institution": set()}
    firms = set()
    for row in rows:
        for name, value in row.items():
            kind = name.removeprefix("other_").removesuffix("_id")
            if kind in wanted and isinstance(value, int):
                wanted[kind].add(value)
            if name == "company" or (name == "value" and row.get("kind") == "company"):
                firms.add(value)
            elif name == "over" and value:
                firms.add(value.removeprefix(FIRM))
        if row.get("kind") == "person" and str(row.get("value")).isdigit():
            wanted["person"].add(int(row["value"]))
    return {
        "person": persons.names_of(wanted["person"]),
        "class": {row["pk"]: row["title"] for row in classes.placed_classes(wanted["class"])},
        "institution": {row["pk"]: row["name"] for row in institutions.placed(wanted["institution"])},
        "company": exchange.firm_names_by_digests(firms - {None}) if firms else {},
    }


def about_class(by: "Account", class_id: int) -> QuerySet[Alert]:
    """Alerts that are not closed about a class or any of its people, as far as one sees them."""
    return queue(by).exclude(state=State.CLOSED).filter(training_class_id=class_id)


def about_claim(by: "Account", claim_id: int, enrolment_id: int, class_id: int) -> QuerySet[Alert]:
    """Of those, the alerts about a claim, its trainee or the class as a whole."""
    about = (
        Q(subject=Subject.CLAIM, subject_id=claim_id)
        | Q(subject=Subject.ENROLMENT, subject_id=enrolment_id)
        | Q(subject=Subject.CLASS, subject_id=class_id)
    )
    return about_class(by, class_id).filter(pk__in=Hit.objects.filter(about).values("finding__alert"))
