from typing import TYPE_CHECKING

from django.http import FileResponse, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from rollbook.journal.queries import timeline
from rollbook.supervision import actions, queries

if TYPE_CHECKING:
    from rollbook.web.requests import Request


SHOWN = 100  # rows of a part on the page; the archive has all of them


@require_GET
def dossier(request: "Request", class_id: int) -> HttpResponse:
    """Everything about a class on one page, with what is missing on top."""
    klass = actions.may_have_dossier(request.user, class_id)
    parts = queries.dossier(klass, timezone.now())
    context = {
        "klass": klass,
        "parts": [(one, one.rows[:SHOWN]) for one in parts],
        "missing": [one for one in parts if one.missing],
        "made": timeline(klass, limit=5, kind="class.dossier-made"),
    }
    return render(request, "supervision/dossier.html", context)


@require_POST
def dossier_archive(request: "Request", class_id: int) -> FileResponse:
    archive, _digest = actions.make_dossier(by=request.user, class_id=class_id, now=timezone.now())
    name = f"dossier-{class_id}-{timezone.localdate():%Y%m%d}.zip"
    return FileResponse(archive, as_attachment=True, filename=name, content_type="application/zip")
