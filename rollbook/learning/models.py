from django.conf import settings
from django.db import models
from django.db.models import F, Q


class Session(models.Model):
    """One session of online study, as its platform summed it up. Never changed (N7.2, N7.4)."""

    enrolment = models.ForeignKey("classes.Enrolment", models.PROTECT, related_name="+")
    platform = models.CharField(max_length=64)
    number = models.CharField(max_length=64)  # the platform's own
    course = models.CharField(max_length=128)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    device = models.CharField(max_length=64, blank=True)  # keyed digest
    network = models.CharField(max_length=64, blank=True)  # keyed digest
    city = models.CharField(max_length=32, blank=True)
    content = models.PositiveIntegerField()  # seconds, as all that follow where nothing else is said
    credited = models.PositiveIntegerField()
    unseen_jump = models.PositiveIntegerField()
    hidden = models.PositiveIntegerField()
    idle = models.PositiveIntegerField()
    blurs = models.PositiveIntegerField()  # how often the page was left
    seeks = models.PositiveIntegerField()
    beats = models.PositiveIntegerField()
    beat_spread_ms = models.FloatField(null=True)
    clicks = models.PositiveIntegerField()
    click_places = models.PositiveIntegerField()
    face_checks = models.PositiveIntegerField()
    face_fails = models.PositiveIntegerField()
    fails_in_a_row = models.PositiveIntegerField()
    answer_spread_ms = models.FloatField(null=True)
    digest = models.CharField(max_length=64)  # of all that was said of it
    filed_at = models.DateTimeField()
    filed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(name="session_once", fields=["enrolment", "platform", "number"]),
            models.CheckConstraint(name="session_ends_after_it_began", condition=Q(ends_at__gt=F("starts_at"))),
        ]

    def __str__(self) -> str:
        return f"{self.platform} {self.number}"


class Restated(models.Model):
    """The platform said something else of a session that it had filed: the first stays, and this is a sign (D93)."""

    session = models.ForeignKey(Session, models.PROTECT, related_name="restated")
    digest = models.CharField(max_length=64)
    said = models.JSONField()  # what differs
    filed_at = models.DateTimeField()
    filed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(name="restated_once", fields=["session", "digest"])]

    def __str__(self) -> str:
        return f"restatement #{self.pk}"


class Quiz(models.Model):
    """One test within a course, as its platform says."""

    enrolment = models.ForeignKey("classes.Enrolment", models.PROTECT, related_name="+")
    platform = models.CharField(max_length=64)
    number = models.CharField(max_length=64)
    course = models.CharField(max_length=128)
    taken_at = models.DateTimeField()
    questions = models.PositiveIntegerField()
    right_first = models.PositiveIntegerField()
    seconds = models.PositiveIntegerField()
    filed_at = models.DateTimeField()
    filed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(name="quiz_once", fields=["enrolment", "platform", "number"]),
            models.CheckConstraint(name="right_of_the_questions", condition=Q(right_first__lte=F("questions"))),
        ]

    def __str__(self) -> str:
        return f"{self.platform} {self.number}"


class QuizRestated(models.Model):
    """The platform said something else of a test that it had filed: the first stays, and this is a sign (D93)."""

    quiz = models.ForeignKey(Quiz, models.PROTECT, related_name="restated")
    said = models.JSONField()  # what differs
    filed_at = models.DateTimeField()
    filed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(name="quiz_restated_once", fields=["quiz", "said"])]

    def __str__(self) -> str:
        return f"restatement of a test #{self.pk}"
