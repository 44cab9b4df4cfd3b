"""What the media server wrote down, cut by lessons and looked through (N4.3; D52, D69, D70)."""

from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from django.db import transaction

from rollbook.classes import queries as classes
from rollbook.evidence import actions as evidence
from rollbook.evidence.rules import Keep, distance
from rollbook.faces import actions as faces
from rollbook.journal.actions import record
from rollbook.kernel.messages import _
from rollbook.kernel.reasons import Refused, reason
from rollbook.live import files, queries, rules
from rollbook.live.actions.stills import jpeg, note, sample
from rollbook.live.models import Camera, Fault, RawFile, Recording

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rollbook.classes.models import Lesson

SAMPLES = (1, 3)  # of five views of a recording: those that heads are counted in
AGAIN = timedelta(hours=2)  # a file not cut so long after it was asked for: the worker that had it is gone
SETTLED, LOOKED_BACK = timedelta(hours=1), timedelta(days=2)  # after a lesson: its files are there; and were looked at


@transaction.atomic
def take_recorded(*, stream: str, path: str, now: datetime) -> RawFile:
    """The media server finished a file: it is cut by lessons as soon as a worker is free."""
    camera, found = queries.by_stream(stream), files.raw_file(path)
    if camera is None or found is None:
        raise Refused(reason("no-recording", _("There is no such recording of a camera of ours."), "N4.3"))
    made, is_new = RawFile.objects.get_or_create(
        path=str(found[0]), defaults={"camera": camera, "began_at": found[1], "asked_at": now}
    )
    if is_new:
        _ask_to_cut(made, "camera.recorded", now)
    return made


def _ask_to_cut(raw: RawFile, kind: str, now: datetime) -> None:
    camera = raw.camera
    record(kind, raw, by=None, at=now, region_code=camera.region_code, institution_id=camera.institution_id)


def take_left_behind(*, now: datetime) -> int:
    """Take the files that nobody told of, since the media server or the site was not there, and have those cut whose
    worker is gone: no recording is lost for a message that was."""
    taken = 0
    for stream, path in files.left_behind():
        if queries.by_stream(stream) and not queries.is_taken(path):
            take_recorded(stream=stream, path=str(path), now=now)
            taken += 1
    for raw in queries.uncut(asked_before=now - AGAIN):
        with transaction.atomic():
            raw.asked_at = now
            raw.save(update_fields=["asked_at"])
            _ask_to_cut(raw, "camera.asked-again", now)
        taken += 1
    return taken


def cut_recording(*, raw_id: int, now: datetime) -> list[Recording]:
    """Cut a file by the lessons it shows, keep each cut and the file itself as evidence, and look for faults."""
    raw = queries.raw(raw_id)
    path = Path(raw.path)
    if raw.cut_at is not None:
        return []
    if not path.is_file():
        with transaction.atomic():
            raw.cut_at = now
            raw.save(update_fields=["cut_at"])
            note("camera.file-missing", raw.camera, by=None, at=now, path=raw.path)
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
        faults += [(rules.FaultKind.MOVED, span) for span in _moved(camera, views, made)]
        for kind, span in faults:
            Fault.objects.get_or_create(
                lesson=lesson, camera=camera, kind=kind, begins_at=span.begins_at, defaults={"ends_at": span.ends_at}
            )
        record("lesson.recorded", lesson, by=None, at=now, region_code=camera.region_code,
               institution_id=camera.institution_id, camera=str(camera), sha256=item.sha256,
               faults=[f"{kind} {span.seconds:.0f} s" for kind, span in faults])  # fmt: skip
        if Fault.objects.filter(lesson=lesson, camera=camera, kind=rules.FaultKind.GAP).exists():  # it came late
            _file_gaps(lesson, camera, now)
    for n in SAMPLES:
        if n < len(views):
            second, _fingerprint, image = views[n]
            picture = jpeg(image)
            sample(camera, lesson, picture, faces.count_faces(picture), began + timedelta(seconds=second), now)
    return made


def _moved(camera: Camera, views: "Sequence[files.View]", made: Recording) -> list[rules.Span]:
    """The stretches in which the view differs from the filed one in more than a class does that moves about."""
    filed = camera.view_fingerprint
    if filed is None:
        return []
    seen = [
        (made.begins_at + timedelta(seconds=second), distance(fingerprint, filed) > rules.MOVED_BITS)
        for second, fingerprint, _image in views
    ]
    return rules.away(seen, made.ends_at)


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


def file_gaps(*, now: datetime) -> int:
    """File the stretches of lessons that are over of which a camera of the room shows nothing (D69); how many lessons.

    A lesson waits as long as a file of its camera is still to be cut. What is filed already is looked at again: a fixed
    number of queries, however many lessons a day has.
    """
    lessons = list(classes.lessons_over(queries.rooms_watched(), now - LOOKED_BACK, now - SETTLED))
    seen, filed = queries.Seen(lessons), 0
    for lesson in lessons:
        for camera in seen.cameras(lesson):
            if seen.gaps(lesson, camera) != seen.filed[lesson.pk, camera.pk]:
                filed += _file_gaps(lesson, camera, now)
    return filed


@transaction.atomic
def _file_gaps(lesson: "Lesson", camera: Camera, now: datetime) -> bool:
    spans = rules.gaps(lesson.starts_at, lesson.ends_at, queries.spans_of(lesson.pk, camera.pk))
    known = Fault.objects.filter(lesson=lesson, camera=camera, kind=rules.FaultKind.GAP)
    if {(one.begins_at, one.ends_at) for one in known} == {(one.begins_at, one.ends_at) for one in spans}:
        return False
    known.delete()
    Fault.objects.bulk_create(
        Fault(lesson=lesson, camera=camera, kind=rules.FaultKind.GAP, begins_at=one.begins_at, ends_at=one.ends_at)
        for one in spans
    )
    record("lesson.without-picture", lesson, by=None, at=now, region_code=camera.region_code,
           institution_id=camera.institution_id, camera=str(camera), faults=[f"{one.seconds:.0f} s" for one in spans])  # fmt: skip
    return True
