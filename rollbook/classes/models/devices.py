from django.conf import settings
from django.db import models
from django.db.models import F, Q

from rollbook.classes.rules.devices import DeviceKind, DeviceState
from rollbook.classes.rules.events import FileState


class Device(models.Model):
    """A kiosk or card reader of an institution with a key of its own, of which only the digest is kept.

    It may send once it is active, which the county or the institution makes it as the region rules.
    """

    institution = models.ForeignKey("institutions.Institution", models.PROTECT, related_name="+")
    room = models.ForeignKey("institutions.Room", models.PROTECT, null=True, related_name="+")
    name = models.CharField(max_length=64)
    kind = models.CharField(max_length=16, choices=DeviceKind.choices())
    serial = models.CharField(max_length=64)
    state = models.CharField(max_length=16, choices=DeviceState.choices(), default="registered")
    digest = models.CharField(max_length=64, unique=True)  # SHA-256 of the key
    registered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    registered_at = models.DateTimeField()
    activated_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    activated_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    revoked_at = models.DateTimeField(null=True)
    revoke_reason = models.CharField(max_length=200, blank=True)
    seen_at = models.DateTimeField(null=True)
    skew_seconds = models.IntegerField(null=True)  # its clock ahead of ours when it was last seen

    class Meta:
        constraints = [
            models.CheckConstraint(name="device_state_is_known", condition=Q(state__in=DeviceState.values())),
            models.CheckConstraint(
                name="active_device_was_activated", condition=~Q(state="active") | Q(activated_at__isnull=False)
            ),
            models.CheckConstraint(
                name="revoked_device_has_its_moment",
                condition=Q(state="revoked", revoked_at__isnull=False) | ~Q(state="revoked") & Q(revoked_at=None),
            ),
            models.UniqueConstraint(
                name="device_serial_once", fields=["institution", "serial"], condition=~Q(state="revoked")
            ),
        ]
        indexes = [models.Index(fields=["institution", "-id"], name="device_by_institution")]

    def __str__(self) -> str:
        return f"{self.name} {self.serial}"


class RefusedEvent(models.Model):
    """What a device sent and no lesson or trainee could be found for: kept, so that its sequence has no gap
    and somebody can look. The first answer stays."""

    reader = models.ForeignKey(Device, models.PROTECT, related_name="refused_events")
    event_id = models.UUIDField()
    sequence = models.BigIntegerField(null=True)
    happened_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField()
    code = models.CharField(max_length=32)  # of the reason

    class Meta:
        constraints = [models.UniqueConstraint(name="refused_event_once", fields=["reader", "event_id"])]
        indexes = [models.Index(fields=["reader", "sequence"], name="refused_event_by_sequence")]

    def __str__(self) -> str:
        return f"refused event #{self.pk}"


class EventFile(models.Model):
    """Events that a device kept, brought as one file and taken by a worker in parts: what came of them, so that it may go
    on after a stop. The file itself, which may name identity cards, is removed once it is taken."""

    reader = models.ForeignKey(Device, models.PROTECT, related_name="event_files")
    name = models.CharField(max_length=128, blank=True)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()  # bytes
    file = models.FileField(upload_to="events", blank=True)
    filed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )  # none: the device
    filed_at = models.DateTimeField()  # when its events were received
    skew_seconds = models.IntegerField(null=True)  # the device's clock ahead of ours when it sent this
    state = models.CharField(max_length=8, choices=FileState.choices(), default="waiting")
    rows = models.PositiveIntegerField(null=True)  # once it was read
    wrong = models.PositiveIntegerField(default=0)  # rows that are no events
    wrong_fields = models.JSONField(default=list)  # the first of them: row, field, code
    done = models.PositiveIntegerField(default=0)  # events that have their answer
    counted = models.PositiveIntegerField(default=0)
    kept = models.PositiveIntegerField(default=0)  # and do not count
    refused = models.PositiveIntegerField(default=0)  # belong to nobody
    failure = models.JSONField(default=list)  # messages: why it was broken off
    seen_at = models.DateTimeField()  # when it last moved
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="event_file_once", fields=["reader", "sha256"]),
            models.CheckConstraint(
                name="event_file_ends_once",
                condition=Q(state__in=["waiting", "running"], ended_at=None)
                | Q(state__in=["done", "failed"], ended_at__isnull=False),
            ),
            models.CheckConstraint(
                name="every_event_of_a_file_has_one_answer",
                condition=Q(done=F("counted") + F("kept") + F("refused")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name or 'events'} #{self.pk}"


class EventAnswers(models.Model):
    """The answers to a part of a file, as lines of CSV, written with the check-ins that they are about."""

    event_file = models.ForeignKey(EventFile, models.CASCADE, related_name="answers")
    first = models.PositiveIntegerField()  # place of its first event; 0 has the rows that are no events
    lines = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(name="answers_once_a_part", fields=["event_file", "first"])]

    def __str__(self) -> str:
        return f"answers #{self.pk}"


class MonthArchive(models.Model):
    """A month of check-ins that was moved out of the database into a Parquet file."""

    month = models.DateField(unique=True)  # its first day
    path = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    rows = models.PositiveBigIntegerField()
    archived_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(name="archive_is_of_a_month", condition=Q(month__day=1))]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"


class ArchivedRun(models.Model):
    """Numbers of a device's sequence, one after the other, that were moved out with a month."""

    archive = models.ForeignKey(MonthArchive, models.PROTECT, related_name="runs")
    reader = models.ForeignKey(Device, models.PROTECT, related_name="+")
    first = models.BigIntegerField()
    last = models.BigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(name="run_goes_up", condition=Q(last__gte=models.F("first")))]
        indexes = [models.Index(fields=["reader", "first"], name="archived_run_by_reader")]

    def __str__(self) -> str:
        return f"{self.first}–{self.last}"
