from django.conf import settings
from django.db import models
from django.db.models import F, Q

from rollbook.assessment import rules
from rollbook.faces.rules import Compared


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


class Sitting(models.Model):
    """One room at one time in which trainees of a class sat one part of its assessment (N6.2)."""

    assessment = models.ForeignKey(Assessment, models.PROTECT, related_name="sittings")
    part = models.CharField(max_length=16, choices=rules.Part.choices())
    room = models.ForeignKey("institutions.Room", models.PROTECT, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    minutes = models.PositiveSmallIntegerField()  # that the paper gives
    paper = models.CharField(max_length=64, blank=True)
    drawn_on = models.DateField(null=True)  # when the paper was drawn
    key = models.TextField(blank=True)  # the right choice of each question, parted by commas
    filed_at = models.DateTimeField()
    filed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="sitting_once_a_room_and_time", fields=["assessment", "part", "room", "starts_at"]
            ),
            models.CheckConstraint(name="sitting_ends_after_it_starts", condition=Q(ends_at__gt=F("starts_at"))),
            models.CheckConstraint(name="part_is_known", condition=Q(part__in=rules.Part.values())),
            models.CheckConstraint(name="paper_gives_time", condition=Q(minutes__gt=0)),
        ]

    def __str__(self) -> str:
        return f"sitting #{self.pk}"


class Duty(models.Model):
    """Who watched or judged in a sitting."""

    sitting = models.ForeignKey(Sitting, models.PROTECT, related_name="duties")
    person = models.ForeignKey("persons.Person", models.PROTECT, related_name="+")
    kind = models.CharField(max_length=16, choices=rules.DutyKind.choices())

    class Meta:
        constraints = [
            models.UniqueConstraint(name="on_duty_once_a_sitting", fields=["sitting", "person"]),
            models.CheckConstraint(name="duty_is_known", condition=Q(kind__in=rules.DutyKind.values())),
        ]

    def __str__(self) -> str:
        return f"duty #{self.pk}"


class AnswerSheet(models.Model):
    """What one candidate chose in a sitting, question by question, and how long it took."""

    sitting = models.ForeignKey(Sitting, models.PROTECT, related_name="sheets")
    enrolment = models.ForeignKey("classes.Enrolment", models.PROTECT, related_name="+")
    minutes = models.PositiveSmallIntegerField()
    choices = models.TextField(blank=True)  # in the order of the questions, parted by commas; none is empty
    filed_at = models.DateTimeField()
    filed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(name="one_sheet_a_sitting", fields=["sitting", "enrolment"])]

    def __str__(self) -> str:
        return f"answer sheet #{self.pk}"


class DoorPhoto(models.Model):
    """A candidate as photographed at the door of a sitting: what the examiner says, and what the machine found where
    the candidate agreed to that (N7.4, D101). Another picture is another row: none takes the place of one before."""

    sitting = models.ForeignKey(Sitting, models.PROTECT, related_name="photos")
    enrolment = models.ForeignKey("classes.Enrolment", models.PROTECT, related_name="+")
    item = models.ForeignKey("evidence.Item", models.PROTECT, related_name="+")
    word = models.CharField(max_length=16, choices=rules.Word.choices())
    remark = models.CharField(max_length=200, blank=True)
    compared = models.CharField(max_length=16, choices=Compared.choices())
    likeness = models.FloatField(null=True)
    taken_at = models.DateTimeField()
    filed_at = models.DateTimeField()
    filed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(name="door_photo_once", fields=["sitting", "enrolment", "item"]),
            models.CheckConstraint(name="word_at_the_door_is_known", condition=Q(word__in=rules.Word.values())),
            models.CheckConstraint(name="who_is_another_is_described", condition=Q(word="same") | ~Q(remark="")),
            models.CheckConstraint(
                name="door_photo_compared_with_a_likeness",
                condition=Q(compared="done", likeness__gte=0, likeness__lte=1)
                | ~Q(compared="done") & Q(likeness__isnull=True),
            ),
            models.CheckConstraint(
                name="door_photo_filed_after_it_was_taken", condition=Q(filed_at__gte=F("taken_at"))
            ),
        ]
        indexes = [models.Index(fields=["enrolment", "likeness"], name="door_photo_by_candidate")]

    def __str__(self) -> str:
        return f"photograph #{self.pk}"

    @property
    def percent(self) -> int:
        return int((self.likeness or 0) * 100)
