"""Template tags that every page may use without loading them."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.forms import BoundField
from django.http import HttpRequest
from django.template import Library
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from rollbook.kernel.messages import _
from rollbook.web.lists import Filter

register = Library()

# What a state means to whoever looks: done, yours to do, danger, under way; else over or unknown.
TONES = {
    "green": {
        "published", "listed", "approved", "accepted", "confirmed", "passed", "valid", "paid", "granted", "matched",
        "assessed", "settled", "present", "agreed", "active", "done", "loaded", "fresh", "works",
    },
    "yellow": {
        "submitted", "reviewed", "applied", "verified", "asked", "filed", "first", "returned",
        "pending", "registered", "checked", "waiting", "late", "pulled-back", "ended", "soon", "stopped", "wanted", "handed",
    },
    "red": {"refused", "declined", "denied", "removed", "failed", "revoked", "absent", "mismatched", "overdue", "locked", "held", "left-alone"},
    "blue": {"running", "publicity", "in-payment", "sent", "released", "leave", "in-force"},
}  # fmt: skip
EXPORT_NAMES = {
    "roster": _("Roster"),
    "lessons": _("Teaching plan"),
    "scores": _("Scores"),
    "answers": _("Answer sheets"),
    "teachers": _("Teachers"),
    "rooms": _("Rooms"),
    "demand-list": _("Demand directory"),
    "classes": _("Classes"),
    "class-reviews": _("Classes to review"),
    "certificates": _("Certificates"),
    "devices": _("Attendance devices"),
    "institutions": _("Institutions"),
    "claims": _("Claims"),
    "apprenticeships": _("New apprenticeships"),
    "work-papers": _("Papers of proof"),
    "persons": _("Persons"),
    "accounts": _("Accounts"),
    "journal": _("Journal"),
    "alerts": _("Alerts"),
    "cases": _("Cases"),
    "discrepancies": _("Discrepancies"),
    "fees": _("Payments of trainees"),
    "make-ups": _("Make-up lessons"),
    "proposals": _("Proposed recoveries"),
    "books": _("Books"),
    "differences": _("Differences with the bank"),
    "recoveries": _("Recoveries"),
}
ICONS = {
    "green": "circle-check",
    "yellow": "clock-hour-4",
    "red": "alert-circle",
    "blue": "player-play",
    "secondary": "circle-dashed",
}


@lru_cache(maxsize=512)
def _svg(name: str) -> str:
    path = Path(settings.NODE_MODULES) / "@tabler/icons/icons/outline" / f"{name}.svg"
    lines = path.read_text(encoding="utf-8")
    svg = lines[lines.index("<svg") :]
    return " ".join(svg.replace("<svg", '<svg aria-hidden="true" focusable="false"', 1).split())


@register.simple_tag
def icon(name: str) -> SafeString:
    """An outline icon of Tabler, as markup: `{% icon "check" %}`."""
    return mark_safe(_svg(name))  # noqa: S308 files of the package


@register.simple_tag
def state(value: object, label: str = "") -> SafeString:
    """A state as word, colour and icon: `{% state klass.state klass.get_state_display %}`."""
    tone = next((tone for tone, values in TONES.items() if str(value) in values), "secondary")
    return format_html(
        '<span class="badge state-{}" data-state="{}">{} {}</span>',
        tone,
        value,
        icon(ICONS[tone]),
        gettext(str(label or value)),
    )


@register.simple_tag
def options(one: Filter) -> SafeString:
    """The choices of a filter: written here, since a list may have more of them than rows."""
    return format_html_join(
        "",
        '<option value="{}"{}>{}</option>',
        ((value, mark_safe(" selected") if value == one.value else "", gettext(label)) for value, label in one.choices),
    )


@register.inclusion_tag("web/field.html")
def field(bound: BoundField) -> dict[str, Any]:
    """One field of a form with its label, help and errors."""
    widget = bound.field.widget
    kind = getattr(widget, "input_type", "textarea" if "Textarea" in type(widget).__name__ else "")
    css = {"select": "form-select", "checkbox": "form-check-input"}.get(kind, "form-control")
    classes = f"{css} is-invalid" if bound.errors else css
    attrs: dict[str, str | bool] = {"class": f"{widget.attrs.get('class', '')} {classes}".strip()}
    if bound.help_text:
        attrs["aria-describedby"] = f"{bound.id_for_label}_help"
    return {
        "field": bound,
        "control": bound.as_widget() if kind == "radio" else bound.as_widget(attrs=attrs),
        "kind": kind,
    }


@register.simple_tag(takes_context=True)
def query(context: dict[str, Any], **changes: object) -> str:
    """The present query string with some parameters changed; None drops one."""
    request: HttpRequest = context["request"]
    parameters = request.GET.copy()
    for name, value in changes.items():
        if value is None or value == "":
            parameters.pop(name, None)
        else:
            parameters[name] = str(value)
    return f"?{parameters.urlencode()}" if parameters else "?"


@register.simple_tag(takes_context=True)
def saved_views(context: dict[str, Any]) -> list[Any] | None:
    """The filters of this page that the account keeps under names; None for who has no account."""
    from rollbook.web.actions import narrowing
    from rollbook.web.queries import views_of

    request: HttpRequest = context["request"]
    if not request.user.is_authenticated:
        return None
    here, views = narrowing(request.GET.urlencode()), list(views_of(request.user, request.path))
    for one in views:
        one.is_here = one.query == here  # type: ignore[attr-defined]
    return views


@register.simple_tag
def export_name(source: str) -> str:
    """What a list is called, of which a file is made."""
    return gettext(EXPORT_NAMES.get(source, source))


@register.simple_tag(takes_context=True)
def sort(context: dict[str, Any], name: str, label: str) -> SafeString:
    """The head of a column as a link that sorts by it; a second click turns the order round."""
    request: HttpRequest = context["request"]
    now = request.GET.get("sort", "")
    wanted = f"-{name}" if now == name else name
    arrow = {name: " ↑", f"-{name}": " ↓"}.get(now, "")
    return format_html(
        '<a href="{}">{}{}</a>', query(context, sort=wanted, after=None, before=None, n=None), label, arrow
    )
