"""How what was ordered to come back is paid: plans, what is set off, what is given up. Triggers: migration 0020."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from rollbook.accounts.rules import Role
from rollbook.funds import rules


class Plan(models.Model):
    """That a recovery is paid in instalments, as it was agreed; another plan, or its end, follows it."""

    recovery = models.ForeignKey("funds.Recovery", models.PROTECT, related_name="plans")
    document = models.CharField(max_length=64)
    was_due_on = models.DateField()  # the recovery's day before it
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True)
    why = models.CharField(max_length=200, blank=True)  # it ended

    class Meta:
        constraints = [
            models.UniqueConstraint(name="one_plan_a_recovery", fields=["recovery"], condition=Q(ended_at=None)),
            models.CheckConstraint(
                name="plan_ended_by_somebody", condition=Q(ended_at=None, ended_by=None) | Q(ended_by__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.document


class Instalment(models.Model):
    """One day of a plan, and what is to be back by then in all."""

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="parts")
    number = models.PositiveSmallIntegerField()
    due_on = models.DateField()
    amount_fen = models.BigIntegerField()
    until_fen = models.BigIntegerField()
    reminded_at = models.DateTimeField(null=True)  # before its day
    warned_at = models.DateTimeField(null=True)  # after it

    class Meta:
        constraints = [
            models.UniqueConstraint(name="instalment_number_once", fields=["plan", "number"]),
            models.CheckConstraint(
                name="instalment_is_of_something", condition=Q(amount_fen__gt=0, until_fen__gte=F("amount_fen"))
            ),
        ]
        indexes = [models.Index(fields=["due_on"], name="instalment_by_day")]

    def __str__(self) -> str:
        return f"{self.number} {self.due_on}"


class Netting(models.Model):
    """Part of a payment that its payee does not get, because it is set off against what is to be paid back."""

    line = models.ForeignKey("funds.PaymentLine", models.PROTECT, related_name="nettings")
    recovery = models.ForeignKey("funds.Recovery", models.PROTECT, related_name="nettings")
    amount_fen = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="one_netting_a_payment_and_recovery", fields=["line", "recovery"]),
            models.CheckConstraint(name="netting_is_of_something", condition=Q(amount_fen__gt=0)),
        ]

    def __str__(self) -> str:
        return f"netting #{self.pk}"


class WriteOff(models.Model):
    """That what is left of a recovery, or part of it, is given up: asked by one, decided by another, signed besides by
    as many as the sum asks for. It stays in the books as written off."""

    recovery = models.ForeignKey("funds.Recovery", models.PROTECT, related_name="write_offs")
    amount_fen = models.BigIntegerField()
    ground = models.CharField(max_length=16, choices=rules.WriteOffGround.choices())
    why = models.CharField(max_length=400)
    document = models.CharField(max_length=64)
    state = models.CharField(max_length=16, choices=rules.OrderState.choices(), default="asked")
    cosigners = models.PositiveSmallIntegerField(default=0)  # signatures besides, that the sum asked for
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_person = models.ForeignKey("persons.Person", models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_person = models.ForeignKey("persons.Person", models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    finding = models.CharField(max_length=200, blank=True)
    transaction = models.OneToOneField("funds.Transaction", models.PROTECT, null=True, related_name="write_off")

    class Meta:
        constraints = [
            models.CheckConstraint(name="write_off_is_of_something", condition=Q(amount_fen__gt=0)),
            models.UniqueConstraint(
                name="one_open_write_off_a_recovery", fields=["recovery"], condition=Q(state="asked")
            ),
            models.CheckConstraint(
                name="write_off_is_decided_by_another",
                condition=Q(decided_by=None)
                | ~Q(decided_by=F("asked_by"))
                & (Q(decided_person=None) | Q(asked_person=None) | ~Q(decided_person=F("asked_person"))),
            ),
            models.CheckConstraint(
                name="write_off_is_decided_or_asked",
                condition=Q(state="asked", decided_by=None) | ~Q(state="asked") & Q(decided_by__isnull=False),
            ),
            models.CheckConstraint(
                name="write_off_is_posted_when_done",
                condition=Q(state="done", transaction__isnull=False) | ~Q(state="done") & Q(transaction=None),
            ),
        ]

    def __str__(self) -> str:
        return f"write-off #{self.pk}"


class WriteOffSignature(models.Model):
    """One more hand under a write-off, of an office that its sum asks for."""

    write_off = models.ForeignKey(WriteOff, models.PROTECT, related_name="signatures")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    person = models.ForeignKey("persons.Person", models.PROTECT, null=True, related_name="+")
    office = models.CharField(max_length=32, choices=Role.choices())
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="one_hand_a_write_off", fields=["write_off", "by"]),
            models.UniqueConstraint(name="one_person_a_write_off", fields=["write_off", "person"]),
        ]

    def __str__(self) -> str:
        return f"{self.office} #{self.pk}"


class Reopening(models.Model):
    """That what was written off is to be paid back after all."""

    write_off = models.OneToOneField(WriteOff, models.PROTECT, related_name="reopening")
    document = models.CharField(max_length=64)
    why = models.CharField(max_length=200)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    transaction = models.OneToOneField("funds.Transaction", models.PROTECT, related_name="reopening")

    def __str__(self) -> str:
        return self.document
