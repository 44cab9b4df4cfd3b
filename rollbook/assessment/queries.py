from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.db.models import (
    BooleanField,
    Case,
    CharField,
    Count,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Concat, ExtractHour, ExtractMinute, NullIf, TruncDate

from rollbook.accounts.rules import Permission, holds
from rollbook.assessment.models import AnswerSheet, Assessment, DoorPhoto, Duty, Score, ScoreChange, Sitting
from rollbook.assessment.rules import DutyKind, Part, Record, Result, Word
from rollbook.classes import queries as classes
from rollbook.classes.rules.states import CertificateKind, State
from rollbook.database import arrow
from rollbook.database.changes import changed
from rollbook.evidence import queries as evidence
from rollbook.kernel.reasons import NotFound

if TYPE_CHECKING:
    from rollbook.accounts.models import Account
    from rollbook.classes.models import TrainingClass
    from rollbook.evidence.models import Item


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


def sittings_of(class_id: int) -> QuerySet[Sitting]:
    """The sittings of a class with how many were on duty and answered: for contexts that have checked who asks."""
    found = Sitting.objects.filter(assessment__training_class_id=class_id).select_related("room")
    counted = found.annotate(
        examiners=Count("duties", distinct=True), answered=Count("sheets", distinct=True),
        photographed=Count("photos__enrolment", distinct=True),
    )  # fmt: skip
    return counted.order_by("starts_at", "pk")


def sitting(by: "Account", sitting_id: int) -> Sitting:
    found = Sitting.objects.filter(assessment__training_class__in=classes.visible_to(by).values("pk"))
    try:
        return found.select_related("room", "assessment__training_class__institution").get(pk=sitting_id)
    except Sitting.DoesNotExist:
        raise NotFound from None


def on_duty(by: "Account") -> QuerySet[Sitting]:
    """The sittings in which the account's person watches or judges, the latest first: duty alone opens the door."""
    if by.person_id is None:
        return Sitting.objects.none()
    mine = Duty.objects.filter(Q(person=by.person_id) | Q(person__merged_into=by.person_id))
    found = Sitting.objects.filter(pk__in=mine.values("sitting"))
    return found.select_related("room", "assessment__training_class__institution").order_by("-starts_at", "-pk")


def at_door(by: "Account", sitting_id: int) -> Sitting:
    """A sitting whose candidates the account may photograph: on duty in it, or of who files it."""
    if found := on_duty(by).filter(pk=sitting_id).first():
        return found
    if not holds(by, Permission.SCORE_ENTER):
        raise NotFound
    return sitting(by, sitting_id)


def photos_of(sitting_id: int) -> dict[int, list[DoorPhoto]]:
    """The photographs taken at the door of a sitting by candidate, in the order in which they were taken."""
    found: dict[int, list[DoorPhoto]] = {}
    for one in DoorPhoto.objects.filter(sitting=sitting_id).select_related("filed_by").order_by("taken_at", "pk"):
        found.setdefault(one.enrolment_id, []).append(one)
    return found


def photo_of(sitting_id: int, enrolment_id: int, item_id: int) -> DoorPhoto | None:
    return DoorPhoto.objects.filter(sitting=sitting_id, enrolment=enrolment_id, item=item_id).first()


def sittings_to_come(assessment_id: int, now: datetime) -> int:
    return Sitting.objects.filter(assessment=assessment_id, ends_at__gt=now).count()


def duties_of(sitting_id: int) -> QuerySet[Duty]:
    return Duty.objects.filter(sitting=sitting_id).select_related("person").order_by("kind", "pk")


def sheets_of(sitting_id: int) -> QuerySet[AnswerSheet]:
    return AnswerSheet.objects.filter(sitting=sitting_id).select_related("enrolment__person").order_by("pk")


def record_of(sitting_id: int, what: str) -> str:
    """The name under which what a sitting left behind is kept as evidence."""
    return f"{Sitting._meta.label}:{sitting_id}:{what}"


def records_of(sitting_id: int) -> "dict[Record, list[Item]]":
    return {what: list(evidence.of_subject(record_of(sitting_id, what))) for what in Record}


def screened() -> dict[str, "QuerySet[Any, Any]"]:
    """Scores and their changes as the tables of screening: a completion assessment is one sitting of its class."""
    klass = "assessment__training_class"
    theory = AnswerSheet.objects.filter(sitting__part=Part.THEORY, enrolment=OuterRef("enrolment")).order_by("-pk")
    scores = Score.objects.filter(assessment__held_on__isnull=False, is_absent=False).exclude(result="pending")
    changed = "score__assessment__training_class"
    seen = DoorPhoto.objects.filter(enrolment=OuterRef("enrolment"))
    return {
        "scores": scores.values(
            "enrolment_id", "theory", "practice", exam_id=Subquery(theory.values("sitting")[:1]),
            room_id=Subquery(theory.values("sitting__room")[:1]), minutes=Subquery(theory.values("minutes")[:1]), person_id=F("enrolment__person_id"),
            class_id=F(f"{klass}_id"), institution_id=F(f"{klass}__institution_id"),
            region_code=F(f"{klass}__region_code"), occupation=F(f"{klass}__occupation__identity"),
            level=F(f"{klass}__level"), day=F("assessment__held_on"), entered_by_=F("entered_by_id"),
            passed=Case(When(result="passed", then=Value(True)), default=Value(False)),
            photo_score=Subquery(seen.filter(likeness__isnull=False).order_by("likeness").values("likeness")[:1]),
            photo_word=Subquery(seen.filter(word=Word.OTHER).values("word")[:1]),
        ),
        "score_changes": ScoreChange.objects.filter(state="granted").values(
            enrolment_id=F("score__enrolment_id"), class_id=F(f"{changed}_id"),
            institution_id=F(f"{changed}__institution_id"), region_code=F(f"{changed}__region_code"),
            by_account=F("asked_by_id"), day=TruncDate("decided_at"),
            minute=ExtractHour("decided_at") * 60 + ExtractMinute("decided_at"),
            was_=Cast(KT("was__theory"), IntegerField()), now=F("theory"),
        ),
        "exams": _exams(),
        "exam_staff": Duty.objects.values(
            "person_id", duty=F("kind"), exam_id=F("sitting_id"), starts_at=F("sitting__starts_at"),
            ends_at=F("sitting__ends_at"), day=TruncDate("sitting__starts_at"),
            institution_id=F(f"sitting__{klass}__institution_id"),
        ),
    }  # fmt: skip


def seen_at_door() -> "QuerySet[DoorPhoto, Any]":
    """Who was photographed at the door of an examination was there at that moment, and nowhere else (D48)."""
    return DoorPhoto.objects.filter(word=Word.SAME).values(
        person_id=F("enrolment__person_id"), kind=Value("exam"), place=F("sitting__room__name"), at=F("taken_at"),
        day=TruncDate("taken_at"), class_id=F("enrolment__training_class_id"),
    )  # fmt: skip


def changed_since(mark: int) -> "list[QuerySet[Any, Any]]":
    """The enrolments whose scores read differently since the transaction `mark`."""
    return [
        changed(Score, mark, "enrolment_id"), changed(Assessment, mark, "scores__enrolment_id"),
        changed(AnswerSheet, mark, "enrolment_id"), changed(DoorPhoto, mark, "enrolment_id"), changed(Sitting, mark, "sheets__enrolment_id"),
    ]  # fmt: skip


def _exams() -> "QuerySet[Sitting, Any]":
    """Sittings. How many examiners and which records there must be is ruled for skill evaluation only (S64, N6.2):
    of any other these are unknown, and so are the records before the lock."""
    klass = "assessment__training_class"
    evaluated = Q(**{f"{klass}__certificate_kind": CertificateKind.LEVEL})

    def on_duty(kind: DutyKind) -> Case:
        return Case(When(evaluated, then=Count("duties", filter=Q(duties__kind=kind), distinct=True)))

    def has(what: Record) -> Case:
        name = Concat(Value(f"{Sitting._meta.label}:"), Cast(OuterRef("pk"), CharField()), Value(f":{what.value}"))
        locked = evaluated & Q(assessment__locked_at__isnull=False)
        return Case(When(locked, then=Exists(evidence.still(name))), default=None, output_field=BooleanField(null=True))

    return Sitting.objects.values(
        "room_id", "minutes", "starts_at", "ends_at", exam_id=F("pk"), class_id=F(f"{klass}_id"),
        institution_id=F(f"{klass}__institution_id"), trainer_id=F(f"{klass}__institution_id"),
        occupation=F(f"{klass}__occupation__identity"), level=F(f"{klass}__level"), kind=F("part"),
        region_code=F(f"{klass}__region_code"), seats=F("room__seats"), day=TruncDate("starts_at"),
        paper_=NullIf("paper", Value("")), paper_drawn_on=F("drawn_on"),
        candidates=NullIf(Count("sheets", distinct=True), 0), assessors=on_duty(DutyKind.ASSESSOR),
        invigilators=on_duty(DutyKind.INVIGILATOR), has_video=has(Record.VIDEO), has_sign_in=has(Record.SIGN_IN),
        has_papers=has(Record.PAPERS),
    )  # fmt: skip


def sheets(people: list[int] | None = None) -> "QuerySet[AnswerSheet, Any]":
    """Theory papers with a key, of everybody or of some."""
    found = AnswerSheet.objects.filter(sitting__part=Part.THEORY).exclude(sitting__key="")
    if people is not None:
        found = found.filter(enrolment__person_id__in=people)
    return found.values(
        "enrolment_id", "choices", exam_id=F("sitting_id"), room_id=F("sitting__room_id"), key=F("sitting__key"),
        day=TruncDate("sitting__starts_at"),
    )  # fmt: skip


def answers(people: list[int] | None) -> Iterator[pa.RecordBatch]:
    """A row for every question that somebody answered on such a paper."""
    for batch in arrow.stream(sheets(people)):
        yield _by_question(batch)


def _by_question(batch: pa.RecordBatch) -> pa.RecordBatch:
    chosen, right = (pc.split_pattern(batch.column(name), ",") for name in ("choices", "key"))
    sheet = pc.list_parent_indices(chosen)
    before = np.cumsum(pc.list_value_length(chosen).to_numpy()) - pc.list_value_length(chosen).to_numpy()
    question = np.arange(len(sheet)) - before[sheet.to_numpy()] + 1
    kept = ("enrolment_id", "exam_id", "room_id", "day")
    columns = {name: batch.column(name).take(sheet) for name in kept}
    choice = chosen.flatten()
    columns |= {"question": pa.array(question), "choice": choice, "is_right": pc.equal(choice, right.flatten())}
    return pa.RecordBatch.from_pydict(columns).filter(pc.not_equal(choice, ""))


def theory_marks(class_id: int) -> list[int]:
    """The theory marks of a class."""
    found = Score.objects.filter(assessment__training_class_id=class_id, theory__isnull=False)
    return [mark for mark in found.values_list("theory", flat=True) if mark is not None]
