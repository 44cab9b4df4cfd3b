from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rollbook.accounts.rules import Permission, authorise
from rollbook.classes import queries
from rollbook.classes.models import Lesson, TrainingClass
from rollbook.classes.rules.states import State
from rollbook.evidence import actions as evidence
from rollbook.evidence.rules import Keep, Kind
from rollbook.kernel.messages import _
from rollbook.kernel.reasons import NotFound, Refused, reason

if TYPE_CHECKING:
    from rollbook.accounts.models import Account
    from rollbook.evidence.models import Item

IN_TRAINING = (State.APPROVED, State.RUNNING, State.ENDED)


def _showing(by: "Account", class_id: int, lesson_id: int | None, now: datetime) -> tuple[TrainingClass, Lesson | None]:
    klass = queries.get(by, class_id)
    authorise(by, Permission.EVIDENCE_ADD, institution_id=klass.institution_id)
    if klass.state not in IN_TRAINING:
        raise Refused(
            reason("not-in-training", _("Evidence is added from the approval of a class to its assessment."), "2.6")
        )
    if lesson_id is None:
        return klass, None
    lesson = Lesson.objects.filter(pk=lesson_id, training_class=klass).first()
    if lesson is None:
        raise NotFound
    if lesson.starts_at > now:
        raise Refused(reason("lesson-ahead", _("The lesson has not begun yet."), "2.6"))
    return klass, lesson


def add_evidence(
    *, by: "Account", class_id: int, lesson_id: int | None, kind: str, content: bytes, title: str, now: datetime
) -> "Item":
    """Add a photograph of a lesson, or a paper of the class (N4.3; domain 2.6)."""
    klass, lesson = _showing(by, class_id, lesson_id, now)
    if kind not in (Kind.PHOTO, Kind.PAPER):
        raise Refused(reason("evidence-kind", _("Send a photograph or a paper here.")))
    if kind == Kind.PHOTO and lesson is None:
        raise Refused(reason("which-lesson", _("Say which lesson the photograph shows."), "2.6"))
    place = queries.place_of(klass, lesson, Keep.FILE, now)
    return evidence.store(
        by=by, kind=Kind(kind), content=content, place=place, title=title or _called(klass, lesson), now=now
    )


def add_video(*, by: "Account", class_id: int, lesson_id: int, path: Path, title: str, now: datetime) -> "Item":
    """Add a video of a lesson (N4.3)."""
    klass, lesson = _showing(by, class_id, lesson_id, now)
    place = queries.place_of(klass, lesson, Keep.VIDEO, now)
    return evidence.store_video(by=by, path=path, place=place, title=title or _called(klass, lesson), now=now)


def _called(klass: TrainingClass, lesson: Lesson | None) -> str:
    return f"{klass} · {lesson.subject}" if lesson else str(klass)
