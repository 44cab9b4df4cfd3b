"""What pictures of a class are drawn from: where it checked in, around the sites of its lessons."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, QuerySet
from django.db.models.functions import TruncDate
from django.utils.timezone import localdate

from rollbook.classes.models import CheckIn, Enrolment, Lesson, TrainingClass
from rollbook.classes.rules.methods import is_outside
from rollbook.classes.rules.positions import metres_from
from rollbook.directory import queries as directory
from rollbook.directory.rules import TermKey

MOST_SPOTS = 500
Place = tuple[float, float]  # latitude and longitude


@dataclass(frozen=True, slots=True)
class Spot:
    """Where somebody checked in: so many metres east and north of the site."""

    at: datetime
    name: str
    east: float
    north: float
    accuracy: int | None
    is_mock: bool
    is_outside: bool | None  # None where the site has no place on file
    counts: bool


@dataclass(frozen=True, slots=True)
class Ground:
    """A site with the fence that the terms draw around it."""

    site: str
    is_placed: bool  # else the spots lie around the middle of them all
    fence_metres: int
    spots: list[Spot]


def grounds(class_id: int) -> list[Ground]:
    """The sites of a class with its check-ins that have a position, those too that do not count; the latest first."""
    klass = TrainingClass.objects.get(pk=class_id)
    found = CheckIn.objects.filter(lesson__training_class=klass, longitude__isnull=False, latitude__isnull=False)
    by_site: dict[int, list[CheckIn]] = {}
    for one in found.select_related("lesson__room__site", "enrolment__person").order_by("-happened_at")[:MOST_SPOTS]:
        by_site.setdefault(one.lesson.room.site_id, []).append(one)
    if not by_site:
        return []
    fence = directory.terms_for(klass.region_code, klass.starts_on or localdate()).values[TermKey.FENCE_METRES]
    return [_ground(some, fence) for some in by_site.values()]


def _ground(some: list[CheckIn], fence: int) -> Ground:
    site = some[0].lesson.room.site
    places = [(one.latitude or 0.0, one.longitude or 0.0) for one in some]
    is_placed = site.latitude is not None and site.longitude is not None
    centre = (float(site.latitude or 0), float(site.longitude or 0)) if is_placed else _middle(places)
    spots = []
    for one, place in zip(some, places, strict=True):
        east, north = metres_from(centre, place)
        distance = (east**2 + north**2) ** 0.5
        outside = is_outside(distance, one.accuracy, fence) if is_placed else None
        name = one.enrolment.person.name
        spots.append(Spot(one.happened_at, name, east, north, one.accuracy, one.is_mock, outside, not one.set_aside))
    return Ground(site.name, is_placed, fence, spots)


def _middle(places: list[Place]) -> Place:
    """Of each coordinate the one in the middle: a single far one moves it little."""
    half = len(places) // 2
    return sorted(y for y, _x in places)[half], sorted(x for _y, x in places)[half]


def sharers(class_id: int, kind: str, values: Collection[str]) -> dict[str, list[str]]:
    """The trainees of a class by the phone or account (their digests) on file, or the device, that they share."""
    found: QuerySet[Any, tuple[str, int, str]]
    if kind == "device":
        events = CheckIn.objects.filter(lesson__training_class=class_id, device__in=values)
        found = events.values_list("device", "enrolment__person", "enrolment__person__name")
    else:
        column = {"phone": "person__phone_digest", "account": "person__bank_digest"}[kind]
        roster = Enrolment.objects.filter(training_class=class_id, **{f"{column}__in": values})
        found = roster.values_list(column, "person", "person__name")
    names: dict[str, list[str]] = {}
    for value, _person, name in sorted(set(found)):
        names.setdefault(value, []).append(name)
    return names


def days(class_id: int, person_ids: Collection[int]) -> tuple[dict[date, int], dict[date, int]]:
    """How many lessons the class has each day, and how many check-ins of these people, or of everybody."""
    lessons = Lesson.objects.filter(training_class=class_id, is_binding=True).values(day=TruncDate("starts_at"))
    events = CheckIn.objects.filter(lesson__training_class=class_id)
    if person_ids:
        events = events.filter(enrolment__person__in=person_ids)
    checked_in = events.values("held_on").annotate(n=Count("pk")).order_by("held_on")
    return (
        dict(lessons.annotate(n=Count("pk")).order_by("day").values_list("day", "n")),
        dict(checked_in.values_list("held_on", "n")),
    )
