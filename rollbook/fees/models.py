"""Prices, sign-ups and what the institution says it took or gave back. The money itself is the institution's."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from rollbook.fees import rules


class Price(models.Model):
    """What a class costs a trainee, and which ways of paying it takes; each sign-up keeps it as it was."""

    training_class = models.OneToOneField("classes.TrainingClass", models.PROTECT, related_name="price")
    price_fen = models.BigIntegerField()
    share_fen = models.BigIntegerField(default=0)  # of who pays a share
    ways = models.JSONField(default=list)
    stated_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    stated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="price_holds_its_share",
                condition=Q(price_fen__gte=0, share_fen__gte=0, share_fen__lte=F("price_fen")),
            )
        ]

    def __str__(self) -> str:
        return f"{self.price_fen} #{self.training_class_id}"


class SignUp(models.Model):
    """A worker who wants to join a class, or is on its roster, and how the worker pays."""

    training_class = models.ForeignKey("classes.TrainingClass", models.PROTECT, related_name="sign_ups")
    person = models.ForeignKey("persons.Person", models.PROTECT, related_name="+")
    enrolment = models.OneToOneField("classes.Enrolment", models.PROTECT, null=True, related_name="sign_up")
    way = models.CharField(max_length=8, choices=rules.Way.choices(), blank=True)  # none where it costs nothing
    price_fen = models.BigIntegerField()
    share_fen = models.BigIntegerField(default=0)
    state = models.CharField(max_length=16, choices=rules.SignUpState.choices(), default="asked")
    asked_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    why = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="one_live_sign_up_a_class", fields=["training_class", "person"],
                condition=Q(state__in=["asked", "accepted"]),
            ),
            models.CheckConstraint(
                name="accepted_sign_up_is_on_the_roster",
                condition=Q(state="accepted", enrolment__isnull=False) | ~Q(state="accepted") & Q(enrolment=None),
            ),
            models.CheckConstraint(name="sign_up_has_its_price", condition=Q(price_fen__gte=0, share_fen__gte=0)),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"sign-up #{self.pk}"


class Entry(models.Model):
    """A receipt: the institution took or gave back money, and what the trainee says to that. Never changed otherwise."""

    sign_up = models.ForeignKey(SignUp, models.PROTECT, related_name="entries")
    number = models.CharField(max_length=32, unique=True)
    token = models.CharField(max_length=43, unique=True)  # of the public check
    kind = models.CharField(max_length=16, choices=rules.EntryKind.choices())
    amount_fen = models.BigIntegerField()
    means = models.CharField(max_length=16, choices=rules.Means.choices())
    on = models.DateField()
    note = models.CharField(max_length=200, blank=True)
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    entered_at = models.DateTimeField()
    answer = models.CharField(max_length=16, choices=rules.Answer.choices(), default="waiting")
    answered_at = models.DateTimeField(null=True)
    said = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="entry_is_of_something", condition=Q(amount_fen__gt=0)),
            models.CheckConstraint(
                name="denied_entry_says_why", condition=~Q(answer="denied") | ~Q(said="") & Q(answered_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.number
