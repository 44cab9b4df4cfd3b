from django.conf import settings
from django.db import models
from django.db.models import Q

from rollbook.web import rules


class SavedView(models.Model):
    """Filters of a list that an account keeps under a name."""

    account = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    page = models.CharField(max_length=200)  # the address without its query
    name = models.CharField(max_length=40)
    query = models.CharField(max_length=1000)

    class Meta:
        constraints = [models.UniqueConstraint(name="view_once_by_name", fields=["account", "page", "name"])]

    def __str__(self) -> str:
        return self.name


class Job(models.Model):
    """A long list that is written to a file, or a long file that is taken in, while its owner does something else: found
    again under "My jobs"."""

    account = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    source = models.CharField(max_length=32)  # which list or file: a name of settings.EXPORTS or settings.IMPORTS
    query = models.CharField(max_length=2000, blank=True)  # filters as the address had them; what a file is for
    sent = models.FileField(upload_to="jobs/sent", blank=True)  # the file to be taken in, until it is
    back = models.CharField(max_length=200, blank=True)  # the page that shows what a file brought; empty of an export
    language = models.CharField(max_length=8)
    state = models.CharField(max_length=8, choices=rules.JobState.choices(), default="waiting")
    done = models.PositiveIntegerField(default=0)  # rows
    total = models.PositiveIntegerField(null=True)
    reasons = models.JSONField(default=list)  # messages: why it failed
    file = models.FileField(upload_to="jobs", blank=True)
    made_at = models.DateTimeField()
    seen_at = models.DateTimeField()  # when it last moved
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="job_ends_once",
                condition=Q(state__in=["waiting", "running"], ended_at=None)
                | Q(state__in=["done", "failed"], ended_at__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["account", "-id"], name="job_by_account")]

    def __str__(self) -> str:
        return f"{self.source} #{self.pk}"


class Answer(models.Model):
    """What a deed over the API answered: a system that did not hear it asks again, under the key it chose."""

    account = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    key = models.CharField(max_length=64)
    asked = models.CharField(max_length=64)  # SHA-256 of what was asked
    content = models.TextField(blank=True)  # JSON
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(name="one_answer_a_key", fields=["account", "key"])]
        indexes = [models.Index(fields=["at"], name="answer_by_time")]

    def __str__(self) -> str:
        return self.key
