"""What the calendar makes due: for the system's own deeds."""

from datetime import date, datetime, timedelta

from django.db.models import Max, Q

from rollbook.classes.models import Lesson, TrainingClass
from rollbook.classes.queries.make_ups import checked_into
from rollbook.classes.rules.states import State


def _ids(**conditions: object) -> list[int]:
    return list(TrainingClass.objects.filter(**conditions).order_by("pk").values_list("pk", flat=True))


def past_limit(today: date) -> list[int]:
    return _ids(state__in=[State.SUBMITTED, State.REVIEWED], decide_by__lt=today)


def to_start(today: date) -> list[int]:
    return _ids(state=State.APPROVED, starts_on__lte=today)


def to_freeze() -> list[int]:
    return _ids(state=State.RUNNING, roster_frozen_at=None)


def to_close(now: datetime) -> list[int]:
    """Lessons of running classes, and make-up lessons of ended ones, that ended two hours ago or longer and are
    still open."""
    found = Lesson.objects.filter(checked_into(), attendance_closed_at=None, ends_at__lt=now - timedelta(hours=2))
    return list(found.order_by("pk").values_list("pk", flat=True))


def to_end(now: datetime) -> list[int]:
    found = TrainingClass.objects.filter(state=State.RUNNING).annotate(
        last=Max("lessons__ends_at", filter=Q(lessons__is_make_up=False))
    )
    return list(found.filter(last__lt=now - timedelta(hours=2)).order_by("pk").values_list("pk", flat=True))
