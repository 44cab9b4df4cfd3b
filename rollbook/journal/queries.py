import hashlib
import json
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

from django.db.models import Model, QuerySet

from rollbook.journal.models import Entry, Seal
from rollbook.journal.rules import Fact, label_of
from rollbook.regions.rules import prefix

if TYPE_CHECKING:
    from rollbook.accounts.models import Account


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


def timeline(subject: Model, limit: int = 50) -> list[Entry]:
    """What happened to one object, newest first. Whoever may see the object may see this."""
    name = f"{subject._meta.label}:{subject.pk}"
    entries = list(Entry.objects.filter(subject=name).select_related("by").order_by("-at", "-pk")[:limit])
    for entry in entries:
        entry.label = label_of(entry.kind)  # type: ignore[attr-defined]
        entry.facts = list(facts(entry))  # type: ignore[attr-defined]
    return entries


def facts(entry: Entry) -> Iterator[Fact]:
    """The data of an entry as it can be read: short values, lists joined."""
    for name, value in entry.data.items():
        if value in (None, "", [], {}):
            continue
        shown = json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value
        yield Fact(name.replace("_", " "), str(shown)[:120])


def digest_of(day: date, before: str) -> tuple[str, int, int]:
    """The seal of one local day: SHA-256 over the former seal and every entry in order.

    Gives the digest, how many entries it covers and the last one's id.
    """
    content = hashlib.sha256(before.encode())
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


def broken_seals() -> list[str]:
    """Every sealed day whose entries are no longer what was sealed: empty means untouched."""
    found, before = [], ""
    for seal in Seal.objects.order_by("day"):
        digest, count, last = digest_of(seal.day, before)
        if (digest, count, last) != (seal.digest, seal.entries, seal.last_entry_id):
            found.append(f"{seal.day}: {count} entries where {seal.entries} were sealed")
        before = seal.digest
    return found
