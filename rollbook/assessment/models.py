from django.conf import settings
from django.db import models
from django.db.models import F, Q

from rollbook.assessment import rules


class Assessment(models.Model):
    """The completion assessment of one class (N5.1)."""

    training_class = models.OneToOneField("classes.TrainingClass", models.PROTECT, related_name="assessment")
    held_on = models.DateField(null=True)
    place = models.CharField(max_length=128, blank=True)
    assessors = models.CharField(max_length=200, blank=True)
    locked_at = models.DateTimeField(null=True)
    locked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    def __str__(self) -> str:
        return f"assessment #{self.pk}"


class Score(models.Model):
    """One trainee's marks out of 100. Locked with the assessment; then changed by `ScoreChange`."""

    assessment = models.ForeignKey(Assessment, models.PROTECT, related_name="scores")
    enrolment = models.OneToOneField("classes.Enrolment", models.PROTECT, related_name="score")
    theory = models.PositiveSmallIntegerField(null=True)
    practice = models.PositiveSmallIntegerField(null=True)
    is_absent = models.BooleanField(default=False)
    result = models.CharField(max_length=16, choices=rules.Result.choices(), default="pending")
    entered_at = models.DateTimeField()
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(name="marks_are_out_of_100", condition=Q(theory__lte=100) & Q(practice__lte=100))
        ]

    def __str__(self) -> str:
        return f"score #{self.pk}"


class ScoreChange(models.Model):
    """A change of a locked score: asked with a reason, granted by another."""

    score = models.ForeignKey(Score, models.PROTECT, related_name="changes")
    theory = models.PositiveSmallIntegerField(null=True)
    practice = models.PositiveSmallIntegerField(null=True)
    was = models.JSONField(default=dict)
    reason = models.CharField(max_length=200)
    state = models.CharField(max_length=16, choices=rules.ChangeState.choices(), default="asked")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="score_change_is_granted_by_another",
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("asked_by")),
            ),
            models.CheckConstraint(
                name="changed_marks_are_out_of_100",
                condition=Q(theory__lte=100) & Q(practice__lte=100),
            ),
        ]

    def __str__(self) -> str:
        return f"score change #{self.pk}"
