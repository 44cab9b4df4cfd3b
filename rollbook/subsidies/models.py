from django.conf import settings
from django.db import models
from django.db.models import F, Q

from rollbook.subsidies import rules


class Claim(models.Model):
    """One person's training subsidy for one class, with the facts and terms it was decided on."""

    enrolment = models.ForeignKey("classes.Enrolment", models.PROTECT, related_name="claims")
    person = models.ForeignKey("persons.Person", models.PROTECT, related_name="+")
    institution = models.ForeignKey("institutions.Institution", models.PROTECT, related_name="+")
    item = models.ForeignKey("directory.DemandItem", models.PROTECT, related_name="+")
    region_code = models.CharField(max_length=6)
    occupation_identity = models.BigIntegerField()
    level = models.CharField(max_length=1)
    state = models.CharField(max_length=16, choices=rules.State.choices(), default="filed")
    amount_fen = models.BigIntegerField()
    facts = models.JSONField()  # what the decision rested on
    terms = models.JSONField()  # the numbers in force, each with its document
    working = models.JSONField()  # the lines of the amount
    filed_at = models.DateTimeField()
    filed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    decide_by = models.DateField(null=True)  # last day of the present step's limit
    first_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    first_at = models.DateTimeField(null=True)
    second_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    second_at = models.DateTimeField(null=True)
    publicity = models.ForeignKey("Publicity", models.PROTECT, null=True, related_name="claims")
    paid_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="claim_amount_is_positive", condition=Q(amount_fen__gt=0)),
            models.CheckConstraint(name="claim_state_is_known", condition=Q(state__in=rules.State.values())),
            models.UniqueConstraint(
                name="one_live_claim_an_occupation_and_level",
                fields=["person", "occupation_identity", "level"],
                condition=~Q(state="refused"),
            ),
            models.CheckConstraint(
                name="second_review_is_by_another",
                condition=Q(second_by__isnull=True) | ~Q(second_by=F("first_by")),
            ),
            models.CheckConstraint(
                name="what_is_paid_was_reviewed_twice",
                condition=~Q(state__in=["publicity", "approved", "in-payment", "paid", "failed"])
                | Q(first_by__isnull=False, second_by__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["region_code", "state", "-id"], name="claim_by_region_state"),
            models.Index(fields=["institution", "-id"], name="claim_by_institution"),
        ]

    def __str__(self) -> str:
        return f"claim #{self.pk}"


class Publicity(models.Model):
    """A public notice of claims that passed both reviews, open to objection (N14.2)."""

    number = models.CharField(max_length=32, unique=True)
    region_code = models.CharField(max_length=6)
    starts_on = models.DateField()
    ends_on = models.DateField()  # last day of the working days
    made_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.number


class Objection(models.Model):
    """What anyone says against a claim in publicity; that claim alone is pulled back."""

    claim = models.ForeignKey(Claim, models.PROTECT, related_name="objections")
    text = models.TextField()
    contact = models.CharField(max_length=64, blank=True)
    raised_at = models.DateTimeField()
    upheld = models.BooleanField(null=True)
    settled_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    settled_at = models.DateTimeField(null=True)
    finding = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"objection #{self.pk}"
