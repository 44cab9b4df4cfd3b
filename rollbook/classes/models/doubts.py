from django.db import models
from django.db.models import Q


class Doubt(models.Model):
    """That an alert about a class, or about one person of it, is not decided yet: written by screening, which lies above.
    Whoever takes the next step says why they go on (domain 5.2, severity R). Institutions are shown nothing of it."""

    training_class = models.ForeignKey("TrainingClass", models.PROTECT, related_name="doubts")
    person = models.ForeignKey("persons.Person", models.PROTECT, null=True, related_name="+")
    number = models.BigIntegerField()  # of the alert
    what = models.CharField(max_length=64)  # the kind of deceit, in English
    since = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="one_doubt_an_alert_and_person",
                fields=["training_class", "person", "number"],
                condition=Q(ended_at=None),
                nulls_distinct=False,
            )
        ]
        indexes = [models.Index(fields=["number"], name="live_doubt_by_alert", condition=Q(ended_at=None))]

    def __str__(self) -> str:
        return f"doubt of alert {self.number}"
