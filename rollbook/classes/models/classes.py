from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func, Q

from rollbook.classes.rules import states
from rollbook.persons.rules import Category


class TrainingClass(models.Model):
    """One run of a project, from the first draft to its results (N4.1, N4.2)."""

    institution = models.ForeignKey("institutions.Institution", models.PROTECT, related_name="+")
    region_code = models.CharField(max_length=6)  # of the county that reviews it
    local_id = models.CharField(max_length=64, blank=True)  # the institution's own number
    item = models.ForeignKey("directory.DemandItem", models.PROTECT, null=True, related_name="+")
    occupation = models.ForeignKey("directory.Occupation", models.PROTECT, null=True, related_name="+")
    level = models.CharField(max_length=1, default="0")
    title = models.CharField(max_length=128, blank=True)
    certificate_kind = models.CharField(max_length=16, choices=states.CertificateKind.choices(), default="completion")
    study_form = models.CharField(max_length=16, choices=states.StudyForm.choices(), default="full-time")
    starts_on = models.DateField(null=True)
    ends_on = models.DateField(null=True)
    planned_size = models.PositiveSmallIntegerField(default=0)
    head = models.CharField(max_length=64, blank=True)  # who answers for the class
    phone = models.CharField(max_length=32, blank=True)
    resources = models.TextField(blank=True)  # textbooks and digital courses
    assessment_plan = models.TextField(blank=True)
    open_for_sign_up = models.BooleanField(default=False)

    state = models.CharField(max_length=16, choices=states.State.choices(), default="draft")
    number = models.CharField(max_length=32, null=True, unique=True)  # noqa: DJ001 filing number, once approved
    created_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True)
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decide_by = models.DateField(null=True)  # last day of the county's limit
    reviewed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    is_deemed = models.BooleanField(default=False)  # approved by the silence of the office
    roster_frozen_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="class_ends_after_it_starts", condition=Q(ends_on__gte=F("starts_on"))),
            models.CheckConstraint(name="class_state_is_known", condition=Q(state__in=states.State.values())),
            models.CheckConstraint(
                name="approved_class_is_complete",
                condition=~Q(state__in=["approved", "running", "ended", "assessed"])
                | Q(
                    number__isnull=False,
                    decided_at__isnull=False,
                    item__isnull=False,
                    starts_on__isnull=False,
                    ends_on__isnull=False,
                ),
            ),
            models.CheckConstraint(
                name="approved_by_someone_or_by_silence",
                condition=~Q(state__in=["approved", "running", "ended", "assessed"])
                | Q(decided_by__isnull=False)
                | Q(is_deemed=True),
            ),
            models.CheckConstraint(
                name="second_officer_is_another",
                condition=Q(reviewed_by__isnull=True) | Q(decided_by__isnull=True) | ~Q(reviewed_by=F("decided_by")),
            ),
            models.UniqueConstraint(
                name="class_local_id_once",
                fields=["institution", "local_id"],
                condition=~Q(local_id=""),
            ),
        ]
        indexes = [
            models.Index(fields=["region_code", "state", "-id"], name="class_by_region_state"),
            models.Index(fields=["institution", "-id"], name="class_by_institution"),
        ]

    def __str__(self) -> str:
        return self.title or f"#{self.pk}"


class Lesson(models.Model):
    """A dated unit of the teaching plan. While it is `is_binding`, room and teacher are taken:
    from submission of the class until it is refused, withdrawn or cancelled."""

    training_class = models.ForeignKey(TrainingClass, models.PROTECT, related_name="lessons")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    hours = models.PositiveSmallIntegerField()  # academic hours of 45 minutes that it adds to the plan
    kind = models.CharField(max_length=16, choices=states.LessonKind.choices())
    subject = models.CharField(max_length=128)
    room = models.ForeignKey("institutions.Room", models.PROTECT, related_name="+")
    teacher = models.ForeignKey("institutions.Teacher", models.PROTECT, related_name="+")
    teacher_person = models.ForeignKey("persons.Person", models.PROTECT, related_name="+")
    textbook = models.CharField(max_length=128, blank=True)
    is_binding = models.BooleanField(default=False)
    is_make_up = models.BooleanField(default=False, db_default=False)  # held again, for those alone who are named
    attendance_closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="room_is_taken_once_at_a_time",
                expressions=[
                    ("room", RangeOperators.EQUAL),
                    (
                        Func("starts_at", "ends_at", function="TSTZRANGE"),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                condition=Q(is_binding=True),
            ),
            ExclusionConstraint(
                name="teacher_is_in_one_place_at_a_time",
                expressions=[
                    ("teacher_person", RangeOperators.EQUAL),
                    (
                        Func("starts_at", "ends_at", function="TSTZRANGE"),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                condition=Q(is_binding=True),
            ),
            models.CheckConstraint(name="lesson_ends_after_it_starts", condition=Q(ends_at__gt=F("starts_at"))),
            models.CheckConstraint(name="make_up_adds_no_hours", condition=Q(is_make_up=False) | Q(hours=0)),
        ]
        indexes = [
            models.Index(fields=["training_class", "starts_at"], name="lesson_by_class"),
            models.Index(fields=["teacher_person", "starts_at"], name="lesson_by_teacher"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} #{self.pk}"


class Enrolment(models.Model):
    """A person on the roster of a class."""

    training_class = models.ForeignKey(TrainingClass, models.PROTECT, related_name="enrolments")
    person = models.ForeignKey("persons.Person", models.PROTECT, related_name="+")
    category = models.CharField(max_length=16, blank=True)  # as of the first day of the class
    added_at = models.DateTimeField()
    dropped_at = models.DateTimeField(null=True)
    drop_reason = models.CharField(max_length=200, blank=True)
    employer = models.CharField(max_length=128, blank=True)
    post = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(name="person_enrols_once_a_class", fields=["training_class", "person"])]

    def __str__(self) -> str:
        return f"{self.person} #{self.pk}"

    @property
    def category_label(self) -> str:
        """The category's word, in English; a page translates it."""
        return Category(self.category).label if self.category else ""


class LevelReservation(models.Model):
    """That a person is being, or has been, trained in an occupation at a level at public cost.

    Made when a class is approved, confirmed when the subsidy is paid, and released when the person
    drops out or is not paid: the same occupation and level is never had twice at once, whichever counties act (N12.3).
    """

    person = models.ForeignKey("persons.Person", models.PROTECT, related_name="+")
    occupation_identity = models.BigIntegerField()
    level = models.CharField(max_length=1)
    enrolment = models.ForeignKey(Enrolment, models.PROTECT, related_name="reservations")
    reserved_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)  # when the subsidy was paid
    released_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="same_occupation_and_level_once",
                fields=["person", "occupation_identity", "level"],
                condition=Q(released_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"reservation #{self.pk}"


class Commitment(models.Model):
    """A promise signed by the institution (no enrolment) or by a trainee (N4.6)."""

    training_class = models.ForeignKey(TrainingClass, models.PROTECT, related_name="commitments")
    enrolment = models.OneToOneField(Enrolment, models.PROTECT, null=True, related_name="commitment")
    signed_name = models.CharField(max_length=64)
    text_version = models.CharField(max_length=16)
    text_sha256 = models.CharField(max_length=64)
    signed_at = models.DateTimeField()
    signed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    means = models.CharField(max_length=32)  # "own account", "paper, checked by the institution"

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="institution_commits_once_a_class",
                fields=["training_class"],
                condition=Q(enrolment__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"commitment of {self.signed_name}"


class Review(models.Model):
    """One officer's decision on an application, with what the checks had found."""

    training_class = models.ForeignKey(TrainingClass, models.PROTECT, related_name="reviews")
    stage = models.CharField(max_length=16)  # "first", "second", "deemed"
    move = models.CharField(max_length=16, choices=states.Move.choices())
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    reasons = models.JSONField(default=list)  # messages ticked
    remark = models.TextField(blank=True)
    findings = models.JSONField(default=list)  # what the checks said at that moment
    facts = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"review #{self.pk}"


class PlanChange(models.Model):
    """A change of the teaching plan, asked before it happens and decided by the county."""

    training_class = models.ForeignKey(TrainingClass, models.PROTECT, related_name="changes")
    lesson = models.ForeignKey(Lesson, models.PROTECT, related_name="changes")
    proposed = models.JSONField()  # field → new value
    reason = models.CharField(max_length=200)
    state = models.CharField(max_length=16, choices=states.AskState.choices(), default="asked")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    remark = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="plan_change_is_decided_by_another",
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("asked_by")),
            )
        ]

    def __str__(self) -> str:
        return f"plan change #{self.pk}"
