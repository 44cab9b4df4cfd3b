from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from rollbook.classes.models.classes import Lesson
from rollbook.classes.rules import states


class Teaching(models.Model):
    """When a teacher was in a lesson: by the teacher's own word at the time, or as the county granted."""

    lesson = models.ForeignKey(Lesson, models.PROTECT, related_name="teachings")
    person = models.ForeignKey("persons.Person", models.PROTECT, related_name="+")
    in_at = models.DateTimeField()
    out_at = models.DateTimeField(null=True)
    in_received_at = models.DateTimeField(null=True)  # by the server's clock, where a phone kept it
    out_received_at = models.DateTimeField(null=True)
    is_corrected = models.BooleanField(default=False, db_default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="teaching_once_a_lesson", fields=["lesson", "person"]),
            models.CheckConstraint(
                name="teaching_ends_after_it_starts", condition=Q(out_at=None) | Q(out_at__gte=F("in_at"))
            ),
        ]

    def __str__(self) -> str:
        return f"teaching #{self.pk}"


class TeachingCorrection(models.Model):
    """What a teacher forgot to check in: asked by the institution with a paper, decided by the county (N14.1)."""

    lesson = models.ForeignKey(Lesson, models.PROTECT, related_name="teaching_corrections")
    in_at = models.DateTimeField()
    out_at = models.DateTimeField()
    was = models.JSONField(default=dict)  # what was recorded when it was asked
    reason = models.CharField(max_length=200)
    paper = models.ForeignKey("evidence.Item", models.PROTECT, related_name="+")
    state = models.CharField(max_length=16, choices=states.AskState.choices(), default="asked")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="teaching_correction_waits_once", fields=["lesson"], condition=Q(state="asked")
            ),
            models.CheckConstraint(name="corrected_teaching_lasts", condition=Q(out_at__gt=F("in_at"))),
            models.CheckConstraint(
                name="teaching_is_corrected_by_another",
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("asked_by")),
            ),
        ]

    def __str__(self) -> str:
        return f"teaching correction #{self.pk}"


class RollCall(models.Model):
    """A roll as it was called where a second person must confirm it. It makes check-ins only once granted."""

    lesson = models.ForeignKey(Lesson, models.PROTECT, related_name="rolls")
    direction = models.CharField(max_length=3, choices=states.Direction.choices())
    enrolment_ids = ArrayField(models.BigIntegerField())
    state = models.CharField(max_length=16, choices=states.AskState.choices(), default="asked")
    called_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    called_at = models.DateTimeField()  # by the phone's clock where it was kept for want of a signal
    received_at = models.DateTimeField(null=True)
    event_id = models.UUIDField(null=True, unique=True)  # the sender's own: sent twice is one roll
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="roll_is_confirmed_by_another",
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("called_by")),
            ),
            models.CheckConstraint(
                name="roll_is_decided_by_somebody",
                condition=Q(state="asked", decided_by=None, decided_at=None)
                | Q(state__in=["granted", "refused"], decided_by__isnull=False, decided_at__isnull=False),
            ),
            models.CheckConstraint(name="roll_names_somebody", condition=Q(enrolment_ids__len__gt=0)),
        ]
        indexes = [models.Index(fields=["lesson"], name="roll_by_lesson")]

    def __str__(self) -> str:
        return f"roll #{self.pk}"
