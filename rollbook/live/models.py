from django.conf import settings
from django.db import models
from django.db.models import F, Q

from rollbook.faces.rules import Compared
from rollbook.live import rules


class Camera(models.Model):
    """A camera in a room, with a key of which only the digest is kept."""

    room = models.ForeignKey("institutions.Room", models.PROTECT, related_name="+")
    institution = models.ForeignKey("institutions.Institution", models.PROTECT, related_name="+")
    region_code = models.CharField(max_length=6)
    name = models.CharField(max_length=64)
    stream = models.CharField(max_length=32, unique=True)  # what it is called at the media server; no secret
    key_digest = models.CharField(max_length=64, unique=True)
    registered_at = models.DateTimeField()
    registered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    revoked_at = models.DateTimeField(null=True)
    view_fingerprint = models.BigIntegerField(null=True)  # of the view that was filed
    view = models.ForeignKey("evidence.Item", models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="camera_name_once_a_room", fields=["room", "name"], condition=Q(revoked_at=None)
            )
        ]
        indexes = [models.Index(fields=["region_code", "-id"], name="camera_by_region")]

    def __str__(self) -> str:
        return self.name


class Sending(models.Model):
    """One connection of a camera to the media server, during one lesson."""

    camera = models.ForeignKey(Camera, models.PROTECT, related_name="sendings")
    lesson = models.ForeignKey("classes.Lesson", models.PROTECT, related_name="+")
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    address = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="camera_sends_once_at_a_time", fields=["camera"], condition=Q(ended_at=None)),
            models.CheckConstraint(name="sending_ends_after_it_began", condition=Q(ended_at__gte=F("began_at"))),
        ]

    def __str__(self) -> str:
        return f"{self.camera} {self.began_at:%F %T}"


class RawFile(models.Model):
    """What the media server wrote down of one connection, until it is cut by lessons."""

    camera = models.ForeignKey(Camera, models.PROTECT, related_name="+")
    path = models.CharField(max_length=300, unique=True)
    began_at = models.DateTimeField()
    asked_at = models.DateTimeField()  # to be cut, last
    cut_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["asked_at"], condition=Q(cut_at=None), name="raw_file_uncut")]

    def __str__(self) -> str:
        return self.path.rpartition("/")[2]


class Recording(models.Model):
    """What a camera recorded of one lesson: found by class, lesson and minute (N4.3)."""

    lesson = models.ForeignKey("classes.Lesson", models.PROTECT, related_name="+")
    camera = models.ForeignKey(Camera, models.PROTECT, related_name="recordings")
    region_code = models.CharField(max_length=6)
    item = models.OneToOneField("evidence.Item", models.PROTECT, related_name="+")
    begins_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(name="recording_ends_after_it_begins", condition=Q(ends_at__gt=F("begins_at")))
        ]
        indexes = [
            models.Index(fields=["region_code", "-begins_at"], name="recording_by_region"),
            models.Index(fields=["lesson", "begins_at"], name="recording_by_lesson"),
        ]

    def __str__(self) -> str:
        return f"{self.lesson} {self.begins_at:%F %T}"


class Fault(models.Model):
    """A stretch of a lesson whose picture is missing or asks for a look."""

    lesson = models.ForeignKey("classes.Lesson", models.PROTECT, related_name="+")
    camera = models.ForeignKey(Camera, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=16, choices=rules.FaultKind.choices())
    begins_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="fault_once", fields=["lesson", "camera", "kind", "begins_at"]),
            models.CheckConstraint(name="fault_ends_after_it_begins", condition=Q(ends_at__gte=F("begins_at"))),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.begins_at:%F %T}"


class HeadCount(models.Model):
    """A picture of a lesson beside how many had checked in then; the heads are counted by a person."""

    lesson = models.ForeignKey("classes.Lesson", models.PROTECT, related_name="+")
    camera = models.ForeignKey(Camera, models.PROTECT, related_name="+")
    item = models.ForeignKey("evidence.Item", models.PROTECT, related_name="+")
    taken_at = models.DateTimeField()
    checked_in = models.PositiveSmallIntegerField()
    found = models.PositiveSmallIntegerField(null=True)  # faces that the machine found: there are at least so many
    counted = models.PositiveSmallIntegerField(null=True)
    counted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    counted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="head_count_once_a_moment", fields=["camera", "taken_at"]),
            models.CheckConstraint(
                name="counted_by_someone",
                condition=Q(counted__isnull=True, counted_by__isnull=True)
                | Q(counted__isnull=False, counted_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.taken_at:%F %T}"


class CameraCall(models.Model):
    """That an officer asked a trainee to come to the camera, and who came (domain 2.6, Yilong)."""

    lesson = models.ForeignKey("classes.Lesson", models.PROTECT, related_name="+")
    enrolment = models.ForeignKey("classes.Enrolment", models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=16, choices=rules.Outcome.choices())
    remark = models.CharField(max_length=200, blank=True)
    item = models.ForeignKey("evidence.Item", models.PROTECT, null=True, related_name="+")
    compared = models.CharField(max_length=16, choices=Compared.choices(), default="not-agreed")
    likeness = models.FloatField(null=True)  # by the machine, beside the officer's word
    called_at = models.DateTimeField()
    called_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(name="outcome_of_call_is_known", condition=Q(outcome__in=rules.Outcome.values())),
            models.CheckConstraint(
                name="compared_with_a_likeness",
                condition=Q(compared="done", likeness__gte=0, likeness__lte=1)
                | ~Q(compared="done") & Q(likeness__isnull=True),
            ),
            models.CheckConstraint(
                name="another_person_is_described", condition=~Q(outcome__in=["other", "unclear"]) | ~Q(remark="")
            ),
        ]

    def __str__(self) -> str:
        return f"call #{self.pk}"

    @property
    def percent(self) -> int:
        return int((self.likeness or 0) * 100)
