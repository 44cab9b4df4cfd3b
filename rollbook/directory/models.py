from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import Q

from rollbook.directory import rules


class Occupation(models.Model):
    """An occupation of one edition of the national classification, with that edition's code.

    `identity` is one number for what is the same occupation across editions: "never twice" is
    kept by it and not by code or name (domain 3.7 H).
    """

    code = models.CharField(max_length=16)
    edition = models.PositiveSmallIntegerField(default=2022)
    name = models.CharField(max_length=64)
    pinyin = models.CharField(max_length=256, blank=True)  # full and initials, to search by
    definition = models.TextField(blank=True)
    identity = models.BigIntegerField(db_index=True)
    aliases = models.CharField(max_length=256, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(name="occupation_once_an_edition", fields=["edition", "code", "name"])]

    def __str__(self) -> str:
        return f"{self.name} {self.code}"


class DemandList(models.Model):
    """One version of a region's demand directory (N1.1). Never edited once published."""

    region_code = models.CharField(max_length=6)
    version = models.PositiveIntegerField()
    title = models.CharField(max_length=128)
    document = models.CharField(max_length=64)
    based_on = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")
    state = models.CharField(max_length=16, choices=rules.ListState.choices(), default="draft")
    in_force = DateRangeField(null=True)  # from publication until the next version begins
    drafted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    agreed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    agreed_at = models.DateTimeField(null=True)
    published_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="one_list_a_version", fields=["region_code", "version"]),
            ExclusionConstraint(
                name="one_list_in_force_at_a_time",
                expressions=[
                    ("region_code", RangeOperators.EQUAL),
                    ("in_force", RangeOperators.OVERLAPS),
                ],
                condition=Q(state="published"),
            ),
            models.CheckConstraint(
                name="published_list_was_agreed",
                condition=~Q(state__in=["agreed", "published"]) | Q(agreed_by__isnull=False),
            ),
            models.CheckConstraint(
                name="published_list_has_its_dates",
                condition=~Q(state="published") | Q(in_force__isnull=False, published_at__isnull=False),
            ),
            models.CheckConstraint(
                name="finance_agrees_to_what_another_drafted",
                condition=Q(agreed_by__isnull=True) | ~Q(agreed_by=models.F("drafted_by")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} v{self.version}"


class DemandItem(models.Model):
    """A project of a demand list: what may be trained, for how long, and what it is paid."""

    demand_list = models.ForeignKey(DemandList, models.PROTECT, related_name="items")
    training_type = models.CharField(max_length=16, choices=rules.TrainingType.choices())
    occupation = models.ForeignKey(Occupation, models.PROTECT, related_name="+")
    level = models.CharField(max_length=1, choices=rules.Level.choices(), default="0")
    grade = models.CharField(max_length=2, blank=True)  # class A, B or C of the standard's table
    hours = models.PositiveSmallIntegerField()  # least academic hours of 45 minutes
    hours_basis = models.CharField(max_length=128, blank=True)
    practice_percent = models.PositiveSmallIntegerField(default=60)
    amount_fen = models.BigIntegerField()  # standard of one person
    urgency = models.CharField(max_length=16, choices=rules.Urgency.choices(), default="ordinary")
    scarce_amount_fen = models.BigIntegerField(null=True)  # published, not computed (domain 3.7 A)
    priority_sector = models.CharField(max_length=64, blank=True)
    labour_brand = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="one_item_a_project",
                fields=["demand_list", "training_type", "occupation", "level"],
            ),
            models.CheckConstraint(
                name="item_is_sane",
                condition=Q(amount_fen__gte=0, hours__gt=0, practice_percent__lte=100),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.occupation.name} {self.level}"


class Term(models.Model):
    """A number that a notice set for a region, from a date on. Never edited: superseded."""

    region_code = models.CharField(max_length=6)
    key = models.CharField(max_length=32)  # of `rules.TermKey`: as choices, each new one would restate them all
    value = models.IntegerField()
    document = models.CharField(max_length=64)
    in_force = DateRangeField()

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="one_term_at_a_time",
                expressions=[
                    ("region_code", RangeOperators.EQUAL),
                    ("key", RangeOperators.EQUAL),
                    ("in_force", RangeOperators.OVERLAPS),
                ],
            )
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.region_code} {self.value}"

    @property
    def label(self) -> str:
        return rules.TermKey(self.key).label
