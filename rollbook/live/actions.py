import hashlib
import secrets
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from django.core.signing import BadSignature, TimestampSigner
from django.db import transaction

from rollbook.accounts.rules import Permission, authorise
from rollbook.classes import queries as classes
from rollbook.evidence import actions as evidence
from rollbook.evidence.rules import Keep, Kind, Purpose, distance
from rollbook.faces import actions as faces
from rollbook.faces.rules import CALLS_SINCE, Compared
from rollbook.institutions import queries as institutions
from rollbook.institutions.rules import State as Listing
from rollbook.journal.actions import record
from rollbook.kernel.messages import _
from rollbook.kernel.reasons import Forbidden, NotFound, Refused, reason, refuse_if
from rollbook.live import files, queries, rules
from rollbook.live.models import Camera, CameraCall, Fault, HeadCount, RawFile, Recording, Sending

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL import Image

    from rollbook.accounts.models import Account
    from rollbook.classes.models import Lesson
    from rollbook.evidence.models import Item

WATCH_SECONDS = 4 * 3600
SAMPLES = (1, 3)  # of five views of a recording: those that heads are counted in


def _note(kind: str, camera: Camera, *, by: "Account | None", at: datetime, **data: object) -> None:
    record(kind, camera, by=by, at=at, region_code=camera.region_code, institution_id=camera.institution_id, **data)


def digest_of(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


@transaction.atomic
def register_camera(*, by: "Account", room_id: int, name: str, now: datetime) -> tuple[Camera, str]:
    """A camera of a room of the own institution; its key is shown once and sent by the camera (N4.3)."""
    authorise(by, Permission.CAMERA_REGISTER, institution_id=by.institution_id)
    room = institutions.rooms_of(by.institution_id or 0).filter(pk=room_id).first()
    if room is None:
        raise NotFound
    if not name.strip():
        raise Refused(reason("camera-name", _("Give the camera a name, such as where it hangs.")))
    if any(one.name == name.strip() for one in queries.cameras_of_room(room_id)):
        raise Refused(reason("camera-known", _("The room has a camera “{name}” already."), name=name))
    key = secrets.token_urlsafe(24)
    made = Camera.objects.create(
        room=room, institution_id=room.site.institution_id, region_code=room.site.region_code, name=name.strip(),
        stream=f"room{room_id}-{secrets.token_hex(4)}", key_digest=digest_of(key), registered_at=now, registered_by=by,
    )  # fmt: skip
    _note("camera.registered", made, by=by, at=now, room=room.name)
    return made, key


@transaction.atomic
def revoke_camera(*, by: "Account", camera_id: int, now: datetime) -> Camera:
    camera = queries.get(by, camera_id, lock=True)
    authorise(by, Permission.CAMERA_REGISTER, institution_id=camera.institution_id)
    if camera.revoked_at is not None:
        raise Refused(reason("revoked-key", _("The key of this camera was revoked."), "N4.3"))
    camera.revoked_at = now
    camera.save(update_fields=["revoked_at"])
    _note("camera.revoked", camera, by=by, at=now)
    return camera


# What the media server asks and tells


@transaction.atomic
def admit_sending(*, stream: str, key: str, address: str, now: datetime) -> Sending:
    """Whether a camera may send: its own key, its own room, the time of a lesson (N4.3)."""
    camera = queries.by_key(stream, digest_of(key))
    lesson = classes.lesson_in_room(camera.room_id, now) if camera else None
    refuse_if(
        rules.reasons_against_sending(
            is_known=camera is not None, is_revoked=camera is not None and camera.revoked_at is not None,
            has_lesson=lesson is not None,
            institution_listed=camera is not None and camera.institution.state == Listing.LISTED,
        )
    )  # fmt: skip
    if camera is None or lesson is None:
        raise NotFound
    Camera.objects.select_for_update().get(pk=camera.pk)
    if before := queries.open_sending(camera.pk):  # the line broke and nobody told us
        before.ended_at = now
        before.save(update_fields=["ended_at"])
    made = Sending.objects.create(camera=camera, lesson=lesson, began_at=now, address=address[:64])
    _note("camera.sending", camera, by=None, at=now, lesson=str(lesson))
    return made


@transaction.atomic
def end_sending(*, stream: str, now: datetime) -> None:
    """The camera stopped, or its line broke; told twice is told once."""
    camera = queries.by_stream(stream)
    open_one = queries.open_sending(camera.pk) if camera else None
    if camera is None or open_one is None:
        return
    open_one.ended_at = now
    open_one.save(update_fields=["ended_at"])
    _note("camera.stopped", camera, by=None, at=now)


@transaction.atomic
def take_recorded(*, stream: str, path: str, now: datetime) -> RawFile:
    """The media server finished a file: it is cut by lessons as soon as a worker is free."""
    camera, found = queries.by_stream(stream), files.raw_file(path)
    if camera is None or found is None:
        raise Refused(reason("no-recording", _("There is no such recording of a camera of ours."), "N4.3"))
    made, is_new = RawFile.objects.get_or_create(path=str(found[0]), defaults={"camera": camera, "began_at": found[1]})
    if is_new:
        record(
            "camera.recorded",
            made,
            by=None,
            at=now,
            region_code=camera.region_code,
            institution_id=camera.institution_id,
        )
    return made


def cut_recording(*, raw_id: int, now: datetime) -> list[Recording]:
    """Cut a file by the lessons it shows, keep each cut and the file itself as evidence, and look for faults."""
    raw = queries.raw(raw_id)
    path = Path(raw.path)
    if raw.cut_at is not None or not path.is_file():
        return []
    length = files.length_of(path)
    ends_at = raw.began_at + timedelta(seconds=length)
    lessons = classes.lessons_during(raw.camera.room_id, raw.began_at, ends_at)
    made = []
    for lesson in lessons:
        first = max((lesson.starts_at - raw.began_at).total_seconds(), 0)
        last = min((lesson.ends_at - raw.began_at).total_seconds(), length)
        with TemporaryDirectory() as folder:
            cut = Path(folder) / "lesson.mp4"
            if files.cut(path, first, last - first, cut):
                began = raw.began_at + timedelta(seconds=first)
                made.append(_cut(raw.camera, lesson, cut, began, now))
    _keep_raw(raw, lessons, path, now)
    return made


def _cut(camera: Camera, lesson: "Lesson", path: Path, began: datetime, now: datetime) -> Recording:
    length = files.length_of(path)
    klass = lesson.training_class
    item = evidence.store_recording(
        path=path, place=classes.place_of(klass, lesson, Keep.VIDEO, now), title=f"{klass} · {lesson.subject} · {camera}",
        began_at=began, now=now,
    )  # fmt: skip
    faults = files.faults_in(path, began, length)
    views = files.views(path, length)
    with transaction.atomic():
        made, is_new = Recording.objects.get_or_create(
            item=item,
            defaults={
                "lesson": lesson, "camera": camera, "region_code": camera.region_code, "begins_at": began,
                "ends_at": began + timedelta(seconds=max(length, 1)),
            },
        )  # fmt: skip
        if not is_new:
            return made
        if _is_moved(camera, [fingerprint for _second, fingerprint, _image in views]):
            faults.append((rules.FaultKind.MOVED, rules.Span(made.begins_at, made.ends_at)))
        for kind, span in faults:
            Fault.objects.get_or_create(
                lesson=lesson, camera=camera, kind=kind, begins_at=span.begins_at, defaults={"ends_at": span.ends_at}
            )
        record("lesson.recorded", lesson, by=None, at=now, region_code=camera.region_code,
               institution_id=camera.institution_id, camera=str(camera), sha256=item.sha256,
               faults=[f"{kind} {span.seconds:.0f} s" for kind, span in faults])  # fmt: skip
    for n in SAMPLES:
        if n < len(views):
            second, _fingerprint, image = views[n]
            picture = _jpeg(image)
            _sample(camera, lesson, picture, faces.count_faces(picture), began + timedelta(seconds=second), now)
    return made


def _is_moved(camera: Camera, seen: "Sequence[int]") -> bool:
    """Whether most views differ from the filed one in more than a class does that moves about."""
    if camera.view_fingerprint is None or not seen:
        return False
    far = sum(distance(one, camera.view_fingerprint) > rules.MOVED_BITS for one in seen)
    return far * 2 > len(seen)


def _jpeg(image: "Image.Image") -> bytes:
    content = BytesIO()
    image.save(content, "JPEG", quality=85)
    return content.getvalue()


def _still(camera: Camera, lesson: "Lesson", picture: bytes, by: "Account | None", now: datetime) -> "Item":
    place = classes.place_of(lesson.training_class, lesson, Keep.VIDEO, now)
    return evidence.store(by=by, kind=Kind.PHOTO, content=picture, place=place, title=f"{lesson} · {camera}", now=now)


def _sample(
    camera: Camera, lesson: "Lesson", picture: bytes, found: int | None, moment: datetime, now: datetime
) -> HeadCount:
    item = _still(camera, lesson, picture, None, now)
    made, _is_new = HeadCount.objects.get_or_create(
        camera=camera, taken_at=moment,
        defaults={"lesson": lesson, "item": item, "checked_in": classes.there_at(lesson.pk, moment), "found": found},
    )  # fmt: skip
    return made


def _keep_raw(raw: RawFile, lessons: "list[Lesson]", path: Path, now: datetime) -> None:
    """The file as the camera sent it, for the months of raw recordings; then it leaves the media server's folder."""
    if lessons:
        klass = lessons[0].training_class
        evidence.store_recording(
            path=path, place=classes.place_of(klass, lessons[0], Keep.RAW, now), title=f"{klass} · {raw}",
            began_at=raw.began_at, now=now,
        )  # fmt: skip
    with transaction.atomic():
        raw.cut_at = now
        raw.save(update_fields=["cut_at"])
        transaction.on_commit(lambda: path.unlink(missing_ok=True))


# What officers do


@transaction.atomic
def watch(*, by: "Account", camera_ids: "Sequence[int]", purpose: str, now: datetime) -> str:
    """Write down who looks into which classrooms and why; gives the key with which the account may, for a while."""
    if purpose not in Purpose.values():
        raise Refused(reason("no-purpose", _("Say what you open this for."), "N14.2"))
    cameras = list(queries.visible_to(by).filter(pk__in=camera_ids).order_by("pk")[: queries.WALL])
    if not cameras:
        raise NotFound
    for camera in cameras:
        _note("camera.watched", camera, by=by, at=now, purpose=purpose)
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
    return lesson, camera, _jpeg(image)


def take_picture(*, by: "Account", lesson_id: int, now: datetime) -> HeadCount:
    """Keep what the camera shows now, beside how many have checked in: a person counts the heads (D52)."""
    lesson, camera, picture = _shown_now(by, lesson_id)
    found = faces.count_faces(picture)  # which takes a while
    with transaction.atomic():
        made = _sample(camera, lesson, picture, found, now, now)
        _note("camera.picture-taken", camera, by=by, at=now, lesson=str(lesson))
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
    _note("camera.heads-counted", one.camera, by=by, at=now, counted=counted, checked_in=one.checked_in)
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
        item = _still(camera, lesson, picture, by, now)
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
        item = _still(camera, lesson, _jpeg(image), by, now)
        camera = queries.get(by, camera_id, lock=True)
        camera.view, camera.view_fingerprint = item, item.fingerprint
        camera.save(update_fields=["view", "view_fingerprint"])
        _note("camera.view-filed", camera, by=by, at=now)
    return camera
