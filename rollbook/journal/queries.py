import hashlib
import json
import re
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db.models import Model, QuerySet
from django.utils.timezone import localdate, localtime

from rollbook.database.changes import written_since
from rollbook.journal.models import Entry, Seal
from rollbook.journal.rules import FACTS, VALUES, Fact, label_of
from rollbook.kernel.messages import Message
from rollbook.kernel.money import yuan
from rollbook.regions.queries import name_of
from rollbook.regions.rules import prefix

if TYPE_CHECKING:
    from rollbook.accounts.models import Account

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?([+-]\d\d:\d\d|Z)")


def visible_to(by: "Account") -> QuerySet[Entry]:
    """What concerns the account's institution, or its region; a worker sees the own deeds."""
    found = Entry.objects.select_related("by").order_by("-pk")
    if by.institution_id is not None:
        return found.filter(institution_id=by.institution_id)
    if by.role == "worker":
        return found.filter(by=by)
    scope = prefix(by.region_code)
    if len(scope) == 2:  # the province, which also answers for what has no region
        return found
    return found.filter(region_code__startswith=scope)


def taken_at(subject: Model, kind: str, digest: str) -> datetime | None:
    """When a file with this digest was taken for an object, if it was."""
    name = f"{subject._meta.label}:{subject.pk}"
    return Entry.objects.filter(subject=name, kind=kind, data__file=digest).values_list("at", flat=True).first()


def timeline(subject: Model, limit: int | None = 50, kind: str = "") -> list[Entry]:
    """What happened to one object, newest first; of one kind, where it is given. Whoever may see the object may see this."""
    found = Entry.objects.filter(subject=f"{subject._meta.label}:{subject.pk}")
    if kind:
        found = found.filter(kind=kind)
    entries = list(found.select_related("by").order_by("-at", "-pk")[:limit])
    for entry in entries:
        entry.label = label_of(entry.kind)  # type: ignore[attr-defined]
        entry.facts = list(facts(entry))  # type: ignore[attr-defined]
    return entries


def said_of(kind: str, subject: Model, name: str) -> object:
    """What the first entry of a kind said of an object under a name; None where there is no such entry."""
    found = Entry.objects.filter(subject=f"{subject._meta.label}:{subject.pk}", kind=kind).order_by("pk").first()
    return found.data.get(name) if found else None


def facts(entry: Entry) -> Iterator[Fact]:
    """The data of an entry as it can be read: short values, money in yuan; rows of a table have a page of their own."""
    for name, value in entry.data.items():
        if value in (None, "", [], {}) or (isinstance(value, list) and isinstance(value[0], dict)):
            continue
        if isinstance(value, dict) and "template" in value:
            yield Fact(FACTS.get(name, name.replace("_", " ")), Message(**value))
            continue
        if name.startswith("region") and isinstance(value, str):
            value = name_of(value)
        if isinstance(value, str) and MOMENT.fullmatch(value):
            value = f"{localtime(datetime.fromisoformat(value)):%Y-%m-%d %H:%M}"
        if name.endswith("_fen") and isinstance(value, int):
            value = yuan(value)
        if isinstance(value, list) and not any(isinstance(one, dict | list) for one in value):
            value = ", ".join(map(str, value))
        shown = json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value
        word = VALUES.get(f"{name}:{shown}") or VALUES.get(str(shown), str(shown)[:120])
        yield Fact(FACTS.get(name, name.replace("_", " ")), word)


def digest_of(day: date, before: str, sealed_at: datetime) -> tuple[str, int, int]:
    """The seal of one local day: SHA-256 over the former seal, the time of sealing, and every entry in order.

    Gives the digest, how many entries it covers and the last one's id.
    """
    content = hashlib.sha256(f"{before} {day} {sealed_at.astimezone(UTC).isoformat()}".encode())
    count = last = 0
    for row in (
        Entry.objects.filter(at__date=day)
        .order_by("pk")
        .values_list("pk", "at", "by_id", "kind", "subject", "title", "region_code", "institution_id", "data")
        .iterator()
    ):
        pk, at, *rest = row
        content.update(json.dumps([pk, at.isoformat(), *rest], ensure_ascii=False, sort_keys=True).encode())
        count, last = count + 1, pk
    return content.hexdigest(), count, last


def latest_seal() -> Seal | None:
    return Seal.objects.order_by("-day").first()


def last_verified() -> Entry | None:
    """When the journal was last compared with its seals, and what came of it."""
    return Entry.objects.filter(kind="journal.verified").order_by("-pk").first()


def sealed_late(today: date) -> date | None:
    """The first day that has ended, the last apart, and is not sealed."""
    seal = latest_seal()
    open_days = Entry.objects.filter(at__date__lt=today - timedelta(1))
    if seal is not None:
        open_days = open_days.filter(at__date__gt=seal.day)
    first = open_days.order_by("at").values_list("at", flat=True).first()
    return localdate(first) if first else None


def broken_seals(today: date, known: Mapping[date, str] | None = None) -> list[str]:
    """Every day that is not as it was sealed: empty means untouched.

    `known` are digests noted outside this database: whoever could rewrite both the entries and the
    seals cannot reach those.
    """
    found, before, last_day = [], "", None
    seals = {one.day: one for one in Seal.objects.order_by("day")}
    for day, seal in seals.items():
        if last_day is not None and day != last_day + timedelta(1):
            found.append(f"{day}: days before it are not sealed")
        digest, count, last = digest_of(day, before, seal.sealed_at)
        if (digest, count, last) != (seal.digest, seal.entries, seal.last_entry_id):
            found.append(f"{day}: {count} entries where {seal.entries} were sealed")
        before, last_day = seal.digest, day
    for table, newest in _cut_off():
        found.append(f"{table}: rows after #{newest} are gone")
    unsealed = Entry.objects.filter(at__date__lt=today - timedelta(1))
    if last_day is not None:
        unsealed = unsealed.filter(at__date__gt=last_day)
        first = next(iter(seals))
        if Entry.objects.filter(at__date__lt=first).exists():
            found.append(f"{first}: entries before the first seal")
    if (last_day is not None and last_day < today - timedelta(2)) or unsealed.exists():
        found.append(f"{last_day or '–'}: the days after it are not sealed")
    for day, digest in (known or {}).items():
        if day not in seals or seals[day].digest != digest:
            found.append(f"{day}: not the seal that was noted")
    return found


def _cut_off() -> list[tuple[str, int]]:
    """Seals are made one at a time, so the newest has the newest number: unless the end was removed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM journal_seal")
        newest = cursor.fetchone()[0]
        cursor.execute("SELECT last_value, is_called FROM journal_seal_id_seq")
        given, is_called = cursor.fetchone()
        return [("journal_seal", newest)] if is_called and given != newest else []


def deeds(kinds: Collection[str]) -> "QuerySet[Entry]":
    """What accounts did of some kinds, as screening reads it."""
    return Entry.objects.filter(kind__in=kinds, by__isnull=False)


def changed_deeds(kinds: Collection[str], mark: int, key: Any) -> "QuerySet[Any, Any]":
    """What `key` names of those that a transaction of `mark` or later wrote."""
    return written_since(deeds(kinds), mark).values_list(key, flat=True)
