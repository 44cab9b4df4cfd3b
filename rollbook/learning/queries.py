"""What online study came to, for its class and for screening; who asks has been checked by the class."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import (
    Avg,
    Count,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    Max,
    Min,
    OuterRef,
    QuerySet,
    Sum,
    Value,
)
from django.db.models.functions import Extract, NullIf, TruncDate

from rollbook.classes import queries as classes
from rollbook.database.changes import changed
from rollbook.learning.models import Quiz, QuizRestated, Restated, Session

if TYPE_CHECKING:
    from rollbook.classes.models import Enrolment


@dataclass(frozen=True, slots=True)
class Study:
    """What one trainee studied online."""

    enrolment: "Enrolment"
    sessions: dict[str, Any]
    quizzes: dict[str, Any]


def of_class(class_id: int) -> list[Study]:
    """Every trainee of a class with their totals: three queries."""
    sessions: dict[int, Any] = {
        row["enrolment"]: row
        for row in Session.objects.filter(enrolment__training_class=class_id)
        .values("enrolment")
        .annotate(
            count=Count("pk", distinct=True), credited=Sum("credited"), fails=Sum("face_fails"),
            checks=Sum("face_checks"), first=Min("starts_at"), last=Max("ends_at"),
        )
    }  # fmt: skip
    quizzes: dict[int, Any] = {
        row["enrolment"]: row
        for row in Quiz.objects.filter(enrolment__training_class=class_id)
        .values("enrolment")
        .annotate(count=Count("pk"), share=Avg(F("right_first") * 100.0 / NullIf("questions", 0)))
    }
    return [Study(one, sessions.get(one.pk, {}), quizzes.get(one.pk, {})) for one in classes.roster(class_id)]


def restated_in(class_id: int) -> int:
    """How many sessions and tests of a class the platform told twice and differently."""
    sessions = Restated.objects.filter(session__enrolment__training_class=class_id).values("session")
    quizzes = QuizRestated.objects.filter(quiz__enrolment__training_class=class_id).values("quiz")
    return sessions.distinct().count() + quizzes.distinct().count()


def known(platform: str, enrolments: Collection[int], numbers: Collection[str]) -> dict[tuple[int, str], Session]:
    found = Session.objects.filter(platform=platform, enrolment__in=enrolments, number__in=numbers)
    return {(one.enrolment_id, one.number): one for one in found}


def known_quizzes(platform: str, enrolments: Collection[int], numbers: Collection[str]) -> dict[tuple[int, str], Quiz]:
    found = Quiz.objects.filter(platform=platform, enrolment__in=enrolments, number__in=numbers)
    return {(one.enrolment_id, one.number): one for one in found}


def filed_sessions(class_id: int) -> "QuerySet[Session, Any]":
    """As platforms filed them, each with how often it was told differently since."""
    found = Session.objects.filter(enrolment__training_class=class_id).order_by("starts_at", "pk")
    return found.annotate(changes=Count("restated"))


def filed_quizzes(class_id: int) -> "QuerySet[Quiz, Any]":
    found = Quiz.objects.filter(enrolment__training_class=class_id).order_by("taken_at", "pk")
    return found.annotate(changes=Count("restated"))


def screened() -> "dict[str, QuerySet[Any, Any]]":
    """Sessions and tests as the tables of screening; a record told twice and differently does not hold."""
    klass = "enrolment__training_class"
    place: dict[str, Any] = {
        "class_id": F(f"{klass}_id"),
        "institution_id": F(f"{klass}__institution_id"),
        "region_code": F(f"{klass}__region_code"),
    }
    wall = Extract(ExpressionWrapper(F("ends_at") - F("starts_at"), output_field=DurationField()), "epoch")
    return {
        "sessions": Session.objects.values(
            "enrolment_id", "platform", "course", "starts_at", "ends_at", "blurs", "seeks", "beats", "beat_spread_ms",
            "clicks", "click_places", "face_checks", "face_fails", "fails_in_a_row", "answer_spread_ms",
            session_id=F("pk"), person_id=F("enrolment__person_id"), wall_s=wall, content_s=F("content"),
            credited_s=F("credited"), unseen_jump_s=F("unseen_jump"), hidden_s=F("hidden"), idle_s=F("idle"),
            device_=NullIf("device", Value("")), network_=NullIf("network", Value("")), city_=NullIf("city", Value("")),
            day=TruncDate("starts_at"), chain_holds=~Exists(Restated.objects.filter(session=OuterRef("pk"))), **place,
        ),
        "quizzes": Quiz.objects.values(
            "enrolment_id", "course", "questions", "right_first", "seconds", day=TruncDate("taken_at"),
            chain_holds=~Exists(QuizRestated.objects.filter(quiz=OuterRef("pk"))), **place,
        ),
    }  # fmt: skip


def changed_since(mark: int) -> "list[QuerySet[Any, Any]]":
    """The sessions that read differently since the transaction `mark`."""
    return [changed(Session, mark, "pk"), changed(Restated, mark, "session_id")]
