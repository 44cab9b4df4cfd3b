import re
from typing import TYPE_CHECKING, Any

from django.http import FileResponse, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from rollbook.accounts.rules import Permission, admit, holds
from rollbook.evidence import actions, files, queries, rules
from rollbook.journal.queries import timeline
from rollbook.kernel.messages import _
from rollbook.kernel.reasons import Forbidden, NotFound
from rollbook.regions.queries import choices as regions
from rollbook.regions.queries import name_of
from rollbook.web.exports import workbook
from rollbook.web.forms import WhyForm, sent
from rollbook.web.lists import Filter, listing, narrowed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rollbook.evidence.models import Item
    from rollbook.web.requests import Request

TYPES = {
    "jpg": "image/jpeg", "png": "image/png", "pdf": "application/pdf", "mp4": "video/mp4",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}  # fmt: skip
SHOWN_IN_THE_PAGE = {"jpg", "png", "pdf", "mp4"}
SEARCH = ("title", "sha256", "subject", "dossier")
COLUMNS = (
    _("Number"), _("Kind"), _("Title"), _("Region"), _("Bytes"), "SHA-256", _("Taken"), _("Stored"), _("By"), _("Kept until"),
)  # fmt: skip
PART = 2**16


@require_GET
def item_list(request: "Request") -> HttpResponse:
    admit(request.user, Permission.EVIDENCE_READ)
    found = queries.visible_to(request.user).select_related("stored_by").order_by("-pk")
    filters = [
        Filter("kind", _("Kind"), rules.Kind.choices()),
        Filter("day", _("Stored on"), [], lookup="stored_at__date", kind="date"),
        Filter("region_code", _("Region"), regions(request.user.region_code)),
    ]
    if request.GET.get("export"):
        rows = narrowed(request, found, filters=filters, search=SEARCH)
        return workbook(COLUMNS, (_row(one) for one in rows), gettext("Evidence"))
    shown = listing(request, found, filters=filters, search=SEARCH, hint=gettext("Title or SHA-256"), exports=True)
    return render(request, "evidence/item_list.html", {"listing": shown})


def _row(one: "Item") -> tuple[Any, ...]:
    return (
        one.pk, gettext(one.get_kind_display()), one.title, name_of(one.region_code), one.size, one.sha256,
        one.taken_at and timezone.localtime(one.taken_at).replace(tzinfo=None),
        timezone.localtime(one.stored_at).replace(tzinfo=None), str(one.stored_by or ""), one.keep_until,
    )  # fmt: skip


@require_GET
def item_detail(request: "Request", evidence_id: int) -> HttpResponse:
    item, by = queries.get(request.user, evidence_id), request.user
    pairs = [] if by.institution_id else list(queries.pairs_of(item.pk))
    context = {
        "item": item,
        "purposes": rules.Purpose.choices(),
        "pairs": pairs,
        "hold": queries.live_hold(item.dossier),
        "may_hold": holds(by, Permission.EVIDENCE_HOLD),
        "hold_form": WhyForm(),
        "entries": timeline(item),
    }
    return render(request, "evidence/item_detail.html", context)


@require_POST
def open_item(request: "Request", evidence_id: int) -> HttpResponse:
    """Who opens, and what for, is written down; then the file is shown."""
    purpose = request.POST.get("purpose", "")
    key = actions.open_item(by=request.user, item_id=evidence_id, purpose=purpose, now=timezone.now())
    return redirect("evidence:file", evidence_id, key)


@never_cache
@require_GET
def file(request: "Request", evidence_id: int, key: str) -> HttpResponse | StreamingHttpResponse:
    """The bytes, for whoever has just said what for; in parts where a player asks for parts."""
    item = actions.readable(by=request.user, item_id=evidence_id, key=key)
    content_type = TYPES.get(item.extension, "application/octet-stream")
    if not files.shelf().exists(item.path):
        raise NotFound
    wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("Range", ""))
    if wanted and int(wanted[1]) < item.size:
        first = int(wanted[1])
        last = min(int(wanted[2] or item.size - 1), item.size - 1)
        part = StreamingHttpResponse(_part(item.path, first, last), status=206, content_type=content_type)
        part["Content-Range"], part["Content-Length"] = f"bytes {first}-{last}/{item.size}", str(last - first + 1)
        part["Accept-Ranges"] = "bytes"
        return part
    inline = item.extension in SHOWN_IN_THE_PAGE
    name = f"evidence-{item.pk}.{item.extension}"
    whole = FileResponse(files.opened(item.path), as_attachment=not inline, filename=name, content_type=content_type)
    whole["Accept-Ranges"] = "bytes"
    return whole


def _part(name: str, first: int, last: int) -> "Iterator[bytes]":
    with files.opened(name) as kept:
        kept.seek(first)
        left = last - first + 1
        while left and (read := kept.read(min(PART, left))):
            left -= len(read)
            yield read


@require_GET
def thumb(request: "Request", evidence_id: int) -> HttpResponse:
    small = bytes(queries.get(request.user, evidence_id).thumbnail)
    if not small:
        raise NotFound
    answer = HttpResponse(small, content_type="image/jpeg")
    answer["Cache-Control"] = "private, max-age=3600"
    return answer


@require_GET
def pair_list(request: "Request") -> HttpResponse:
    """Pictures that were used again, in the same class or another (domain 5.2, D50)."""
    if request.user.institution_id is not None:
        raise Forbidden("pairs")
    admit(request.user, Permission.EVIDENCE_READ)
    filters = [Filter("region_code", _("Region"), regions(request.user.region_code), lookup="other__region_code")]
    search = ("one__title", "other__title", "one__dossier", "other__dossier")
    shown = listing(request, queries.pairs(request.user), filters=filters, search=search, hint=gettext("Title"))
    return render(request, "evidence/pair_list.html", {"listing": shown})


@require_GET
def hold_list(request: "Request") -> HttpResponse:
    """Files that a case needs; and when every byte was last read and compared."""
    if request.user.institution_id is not None:
        raise Forbidden("holds")
    admit(request.user, Permission.EVIDENCE_READ)
    filters = [Filter("open", _("State"), [("1", _("In force")), ("", _("Lifted"))], lookup="lifted_at__isnull")]
    shown = listing(request, queries.holds_of(request.user), filters=filters, search=("title", "ground"))
    context = {
        "listing": shown,
        "may_hold": holds(request.user, Permission.EVIDENCE_HOLD),
        "scrubs": queries.last_scrubs(),
    }
    return render(request, "evidence/hold_list.html", context)


@require_POST
def hold(request: "Request", evidence_id: int) -> HttpResponse:
    why = sent(request, WhyForm).cleaned_data["why"]
    actions.place_hold(by=request.user, item_id=evidence_id, ground=why, now=timezone.now())
    return redirect("evidence:item_detail", evidence_id)


@require_POST
def lift(request: "Request", hold_id: int) -> HttpResponse:
    actions.lift_hold(by=request.user, hold_id=hold_id, now=timezone.now())
    return redirect(reverse("evidence:hold_list"))
