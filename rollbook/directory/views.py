from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from rollbook.accounts.rules import Permission, admit, holds
from rollbook.directory import actions, forms, queries, rules
from rollbook.journal.queries import timeline
from rollbook.regions.queries import choices as regions
from rollbook.regions.queries import moved_days
from rollbook.web.exports import workbook
from rollbook.web.forms import WhyForm, sent
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
        "entries": timeline(one),
    }
    return render(request, "directory/list_detail.html", context)


def _row(item: "DemandItem") -> tuple[object, ...]:
    return (
        item.get_training_type_display(), item.occupation.code, item.occupation.name, item.level, item.hours,
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
    actions.extend_calendar(by=request.user, is_working=is_working, now=timezone.now(), **form.cleaned_data)
    return redirect("directory:calendar")
