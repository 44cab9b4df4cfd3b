"""Whether a policy makes sense as a whole, and what a new version of it changes (N13.1)."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, replace
from itertools import pairwise
from typing import Any

from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import reason
from rollbook.subsidies.rules.facts import WORDS
from rollbook.subsidies.rules.policy import (
    KINDS,
    PARTS,
    Amount,
    Exclusion,
    FrozenAt,
    Kind,
    Mode,
    Payee,
    Period,
    Policy,
    Scope,
    Selector,
    Source,
    Stage,
    Standing,
    Subsidy,
    Unit,
    Urgency,
)

CLOSED: dict[str, list[str]] = {
    "kind": Kind.values(), "kinds": Kind.values(), "unit": Unit.values(), "standing": Standing.values(),
    "urgency": ["", *Urgency.values()], "mode": ["", *Mode.values()], "stage": Stage.values(),
    "period": Period.values(), "scope": Scope.values(), "payee": Payee.values(), "frozen_at": FrozenAt.values(),
    "exclusion": Exclusion.values(), "grade": list(WORDS["grade"]), "category": list(WORDS["category"]),
    "categories": list(WORDS["category"]),
}  # fmt: skip


def reasons_against_policy(policy: Policy) -> Iterator[Message]:
    """Everything that is wrong with a policy: words, figures, gaps, overlaps, contradictions."""
    if words := list(_words(policy)):
        yield from words  # what is not understood cannot be judged further
        return
    yield from _figures(policy)
    yield from _overlaps(policy)
    yield from _levels(policy)
    if not policy.amounts and policy.source == Source.TABLE:
        yield reason("no-amounts", _("The policy has no table of amounts."), "N13.1")
    if not policy.document.strip():
        yield reason("no-document", _("Name the document that sets this."), "N13.1")


def _words(policy: Policy) -> Iterator[Message]:
    text = _("{part}, row {row}: “{word}” is not one of the words for {column}.")
    for part in PARTS:
        for row, one in enumerate(getattr(policy, part), 1):
            for column, value in asdict(one).items():
                for word in value if isinstance(value, tuple | list) else [value]:
                    if column in CLOSED and word not in CLOSED[column]:
                        yield reason("word", text, "N13.1", part=part, row=row, word=str(word), column=column)
    for column, value, words in (
        ("subsidy", policy.subsidy, Subsidy), ("selector", policy.selector, Selector), ("source", policy.source, Source),
    ):  # fmt: skip
        if value not in words.values():
            yield reason("word", text, "N13.1", part="policy", row=1, word=str(value), column=column)


def _figures(policy: Policy) -> Iterator[Message]:
    text = _("{part}, row {row}: {column} cannot be {value}.")
    for part, row, column, value, is_right in (
        *(("amounts", n, "amount_fen", a.amount_fen, a.amount_fen >= 0) for n, a in enumerate(policy.amounts, 1)),
        *(("amounts", n, "level", a.level, -1 <= a.level <= 5) for n, a in enumerate(policy.amounts, 1)),
        *(("amounts", n, "cap_fen", a.cap_fen, a.cap_fen >= 0) for n, a in enumerate(policy.amounts, 1)),
        *(("factors", n, "percent", f.percent, 0 <= f.percent <= 300) for n, f in enumerate(policy.factors, 1)),
        *(("caps", n, "limit", c.limit, c.limit > 0) for n, c in enumerate(policy.caps, 1)),
        *(("instalments", n, "percent", i.percent, 0 < i.percent <= 100) for n, i in enumerate(policy.instalments, 1)),
        ("policy", 1, "rounding_fen", policy.rounding_fen, policy.rounding_fen > 0),
    ):
        if not is_right:
            yield reason("figure", text, "N13.1", part=part, row=row, column=column, value=value)
    text = _("amounts, row {row}: a level that is paid has an amount; one that is not has none.")
    for n, one in enumerate(policy.amounts, 1):
        if (one.standing == Standing.PAID) != (one.amount_fen > 0):
            yield reason("standing", text, "N13.1", row=n)
    text = _("amounts, row {row}: “{kind}” is not paid by this kind of policy.")
    for n, one in enumerate(policy.amounts, 1):
        if one.kind not in KINDS[policy.subsidy]:
            yield reason("kind", text, "N13.1", row=n, kind=one.kind)
    text = _("amounts, row {row}: the code {occupation} is not in any edition of the classification.")
    for n, one in enumerate(policy.amounts, 1):
        if one.occupation and not one.identity:
            yield reason("occupation", text, "N13.1", row=n, occupation=one.occupation)


def _overlaps(policy: Policy) -> Iterator[Message]:
    text = _("{part}: row {row} says again what another row says of the same case.")
    where = [
        replace(one, amount_fen=0, name="", occupation="", unit="", cap_fen=0, standing="") for one in policy.amounts
    ]
    keyed = [(one, row.occupation if not row.identity else "") for one, row in zip(where, policy.amounts, strict=True)]
    for part, keys in (
        ("amounts", keyed),
        ("caps", [replace(one, limit=0) for one in policy.caps]),
        ("categories", [one.category for one in policy.categories]),
        ("exclusions", [one.exclusion for one in policy.exclusions]),
        ("instalments", [one.stage for one in policy.instalments]),
    ):
        seen: Counter[Any] = Counter()
        for row, key in enumerate(keys, 1):
            seen[key] += 1
            if seen[key] == 2:
                yield reason("overlap", text, "N13.1", part=part, row=row)
    for one, after in pairwise(policy.instalments):
        if Stage.values().index(one.stage) > Stage.values().index(after.stage) or one.percent > after.percent:
            yield reason("ladder", _("Instalments go up, stage by stage."), "N13.1")


def _levels(policy: Policy) -> Iterator[Message]:
    """A level paid more below than above, and a level that is missing between two."""
    tables: dict[Amount, dict[int, int]] = {}
    for one in policy.amounts:
        if one.level > 0:
            key = replace(one, level=-1, amount_fen=0, standing="", cap_fen=0)
            tables.setdefault(key, {})[one.level] = one.amount_fen if one.standing == Standing.PAID else -1
    for key, row in tables.items():
        paid = {level: fen for level, fen in row.items() if fen >= 0}
        what = key.name or key.occupation or key.grade or key.kind
        for higher, lower in pairwise(sorted(paid)):
            if paid[lower] > paid[higher]:
                text = _("{what}: level {lower} is paid more than level {higher}.")
                yield reason("levels", text, "N13.1", what=what, lower=lower, higher=higher)
        text = _("{what}: nothing is said of level {level}.")
        for level in range(min(row), max(row)):
            if level not in row:
                yield reason("gap", text, "N13.1", what=what, level=level)


def difference(old: Policy | None, new: Policy) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """Rows of each part that a version adds and drops, and its single figures before and after."""
    found: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for part in PARTS:
        before = list(getattr(old, part)) if old else []
        after = list(getattr(new, part))
        added, dropped = [row for row in after if row not in before], [row for row in before if row not in after]
        if added or dropped:
            found[part] = {"added": [asdict(row) for row in added], "dropped": [asdict(row) for row in dropped]}
    whole = ("document", "selector", "source", "fund", "rounding_fen", "limits")
    was, now = (old.json() if old else {}), new.json()
    changed = [name for name in whole if was.get(name) != now[name]]
    if changed:
        found["policy"] = {
            "added": [{"name": name, "value": now[name]} for name in changed],
            "dropped": [{"name": name, "value": was[name]} for name in changed if name in was],
        }
    return found
