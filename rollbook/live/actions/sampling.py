"""Pictures that the machine looks at by itself while lessons go on, so that an officer is told at that moment (D52)."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction

from rollbook.classes import queries as classes
from rollbook.directory.rules import TermKey
from rollbook.faces import actions as faces
from rollbook.faces import queries as matching
from rollbook.live import files, queries, rules
from rollbook.live.actions.stills import jpeg, note, sample

if TYPE_CHECKING:
    from rollbook.live.models import HeadCount, Sending


def sample_classrooms(*, now: datetime) -> "list[HeadCount]":
    """Look at what cameras show now. Kept is only what shows more faces than had checked in: of all else nothing is
    written."""
    if not matching.is_set_up():
        return []
    return [kept for sending in queries.to_sample(now) if (kept := _sampled(sending, now))]


def _sampled(sending: "Sending", now: datetime) -> "HeadCount | None":
    camera, lesson = sending.camera, sending.lesson
    image = files.live_picture(camera.stream)
    if image is None:
        return None
    picture = jpeg(image)
    found = faces.count_faces(picture)
    if found is None:
        return None
    percent = classes.terms_of(lesson.training_class, now)[TermKey.HEAD_COUNT_PERCENT]
    there = classes.there_at(lesson.pk, now)
    if not any(rules.reasons_of_faces(found=found, checked_in=there, percent=percent)):
        return None
    with transaction.atomic():
        made = sample(camera, lesson, picture, found, now, now)
        note("camera.more-faces", camera, by=None, at=now, lesson=str(lesson), found=found, checked_in=there)
    return made
