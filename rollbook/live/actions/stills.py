"""Single pictures of a lesson, and what the journal is told of a camera."""

from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING

from rollbook.classes import queries as classes
from rollbook.evidence import actions as evidence
from rollbook.evidence.rules import Keep, Kind
from rollbook.journal.actions import record
from rollbook.live.models import Camera, HeadCount

if TYPE_CHECKING:
    from PIL import Image

    from rollbook.accounts.models import Account
    from rollbook.classes.models import Lesson
    from rollbook.evidence.models import Item


def jpeg(image: "Image.Image") -> bytes:
    content = BytesIO()
    image.save(content, "JPEG", quality=85)
    return content.getvalue()


def still(camera: Camera, lesson: "Lesson", picture: bytes, by: "Account | None", now: datetime) -> "Item":
    place = classes.place_of(lesson.training_class, lesson, Keep.VIDEO, now)
    return evidence.store(by=by, kind=Kind.PHOTO, content=picture, place=place, title=f"{lesson} · {camera}", now=now)


def sample(
    camera: Camera, lesson: "Lesson", picture: bytes, found: int | None, moment: datetime, now: datetime
) -> HeadCount:
    item = still(camera, lesson, picture, None, now)
    made, _is_new = HeadCount.objects.get_or_create(
        camera=camera, taken_at=moment,
        defaults={"lesson": lesson, "item": item, "checked_in": classes.there_at(lesson.pk, moment), "found": found},
    )  # fmt: skip
    return made


def note(kind: str, camera: Camera, *, by: "Account | None", at: datetime, **data: object) -> None:
    record(kind, camera, by=by, at=at, region_code=camera.region_code, institution_id=camera.institution_id, **data)
