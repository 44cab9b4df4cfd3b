from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.fields.json import KT

from rollbook.funds.rules import Fund, RecoveryGround
from rollbook.subsidies import rules


class Claim(models.Model):
    """One person's training subsidy for one class, with the facts and the policy it was decided on."""

    enrolment = models.ForeignKey("classes.Enrolment", models.PROTECT, related_name="claims")
    person = models.ForeignKey("persons.Person", models.PROTECT, related_name="+")
    institution = models.ForeignKey("institutions.Institution", models.PROTECT, related_name="+")
    item = models.ForeignKey("directory.DemandItem", models.PROTECT, related_name="+")
    region_code = models.CharField(max_length=6)
    kind = models.CharField(max_length=16, choices=rules.Kind.choices())
    occupation_identity = models.BigIntegerField()
    level = models.CharField(max_length=1)
    state = models.CharField(max_length=16, choices=rules.State.choices(), default="filed")
    amount_fen = models.BigIntegerField()
    facts = models.JSONField()  # what the decision rested on
    policy = models.ForeignKey("PolicyVersion", models.PROTECT, related_name="claims")
    stage = models.GeneratedField(
        expression=KT("facts__stage"), output_field=models.CharField(max_length=16), db_persist=True
    )
    follows = models.ForeignKey("self", models.PROTECT, null=True, related_name="later")  # first instalment
    working = models.JSONField()  # the lines of the amount
    grounds = models.JSONField(default=list)  # the conditions that had figures, as they were met
    sources = models.JSONField(default=dict)  # where facts came from, and as of which day
    fund = models.CharField(max_length=16, choices=Fund.choices(), default="employment")
    payee = models.CharField(max_length=16, choices=rules.Payee.choices(), default="person")
    organisation = models.ForeignKey(
        "persons.Organisation", models.PROTECT, null=True, related_name="+"
    )  # that is paid
    filings = models.PositiveSmallIntegerField(default=1)  # more where it was returned and decided anew
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
            models.CheckConstraint(name="claim_kind_is_known", condition=Q(kind__in=rules.Kind.values())),
            models.CheckConstraint(
                name="claim_pays_the_person_or_an_organisation",
                condition=Q(payee="person", organisation=None)
                | Q(payee__in=["employer", "institution"], organisation__isnull=False),
            ),
            models.CheckConstraint(name="claim_state_is_known", condition=Q(state__in=rules.State.values())),
            models.UniqueConstraint(
                name="one_live_claim_an_occupation_and_level",
                fields=["person", "occupation_identity", "level"],
                condition=~Q(state="refused")
                & Q(kind__in=[one.value for one in rules.TRAINED])
                & Q(follows__isnull=True),
            ),
            models.UniqueConstraint(
                name="one_live_claim_an_instalment",
                fields=["follows", "stage"],
                condition=~Q(state="refused") & Q(follows__isnull=False),
            ),
            models.UniqueConstraint(
                name="one_live_evaluation_an_occupation_and_level",
                fields=["person", "occupation_identity", "level"],
                condition=~Q(state="refused") & Q(kind="evaluation"),
            ),
            models.UniqueConstraint(
                name="one_live_living_allowance_a_training",
                fields=["enrolment"],
                condition=~Q(state="refused") & Q(kind="living"),
            ),
            models.UniqueConstraint(
                name="one_live_safety_subsidy_a_training",
                fields=["enrolment"],
                condition=~Q(state="refused") & Q(kind="safety"),
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


class Hold(models.Model):
    """A stop on a claim, on all claims of a class, or on all of one trainee in it, also those filed later; placed by a
    context above until it is lifted (N4.1, N14.1)."""

    claim = models.ForeignKey(Claim, models.PROTECT, null=True, related_name="holds")
    training_class = models.ForeignKey("classes.TrainingClass", models.PROTECT, null=True, related_name="+")
    # of the class this person alone; not the enrolment, which is deleted when a draft's roster changes
    person = models.ForeignKey("persons.Person", models.PROTECT, null=True, related_name="+")
    region_code = models.CharField(max_length=6)
    institution = models.ForeignKey("institutions.Institution", models.PROTECT, related_name="+")
    ground = models.JSONField()  # a message as the rules gave it: template, values, code, clause
    source = models.CharField(max_length=64)  # what it rests on: "supervision.Inspection:3"
    placed_at = models.DateTimeField()
    placed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    lifted_because = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="hold_is_on_a_claim_or_a_class",
                condition=Q(claim__isnull=False, training_class__isnull=True, person__isnull=True)
                | Q(claim__isnull=True, training_class__isnull=False),
            ),
            models.UniqueConstraint(
                name="one_hold_a_claim_and_source", fields=["claim", "source"], condition=Q(lifted_at=None)
            ),
            models.UniqueConstraint(
                name="one_hold_a_class_and_source",
                fields=["training_class", "source"],
                condition=Q(lifted_at=None, person=None),
            ),
            models.UniqueConstraint(
                name="one_hold_a_trainee_and_source",
                fields=["training_class", "person", "source"],
                condition=Q(lifted_at=None, person__isnull=False),
            ),
            models.CheckConstraint(
                name="hold_was_lifted_for_a_reason",
                condition=Q(lifted_at__isnull=True, lifted_by__isnull=True)
                | Q(lifted_at__isnull=False, lifted_by__isnull=False) & ~Q(lifted_because=""),
            ),
            models.CheckConstraint(
                name="claim_hold_is_lifted_by_another",
                condition=Q(lifted_by__isnull=True) | Q(placed_by__isnull=True) | ~Q(lifted_by=F("placed_by")),
            ),
        ]
        indexes = [
            models.Index(fields=["claim"], name="live_hold_by_claim", condition=Q(lifted_at=None)),
            models.Index(fields=["training_class"], name="live_hold_by_class", condition=Q(lifted_at=None)),
        ]

    def __str__(self) -> str:
        return f"hold #{self.pk}"


class Proposal(models.Model):
    """That of a paid claim so much is to come back, as the facts of now have it, until the office decides (N6.4)."""

    claim = models.ForeignKey(Claim, models.PROTECT, related_name="proposals")
    ground = models.CharField(max_length=16, choices=RecoveryGround.choices())
    due_fen = models.BigIntegerField()  # to date
    paid_fen = models.BigIntegerField()  # to date, without what is ordered to come back already
    amount_fen = models.GeneratedField(
        expression=F("paid_fen") - F("due_fen"), output_field=models.BigIntegerField(), db_persist=True
    )
    reasons = models.JSONField()  # messages as the rules gave them
    found_at = models.DateTimeField()
    seen_at = models.DateTimeField()  # last
    state = models.CharField(max_length=16, choices=rules.ProposalState.choices(), default="open")
    recovery = models.OneToOneField("funds.Recovery", models.PROTECT, null=True, related_name="proposal")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    why = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="one_open_proposal_a_claim", fields=["claim"], condition=Q(state="open")),
            models.CheckConstraint(name="proposal_is_of_something", condition=Q(paid_fen__gt=F("due_fen"))),
            models.CheckConstraint(
                name="ordered_proposal_has_its_recovery",
                condition=Q(state="ordered", recovery__isnull=False) | ~Q(state="ordered") & Q(recovery__isnull=True),
            ),
            models.CheckConstraint(
                name="proposal_was_closed_for_a_reason",
                condition=~Q(state="closed") | Q(decided_by__isnull=False) & ~Q(why=""),
            ),
        ]
        indexes = [models.Index(fields=["state", "-id"], name="proposal_by_state")]

    def __str__(self) -> str:
        return f"proposal #{self.pk}"
