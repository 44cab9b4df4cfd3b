from django.conf import settings
from django.db import models
from django.db.models import F, Q

from rollbook.subsidies.rules.simulation import JobState


class Simulation(models.Model):
    """A change of a policy worked out on claims of the past: what it would have cost, and whom it reaches (B5).

    Nothing points from here to a claim, and nothing of it is ever written to one.
    """

    name = models.CharField(max_length=64)
    office_code = models.CharField(max_length=6)  # of who made it
    region_code = models.CharField(max_length=6)  # whose claims
    since = models.DateField()
    until = models.DateField()
    policy = models.ForeignKey("PolicyVersion", models.PROTECT, related_name="+")
    other = models.ForeignKey("PolicyVersion", models.PROTECT, null=True, related_name="+")  # in its place
    scenario = models.JSONField()  # `rules.simulation.Scenario`
    state = models.CharField(max_length=16, choices=JobState.choices(), default="waiting")
    done = models.IntegerField(default=0)  # steps
    steps = models.IntegerField(default=0)
    result = models.JSONField(null=True)
    failure = models.CharField(max_length=200, blank=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="simulation_period_is_sane", condition=Q(since__lte=F("until"))),
            models.CheckConstraint(
                name="done_simulation_has_its_result", condition=~Q(state="done") | Q(result__isnull=False)
            ),
        ]
        indexes = [models.Index(fields=["office_code", "-id"], name="simulation_by_office")]

    def __str__(self) -> str:
        return self.name
