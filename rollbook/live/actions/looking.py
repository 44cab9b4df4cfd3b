"""What officers do before a live picture (N3.7, N14.2; domain 2.6)."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.core.signing import BadSignature, TimestampSigner
from django.db import transaction

from rollbook.accounts.rules import Permission, authorise
from rollbook.classes import queries as classes
from rollbook.evidence.rules import Purpose
from rollbook.faces import actions as faces
from rollbook.faces.rules import CALLS_SINCE, Compared
from rollbook.journal.actions import record
from rollbook.kernel.messages import _
from rollbook.kernel.reasons import Forbidden, NotFound, Refused, reason
from rollbook.live import files, queries, rules
from rollbook.live.actions.stills import jpeg, note, sample, still
from rollbook.live.models import Camera, CameraCall, HeadCount

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rollbook.accounts.models import Account
    from rollbook.classes.models import Lesson

WATCH_SECONDS = 4 * 3600


@transaction.atomic
def watch(*, by: "Account", camera_ids: "Sequence[int]", purpose: str, now: datetime) -> str:
    """Write down who looks into which classrooms and why; gives the key with which the account may, for a while."""
    if purpose not in Purpose.values():
        raise Refused(reason("no-purpose", _("Say what you open this for."), "N14.2"))
    cameras = list(queries.visible_to(by).filter(pk__in=camera_ids).order_by("pk")[: queries.WALL])
    if not cameras:
        raise NotFound
    for camera in cameras:
        note("camera.watched", camera, by=by, at=now, purpose=purpose)
    return TimestampSigner(salt="live").sign(f"{by.pk}")


def may_watch(*, by: "Account", key: str) -> None:
    try:
        said = TimestampSigner(salt="live").unsign(key, max_age=WATCH_SECONDS)
    except BadSignature:
        raise Forbidden("live") from None
    if said != f"{by.pk}":
        raise Forbidden("live")


def _shown_now(by: "Account", lesson_id: int) -> "tuple[Lesson, Camera, bytes]":
    lesson = queries.lesson(by, lesson_id)
    authorise(by, Permission.LIVE_CHECK, region_code=lesson.training_class.region_code)
    camera = queries.live_in(lesson_id)
    image = files.live_picture(camera.stream) if camera else None
    if camera is None or image is None:
        raise Refused(reason("no-live-picture", _("There is no live picture of this lesson now."), "N4.3"))
    return lesson, camera, jpeg(image)


def take_picture(*, by: "Account", lesson_id: int, now: datetime) -> HeadCount:
    """Keep what the camera shows now, beside how many have checked in: a person counts the heads (D52)."""
    lesson, camera, picture = _shown_now(by, lesson_id)
    found = faces.count_faces(picture)  # which takes a while
    with transaction.atomic():
        made = sample(camera, lesson, picture, found, now, now)
        note("camera.picture-taken", camera, by=by, at=now, lesson=str(lesson))
    return made


@transaction.atomic
def count_heads(*, by: "Account", count_id: int, counted: int, now: datetime) -> HeadCount:
    one = queries.head_count(by, count_id)
    authorise(by, Permission.LIVE_CHECK, region_code=one.camera.region_code)
    if one.counted is not None:
        raise Refused(reason("counted", _("These heads were counted already.")))
    if counted < 0 or counted > 500:
        raise Refused(reason("impossible-count", _("Count the people in the picture: 0 to 500.")))
    one.counted, one.counted_by, one.counted_at = counted, by, now
    one.save(update_fields=["counted", "counted_by", "counted_at"])
    note("camera.heads-counted", one.camera, by=by, at=now, counted=counted, checked_in=one.checked_in)
    return one


def call_to_camera(
    *, by: "Account", lesson_id: int, enrolment_id: int, outcome: str, remark: str, now: datetime
) -> CameraCall:
    """Ask a trainee to the camera, compare with the file, write down who came (domain 2.6); the picture is kept.

    Where the trainee agreed to it, the machine compares the face too, and what it found stands beside the officer's word,
    which alone counts.
    """
    lesson = queries.lesson(by, lesson_id)
    authorise(by, Permission.LIVE_CHECK, region_code=lesson.training_class.region_code)
    one = classes.roster(lesson.training_class_id).filter(pk=enrolment_id).first()
    if one is None:
        raise NotFound
    if outcome not in rules.Outcome.values():
        raise Refused(reason("no-outcome", _("Say who came to the camera.")))
    if outcome in (rules.Outcome.OTHER, rules.Outcome.UNCLEAR) and not remark.strip():
        raise Refused(reason("describe", _("Describe what you saw."), "2.6"))
    lesson, camera, picture = _shown_now(by, lesson_id)
    compared, likeness = Compared.NO_FACE, None
    if outcome != rules.Outcome.ABSENT:
        compared, likeness = faces.compare_still(person_id=one.person_id, picture=picture, since=CALLS_SINCE)
    with transaction.atomic():
        item = still(camera, lesson, picture, by, now)
        made = CameraCall.objects.create(
            lesson=lesson,
            enrolment=one,
            outcome=outcome,
            remark=remark.strip()[:200],
            item=item,
            compared=compared,
            likeness=likeness,
            called_at=now,
            called_by=by,
        )
        record("lesson.trainee-called", lesson, by=by, at=now, region_code=camera.region_code,
               institution_id=camera.institution_id, trainee=one.person.name, called=outcome, remark=remark,
               percent=made.percent if likeness is not None else None)  # fmt: skip
    return made


def file_view(*, by: "Account", camera_id: int, now: datetime) -> Camera:
    """An officer files what the camera should show: later recordings are compared with it (D67, D69)."""
    camera = queries.get(by, camera_id)
    authorise(by, Permission.LIVE_CHECK, region_code=camera.region_code)
    lesson = classes.lesson_in_room(camera.room_id, now)
    image = files.live_picture(camera.stream)
    if image is None or lesson is None:
        raise Refused(reason("no-live-picture", _("There is no live picture of this lesson now."), "N4.3"))
    with transaction.atomic():
        item = still(camera, lesson, jpeg(image), by, now)
        camera = queries.get(by, camera_id, lock=True)
        camera.view, camera.view_fingerprint = item, item.fingerprint
        camera.save(update_fields=["view", "view_fingerprint"])
        note("camera.view-filed", camera, by=by, at=now)
    return camera
