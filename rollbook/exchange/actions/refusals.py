import hashlib
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.timezone import localdate

from rollbook.accounts.rules import Permission, authorise
from rollbook.directory import queries as directory
from rollbook.directory.rules import TermKey
from rollbook.exchange import queries, rules
from rollbook.exchange.models import Refusal, Source
from rollbook.exchange.queries import untaken
from rollbook.exchange.rules import refusals
from rollbook.exchange.rules.refusals import RefusalKind
from rollbook.journal.actions import record
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import Refused, reason

if TYPE_CHECKING:
    from rollbook.accounts.models import Account


@transaction.atomic
def tell_refusal(
    *,
    kind: RefusalKind,
    way: rules.Way,
    file: str,
    content: bytes,
    manifest: rules.Manifest | None,
    reasons: Sequence[Message],
    now: datetime,
    source: Source | None = None,
) -> None:
    """Write down what was not taken and why. The source is the one that the manifest names, signed or not; what lies
    there or is offered again and again is told once."""
    if source is None and manifest is not None:
        source = queries.source_by_code(manifest.source)
    digest = hashlib.sha256(content).hexdigest()
    values = {
        "source": source, "file": file[:128], "reasons": [one.kept() for one in reasons], "told_at": now,
        "number": manifest.number if manifest else "",
    }  # fmt: skip
    if kind == RefusalKind.INCOMPLETE or way == rules.Way.PULL:
        row, is_new = Refusal.objects.get_or_create(kind=kind, way=way, digest=digest, defaults=values)
    else:
        row, is_new = Refusal.objects.create(kind=kind, way=way, digest=digest, **values), True
    if is_new:
        record(
            "exchange.not-taken", row, by=None, at=now, region_code=_region(row), refusal=kind, file=row.file,
            reasons=row.reasons,
        )  # fmt: skip


def tell_incomplete(
    *, said: Path, content: bytes, manifest: rules.Manifest | None, missing: Sequence[str], now: datetime
) -> None:
    """A manifest whose signature or file has not come within the longest term that a region has for it."""
    most = directory.longest(TermKey.UNSIGNED_HOURS, localdate(now))
    lain = (now.timestamp() - said.stat().st_mtime) // 3600
    against = list(refusals.reasons_against_drop(missing, int(lain), most)) if most is not None else []
    if against:
        tell_refusal(
            kind=RefusalKind.INCOMPLETE, way=rules.Way.DROP, file=readable(said), content=content,
            manifest=manifest, reasons=against, now=now,
        )  # fmt: skip


@transaction.atomic
def complete(*, content: bytes, now: datetime) -> None:
    """What was missing of a delivery came after all: nobody need look any more."""
    digest = hashlib.sha256(content).hexdigest()
    told = Refusal.objects.select_for_update(of=("self",)).select_related("source")
    for row in told.filter(kind=RefusalKind.INCOMPLETE, digest=digest, settled_at=None):
        row.settled_at = now
        row.save(update_fields=["settled_at"])
        record("exchange.not-taken-settled", row, by=None, at=now, region_code=_region(row))


@transaction.atomic
def settle_refusal(*, by: "Account", refusal_id: int, why: str, now: datetime) -> Refusal:
    """Say what was done about a delivery that was not taken, so that it waits no more."""
    row = untaken.get_refusal(by, refusal_id, lock=True)
    authorise(by, Permission.EXCHANGE_LOAD, region_code=_region(row) or by.region_code)
    if row.settled_at is not None:
        raise Refused(reason("refusal-settled", _("This delivery is settled already."), "N3.5"))
    if not why.strip():
        raise Refused(reason("refusal-why", _("Say what was done about the delivery."), "N3.5"))
    row.settled_by, row.settled_at, row.why = by, now, why.strip()[:200]
    row.save(update_fields=["settled_by", "settled_at", "why"])
    record("exchange.not-taken-settled", row, by=by, at=now, region_code=_region(row), why=row.why)
    return row


def readable(path: Path) -> str:
    """The name of a file as text, whatever bytes the department's system wrote it in."""
    return os.fsencode(path.name).decode(errors="replace")


def _region(row: Refusal) -> str:
    return row.source.region_code if row.source else ""
