from django.conf import settings
from django.db import models

from rollbook.classes.models.classes import Enrolment, Lesson


class Denial(models.Model):
    """A trainee says of a lesson: I was not there. It changes no mark; screening reads it."""

    lesson = models.ForeignKey(Lesson, models.PROTECT, related_name="denials")
    enrolment = models.ForeignKey(Enrolment, models.PROTECT, related_name="denials")
    presence = models.CharField(max_length=16)  # as the mark stood
    said_at = models.DateTimeField()
    said_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(name="denied_once_a_lesson", fields=["lesson", "enrolment"])]

    def __str__(self) -> str:
        return f"denial #{self.pk}"


class Feedback(models.Model):
    """A trainee's answers after the class. They stay as they were given."""

    enrolment = models.OneToOneField(Enrolment, models.PROTECT, related_name="feedback")
    answers = models.JSONField()  # question → answer
    remark = models.CharField(max_length=500, blank=True)
    given_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"feedback #{self.pk}"
