"""Payment batches, their lines, their files, and what must be true of them before money leaves."""

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q

from rollbook.accounts.rules import Role
from rollbook.funds import rules


class PaymentBatch(models.Model):
    """Payments that leave together: prepared, checked and released by three people (N14.1)."""

    number = models.CharField(max_length=32, unique=True)
    region_code = models.CharField(max_length=6)
    fund = models.CharField(max_length=16, choices=rules.Fund.choices())
    year = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=16, choices=rules.BatchState.choices(), default="draft")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    checked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    checked_at = models.DateTimeField(null=True)
    released_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    released_at = models.DateTimeField(null=True)
    digest = models.CharField(max_length=64, blank=True)  # over the lines, as checked
    cosigners = models.PositiveSmallIntegerField(default=0)  # signatures besides, that the amount asked for
    tried_at = models.DateTimeField(null=True)  # when it was first offered to the bank: from then on it is final
    sent_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="checker_is_not_the_maker",
                condition=Q(checked_by__isnull=True) | ~Q(checked_by=F("made_by")),
            ),
            models.CheckConstraint(
                name="releaser_is_neither_maker_nor_checker",
                condition=Q(released_by__isnull=True) | ~Q(released_by=F("made_by")) & ~Q(released_by=F("checked_by")),
            ),
            models.CheckConstraint(
                name="released_batch_was_checked_and_released",
                condition=~Q(state__in=["released", "sent", "settled"])
                | Q(checked_by__isnull=False, released_by__isnull=False),
            ),
            models.CheckConstraint(
                name="checked_batch_was_checked",
                condition=~Q(state="checked") | Q(checked_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.number


class PaymentLine(models.Model):
    """One payment for one person, to that person or, where the policy says so, to an organisation (N16.2).
    A corrected line is followed by another for the same subject."""

    batch = models.ForeignKey(PaymentBatch, models.PROTECT, related_name="lines")
    number = models.PositiveIntegerField()  # within the batch
    subject = models.CharField(max_length=64)  # "subsidies.Claim:3"
    person = models.ForeignKey("persons.Person", models.PROTECT, related_name="+")  # for whom
    organisation = models.ForeignKey("persons.Organisation", models.PROTECT, null=True, related_name="+")  # to whom
    payee_name = models.CharField(max_length=128)
    bank_masked = models.CharField(max_length=32)
    bank_digest = models.CharField(max_length=64)
    amount_fen = models.BigIntegerField()  # what the bank pays
    netted_fen = models.BigIntegerField(default=0, db_default=0)  # what is due besides and set off: see Netting
    state = models.CharField(max_length=16, choices=rules.LineState.choices(), default="waiting")
    reference = models.CharField(max_length=32, unique=True)  # ours, never used twice
    bank_reference = models.CharField(max_length=64, blank=True)
    failure = models.CharField(max_length=128, blank=True)
    returned_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="line_number_once", fields=["batch", "number"]),
            models.CheckConstraint(name="line_pays_something", condition=Q(amount_fen__gt=0, netted_fen__gte=0)),
            models.UniqueConstraint(
                name="one_live_payment_a_subject",
                fields=["subject"],
                condition=Q(state__in=["waiting", "sent", "paid"]),
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def due_fen(self) -> int:
        """What the subject was due: with what is set off."""
        return self.amount_fen + self.netted_fen


class BankFile(models.Model):
    """A file that went to the bank or came back, kept whole; the same one is taken once."""

    batch = models.ForeignKey(PaymentBatch, models.PROTECT, related_name="files")
    direction = models.CharField(max_length=8)  # "out", "return"
    name = models.CharField(max_length=128)
    sha256 = models.CharField(max_length=64, unique=True)
    content = models.BinaryField()
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Ownership(models.Model):
    """The bank's last word on whose an account is: one row a payee and account, by its digest.

    A trigger lets no batch be released while an account in it is not the payee's own.
    """

    person = models.ForeignKey("persons.Person", models.PROTECT, null=True, related_name="+")
    organisation = models.ForeignKey("persons.Organisation", models.PROTECT, null=True, related_name="+")
    bank_digest = models.CharField(max_length=64)
    outcome = models.CharField(max_length=16, choices=rules.Ownership.choices(), default="pending")
    asked_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    detail = models.CharField(max_length=128, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="one_answer_a_person_and_account", fields=["person", "bank_digest"]),
            models.UniqueConstraint(
                name="one_answer_an_organisation_and_account", fields=["organisation", "bank_digest"]
            ),
            models.CheckConstraint(
                name="ownership_is_of_a_person_or_an_organisation",
                condition=Q(person__isnull=False, organisation=None) | Q(person=None, organisation__isnull=False),
            ),
            models.CheckConstraint(
                name="ownership_has_its_time", condition=Q(outcome="pending") | Q(answered_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.outcome} #{self.pk}"


class ReleaseBand(models.Model):
    """From an amount on a batch needs more signatures: dated, of a region and fund. Never edited: superseded."""

    region_code = models.CharField(max_length=6)
    fund = models.CharField(max_length=16, choices=rules.Fund.choices())
    basis = models.CharField(max_length=8, choices=rules.Basis.choices())
    from_fen = models.BigIntegerField()
    releasers = models.PositiveSmallIntegerField()
    office = models.CharField(max_length=32, choices=Role.choices())
    document = models.CharField(max_length=64)
    in_force = DateRangeField()

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="one_band_at_a_time",
                expressions=[
                    ("region_code", RangeOperators.EQUAL),
                    ("fund", RangeOperators.EQUAL),
                    ("basis", RangeOperators.EQUAL),
                    ("from_fen", RangeOperators.EQUAL),
                    ("office", RangeOperators.EQUAL),
                    ("in_force", RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.fund} {self.region_code} {self.basis} {self.from_fen}"


class Signature(models.Model):
    """Somebody's hand under a batch as it was: nobody's stands there twice, as whatever account."""

    batch = models.ForeignKey(PaymentBatch, models.PROTECT, related_name="signatures")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    person = models.ForeignKey("persons.Person", models.PROTECT, null=True, related_name="+")
    step = models.CharField(max_length=8, choices=rules.Step.choices())
    office = models.CharField(max_length=32, choices=Role.choices())
    digest = models.CharField(max_length=64)  # of the lines
    at = models.DateTimeField()
    mac = models.CharField(max_length=64)  # HMAC-SHA-256 of all that, with the server's key
    voided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="one_hand_a_batch", fields=["batch", "by"], condition=Q(voided_at__isnull=True)
            ),
            models.UniqueConstraint(
                name="one_person_a_batch", fields=["batch", "person"], condition=Q(voided_at__isnull=True)
            ),
            models.UniqueConstraint(
                name="one_maker_one_checker_one_releaser", fields=["batch", "step"],
                condition=Q(voided_at__isnull=True, step__in=["make", "check", "release"]),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.step} #{self.pk}"
