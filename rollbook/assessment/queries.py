from typing import TYPE_CHECKING, Any

from django.db.models import Case, F, IntegerField, Q, QuerySet, Value, When
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, ExtractHour, ExtractMinute, TruncDate

from rollbook.assessment.models import Assessment, Score, ScoreChange
from rollbook.assessment.rules import Result
from rollbook.classes import queries as classes
from rollbook.classes.rules.states import State

if TYPE_CHECKING:
    from rollbook.accounts.models import Account
    from rollbook.classes.models import TrainingClass


def to_assess(by: "Account") -> "QuerySet[TrainingClass]":
    """Classes whose training has ended and whose results are not locked, the oldest first."""
    return classes.class_list(by).filter(state=State.ENDED).order_by("ends_on", "pk")


def assessed(by: "Account") -> "QuerySet[TrainingClass]":
    return classes.class_list(by).filter(Q(state=State.ASSESSED) | Q(state=State.ENDED)).order_by("-ends_on", "-pk")


def of_class(class_id: int) -> Assessment | None:
    return Assessment.objects.filter(training_class_id=class_id).first()


def scores_of(class_id: int) -> dict[int, Score]:
    return {one.enrolment_id: one for one in Score.objects.filter(assessment__training_class_id=class_id)}


def results_of(class_id: int) -> dict[int, Result]:
    """What each trainee's assessment came to; only locked results are given."""
    found = Score.objects.filter(assessment__training_class_id=class_id, assessment__locked_at__isnull=False)
    return {pk: Result(value) for pk, value in found.values_list("enrolment_id", "result")}


def is_locked(class_id: int) -> bool:
    return Assessment.objects.filter(training_class_id=class_id, locked_at__isnull=False).exists()


def changes_asked(by: "Account") -> QuerySet[ScoreChange]:
    """Changes of locked scores that wait for a decision."""
    seen = classes.visible_to(by).values("pk")
    found = ScoreChange.objects.filter(state="asked", score__assessment__training_class__in=seen)
    return found.select_related("score__enrolment__person", "score__assessment__training_class", "asked_by").order_by(
        "asked_at"
    )


def screened() -> dict[str, "QuerySet[Any, Any]"]:
    """Scores and their changes as the tables of screening: a completion assessment is one sitting of its class."""
    klass = "assessment__training_class"
    scores = Score.objects.filter(assessment__held_on__isnull=False, is_absent=False).exclude(result="pending")
    changed = "score__assessment__training_class"
    return {
        "scores": scores.values(
            "enrolment_id", "theory", "practice", exam_id=F("assessment_id"), person_id=F("enrolment__person_id"),
            class_id=F(f"{klass}_id"), institution_id=F(f"{klass}__institution_id"),
            region_code=F(f"{klass}__region_code"), occupation=F(f"{klass}__occupation__identity"),
            level=F(f"{klass}__level"), day=F("assessment__held_on"), entered_by_=F("entered_by_id"),
            passed=Case(When(result="passed", then=Value(True)), default=Value(False)),
        ),
        "score_changes": ScoreChange.objects.filter(state="granted").values(
            enrolment_id=F("score__enrolment_id"), class_id=F(f"{changed}_id"),
            institution_id=F(f"{changed}__institution_id"), region_code=F(f"{changed}__region_code"),
            by_account=F("asked_by_id"), day=TruncDate("decided_at"),
            minute=ExtractHour("decided_at") * 60 + ExtractMinute("decided_at"),
            was_=Cast(KT("was__theory"), IntegerField()), now=F("theory"),
        ),
    }  # fmt: skip


def theory_marks(class_id: int) -> list[int]:
    """The theory marks of a class."""
    found = Score.objects.filter(assessment__training_class_id=class_id, theory__isnull=False)
    return [mark for mark in found.values_list("theory", flat=True) if mark is not None]
