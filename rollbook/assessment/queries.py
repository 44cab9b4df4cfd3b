from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet

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
