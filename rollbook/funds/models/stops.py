from django.db import models
from django.db.models import Q


class PaymentStop(models.Model):
    """That no batch with a payment for a subject is released: a row that a context above writes downward."""

    subject = models.CharField(max_length=64)  # "subsidies.Claim:3"
    ground = models.JSONField()  # a message as the rules gave it
    placed_at = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="one_live_stop_a_subject", fields=["subject"], condition=Q(lifted_at=None))
        ]

    def __str__(self) -> str:
        return self.subject
