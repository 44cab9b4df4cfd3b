"""Lessons by room and moment: for whoever looks into a room."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet

from rollbook.classes.models import Attendance, Correction, Leave, Lesson
from rollbook.classes.queries.application import terms_of
from rollbook.classes.queries.classes import visible_to
from rollbook.directory.rules import TermKey

if TYPE_CHECKING:
    from rollbook.accounts.models import Account

NEAR = timedelta(hours=3)


def lesson_in_room(room_id: int, now: datetime) -> Lesson | None:
    """The lesson that is going on in a room; else the one that begins, else the one that ended within the minutes that
    its region's terms give."""
    near = Lesson.objects.filter(
        room_id=room_id, is_binding=True, starts_at__lte=now + NEAR, ends_at__gte=now - NEAR,
        training_class__state__in=["approved", "running", "ended"],
    )  # fmt: skip
    best: Lesson | None = None
    for one in near.select_related("training_class").order_by("starts_at"):
        if one.starts_at <= now <= one.ends_at:
            return one
        slack = timedelta(minutes=terms_of(one.training_class, now)[TermKey.CAMERA_MINUTES])
        if one.starts_at - slack <= now <= one.ends_at + slack and (best is None or best.ends_at < now):
            best = one
    return best


def lessons_during(room_id: int, begins_at: datetime, ends_at: datetime) -> list[Lesson]:
    found = Lesson.objects.filter(room_id=room_id, is_binding=True, starts_at__lt=ends_at, ends_at__gt=begins_at)
    return list(found.select_related("training_class", "room").order_by("starts_at"))


def lessons_over(room_ids: Iterable[int], since: datetime, until: datetime) -> QuerySet[Lesson]:
    """The lessons of some rooms that were held and ended in a stretch of time."""
    found = Lesson.objects.filter(
        room_id__in=list(room_ids), is_binding=True, ends_at__gt=since, ends_at__lte=until,
        training_class__state__in=["approved", "running", "ended"],
    )  # fmt: skip
    return found.select_related("training_class").order_by("pk")


def lessons_now(by: "Account", now: datetime) -> QuerySet[Lesson]:
    """The lessons that are going on now in the classes that the account sees."""
    found = Lesson.objects.filter(
        starts_at__lte=now, ends_at__gte=now, is_binding=True, training_class__in=visible_to(by).values("pk")
    )
    return found.select_related("training_class__institution", "room", "teacher__person")


def asks_of(class_id: int) -> list[Leave | Correction]:
    """Leave and corrections that were asked for in a class: for contexts that have checked who asks."""
    found: list[Leave | Correction] = []
    for model in (Leave, Correction):
        rows = model.objects.filter(lesson__training_class_id=class_id).select_related("lesson", "decided_by")
        found += rows.order_by("asked_at")
    return found


def there_at(lesson_id: int, moment: datetime) -> int:
    """How many had checked in and not out at a moment."""
    found = Attendance.objects.filter(lesson_id=lesson_id, in_at__lte=moment)
    return found.filter(Q(out_at=None) | Q(out_at__gt=moment)).count()
