"""What the bank says of a day, where it differs from the ledger, and payments that it never answered for."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from rollbook.funds import rules


class BankStatement(models.Model):
    """Everything that moved on the payout account of a region on a day, as the bank has it. One a day, kept whole."""

    region_code = models.CharField(max_length=6)
    day = models.DateField()
    sha256 = models.CharField(max_length=64, unique=True)
    content = models.BinaryField()
    out_fen = models.BigIntegerField()
    in_fen = models.BigIntegerField()
    taken_at = models.DateTimeField()
    taken_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(name="one_statement_a_day", fields=["region_code", "day"])]

    def __str__(self) -> str:
        return f"{self.region_code} {self.day}"


class StatementLine(models.Model):
    """One movement of a statement: money out for a payment, or back in."""

    statement = models.ForeignKey(BankStatement, models.PROTECT, related_name="lines")
    number = models.PositiveIntegerField()  # within the statement
    bank_reference = models.CharField(max_length=64, unique=True)  # the bank's own, never used twice
    batch_number = models.CharField(max_length=32)
    reference = models.CharField(max_length=32)  # ours
    direction = models.CharField(max_length=4, choices=rules.Direction.choices())
    amount_fen = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="statement_number_once", fields=["statement", "number"]),
            models.CheckConstraint(name="statement_line_moves_something", condition=Q(amount_fen__gt=0)),
        ]
        indexes = [models.Index(fields=["reference"], name="statement_by_reference")]

    def __str__(self) -> str:
        return self.bank_reference


class Difference(models.Model):
    """A payment of which the bank's statements say otherwise than the ledger, until somebody has settled it."""

    region_code = models.CharField(max_length=6)
    day = models.DateField()  # of the statement that showed it first
    reference = models.CharField(max_length=32)
    line = models.ForeignKey("funds.PaymentLine", models.PROTECT, null=True, related_name="differences")
    kind = models.CharField(max_length=16, choices=rules.DifferenceKind.choices())
    ledger_fen = models.BigIntegerField()
    bank_fen = models.BigIntegerField()
    state = models.CharField(max_length=16, choices=rules.DifferenceState.choices(), default="open")
    found_at = models.DateTimeField()
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    outcome = models.CharField(max_length=200, blank=True)
    settled_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="one_open_difference_a_payment", fields=["region_code", "reference"],
                condition=~Q(state="settled"),
            ),
            models.CheckConstraint(
                name="difference_is_settled_by_another",
                condition=Q(settled_by=None) | Q(owner__isnull=False) & ~Q(settled_by=F("owner")),
            ),
            models.CheckConstraint(
                name="settled_difference_has_its_outcome",
                condition=~Q(state="settled") | Q(settled_at__isnull=False) & ~Q(outcome=""),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.kind} {self.reference}"


class Resolution(models.Model):
    """A payment that the bank never answered for, settled by hand: by one person's word and another's."""

    line = models.ForeignKey("funds.PaymentLine", models.PROTECT, related_name="resolutions")
    outcome = models.CharField(max_length=16, choices=[("paid", "Paid"), ("failed", "Refused by the bank")])
    evidence = models.CharField(max_length=200)  # which paper of the bank says so
    state = models.CharField(max_length=16, choices=rules.OrderState.choices(), default="asked")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_person = models.ForeignKey("persons.Person", models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_person = models.ForeignKey("persons.Person", models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    finding = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="one_open_resolution_a_payment", fields=["line"], condition=Q(state="asked")),
            models.CheckConstraint(
                name="resolution_is_decided_by_another",
                condition=Q(decided_by=None)
                | ~Q(decided_by=F("asked_by"))
                & (Q(decided_person=None) | Q(asked_person=None) | ~Q(decided_person=F("asked_person"))),
            ),
            models.CheckConstraint(
                name="resolution_is_decided_or_asked",
                condition=Q(state="asked", decided_by=None) | ~Q(state="asked") & Q(decided_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.outcome} {self.line_id}"
