import tempfile
import uuid
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from django.db import IntegrityError, OperationalError, transaction
from django.utils.timezone import localdate

from rollbook.accounts.rules import Permission, authorise
from rollbook.exchange import adapters, queries, rules
from rollbook.exchange.actions import writing
from rollbook.exchange.actions.contracts import limits_of, refuse_unknown
from rollbook.exchange.files import lake, tables
from rollbook.exchange.files.room import room
from rollbook.exchange.models import Batch, Contract, Source, Wrong
from rollbook.journal.actions import record
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import Forbidden, Refused, reason, refuse_if
from rollbook.persons import queries as persons
from rollbook.persons.rules import Purpose

if TYPE_CHECKING:
    from rollbook.accounts.models import Account


def receive(
    *,
    source: Source,
    feed: str,
    number: str,
    as_of: date,
    path: Path,
    name: str,
    way: str,
    now: datetime,
    by: "Account | None" = None,
    manifest: rules.Manifest | None = None,
) -> Batch:
    """Take a file in: read it whole by its contract, keep its good rows, tell each wrong one, and load it unless a
    person must look first. The same number with the same file is the same batch; with another it is refused."""
    number = number.strip()
    contract = queries.contract_for(source.pk, feed, as_of)
    if contract is None:
        raise refuse_unknown(feed)
    if as_of > localdate(now):
        raise Refused(reason("batch-future", _("{day} has not come yet."), "N3.5", day=as_of))
    if not number:
        raise Refused(reason("batch-number", _("Give the batch its number."), "N3.5"))
    said = dict(manifest.digests) if manifest else {}
    sha256, sm3 = tables.digests_of(path, with_sm3="sm3" in said)
    known = queries.batch_of_number(source.pk, feed, number)
    if known is not None:
        return _the_same(known, sha256)
    for digest, told in ((sha256, said.get("sha256", "")), (sm3, said.get("sm3", ""))):
        refuse_if(rules.reasons_against_batch(rows=0, told=None, digest=digest, said=told))
    target = f"exchange/{feed}/{uuid.uuid4().hex}.parquet"
    try:
        with room():
            taken = lake.write(path, rules.Shape.of(contract.shape), target, persons.digests)
            told_rows = manifest.rows if manifest else None
            refuse_if(rules.reasons_against_batch(rows=taken.rows, told=told_rows, digest=sha256, said=""))
            batch = Batch(
                source=source, contract=contract, feed=feed, number=number, way=way, as_of=as_of, file=name[:128],
                sha256=sha256, sm3=sm3, is_signed=manifest is not None, rows=taken.rows, wrong=taken.wrong,
                lake_path=target, lake_sha256=taken.sha256, received_by=by, received_at=now,
            )  # fmt: skip
            with transaction.atomic():
                return _entered(batch, contract, taken.cells, by, now)
    except OperationalError:  # whether it was committed is not known: `verify_lake` clears what nobody has
        raise
    except BaseException as error:
        lake.where(target).unlink(missing_ok=True)
        other = queries.batch_of_number(source.pk, feed, number) if isinstance(error, IntegrityError) else None
        if other is None:
            raise
        return _the_same(other, sha256)  # another worker took it in meanwhile


def _the_same(known: Batch, sha256: str) -> Batch:
    if known.sha256 == sha256:
        return known
    raise Refused(number_used(known))


def number_used(known: Batch) -> Message:
    text = _("Batch {number} was received on {day} with another content; a correction has a number of its own.")
    return reason(rules.NUMBER_USED, text, "N3.5", number=known.number, day=localdate(known.received_at))


def _entered(
    batch: Batch, contract: Contract, cells: list[tuple[int, str, Message]], by: "Account | None", now: datetime
) -> Batch:
    """Write the batch down with what it would do; load it at once when it came by itself and nothing is odd."""
    writing.wait_for_turn(batch.source_id, batch.feed)
    batch.save()
    Wrong.objects.bulk_create(
        Wrong(batch=batch, row=row, column=column, message=message.kept()) for row, column, message in cells
    )
    record(
        "exchange.received", batch, by=by, at=now, region_code=batch.source.region_code,
        rows=batch.rows, wrong=batch.wrong, file=batch.file,
    )  # fmt: skip
    figures = writing.staged(batch)
    _figure(batch, figures)
    against = list(rules.reasons_to_stop(figures, limits_of(contract)))
    if against:
        batch.reasons = [one.kept() for one in against]
        batch.state = rules.BATCHES.after(rules.BatchState(batch.state), rules.BatchMove.STOP)
        record("exchange.stopped", batch, by=None, at=now, region_code=batch.source.region_code)
    elif batch.way != rules.Way.OFFICE:
        _load(batch, None, now)
    batch.save()
    return batch


def _figure(batch: Batch, figures: rules.Figures) -> None:
    for name in ("known", "new", "changed", "ended", "same", "names_differ"):
        setattr(batch, name, getattr(figures, name))


def _load(batch: Batch, by: "Account | None", now: datetime) -> None:
    """Write the facts of a batch that is staged."""
    move = rules.BatchMove.RELEASE if batch.state == rules.BatchState.STOPPED else rules.BatchMove.LOAD
    batch.state = rules.BATCHES.after(rules.BatchState(batch.state), move)
    batch.decided_by, batch.decided_at = by, now
    writing.write(batch)
    record(
        "exchange.loaded", batch, by=by, at=now, region_code=batch.source.region_code,
        new=batch.new, changed=batch.changed, ended=batch.ended,
    )  # fmt: skip


@transaction.atomic
def load_batch(*, by: "Account", batch_id: int, why: str = "", now: datetime) -> Batch:
    """Load what was uploaded and looked at; or release what was stopped, by another than who brought it, with a
    reason. What it does is worked out anew: other batches may have come in between."""
    batch = queries.get(by, batch_id, lock=True)
    authorise(by, Permission.EXCHANGE_LOAD, region_code=batch.source.region_code)
    is_stopped = batch.state == rules.BatchState.STOPPED
    rules.BATCHES.after(rules.BatchState(batch.state), rules.BatchMove.RELEASE if is_stopped else rules.BatchMove.LOAD)
    if is_stopped and batch.received_by_id == by.pk:
        text = _("You brought this batch in; another official decides on what was stopped.")
        raise Refused(reason("own-batch", text, "N14.1"))
    if is_stopped and not why.strip():
        raise Refused(reason("release-why", _("Say why the batch is right although it is unusual."), "N14.1"))
    writing.wait_for_turn(batch.source_id, batch.feed)
    figures = writing.staged(batch)
    if not is_stopped:
        refuse_if(rules.reasons_to_stop(figures, limits_of(batch.contract)))
    _figure(batch, figures)
    batch.why = why.strip()[:200]
    _load(batch, by, now)
    batch.save()
    return batch


@transaction.atomic
def refuse_batch(*, by: "Account", batch_id: int, why: str, now: datetime) -> Batch:
    """Send a batch back: nothing of it becomes a fact."""
    batch = queries.get(by, batch_id, lock=True)
    authorise(by, Permission.EXCHANGE_LOAD, region_code=batch.source.region_code)
    batch.state = rules.BATCHES.after(rules.BatchState(batch.state), rules.BatchMove.REFUSE)
    if not why.strip():
        raise Refused(reason("refuse-why", _("Say what the source has to mend."), "N14.1"))
    batch.why, batch.decided_by, batch.decided_at = why.strip()[:200], by, now
    batch.save()
    record("exchange.refused", batch, by=by, at=now, region_code=batch.source.region_code, why=batch.why)
    return batch


def take_upload(
    *, by: "Account", contract_id: int, number: str, as_of: date, content: bytes, name: str, now: datetime
) -> Batch:
    """A file that an official uploads: read and shown, loaded only when somebody says so."""
    contract = queries.get_contract(by, contract_id)
    authorise(by, Permission.EXCHANGE_LOAD, region_code=contract.source.region_code)
    with room(), tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        return receive(
            source=contract.source, feed=contract.feed, number=number, as_of=as_of, path=Path(file.name), name=name,
            way=rules.Way.OFFICE, by=by, now=now,
        )  # fmt: skip


def take_signed(
    *, content: bytes, signature: str, path: Path, way: str, now: datetime, source: Source | None = None
) -> Batch:
    """A file with a manifest that its source signed. Forbidden where the signature is nobody's."""
    manifest = adapters.manifest(content)
    if manifest is None:
        raise Refused(reason("manifest", _("The manifest is not readable; see the contract."), "N3.5"))
    sender = queries.source_by_code(manifest.source)
    if sender is None or (source is not None and sender.pk != source.pk):
        raise Forbidden("exchange.push")
    if not sender.public_key or not adapters.is_signed(sender.public_key, content, signature):
        raise Forbidden("exchange.push")
    return receive(
        source=sender, feed=manifest.feed, number=manifest.number, as_of=manifest.as_of, path=path,
        name=manifest.file, way=way, manifest=manifest, now=now,
    )  # fmt: skip


def take_push(*, manifest: bytes, signature: str, path: Path, now: datetime) -> Batch:
    """What a department sends by itself; its signature is its key."""
    return take_signed(content=manifest, signature=signature, path=path, way=rules.Way.PUSH, now=now)


@transaction.atomic
def reveal_facts(*, by: "Account", person_id: int, purpose: str, now: datetime) -> None:
    """Before sensitive facts are shown to an official the journal has who asked, and what for (N14.1)."""
    person = persons.get(by, person_id)
    if person.pk == by.person_id:
        return
    authorise(by, Permission.PERSON_SHOW, region_code=person.region_code or by.region_code)
    if purpose not in Purpose.values():
        raise Refused(reason("purpose", _("Say what the facts are needed for."), "N14.1"))
    record("exchange.facts-shown", person, by=by, at=now, region_code=person.region_code, purpose=purpose)
