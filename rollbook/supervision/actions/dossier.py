from datetime import datetime
from io import BytesIO
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, Any, cast

from django.db import transaction
from django.utils.timezone import localtime
from django.utils.translation import gettext

from rollbook.accounts.rules import Permission, admit
from rollbook.classes import queries as classes
from rollbook.evidence import queries as evidence
from rollbook.journal.actions import record
from rollbook.kernel.reasons import Forbidden
from rollbook.supervision import files, queries
from rollbook.web.words import said

if TYPE_CHECKING:
    from rollbook.accounts.models import Account
    from rollbook.classes.models import TrainingClass

IN_MEMORY = 16 * 2**20
MOST_BYTES = 64 * 2**20  # of one enclosed piece


def may_have_dossier(by: "Account", class_id: int) -> "TrainingClass":
    """The class, for whoever may have its dossier: offices, auditors, the own institution's manager."""
    admit(by, Permission.EVIDENCE_READ)
    if by.role == "teacher":
        raise Forbidden("dossier")
    return classes.get(by, class_id)


@transaction.atomic
def make_dossier(*, by: "Account", class_id: int, now: datetime) -> tuple[IO[bytes], str]:
    """Everything about a class in one archive with a manifest of digests; the manifest's own is journalled, so that the
    archive can be checked against the register years later. Gives the archive and that digest."""
    klass = may_have_dossier(by, class_id)
    parts = queries.dossier(klass, now)
    out = cast("IO[bytes]", SpooledTemporaryFile(max_size=IN_MEMORY))  # noqa: SIM115 whoever sends it closes it
    archive = files.Archive(out)
    archive.add("dossier.pdf", BytesIO(files.pdf(_printed(klass, parts, now))))
    for n, part in enumerate(parts, 1):
        content = files.table([gettext(one) for one in part.columns], part.rows)
        archive.add(f"tables/{n:02}-{part.name}.csv", BytesIO(content))
    within, beyond = queries.enclosed(klass, MOST_BYTES)
    for item in within:
        with evidence.opened(item) as kept:
            archive.add(f"evidence/{item.pk}-{item.kind}.{item.extension}", kept)
    digest = archive.close(
        {
            "class": klass.number or str(klass.pk), "title": str(klass), "institution": klass.institution.name,
            "made_at": localtime(now).isoformat(timespec="seconds"), "made_by": str(by),
            "missing": [said(one) for part in parts for one in part.missing],
            "kept_elsewhere": [{"number": one.pk, "sha256": one.sha256, "size": one.size} for one in beyond],
        }
    )  # fmt: skip
    record("class.dossier-made", klass, by=by, at=now, region_code=klass.region_code,
           institution_id=klass.institution_id, sha256=digest, pieces=len(within))  # fmt: skip
    out.seek(0)
    return out, digest


def _printed(klass: "TrainingClass", parts: Any, now: datetime) -> dict[str, Any]:
    return {
        "heading": gettext("Dossier of the class"),
        "title": f"{klass} {klass.number or ''}",
        "made_at": f"{localtime(now):%Y-%m-%d %H:%M}",
        "missing_heading": gettext("What is missing"),
        "complete": gettext("The dossier is complete as far as the class has come."),
        "nothing": gettext("Nothing yet."),
        "missing": [f"{gettext(part.title)}: {said(one)}" for part in parts for one in part.missing],
        "parts": [
            {
                "title": gettext(part.title), "columns": [gettext(one) for one in part.columns],
                "rows": [[str(cell) for cell in row] for row in part.rows], "missing": [said(one) for one in part.missing],
            }
            for part in parts
        ],
    }  # fmt: skip
