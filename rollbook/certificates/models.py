from django.conf import settings
from django.db import models
from django.db.models import Q

from rollbook.certificates import rules


class Series(models.Model):
    """The next serial of a province's certificates of a year; locked while it is taken."""

    province_code = models.CharField(max_length=6)
    year = models.PositiveSmallIntegerField()
    next_serial = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [models.UniqueConstraint(name="one_series_a_year", fields=["province_code", "year"])]

    def __str__(self) -> str:
        return f"{self.province_code} {self.year}"


class Certificate(models.Model):
    """A certificate as it was issued: its words are kept here, whatever changes elsewhere."""

    series = models.ForeignKey(Series, models.PROTECT, related_name="certificates")
    serial = models.PositiveIntegerField()
    number = models.CharField(max_length=24, unique=True)
    token = models.CharField(max_length=43, unique=True)  # unguessable, for the QR code
    enrolment = models.OneToOneField("classes.Enrolment", models.PROTECT, related_name="certificate")
    person = models.ForeignKey("persons.Person", models.PROTECT, related_name="+")
    name = models.CharField(max_length=64)
    id_masked = models.CharField(max_length=18)
    institution = models.ForeignKey("institutions.Institution", models.PROTECT, related_name="+")
    institution_name = models.CharField(max_length=128)
    occupation = models.ForeignKey("directory.Occupation", models.PROTECT, related_name="+")
    project = models.CharField(max_length=128)
    level = models.CharField(max_length=1)
    hours = models.PositiveSmallIntegerField()
    starts_on = models.DateField()
    ends_on = models.DateField()
    issued_on = models.DateField()
    region_code = models.CharField(max_length=6)
    state = models.CharField(max_length=16, choices=rules.State.choices(), default="valid")
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    revoke_reason = models.CharField(max_length=200, blank=True)
    prints = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="serial_once_a_series", fields=["series", "serial"]),
            models.CheckConstraint(
                name="revoked_certificate_has_its_reason",
                condition=~Q(state="revoked")
                | Q(revoked_at__isnull=False, revoked_by__isnull=False) & ~Q(revoke_reason=""),
            ),
        ]
        indexes = [models.Index(fields=["region_code", "-id"], name="certificate_by_region")]

    def __str__(self) -> str:
        return self.number
