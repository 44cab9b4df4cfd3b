"""The measure of an alert among those of the same detector, with the limit that parts it from what is not found."""

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext

from rollbook.kernel.messages import _
from rollbook.risk import queries
from rollbook.risk.detectors import DETECTORS
from rollbook.risk.rules import BELOW, LIMITS
from rollbook.risk.rules.learning import steps

if TYPE_CHECKING:
    from rollbook.accounts.models import Account
    from rollbook.risk.models import Finding

LEAST = 3  # fewer cases are no company to be seen in


def of_finding(by: "Account", finding: "Finding") -> dict[str, Any] | None:
    """Of the first limit of the detector that its evidence has a figure for."""
    name = next((one for one in finding.limits if any(isinstance(row.get(one), int) for row in finding.rows)), None)
    if name is None:
        return None
    others, own = queries.peers(by, finding, name)
    if not own or len(others) + len(own) < LEAST:
        return None
    limit, label = finding.limits[name], gettext(LIMITS[name])
    bins = [
        (first, after, *(sum(first <= value < after for value in some) for some in (others, own)))
        for first, after in steps([*others, *own], limit)
    ]
    text = _("Found below {limit}.") if (finding.detector, name) in BELOW else _("Found from {limit} on.")
    names = [gettext(one) for one in (_("Other open cases"), _("This alert"))]
    return {
        "title": f"{gettext(DETECTORS[finding.detector].title)} · {label}", "kind": "histogram",
        "note": gettext(text).format(limit=limit), "limit": limit, "limit_name": gettext(_("Limit")),
        "x_name": label, "y_name": gettext(_("Number found")), "bins": bins, "names": names, "heads": [label, *names],
        "table": [
            (str(first) if after - first == 1 else f"{first}–{after - 1}", other, own_there)
            for first, after, other, own_there in bins
        ],
    }  # fmt: skip
