from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from rollbook.accounts.rules import APART, INSTITUTIONAL, Permission, holds
from rollbook.classes.models import Correction, Enrolment, Leave, Lesson, PlanChange, TeachingCorrection, TrainingClass
from rollbook.classes.queries.doubts import is_doubted
from rollbook.classes.rules.states import State
from rollbook.institutions import queries as institutions
from rollbook.kernel.messages import _
from rollbook.kernel.reasons import NotFound
from rollbook.regions.rules import prefix

if TYPE_CHECKING:
    from rollbook.accounts.models import Account


def visible_to(by: "Account") -> QuerySet[TrainingClass]:
    """Every class of the account's region, institution or own training."""
    found = TrainingClass.objects.select_related("institution", "occupation")
    if by.role == "institution-manager":
        return found.filter(institution_id=by.institution_id or 0)
    if by.role == "teacher":
        return found.filter(
            institution_id=by.institution_id or 0, lessons__teacher_person_id=by.person_id or 0
        ).distinct()
    if by.role == "worker":
        return found.filter(enrolments__person_id=by.person_id or 0).exclude(state="draft")
    if by.role in APART:  # they keep accounts and the journal, not training
        return found.none()
    assert by.role not in INSTITUTIONAL  # noqa: S101 each has its scope above
    return found.filter(region_code__startswith=prefix(by.region_code)).exclude(state="draft")


def get(by: "Account", class_id: int, *, lock: bool = False) -> TrainingClass:
    found = TrainingClass.objects.filter(pk__in=visible_to(by).filter(pk=class_id).values("pk"))
    if lock:
        found = found.select_for_update(of=("self",))
    try:
        return found.select_related("institution", "occupation", "item").get()
    except TrainingClass.DoesNotExist:
        raise NotFound from None


def enrolment(by: "Account", enrolment_id: int) -> Enrolment:
    found = Enrolment.objects.filter(pk=enrolment_id, training_class__in=visible_to(by))
    if by.role == "worker":
        found = found.filter(person_id=by.person_id or 0)
    try:
        return found.select_related("training_class__institution", "person").get()
    except Enrolment.DoesNotExist:
        raise NotFound from None


def by_id(class_id: int) -> TrainingClass:
    """For the system's own tasks and for contexts above that have checked who asks."""
    return TrainingClass.objects.select_related("institution", "occupation", "item").get(pk=class_id)


def class_list(by: "Account") -> QuerySet[TrainingClass]:
    """Classes with how many are in each, counted for the rows of a page alone: a join would count all."""
    here = Enrolment.objects.filter(training_class=OuterRef("pk"), dropped_at=None).order_by()
    count = here.values("training_class").annotate(n=Count("pk")).values("n")
    return visible_to(by).annotate(trainees=Coalesce(Subquery(count), 0)).order_by("-pk")


def review_queue(by: "Account") -> QuerySet[TrainingClass]:
    """Applications that wait for this officer, the nearest limit first (N4.1)."""
    wanted = []
    if holds(by, Permission.CLASS_REVIEW):
        wanted.append(State.SUBMITTED)
    if holds(by, Permission.CLASS_SECOND_REVIEW):
        wanted.append(State.REVIEWED)
    found = class_list(by).filter(state__in=wanted).annotate(is_doubted=is_doubted())
    return found.order_by("decide_by", "submitted_at", "pk")


def roster(class_id: int) -> QuerySet[Enrolment]:
    """Who is in the class now."""
    found = Enrolment.objects.filter(training_class_id=class_id, dropped_at=None)
    return found.select_related("person", "training_class", "commitment").order_by("pk")


def changed_since_approval(klass: TrainingClass) -> dict[str, int]:
    """How many came to the roster after the class was approved, and how many of those who were on it then have left."""
    if klass.decided_at is None:
        return {}
    came = Q(added_at__gt=klass.decided_at, dropped_at=None)
    left = Q(added_at__lte=klass.decided_at, dropped_at__gte=klass.decided_at)
    return klass.enrolments.aggregate(came=Count("pk", filter=came), left=Count("pk", filter=left))


def ever_on(class_id: int) -> QuerySet[Enrolment]:
    """Who is or was in the class: for contexts above that have checked who asks."""
    return Enrolment.objects.filter(training_class_id=class_id).select_related("person").order_by("pk")


def lesson(by: "Account", lesson_id: int, *, lock: bool = False) -> Lesson:
    found = Lesson.objects.filter(pk=lesson_id, training_class__in=visible_to(by).values("pk"))
    if lock:
        found = found.select_for_update(of=("self",))
    try:
        return found.select_related("training_class__institution", "room", "teacher__person").get()
    except Lesson.DoesNotExist:
        raise NotFound from None


def enrolments_of_person(person_id: int) -> QuerySet[Enrolment]:
    """Every class that a person is or was in, newest first: for that person (N3.3)."""
    found = Enrolment.objects.filter(person_id=person_id, dropped_at=None).exclude(training_class__state="draft")
    return found.select_related(
        "training_class__institution", "training_class__occupation", "commitment", "person"
    ).order_by("-pk")


def asks_for(by: "Account") -> dict[str, list[Leave | Correction | TeachingCorrection | PlanChange]]:
    """Requests that wait for a second person, as far as this account sees their classes."""
    seen = visible_to(by).values("pk")
    return {
        "leaves": list(
            Leave.objects.filter(state="asked", lesson__training_class__in=seen)
            .select_related("lesson__training_class", "enrolment__person", "asked_by")
            .order_by("asked_at")[:200]
        ),
        "corrections": list(
            Correction.objects.filter(state="asked", lesson__training_class__in=seen)
            .select_related("lesson__training_class", "enrolment__person", "asked_by")
            .order_by("asked_at")[:200]
        ),
        "teachings": list(
            TeachingCorrection.objects.filter(state="asked", lesson__training_class__in=seen)
            .select_related("lesson__training_class", "lesson__teacher__person", "asked_by", "paper")
            .order_by("asked_at")[:200]
        ),
        "changes": list(
            PlanChange.objects.filter(state="asked", training_class__in=seen)
            .select_related("training_class", "lesson__room", "lesson__teacher__person", "asked_by")
            .order_by("asked_at")[:200]
        ),
    }


def proposals(asked: Iterable[object]) -> list[tuple[PlanChange, list[tuple[str, object, object]]]]:
    """Each change of plan with what it is about, how it is, and how it would be: two queries in all."""
    changes = [one for one in asked if isinstance(one, PlanChange)]
    rooms = institutions.rooms_named([one.proposed.get("room_id") for one in changes])
    teachers = institutions.teachers_named([one.proposed.get("teacher_id") for one in changes])
    found = []
    for one in changes:
        lesson, rows = one.lesson, list[tuple[str, object, object]]()
        if moment := one.proposed.get("starts_at"):
            rows.append((_("Time"), lesson.starts_at, datetime.fromisoformat(moment)))
        if room := one.proposed.get("room_id"):
            rows.append((_("Room"), lesson.room.name, rooms.get(room, "–")))
        if teacher := one.proposed.get("teacher_id"):
            rows.append((_("Teacher"), lesson.teacher.person.name, teachers.get(teacher, "–")))
        found.append((one, rows))
    return found
