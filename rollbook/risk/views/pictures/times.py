"""What happened when: what the rows of evidence say, beside the lessons, check-ins, claims and payments of those concerned."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext

from rollbook.classes.queries import drawn as classes
from rollbook.kernel.messages import _
from rollbook.risk.rules import COLUMNS
from rollbook.subsidies.queries import screening as subsidies

if TYPE_CHECKING:
    from rollbook.risk.models import Alert, Finding

LANES = (_("Lessons"), _("Check-ins"), _("Claims filed"), _("Claims paid"))
EVIDENCE = _("Evidence")


def of_alert(alert: "Alert", findings: Sequence["Finding"]) -> dict[str, Any] | None:
    hits = [hit for finding in findings for hit in finding.hits.all()]
    lanes = _evidence([row for hit in hits for row in hit.rows])
    people = sorted({hit.person_id for hit in hits if hit.person_id})
    note = ""
    if alert.training_class_id:
        about = (*classes.days(alert.training_class_id, people), *subsidies.days(alert.training_class_id, people))
        lanes += [(gettext(lane), days) for lane, days in zip(LANES, about, strict=True) if days]
        of_some = gettext(_("Check-ins, claims and payments of the {n} people concerned.")).format(n=len(people))
        note = of_some if people else gettext(_("Check-ins, claims and payments of the whole class."))
    points = [(str(day), n, count) for n, (_lane, days) in enumerate(lanes) for day, count in sorted(days.items())]
    if len(points) < 2:
        return None
    return {
        "title": gettext(_("What happened when")), "kind": "timeline", "note": note, "lanes": [lane for lane, _days in lanes],
        "points": points, "heads": [gettext(head) for head in (_("Day"), _("What"), _("How many"))],
        "table": sorted((day, lanes[n][0], count) for day, n, count in points),
    }  # fmt: skip


def _evidence(rows: Sequence[Mapping[str, Any]]) -> list[tuple[str, dict[date, int]]]:
    """The days that rows of evidence name, by column."""
    found: dict[str, Counter[date]] = {}
    for row in rows:
        for column, value in row.items():
            if (column == "day" or column.endswith("_on")) and isinstance(value, str) and value:
                found.setdefault(column, Counter())[date.fromisoformat(value[:10])] += 1
    return [(f"{gettext(EVIDENCE)} · {gettext(COLUMNS.get(name, name))}", dict(days)) for name, days in found.items()]
