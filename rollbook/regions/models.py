from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models


class Region(models.Model):
    """An administrative division (GB/T 2260). Codes are abolished over time, so each has dates."""

    code = models.CharField(max_length=6)
    name = models.CharField(max_length=32)
    name_en = models.CharField(max_length=64, blank=True)
    parent_code = models.CharField(max_length=6, blank=True)
    pinyin = models.CharField(max_length=128, blank=True)
    in_force = DateRangeField()
    successor_code = models.CharField(max_length=6, blank=True)  # of an abolished division: which holds its land now

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="one_region_a_code_at_a_time",
                expressions=[
                    ("code", RangeOperators.EQUAL),
                    ("in_force", RangeOperators.OVERLAPS),
                ],
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.code}"


class CalendarDay(models.Model):
    """A day that a State Council notice moved: a weekday off, or a weekend worked."""

    day = models.DateField(unique=True)
    is_working = models.BooleanField()
    name = models.CharField(max_length=32)
    document = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return f"{self.day} {self.name}"
