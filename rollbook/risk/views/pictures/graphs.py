"""Who is tied to whom, and by what: the path from an institution to another, and from what is shared to who shares it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext

from rollbook.classes.queries.drawn import sharers
from rollbook.kernel.messages import _
from rollbook.kernel.money import yuan
from rollbook.risk import queries

if TYPE_CHECKING:
    from rollbook.risk.models import Alert, Finding
    from rollbook.risk.queries import Names

SHARED = {"D25": "phone", "D26": "account", "D30": "device"}
MOST = 20  # trainees drawn at one thing that they share; the others are counted
WORD = {"device": _("Device")}
KINDS = {
    "body": _("Institution"),
    "firm": _("Company"),
    "thing": _("Shared"),
    "person": _("Person"),
    "class": _("Class"),
}

Node = tuple[str, str]  # its kind and what it is called
Link = tuple[Node, Node, str]


def of_alert(alert: "Alert", findings: Sequence["Finding"], names: "Names") -> dict[str, Any] | None:
    paths: list[list[Link]] = []
    for finding in findings:
        if finding.detector in SHARED:
            paths += _sharing(alert, finding, SHARED[finding.detector])
        paths += [_path(alert, row, names) for row in finding.rows if isinstance(row.get("other_institution_id"), int)]
    return _graph(list(dict.fromkeys(link for path in paths for link in path)))


def _word(code: object) -> str:
    return str(queries.word(code) or "")


def _path(alert: "Alert", row: dict[str, Any], names: "Names") -> list[Link]:
    """From the institution over what it shares, and the company in between, to the other."""
    here: Node = ("body", alert.institution.name if alert.institution else alert.title)
    other: Node = ("body", str(queries.cell("other_institution_id", row, names)))
    if "person_id" in row:
        person: Node = ("person", str(queries.cell("person_id", row, names)))
        return [(here, person, _word(row.get("role"))), (person, other, "")]
    if "kind" not in row:
        share, fen = row.get("share"), row.get("amount_fen")
        return [(here, other, yuan(fen) if fen else f"{share} %")]
    over = _firm("over", row, names)
    if row["kind"] == "company":  # the company itself is what is shared
        middle: list[Node] = [over if row.get("over") else _firm("value", row, names)]
    else:
        value = str(queries.cell("value", row, names))
        thing: Node = ("person", value) if row["kind"] == "person" else ("thing", f"{_word(row['kind'])} {value}")
        middle = [thing, over] if row.get("over") else [thing]
    nodes = [here, *middle, other]
    said = [_word(row["kind"]), *[""] * (len(nodes) - 3), _word(row.get("second") or row["kind"])]
    return list(zip(nodes, nodes[1:], said, strict=False))


def _firm(column: str, row: dict[str, Any], names: "Names") -> Node:
    """By its name, or as one whose name the company register has not sent."""
    shown = str(queries.cell(column, row, names))
    return "firm", f"{gettext(KINDS['firm'])} {shown}" if shown.endswith("…") else shown


def _sharing(alert: "Alert", finding: "Finding", kind: str) -> list[list[Link]]:
    """The trainees of the class at each thing that they share; how many others there are."""
    rows = [row for hit in finding.hits.all() for row in hit.rows if row.get(kind)]
    if not alert.training_class_id:
        return []
    found = sharers(alert.training_class_id, kind, {row[kind] for row in rows})
    total = {row[kind]: max(row.get("people") or 0, row.get("all_people") or 0) for row in rows}
    return [_star(alert, kind, value, found.get(value, []), total[value]) for value in sorted(total)]


def _star(alert: "Alert", kind: str, value: str, people: Sequence[str], total: int) -> list[Link]:
    word = gettext(WORD[kind]) if kind in WORD else _word(kind)
    thing: Node = ("thing", f"{word} {value[:8]}{'…' if len(value) > 8 else ''}")
    links: list[Link] = [(("class", alert.title), thing, "")]
    links += [
        (thing, ("person", f"{name} ({n})" if people.count(name) > 1 else name), "")
        for n, name in enumerate(people[:MOST], 1)
    ]
    if (others := total - min(len(people), MOST)) > 0:
        links.append((thing, ("person", gettext(_("and {n} others")).format(n=others)), ""))
    return links


def _graph(links: Sequence[Link]) -> dict[str, Any] | None:
    """Laid out by how many steps a node is from where the paths begin, each column from top to bottom and every
    second one a little lower, so that no line hides behind a node."""
    if not links:
        return None
    step: dict[Node, int] = {}
    for one, other, _said in links:
        step.setdefault(other, step.setdefault(one, 0) + 1)
    last = max(step.values())
    ends = {other for _one, other, _said in links if other[0] == "body"}
    columns = [[node for node in step if (last if node in ends else step[node]) == n] for n in range(last + 1)]
    nodes = [
        {"name": node[1], "kind": node[0], "x": n / max(last, 1), "y": (row + 0.5) / len(column) + n % 2 * 0.06}
        for n, column in enumerate(columns) for row, node in enumerate(column)
    ]  # fmt: skip
    place = {node: n for n, node in enumerate(node for column in columns for node in column)}
    return {
        "title": gettext(_("Relations")), "kind": "graph", "tall": max(map(len, columns)) > 6, "nodes": nodes,
        "kinds": {kind: gettext(word) for kind, word in KINDS.items() if any(node[0] == kind for node in step)},
        "links": [(place[one], place[other], said) for one, other, said in links],
        "heads": [gettext(head) for head in (_("One side"), _("Shared"), _("Other side"))],
        "table": [(one[1], said or "–", other[1]) for one, other, said in links],
    }  # fmt: skip
