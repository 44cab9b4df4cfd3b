from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db.models import (
    Case,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    IntegerField,
    OuterRef,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Cast, Extract, TruncDate

from rollbook.accounts.rules import Permission, holds
from rollbook.classes import queries as classes
from rollbook.database.changes import changed
from rollbook.directory.rules import TermKey
from rollbook.kernel.messages import Message
from rollbook.kernel.reasons import NotFound
from rollbook.live import rules
from rollbook.live.models import Camera, CameraCall, Fault, HeadCount, RawFile, Recording, Sending
from rollbook.regions.rules import prefix

if TYPE_CHECKING:
    from rollbook.accounts.models import Account
    from rollbook.classes.models import Lesson

WALL = 12  # pictures at one time
SAMPLED = 60  # cameras looked at in one turn: half a second each
AGAIN = timedelta(minutes=10)  # after a picture was kept
SHOWN_FOR = timedelta(hours=1)


def visible_to(by: "Account") -> QuerySet[Camera]:
    """Cameras of the office's region, or of the own institution."""
    found = Camera.objects.select_related("room__site", "institution")
    if not holds(by, Permission.LIVE_WATCH):
        return found.none()
    if by.institution_id is not None:
        return found.filter(institution_id=by.institution_id)
    return found.filter(region_code__startswith=prefix(by.region_code))


def get(by: "Account", camera_id: int, *, lock: bool = False) -> Camera:
    found = visible_to(by).filter(pk=camera_id)
    try:
        return (found.select_for_update(of=("self",)) if lock else found).get()
    except Camera.DoesNotExist:
        raise NotFound from None


def by_key(stream: str, digest: str) -> Camera | None:
    return Camera.objects.select_related("institution").filter(stream=stream, key_digest=digest).first()


def by_stream(stream: str) -> Camera | None:
    return Camera.objects.select_related("institution").filter(stream=stream).first()


def open_sending(camera_id: int) -> Sending | None:
    return Sending.objects.filter(camera_id=camera_id, ended_at=None).select_for_update().first()


def sending_of(camera_id: int) -> Sending | None:
    return Sending.objects.filter(camera_id=camera_id, ended_at=None).first()


def wall(by: "Account", now: datetime) -> "QuerySet[Lesson]":
    """The lessons that are going on now where the account may look in, those with a picture first."""
    sending = Sending.objects.filter(lesson=OuterRef("pk"), ended_at=None)
    camera = Camera.objects.filter(room=OuterRef("room"), revoked_at=None)
    found = classes.lessons_now(by, now).annotate(is_live=Exists(sending), has_camera=Exists(camera))
    return found.order_by("-is_live", "starts_at", "pk")


def live_cameras(by: "Account", lesson_ids: list[int]) -> list[Camera]:
    """The cameras that send of some lessons now."""
    sending = Sending.objects.filter(lesson_id__in=lesson_ids, ended_at=None).values("camera")
    return list(visible_to(by).filter(pk__in=sending).order_by("pk"))


def lesson(by: "Account", lesson_id: int) -> "Lesson":
    """A lesson at which the account may look."""
    if not holds(by, Permission.LIVE_WATCH):
        raise NotFound
    return classes.lesson(by, lesson_id)


def cameras_of_room(room_id: int) -> list[Camera]:
    return list(Camera.objects.filter(room_id=room_id, revoked_at=None).select_related("room").order_by("pk"))


def live_in(lesson_id: int) -> Camera | None:
    found = Sending.objects.filter(lesson_id=lesson_id, ended_at=None).select_related("camera").order_by("-pk").first()
    return found.camera if found else None


def recordings(by: "Account") -> QuerySet[Recording]:
    found = Recording.objects.select_related("lesson__training_class__institution", "lesson__room", "camera", "item")
    if not holds(by, Permission.LIVE_WATCH):
        return found.none()
    if by.institution_id is not None:
        found = found.filter(camera__institution_id=by.institution_id)
    else:
        found = found.filter(region_code__startswith=prefix(by.region_code))
    return found.order_by("-begins_at", "-pk")


def recording(by: "Account", recording_id: int) -> Recording:
    try:
        return recordings(by).get(pk=recording_id)
    except Recording.DoesNotExist:
        raise NotFound from None


def of_lesson(lesson_id: int) -> dict[str, Any]:
    """Everything that cameras saw of a lesson."""
    return {
        "recordings": list(
            Recording.objects.filter(lesson_id=lesson_id).select_related("camera", "item").order_by("begins_at")
        ),
        "faults": list(Fault.objects.filter(lesson_id=lesson_id).select_related("camera").order_by("begins_at")),
        "counts": list(
            HeadCount.objects.filter(lesson_id=lesson_id).select_related("item", "counted_by").order_by("taken_at")
        ),
        "calls": list(
            CameraCall.objects.filter(lesson_id=lesson_id)
            .select_related("enrolment__person", "called_by")
            .order_by("pk")
        ),
    }


def spans_of(lesson_id: int, camera_id: int) -> list[rules.Span]:
    rows = Recording.objects.filter(lesson_id=lesson_id, camera_id=camera_id)
    return [rules.Span(begins, ends) for begins, ends in rows.values_list("begins_at", "ends_at")]


def told_of(lesson: "Lesson", now: datetime) -> list[Message]:
    """What is to be said of the pictures of a lesson: of people in them at once, of the lesson as a whole once it is
    over."""
    terms = classes.terms_of(lesson.training_class, now)
    told = [] if lesson.ends_at > now else _told_of_whole(lesson, terms[TermKey.CAMERA_GAP_PERCENT])
    percent = terms[TermKey.HEAD_COUNT_PERCENT]
    for one in HeadCount.objects.filter(lesson=lesson).order_by("taken_at"):
        if one.counted is not None:
            told += rules.reasons_of_count(counted=one.counted, checked_in=one.checked_in, percent=percent)
        elif one.found is not None:
            told += rules.reasons_of_faces(found=one.found, checked_in=one.checked_in, percent=percent)
    return told


def _told_of_whole(lesson: "Lesson", most: int) -> list[Message]:
    cameras = cameras_of_room(lesson.room_id)
    faults = list(Fault.objects.filter(lesson=lesson))
    best = 100
    for camera in cameras:  # what one camera missed another may have seen
        without = [
            rules.Span(one.begins_at, one.ends_at)
            for one in faults
            if one.camera_id == camera.pk and one.kind in rules.WITHOUT_PICTURE
        ]
        without += rules.gaps(lesson.starts_at, lesson.ends_at, spans_of(lesson.pk, camera.pk))
        best = min(best, rules.missing_percent(lesson.starts_at, lesson.ends_at, without))
    is_moved = any(one.kind == "moved" for one in faults)
    return list(rules.reasons_of_lesson(percent=best, most=most, has_camera=bool(cameras), is_moved=is_moved))


def crowded(by: "Account", now: datetime, lesson_id: int | None = None) -> list[tuple[HeadCount, list[Message]]]:
    """Pictures of lessons that are going on now in which more faces were found than had checked in, and that nobody
    counted yet: the newest of each camera, with what is told of it."""
    lessons = classes.lessons_now(by, now) if holds(by, Permission.LIVE_WATCH) else classes.lessons_now(by, now).none()
    if lesson_id is not None:
        lessons = lessons.filter(pk=lesson_id)
    found = HeadCount.objects.filter(lesson__in=lessons.values("pk"), found__gt=F("checked_in"), counted=None)
    newest = found.order_by("lesson", "camera", "-taken_at").distinct("lesson", "camera")
    rows = HeadCount.objects.filter(pk__in=newest.values("pk"), taken_at__gte=now - SHOWN_FOR)
    rows = rows.select_related("camera", "lesson__training_class__institution", "lesson__room").order_by("-taken_at")
    percents: dict[str, int] = {}
    told = []
    for one in rows[:WALL]:
        klass = one.lesson.training_class
        if klass.region_code not in percents:
            percents[klass.region_code] = classes.terms_of(klass, now)[TermKey.HEAD_COUNT_PERCENT]
        percent = percents[klass.region_code]
        reasons = list(rules.reasons_of_faces(found=one.found or 0, checked_in=one.checked_in, percent=percent))
        told += [(one, reasons)] if reasons else []
    return told


def to_sample(now: datetime) -> "list[Sending]":
    """Cameras that send now and of which no picture was kept in the last minutes, in any order, so many at a time."""
    recent = HeadCount.objects.filter(camera=OuterRef("camera"), taken_at__gte=now - AGAIN)
    found = Sending.objects.filter(
        ~Exists(recent), ended_at=None, lesson__starts_at__lte=now, lesson__ends_at__gte=now
    ).select_related("camera__institution", "lesson__training_class")
    return list(found.order_by("?")[:SAMPLED])


def head_count(by: "Account", count_id: int) -> HeadCount:
    found = HeadCount.objects.select_for_update(of=("self",)).select_related("lesson", "camera")
    try:
        return found.get(pk=count_id, camera__in=visible_to(by).values("pk"))
    except HeadCount.DoesNotExist:
        raise NotFound from None


def lessons_recorded(lesson_ids: Iterable[int]) -> set[int]:
    """Those of some lessons of which there is a recording."""
    return set(Recording.objects.filter(lesson_id__in=list(lesson_ids)).values_list("lesson_id", flat=True))


def cameras_among(room_ids: Iterable[int]) -> bool:
    """Whether any of some rooms has a camera."""
    return Camera.objects.filter(room_id__in=list(room_ids), revoked_at=None).exists()


def rooms_watched() -> set[int]:
    return set(Camera.objects.values_list("room_id", flat=True))


class Seen:
    """What cameras saw of some lessons, and the gaps that are filed of them."""

    def __init__(self, lessons: "Sequence[Lesson]") -> None:
        ids, rooms = [one.pk for one in lessons], {one.room_id for one in lessons}
        self.spans: dict[tuple[int, int], list[rules.Span]] = defaultdict(list)
        self.filed: dict[tuple[int, int], list[rules.Span]] = defaultdict(list)
        for rows, kept in (
            (Recording.objects.filter(lesson_id__in=ids), self.spans),
            (Fault.objects.filter(lesson_id__in=ids, kind=rules.FaultKind.GAP), self.filed),
        ):
            columns = rows.order_by("begins_at").values_list("lesson", "camera", "begins_at", "ends_at")
            for lesson_id, camera_id, begins, ends in columns:
                kept[lesson_id, camera_id].append(rules.Span(begins, ends))
        self.by_room: dict[int, list[Camera]] = defaultdict(list)
        for camera in Camera.objects.filter(room_id__in=rooms).order_by("pk"):
            self.by_room[camera.room_id].append(camera)
        self.awaited: dict[int, datetime] = {}  # camera: since when a file is still to be cut, or being recorded
        for began_by in (
            RawFile.objects.filter(cut_at=None, camera__room_id__in=rooms).values_list("camera", "began_at"),
            Sending.objects.filter(ended_at=None, camera__room_id__in=rooms).values_list("camera", "began_at"),
        ):
            for camera_id, began in began_by:
                self.awaited[camera_id] = min(began, self.awaited.get(camera_id, began))

    def cameras(self, lesson: "Lesson") -> list[Camera]:
        """Those that should have shown it: registered before it, not revoked before its end, and waited for no more."""
        return [
            one
            for one in self.by_room[lesson.room_id]
            if one.registered_at <= lesson.starts_at
            and (one.revoked_at is None or one.revoked_at >= lesson.ends_at)
            and not (one.pk in self.awaited and self.awaited[one.pk] < lesson.ends_at)
        ]

    def gaps(self, lesson: "Lesson", camera: Camera) -> list[rules.Span]:
        return rules.gaps(lesson.starts_at, lesson.ends_at, self.spans[lesson.pk, camera.pk])


def is_taken(path: Path) -> bool:
    return RawFile.objects.filter(path=str(path.resolve())).exists()


def uncut(*, asked_before: datetime) -> list[RawFile]:
    return list(RawFile.objects.filter(cut_at=None, asked_at__lt=asked_before).select_related("camera"))


def faults_of_class(class_id: int) -> QuerySet[Fault]:
    found = Fault.objects.filter(lesson__training_class_id=class_id).select_related("lesson", "camera")
    return found.order_by("begins_at", "pk")


def counts_of_class(class_id: int) -> QuerySet[HeadCount]:
    found = HeadCount.objects.filter(lesson__training_class_id=class_id).select_related("lesson", "camera")
    return found.order_by("taken_at", "pk")


def calls_of_class(class_id: int) -> list[CameraCall]:
    found = CameraCall.objects.filter(lesson__training_class_id=class_id).select_related(
        "enrolment__person", "called_by"
    )
    return list(found.order_by("pk"))


def raw(raw_id: int) -> RawFile:
    return RawFile.objects.select_related("camera__institution").get(pk=raw_id)


def screened() -> "dict[str, QuerySet[Any, Any]]":
    """Faults of the picture, heads that were counted, and trainees called to the camera, as screening reads them."""
    place = {
        "class_id": F("lesson__training_class_id"),
        "institution_id": F("lesson__training_class__institution_id"),
        "region_code": F("lesson__training_class__region_code"),
        "day": TruncDate("lesson__starts_at"),
    }
    return {
        "camera_faults": Fault.objects.values(
            "lesson_id", room_id=F("lesson__room_id"), seconds=_seconds("begins_at", "ends_at"),
            lesson_seconds=_seconds("lesson__starts_at", "lesson__ends_at"),
            kind_=Case(When(kind=rules.FaultKind.GAP, then=Value("offline")), default=F("kind")), **place,
        ),
        "head_counts": HeadCount.objects.filter(counted__isnull=False).values(
            "lesson_id", people=F("counted"), present=F("checked_in"), at=F("taken_at"), **place
        ),
        "calls": CameraCall.objects.exclude(outcome=rules.Outcome.UNCLEAR).values(
            "enrolment_id", person_id=F("enrolment__person_id"),
            outcome_=Case(When(outcome=rules.Outcome.SAME, then=Value("reached")), default=Value("did-not-attend")),
            **place,
        ),
    }  # fmt: skip


def minutes_recorded(lesson: OuterRef) -> Subquery:
    """The minutes that one camera recorded of a lesson, of several the most; nothing where none did."""
    whole = Sum(F("ends_at") - F("begins_at"), output_field=DurationField())
    each = Recording.objects.filter(lesson=lesson).order_by().values("camera").annotate(whole=whole)
    minutes = Cast(Extract("whole", "epoch") / 60, IntegerField())
    return Subquery(each.order_by("-whole").values(minutes=minutes)[:1])


def lessons_recorded_since(mark: int) -> "QuerySet[Any, Any]":
    return changed(Recording, mark, "lesson_id")


def _seconds(begins: str, ends: str) -> Extract:
    return Extract(ExpressionWrapper(F(ends) - F(begins), output_field=DurationField()), "epoch")
