from django.conf import settings
from django.db import models
from django.db.models import Q

from rollbook.subsidies import rules


class Recomputation(models.Model):
    """One run over the live claims of a region: each replayed, and decided again from the facts of now (B1)."""

    region_code = models.CharField(max_length=6)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    claims = models.IntegerField(default=0)
    discrepancies = models.IntegerField(default=0)  # open at its end

    class Meta:
        indexes = [models.Index(fields=["-started_at"], name="recomputation_by_time")]

    def __str__(self) -> str:
        return f"recomputation #{self.pk}"


class Accuracy(models.Model):
    """What one recomputation found a county to have paid this year, against what was due."""

    recomputation = models.ForeignKey(Recomputation, models.CASCADE, related_name="accuracies")
    region_code = models.CharField(max_length=6)
    year = models.PositiveSmallIntegerField()
    claims = models.IntegerField()
    due_fen = models.BigIntegerField()
    paid_fen = models.BigIntegerField()
    least = models.PositiveIntegerField()  # the band it was judged by, in 10 000
    most = models.PositiveIntegerField()
    document = models.CharField(max_length=64)
    is_out_of_band = models.BooleanField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="one_accuracy_a_county_and_run", fields=["recomputation", "region_code"])
        ]

    def __str__(self) -> str:
        return f"accuracy of {self.region_code} in {self.year}"


class Discrepancy(models.Model):
    """A decision that worked out again comes to something else: open until somebody settles it."""

    claim = models.ForeignKey("Claim", models.PROTECT, related_name="discrepancies")
    basis = models.CharField(max_length=16, choices=rules.Basis.choices())
    was_fen = models.BigIntegerField()
    now_fen = models.BigIntegerField()
    differences = models.JSONField()  # `rules.Difference` line by line
    facts = models.JSONField(default=list)  # name, before, now
    found_at = models.DateTimeField()
    seen_at = models.DateTimeField()  # last
    outcome = models.CharField(max_length=16, choices=rules.Outcome.choices(), blank=True)
    finding = models.TextField(blank=True)
    settled_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="one_open_discrepancy_a_claim_and_basis",
                fields=["claim", "basis"],
                condition=Q(settled_at__isnull=True),
            ),
            models.CheckConstraint(
                name="settled_discrepancy_has_its_outcome",
                condition=Q(settled_at__isnull=True, outcome="") | Q(settled_at__isnull=False) & ~Q(outcome=""),
            ),
        ]
        indexes = [models.Index(fields=["settled_at", "-found_at"], name="discrepancy_open")]

    def __str__(self) -> str:
        return f"discrepancy #{self.pk}"
