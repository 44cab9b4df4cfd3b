import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Model
from django.utils.module_loading import import_string
from django.utils.timezone import localdate

from rollbook.journal import queries
from rollbook.journal.models import Entry, Seal

SEALING = 7302  # the number of the lock

if TYPE_CHECKING:
    from rollbook.accounts.models import Account


def record(
    kind: str,
    subject: Model,
    *,
    by: "Account | None",
    at: datetime,
    region_code: str = "",
    institution_id: int | None = None,
    **data: object,
) -> None:
    """Write down what happened and queue what follows from it, in the caller's transaction.

    `kind` is "noun.happened"; the region and institution say who may read the entry; `data` is
    what changed and on what ground, never an identity number or an account in clear.
    """
    Entry.objects.create(
        at=at,
        by=by,
        kind=kind,
        subject=f"{subject._meta.label}:{subject.pk}",
        title=str(subject)[:200],
        region_code=region_code,
        institution_id=institution_id,
        data=data,
    )
    for task in settings.REACTIONS.get(kind, ()):
        import_string(task).enqueue(subject.pk)


def record_many(entries: Sequence[Mapping[str, object]]) -> None:
    """`record` for many deeds that one transaction carries, in one statement: each a mapping of `Entry`'s columns,
    with `by_id`. For kinds that set nothing off."""
    assert not {one["kind"] for one in entries} & settings.REACTIONS.keys()  # noqa: S101 they would be forgotten
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO journal_entry (at, by_id, kind, subject, title, region_code, institution_id, data)
               SELECT e.at, e.by_id, e.kind, e.subject, e.title, e.region_code, e.institution_id, e.data
               FROM json_to_recordset(%s) AS e (at timestamptz, by_id bigint, kind text, subject text, title text,
                    region_code text, institution_id bigint, data jsonb)""",
            [json.dumps(entries, ensure_ascii=False, default=str)],
        )


VERIFIED = "journal.verified"


@transaction.atomic
def verify(*, now: datetime, known: Mapping[date, str] | None = None) -> list[str]:
    """Compare the journal with its seals and write down what came of it; gives every day that is not as it was sealed."""
    broken = queries.broken_seals(localdate(now), known)
    if seal := queries.latest_seal():
        record(VERIFIED, seal, by=None, at=now, broken=len(broken), first=broken[0] if broken else "")
    return broken


@transaction.atomic
def seal_days(*, now: datetime) -> list[Seal]:
    """Seal every day that has ended and is not sealed yet; one process at a time."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SEALING])
    latest = Seal.objects.order_by("-day").first()
    first = Entry.objects.order_by("at").values_list("at", flat=True).first()
    if first is None and latest is None:
        return []
    day = latest.day + timedelta(1) if latest else localdate(first)
    before, made = (latest.digest if latest else ""), []
    while day < localdate(now):
        digest, entries, last = queries.digest_of(day, before, now)
        made.append(Seal.objects.create(day=day, digest=digest, entries=entries, last_entry_id=last, sealed_at=now))
        before, day = digest, day + timedelta(1)
    return made
