from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.utils.timezone import localdate

from rollbook.accounts import queries as accounts
from rollbook.accounts.rules import Permission, holds
from rollbook.classes import queries as classes
from rollbook.evidence import queries as evidence
from rollbook.institutions import queries as institutions
from rollbook.kernel.reasons import NotFound
from rollbook.regions.rules import prefix
from rollbook.risk import queries as risk
from rollbook.supervision import rules
from rollbook.supervision.models import Inspection, Measure, PhoneCall, Task

if TYPE_CHECKING:
    from rollbook.accounts.models import Account
    from rollbook.classes.models import Lesson, TrainingClass
    from rollbook.risk.models import Alert

CANDIDATES = 200  # classes that a page weighs at once


def filed(lesson: "Lesson") -> dict[str, Any]:
    """Teacher, plan and room as filed, beside which inspectors set what they see (domain 2.6)."""
    return {
        "teacher": lesson.teacher.person.name, "subject": lesson.subject, "room": lesson.room.name,
        "seats": lesson.room.seats, "textbook": lesson.textbook, "equipment": institutions.equipment_of(lesson.room_id),
    }  # fmt: skip


def filed_of(lessons: "Sequence[Lesson]") -> "list[tuple[Lesson, dict[str, Any]]]":
    """`filed` of each; a room's equipment is asked for once."""
    rooms = {one.room_id: filed(one) for one in lessons}
    return [
        (one, {**rooms[one.room_id], "teacher": one.teacher.person.name, "textbook": one.textbook}) for one in lessons
    ]


def visible_to(by: "Account") -> QuerySet[Task]:
    """The region's for its offices; for third parties only what they were given (N4.5); none for others."""
    found = Task.objects.select_related("training_class__institution", "first", "second", "inspection", "alert")
    if not holds(by, Permission.INSPECTION_READ) or by.institution_id is not None:
        return found.none()
    if by.role == "supervisor":
        return found.filter(Q(first=by) | Q(second=by))
    return found.filter(region_code__startswith=prefix(by.region_code))


def get(by: "Account", task_id: int, *, lock: bool = False) -> Task:
    found = visible_to(by).filter(pk=task_id)
    try:
        return (found.select_for_update(of=("self",)) if lock else found).get()
    except Task.DoesNotExist:
        raise NotFound from None


def asked_for(by: "Account", alert: "Alert") -> Task | None:
    """The inspection that an alert asked for."""
    return visible_to(by).filter(alert=alert).first()


def inspections(by: "Account") -> QuerySet[Inspection]:
    """As tasks; the institution sees what was found of its own classes."""
    found = Inspection.objects.select_related(
        "task__training_class", "task__institution", "recorded_by", "signed_by", "lesson"
    )
    if by.role == "institution-manager":
        return found.filter(task__institution_id=by.institution_id or 0)
    return found.filter(task__in=visible_to(by).values("pk"))


def inspection(by: "Account", inspection_id: int, *, lock: bool = False) -> Inspection:
    found = inspections(by).filter(pk=inspection_id)
    try:
        return (found.select_for_update(of=("self",)) if lock else found).get()
    except Inspection.DoesNotExist:
        raise NotFound from None


def by_event(event_id: UUID) -> Inspection | None:
    return Inspection.objects.select_related("task").filter(event_id=event_id).first()


def inspectors(region_code: str) -> "list[Account]":
    """Who may inspect in a region: its own offices, those above it, third parties."""
    return accounts.officers_over(Permission.INSPECTION_DO, region_code)


def of_class(class_id: int) -> list[Inspection]:
    """The inspections of a class: for contexts that have checked who asks."""
    found = Inspection.objects.filter(task__training_class_id=class_id)
    return list(found.select_related("recorded_by", "signed_by", "answered_by", "task").order_by("recorded_at"))


def calls_of_class(class_id: int) -> list[PhoneCall]:
    found = PhoneCall.objects.filter(task__training_class_id=class_id).select_related("enrolment__person", "called_by")
    return list(found.order_by("pk"))


def calls_of(task: Task) -> list[tuple[Any, PhoneCall | None]]:
    """The sample of a task with what each answered."""
    made = {one.enrolment_id: one for one in task.calls.select_related("called_by")}
    people = {one.pk: one for one in classes.roster(task.training_class_id)}
    return [(people[pk], made.get(pk)) for pk in task.sample if pk in people]


def candidates(by: "Account", today: date) -> list[tuple["TrainingClass", rules.Candidate]]:
    """Running classes of the region in the order in which they should be inspected."""
    found = classes.visible_to(by).filter(state="running").order_by("ends_on", "pk")[:CANDIDATES]
    running = {one.pk: one for one in found}
    year = datetime.combine(today - timedelta(365), datetime.min.time()).astimezone()
    seen = _counted(
        Task.objects.filter(training_class__in=running).exclude(state__in=("wanted", "cancelled")), "training_class"
    )
    bodies = {one.institution_id for one in running.values()}
    failed = Inspection.objects.filter(task__institution__in=bodies, qualified=False, recorded_at__gte=year)
    unqualified = _counted(failed, "task__institution")
    measures = _counted(Measure.objects.filter(institution__in=bodies, taken_at__gte=year), "institution")
    planned = Task.objects.filter(state="planned", region_code__startswith=prefix(by.region_code)).values_list(
        "institution", flat=True
    )
    where = institutions.places_of({*bodies, *planned})
    weights = risk.weights(list(running), bodies, year)
    near = [where[pk] for pk in set(planned) if pk in where]
    rows = [
        rules.Candidate(
            class_id=pk,
            inspections=seen.get(pk, 0),
            unqualified=unqualified.get(one.institution_id, 0),
            measures=measures.get(one.institution_id, 0),
            alerts=weights.of_class.get(pk, 0) + weights.of_institution.get(one.institution_id, 0),
            proven=weights.proven.get(one.institution_id, 0),
            worst_day_percent=classes.worst_day_percent(pk) if len(running) <= 20 else 100,
            distance_m=min((rules.metres(where[one.institution_id], there) for there in near), default=None)
            if one.institution_id in where else None,
        )
        for pk, one in running.items()
    ]  # fmt: skip
    return [(running[one.class_id], one) for one in rules.in_order(rows)]


def _counted(found: QuerySet[Any], by: str) -> dict[int, int]:
    return dict(found.values_list(by).annotate(n=Count("pk")).order_by())


def measures(by: "Account") -> QuerySet[Measure]:
    found = Measure.objects.select_related("institution", "taken_by", "mended_by", "inspection")
    if by.role == "institution-manager":
        return found.filter(institution_id=by.institution_id or 0).order_by("-pk")
    if not holds(by, Permission.INSPECTION_READ) or by.role == "supervisor":
        return found.none()
    return found.filter(region_code__startswith=prefix(by.region_code)).order_by("-pk")


def measure(by: "Account", measure_id: int) -> Measure:
    try:
        return measures(by).select_for_update(of=("self",)).get(pk=measure_id)
    except Measure.DoesNotExist:
        raise NotFound from None


def measures_this_year(institution_id: int, now: datetime) -> dict[str, int]:
    found = Measure.objects.filter(institution_id=institution_id, taken_at__year=localdate(now).year)
    return dict(found.values_list("grade").annotate(n=Count("pk")).order_by())


def photos_of(inspection_id: int) -> QuerySet[Any]:
    return evidence.of_subject(f"supervision.Inspection:{inspection_id}")


def lessons_on(class_id: int, days: Iterable[date]) -> list[Any]:
    wanted = set(days)
    return [one for one in classes.lessons_of(class_id) if localdate(one.starts_at) in wanted]
