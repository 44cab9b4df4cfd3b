import base64
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from rollbook.accounts.rules import Permission, admit, holds
from rollbook.directory import queries as directory
from rollbook.directory.rules import LISTS, ListState
from rollbook.journal.queries import timeline
from rollbook.kernel.messages import _
from rollbook.kernel.reasons import NotFound
from rollbook.regions.queries import choices as regions
from rollbook.subsidies import actions, files, forms, queries, rules
from rollbook.web.exports import downloaded
from rollbook.web.forms import FileForm, WhyForm, cleaned, sent
from rollbook.web.imports import sent_file, wrong_cells
from rollbook.web.lists import Filter, listing

if TYPE_CHECKING:
    from rollbook.subsidies.models import PolicyVersion
    from rollbook.web.requests import Request


@require_GET
def policy_list(request: "Request") -> HttpResponse:
    filters = [
        Filter("subsidy", _("Kind of subsidy"), rules.Subsidy.choices()),
        Filter("state", _("State"), ListState.choices()),
        Filter("region_code", _("Region"), regions()),
    ]
    found = queries.policies_visible_to(request.user).order_by("region_code", "subsidy", "-version")
    shown = listing(
        request, found, filters=filters, search=("title", "content__document"), hint=gettext("Title or document")
    )
    context = {
        "listing": shown,
        "may_draft": holds(request.user, Permission.DEMAND_DRAFT),
        "form": forms.DraftPolicyForm(),
        "today": timezone.localdate(),
    }
    return render(request, "subsidies/policy_list.html", context)


def _detail(request: "Request", policy_id: int) -> dict[str, Any]:
    one = queries.policy(request.user, policy_id)
    policy = queries.rules_of(one)
    is_open = one.state != ListState.PUBLISHED
    here = one.region_code == request.user.region_code
    return {
        "version": one,
        **queries.in_words(policy),
        "against": list(rules.reasons_against_policy(policy)) if is_open else [],
        "doubts": list(rules.doubts_about(policy)) if is_open else [],
        "moves": LISTS.moves_from(ListState(one.state)),
        "may_draft": here and holds(request.user, Permission.DEMAND_DRAFT),
        "may_agree": here and holds(request.user, Permission.DEMAND_AGREE),
        "may_publish": here and holds(request.user, Permission.DEMAND_PUBLISH),
        "same_officer": one.drafted_by_id == request.user.pk,
    }


@require_GET
def policy_detail(request: "Request", policy_id: int) -> HttpResponse:
    context = _detail(request, policy_id)
    one: PolicyVersion = context["version"]
    if request.GET.get("export"):
        return downloaded(queries.as_file(one), str(one))
    versions = queries.policies_visible_to(request.user).filter(region_code=one.region_code, subsidy=one.subsidy)
    context |= {
        "versions": versions.order_by("-version"),
        "publish_form": forms.PublishPolicyForm(),
        "why_form": WhyForm(),
        "entries": timeline(one),
        "parts": [(part, gettext(title)) for part, title in rules.TITLES.items()],
    }
    return render(request, "subsidies/policy_detail.html", context)


@require_GET
def policy_difference(request: "Request", policy_id: int) -> HttpResponse:
    """Row by row against the version it was drafted from, or another one that the address names."""
    one = queries.policy(request.user, policy_id)
    text = request.GET.get("with", "")
    other = queries.policy(request.user, int(text)) if text.isascii() and text.isdigit() else one.based_on
    old, new = queries.rules_of(other) if other else None, queries.rules_of(one)
    versions = queries.policies_visible_to(request.user).filter(region_code=one.region_code, subsidy=one.subsidy)
    context = {
        "version": one, "other": other, **_changes(old, new),
        "versions": versions.exclude(pk=one.pk).order_by("-version"),
    }  # fmt: skip
    return render(request, "subsidies/policy_difference.html", context)


def _changes(old: rules.Policy | None, new: rules.Policy) -> dict[str, Any]:
    """What one policy changes of another, in words."""
    found = rules.compared(old, new)
    changes = [(gettext(rules.TITLES[part]), [_told(one) for one in rows]) for part, rows in found.items()]
    figures = [
        (gettext(field.label), files.in_words(field, before), files.in_words(field, after))
        for field, before, after in rules.figures(old, new)
    ]
    return {"changes": changes, "figures": figures}


def _told(change: rules.Change) -> dict[str, Any]:
    """A row of the comparison: what it is about, and what each changed column said and says."""
    columns = rules.COLUMNS[change.part]
    money = {"amount_fen", "cap_fen", "standing", "percent", "limit"}
    what = [files.cell(change.part, one, change.row).text for one in columns if one.name not in money]
    pairs = [
        (
            gettext(one.label),
            files.cell(change.part, one, change.before).text if change.before else "",
            files.cell(change.part, one, change.after).text if change.after else "",
        )
        for one in change.fields or [one for one in columns if one.name in money]
    ]
    kind = "added" if change.before is None else "dropped" if change.after is None else "changed"
    return {
        "kind": kind,
        "what": " · ".join(text for text in what if text),
        "pairs": [(label, before, after) for label, before, after in pairs if before or after],
        "percent": change.percent or None,
    }


@require_POST
def draft_policy(request: "Request") -> HttpResponse:
    form = sent(request, forms.DraftPolicyForm).cleaned_data
    one = actions.draft_policy(by=request.user, now=timezone.now(), **form)
    return redirect("subsidies:policy_detail", one.pk)


@require_POST
def submit_policy(request: "Request", policy_id: int) -> HttpResponse:
    actions.submit_policy(by=request.user, version_id=policy_id, now=timezone.now())
    return redirect("subsidies:policy_detail", policy_id)


@require_POST
def agree_policy(request: "Request", policy_id: int) -> HttpResponse:
    actions.agree_policy(by=request.user, version_id=policy_id, now=timezone.now())
    return redirect("subsidies:policy_detail", policy_id)


@require_POST
def return_policy(request: "Request", policy_id: int) -> HttpResponse:
    why = sent(request, WhyForm).cleaned_data["why"]
    actions.return_policy(by=request.user, version_id=policy_id, why=why, now=timezone.now())
    return redirect("subsidies:policy_detail", policy_id)


@require_POST
def publish_policy(request: "Request", policy_id: int) -> HttpResponse:
    from_on = sent(request, forms.PublishPolicyForm).cleaned_data["from_on"]
    actions.publish_policy(by=request.user, version_id=policy_id, from_on=from_on, now=timezone.now())
    return redirect("subsidies:policy_detail", policy_id)


def _draft(request: "Request", policy_id: int, part: str) -> "PolicyVersion":
    """The draft whose part is to be edited; a published version has no such page."""
    admit(request.user, Permission.DEMAND_DRAFT)
    one = queries.policy(request.user, policy_id)
    if part not in rules.TITLES or one.state != ListState.DRAFT or one.region_code != request.user.region_code:
        raise NotFound
    return one


@require_GET
def policy_part(request: "Request", policy_id: int, part: str) -> HttpResponse:
    """The rows of a part of a draft, each to be changed; or the single figures."""
    one = _draft(request, policy_id, part)
    policy = queries.rules_of(one)
    context: dict[str, Any] = {
        "version": one, "part": part, "title": gettext(rules.TITLES[part]),
        "parts": [(name, gettext(title)) for name, title in rules.TITLES.items()],
        "against": list(rules.reasons_against_policy(policy)), "doubts": list(rules.doubts_about(policy)),
    }  # fmt: skip
    if part == "head":
        return render(request, "subsidies/policy_head.html", context | {"form": forms.head_form(one.title, policy)})
    context["table"] = files.table(part, getattr(policy, part))
    context["new"] = len(getattr(policy, part)) + 1
    return render(request, "subsidies/policy_part.html", context)


@require_GET
def policy_row(request: "Request", policy_id: int, part: str, place: int) -> HttpResponse:
    """One row to change, or a new one at the end."""
    one = _draft(request, policy_id, part)
    if part == "head":
        raise NotFound
    rows = getattr(queries.rules_of(one), part)
    if not 1 <= place <= len(rows) + 1:
        raise NotFound
    row = rows[place - 1] if place <= len(rows) else _begun(request, part, one.subsidy)
    text = request.GET.get("find", "")
    context = {
        "version": one, "part": part, "title": gettext(rules.TITLES[part]), "place": place, "count": len(rows),
        "form": forms.row_form(part, one.subsidy, row, place=place), "is_new": place > len(rows),
        "text": text, "occupations": directory.find_occupations(text) if text and part == "amounts" else [],
    }  # fmt: skip
    return render(request, "subsidies/policy_row.html", context)


def _begun(request: "Request", part: str, subsidy: str) -> Any:
    """A new row with what the address brings along: an occupation that was found."""
    row = rules.blank(part, subsidy)
    brought = {one.name: request.GET[one.name] for one in fields(row) if one.name in request.GET}
    named = {name: brought[name][:64] for name in ("occupation", "name") if name in brought and part == "amounts"}
    return rules.PARTS[part](**{one.name: getattr(row, one.name) for one in fields(row)} | named)


@require_POST
def set_head(request: "Request", policy_id: int) -> HttpResponse:
    one = _draft(request, policy_id, "head")
    form = cleaned(forms.head_form(one.title, queries.rules_of(one), request.POST))
    actions.set_policy_head(by=request.user, version_id=policy_id, now=timezone.now(), **form.values())
    messages.success(request, gettext("Saved"))
    return redirect("subsidies:policy_part", policy_id, "head")


@require_POST
def set_row(request: "Request", policy_id: int, part: str, place: int) -> HttpResponse:
    one = _draft(request, policy_id, part)
    if part == "head":
        raise NotFound
    rows = getattr(queries.rules_of(one), part)
    row = rows[place - 1] if 1 <= place <= len(rows) else rules.blank(part, one.subsidy)
    form = cleaned(forms.row_form(part, one.subsidy, row, request.POST, place=place))
    actions.set_policy_row(
        by=request.user, version_id=policy_id, part=part, place=place, now=timezone.now(), **form.values()
    )
    messages.success(request, gettext("Saved"))
    if "another" in request.POST:
        return redirect("subsidies:policy_row", policy_id, part, len(rows) + (2 if place > len(rows) else 1))
    return redirect("subsidies:policy_part", policy_id, part)


@require_POST
def remove_row(request: "Request", policy_id: int, part: str, place: int) -> HttpResponse:
    seen = request.POST.get("seen", "")
    actions.remove_policy_row(
        by=request.user, version_id=policy_id, part=part, place=place, seen=seen, now=timezone.now()
    )
    return redirect("subsidies:policy_part", policy_id, part)


def policy_file(request: "Request", policy_id: int) -> HttpResponse:
    """A draft's whole content from an Excel file: first what it would change, then, confirmed, that."""
    one = _draft(request, policy_id, "head")
    back = reverse("subsidies:policy_detail", args=[policy_id])
    context = {"version": one, "form": FileForm()}
    if request.method != "POST":
        return render(request, "subsidies/policy_file.html", context)
    content = sent_file(request)
    book = files.read(content)
    if answer := wrong_cells(request, book, content, subject=one, back=back):
        return answer
    said = files.content_of(book, one.subsidy)
    if "confirm" in request.POST:
        actions.set_content(by=request.user, version_id=policy_id, content=said, now=timezone.now())
        messages.success(request, gettext("Saved"))
        return redirect("subsidies:policy_detail", policy_id)
    new = actions.identified(rules.Policy.of(said))
    context |= _changes(queries.rules_of(one), new)
    context |= {"kept": base64.b64encode(content).decode(), "against": list(rules.reasons_against_policy(new))}
    return render(request, "subsidies/policy_file.html", context)
