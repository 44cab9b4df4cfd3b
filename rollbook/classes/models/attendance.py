from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q

from rollbook.classes.models.classes import Enrolment, Lesson
from rollbook.classes.models.devices import Device
from rollbook.classes.rules import states


class CheckIn(models.Model):
    """One attendance event, as it was sent. Never changed; `event_id` is the sender's own.

    The table is partitioned by the month of the lesson (`held_on`), so an event is unique among
    those of its lesson's month. An event `set_aside` is kept but moves nothing.
    """

    event_id = models.UUIDField()
    held_on = models.DateField()  # the local day of the lesson
    lesson = models.ForeignKey(Lesson, models.PROTECT, related_name="check_ins")
    enrolment = models.ForeignKey(Enrolment, models.PROTECT, related_name="check_ins")
    direction = models.CharField(max_length=3, choices=states.Direction.choices())
    means = models.CharField(max_length=16, choices=states.Means.choices())
    happened_at = models.DateTimeField()  # by the clock of who sent it; as counted
    received_at = models.DateTimeField()  # by the server's clock
    device = models.CharField(max_length=64, blank=True, db_default="")  # as the sender calls it
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    reader = models.ForeignKey(Device, models.PROTECT, null=True, related_name="check_ins")
    sequence = models.BigIntegerField(null=True)  # of the device's own counting
    nonce = models.CharField(max_length=64, blank=True, db_default="")
    skew_seconds = models.IntegerField(null=True)  # the device's clock ahead of ours when it sent this
    latitude = models.FloatField(null=True)  # WGS-84, whatever was sent
    longitude = models.FloatField(null=True)
    accuracy = models.IntegerField(null=True)  # metres
    distance = models.IntegerField(null=True)  # metres from the site of the lesson
    is_mock = models.BooleanField(default=False, db_default=False)  # the phone said the position is made up
    set_aside = models.CharField(max_length=32, blank=True, db_default="")  # the code of why it does not count

    class Meta:
        constraints = [models.UniqueConstraint(name="event_once_a_month", fields=["event_id", "held_on"])]
        indexes = [
            models.Index(fields=["lesson", "enrolment"], name="check_in_by_lesson"),
            models.Index(fields=["reader", "sequence"], name="check_in_by_reader", condition=Q(reader__isnull=False)),
            # numbers lie in the order of writing: a few pages a month tell where those beyond one are
            BrinIndex(fields=["id"], name="check_in_by_number", autosummarize=True),
        ]

    def __str__(self) -> str:
        return f"check-in #{self.pk}"


class Attendance(models.Model):
    """What one trainee's attendance of one lesson came to."""

    lesson = models.ForeignKey(Lesson, models.PROTECT, related_name="attendances", db_index=False)
    enrolment = models.ForeignKey(Enrolment, models.PROTECT, related_name="attendances", db_index=False)
    in_at = models.DateTimeField(null=True)
    out_at = models.DateTimeField(null=True)
    presence = models.CharField(max_length=16, choices=states.Presence.choices(), default="absent")
    minutes = models.PositiveSmallIntegerField(default=0)  # within the lesson
    wrong_codes = models.PositiveSmallIntegerField(default=0)  # tried by the trainee

    class Meta:
        constraints = [
            models.UniqueConstraint(name="attendance_once_a_lesson", fields=["lesson", "enrolment"]),
        ]
        indexes = [models.Index(fields=["enrolment", "lesson"], name="attendance_by_enrolment")]

    def __str__(self) -> str:
        return f"attendance #{self.pk}"


class Leave(models.Model):
    """Leave from one lesson, with its proof, granted by another than who asks."""

    lesson = models.ForeignKey(Lesson, models.PROTECT, related_name="leaves")
    enrolment = models.ForeignKey(Enrolment, models.PROTECT, related_name="leaves")
    ground = models.CharField(max_length=32)
    explanation = models.CharField(max_length=200, blank=True)
    paper = models.ForeignKey("evidence.Item", models.PROTECT, null=True, related_name="+")  # the proof
    proof = models.FileField(upload_to="leaves/%Y/%m/", blank=True)  # as papers were kept before; empty once moved
    state = models.CharField(max_length=16, choices=states.AskState.choices(), default="asked")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="leave_once_a_lesson", fields=["lesson", "enrolment"]),
            models.CheckConstraint(
                name="leave_is_granted_by_another",
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("asked_by")),
            ),
        ]

    def __str__(self) -> str:
        return f"leave #{self.pk}"


class Correction(models.Model):
    """A change of recorded attendance, with its reason, granted by a second person."""

    lesson = models.ForeignKey(Lesson, models.PROTECT, related_name="corrections")
    enrolment = models.ForeignKey(Enrolment, models.PROTECT, related_name="corrections")
    presence = models.CharField(max_length=16, choices=states.Presence.choices())
    minutes = models.PositiveSmallIntegerField()
    was = models.JSONField(default=dict)
    reason = models.CharField(max_length=200)
    state = models.CharField(max_length=16, choices=states.AskState.choices(), default="asked")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="correction_is_granted_by_another",
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("asked_by")),
            )
        ]

    def __str__(self) -> str:
        return f"correction #{self.pk}"
