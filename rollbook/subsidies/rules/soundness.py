"""Whether a policy makes sense as a whole: what stops it, and what should be looked at again (N13.1)."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import reason
from rollbook.subsidies.rules.fields import CATEGORIES, COLUMNS, HEAD, LIMITS, TITLES, Field, Sort
from rollbook.subsidies.rules.policy import (
    KINDS,
    Amount,
    Cap,
    Factor,
    Kind,
    Period,
    Policy,
    Source,
    Stage,
    Standing,
    Subsidy,
)


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
    rows: list[tuple[str, int, tuple[Field, ...], Any]] = [("head", 1, HEAD, policy)]
    rows += [(part, n, COLUMNS[part], row) for part in COLUMNS for n, row in enumerate(getattr(policy, part), 1)]
    for part, n, columns, row in rows:
        for field in columns:
            known = {word for word, _label in field.words}
            value = getattr(row, field.name)
            said = value if field.sort == Sort.WORDS else [value] if field.sort == Sort.WORD else []
            for word in said:
                if word not in known:
                    yield reason(
                        "word",
                        text,
                        "N13.1",
                        part=Message(TITLES[part]),
                        row=n,
                        word=str(word),
                        column=Message(field.label),
                    )
    if policy.subsidy not in Subsidy.values():
        yield reason(
            "word",
            text,
            "N13.1",
            part=Message(TITLES["head"]),
            row=1,
            word=policy.subsidy,
            column=Message(_("Kind of subsidy")),
        )


def _figures(policy: Policy) -> Iterator[Message]:
    text = _("{part}, row {row}: {column} cannot be {value}.")
    rows: list[tuple[str, int, tuple[Field, ...], Any]] = [
        ("head", 1, HEAD, policy),
        ("head", 1, LIMITS, policy.limits),
    ]
    rows += [(part, n, COLUMNS[part], row) for part in COLUMNS for n, row in enumerate(getattr(policy, part), 1)]
    for part, n, columns, row in rows:
        for field in columns:
            value = getattr(row, field.name)
            is_number = field.sort in (Sort.NUMBER, Sort.YUAN)
            if is_number and (value < field.least or (field.most and value > field.most)):
                yield reason(
                    "figure", text, "N13.1", part=Message(TITLES[part]), row=n, column=Message(field.label), value=value
                )
    text = _("Amounts, row {row}: a level that is paid has an amount; one that is not has none.")
    for n, one in enumerate(policy.amounts, 1):
        if (one.standing == Standing.PAID) != (one.amount_fen > 0):
            yield reason("standing", text, "N13.1", row=n)
    text = _("Amounts, row {row}: “{kind}” is not paid by this kind of policy.")
    for n, one in enumerate(policy.amounts, 1):
        if one.kind not in KINDS[policy.subsidy]:
            yield reason("kind", text, "N13.1", row=n, kind=Kind(one.kind))
    text = _("Amounts, row {row}: the code {occupation} is not in any edition of the classification.")
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
                yield reason("overlap", text, "N13.1", part=Message(TITLES[part]), row=row)
    for one, after in pairwise(policy.instalments):
        if Stage.values().index(one.stage) > Stage.values().index(after.stage) or (
            one.percent > after.percent and one.stage != Stage.FILED
        ):
            yield reason("ladder", _("Instalments go up, stage by stage."), "N13.1")
    for before, one in zip((None, *policy.instalments), policy.instalments, strict=False):
        if one.percent == 0 and (before is None or before.stage != Stage.FILED):
            yield reason("nothing-due", _("Only after an advance may nothing be due at a stage."), "N13.1")


def _levels(policy: Policy) -> Iterator[Message]:
    """A level paid more below than above, and a level that is missing between two."""
    tables: dict[Amount, dict[int, int]] = {}
    for one in policy.amounts:
        if one.level > 0:
            key = replace(one, level=-1, amount_fen=0, standing="", cap_fen=0)
            tables.setdefault(key, {})[one.level] = one.amount_fen if one.standing == Standing.PAID else -1
    for key, row in tables.items():
        paid = {level: fen for level, fen in row.items() if fen >= 0}
        what = _what(key)
        for higher, lower in pairwise(sorted(paid)):
            if paid[lower] > paid[higher]:
                text = _("{what}: level {lower} is paid more than level {higher}.")
                yield reason("levels", text, "N13.1", what=what, lower=lower, higher=higher)
        text = _("{what}: nothing is said of level {level}.")
        for level in range(min(row), max(row)):
            if level not in row:
                yield reason("gap", text, "N13.1", what=what, level=level)


def doubts_about(policy: Policy) -> Iterator[Message]:
    """What may be meant so but seldom is: shown while drafting and to finance, stops nothing (N13.1)."""
    yield from _idle_factors(policy)
    yield from _idle_caps(policy)
    yield from _tiers(policy)
    if policy.instalments and policy.instalments[-1].percent < 100:
        text = _("The last instalment makes {percent} %: the whole amount is never paid.")
        yield reason("never-whole", text, "N13.1", percent=policy.instalments[-1].percent)
    if len({one.hours for one in policy.amounts}) > 1 and policy.source == Source.LIST:
        yield reason(
            "list-tiers", _("Tiers of hours do not apply where the demand directory gives the standard."), "N13.1"
        )
    if policy.limits.claim_days >= 0 and policy.limits.claim_months >= 0:
        yield reason("two-limits", _("Days and months both limit the claim: the stricter holds."), "N13.1")


def _idle_factors(policy: Policy) -> Iterator[Message]:
    """Factors whose conditions no row, category or kind of this policy can meet."""
    text = _("Factors, row {row}: “{name}” can never apply: {why}.")
    kinds, levels = {one.kind for one in policy.amounts}, {one.level for one in policy.amounts}
    for n, one in enumerate(policy.factors, 1):
        for why, is_idle in _whys(policy, one, kinds, levels):
            if is_idle:
                yield reason("idle-factor", text, "N13.1", row=n, name=one.name, why=Message(why))


def _whys(policy: Policy, one: Factor, kinds: set[str], levels: set[int]) -> Iterator[tuple[str, bool]]:
    if policy.source == Source.TABLE:
        yield _("no amount is of its kinds"), bool(one.kinds) and not kinds & set(one.kinds)
        yield _("no amount is of its levels"), bool(one.levels) and not levels & {-1, *one.levels}
    if policy.categories:
        named = {row.category for row in policy.categories}
        yield _("none of its persons may have the subsidy"), bool(one.categories) and not named & set(one.categories)


def _idle_caps(policy: Policy) -> Iterator[Message]:
    text = _("Caps, row {row}: “{category}” may not have the subsidy at all.")
    named = {row.category for row in policy.categories}
    for n, one in enumerate(policy.caps, 1):
        if one.category and named and one.category not in named:
            yield reason("idle-cap", text, "N13.1", row=n, category=Message(dict(CATEGORIES)[one.category]))
        if one.fund and one.kinds:
            yield reason(
                "fund-cap", _("Caps, row {row}: a cap of a fund counts every kind; name none."), "N13.1", row=n
            )
        if any(_is_stricter(other, one) for other in policy.caps):
            yield reason("idle-cap", _("Caps, row {row}: another row allows fewer in all."), "N13.1", row=n)


def _is_stricter(other: Cap, one: Cap) -> bool:
    """Fewer for a whole life than one allows in a year, of the same things."""
    is_alike = replace(other, limit=0, period="") == replace(one, limit=0, period="")
    return is_alike and (other.period, one.period) == (Period.EVER, Period.YEAR) and other.limit < one.limit


def _tiers(policy: Policy) -> Iterator[Message]:
    """More hours that are paid less, and scarce occupations that are paid less than others."""
    tables: dict[Amount, dict[int, Amount]] = {}
    for one in policy.amounts:
        tables.setdefault(replace(one, hours=0, amount_fen=0, standing="", cap_fen=0), {})[one.hours] = one
    text = _("{what}: {more} hours are paid less than {fewer}.")
    for key, row in tables.items():
        for fewer, more in pairwise(sorted(row)):
            if 0 < row[more].amount_fen < row[fewer].amount_fen:
                yield reason("tiers", text, "N13.1", what=_what(key), more=more, fewer=fewer)
    plain = {replace(one, urgency="", amount_fen=0): one for one in policy.amounts if not one.urgency}
    text = _("{what}: paid less where it is more urgent.")
    for one in policy.amounts:
        base = plain.get(replace(one, urgency="", amount_fen=0))
        if one.urgency and base and 0 < one.amount_fen < base.amount_fen:
            yield reason("urgency", text, "N13.1", what=_what(one))


def _what(row: Amount) -> str:
    return row.name or row.occupation or row.grade or Kind(row.kind)
