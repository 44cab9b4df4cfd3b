from collections import defaultdict
from collections.abc import Collection
from datetime import date, datetime
from typing import TYPE_CHECKING

from django.db import connection
from django.db.models import OuterRef, Q, QuerySet
from django.utils.timezone import localdate

from rollbook.classes.models import Enrolment, Lesson, LevelReservation, TrainingClass
from rollbook.classes.rules import application as rules
from rollbook.classes.rules import comparison
from rollbook.classes.rules.states import State
from rollbook.directory import queries as directory
from rollbook.directory.rules import Terms
from rollbook.institutions import queries as institutions
from rollbook.institutions.rules import PaperKind
from rollbook.institutions.rules import State as Listing
from rollbook.kernel.messages import Message
from rollbook.persons.rules import age_on
from rollbook.regions import queries as regions
from rollbook.regions.rules import WorkingDays

if TYPE_CHECKING:
    from rollbook.directory.models import DemandItem

IN_TRAINING = (State.APPROVED, State.RUNNING)


def terms_of(klass: TrainingClass, now: datetime) -> Terms:
    """The terms of the class's region on its first day, or today while it has none."""
    return directory.terms_for(klass.region_code, klass.starts_on or localdate(now))


def items_for(klass: TrainingClass, now: datetime) -> "list[DemandItem]":
    """The projects that a class may have: of the list of its first day or of today (N1.3)."""
    terms = terms_of(klass, now)
    on = klass.starts_on if klass.starts_on and terms["version-by-start"] else localdate(now)
    return list(directory.items_for(klass.region_code, on or localdate(now)))


def findings(klass: TrainingClass, now: datetime) -> tuple[list[Message], list[Message]]:
    """What stops the class and what should be looked at: for the page and for the deed alike."""
    facts = facts_of(klass, now)
    calendar = regions.working_days()
    found = rules.reasons_against(facts, terms_of(klass, now), calendar)
    return list(found), list(rules.warnings(facts))


def examined(klass: TrainingClass, now: datetime) -> tuple[list[Message], list[Message], list[comparison.Row]]:
    """The findings, and what was asked beside what was found, as a review page shows them."""
    facts, terms, calendar = facts_of(klass, now), terms_of(klass, now), regions.working_days()
    stops = list(rules.reasons_against(facts, terms, calendar))
    rows = comparison.compare(
        facts, terms, calendar, {one.code for one in stops},
        project=f"{klass.occupation or '–'} · {klass.level}", institution=klass.institution.name,
    )  # fmt: skip
    return stops, list(rules.warnings(facts)), list(rows)


def on_desk() -> "QuerySet[TrainingClass]":
    """Within a query of deeds: the classes that waited for a decision `at` that moment at an office of the `desk`."""
    still = Q(decided_at=None) | Q(decided_at__gte=OuterRef("at"))
    return TrainingClass.objects.filter(
        still, submitted_at__lte=OuterRef("at"), region_code__startswith=OuterRef("desk")
    )


def working_days_left(klass: TrainingClass, today: date, calendar: WorkingDays | None = None) -> int | None:
    """Working days until the county's limit; negative when it has passed, None where none runs (N4.1)."""
    if klass.decide_by is None or klass.state not in (State.SUBMITTED, State.REVIEWED):
        return None
    return (calendar or regions.working_days()).between(today, klass.decide_by)


def facts_of(klass: TrainingClass, now: datetime) -> rules.Facts:
    """Everything about a class that the rules weigh: a fixed number of queries."""
    today = localdate(klass.submitted_at or now)
    first, last = klass.starts_on or today, klass.ends_on or klass.starts_on or today
    institution, item = klass.institution, klass.item
    people = list(
        Enrolment.objects.filter(training_class=klass, dropped_at=None).select_related("person", "commitment")
    )
    ids = [one.person_id for one in people]
    overlaps, had = overlapping_classes(klass, ids), levels_had(klass, ids)
    projects = institutions.projects_of(institution.pk, first)
    return rules.Facts(
        submitted_on=today,
        starts_on=klass.starts_on,
        ends_on=klass.ends_on,
        level=klass.level,
        item_hours=item.hours if item else None,
        item_practice_percent=item.practice_percent if item else 0,
        project_permitted=projects.filter(occupation_id=klass.occupation_id or 0, level=klass.level).exists(),
        project_in_list=item is None or klass.submitted_at is not None or item in items_for(klass, now),
        institution_listed=institution.state == Listing.LISTED,
        restrictions=[one.ground for one in institutions.restrictions_on(institution.pk, today)],
        papers_lacking=[PaperKind(kind) for kind in institutions.papers_lacking(institution.pk, first, last)],
        capacity=institution.capacity,
        others_in_training=_others_in_training(klass, first, last),
        lessons=_lessons(klass, first),
        trainees=[
            rules.TraineeFacts(
                name=one.person.name,
                age=age_on(one.person.birth_on, first),
                verification=one.person.verification,
                overlaps=overlaps.get(one.person_id, ()),
                levels=had.get(one.person_id, ()),
                signed=hasattr(one, "commitment"),
            )
            for one in people
        ],
        has_resources=bool(klass.resources.strip()),
        has_assessment_plan=bool(klass.assessment_plan.strip()),
        has_commitment=klass.commitments.filter(enrolment=None).exists(),
        head=klass.head,
    )


def _others_in_training(klass: TrainingClass, first: date, last: date) -> int:
    """Trainees of the institution's other classes that run on some of the same days."""
    return Enrolment.objects.filter(
        dropped_at=None,
        training_class__institution_id=klass.institution_id,
        training_class__state__in=IN_TRAINING,
        training_class__starts_on__lte=last,
        training_class__ends_on__gte=first,
    ).exclude(training_class=klass).count()  # fmt: skip


def _lessons(klass: TrainingClass, first: date) -> list[rules.LessonFacts]:
    lessons = list(
        klass.lessons.filter(is_make_up=False).select_related("room", "teacher__person").order_by("starts_at")
    )
    identity = klass.occupation.identity if klass.occupation else 0
    qualified = institutions.teachers_qualified(klass.institution_id, identity, klass.level, first)
    rooms, teachers = _taken("room_id", klass), _taken("teacher_person_id", klass)
    return [
        rules.LessonFacts(
            day=localdate(one.starts_at),
            starts_at=one.starts_at,
            ends_at=one.ends_at,
            hours=one.hours,
            is_practice=one.kind == "practice",
            room=one.room.name,
            seats=one.room.seats,
            teacher=one.teacher.person.name,
            teacher_qualified=one.teacher_id in qualified and one.teacher.left_on is None,
            taken_room=rooms.get(one.pk, ""),
            taken_teacher=teachers.get(one.pk, ""),
        )
        for one in lessons
    ]


def _taken(column: str, klass: TrainingClass) -> dict[int, str]:
    """Lessons of the class whose room or teacher another class holds, with what may be said of
    it: the title within the same institution, elsewhere only that it is so."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT mine.id, c.title, c.institution_id FROM classes_lesson mine
            JOIN classes_lesson other ON other.{column} = mine.{column} AND other.is_binding
                AND other.training_class_id <> mine.training_class_id
                AND tstzrange(other.starts_at, other.ends_at) && tstzrange(mine.starts_at, mine.ends_at)
            JOIN classes_trainingclass c ON c.id = other.training_class_id
            WHERE mine.training_class_id = %s
            """,  # noqa: S608 the column is one of two names above
            [klass.pk],
        )
        return {
            lesson: title if institution == klass.institution_id else rules.ELSEWHERE
            for lesson, title, institution in cursor.fetchall()
        }


def overlapping_classes(klass: TrainingClass, person_ids: Collection[int]) -> dict[int, list[str]]:
    """Persons who have lessons elsewhere while this class has some, with the other class's number."""
    if not person_ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT DISTINCT e.person_id, coalesce(c.number, c.title) FROM classes_enrolment e
            JOIN classes_trainingclass c ON c.id = e.training_class_id
            JOIN classes_lesson theirs ON theirs.training_class_id = c.id AND theirs.is_binding
            JOIN classes_lesson mine ON mine.training_class_id = %s
                AND tstzrange(mine.starts_at, mine.ends_at) && tstzrange(theirs.starts_at, theirs.ends_at)
                AND NOT mine.is_make_up
                AND (NOT theirs.is_make_up OR EXISTS (
                    SELECT FROM classes_makeup u JOIN classes_makeupplace p ON p.make_up_id = u.id
                    WHERE u.lesson_id = theirs.id AND p.enrolment_id = e.id))
            WHERE e.person_id = ANY(%s) AND e.dropped_at IS NULL AND c.id <> %s
            """,
            [klass.pk, list(person_ids), klass.pk],
        )
        found: dict[int, list[str]] = defaultdict(list)
        for person, title in cursor.fetchall():
            found[person].append(title)
        return found


def levels_had(klass: TrainingClass, person_ids: Collection[int]) -> dict[int, list[str]]:
    """The levels of this class's occupation that persons have had, or are in, elsewhere (N12.3)."""
    identity = klass.occupation.identity if klass.occupation else 0
    rows = LevelReservation.objects.filter(
        person_id__in=person_ids, occupation_identity=identity, released_at=None
    ).exclude(enrolment__training_class=klass)  # fmt: skip
    found: dict[int, list[str]] = defaultdict(list)
    for person, level in rows.values_list("person_id", "level"):
        found[person].append(level)
    return found


def lessons_of(class_id: int) -> list[Lesson]:
    found = Lesson.objects.filter(training_class_id=class_id).select_related("room", "teacher__person")
    return list(found.order_by("starts_at"))
