from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from django.core.signing import BadSignature, TimestampSigner
from django.db import connection, transaction
from django.utils import timezone
from django.utils.timezone import localdate

from rollbook.accounts.rules import Permission, authorise
from rollbook.evidence import adapters, files, queries, rules
from rollbook.evidence.models import Item, LegalHold, Pair, Scrub
from rollbook.journal import queries as journal
from rollbook.journal.actions import record
from rollbook.kernel.messages import _
from rollbook.kernel.reasons import Forbidden, NotFound, Refused, reason, refuse_if

if TYPE_CHECKING:
    from rollbook.accounts.models import Account

QUOTA = 7411  # the number of the lock; with the institution's id
OPEN_SECONDS = 3600  # how long an opened file may be read on, for a video


def _note(kind: str, item: Item, *, by: "Account | None", at: datetime, **data: object) -> None:
    record(kind, item, by=by, at=at, region_code=item.region_code, institution_id=item.institution_id, **data)


def store(
    *, by: "Account | None", kind: rules.Kind, content: bytes, place: rules.Place, title: str = "", now: datetime
) -> Item:
    """Keep a photograph or paper; the caller has authorised. The same bytes for the same subject are the same item."""
    adapters.check_for_viruses(content)
    return _kept(by, kind, files.examined(kind, content), place, title, now)


def store_video(*, by: "Account | None", path: Path, place: rules.Place, title: str = "", now: datetime) -> Item:
    """Keep a video that somebody sent."""
    with TemporaryDirectory() as folder:
        adapters.check_for_viruses(path.read_bytes())
        one = files.examined_video(path, Path(folder))
        return _kept(by, rules.Kind.VIDEO, one, place, title, now)


def store_recording(
    *, path: Path, place: rules.Place, title: str, began_at: datetime, sha256_sent: str = "", now: datetime
) -> Item:
    """Keep what our own media server recorded."""
    one = files.kept_video(path, sha256_sent)
    return _kept(None, rules.Kind.RECORDING, one, place, title, now, taken_at=began_at)


@transaction.atomic
def _kept(
    by: "Account | None", kind: rules.Kind, one: files.Examined, place: rules.Place, title: str, now: datetime,
    taken_at: datetime | None = None,
) -> Item:  # fmt: skip
    with connection.cursor() as cursor:  # what is counted below stays counted until this is committed
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [QUOTA, place.institution_id or 0])
    known = Item.objects.filter(subject=place.subject, sha256=one.sha256).first()
    if known is not None:
        return known
    if kind != rules.Kind.RECORDING:  # what our own cameras saw is never lost for want of room
        refuse_if(rules.reasons_against_quota(queries.used_by(place.institution_id), one.size, place.gigabytes))
    alike = list(queries.near(one.fingerprint))
    item = Item.objects.create(
        kind=kind, subject=place.subject, dossier=place.dossier, region_code=place.region_code,
        institution_id=place.institution_id, title=title[:128], extension=one.extension, size=one.size,
        sha256=one.sha256, sha256_sent=one.sha256_sent, width=one.width, height=one.height, seconds=one.seconds,
        taken_at=taken_at or one.taken_at, longitude=one.longitude, latitude=one.latitude, camera=one.camera,
        fingerprint=one.fingerprint,
        bands=[] if one.fingerprint is None or rules.is_plain(one.fingerprint) else rules.bands(one.fingerprint),
        thumbnail=one.thumbnail, keep=place.keep, keep_until=place.keep_until, stored_at=now, stored_by=by,
    )  # fmt: skip
    Pair.objects.bulk_create(Pair(one=other, other=item, distance=bits, found_at=now) for other, bits in alike)
    files.put(item.path, one)
    _note("evidence.stored", item, by=by, at=now, evidence=kind, shows=place.subject, sha256=one.sha256,
          bytes=one.size, keep_until=str(place.keep_until), alike=[other.pk for other, _bits in alike])  # fmt: skip
    return item


@transaction.atomic
def open_item(*, by: "Account", item_id: int, purpose: str, now: datetime) -> str:
    """Write down who opens evidence and why; gives the key with which this account may read it for an hour."""
    item = queries.get(by, item_id)
    return opened_for(by=by, item=item, purpose=purpose, now=now)


@transaction.atomic
def opened_for(*, by: "Account", item: Item, purpose: str, now: datetime) -> str:
    """As `open_item`, for contexts above that have checked who asks."""
    if purpose not in rules.Purpose.values():
        raise Refused(reason("no-purpose", _("Say what you open this for."), "N14.2"))
    if item.removed_at is not None:
        raise Refused(reason("removed", _("The time to keep this is over; its bytes were removed."), "2.7"))
    _note("evidence.opened", item, by=by, at=now, purpose=purpose)
    return TimestampSigner(salt="evidence").sign(f"{by.pk}:{item.pk}")


def readable(*, by: "Account", item_id: int, key: str) -> Item:
    """The evidence that a key was given for, to that account, within the hour."""
    try:
        said = TimestampSigner(salt="evidence").unsign(key, max_age=OPEN_SECONDS)
    except BadSignature:
        raise Forbidden("evidence") from None
    if said != f"{by.pk}:{item_id}":
        raise Forbidden("evidence")
    return queries.by_id(item_id)


@transaction.atomic
def place_hold(*, by: "Account", item_id: int, ground: str, now: datetime) -> LegalHold:
    """A case opens: whatever belongs to the same file as this evidence is kept until another lifts the hold."""
    item = queries.get(by, item_id)
    authorise(by, Permission.EVIDENCE_HOLD, region_code=item.region_code)
    if not ground.strip():
        raise Refused(reason("ground", _("Say on what ground.")))
    made = hold_dossier(
        by=by, dossier=item.dossier, title=item.dossier, region_code=item.region_code,
        institution_id=item.institution_id, ground=ground, now=now,
    )  # fmt: skip
    _note("evidence.held", item, by=by, at=now, ground=ground)
    return made


@transaction.atomic
def hold_dossier(
    *, by: "Account", dossier: str, title: str, region_code: str, institution_id: int | None, ground: str, now: datetime
) -> LegalHold:
    """For contexts above, when a case of theirs opens; the caller has authorised."""
    return LegalHold.objects.create(
        dossier=dossier, title=title[:200], region_code=region_code, institution_id=institution_id,
        ground=ground[:200], placed_at=now, placed_by=by,
    )  # fmt: skip


@transaction.atomic
def lift_hold(*, by: "Account", hold_id: int, now: datetime) -> LegalHold:
    """Another officer than who placed it says that the case no longer needs it."""
    found = queries.holds_of(by).filter(pk=hold_id, lifted_at=None).select_for_update(of=("self",)).first()
    if found is None:
        raise NotFound
    authorise(by, Permission.EVIDENCE_HOLD, region_code=found.region_code)
    if found.placed_by_id == by.pk:
        raise Refused(reason("own-hold", _("Another officer than who placed a hold lifts it."), "N14.1"))
    found.lifted_at, found.lifted_by = now, by
    found.save(update_fields=["lifted_at", "lifted_by"])
    record("evidence.hold-lifted", found, by=by, at=now, region_code=found.region_code,
           institution_id=found.institution_id, ground=found.ground)  # fmt: skip
    return found


def remove_expired(*, now: datetime, limit: int = 1000) -> int:
    """Remove the bytes of what may go; the row stays and says what they were."""
    removed = 0
    for pk in list(queries.expired(localdate(now)).values_list("pk", flat=True)[:limit]):
        removed += _removed(pk, now)
    return removed


@transaction.atomic
def _removed(item_id: int, now: datetime) -> bool:
    item = Item.objects.select_for_update().get(pk=item_id)
    against = rules.reasons_against_removal(
        item.keep_until, localdate(now), is_held=queries.live_hold(item.dossier) is not None
    )
    if item.removed_at is not None or any(against):
        return False
    item.removed_at, item.thumbnail = now, b""
    item.save(update_fields=["removed_at", "thumbnail"])
    _note("evidence.removed", item, by=None, at=now, sha256=item.sha256, keep_until=str(item.keep_until))
    if not queries.others_with(item):
        name = item.path
        transaction.on_commit(lambda: files.drop(name))
    return True


def scrub(*, now: datetime) -> Scrub:
    """Read every byte that is kept and compare it with its digest, and that with the journal's."""
    wrong: list[dict[str, object]] = []
    count = read = 0
    for item in queries.kept().iterator(chunk_size=500):
        count, read = count + 1, read + item.size
        found = files.digest_at(item.path)
        if not found:
            wrong.append({"item": item.pk, "what": "missing"})
        elif found != item.sha256:
            wrong.append({"item": item.pk, "what": "changed"})
        if journal.said_of("evidence.stored", item, "sha256") != item.sha256:
            wrong.append({"item": item.pk, "what": "not-as-journalled"})
    return _scrubbed(now, timezone.now(), count, read, wrong)


@transaction.atomic
def _scrubbed(began: datetime, ended: datetime, count: int, read: int, wrong: list[dict[str, object]]) -> Scrub:
    made = Scrub.objects.create(began_at=began, ended_at=ended, items=count, bytes_read=read, wrong=wrong)
    record("evidence.scrubbed", made, by=None, at=ended, items=count, wrong=len(wrong))
    return made
