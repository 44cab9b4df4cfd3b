"""Everything that is recorded of one class, for a context that has checked who asks."""

from django.db.models import QuerySet

from rollbook.classes.models import (
    Attendance,
    CheckIn,
    Denial,
    Feedback,
    Lesson,
    MakeUp,
    RollCall,
    Teaching,
    TeachingCorrection,
)
from rollbook.classes.queries.months import check_ins_of


def check_ins_of_class(class_id: int) -> list[CheckIn]:
    """Every event in the order it happened, those set aside too."""
    return check_ins_of(Lesson.objects.filter(training_class_id=class_id).values_list("pk", flat=True))


def marks_of_class(class_id: int) -> QuerySet[Attendance]:
    found = Attendance.objects.filter(lesson__training_class_id=class_id).select_related("lesson", "enrolment__person")
    return found.order_by("lesson__starts_at", "lesson_id", "enrolment_id")


def teachings_of_class(class_id: int) -> QuerySet[Teaching]:
    found = Teaching.objects.filter(lesson__training_class_id=class_id).select_related("lesson", "person")
    return found.order_by("in_at", "pk")


def teaching_corrections_of_class(class_id: int) -> QuerySet[TeachingCorrection]:
    found = TeachingCorrection.objects.filter(lesson__training_class_id=class_id)
    return found.select_related("lesson", "asked_by", "decided_by").order_by("pk")


def rolls_of_class(class_id: int) -> QuerySet[RollCall]:
    found = RollCall.objects.filter(lesson__training_class_id=class_id)
    return found.select_related("lesson", "called_by", "decided_by").order_by("called_at", "pk")


def make_ups_of_class(class_id: int) -> QuerySet[MakeUp]:
    found = MakeUp.objects.filter(missed__training_class_id=class_id)
    related = ("missed", "room", "teacher__person", "planned_by", "cancelled_by")
    return found.select_related(*related).prefetch_related("places__enrolment__person").order_by("pk")


def denials_of_class(class_id: int) -> QuerySet[Denial]:
    found = Denial.objects.filter(lesson__training_class_id=class_id)
    return found.select_related("lesson", "enrolment__person").order_by("pk")


def feedback_of_class(class_id: int) -> QuerySet[Feedback]:
    found = Feedback.objects.filter(enrolment__training_class_id=class_id)
    return found.select_related("enrolment__person").order_by("pk")
