from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from rollbook.accounts.rules import Permission, admit, holds
from rollbook.directory import actions, files, forms, queries, rules
from rollbook.journal.queries import timeline
from rollbook.regions.queries import choices as regions
from rollbook.regions.queries import moved_days
from rollbook.web import sheets
from rollbook.web.exports import EXCEL, workbook
from rollbook.web.forms import FileForm, WhyForm, sent
from rollbook.web.imports import in_background, sent_file, to_confirm, wrong_cells
from rollbook.web.lists import Filter, listing, narrowed

if TYPE_CHECKING:
    from rollbook.directory.models import DemandItem
    from rollbook.web.requests import Request

SEARCH = ("occupation__code", "occupation__name", "occupation__pinyin")
COLUMNS = ("Type", "Code", "Occupation", "Level", "Academic hours", "Share of practice, %", "Standard, yuan")


@require_GET
def list_list(request: "Request") -> HttpResponse:
    found = queries.visible_to(request.user).order_by("-created_at")
    filters = [
        Filter("state", "State", rules.ListState.choices()),
        Filter("region_code", "Region", regions(request.user.region_code)),
    ]
    shown = listing(request, found, filters=filters, search=("title", "document"))
    context = {"listing": shown, "may_draft": holds(request.user, Permission.DEMAND_DRAFT), "form": forms.DraftForm()}
    return render(request, "directory/list_list.html", context)


@require_GET
def list_detail(request: "Request", list_id: int) -> HttpResponse:
    one = queries.get(request.user, list_id)
    filters = [Filter("level", "Level", rules.Level.choices()), Filter("urgency", "Urgency", rules.Urgency.choices())]
    items = queries.items_of(list_id)
    if request.GET.get("export"):
        rows = (_row(item) for item in narrowed(request, items, filters=filters, search=SEARCH))
        return workbook(COLUMNS, rows, str(one))
    here = one.region_code == request.user.region_code
    context = {
        "list": one,
        "listing": listing(request, items, filters=filters, search=SEARCH, size=100, exports=True),
        "moves": rules.LISTS.moves_from(rules.ListState(one.state)),
        "may_draft": here and holds(request.user, Permission.DEMAND_DRAFT),
        "may_agree": here and holds(request.user, Permission.DEMAND_AGREE),
        "may_publish": here and holds(request.user, Permission.DEMAND_PUBLISH),
        "publish_form": forms.PublishForm(),
        "why_form": WhyForm(),
        "file_form": FileForm(),
        "entries": timeline(one),
    }
    return render(request, "directory/list_detail.html", context)


def _row(item: "DemandItem") -> tuple[object, ...]:
    return (
        gettext(item.get_training_type_display()), item.occupation.code, item.occupation.name, item.level, item.hours,
        item.practice_percent, item.amount_fen / 100,
    )  # fmt: skip


@require_GET
def list_difference(request: "Request", list_id: int) -> HttpResponse:
    one = queries.get(request.user, list_id)
    before = queries.projects_of(one.based_on_id) if one.based_on_id else {}
    changes = rules.difference(before, queries.projects_of(list_id))
    return render(request, "directory/list_difference.html", {"list": one, "changes": changes})


@require_POST
def draft_list(request: "Request") -> HttpResponse:
    form = sent(request, forms.DraftForm)
    one = actions.draft_list(by=request.user, document=form.cleaned_data["document"], now=timezone.now())
    return redirect("directory:list_detail", one.pk)


@require_GET
def item_edit(request: "Request", list_id: int, item_id: int = 0) -> HttpResponse:
    admit(request.user, Permission.DEMAND_DRAFT)
    one = queries.get(request.user, list_id)
    item = queries.items_of(list_id).filter(pk=item_id).first()
    initial = {}
    if item:
        initial = {name: getattr(item, name) for name in forms.ItemForm.base_fields if hasattr(item, name)}
        initial["amount"] = item.amount_fen / 100
        initial["scarce_amount"] = item.scarce_amount_fen and item.scarce_amount_fen / 100
    text = request.GET.get("occupation", "")
    context = {
        "list": one,
        "item": item,
        "form": forms.ItemForm(initial=initial),
        "text": text,
        "occupations": queries.find_occupations(text) if text else [],
    }
    return render(request, "directory/item_edit.html", context)


@require_POST
def set_item(request: "Request", list_id: int) -> HttpResponse:
    form = sent(request, forms.ItemForm)
    actions.set_item(by=request.user, list_id=list_id, now=timezone.now(), **form.values())  # type: ignore[arg-type]
    return redirect("directory:list_detail", list_id)


@require_POST
def remove_item(request: "Request", list_id: int, item_id: int) -> HttpResponse:
    actions.remove_item(by=request.user, list_id=list_id, item_id=item_id, now=timezone.now())
    return redirect("directory:list_detail", list_id)


@require_GET
def items_template(request: "Request") -> HttpResponse:  # noqa: ARG001
    """The empty file of a demand list."""
    response = HttpResponse(sheets.template(files.PROJECTS), content_type=EXCEL)
    response["Content-Disposition"] = 'attachment; filename="demand-list.xlsx"'
    return response


@require_POST
def import_items(request: "Request", list_id: int) -> HttpResponse:
    """Projects by the file: wrong cells are told; a file in order is shown and written when confirmed."""
    by, now, one = request.user, timezone.now(), queries.get(request.user, list_id)
    content, back = sent_file(request), reverse("directory:list_detail", args=[list_id])
    sheet = actions.preview_items(by=by, list_id=list_id, content=content, today=timezone.localdate(now))
    if answer := wrong_cells(request, sheet, content, subject=one, back=back):
        return answer
    if answer := to_confirm(request, sheet, content, subject=one, back=back):
        return answer
    if answer := in_background(request, "demand-list", sheet, content, back=back, list_id=list_id):
        return answer
    rows = actions.import_items(by=by, list_id=list_id, content=content, now=now)
    messages.success(request, gettext("{rows} rows of the file were taken.").format(rows=rows))
    return redirect(back)


@require_POST
def submit_list(request: "Request", list_id: int) -> HttpResponse:
    actions.submit_list(by=request.user, list_id=list_id, now=timezone.now())
    return redirect("directory:list_detail", list_id)


@require_POST
def agree_list(request: "Request", list_id: int) -> HttpResponse:
    actions.agree_list(by=request.user, list_id=list_id, now=timezone.now())
    return redirect("directory:list_detail", list_id)


@require_POST
def return_list(request: "Request", list_id: int) -> HttpResponse:
    why = sent(request, WhyForm).cleaned_data["why"]
    actions.return_list(by=request.user, list_id=list_id, why=why, now=timezone.now())
    return redirect("directory:list_detail", list_id)


@require_POST
def publish_list(request: "Request", list_id: int) -> HttpResponse:
    from_on = sent(request, forms.PublishForm).cleaned_data["from_on"]
    actions.publish_list(by=request.user, list_id=list_id, from_on=from_on, now=timezone.now())
    return redirect("directory:list_detail", list_id)


@require_GET
def term_list(request: "Request") -> HttpResponse:
    context = {
        "terms": queries.terms_history(request.user.region_code),
        "may_set": holds(request.user, Permission.TERMS_SET),
        "form": forms.TermForm(),
    }
    return render(request, "directory/term_list.html", context)


@require_POST
def set_term(request: "Request") -> HttpResponse:
    form = sent(request, forms.TermForm)
    actions.set_term(by=request.user, now=timezone.now(), **form.cleaned_data)
    return redirect("directory:term_list")


@require_GET
def calendar(request: "Request") -> HttpResponse:
    """The days that notices moved, year by year."""
    text = request.GET.get("year", "")
    year = int(text) if text.isdigit() and len(text) == 4 else timezone.localdate().year
    may_add = holds(request.user, Permission.CALENDAR_EXTEND)
    return render(request, "directory/calendar.html", {"days": moved_days(year), "year": year, "may_add": may_add})


@require_POST
def add_day(request: "Request") -> HttpResponse:
    form = sent(request, forms.DayForm)
    is_working = request.POST.get("working") == "1"
    made = actions.extend_calendar(by=request.user, is_working=is_working, now=timezone.now(), **form.cleaned_data)
    return redirect(reverse("directory:calendar", query={"year": made[0].day.year}))
