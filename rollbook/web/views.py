import json
import sys
from typing import TYPE_CHECKING
from zlib import crc32

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_GET, require_POST
from django.views.defaults import server_error

from rollbook.database.full import is_full
from rollbook.kernel.messages import _
from rollbook.kernel.reasons import NotFound, reason
from rollbook.web import actions, queries, rules
from rollbook.web.components import TONES
from rollbook.web.exports import Table, workbook

if TYPE_CHECKING:
    from rollbook.web.requests import Request


def broken(request: HttpRequest) -> HttpResponse:
    """What failed for want of room is done again later; all else is our fault. The site's one place for both."""
    if not is_full(sys.exception()):
        return server_error(request)
    headers = {"Retry-After": "60"}
    if request.path.startswith("/api/"):
        return JsonResponse({"detail": "no room"}, status=503, headers=headers)
    return HttpResponse(render_to_string("503.html"), status=503, headers=headers)


@login_not_required
def gallery(request: HttpRequest) -> HttpResponse:
    """Every component on one page, to look at and to test."""
    shown = [
        reason(
            "example",
            _("{size} trainees are on the roster; there must be {least} to {most}."),
            "N4.2",
            size=9,
            least=20,
            most=50,
        )
    ]
    return render(request, "web/gallery.html", {"tones": TONES, "reasons": shown})


def exported(request: "Request", source: str, table: Table) -> HttpResponse:
    """The file of a list: at once where it is short, else as a job that is found again under "My jobs".

    `source` is the list's name in settings.EXPORTS, by which the job builds the same table again.
    """
    by, now, query = request.user, timezone.now(), request.GET.urlencode()
    total = table.found.order_by().values("pk")[: rules.MOST_ROWS + 1].count()
    if total <= rules.AT_ONCE:
        actions.note_export(by=by, source=source, query=query, rows=total, now=now)
        return workbook(table.columns, table.rows(), table.name, note=rules.legible(actions.narrowing(query)))
    actions.start_export(by=by, source=source, query=query, language=get_language() or "en", total=total, now=now)
    messages.success(request, gettext("The list is long: its file is being written. You may leave this page."))
    return redirect("web:job_list")


@require_GET
def job_list(request: "Request") -> HttpResponse:
    """My exports, with their progress while they are under way."""
    jobs = list(queries.jobs_of(request.user)[:50])
    for one in jobs:
        one.filters = rules.legible(one.query)  # type: ignore[attr-defined]
    context = {"jobs": jobs, "under_way": any(one.state in rules.OPEN for one in jobs), "kept": rules.KEPT.days}
    return render(request, "web/jobs.html" + ("#jobs" if request.htmx else ""), context)


@require_GET
def job_file(request: "Request", job_id: int) -> FileResponse:
    job = queries.job(request.user, job_id)
    if not job.file:
        raise NotFound
    day = timezone.localdate(job.ended_at)
    return FileResponse(job.file.open(), as_attachment=True, filename=f"{job.source}-{day}.xlsx")


@require_POST
def save_view(request: "Request") -> HttpResponse:
    page = request.POST.get("page", "")[:200]
    if not url_has_allowed_host_and_scheme(page, None):
        raise NotFound
    name, query = request.POST.get("name", "")[:40], request.POST.get("query", "")[:1000]
    made = actions.save_view(by=request.user, page=page, name=name, query=query)
    return redirect(f"{made.page}?{made.query}")


@require_POST
def forget_view(request: "Request", view_id: int) -> HttpResponse:
    return redirect(actions.forget_view(by=request.user, view_id=view_id))


def app_manifest(page: str) -> JsonResponse:
    """What makes a page an app that can be installed on a phone."""
    return JsonResponse(
        {
            "name": gettext("Rollbook"),
            "short_name": gettext("Rollbook"),
            "start_url": page,
            "scope": page,
            "display": "standalone",
            "background_color": "#ffffff",
            "theme_color": "#1c4a86",
            "icons": [{"src": static("web/icon.svg"), "sizes": "any", "type": "image/svg+xml", "purpose": "any"}],
        },
        content_type="application/manifest+json",
    )


def app_worker(request: HttpRequest, page: str, script: str) -> HttpResponse:
    """The service worker of an app, served from within its scope; it keeps the page and what the page loads."""
    files = (
        "web/site.css", "web/theme.js", "web/site.js", "web/icon.svg", "web/phone.js", "web/offline.js",
        "tabler/css/tabler.min.css", "htmx/htmx.min.js", script,
    )  # fmt: skip
    kept = json.dumps([page, *map(static, files)])
    context = {
        "kept": kept,
        "mine": (mine := f"rollbook{page.replace('/', '-')}"),
        "name": f"{mine}{crc32(kept.encode()):08x}",
    }
    return render(request, "web/app_worker.js", context, content_type="text/javascript")
