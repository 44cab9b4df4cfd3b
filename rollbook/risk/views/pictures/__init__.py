"""What a page draws of an alert or detector: figures with their axes, and the same as a table."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext

from rollbook.assessment import queries as assessment
from rollbook.kernel.messages import _
from rollbook.risk.models import Alert, Finding
from rollbook.risk.rules import Scheme
from rollbook.risk.rules.learning import Choice
from rollbook.risk.views.pictures import graphs, maps, peers, times

if TYPE_CHECKING:
    from rollbook.accounts.models import Account
    from rollbook.risk.queries import Names

Picture = dict[str, Any]
WHERE_MATTERS = frozenset({Scheme.ATTENDANCE, Scheme.IDENTITY, Scheme.CLASS})


def of_alert(by: "Account", alert: Alert, findings: Sequence[Finding], names: "Names") -> list[Picture]:
    """Days, places, marks or relations, as far as the evidence has them."""
    made = [times.of_alert(alert, findings), graphs.of_alert(alert, findings, names)]
    if alert.training_class_id and alert.scheme in WHERE_MATTERS:
        made.extend(maps.of_class(alert.training_class_id))
    if alert.training_class_id and alert.scheme == Scheme.EXAM:
        made.append(_marks(alert.training_class_id))
    made.extend(peers.of_finding(by, finding) for finding in findings)
    return [one for one in made if one]


def _bar(title: str, counts: Mapping[Any, int], x: str, y: str) -> Picture | None:
    if len(counts) < 2:
        return None
    found = sorted(counts.items())
    return {
        "title": title, "kind": "bar", "x_name": x, "y_name": y,
        "x": [str(one) for one, _n in found], "y": [n for _one, n in found],
        "heads": [x, y], "table": found,
    }  # fmt: skip


def _marks(class_id: int) -> Picture | None:
    marks = Counter(mark // 5 * 5 for mark in assessment.theory_marks(class_id))
    return _bar(gettext(_("Theory marks of the class")), marks, gettext(_("Marks from")), gettext(_("People")))


def trade_off(choices: Sequence[Choice], limit: str) -> Picture | None:
    """What each value of a limit keeps of the true findings and of the false ones."""
    if len(choices) < 2:
        return None
    kept, false = gettext(_("True, still found")), gettext(_("False, still found"))
    return {
        "title": gettext(_("What other limits would have kept")), "kind": "lines", "x_name": limit,
        "y_name": gettext(_("Settled findings")), "x": [str(one.value) for one in choices],
        "lines": [
            {"name": kept, "data": [one.true for one in choices]}, {"name": false, "data": [one.false for one in choices]},
        ],
        "heads": [limit, kept, false, gettext(_("Precision, per cent"))],
        "table": [(one.value, one.true, one.false, one.precision.percent) for one in choices],
    }  # fmt: skip
