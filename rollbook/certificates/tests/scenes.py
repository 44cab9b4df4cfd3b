"""Classes whose trainees came, signed and passed."""

from datetime import UTC, date, datetime

from rollbook.accounts.models import Account
from rollbook.assessment.models import Assessment, Score
from rollbook.classes.models import Attendance, Commitment, Enrolment, Lesson, TrainingClass
from rollbook.classes.tests.scenes import BEGINS, ENDS, another, running

NOW = datetime(2026, 3, 20, 2, tzinfo=UTC)


def passed(trainees: int = 2, *, first: bool = True) -> tuple[TrainingClass, Account]:
    """A class to issue certificates to, and the manager who may; `first` loads the terms as well."""
    scene = running(trainees) if first else another(trainees)
    TrainingClass.objects.filter(pk=scene.klass.pk).update(state="assessed", ends_on=date(2026, 3, 13))
    held = Assessment.objects.create(
        training_class=scene.klass, held_on=date(2026, 3, 16), assessors="甲", locked_at=NOW, locked_by=scene.manager
    )
    for one in scene.people:
        entered = {"entered_at": NOW, "entered_by": scene.manager}
        Score.objects.create(assessment=held, enrolment=one, theory=70, practice=80, result="passed", **entered)
        come(scene.lesson, one)
        sign(one)
    scene.klass.refresh_from_db()
    return scene.klass, scene.manager


def come(lesson: Lesson, one: Enrolment) -> None:
    Attendance.objects.create(lesson=lesson, enrolment=one, presence="present", in_at=BEGINS, out_at=ENDS, minutes=180)


def sign(one: Enrolment) -> None:
    Commitment.objects.create(
        training_class=one.training_class, enrolment=one, text_version="1", text_sha256="0" * 64, signed_at=BEGINS,
        signed_name=one.person.name, means="own account",
    )  # fmt: skip
