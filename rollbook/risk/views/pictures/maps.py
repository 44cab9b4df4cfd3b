"""Where a class checked in: a map to scale in metres around each site, with the fence of the region's terms."""

from typing import Any

from django.utils.timezone import localtime
from django.utils.translation import gettext

from rollbook.classes.queries.drawn import Ground, Spot, grounds
from rollbook.kernel.messages import _

WIDEST = 20  # fences from the site to the edge: what lies farther would make a dot of the fence, and is told beside it
KINDS = {
    "inside": _("Within the fence"), "outside": _("Outside the fence"), "made-up": _("Made up, says the phone"),
    "unknown": _("Place of the site not known"),
}  # fmt: skip
TITLE = _("Where the class checked in")
HEADS = (
    _("Time"),
    _("Trainee"),
    _("Metres from the site"),
    _("Inaccuracy, metres"),
    _("Fence"),
    _("Counts as attendance"),
)


def of_class(class_id: int) -> list[dict[str, Any]]:
    return [_map(one) for one in grounds(class_id)]


def _kind(spot: Spot) -> str:
    if spot.is_mock:
        return "made-up"
    return "unknown" if spot.is_outside is None else "outside" if spot.is_outside else "inside"


def _map(ground: Ground) -> dict[str, Any]:
    reach = [max(abs(spot.east), abs(spot.north)) for spot in ground.spots]
    shown = [far <= ground.fence_metres * WIDEST for far in reach]
    edge = max([ground.fence_metres * 1.3, *(far * 1.1 for far, near in zip(reach, shown, strict=True) if near)])
    notes = []
    if away := shown.count(False):
        text = _("{n} lie farther than {metres} m and only in the table.")
        notes.append(gettext(text).format(n=away, metres=ground.fence_metres * WIDEST))
    if not ground.is_placed:
        notes.append(
            gettext(_("The site has no place on file: drawn around the middle of the check-ins, without a fence."))
        )
    return {
        "title": f"{gettext(TITLE)} · {ground.site}", "kind": "map", "note": " ".join(notes),
        "x_name": gettext(_("Metres to the east")), "y_name": gettext(_("Metres to the north")),
        "edge": -int(-edge // 50) * 50, "site": gettext(_("Site")) if ground.is_placed else "",
        "fence": ground.fence_metres if ground.is_placed else 0,
        "fence_name": gettext(_("Fence, {metres} m")).format(metres=ground.fence_metres),
        "groups": [
            {
                "name": gettext(name), "kind": kind,
                "points": [
                    [round(spot.east), round(spot.north)]
                    for spot, near in zip(ground.spots, shown, strict=True) if near and _kind(spot) == kind
                ],
            }
            for kind, name in KINDS.items() if kind in map(_kind, ground.spots)
        ],
        "heads": [gettext(head) for head in HEADS], "table": [_row(spot, ground) for spot in ground.spots],
    }  # fmt: skip


def _row(spot: Spot, ground: Ground) -> tuple[Any, ...]:
    distance = round((spot.east**2 + spot.north**2) ** 0.5) if ground.is_placed else None
    counts = _("yes") if spot.counts else _("no")
    return (
        f"{localtime(spot.at):%Y-%m-%d %H:%M}", spot.name, distance, spot.accuracy, gettext(KINDS[_kind(spot)]),
        gettext(counts),
    )  # fmt: skip
