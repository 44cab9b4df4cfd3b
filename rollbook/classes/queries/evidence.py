"""The evidence of a class, lesson by lesson."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils.timezone import localdate

from rollbook.classes.models import Leave, Lesson, TrainingClass
from rollbook.classes.queries.application import terms_of
from rollbook.classes.rules import evidence as rules
from rollbook.directory.rules import TermKey
from rollbook.evidence import queries as evidence
from rollbook.evidence.rules import Keep, Kind, Place, months_later
from rollbook.kernel.messages import Message

if TYPE_CHECKING:
    from rollbook.evidence.models import Item

MONTHS = {Keep.RAW: TermKey.KEEP_RAW_MONTHS, Keep.VIDEO: TermKey.KEEP_VIDEO_MONTHS, Keep.FILE: TermKey.KEEP_FILE_MONTHS}


def dossier_of(class_id: int) -> str:
    return f"classes.TrainingClass:{class_id}"


def subject_of(lesson_id: int) -> str:
    return f"classes.Lesson:{lesson_id}"


def trainee_of(enrolment_id: int) -> str:
    """The name under which the papers of one trainee of a class are kept."""
    return f"classes.Enrolment:{enrolment_id}"


def proofs_to_move() -> list[int]:
    """Leaves whose proof lies as a plain file still."""
    return list(Leave.objects.exclude(proof="").order_by("pk").values_list("pk", flat=True))


def place_of(klass: TrainingClass, lesson: Lesson | None, keep: Keep, now: datetime) -> Place:
    """Where evidence of a class belongs, and until when the region's terms want it kept."""
    terms = terms_of(klass, now)
    over = max(klass.ends_on or localdate(now), localdate(now))
    return Place(
        subject=subject_of(lesson.pk) if lesson else dossier_of(klass.pk),
        dossier=dossier_of(klass.pk),
        region_code=klass.region_code,
        institution_id=klass.institution_id,
        keep=keep,
        keep_until=months_later(over, terms[MONTHS[keep]]),
        gigabytes=terms[TermKey.EVIDENCE_GIGABYTES],
    )


@dataclass(slots=True)
class LessonEvidence:
    """One lesson with what shows it, and what is to be said of that; None for the class as a whole."""

    lesson: Lesson | None
    items: "list[tuple[Item, list[Message]]]" = field(default_factory=list)
    lacks: list[Message] = field(default_factory=list)


def evidence_of(klass: TrainingClass, now: datetime) -> list[LessonEvidence]:
    """All evidence of a class: three queries. The caller has checked who asks."""
    lessons = Lesson.objects.filter(training_class=klass).select_related("room").order_by("starts_at")
    rows = {subject_of(one.pk): LessonEvidence(one) for one in lessons}
    whole = LessonEvidence(None)
    for item in evidence.of_dossier(dossier_of(klass.pk)):
        row = rows.get(item.subject, whole)
        told: list[Message] = []
        if row.lesson and item.kind in (Kind.PHOTO, Kind.VIDEO):
            told = list(rules.looks(item.taken_at, item.stored_at, row.lesson.starts_at, row.lesson.ends_at))
        row.items.append((item, told))
    least = terms_of(klass, now)[TermKey.PHOTOS_A_LESSON]
    for row in rows.values():
        photos = sum(item.kind == Kind.PHOTO for item, _told in row.items)
        row.lacks = list(rules.lacks(photos, least, is_over=row.lesson is not None and row.lesson.ends_at < now))
    return [whole, *rows.values()]
