from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db.models import Count, F, OuterRef, Q, QuerySet
from django.utils.timezone import localdate

from rollbook.accounts.rules import Permission, holds
from rollbook.database.vectors import Distance
from rollbook.directory import queries as directory
from rollbook.evidence import rules as pictures
from rollbook.faces import adapters, rules
from rollbook.faces.models import Challenge, Check, Consent, Deletion, Filing, Likeness, Tally, Template
from rollbook.faces.sealing import owner_of
from rollbook.kernel.messages import Message
from rollbook.kernel.reasons import NotFound
from rollbook.persons import queries as persons
from rollbook.regions.queries import working_days
from rollbook.regions.rules import prefix

if TYPE_CHECKING:
    from rollbook.accounts.models import Account

MOST_NEAR = 20  # neighbours looked at of one face


def is_set_up() -> bool:
    """Whether anything here can compare faces."""
    return adapters.matcher() is not None


def model() -> str:
    """Of the matcher that is set up here."""
    found = adapters.matcher()
    return found.model if found else ""


def policy_for(region_code: str, on: date) -> rules.Policy:
    terms = directory.terms_for(region_code, on)
    return rules.policy(terms.values)


def kept(person_id: int) -> int:
    """The record under which a person is kept, whose consent and template alone count (N3.1)."""
    return persons.kept_of([person_id])[person_id]


def consent_of(person_id: int) -> Consent | None:
    """The consent of a person that stands."""
    return Consent.objects.filter(person_id=person_id, ended_at=None).first()


def past_consents(person_id: int) -> QuerySet[Consent]:
    return Consent.objects.filter(person_id=person_id).exclude(ended_at=None).order_by("-pk")


def template_of(person_id: int) -> Template | None:
    return Template.objects.select_related("permit").filter(pk=owner_of(person_id)).first()


def may_show(person_id: int) -> bool:
    """Whether a person may check in with the face before a phone."""
    return is_set_up() and person_id in set_up_of([person_id])


def deletions_of(person_id: int) -> QuerySet[Deletion]:
    return Deletion.objects.filter(owner=owner_of(person_id)).order_by("-pk")


def holder_of(account_id: int) -> str:
    """How an account is named by its challenges."""
    return f"account:{account_id}"


def tries_failed(holder: str, purpose: str, day: date) -> int:
    """How often the face of an account did not pass on a day, those included that are looked at just now."""
    return Challenge.objects.filter(holder=holder, purpose=purpose, used_at__date=day, passed=False).count()


def set_up_of(person_ids: Collection[int]) -> dict[int, str]:
    """Of these people, those who agreed and whose face is set up, each with its owner's digest."""
    above = persons.kept_of(person_ids)
    owners = {pk: owner_of(above[pk]) for pk in person_ids if pk in above}
    found = set(Template.objects.filter(pk__in=owners.values()).values_list("pk", flat=True))
    return {pk: owner for pk, owner in owners.items() if owner in found}


def near(owner: str, vector: Sequence[float], model: str, most: float) -> list[tuple[Template, float]]:
    """Other people's templates within a distance, the nearest first. `vector` is turned already."""
    found = Template.objects.filter(model=model).annotate(distance=Distance("turned", vector)).order_by("distance")
    return [(one, one.distance) for one in found[: MOST_NEAR + 1] if one.pk != owner and one.distance <= most]


def same_capture(check: Check, fingerprint: int) -> Check | None:
    """The first earlier capture that is this very picture: of somebody else, or of another day (N7.2, D49)."""
    if pictures.is_plain(fingerprint):
        return None
    found = Check.objects.filter(bands__overlap=pictures.bands(fingerprint), fingerprint__isnull=False)
    for one in found.exclude(pk=check.pk).order_by("pk"):
        if one.owner == check.owner and localdate(one.at) == localdate(check.at):
            continue
        if pictures.distance(one.fingerprint or 0, fingerprint) <= rules.CAPTURE_ALIKE:
            return one
    return None


# What the clock does


def to_expire(today: date) -> list[int]:
    """The people whose consent is over."""
    found = Consent.objects.filter(ended_at=None, until__lt=today).order_by("until", "pk")
    return list(found.values_list("person_id", flat=True)[:1000])


def sealed_before(version: int, limit: int) -> list[str]:
    """Templates that an older key sealed."""
    return list(Template.objects.filter(key_version__lt=version).values_list("pk", flat=True)[:limit])


# What the province sees


def stored() -> int:
    return Template.objects.count()


def moved_on(day: date) -> tuple[int, int]:
    """How many templates were made and deleted on a day; one that came and went that day is in both."""
    made = Template.objects.filter(made_at__date=day).count()
    gone = Deletion.objects.filter(deleted_at__date=day).count()
    return made + Deletion.objects.filter(made_at__date=day, deleted_at__date=day).count(), gone


def tallies(limit: int = 31) -> list[Tally]:
    return list(Tally.objects.order_by("-day")[:limit])


def filings() -> list[Filing]:
    return list(Filing.objects.select_related("noted_by").order_by("-filed_on", "-pk"))


def notices(by: "Account", today: date) -> list[Message]:
    """What the province is to know of the number that is stored (S69)."""
    if not holds(by, Permission.FACE_READ):
        return []
    chosen = policy_for(by.region_code, today)
    first = Tally.objects.filter(stored__gte=chosen.filing).order_by("day").first()
    due_on = working_days().after(first.day if first else today, chosen.filing_days)
    return list(rules.reasons_of_count(stored(), chosen, due_on=due_on, is_filed=Filing.objects.exists()))


def checks(by: "Account") -> QuerySet[Check]:
    """What was said of faces at devices and phones, in the reader's region."""
    if not holds(by, Permission.FACE_READ):
        return Check.objects.none()
    return Check.objects.filter(region_code__startswith=prefix(by.region_code)).order_by("-pk")


def rechecks(by: "Account") -> dict[str, int]:
    """How many checks there were, and what the server found of its sample."""
    found = checks(by).order_by().aggregate(
        all=Count("pk"),
        failed=Count("pk", filter=Q(passed=False)),
        alike=Count("pk", filter=Q(alike__isnull=False)),
        **{one.value: Count("pk", filter=Q(recheck=one)) for one in rules.Recheck if one != rules.Recheck.NONE},
    )  # fmt: skip
    return dict(found)


def deletions(by: "Account") -> QuerySet[Deletion]:
    """The certificates: they name nobody."""
    found = Deletion.objects.order_by("-pk")
    return found if holds(by, Permission.FACE_READ) else found.none()


def likenesses(by: "Account") -> QuerySet[Likeness]:
    found = Likeness.objects.select_related("older", "newer", "decided_by").order_by("-pk")
    return found if holds(by, Permission.FACE_SETTLE) else found.none()


def likeness(by: "Account", likeness_id: int, *, lock: bool = False) -> Likeness:
    found = likenesses(by).filter(pk=likeness_id)
    one = (found.select_for_update(of=("self",)) if lock else found).first()
    if one is None:
        raise NotFound
    return one


# For screening


def screened_pairs() -> "QuerySet[Likeness, Any]":
    """Two persons of one face, but for those that somebody found to be two (D32)."""
    found = Likeness.objects.exclude(finding=rules.Finding.TWO)
    return found.values(person_id=F("older_id"), other_person_id=F("newer_id"), similarity=F("score"))


def checked(event: str) -> "QuerySet[Check, Any]":
    """The check of a device's event, for an outer query (D49, D33)."""
    return Check.objects.filter(event_id=OuterRef(event))


def failed_before(enrolment: str, lesson: str, at: str) -> "QuerySet[Check, Any]":
    """The face that did not pass before this trainee was passed otherwise in the same lesson (D33)."""
    found = Check.objects.filter(enrolment_id=OuterRef(enrolment), lesson_id=OuterRef(lesson), passed=False)
    return found.filter(at__lte=OuterRef(at)).order_by("-at")


def used_up_before(enrolment: str, lesson: str, at: str) -> "QuerySet[Check, Any]":
    """The face that used up the tries of the day before this trainee came in another way (D49)."""
    return failed_before(enrolment, lesson, at).filter(used_up=True)


def is_known(event_id: UUID) -> bool:
    """Whether a face was noted of an event already."""
    return Check.objects.filter(event_id=event_id).exists()


def wanted_of(institution_id: int, event_id: UUID) -> Check | None:
    """The check of an event of an institution's device."""
    return Check.objects.filter(institution_id=institution_id, event_id=event_id).first()


def wanted_events(event_ids: Collection[UUID]) -> set[UUID]:
    """The events of which the device is to send the picture."""
    found = Check.objects.filter(event_id__in=event_ids, recheck__in=rules.OPEN)
    return set(found.values_list("event_id", flat=True))


def over_since(now: datetime) -> "QuerySet[Challenge]":
    return Challenge.objects.filter(expires_at__lt=now)
