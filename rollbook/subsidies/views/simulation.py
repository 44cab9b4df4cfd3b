from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods

from rollbook.accounts.rules import Permission, admit
from rollbook.kernel.messages import _
from rollbook.kernel.reasons import Forbidden, NotFound
from rollbook.regions.queries import choices as regions
from rollbook.subsidies import actions, forms, queries
from rollbook.subsidies.rules.simulation import Dimension, JobState
from rollbook.web.actions import note_export
from rollbook.web.exports import workbook
from rollbook.web.forms import cleaned
from rollbook.web.lists import Filter, listing

if TYPE_CHECKING:
    from rollbook.subsidies.models import Simulation
    from rollbook.web.requests import Request

MOST_COMPARED = 4
CHARTED = 15  # bars of a chart; the table below has all
COLUMNS = (
    _("Broken down by"), _("Group"), _("People"), _("Claims"), _("Present, yuan"), _("Changed, yuan"), _("Difference, yuan"),
    _("Claims that get more"), _("Claims that get less"), _("Claims no longer paid"), _("Claims paid only then"),
)  # fmt: skip


def _admit(request: "Request") -> None:
    admit(request.user, Permission.STATISTICS_READ)
    if request.user.institution_id is not None:
        raise Forbidden(Permission.STATISTICS_READ)


@require_GET
def simulation_list(request: "Request") -> HttpResponse:
    """Changes of policies that were tried, of the own office and those within its region (B5)."""
    _admit(request)
    filters = [
        Filter("state", _("State"), JobState.choices()),
        Filter("region_code", _("Region"), regions(request.user.region_code)),
    ]
    found = queries.simulations_visible_to(request.user)
    shown = listing(request, found, filters=filters, search=("name", "policy__title"), hint=gettext("Name or policy"))
    return render(request, "subsidies/simulation_list.html", {"listing": shown, "most": MOST_COMPARED})


@require_http_methods(["GET", "POST"])
def simulation_new(request: "Request") -> HttpResponse:
    """What is changed against a version: its rows stand ready with what they are now."""
    _admit(request)
    by = request.user
    versions = list(queries.to_simulate(by))
    wanted = (request.POST if request.method == "POST" else request.GET).get("policy", "")
    version = next((one for one in versions if str(one.pk) == wanted), None)
    if version is None:
        if wanted:
            raise NotFound
        return render(request, "subsidies/simulation_choose.html", {"versions": versions})
    policy = queries.rules_of(version)
    choices = [(str(one.pk), f"{one} · {gettext(one.get_state_display())}") for one in queries.in_place_of(by, version)]
    form = forms.simulation_form(
        policy, regions(by.region_code), choices, request.POST or None, queries.default_period()
    )
    if request.method == "POST":
        values = cleaned(form).values()
        one = actions.ask_simulation(by=by, policy_id=version.pk, now=timezone.now(), **values)
        return redirect("subsidies:simulation_detail", one.pk)
    return render(
        request,
        "subsidies/simulation_new.html",
        {"form": form, "version": version, "rows": forms.rows_of(form, policy)},
    )


@require_GET
def simulation_detail(request: "Request", simulation_id: int) -> HttpResponse:
    _admit(request)
    one = queries.simulation(request.user, simulation_id)
    if request.GET.get("export") and one.result:
        rows = _table(one)
        note_export(
            by=request.user, source="simulation", query=f"simulation={one.pk}", rows=len(rows), now=timezone.now()
        )
        return workbook(COLUMNS, rows, one.name)
    context: dict[str, Any] = {
        "one": one, "is_open": one.state in (JobState.WAITING, JobState.RUNNING),
        "percent": one.done * 100 // one.steps if one.steps else 0, "changes": queries.changes_of(one),
    }  # fmt: skip
    if one.result:
        groups = {by: queries.named(one.result, by) for by in Dimension}
        context |= {"result": one.result, "groups": [(by, by.label, rows) for by, rows in groups.items() if rows]}
        context["charts"] = {str(by): _chart(rows) for by, rows in groups.items() if rows}
    return render(request, "subsidies/simulation_detail.html" + ("#progress" if request.htmx else ""), context)


def _chart(rows: list[Any]) -> dict[str, Any]:
    some = rows[:CHARTED]
    return {
        "x": [gettext(one.name) if one.is_word else one.name for one in some],
        "series": [
            {"name": gettext(_("At present")), "y": [one.row["before_fen"] / 100 for one in some]},
            {"name": gettext(_("After the change")), "y": [one.row["after_fen"] / 100 for one in some]},
        ],
    }


def _table(one: "Simulation") -> list[tuple[object, ...]]:
    return [
        (
            gettext(by.label), gettext(group.name) if group.is_word else group.name, group.row["people"],
            group.row["claims"], group.row["before_fen"] / 100, group.row["after_fen"] / 100, group.change_fen / 100,
            group.row["more"], group.row["less"], group.row["refused"], group.row["gained"],
        )
        for by in Dimension
        for group in queries.named(one.result or {"groups": {}}, by)
    ]  # fmt: skip


@require_GET
def simulation_compare(request: "Request") -> HttpResponse:
    """Up to four that are done, side by side: their sums, and one dimension."""
    _admit(request)
    ids = [int(text) for text in request.GET.getlist("one") if text.isascii() and text.isdigit()][:MOST_COMPARED]
    found = list(queries.simulations_visible_to(request.user).filter(pk__in=ids, state=JobState.DONE))
    asked = request.GET.get("by", "")
    by = Dimension(asked) if asked in Dimension.values() else Dimension.CATEGORY
    columns = [{group.key: group for group in queries.named(one.result or {"groups": {}}, by)} for one in found]
    names = {key: group for column in columns for key, group in column.items()}
    context = {
        "found": [(one, one.result, queries.changes_of(one)) for one in found],
        "rows": [(group, [column.get(key) for column in columns]) for key, group in names.items()],
        "dimensions": Dimension.choices(), "by": by, "ids": ids,
    }  # fmt: skip
    return render(request, "subsidies/simulation_compare.html", context)
