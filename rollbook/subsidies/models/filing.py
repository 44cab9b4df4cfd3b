from django.conf import settings
from django.db import models
from django.db.models import F, Q

from rollbook.subsidies import rules


class Apprenticeship(models.Model):
    """The enterprise that a class of new apprentices works for, and that is paid for them (N16.2, domain 3.5)."""

    training_class = models.OneToOneField("classes.TrainingClass", models.PROTECT, related_name="+")
    enterprise = models.ForeignKey("persons.Organisation", models.PROTECT, related_name="+")
    region_code = models.CharField(max_length=6)
    institution = models.ForeignKey("institutions.Institution", models.PROTECT, related_name="+")
    agreement = models.CharField(max_length=128)  # its number and date
    paper = models.ForeignKey("evidence.Item", models.PROTECT, related_name="+")
    filed_at = models.DateTimeField()
    filed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.CheckConstraint(name="apprenticeship_has_its_agreement", condition=~Q(agreement=""))]
        indexes = [
            models.Index(fields=["region_code", "-id"], name="apprenticeship_by_region"),
            models.Index(fields=["institution", "-id"], name="apprenticeship_by_institution"),
        ]

    def __str__(self) -> str:
        return f"{self.enterprise} · {self.training_class}"


class Filing(models.Model):
    """Claiming for a whole class by a worker, one trainee after the other: what came of each, so that it may go on after a
    stop without filing anything twice (N12.2, N12.3)."""

    training_class = models.ForeignKey("classes.TrainingClass", models.PROTECT, related_name="+")
    region_code = models.CharField(max_length=6)
    institution = models.ForeignKey("institutions.Institution", models.PROTECT, related_name="+")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=rules.FilingState.choices(), default="waiting")
    total = models.PositiveSmallIntegerField()  # trainees
    results = models.JSONField(default=dict)  # of each enrolment its claim, or why there is none
    failure = models.JSONField(default=list)  # messages: why it was broken off
    seen_at = models.DateTimeField()  # when it last moved
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="one_open_filing_a_class", fields=["training_class"], condition=Q(state__in=["waiting", "running"])
            ),
            models.CheckConstraint(
                name="filing_ends_once",
                condition=Q(state__in=["waiting", "running"], ended_at=None)
                | Q(state__in=["done", "failed"], ended_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.training_class} #{self.pk}"


class WorkPaper(models.Model):
    """A paper that shows somebody's work, or safety certificate, where no department does; accepted or not by an officer
    (domain 3.2, 3.3)."""

    enrolment = models.ForeignKey("classes.Enrolment", models.PROTECT, related_name="work_papers")
    region_code = models.CharField(max_length=6)
    institution = models.ForeignKey("institutions.Institution", models.PROTECT, related_name="+")
    kind = models.CharField(max_length=24, choices=rules.PaperKind.choices())
    uscc = models.CharField(max_length=18, blank=True)  # of the employer or the own business
    name = models.CharField(max_length=128)  # of these, or of the authority that issued it
    number = models.CharField(max_length=64, blank=True)  # of a certificate
    from_on = models.DateField()
    until_on = models.DateField(null=True)
    paper = models.ForeignKey("evidence.Item", models.PROTECT, related_name="+")
    state = models.CharField(max_length=8, choices=rules.PaperState.choices(), default="asked")
    filed_at = models.DateTimeField()
    filed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    remark = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="one_paper_waits_a_trainee", fields=["enrolment"], condition=Q(state="asked")),
            models.CheckConstraint(
                name="paper_is_decided_by_another",
                condition=Q(state="asked", decided_by=None)
                | ~Q(state="asked") & Q(decided_by__isnull=False) & ~Q(decided_by=F("filed_by")),
            ),
            models.UniqueConstraint(
                name="safety_certificate_is_used_once",
                fields=["number"],
                condition=Q(kind="safety-certificate") & ~Q(state="refused"),
            ),
            models.CheckConstraint(
                name="paper_names_its_number_or_firm",
                condition=Q(kind="safety-certificate") & ~Q(number="") | ~Q(kind="safety-certificate") & ~Q(uscc=""),
            ),
            models.CheckConstraint(
                name="paper_days_are_in_order", condition=Q(until_on=None) | Q(until_on__gte=F("from_on"))
            ),
        ]
        indexes = [
            models.Index(fields=["region_code", "state", "-id"], name="work_paper_by_region"),
            models.Index(fields=["institution", "-id"], name="work_paper_by_institution"),
        ]

    def __str__(self) -> str:
        return f"{self.name} #{self.pk}"
