from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from rollbook.accounts.rules import INSTITUTIONAL, Role


class Account(AbstractUser):
    """One person in one office: what they may do is their role, where is their region.

    The person and the institution are rows of contexts above, so they are numbers here; the
    migrations of those contexts add the foreign keys.
    """

    name = models.CharField(max_length=64, blank=True)
    role = models.CharField(max_length=32, choices=Role.choices())
    region_code = models.CharField(max_length=6)
    office = models.CharField(max_length=64, blank=True)
    person_id = models.BigIntegerField(null=True, blank=True, db_index=True)
    institution_id = models.BigIntegerField(null=True, blank=True, db_index=True)
    session_key = models.CharField(max_length=40, blank=True)
    failures = models.PositiveSmallIntegerField(default=0)  # wrong passwords in a row
    code_failures = models.PositiveSmallIntegerField(default=0)  # wrong codes of the second factor in a row
    locked_until = models.DateTimeField(null=True, blank=True)

    class Meta(AbstractUser.Meta):
        constraints = [
            models.CheckConstraint(
                name="institution_people_have_their_institution",
                condition=Q(institution_id__isnull=False, role__in=sorted(map(str, INSTITUTIONAL)))
                | Q(institution_id__isnull=True) & ~Q(role__in=sorted(map(str, INSTITUTIONAL))),
            ),
            models.CheckConstraint(
                name="workers_have_their_person",
                condition=~Q(role=str(Role.WORKER)) | Q(person_id__isnull=False),
            ),
            models.CheckConstraint(name="account_role_is_known", condition=Q(role__in=Role.values())),
        ]

    def __str__(self) -> str:
        return self.name or self.username


class ToxicPair(models.Model):
    """Two roles that one person may not hold: kept by `accounts.rules.TOXIC_PAIRS`."""

    one = models.CharField(max_length=32)
    other = models.CharField(max_length=32)

    class Meta:
        constraints = [models.UniqueConstraint(name="toxic_pair_once", fields=["one", "other"])]

    def __str__(self) -> str:
        return f"{self.one} × {self.other}"


class ApiToken(models.Model):
    """A key for an institution's own system. Only its digest is kept."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="tokens")
    name = models.CharField(max_length=64)
    digest = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(models.CharField(max_length=32))
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name
