"""What finance does with a budget itself: by one person's word and another's."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from rollbook.funds import rules


class FundOrder(models.Model):
    """A transfer down, a freeze, its end, or a reversal: asked by one, decided by another, then posted."""

    key = models.UUIDField(unique=True)  # its maker's own: sent twice it is one
    kind = models.CharField(max_length=16, choices=rules.OrderKind.choices())
    fund = models.CharField(max_length=16, choices=rules.Fund.choices())
    year = models.PositiveSmallIntegerField()
    region_code = models.CharField(max_length=6)  # whose budget it is taken from
    target_region = models.CharField(max_length=6, blank=True)  # to whom, of a transfer
    amount_fen = models.BigIntegerField()
    document = models.CharField(max_length=64)
    why = models.CharField(max_length=200, blank=True)
    until = models.DateField(null=True)  # of a freeze: it ends by itself then
    booked_on = models.DateField(null=True)  # of a reversal: the day in whose books it is to stand
    of = models.ForeignKey(
        "funds.Transaction", models.PROTECT, null=True, related_name="orders"
    )  # what it ends or reverses
    state = models.CharField(max_length=16, choices=rules.OrderState.choices(), default="asked")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_person = models.ForeignKey("persons.Person", models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_person = models.ForeignKey("persons.Person", models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    finding = models.CharField(max_length=200, blank=True)
    transaction = models.OneToOneField("funds.Transaction", models.PROTECT, null=True, related_name="order")

    class Meta:
        constraints = [
            models.CheckConstraint(name="order_moves_something", condition=Q(amount_fen__gt=0)),
            models.CheckConstraint(
                name="order_is_decided_by_another_account",
                condition=Q(decided_by=None) | ~Q(decided_by=F("asked_by")),
            ),
            models.CheckConstraint(
                name="order_is_decided_by_another_person",
                condition=Q(decided_person=None) | Q(asked_person=None) | ~Q(decided_person=F("asked_person")),
            ),
            models.CheckConstraint(
                name="order_is_posted_when_granted",
                condition=Q(state="done", decided_by__isnull=False, transaction__isnull=False)
                | Q(state="refused", decided_by__isnull=False, transaction=None)
                | Q(state="asked", decided_by=None, transaction=None),
            ),
            models.UniqueConstraint(
                name="one_end_of_a_freeze_at_a_time", fields=["of"], condition=Q(kind="unfreeze", state="asked")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"
