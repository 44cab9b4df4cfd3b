"""Money that was paid and is to come back, and what came."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from rollbook.funds import rules


class Recovery(models.Model):
    """Of one payment, an amount to be paid back: ordered by the office, confirmed by finance."""

    line = models.ForeignKey("funds.PaymentLine", models.PROTECT, related_name="recoveries")
    region_code = models.CharField(max_length=6)
    ground = models.CharField(max_length=16, choices=rules.RecoveryGround.choices())
    why = models.CharField(max_length=400)
    document = models.CharField(max_length=64)
    amount_fen = models.BigIntegerField()
    received_fen = models.BigIntegerField(default=0)
    written_off_fen = models.BigIntegerField(default=0, db_default=0)  # given up, and not opened again since
    state = models.CharField(max_length=16, choices=rules.RecoveryState.choices(), default="asked")
    ordered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    ordered_person = models.ForeignKey("persons.Person", models.PROTECT, null=True, related_name="+")
    ordered_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_person = models.ForeignKey("persons.Person", models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    finding = models.CharField(max_length=200, blank=True)
    due_on = models.DateField(null=True)
    interest_rate = models.PositiveIntegerField(default=0)  # 1/10 000 a year, as the terms were when it was confirmed
    interest_since = models.DateField(null=True)  # the day of the payment, where the terms say so; else from `due_on`

    class Meta:
        constraints = [
            models.CheckConstraint(name="recovery_is_of_something", condition=Q(amount_fen__gt=0)),
            models.CheckConstraint(
                name="no_more_comes_back_than_was_ordered",
                condition=Q(received_fen__gte=0, written_off_fen__gte=0)
                & Q(received_fen__lte=F("amount_fen") - F("written_off_fen")),
            ),
            models.CheckConstraint(
                name="recovered_when_all_came_back",
                condition=Q(state="done", received_fen=F("amount_fen"))
                | Q(state="open", received_fen__lt=F("amount_fen") - F("written_off_fen"))
                | Q(state="written-off", written_off_fen__gt=0, received_fen=F("amount_fen") - F("written_off_fen"))
                | Q(state__in=["asked", "refused"], received_fen=0, written_off_fen=0),
            ),
            models.CheckConstraint(
                name="recovery_is_decided_by_another",
                condition=Q(decided_by=None)
                | ~Q(decided_by=F("ordered_by"))
                & (Q(decided_person=None) | Q(ordered_person=None) | ~Q(decided_person=F("ordered_person"))),
            ),
            models.CheckConstraint(
                name="recovery_is_decided_or_asked",
                condition=Q(state="asked", decided_by=None) | ~Q(state="asked") & Q(decided_by__isnull=False),
            ),
            models.CheckConstraint(
                name="open_recovery_has_its_day",
                condition=~Q(state__in=["open", "done", "written-off"]) | Q(due_on__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ground} #{self.pk}"

    @property
    def settled_fen(self) -> int:
        """What is not asked for any more: it came back or was given up."""
        return self.received_fen + self.written_off_fen

    @property
    def left_fen(self) -> int:
        return self.amount_fen - self.settled_fen


class Receipt(models.Model):
    """Part of what was to come back, as it came."""

    recovery = models.ForeignKey(Recovery, models.PROTECT, related_name="receipts")
    amount_fen = models.BigIntegerField()  # without interest
    interest_fen = models.BigIntegerField(default=0)
    received_on = models.DateField()
    document = models.CharField(max_length=64, unique=True)  # the bank's paper: entered once
    netting = models.OneToOneField("funds.Netting", models.PROTECT, null=True, related_name="receipt")  # set off
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    entered_at = models.DateTimeField()
    transaction = models.OneToOneField("funds.Transaction", models.PROTECT, related_name="receipt")

    class Meta:
        constraints = [
            models.CheckConstraint(name="receipt_is_of_something", condition=Q(amount_fen__gt=0, interest_fen__gte=0)),
            models.CheckConstraint(
                name="receipt_was_entered_or_set_off", condition=Q(entered_by__isnull=False) ^ Q(netting__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.document
