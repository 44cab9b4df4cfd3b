from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q

from rollbook.database.vectors import HnswIndex, VectorField
from rollbook.faces import rules


class Consent(models.Model):
    """A person's own consent to the use of the face: for this purpose, for this time, taken back at any moment."""

    person = models.ForeignKey("persons.Person", models.PROTECT, related_name="+")
    text = models.PositiveSmallIntegerField()  # which wording was agreed to
    given_at = models.DateTimeField()
    given_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    until = models.DateField()
    ended_at = models.DateTimeField(null=True)  # withdrawn, or its time was over
    cause = models.CharField(max_length=16, choices=rules.Cause.choices(), blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="one_consent_at_a_time", fields=["person"], condition=Q(ended_at=None)),
            models.CheckConstraint(name="consent_ends_after_it_was_given", condition=Q(ended_at__gte=F("given_at"))),
            models.CheckConstraint(
                name="consent_ends_for_a_cause",
                condition=Q(ended_at=None, cause="")
                | Q(ended_at__isnull=False, cause__in=["withdrawn", "expired", "merged"]),
            ),
        ]

    def __str__(self) -> str:
        return f"consent #{self.pk}"

    @property
    def covers_calls(self) -> bool:
        """Whether its wording names the comparison at a call to the camera of a classroom."""
        return self.text >= rules.CALLS_SINCE

    @property
    def covers_exams(self) -> bool:
        """Whether its wording names the comparison at the door of an examination."""
        return self.text >= rules.EXAMS_SINCE


class Permit(models.Model):
    """That somebody's consent stands, without who: `owner` is a keyed digest. A template needs one (its foreign key),
    so that none can be made without consent nor outlive it, whatever our code does."""

    owner = models.CharField(max_length=64, primary_key=True)
    until = models.DateField()

    def __str__(self) -> str:
        return self.owner[:8]


class Template(models.Model):
    """What a face comes to, sealed, and apart from who it belongs to."""

    permit = models.OneToOneField(Permit, models.PROTECT, primary_key=True, db_column="owner")
    key_version = models.PositiveSmallIntegerField()
    box = models.BinaryField()  # AES-256-GCM of whose it is and the template, bound to the owner's digest
    model = models.CharField(max_length=64)  # of the matcher: templates of different ones are not compared
    turned = VectorField(size=rules.SIZE, null=True)  # the vector turned by a secret rotation: to find near ones by
    made_at = models.DateTimeField()
    way = models.CharField(max_length=16, choices=rules.Way.choices())
    keep_until = models.DateField()

    class Meta:
        indexes = [
            HnswIndex(fields=["turned"], name="template_by_vector", opclasses=["vector_l2_ops"]),
            models.Index(fields=["keep_until"], name="template_by_end"),
        ]

    def __str__(self) -> str:
        return f"template {self.pk[:8]}"


class Deletion(models.Model):
    """The certificate that a template was deleted: never changed, and in the journal, which is sealed."""

    owner = models.CharField(max_length=64, db_index=True)
    sha256 = models.CharField(max_length=64)  # of the sealed template
    model = models.CharField(max_length=64)
    made_at = models.DateTimeField()
    cause = models.CharField(max_length=16, choices=rules.Cause.choices())
    deleted_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(name="deleted_for_a_known_cause", condition=Q(cause__in=rules.Cause.values())),
            models.CheckConstraint(name="deleted_after_it_was_made", condition=Q(deleted_at__gte=F("made_at"))),
        ]

    def __str__(self) -> str:
        return f"{self.sha256[:12]}"


class Challenge(models.Model):
    """A number used once and the moves that answer to it."""

    nonce = models.CharField(max_length=43, unique=True)
    holder = models.CharField(max_length=32)  # "account:5" or "device:7": who alone may answer
    purpose = models.CharField(max_length=16, choices=rules.Purpose.choices())
    moves = models.JSONField()
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    used_for = models.UUIDField(null=True)  # the event of a device
    passed = models.BooleanField(default=False)  # of a phone: the face did

    class Meta:
        constraints = [
            models.CheckConstraint(name="challenge_ends", condition=Q(expires_at__gt=F("issued_at"))),
            models.UniqueConstraint(name="event_has_one_challenge", fields=["used_for"]),
        ]
        indexes = [models.Index(fields=["expires_at"], name="challenge_by_end")]

    def __str__(self) -> str:
        return f"challenge #{self.pk}"


class Check(models.Model):
    """What a device said of one face, and what the server found where it compared the picture itself; before a phone, the
    server alone compares.

    `enrolment_id` and `lesson_id` are rows of a context above, so they are numbers here. No picture is kept.
    """

    event_id = models.UUIDField(unique=True)
    owner = models.CharField(max_length=64)
    enrolment_id = models.BigIntegerField()
    lesson_id = models.BigIntegerField()
    institution_id = models.BigIntegerField()
    region_code = models.CharField(max_length=6)
    at = models.DateTimeField()
    vendor = models.CharField(max_length=64)
    model = models.CharField(max_length=64)
    score = models.FloatField()
    liveness = models.FloatField()
    passed = models.BooleanField()
    used_up = models.BooleanField(default=False)  # it was the last try on a phone that the terms allow in a day
    recheck = models.CharField(max_length=16, choices=rules.Recheck.choices(), default="none")
    rechecked_at = models.DateTimeField(null=True)
    server_score = models.FloatField(null=True)
    fingerprint = models.BigIntegerField(null=True)  # perceptual hash of the capture, and its parts to find it by
    bands = ArrayField(models.IntegerField(), default=list)
    alike = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="+"
    )  # an earlier capture that is the same

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="scores_are_shares",
                condition=Q(score__gte=0, score__lte=1, liveness__gte=0, liveness__lte=1),
            ),
            models.CheckConstraint(
                name="rechecked_with_a_score",
                condition=~Q(recheck__in=["agrees", "differs"])
                | Q(server_score__isnull=False, rechecked_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["enrolment_id", "lesson_id"], name="check_by_trainee"),
            models.Index(fields=["region_code", "-id"], name="check_by_region"),
            models.Index(fields=["owner", "-id"], name="check_by_owner"),
            GinIndex(fields=["bands"], name="check_by_bands"),
        ]

    def __str__(self) -> str:
        return f"check #{self.pk}"


class Likeness(models.Model):
    """Two people whose faces are alike. A person decides; nothing follows by itself (B7, D32)."""

    older = models.ForeignKey("persons.Person", models.PROTECT, related_name="+")
    newer = models.ForeignKey("persons.Person", models.PROTECT, related_name="+")
    score = models.FloatField()
    found_at = models.DateTimeField()
    finding = models.CharField(max_length=16, choices=rules.Finding.choices(), blank=True)
    why = models.CharField(max_length=200, blank=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(name="likeness_once_a_pair", fields=["older", "newer"]),
            models.CheckConstraint(name="likeness_is_of_two", condition=Q(older__lt=F("newer"))),
            models.CheckConstraint(
                name="likeness_is_decided_by_someone",
                condition=Q(finding="", decided_by=None, decided_at=None)
                | Q(decided_by__isnull=False, decided_at__isnull=False, finding__in=rules.Finding.values())
                & ~Q(why=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.older} / {self.newer}"


class Tally(models.Model):
    """How many templates were stored at the end of a day."""

    day = models.DateField(primary_key=True)
    stored = models.PositiveIntegerField()
    made = models.PositiveIntegerField()
    deleted = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.day}"


class Filing(models.Model):
    """That the province filed the storing of faces with the cyberspace office."""

    number = models.CharField(max_length=64)
    filed_on = models.DateField()
    stored = models.PositiveIntegerField()
    noted_at = models.DateTimeField()
    noted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return self.number
