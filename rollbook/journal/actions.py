from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import Model
from django.utils.module_loading import import_string

from rollbook.journal.models import Entry

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
