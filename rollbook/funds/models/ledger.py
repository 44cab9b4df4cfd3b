"""The double-entry ledger. What must never be false is held by triggers: migrations 0002 and 0010."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from rollbook.funds import rules
from rollbook.kernel.messages import Message


class LedgerAccount(models.Model):
    """An account of the double-entry ledger: integer fen, positive what it holds.

    Only where money comes from may hold less than nothing: the Treasury, and who pays interest.
    """

    kind = models.CharField(max_length=16, choices=rules.AccountKind.choices())
    fund = models.CharField(max_length=16, choices=rules.Fund.choices())
    region_code = models.CharField(max_length=6)
    year = models.PositiveSmallIntegerField()
    balance_fen = models.BigIntegerField(default=0)  # kept by the trigger on entries, and by nothing else

    class Meta:
        constraints = [
            models.UniqueConstraint(name="one_account_a_purpose", fields=["kind", "fund", "region_code", "year"]),
            models.CheckConstraint(
                name="account_is_not_overdrawn",
                condition=Q(kind__in=["treasury", "outside"]) | Q(balance_fen__gte=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.fund} {self.region_code} {self.year}"


class Transaction(models.Model):
    """A movement of money: entries that sum to zero within one fund. `id` is its maker's own.

    What puts money into a holding account (reserved, in transit, frozen) is pending; the one that takes it
    out again `closes` it, whole and once.
    """

    id = models.UUIDField(primary_key=True)
    kind = models.CharField(max_length=32, choices=rules.Movement.choices())
    subject = models.CharField(max_length=64)  # what it is for: "subsidies.Claim:3"
    at = models.DateTimeField()
    booked_on = models.DateField()  # the day whose books it belongs to: of `at`, except for adjustments
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    document = models.CharField(max_length=64, blank=True)
    reverses = models.ForeignKey("self", models.PROTECT, null=True, related_name="reversals")
    closes = models.OneToOneField("self", models.PROTECT, null=True, related_name="closed_by")
    seal = models.CharField(max_length=64)  # HMAC-SHA-256 of all that and of the entries, with the server's key

    class Meta:
        indexes = [models.Index(fields=["subject"], name="transaction_by_subject")]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"

    @property
    def about(self) -> Message:
        """What it is for, in words."""
        return rules.about(self.subject)


class LedgerEntry(models.Model):
    """One side of a transaction. Written once: triggers stop changes and deletions, and prove that the
    account is there, so that no key has to be checked row by row."""

    transaction = models.ForeignKey(Transaction, models.PROTECT, related_name="entries", db_constraint=False)
    account = models.ForeignKey(LedgerAccount, models.PROTECT, related_name="entries", db_constraint=False)
    amount_fen = models.BigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(name="entry_moves_something", condition=~Q(amount_fen=0))]

    def __str__(self) -> str:
        return f"{self.amount_fen} #{self.pk}"


class Closing(models.Model):
    """A month whose books finance has closed: from then on it takes nothing but adjustments."""

    region_code = models.CharField(max_length=6)
    fund = models.CharField(max_length=16, choices=rules.Fund.choices())
    month = models.DateField()  # its first day
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    closed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="month_is_closed_once", fields=["region_code", "fund", "month"]),
            models.CheckConstraint(name="month_is_its_first_day", condition=Q(month__day=1)),
        ]

    def __str__(self) -> str:
        return f"{self.fund} {self.region_code} {self.month:%Y-%m}"
