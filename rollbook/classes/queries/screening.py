"""Classes, rosters and attendance as the columns that screening reads; its names are of `risk.detectors.tables`."""

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import (
    BigIntegerField,
    Case,
    Exists,
    ExpressionWrapper,
    F,
    IntegerField,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import (
    Cast,
    Coalesce,
    Extract,
    ExtractHour,
    ExtractMinute,
    ExtractSecond,
    Greatest,
    Least,
    Now,
    Substr,
    TruncDate,
)

from rollbook.classes.models import (
    Attendance,
    CheckIn,
    Correction,
    Denial,
    Enrolment,
    Feedback,
    Leave,
    Lesson,
    PlanChange,
    Review,
    Teaching,
    TrainingClass,
)
from rollbook.classes.queries.check_ins import AS_SENT, OF_EVENT
from rollbook.classes.queries.fence import beyond_the_fence, metres_from
from rollbook.classes.rules.states import LIVE, AskState, Direction, Means, State
from rollbook.database.changes import changed
from rollbook.directory import queries as directory
from rollbook.directory.rules import TermKey
from rollbook.evidence import queries as evidence
from rollbook.faces import queries as faces

if TYPE_CHECKING:
    from rollbook.evidence.models import Item

BY_HAND = Q(means=Means.ROLL_CALL)


def changed_since(mark: int) -> dict[str, list["QuerySet[Any, Any]"]]:
    """The keys of the rows that read differently since the transaction `mark`: of enrolments and classes their own, of
    lessons and presences the lesson's."""
    attended = [
        changed(Attendance, mark, "lesson_id"),
        changed(Lesson, mark),
        changed(TrainingClass, mark, "lessons__pk"),
    ]
    return {
        "enrolments": [changed(Enrolment, mark), changed(TrainingClass, mark, "enrolments__pk")],
        "classes": [changed(TrainingClass, mark), changed(Lesson, mark, "training_class_id")],
        "lessons": [*attended, changed(Teaching, mark, "lesson_id"), changed(PlanChange, mark, "lesson_id")],
        "presences": [*attended, changed(Enrolment, mark, "training_class__lessons__pk")],
        "reviews": [changed(Review, mark, F("pk") * 2)],
    }


def minute_of(name: str) -> Any:
    """The minute of the local day."""
    return ExtractHour(name) * 60 + ExtractMinute(name)


def minutes_between(last: str, first: str) -> Any:
    spent = ExpressionWrapper(Extract(F(last), "epoch") - Extract(F(first), "epoch"), IntegerField())
    return ExpressionWrapper(spent / 60, IntegerField())


def enrolments() -> "QuerySet[Enrolment, Any]":
    return Enrolment.objects.filter(training_class__state__in=LIVE).values(
        "person_id",
        "category",
        "added_at",
        enrolment_id=F("pk"),
        class_id=F("training_class_id"),
        institution_id=F("training_class__institution_id"),
        region_code=F("training_class__region_code"),
        occupation=F("training_class__occupation__identity"),
        level=F("training_class__level"),
        state=F("training_class__state"),
        starts_on=F("training_class__starts_on"),
        ends_on=F("training_class__ends_on"),
        dropped_on=TruncDate("dropped_at"),
    )


def classes() -> "QuerySet[TrainingClass, Any]":
    """Each with its lessons added up by itself: grouped, its terms would be looked up for every lesson."""
    laid_out = Lesson.objects.filter(training_class=OuterRef("pk")).order_by().values("training_class")
    return TrainingClass.objects.filter(state__in=LIVE).values(
        "institution_id",
        "region_code",
        "level",
        "certificate_kind",
        "study_form",
        "state",
        "starts_on",
        "ends_on",
        "planned_size",
        "submitted_at",
        "decided_at",
        "is_deemed",
        class_id=F("pk"),
        occupation_=F("occupation__identity"),
        ended_on=TruncDate("ended_at"),
        submitted_by_=F("submitted_by_id"),
        decided_by_=F("decided_by_id"),
        hours=Coalesce(Subquery(laid_out.values(hours=Sum("hours"))), 0),
        practice_hours=Coalesce(Subquery(laid_out.values(hours=Sum("hours", filter=Q(kind="practice")))), 0),
        most_size=directory.value_in_force(TermKey.CLASS_MAX, "region_code", "starts_on"),
        least_hours=F("item__hours"),
        least_practice=F("item__practice_percent"),
    )


def _with_teacher() -> Any:
    """Minutes within a lesson that is over between the filed teacher's own check-in and check-out; nothing where the
    terms do not ask for them. As `queries.lessons_without_teacher` says it of one time, here as a column of all."""
    ends, begins = Least("out_at", "lesson__ends_at"), Greatest("in_at", "lesson__starts_at")
    own = Teaching.objects.filter(lesson=OuterRef("pk"), person=OuterRef("teacher_person"), out_at__isnull=False)
    spent = ExpressionWrapper(Extract(ends, "epoch") - Extract(begins, "epoch"), IntegerField())
    minutes = Subquery(own.values(spent=ExpressionWrapper(spent / 60, IntegerField()))[:1])
    asked = directory.value_in_force(
        TermKey.TEACHER_CHECK_IN, "training_class__region_code", "training_class__starts_on"
    )
    held = Q(asked=1, ends_at__lte=Now(), training_class__state__in=[State.RUNNING, State.ENDED, State.ASSESSED])
    return asked, Case(When(held, then=Greatest(Coalesce(minutes, 0), 0)), output_field=IntegerField())


def lessons() -> "QuerySet[Lesson, Any]":
    """Each with what others say of it by itself: grouped by lesson, its terms would be looked up for every trainee."""
    asked, teacher_minutes = _with_teacher()
    taught = minutes_between("last", "first")
    came = (
        Attendance.objects.filter(lesson=OuterRef("pk"), presence__in=["present", "late"]).order_by().values("lesson")
    )
    granted = PlanChange.objects.filter(lesson=OuterRef("pk"), state=AskState.GRANTED)
    return (
        Lesson.objects.filter(is_binding=True)
        .annotate(
            first=Subquery(came.values(at=Min("in_at"))),
            last=Subquery(came.values(at=Max("out_at"))),
            asked=asked,
        )
        .values(
            "room_id",
            "teacher_id",
            "starts_at",
            "ends_at",
            "kind",
            hours_=Coalesce("make_up__missed__hours", "hours"),
            lesson_id=F("pk"),
            class_id=F("training_class_id"),
            institution_id=F("training_class__institution_id"),
            region_code=F("training_class__region_code"),
            site_id=F("room__site_id"),
            person_id=F("teacher_person_id"),
            day=TruncDate("starts_at"),
            minute=minute_of("starts_at"),
            minutes=minutes_between("ends_at", "starts_at"),
            taught_minutes=taught,
            teacher_minutes=teacher_minutes,
            plan_changed=Exists(granted),
        )
    )


def presences() -> "QuerySet[Attendance, Any]":
    """What each attendance came to, of lessons whose attendance is closed: before, nobody is absent yet."""
    closed = Attendance.objects.filter(lesson__attendance_closed_at__isnull=False, enrolment__dropped_at=None)
    return closed.values(
        "enrolment_id",
        "lesson_id",
        "presence",
        "minutes",
        person_id=F("enrolment__person_id"),
        class_id=F("lesson__training_class_id"),
        institution_id=F("lesson__training_class__institution_id"),
        region_code=F("lesson__training_class__region_code"),
        day=TruncDate("lesson__starts_at"),
        starts_at=F("in_at"),
        ends_at=F("out_at"),
        lesson_minutes=minutes_between("lesson__ends_at", "lesson__starts_at"),
    )


def denials() -> "QuerySet[Denial, Any]":
    """Trainees who say that they were not there."""
    return Denial.objects.values(
        "enrolment_id",
        "lesson_id",
        person_id=F("enrolment__person_id"),
        class_id=F("lesson__training_class_id"),
        institution_id=F("lesson__training_class__institution_id"),
        region_code=F("lesson__training_class__region_code"),
        day=TruncDate("lesson__starts_at"),
    )


def questioned() -> "QuerySet[Feedback, Any]":
    """What trainees answered after the class, as what they would have said to a call back."""
    return Feedback.objects.values(
        "enrolment_id",
        person_id=F("enrolment__person_id"),
        class_id=F("enrolment__training_class_id"),
        institution_id=F("enrolment__training_class__institution_id"),
        region_code=F("enrolment__training_class__region_code"),
        day=TruncDate("given_at"),
        outcome=Case(When(answers__attended="no", then=Value("did-not-attend")), default=Value("reached")),
        paid_back=Case(When(answers__returned="yes", then=Value(True)), default=Value(False)),
    )


def photos() -> "QuerySet[Item, Any]":
    """Photographs of lessons, each with the lesson that it is filed under."""
    shown = f"{Lesson._meta.label}:"
    number = Cast(Substr("subject", len(shown) + 1), BigIntegerField())
    filed = evidence.photos().filter(subject__startswith=shown).annotate(lesson_id=number)

    def of_lesson(name: str) -> Subquery:
        return Subquery(Lesson.objects.filter(pk=OuterRef("lesson_id")).values(name)[:1])

    return filed.annotate(lesson_starts_at=of_lesson("starts_at")).values(
        "lesson_id",
        "institution_id",
        "region_code",
        "sha256",
        "taken_at",
        "lesson_starts_at",
        photo_id=F("pk"),
        outside_m=Subquery(
            Lesson.objects.filter(pk=OuterRef("lesson_id")).values(metres=metres_from("room__site", OuterRef))[:1]
        ),
        class_id=of_lesson("training_class_id"),
        lesson_ends_at=of_lesson("ends_at"),
        uploaded_at=F("stored_at"),
        day=TruncDate("lesson_starts_at"),
        # written out: the word of a table
        kind_=Case(When(pk__isnull=False, then=Value("lesson"))),
    )


def check_ins() -> "QuerySet[CheckIn, Any]":
    """Every event by its number. The face of what was noted by hand is the one that had not passed before it (D33); who used
    up the tries on a phone and then came in another way is as living as in the last of them (D49)."""
    seen = faces.checked("event_id")
    failed = faces.failed_before("enrolment_id", "lesson_id", "happened_at")
    used_up = faces.used_up_before("enrolment_id", "lesson_id", "happened_at")
    found: QuerySet[CheckIn, Any] = CheckIn.objects.filter(set_aside="").values(
        *AS_SENT,
        **OF_EVENT,
        by_account=F("by_id"),
        minute=minute_of("happened_at"),
        second=ExtractSecond("happened_at"),
        outside_m=beyond_the_fence(),
        by_hand=Case(When(BY_HAND, then=Value(True)), default=Value(False)),
        face_score=Case(
            When(means=Means.FACE, then=Subquery(seen.values("score"))),
            When(BY_HAND, then=Subquery(failed.values("score")[:1])),
        ),
        liveness=Case(
            When(means=Means.FACE, then=Subquery(seen.values("liveness"))),
            When(direction=Direction.IN, then=Subquery(used_up.values("liveness")[:1])),
        ),
    )
    return found


def leaves() -> "QuerySet[Leave, Any]":
    return Leave.objects.filter(state=AskState.GRANTED).values(
        "enrolment_id",
        "lesson_id",
        "ground",
        "decided_at",
        person_id=F("enrolment__person_id"),
        class_id=F("lesson__training_class_id"),
        institution_id=F("lesson__training_class__institution_id"),
        region_code=F("lesson__training_class__region_code"),
        day=TruncDate("lesson__starts_at"),
        minutes=minutes_between("lesson__ends_at", "lesson__starts_at"),
        lesson_starts_at=F("lesson__starts_at"),
    )


def corrections() -> "QuerySet[Correction, Any]":
    return Correction.objects.filter(state=AskState.GRANTED).values(
        "enrolment_id",
        "lesson_id",
        "minutes",
        "asked_at",
        person_id=F("enrolment__person_id"),
        class_id=F("lesson__training_class_id"),
        institution_id=F("lesson__training_class__institution_id"),
        region_code=F("lesson__training_class__region_code"),
        asked_by_=F("asked_by_id"),
        decided_by_=F("decided_by_id"),
        day=TruncDate("lesson__starts_at"),
        lesson_ends_at=F("lesson__ends_at"),
    )


def reviews() -> "QuerySet[Review, Any]":
    """Decisions of officials on classes. An even number, so that those on claims never have the same."""
    return Review.objects.filter(by__isnull=False).values(
        "at",
        "move",
        review_id=F("pk") * 2,
        account_id=F("by_id"),
        subject_id=F("training_class_id"),
        institution_id=F("training_class__institution_id"),
        region_code=F("training_class__region_code"),
        kind=Value("class"),
        day=TruncDate("at"),
        minute=minute_of("at"),
    )


def of_class(class_id: int) -> TrainingClass | None:
    return TrainingClass.objects.filter(pk=class_id).first()


def people_of(class_id: int, since: datetime | None = None) -> list[int]:
    """Who stands on the roster of a class that was submitted, or came to it from a moment on."""
    found = Enrolment.objects.filter(training_class_id=class_id, training_class__state__in=LIVE, dropped_at=None)
    found = found.filter(added_at__gte=since) if since else found
    return list(found.values_list("person_id", flat=True))


def rosters_of(person_ids: list[int]) -> list[int]:
    """The classes on whose rosters these people stand."""
    found = Enrolment.objects.filter(person_id__in=person_ids)
    return sorted(set(found.values_list("training_class_id", flat=True)))


def placed_enrolments(ids: Collection[int]) -> "QuerySet[Enrolment, Any]":
    """Where enrolments belong, for alerts about them."""
    return Enrolment.objects.filter(pk__in=ids).values(
        "pk",
        "person_id",
        name=F("person__name"),
        title=F("training_class__title"),
        class_id=F("training_class_id"),
        institution_id=F("training_class__institution_id"),
        region_code=F("training_class__region_code"),
    )


def placed_classes(ids: Collection[int]) -> "QuerySet[TrainingClass, Any]":
    return TrainingClass.objects.filter(pk__in=ids).values("pk", "title", "institution_id", "region_code")


def latest_class(institution_id: int) -> int | None:
    """The class of an institution that is in training and ends first, else the one that ended last."""
    found = TrainingClass.objects.filter(institution_id=institution_id)
    running = found.filter(state=State.RUNNING).order_by("ends_on", "pk").values_list("pk", flat=True).first()
    over = found.filter(state__in=(State.ENDED, State.ASSESSED)).order_by("-ends_on", "-pk")
    return running or over.values_list("pk", flat=True).first()
