from datetime import datetime, timedelta
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
