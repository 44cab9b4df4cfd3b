"""Trial runs: what another limit would find over the lake, beside what the present one does. Nothing is filed."""

from datetime import date
from typing import TYPE_CHECKING

from rollbook.accounts.rules import Permission, authorise
from rollbook.kernel.reasons import Refused, reason
from rollbook.regions.rules import prefix
from rollbook.risk.detectors import DETECTORS
from rollbook.risk.models import Hit
from rollbook.risk.queries import screening
from rollbook.risk.queries.places import places
from rollbook.risk.rules import NOT_TRIED_WITHOUT, Detector, State, wanted

if TYPE_CHECKING:
    from rollbook.accounts.models import Account


def in_force(one: Detector, region_code: str, day: date) -> tuple[int, dict[str, int]]:
    return wanted(screening.of_region(screening.settings_on(day).get(one.code, {}), region_code), one)


def run(*, by: "Account", code: str, name: str, value: int, today: date) -> dict[str, int]:
    """How many of one's region are found by the present limits and by the other; and what of the settled is kept."""
    authorise(by, Permission.ALERT_TUNE, region_code=by.region_code)
    one = DETECTORS[code]
    if name not in one.limits or not one.limits[name].least <= value <= one.limits[name].most:
        raise Refused(reason("limit-unknown", NOT_TRIED_WITHOUT))
    _rank, limits = in_force(one, by.region_code, today)
    with screening.engine() as backend:
        tables = screening.from_lake(backend)
        now = {group.subject_id for group in screening.found(backend, tables, one, limits)}
        then = {group.subject_id for group in screening.found(backend, tables, one, {**limits, name: value})}
    mine = {
        number
        for number, place in places(one.subject, now | then).items()
        if place.region_code.startswith(prefix(by.region_code))
    }
    settled = Hit.objects.filter(finding__detector=code, finding__alert__state=State.CLOSED, subject_id__in=mine)
    true = set(settled.filter(is_true=True).values_list("subject_id", flat=True))
    false = set(settled.filter(is_true=False).values_list("subject_id", flat=True))
    now, then = now & mine, then & mine
    return {
        "now": len(now),
        "then": len(then),
        "fewer": len(now - then),
        "more": len(then - now),
        "true_lost": len(true & (now - then)),
        "false_spared": len(false & (now - then)),
    }
