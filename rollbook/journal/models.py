from django.conf import settings
from django.db import models


class Entry(models.Model):
    """Something that happened. Written once: triggers stop changes and deletions."""

    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    kind = models.CharField(max_length=64)
    subject = models.CharField(max_length=64)  # "classes.TrainingClass:17"
    title = models.CharField(max_length=200, blank=True)
    region_code = models.CharField(max_length=6, blank=True)
    institution_id = models.BigIntegerField(null=True)
    data = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["subject", "at"], name="journal_by_subject"),
            models.Index(fields=["region_code", "-id"], name="journal_by_region"),
            models.Index(fields=["kind", "-id"], name="journal_by_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%F %T} {self.kind} {self.subject}"


class Seal(models.Model):
    """The digest of one day's entries, chained to the seal before it. Never changed."""

    day = models.DateField(unique=True)
    last_entry_id = models.BigIntegerField()
    entries = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)  # SHA-256, hexadecimal
    sealed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.day} {self.digest[:12]}"
