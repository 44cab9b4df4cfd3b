from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import MD5

from rollbook.exchange import rules
from rollbook.exchange.rules.refusals import RefusalKind


class Source(models.Model):
    """A department, or another body, that delivers facts; its line is here so that workers share its back-off."""

    code = models.CharField(max_length=32, unique=True)
    name = models.CharField(max_length=64)
    region_code = models.CharField(max_length=6)
    public_key = models.CharField(max_length=64, blank=True)  # Ed25519, base64: what it signs can be checked
    url = models.CharField(max_length=200, blank=True)  # where its batches can be fetched; none: it sends them
    failures = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField()
    tried_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    failure = models.CharField(max_length=200, blank=True)  # the last one, while it lasts
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class SourceChange(models.Model):
    """A key, address or cadence that a source is to have: it holds once another official has confirmed it."""

    source = models.ForeignKey(Source, models.PROTECT, related_name="changes")
    public_key = models.CharField(max_length=64, blank=True)
    url = models.CharField(max_length=200, blank=True)
    cadence_days = models.PositiveSmallIntegerField(null=True)  # none: as its contracts say
    why = models.CharField(max_length=200)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    is_confirmed = models.BooleanField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="one_open_change_of_a_source", fields=["source"], condition=Q(is_confirmed__isnull=True)
            ),
            models.CheckConstraint(
                name="another_confirms_a_source_change",
                condition=~Q(is_confirmed=True) | (Q(decided_by__isnull=False) & ~Q(decided_by=F("asked_by"))),
            ),
            models.CheckConstraint(
                name="source_change_is_sane", condition=~Q(why="") & (Q(cadence_days=None) | Q(cadence_days__gt=0))
            ),
        ]

    def __str__(self) -> str:
        return self.source.name


class Contract(models.Model):
    """What a source delivers of one feed from a day on: fields, codes, key, cadence, purpose, legal basis.
    Never edited: superseded."""

    source = models.ForeignKey(Source, models.PROTECT, related_name="contracts")
    feed = models.CharField(max_length=32)  # of `rules.Feed`
    in_force = DateRangeField()
    shape = models.JSONField()  # as `rules.Shape.of` reads it
    cadence_days = models.PositiveSmallIntegerField()
    purpose = models.CharField(max_length=200)
    legal_basis = models.CharField(max_length=200)
    document = models.CharField(max_length=64)
    wrong_percent = models.PositiveSmallIntegerField()
    changed_percent = models.PositiveSmallIntegerField()
    matched_percent = models.PositiveSmallIntegerField()
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    set_at = models.DateTimeField()

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="one_contract_at_a_time",
                expressions=[
                    ("source", RangeOperators.EQUAL),
                    ("feed", RangeOperators.EQUAL),
                    ("in_force", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                name="contract_is_sane",
                condition=Q(
                    cadence_days__gt=0, wrong_percent__lte=100, changed_percent__lte=100, matched_percent__lte=100
                )
                & ~Q(purpose="")
                & ~Q(legal_basis="")
                & ~Q(document=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source.name} {self.feed}"

    @property
    def feed_label(self) -> str:
        return rules.Feed(self.feed).label


class Batch(models.Model):
    """One delivery, as it was received: its number is the source's own, so that it is taken once."""

    source = models.ForeignKey(Source, models.PROTECT, related_name="batches")
    contract = models.ForeignKey(Contract, models.PROTECT, related_name="batches")
    feed = models.CharField(max_length=32)  # of `rules.Feed`
    number = models.CharField(max_length=64)
    way = models.CharField(max_length=8, choices=rules.Way.choices())
    as_of = models.DateField()
    file = models.CharField(max_length=128)
    sha256 = models.CharField(max_length=64)
    sm3 = models.CharField(max_length=64, blank=True)
    is_signed = models.BooleanField(default=False)
    state = models.CharField(max_length=8, choices=rules.BatchState.choices(), default="checked")
    rows = models.PositiveIntegerField(default=0)
    wrong = models.PositiveIntegerField(default=0)
    known = models.PositiveIntegerField(default=0)
    new = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    ended = models.PositiveIntegerField(default=0)
    same = models.PositiveIntegerField(default=0)
    names_differ = models.PositiveIntegerField(default=0)
    reasons = models.JSONField(default=list)  # why a person must look, as messages
    lake_path = models.CharField(max_length=200, blank=True)  # its good rows as columns, with digests for numbers
    lake_sha256 = models.CharField(max_length=64, blank=True)
    received_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    received_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    why = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="batch_is_taken_once", fields=["source", "feed", "number"]),
            models.CheckConstraint(
                name="another_releases_a_stopped_batch",
                condition=Q(decided_by__isnull=True)
                | Q(reasons=[])
                | ~Q(state="loaded")
                | Q(received_by__isnull=True)
                | ~Q(decided_by=F("received_by")),
            ),
            models.CheckConstraint(
                name="stopped_batch_is_loaded_by_a_person",
                condition=~Q(state="loaded") | Q(reasons=[]) | Q(decided_by__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["source", "feed", "-as_of"], name="batch_by_feed")]

    def __str__(self) -> str:
        return f"{self.feed} {self.number}"

    @property
    def feed_label(self) -> str:
        return rules.Feed(self.feed).label


class Wrong(models.Model):
    """A cell of a batch that cannot be taken: where it is and what is wrong. Its value is not kept."""

    batch = models.ForeignKey(Batch, models.CASCADE, related_name="wrong_cells")
    row = models.PositiveIntegerField()  # as the file numbers it: the header is row 1
    column = models.CharField(max_length=64)
    message = models.JSONField()

    class Meta:
        ordering = ["row", "pk"]

    def __str__(self) -> str:
        return f"{self.row} {self.column}"


class Fact(models.Model):
    """What a source said about a person or firm as of a day. Written once: triggers stop changes and deletions.
    A correction is another row; the one of the latest day, and of those the last received, holds."""

    batch = models.ForeignKey(Batch, models.PROTECT, related_name="facts")
    source = models.ForeignKey(Source, models.PROTECT, related_name="+")
    feed = models.CharField(max_length=32)  # of `rules.Feed`
    subject = models.CharField(max_length=64)  # a person's keyed digest, or a firm's code
    name = models.CharField(max_length=64, blank=True)  # as the source writes it
    key = models.CharField(max_length=200, blank=True)  # tells facts of one subject apart
    from_on = models.DateField(null=True)
    until_on = models.DateField(null=True)
    data = models.JSONField()
    as_of = models.DateField()
    is_ended = models.BooleanField(default=False)  # not on the list any more

    class Meta:
        indexes = [
            models.Index(fields=["subject", "feed"], name="fact_by_subject"),
            models.Index(MD5("subject"), name="firm_by_digest", condition=Q(feed="companies")),
            models.Index(fields=["source", "feed", "subject", "key", "-as_of", "-id"], name="fact_in_force"),
        ]

    def __str__(self) -> str:
        return f"{self.feed} #{self.pk}"


class Refusal(models.Model):
    """A delivery that was not taken: what was wrong with it, and what somebody did about it."""

    source = models.ForeignKey(Source, models.PROTECT, null=True, related_name="refusals")  # as the manifest names it
    kind = models.CharField(max_length=16, choices=RefusalKind.choices())
    way = models.CharField(max_length=8, choices=rules.Way.choices())
    file = models.CharField(max_length=128)
    number = models.CharField(max_length=64, blank=True)  # of the batch, where the manifest is readable
    digest = models.CharField(max_length=64)  # SHA-256 of the manifest
    reasons = models.JSONField()  # as messages
    told_at = models.DateTimeField()
    settled_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    settled_at = models.DateTimeField(null=True)  # by nobody: what was missing came
    why = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="lasting_refusal_is_told_once", fields=["kind", "way", "digest"],
                condition=Q(kind="incomplete") | Q(way="pull"),
            ),
            models.CheckConstraint(
                name="who_settles_a_refusal_says_why",
                condition=Q(settled_by__isnull=True) | (Q(settled_at__isnull=False) & ~Q(why="")),
            ),
        ]  # fmt: skip
        indexes = [models.Index(fields=["source"], name="refusal_open", condition=Q(settled_at=None))]

    def __str__(self) -> str:
        return self.file
