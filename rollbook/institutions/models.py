from django.conf import settings
from django.contrib.postgres.fields import DateRangeField
from django.db import models
from django.db.models import F, Q

from rollbook.institutions import rules


class Institution(models.Model):
    """A body that applies to run, or runs, subsidised projects (N2.1)."""

    name = models.CharField(max_length=128, unique=True)
    short_name = models.CharField(max_length=32, blank=True)
    uscc = models.CharField(max_length=18, unique=True)  # GB 32100
    kind = models.CharField(max_length=24, choices=rules.Kind.choices())
    nature = models.CharField(max_length=16, choices=rules.Nature.choices(), default="private")
    region_code = models.CharField(max_length=6)
    address = models.CharField(max_length=200)
    legal_person = models.CharField(max_length=64, blank=True)
    contact = models.CharField(max_length=64, blank=True)
    phone = models.CharField(max_length=32, blank=True)
    capacity = models.PositiveIntegerField(default=0)  # trainees at one time
    state = models.CharField(max_length=16, choices=rules.State.choices(), default="draft")
    applied_at = models.DateTimeField(null=True)
    listed_at = models.DateTimeField(null=True)
    pinyin = models.CharField(max_length=512, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="institution_state_is_known", condition=Q(state__in=rules.State.values())),
            models.CheckConstraint(
                name="listed_institution_has_its_date",
                condition=~Q(state__in=["listed", "removed"]) | Q(listed_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Site(models.Model):
    institution = models.ForeignKey(Institution, models.PROTECT, related_name="sites")
    name = models.CharField(max_length=64)
    address = models.CharField(max_length=200)
    region_code = models.CharField(max_length=6)
    longitude = models.DecimalField(max_digits=9, decimal_places=6, null=True)  # WGS-84
    latitude = models.DecimalField(max_digits=9, decimal_places=6, null=True)

    def __str__(self) -> str:
        return self.name


class Room(models.Model):
    site = models.ForeignKey(Site, models.PROTECT, related_name="rooms")
    name = models.CharField(max_length=64)
    kind = models.CharField(max_length=16, choices=rules.RoomKind.choices())
    seats = models.PositiveSmallIntegerField()
    area_m2 = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="room_name_once_a_site", fields=["site", "name"]),
            models.CheckConstraint(name="room_has_seats", condition=Q(seats__gt=0)),
        ]

    def __str__(self) -> str:
        return self.name


class Equipment(models.Model):
    room = models.ForeignKey(Room, models.PROTECT, related_name="equipment")
    name = models.CharField(max_length=64)
    model = models.CharField(max_length=64, blank=True)
    quantity = models.PositiveIntegerField()
    work_stations = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return self.name


class Teacher(models.Model):
    """A person who teaches for an institution (N10.1)."""

    institution = models.ForeignKey(Institution, models.PROTECT, related_name="teachers")
    person = models.ForeignKey("persons.Person", models.PROTECT, related_name="+")
    is_full_time = models.BooleanField(default=True)
    is_craftsman = models.BooleanField(default=False)  # hired for experience of production
    experience_years = models.PositiveSmallIntegerField(default=0)
    left_on = models.DateField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(name="teacher_once_an_institution", fields=["institution", "person"])]

    def __str__(self) -> str:
        return str(self.person)


class Qualification(models.Model):
    """A teacher's certificate for an occupation: may teach up to `level` (1 is highest)."""

    teacher = models.ForeignKey(Teacher, models.PROTECT, related_name="qualifications")
    occupation = models.ForeignKey("directory.Occupation", models.PROTECT, related_name="+")
    level = models.CharField(max_length=1)
    certificate_number = models.CharField(max_length=32)
    expires_on = models.DateField(null=True)

    def __str__(self) -> str:
        return self.certificate_number


class Paper(models.Model):
    """A licence or safety certificate with its validity (N2.2)."""

    institution = models.ForeignKey(Institution, models.PROTECT, related_name="papers")
    kind = models.CharField(max_length=16, choices=rules.PaperKind.choices())
    number = models.CharField(max_length=64)
    valid = DateRangeField()
    file = models.FileField(upload_to="papers/%Y/%m/", blank=True)

    def __str__(self) -> str:
        return self.number


class ProjectApproval(models.Model):
    """That an institution may train an occupation at a level."""

    institution = models.ForeignKey(Institution, models.PROTECT, related_name="projects")
    occupation = models.ForeignKey("directory.Occupation", models.PROTECT, related_name="+")
    level = models.CharField(max_length=1)
    state = models.CharField(max_length=16, choices=rules.ProjectState.choices(), default="asked")
    in_force = DateRangeField(null=True)  # agreements run for a year
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="project_once_an_institution",
                fields=["institution", "occupation", "level"],
                condition=Q(state__in=["asked", "approved"]),
            ),
            models.CheckConstraint(
                name="approved_project_was_decided",
                condition=~Q(state="approved") | Q(in_force__isnull=False, decided_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.occupation} {self.level}"


class SiteVisit(models.Model):
    """An on-site verification by two officers (N4.4)."""

    institution = models.ForeignKey(Institution, models.PROTECT, related_name="visits")
    visited_at = models.DateTimeField()
    first_officer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    second_officer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField(null=True)  # by the second officer, who must sign too
    checklist = models.JSONField(default=dict)  # item code → {"passed": bool, "remark": str}
    passed = models.BooleanField()
    conclusion = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="two_officers_visit", condition=~Q(first_officer=F("second_officer")))
        ]

    def __str__(self) -> str:
        return f"visit #{self.pk}"


class VisitPhoto(models.Model):
    visit = models.ForeignKey(SiteVisit, models.PROTECT, related_name="photos")
    item = models.ForeignKey("evidence.Item", models.PROTECT, null=True, related_name="+")
    file = models.FileField(upload_to="visits/%Y/%m/", blank=True)  # as it was kept before; empty once moved
    sha256 = models.CharField(max_length=64)  # of the bytes as they were sent
    caption = models.CharField(max_length=128, blank=True)

    def __str__(self) -> str:
        return self.caption


class Restriction(models.Model):
    """A bar on new classes of an institution, placed here or by a context above."""

    institution = models.ForeignKey(Institution, models.PROTECT, related_name="restrictions")
    ground = models.CharField(max_length=200)
    clause = models.CharField(max_length=64, blank=True)
    placed_at = models.DateTimeField()
    placed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    ends_on = models.DateField(null=True)
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="restriction_lifted_by_someone_at_some_time",
                condition=Q(lifted_at__isnull=True, lifted_by__isnull=True)
                | Q(lifted_at__isnull=False, lifted_by__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.institution}: {self.ground}"
