from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q

from rollbook.directory.rules import ListState
from rollbook.subsidies import rules


class PolicyVersion(models.Model):
    """One version of what a region pays for a kind of subsidy. Never edited once published (N13.1).

    `content` is a `rules.Policy` as JSON: whoever decides keeps the version, and so can repeat it.
    """

    region_code = models.CharField(max_length=6)
    subsidy = models.CharField(max_length=16, choices=rules.Subsidy.choices())
    version = models.PositiveIntegerField()
    title = models.CharField(max_length=128)
    content = models.JSONField()
    based_on = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")
    state = models.CharField(max_length=16, choices=ListState.choices(), default="draft")
    in_force = DateRangeField(null=True)  # by the day that the policy's selector names
    drafted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    agreed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    agreed_at = models.DateTimeField(null=True)
    published_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="one_policy_a_version", fields=["region_code", "subsidy", "version"]),
            ExclusionConstraint(
                name="one_policy_in_force_at_a_time",
                expressions=[
                    ("region_code", RangeOperators.EQUAL),
                    ("subsidy", RangeOperators.EQUAL),
                    ("in_force", RangeOperators.OVERLAPS),
                ],
                condition=Q(state="published"),
            ),
            models.CheckConstraint(
                name="published_policy_was_agreed",
                condition=~Q(state__in=["agreed", "published"]) | Q(agreed_by__isnull=False),
            ),
            models.CheckConstraint(
                name="published_policy_has_its_dates",
                condition=~Q(state="published") | Q(in_force__isnull=False, published_at__isnull=False),
            ),
            models.CheckConstraint(
                name="finance_agrees_to_a_policy_of_another",
                condition=Q(agreed_by__isnull=True) | ~Q(agreed_by=F("drafted_by")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} v{self.version}"
