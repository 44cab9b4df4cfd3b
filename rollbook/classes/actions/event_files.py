"""Files of events: a device that was without a network for a month, a machine whose events a person carries over, a
region that comes from an older system (N4.1, N7.4). Kept as they come, read and taken by a worker."""

import hashlib
import json
import tempfile
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import IO, TYPE_CHECKING, Any

from django.core.files import File
from django.db import connection, transaction
from django.utils import timezone

from rollbook.accounts.rules import Permission, authorise
from rollbook.classes import queries
from rollbook.classes.actions.devices import DeviceEvent, persons_of, said_of, settle_events
from rollbook.classes.actions.faces import FaceSaid
from rollbook.classes.models import Device, EventAnswers, EventFile
from rollbook.classes.queries.devices import Known, known
from rollbook.classes.rules import events as rules
from rollbook.classes.rules.check_ins import skew_of
from rollbook.classes.rules.devices import DeviceState
from rollbook.classes.rules.events import DeviceEventIn, FileState
from rollbook.classes.rules.positions import Position
from rollbook.classes.rules.states import Means
from rollbook.faces import queries as face_queries
from rollbook.institutions import queries as institutions
from rollbook.journal.actions import record
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import Refused, SignedOut, reason, refuse_if

if TYPE_CHECKING:
    from rollbook.accounts.models import Account

PART = 1000  # events in one transaction: a trainee who checks in meanwhile waits a fraction of a second
AT_ONCE = 5000  # rows whose identity cards are looked up together
SHOWN = 200  # wrong fields that the page shows; all are in the file of answers
ANSWERS_KEPT = timedelta(days=90)
FILES_KEPT = timedelta(days=30)  # of files that were broken off

STAGE = """
    DROP TABLE IF EXISTS classes_staged;
    CREATE TEMP TABLE classes_staged (
        n integer, event_id uuid, sequence bigint, lesson_id bigint, direction text, happened_at timestamptz,
        enrolment_id bigint, person_id bigint, means text, nonce text, place jsonb, face jsonb
    )
"""
COLUMNS = "n, event_id, sequence, lesson_id, direction, happened_at, enrolment_id, person_id, means, nonce, place, face"


def file_events(
    *, device: Known, content: Iterable[bytes], name: str = "", sent_at: datetime | None, now: datetime,
    by: "Account | None" = None,
) -> EventFile:  # fmt: skip
    """Keep a file for a worker. The same file again is the same: it goes on where it was broken off."""
    with tempfile.TemporaryFile() as kept:
        sha256, size = _copied(content, kept)
        if not size:
            raise Refused(reason("event-file-empty", _("The file is empty."), "N7.4"))
        with transaction.atomic():
            Device.objects.select_for_update(no_key=True).get(pk=device.id)  # the same file twice at one moment
            if known := EventFile.objects.filter(reader_id=device.id, sha256=sha256).first():
                if known.state == FileState.FAILED:
                    _put(known, kept)
                    return _again(known, by, now)
                return known
            made = EventFile(
                reader_id=device.id, name=name.strip()[:128], sha256=sha256, size=size, filed_by=by, filed_at=now,
                skew_seconds=skew_of(sent_at, now), seen_at=now,
            )  # fmt: skip
            _put(made, kept)
            try:
                made.save()
                _note("device.file-received", made, by, now, bytes=size, sha256=sha256)
            except BaseException:
                made.file.delete(save=False)
                raise
            return made


def file_events_by_hand(
    *, by: "Account", device_id: int, content: Iterable[bytes], name: str, now: datetime
) -> EventFile:  # fmt: skip
    """The institution brings what its device kept; every event carries who did."""
    one = queries.device(by, device_id)
    authorise(by, Permission.ATTENDANCE_CORRECT, institution_id=one.institution_id)
    authorise(by, Permission.TOKEN_MANAGE, institution_id=one.institution_id)
    if one.state != DeviceState.ACTIVE:
        raise Refused(_inactive())
    return file_events(device=known(one), content=content, name=name, sent_at=None, now=now, by=by)


def _inactive() -> Message:
    return reason("device-inactive", _("The device is not active: its events are not taken."), "N4.1")


def _put(one: EventFile, content: IO[bytes]) -> None:
    if not one.file:  # or it was removed because nobody went on
        one.file.save(f"{one.sha256[:16]}.events", File(content), save=False)


def _copied(content: Iterable[bytes], target: IO[bytes]) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    for block in content:
        size += len(block)
        if size > rules.MOST_BYTES:
            text = _("A file of events has at most {most} MB; cut it into several.")
            raise Refused(reason("event-file-large", text, "N7.4", most=rules.MOST_BYTES // 2**20))
        digest.update(block)
        target.write(block)
    target.seek(0)
    return digest.hexdigest(), size


@transaction.atomic
def go_on_with_file(*, by: "Account | None", file_id: int, now: datetime) -> EventFile:
    """After a stop: go on with the events that have no answer yet. The clock does it after a worker's death."""
    one = queries.event_file(by, file_id, lock=True)
    if by is not None:
        authorise(by, Permission.TOKEN_MANAGE, institution_id=one.reader.institution_id)
    refuse_if(rules.reasons_against_going_on(one.state, is_cut_off=rules.is_cut_off(one.state, one.seen_at, now)))
    return _again(one, by, now)


def _again(one: EventFile, by: "Account | None", now: datetime) -> EventFile:
    one.state, one.seen_at, one.ended_at, one.failure = FileState.WAITING, now, None, []
    one.save()
    _note("device.file-received", one, by, now, done=one.done)
    return one


def run_event_file(*, file_id: int) -> None:
    """Read a file and take its events. Not one transaction: what has its answer stays, whatever stops it."""
    if not EventFile.objects.filter(pk=file_id, state=FileState.WAITING).update(
        state=FileState.RUNNING, seen_at=timezone.now()
    ):
        return  # another worker has it
    one = EventFile.objects.select_related("reader").get(pk=file_id)
    try:
        if one.reader.state != DeviceState.ACTIVE:
            raise SignedOut
        with one.file.open("rb") as content:
            _stage(one, content)
        with connection.chunked_cursor() as staged:  # sorted once, and fetched part by part over our transactions
            order = "ORDER BY lesson_id, sequence, n"
            staged.execute(f"SELECT {COLUMNS} FROM classes_staged {order} OFFSET %s", [one.done])  # noqa: S608 ours
            first = one.done
            while rows := staged.fetchmany(PART):
                if not _take(one, first, rows):
                    return  # another worker goes on with it
                first += len(rows)
    except SignedOut:
        _end(file_id, _inactive())
    except Refused as refused:
        _end(file_id, *refused.reasons)
    except Exception:
        _end(file_id, reason("event-file-broken", _("Something went wrong here; what was taken stays taken. Go on.")))
        raise
    else:
        _end(file_id)


@transaction.atomic
def _stage(one: EventFile, content: IO[bytes]) -> None:
    """Every row checked and beside the others in a table of this connection, by COPY; identity cards are looked up and
    go no further."""
    wrong: list[rules.Wrong] = []
    good = wrong_rows = 0
    rows = rules.read(_lines(content))
    with connection.cursor() as cursor:
        cursor.execute(STAGE)
        while some := list(islice(rows, AT_ONCE)):
            read = [(n, event) for n, event in some if isinstance(event, DeviceEventIn)]
            numbers = {event.id_number for _n, event in read if event.id_number and event.enrolment_id is None}
            persons = persons_of(numbers) if numbers else {}  # before COPY, which has the connection to itself
            with cursor.copy(f"COPY classes_staged ({COLUMNS}) FROM STDIN") as copy:
                for n, event in read:
                    copy.write_row(_staged(n, event, persons.get(event.id_number)))
            wrong += [cell for _n, cells in some if isinstance(cells, list) for cell in cells]
            good, wrong_rows = good + len(read), wrong_rows + len(some) - len(read)
            if good + wrong_rows > rules.MOST_ROWS:
                text = _("A file of events has at most {most} rows; cut it into several.")
                raise Refused(reason("event-file-long", text, "N7.4", most=f"{rules.MOST_ROWS:,}"))
        cursor.execute("ANALYZE classes_staged")
    EventFile.objects.filter(pk=one.pk).update(
        rows=good + wrong_rows, wrong=wrong_rows, seen_at=timezone.now(),
        wrong_fields=[(cell.row, cell.field, cell.code) for cell in wrong[:SHOWN]],
    )  # fmt: skip
    lines = "".join(rules.line(cell.row, "", "", "wrong", cell.code, cell.field, "") for cell in wrong)
    EventAnswers.objects.get_or_create(event_file=one, first=0, defaults={"lines": lines})


def _lines(content: IO[bytes]) -> Iterator[bytes]:
    """Lines; of one that is far too long only the beginning, so that it does not fill the memory."""
    while line := content.readline(rules.LONGEST + 1):
        yield line
        while len(line) > rules.LONGEST and not line.endswith(b"\n"):
            line = content.readline(rules.LONGEST + 1)


def _staged(n: int, event: DeviceEventIn, person_id: int | None) -> tuple[object, ...]:
    place = event.position.model_dump_json() if event.position else None
    face = event.face.model_dump_json() if event.face else None
    return (
        n, event.event_id, event.sequence, event.lesson_id, event.direction, event.happened_at, event.enrolment_id,
        person_id if event.enrolment_id is None else None, event.means, event.nonce, place, face,
    )  # fmt: skip


def _event(row: tuple[Any, ...]) -> DeviceEvent:
    _n, event_id, sequence, lesson_id, direction, at, enrolment_id, person_id, means, nonce, place, face = row
    return DeviceEvent(
        event_id=event_id, sequence=sequence, lesson_id=lesson_id, direction=direction, happened_at=at,
        enrolment_id=enrolment_id, person_id=person_id, means=Means(means), nonce=nonce,
        position=Position(**json.loads(place)) if place else None, face=FaceSaid(**json.loads(face)) if face else None,
    )  # fmt: skip


@transaction.atomic
def _take(one: EventFile, first: int, rows: list[tuple[Any, ...]]) -> bool:
    """A part, by the same way as what a device sends; its answers are kept with it, so that each event is answered once."""
    now = timezone.now()
    kept = EventFile.objects.select_for_update().get(pk=one.pk)
    if kept.state != FileState.RUNNING or kept.done != first:
        return False
    events = [_event(row) for row in rows]
    answers = settle_events(known(one.reader), events, one.skew_seconds, one.filed_at, one.filed_by_id)
    wanted = face_queries.wanted_events([event.event_id for event in events if event.face])
    lines = []
    for row, event in zip(rows, events, strict=True):
        answer, code = answers[event.event_id], ""
        state = "counts"
        if wrong := said_of(answer):
            state, code = "refused" if answer.mark is None else "kept", wrong.code
        lines.append(rules.line(row[0], event.event_id, event.sequence, state, code, "", int(event.event_id in wanted)))
        kept.counted += state == "counts"
        kept.kept += state == "kept"
        kept.refused += state == "refused"
    kept.done, kept.seen_at = first + len(rows), now
    kept.save(update_fields=["done", "counted", "kept", "refused", "seen_at"])
    EventAnswers.objects.create(event_file=one, first=first + 1, lines="".join(lines))
    return True


@transaction.atomic
def _end(file_id: int, *failure: Message) -> None:
    one = EventFile.objects.select_for_update(of=("self",)).select_related("reader", "filed_by").get(pk=file_id)
    one.state, one.failure = FileState.FAILED if failure else FileState.DONE, [why.kept() for why in failure]
    one.seen_at = one.ended_at = timezone.now()
    one.save()
    _note(
        "device.file-taken", one, one.filed_by, one.ended_at, rows=one.rows, wrong=one.wrong, counted=one.counted,
        kept=one.kept, refused=one.refused,
    )  # fmt: skip
    if not failure:
        path, storage = one.file.name or "", one.file.storage
        EventFile.objects.filter(pk=file_id).update(file="")
        transaction.on_commit(lambda: storage.delete(path))


def tidy_event_files(*, now: datetime) -> int:
    """Remove answers that were kept long enough and files that nobody went on with; gives how many."""
    gone, _rows = EventAnswers.objects.filter(event_file__ended_at__lt=now - ANSWERS_KEPT).delete()
    for one in EventFile.objects.filter(state=FileState.FAILED, ended_at__lt=now - FILES_KEPT).exclude(file=""):
        one.file.delete()
        gone += 1
    return gone


def _note(kind: str, one: EventFile, by: "Account | None", at: datetime, **data: object) -> None:
    institution_id = one.reader.institution_id
    region_code = institutions.by_id(institution_id).region_code
    record(
        kind, one, by=by, at=at, region_code=region_code, institution_id=institution_id, device=one.reader_id, **data
    )
