from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q

from rollbook.risk import rules


class Setting(models.Model):
    """A limit or severity of a detector in force in a region, from a day on. Never edited: superseded.

    `name` is a limit of the detector or "severity", whose value is a rank of `rules.RANKS`; 0 switches it off.
    """

    region_code = models.CharField(max_length=6)
    detector = models.CharField(max_length=8)
    name = models.CharField(max_length=24)
    value = models.BigIntegerField()
    in_force = DateRangeField()
    why = models.CharField(max_length=200)
    trial = models.JSONField(default=dict)  # what a trial run on history had found, before it was set
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    set_at = models.DateTimeField()

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="one_setting_of_a_detector_at_a_time",
                expressions=[
                    ("region_code", RangeOperators.EQUAL),
                    ("detector", RangeOperators.EQUAL),
                    ("name", RangeOperators.EQUAL),
                    ("in_force", RangeOperators.OVERLAPS),
                ],
            )
        ]

    def __str__(self) -> str:
        return f"{self.detector} {self.name} {self.region_code} {self.value}"


class Extract(models.Model):
    """How far a table of the lake has been read from the database: a row's number, or the oldest transaction that was not
    over then, and when; and when it was last read from its first row."""

    table = models.CharField(max_length=32, unique=True)
    last_id = models.BigIntegerField(default=0)
    watermark = models.BigIntegerField(default=0)
    at = models.DateTimeField()
    whole_at = models.DateTimeField(null=True)
    rows = models.BigIntegerField(default=0)
    digest = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return f"{self.table} to {self.last_id}"


class Run(models.Model):
    """One screening, of a province by night or of a roster or claim when it is filed; a broken one goes on."""

    kind = models.CharField(max_length=16, choices=rules.RunKind.choices())
    subject = models.CharField(max_length=64, blank=True)  # what was filed: "classes.TrainingClass:3"
    engine = models.CharField(max_length=64)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    milliseconds = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["kind", "-id"], name="run_by_kind")]

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"


class Step(models.Model):
    """One detector of a run: done is done, also when the run breaks off after it. What failed is tried again."""

    run = models.ForeignKey(Run, models.PROTECT, related_name="steps")
    detector = models.CharField(max_length=8)
    findings = models.PositiveIntegerField()
    milliseconds = models.PositiveIntegerField()
    error = models.CharField(max_length=500, blank=True)
    tries = models.PositiveSmallIntegerField(default=1)

    class Meta:
        constraints = [models.UniqueConstraint(name="detector_once_a_run", fields=["run", "detector"])]

    def __str__(self) -> str:
        return f"{self.detector} of run {self.run_id}"


class Alert(models.Model):
    """What the detectors found of one subject and scheme, until a person has settled it (N3.6)."""

    subject = models.CharField(max_length=16, choices=rules.Subject.choices())
    subject_id = models.BigIntegerField()
    scheme = models.CharField(max_length=16, choices=rules.Scheme.choices())
    severity = models.PositiveSmallIntegerField()  # the highest rank of its findings
    score = models.PositiveIntegerField()
    amount_fen = models.BigIntegerField(default=0)  # at stake: claimed or still to be claimed
    region_code = models.CharField(max_length=6)
    institution = models.ForeignKey("institutions.Institution", models.PROTECT, null=True, related_name="+")
    training_class = models.ForeignKey("classes.TrainingClass", models.PROTECT, null=True, related_name="+")
    person = models.ForeignKey("persons.Person", models.PROTECT, null=True, related_name="+")
    title = models.CharField(max_length=200)
    state = models.CharField(max_length=16, choices=rules.State.choices(), default="open")
    first_found_at = models.DateTimeField()
    last_found_at = models.DateTimeField()
    answer_by = models.DateField(null=True)  # last day for the institution's explanation
    outcome = models.CharField(max_length=16, choices=rules.Outcome.choices(), blank=True)
    excuse = models.CharField(max_length=24, choices=rules.Excuse.choices(), blank=True)
    finding = models.TextField(blank=True)
    consequences = models.JSONField(default=list)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    proposed_at = models.DateTimeField(null=True)
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="one_open_alert_a_subject_and_scheme",
                fields=["subject", "subject_id", "scheme"],
                condition=~Q(state="closed"),
            ),
            models.CheckConstraint(
                name="closed_alert_has_its_outcome",
                condition=~Q(state="closed") | ~Q(outcome="") & Q(proposed_by__isnull=False, closed_at__isnull=False),
            ),
            models.CheckConstraint(
                name="money_alert_is_closed_by_two",
                condition=~Q(state="closed") | Q(amount_fen=0, severity__lt=3) | Q(confirmed_by__isnull=False),
            ),
            models.CheckConstraint(
                name="second_pair_of_eyes_is_anothers",
                condition=Q(confirmed_by__isnull=True) | ~Q(confirmed_by=F("proposed_by")),
            ),
            models.CheckConstraint(
                name="legitimate_alert_has_its_excuse", condition=~Q(outcome="legitimate") | ~Q(excuse="")
            ),
        ]
        indexes = [
            # What a queue is narrowed by stands in its indexes, so that rows that do not belong to it are never fetched.
            models.Index(
                fields=["-score", "id", "region_code", "scheme", "severity"],
                include=["subject", "subject_id"],
                name="alert_queue",
                condition=~Q(state="closed"),
            ),
            models.Index(
                fields=["region_code", "-score", "id", "scheme", "severity"],
                name="alert_queue_of_county",
                condition=~Q(state="closed"),
            ),
            models.Index(fields=["state", "-score", "id"], name="alert_queue_of_all"),
            models.Index(fields=["institution", "-score", "id"], name="alert_by_institution"),
            models.Index(fields=["training_class", "-score", "id"], name="alert_by_class"),
        ]

    def __str__(self) -> str:
        return self.title


class Finding(models.Model):
    """One detector's ground within an alert, with the rows that prove it and the limits it was found by."""

    alert = models.ForeignKey(Alert, models.PROTECT, related_name="findings")
    detector = models.CharField(max_length=8)
    severity = models.PositiveSmallIntegerField()
    ground = models.JSONField()  # a message: of the first that it is about
    rows = models.JSONField()  # the first rows of evidence of each
    count = models.PositiveIntegerField()  # of all rows
    limits = models.JSONField(default=dict)
    version = models.CharField(max_length=16)  # digest of the detector's expression
    run = models.ForeignKey(Run, models.PROTECT, related_name="findings")
    found_at = models.DateTimeField()
    is_true = models.BooleanField(null=True)  # as settled: of any that it is about

    class Meta:
        constraints = [models.UniqueConstraint(name="detector_once_an_alert", fields=["alert", "detector"])]
        indexes = [models.Index(fields=["detector", "is_true"], name="finding_by_outcome")]

    def __str__(self) -> str:
        return f"{self.detector} of alert {self.alert_id}"


class Hit(models.Model):
    """One trainee, claim, class or other subject that a finding is about: found and settled by itself, so that of
    forty in a class one may be cleared."""

    finding = models.ForeignKey(Finding, models.PROTECT, related_name="hits")
    subject = models.CharField(max_length=16, choices=rules.Subject.choices())
    subject_id = models.BigIntegerField()
    person = models.ForeignKey("persons.Person", models.PROTECT, null=True, related_name="+")
    ground = models.JSONField()  # a message
    rows = models.JSONField()  # the first rows of evidence
    count = models.PositiveIntegerField()  # of all rows
    digest = models.CharField(max_length=64)  # of all rows: what was settled is not found anew
    found_at = models.DateTimeField()
    is_true = models.BooleanField(null=True)  # as settled

    class Meta:
        constraints = [models.UniqueConstraint(name="subject_once_a_finding", fields=["finding", "subject_id"])]
        indexes = [models.Index(fields=["subject", "subject_id"], name="hit_by_subject")]

    def __str__(self) -> str:
        return f"{self.subject} {self.subject_id} in finding {self.finding_id}"


class Explanation(models.Model):
    """What the institution says to an alert about it."""

    alert = models.ForeignKey(Alert, models.PROTECT, related_name="explanations")
    text = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"explanation #{self.pk}"


class Told(models.Model):
    """What a trainee told an office on the phone: written here by the context that called, for screening to read."""

    enrolment = models.ForeignKey("classes.Enrolment", models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=16, choices=rules.Heard.choices())
    paid_back = models.BooleanField()
    told_at = models.DateTimeField()
    source = models.CharField(max_length=64, unique=True)  # "supervision.PhoneCall:3"

    class Meta:
        constraints = [
            models.CheckConstraint(name="told_outcome_is_known", condition=Q(outcome__in=rules.Heard.values()))
        ]

    def __str__(self) -> str:
        return self.source
