from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext

from rollbook.evidence import rules


class Item(models.Model):
    """A photograph, paper or video, known by the digest of its bytes. What it is never changes.

    `subject` is what it shows ("classes.Lesson:17"), `dossier` the file that it belongs to
    ("classes.TrainingClass:3"): rows of contexts above, so they are names here.
    """

    kind = models.CharField(max_length=16, choices=rules.Kind.choices())
    subject = models.CharField(max_length=64)
    dossier = models.CharField(max_length=64)
    region_code = models.CharField(max_length=6)
    institution_id = models.BigIntegerField(null=True)
    title = models.CharField(max_length=128, blank=True)
    extension = models.CharField(max_length=8)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)  # of the bytes as kept
    sha256_sent = models.CharField(max_length=64)  # of the bytes as they were sent, with what the camera wrote
    width = models.PositiveIntegerField(default=0)
    height = models.PositiveIntegerField(default=0)
    seconds = models.PositiveIntegerField(default=0)
    taken_at = models.DateTimeField(null=True)  # by the camera's clock
    longitude = models.DecimalField(max_digits=9, decimal_places=6, null=True)
    latitude = models.DecimalField(max_digits=9, decimal_places=6, null=True)
    camera = models.JSONField(default=dict)  # what else the camera wrote
    fingerprint = models.BigIntegerField(null=True)  # perceptual hash of a picture
    bands = ArrayField(models.IntegerField(), default=list)  # its parts, to find near ones by
    thumbnail = models.BinaryField(default=bytes)
    keep = models.CharField(max_length=16, choices=rules.Keep.choices())
    keep_until = models.DateField()
    stored_at = models.DateTimeField()
    stored_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    removed_at = models.DateTimeField(null=True)  # the bytes are gone; this row says what they were

    class Meta:
        constraints = [
            models.CheckConstraint(name="evidence_kind_is_known", condition=Q(kind__in=rules.Kind.values())),
            models.CheckConstraint(name="evidence_keep_is_known", condition=Q(keep__in=rules.Keep.values())),
            models.CheckConstraint(name="evidence_is_not_empty", condition=Q(size__gt=0)),
            models.UniqueConstraint(name="evidence_once_a_subject", fields=["subject", "sha256"]),
        ]
        indexes = [
            models.Index(fields=["dossier", "-id"], name="evidence_by_dossier"),
            models.Index(fields=["region_code", "-id"], name="evidence_by_region"),
            models.Index(fields=["institution_id", "-id"], name="evidence_by_institution"),
            models.Index(fields=["sha256"], name="evidence_by_sha256"),
            models.Index(fields=["keep_until"], name="evidence_by_end", condition=Q(removed_at=None)),
            GinIndex(fields=["bands"], name="evidence_by_bands"),
        ]

    def __str__(self) -> str:
        return gettext(self.title) if self.title else f"#{self.pk}"  # a title may be a word of the rules

    @property
    def path(self) -> str:
        return f"{self.sha256[:2]}/{self.sha256}.{self.extension}"


class Pair(models.Model):
    """Two pictures that are nearly one: kept for screening (domain 5.2, D50)."""

    one = models.ForeignKey(Item, models.PROTECT, related_name="+")  # the earlier
    other = models.ForeignKey(Item, models.PROTECT, related_name="pairs")
    distance = models.PositiveSmallIntegerField()  # bits of 64
    found_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="pair_once", fields=["one", "other"]),
            models.CheckConstraint(name="pair_is_in_order", condition=Q(one__lt=F("other"))),
        ]

    def __str__(self) -> str:
        return f"{self.one_id} ~ {self.other_id}"


class LegalHold(models.Model):
    """A case needs the evidence of a dossier: nothing of it is removed until this is lifted."""

    dossier = models.CharField(max_length=64)
    title = models.CharField(max_length=200)  # what the dossier is of
    region_code = models.CharField(max_length=6)
    institution_id = models.BigIntegerField(null=True)
    ground = models.CharField(max_length=200)
    placed_at = models.DateTimeField()
    placed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="hold_lifted_by_someone_at_some_time",
                condition=Q(lifted_at__isnull=True, lifted_by__isnull=True)
                | Q(lifted_at__isnull=False, lifted_by__isnull=False),
            ),
            models.CheckConstraint(
                name="hold_is_lifted_by_another",
                condition=Q(lifted_by__isnull=True) | ~Q(lifted_by=F("placed_by")),
            ),
        ]
        indexes = [models.Index(fields=["dossier"], name="hold_by_dossier", condition=Q(lifted_at=None))]

    def __str__(self) -> str:
        return f"{self.title}: {self.ground}"


class Scrub(models.Model):
    """One reading of every byte that is kept, and what was not as it was stored."""

    began_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    items = models.PositiveIntegerField()
    bytes_read = models.BigIntegerField()
    wrong = models.JSONField(default=list)  # [{"item": 17, "what": "changed"}]

    def __str__(self) -> str:
        return f"{self.began_at:%F %T}"
