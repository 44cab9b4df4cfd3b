import random
import shutil
import tempfile
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction

from rollbook.exchange import adapters, queries, rules
from rollbook.exchange.actions.batches import number_used, take_signed
from rollbook.exchange.actions.refusals import complete, readable, tell_incomplete, tell_refusal
from rollbook.exchange.files.room import room
from rollbook.exchange.models import Batch, Source
from rollbook.exchange.rules import lines
from rollbook.journal.actions import record
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import Forbidden, NoRoom, Refused, reason

EVERY = timedelta(minutes=10)  # between two looks at a source that answers


def pull(*, source_id: int, now: datetime) -> list[Batch] | None:
    """Fetch what a source has that we have not; None where its line rests or another worker has it.

    The line's state is in the source's row, so that all workers wait together and one tries alone. What a source
    answers that is not in order counts as a failure of the line: it is told on the page and tried again later.
    """
    source = _claimed(source_id, now)
    if source is None:
        return None
    taken, failure = [], ""
    try:
        known = queries.known_numbers(source.pk)
        for offer in adapters.offered(source.url):
            manifest = adapters.manifest(offer.content)
            if manifest is not None and (manifest.feed, manifest.number) in known:
                _compared(source, offer, manifest, known[manifest.feed, manifest.number], now)
                continue
            taken.append(_fetched(source, offer, manifest, now))
    except adapters.Unanswered as error:
        failure = str(error)
    except Forbidden:
        failure = "signature"
    except Refused as error:
        failure = "; ".join(str(one) for one in error.reasons)
    _released(source.pk, failure, now)
    return taken


def _claimed(source_id: int, now: datetime) -> Source | None:
    """The line for ourselves, for as long as a lease; a worker that dies gives it back by that."""
    with transaction.atomic():
        source = Source.objects.select_for_update(skip_locked=True).filter(pk=source_id).exclude(url="").first()
        if source is None or list(lines.reasons_against_try(lines.Line(source.failures, source.next_try_at), now)):
            return None
        source.next_try_at, source.tried_at = now + lines.LEASE, now
        source.save(update_fields=["next_try_at", "tried_at"])
    return source


def _compared(source: Source, offer: adapters.Offered, manifest: rules.Manifest, known: Batch, now: datetime) -> None:
    """A number that we have is not fetched again; that its source now means another file by it is told."""
    if not rules.is_another(manifest, known.sha256, known.sm3):
        return
    if manifest.source != source.code or not adapters.is_signed(source.public_key, offer.content, offer.signature):
        raise Forbidden("exchange.push")
    tell_refusal(
        kind=rules.RefusalKind.CONFLICT, way=rules.Way.PULL, file=manifest.file, content=offer.content,
        manifest=manifest, reasons=[number_used(known)], source=source, now=now,
    )  # fmt: skip


def _fetched(source: Source, offer: adapters.Offered, manifest: rules.Manifest | None, now: datetime) -> Batch:
    with room(), tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.touch()
        if manifest is not None:
            adapters.fetch(source.url, manifest.file, path)
        return take_signed(
            content=offer.content, signature=offer.signature, path=path, way=rules.Way.PULL, source=source, now=now
        )


@transaction.atomic
def _released(source_id: int, failure: str, now: datetime) -> None:
    source = Source.objects.select_for_update().get(pk=source_id)
    line = lines.Line(source.failures, source.next_try_at)
    was = lines.state(line)
    line = lines.after_failure(line, now, random.random()) if failure else lines.after_success(now, EVERY)  # noqa: S311
    source.failures, source.next_try_at, source.failure = line.failures, line.next_try_at, failure[:200]
    if not failure:
        source.answered_at = now
    source.save()
    if lines.state(line) != was and lines.LineState.OPEN in (was, lines.state(line)):
        record(
            "exchange.line-changed", source, by=None, at=now, region_code=source.region_code,
            outcome=lines.state(line), why=source.failure,
        )  # fmt: skip


def take_drops(*, now: datetime) -> tuple[list[Batch], list[str]]:
    """Take what departments left in the drop folder: NAME.json is the manifest, NAME.json.sig its signature, beside
    the file that it names. A pair is moved away when it was taken or refused; gives batches, and what was refused.
    What was refused, and what stays incomplete for too long, is written down for a person to look at."""
    folder = Path(settings.DROP_ROOT)
    taken: list[Batch] = []
    refused: list[str] = []
    for said in sorted(folder.glob("*.json")) if folder.is_dir() else ():
        content = said.read_bytes()
        manifest = adapters.manifest(content)
        signature = said.with_name(f"{said.name}.sig")
        left = [said, signature, *([folder / manifest.file] if manifest else [])]
        if missing := [readable(one) for one in left if not one.is_file()]:
            tell_incomplete(said=said, content=content, manifest=manifest, missing=missing, now=now)
            continue
        try:
            against = _dropped(left, taken, now)
        except NoRoom as error:  # left where it lies, for the next time
            refused.append(f"{said.name}: {error.reasons[0]}")
            continue
        complete(content=content, now=now)
        if against:
            refused.append(f"{said.name}: {'; '.join(map(str, against))}")
            tell_refusal(
                kind=rules.kind_of(against), way=rules.Way.DROP, file=readable(said), content=content,
                manifest=manifest, reasons=against, now=now,
            )  # fmt: skip
        done = folder / ("refused" if against else "taken")
        done.mkdir(exist_ok=True)
        for one in left:
            shutil.move(one, done / one.name)
    return taken, refused


def _dropped(left: list[Path], taken: list[Batch], now: datetime) -> Sequence[Message]:
    """Take one; gives why not."""
    if any(one.is_symlink() for one in left):
        return [reason("drop-link", _("It is a link, not a file."), "N3.5")]
    try:
        signature = left[1].read_text(errors="replace").strip()
        taken.append(
            take_signed(content=left[0].read_bytes(), signature=signature, path=left[-1], way=rules.Way.DROP, now=now)
        )
    except Forbidden:
        text = _("The signature is not of a source that we know.")
        return [reason("drop-signature", text, "N3.5")]
    except NoRoom:
        raise
    except Refused as error:
        return error.reasons
    return []
