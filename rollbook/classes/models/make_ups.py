from django.conf import settings
from django.db import models
from django.db.models import F, Q

from rollbook.classes.models.classes import Enrolment, Lesson


class MakeUp(models.Model):
    """A lesson held again for named trainees, as the county was told. Cancelled, it stays without its lesson."""

    missed = models.ForeignKey(Lesson, models.PROTECT, related_name="make_ups")
    lesson = models.OneToOneField(Lesson, models.PROTECT, null=True, related_name="make_up")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    room = models.ForeignKey("institutions.Room", models.PROTECT, related_name="+")
    teacher = models.ForeignKey("institutions.Teacher", models.PROTECT, related_name="+")
    reason = models.CharField(max_length=200)
    planned_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    planned_at = models.DateTimeField()
    cancelled_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    cancelled_at = models.DateTimeField(null=True)
    cancel_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="make_up_has_its_lesson_until_cancelled",
                condition=Q(lesson__isnull=False, cancelled_at=None, cancelled_by=None)
                | Q(lesson=None, cancelled_at__isnull=False, cancelled_by__isnull=False),
            ),
            models.CheckConstraint(name="make_up_is_another_lesson", condition=Q(lesson=None) | ~Q(lesson=F("missed"))),
        ]
        indexes = [models.Index(fields=["missed"], name="make_up_by_missed")]

    def __str__(self) -> str:
        return f"make-up #{self.pk}"


class MakeUpPlace(models.Model):
    """A trainee who is to be in a make-up lesson."""

    make_up = models.ForeignKey(MakeUp, models.PROTECT, related_name="places")
    enrolment = models.ForeignKey(Enrolment, models.PROTECT, related_name="make_up_places")

    class Meta:
        constraints = [models.UniqueConstraint(name="named_once_a_make_up", fields=["make_up", "enrolment"])]

    def __str__(self) -> str:
        return f"place #{self.pk}"
