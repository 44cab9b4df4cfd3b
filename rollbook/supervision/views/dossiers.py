from typing import TYPE_CHECKING

from django.http import FileResponse, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from rollbook.journal.queries import timeline
from rollbook.supervision import actions, queries

if TYPE_CHECKING:
    from rollbook.web.requests import Request


@require_GET
def dossier(request: "Request", class_id: int) -> HttpResponse:
    """Everything about a class on one page, with what is missing on top."""
    klass = actions.may_have_dossier(request.user, class_id)
    parts = queries.dossier(klass, timezone.now())
    made = [one for one in timeline(klass, limit=2000) if one.kind == "class.dossier-made"]
    context = {"klass": klass, "parts": parts, "missing": [one for one in parts if one.missing], "made": made[:5]}
    return render(request, "supervision/dossier.html", context)


@require_POST
def dossier_archive(request: "Request", class_id: int) -> FileResponse:
    archive, _digest = actions.make_dossier(by=request.user, class_id=class_id, now=timezone.now())
    name = f"dossier-{class_id}-{timezone.localdate():%Y%m%d}.zip"
    return FileResponse(archive, as_attachment=True, filename=name, content_type="application/zip")
