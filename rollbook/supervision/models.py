from django.conf import settings
from django.db import models
from django.db.models import F, Q

from rollbook.supervision import rules


class Task(models.Model):
    """An inspection of a class that is wanted, and once it is planned who makes it."""

    training_class = models.ForeignKey("classes.TrainingClass", models.PROTECT, related_name="+")
    institution = models.ForeignKey("institutions.Institution", models.PROTECT, related_name="+")
    region_code = models.CharField(max_length=6)
    kind = models.CharField(max_length=16, choices=rules.Kind.choices())
    state = models.CharField(max_length=16, choices=rules.TaskState.choices(), default="planned")
    due_on = models.DateField()
    points = models.PositiveSmallIntegerField(default=0)
    seed = models.CharField(max_length=64, blank=True)  # of the sample to be called
    sample = models.JSONField(default=list)  # enrolments, as the seed drew them
    first = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    second = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    alert = models.ForeignKey("risk.Alert", models.PROTECT, null=True, related_name="+")  # its ground
    planned_at = models.DateTimeField()
    planned_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="two_inspectors_on_site",
                condition=~Q(kind="on-site") | Q(first__isnull=True) | Q(second__isnull=False) & ~Q(second=F("first")),
            ),
            models.CheckConstraint(
                name="planned_for_somebody",
                condition=Q(state__in=["wanted", "cancelled"]) | Q(first__isnull=False),
            ),
            models.UniqueConstraint(name="an_alert_asks_once", fields=["alert"], condition=Q(alert__isnull=False)),
            models.CheckConstraint(name="task_state_is_known", condition=Q(state__in=rules.TaskState.values())),
        ]
        indexes = [models.Index(fields=["region_code", "state", "due_on"], name="task_by_region")]

    def __str__(self) -> str:
        return f"{self.training_class} {self.due_on}"


class Inspection(models.Model):
    """What two inspectors found on site, and who signed it. Once both have, it is final."""

    task = models.OneToOneField(Task, models.PROTECT, related_name="inspection")
    event_id = models.UUIDField(unique=True)  # of the form: sent twice is one inspection
    lesson = models.ForeignKey("classes.Lesson", models.PROTECT, null=True, related_name="+")
    arrived_at = models.DateTimeField()
    left_at = models.DateTimeField()
    present = models.JSONField(default=list)  # enrolments that were there
    roster = models.PositiveSmallIntegerField()
    checklist = models.JSONField(default=dict)  # item → {"passed": bool, "remark": str}
    filed = models.JSONField(default=dict)  # what was filed at that time, to compare with
    is_held = models.BooleanField()  # whether a lesson was going on
    qualified = models.BooleanField()
    grounds = models.JSONField(default=list)  # what made it unqualified by itself
    remark = models.TextField(blank=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    is_late = models.BooleanField()
    signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )  # the other one
    signed_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)
    agrees = models.BooleanField(null=True)  # the institution's signature, or that it does not agree
    answer = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="inspection_is_signed_by_another",
                condition=Q(signed_by__isnull=True) | ~Q(signed_by=F("recorded_by")),
            ),
            models.CheckConstraint(name="inspectors_leave_after_they_came", condition=Q(left_at__gte=F("arrived_at"))),
            models.CheckConstraint(name="grounds_make_it_unqualified", condition=Q(qualified=False) | Q(grounds=[])),
        ]

    def __str__(self) -> str:
        return f"inspection #{self.pk}"


class Case(models.Model):
    """What two officers settled as true and grave: looked into, handed over, concluded, each with its limit."""

    number = models.CharField(max_length=32, unique=True)
    alert = models.OneToOneField("risk.Alert", models.PROTECT, related_name="+")
    region_code = models.CharField(max_length=6)
    institution = models.ForeignKey("institutions.Institution", models.PROTECT, null=True, related_name="+")
    title = models.CharField(max_length=200)
    state = models.CharField(max_length=16, choices=rules.CaseState.choices(), default="open")
    due_on = models.DateField(null=True)  # of the next step; none while another authority has it
    classes = models.JSONField(default=list)  # whose evidence is on hold for it
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    authority = models.CharField(max_length=16, choices=rules.Authority.choices(), blank=True)
    office = models.CharField(max_length=120, blank=True)
    letter = models.JSONField(default=dict)  # what was handed over, as it was
    handed_at = models.DateTimeField(null=True)
    handed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    answer = models.CharField(max_length=500, blank=True)  # of the other authority, the latest
    outcome = models.CharField(max_length=16, choices=rules.CaseOutcome.choices(), blank=True)
    conclusion = models.TextField(blank=True)
    concluded_at = models.DateTimeField(null=True)
    concluded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(name="case_state_is_known", condition=Q(state__in=rules.CaseState.values())),
            models.CheckConstraint(
                name="handed_over_by_letter",
                condition=~Q(state__in=["handed", "accepted"])
                | ~Q(authority="")
                & ~Q(office="")
                & ~Q(letter={})
                & Q(handed_at__isnull=False, handed_by__isnull=False),
            ),
            models.CheckConstraint(
                name="concluded_case_has_its_outcome",
                condition=~Q(state="concluded")
                | ~Q(outcome="") & ~Q(conclusion="") & Q(concluded_at__isnull=False, concluded_by__isnull=False),
            ),
            models.CheckConstraint(
                name="case_is_concluded_by_another",
                condition=Q(concluded_by__isnull=True) | ~Q(concluded_by=F("opened_by")),
            ),
        ]
        indexes = [models.Index(fields=["region_code", "state", "due_on"], name="case_by_region")]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"


class PhoneCall(models.Model):
    """What one trainee of the sample answered (domain 2.6)."""

    task = models.ForeignKey(Task, models.PROTECT, related_name="calls")
    enrolment = models.ForeignKey("classes.Enrolment", models.PROTECT, related_name="+")
    answer = models.CharField(max_length=16, choices=rules.Answer.choices())
    remark = models.CharField(max_length=200, blank=True)
    called_at = models.DateTimeField()
    called_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(name="called_once_a_task", fields=["task", "enrolment"]),
            models.CheckConstraint(name="answer_is_known", condition=Q(answer__in=rules.Answer.values())),
        ]

    def __str__(self) -> str:
        return f"call #{self.pk}"


class Measure(models.Model):
    """A step of the graded ladder against an institution, and what follows from it (N11.4)."""

    institution = models.ForeignKey("institutions.Institution", models.PROTECT, related_name="+")
    region_code = models.CharField(max_length=6)
    grade = models.CharField(max_length=16, choices=rules.Grade.choices())
    trigger = models.CharField(max_length=16)
    ground = models.CharField(max_length=500)
    inspection = models.ForeignKey(Inspection, models.PROTECT, null=True, related_name="measures")
    restriction = models.ForeignKey("institutions.Restriction", models.PROTECT, null=True, related_name="+")
    taken_at = models.DateTimeField()
    taken_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    mend_by = models.DateField()
    mended_at = models.DateTimeField(null=True)
    mended_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(name="grade_is_known", condition=Q(grade__in=rules.Grade.values())),
            models.CheckConstraint(name="measure_has_its_ground", condition=~Q(ground="")),
        ]
        indexes = [models.Index(fields=["institution", "-taken_at"], name="measure_by_institution")]

    def __str__(self) -> str:
        return f"{self.get_grade_display()} #{self.pk}"


class Draw(models.Model):
    """Institutions and inspectors drawn at random by one seed, with both lists as they were (N11.2).

    Announced first, with the digests of a secret and of the lists, and the public figure that is to be drawn with; drawn
    once, when that is known. Never changed otherwise. What was drawn before there were announcements has no commitment.
    """

    title = models.CharField(max_length=120)
    region_code = models.CharField(max_length=6)
    secret = models.CharField(max_length=64, blank=True)  # public once it is drawn
    commitment = models.CharField(max_length=64, blank=True)  # SHA-256 of the secret
    lists_digest = models.CharField(max_length=64, blank=True)
    source = models.CharField(max_length=200, blank=True)  # of the figure: what, which one, published where
    draws_at = models.DateTimeField(null=True)  # when the figure will be known; not drawn before
    announced_at = models.DateTimeField(null=True)
    announced_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    figure = models.CharField(max_length=200, blank=True)  # as it was published
    seed = models.CharField(max_length=64, blank=True)
    percent = models.PositiveSmallIntegerField()  # of the institutions, by the region's terms
    bodies = models.JSONField()  # {"id", "name", "waits", "persons"}: who might be drawn
    inspectors = models.JSONField()  # {"id", "name", "person"}
    due_on = models.DateField()
    drawn_at = models.DateTimeField(null=True)
    drawn_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="drawn_by_a_seed",
                condition=Q(drawn_at__isnull=True, drawn_by__isnull=True, seed="")
                | Q(drawn_at__isnull=False, drawn_by__isnull=False) & ~Q(seed=""),
            ),
            models.UniqueConstraint(
                name="one_draw_announced_a_region", fields=["region_code"], condition=Q(drawn_at__isnull=True)
            ),
        ]
        indexes = [models.Index(fields=["region_code", "-id"], name="draw_by_region")]

    def __str__(self) -> str:
        return self.title


class Check(models.Model):
    """One drawn institution with the two who go there, and once both have signed the published result."""

    draw = models.ForeignKey(Draw, models.PROTECT, related_name="checks")
    institution = models.ForeignKey("institutions.Institution", models.PROTECT, related_name="+")
    region_code = models.CharField(max_length=6)
    first = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    second = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    checked_on = models.DateField(null=True)
    is_in_order = models.BooleanField(null=True)
    finding = models.CharField(max_length=500, blank=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField(null=True)
    published_at = models.DateTimeField(null=True)  # when the other signed

    class Meta:
        constraints = [
            models.UniqueConstraint(name="institution_once_a_draw", fields=["draw", "institution"]),
            models.CheckConstraint(name="two_are_drawn", condition=~Q(first=F("second"))),
            models.CheckConstraint(
                name="published_check_has_its_result",
                condition=Q(published_at__isnull=True)
                | Q(checked_on__isnull=False, is_in_order__isnull=False, recorded_by__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["institution", "-checked_on"], name="check_by_institution")]

    def __str__(self) -> str:
        return f"check #{self.pk}"
