"""One case of a claim, for tests of the rules: everything right, and what a test says otherwise."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace

from rollbook.kernel.decisions import reasons
from rollbook.subsidies import rules

DATA = Path(__file__).parents[1] / "data" / "policies"
BOOK = json.loads((DATA.parent / "cases.json").read_text("utf-8"))
WELDER = 6180204
SAID = BOOK["base"]


def counts(**kinds: int) -> list[int]:
    """`counts(level=2)`: two awards of skill-level training."""
    return [kinds.get(kind.value, 0) for kind in rules.Kind]


def facts(**values):
    return rules.heard(SAID | values)


def shipped(region: str, subsidy: str, day: str = "2023-06-01") -> rules.Policy:
    """The shipped policy of a region on a day, its occupations known by their codes' digits."""
    for path in DATA.glob("*.json"):
        for one in json.loads(path.read_text("utf-8")):
            content = one["content"]
            is_it = one["region_code"] == region and content["subsidy"] == subsidy
            if is_it and one["since"] <= day < (one["until"] or date.max.isoformat()):
                return identified(rules.Policy.of(content))
    raise LookupError(f"{region} {subsidy} {day}")


def shipped_all() -> list[dict]:
    """What every shipped version says."""
    return [one["content"] for path in sorted(DATA.glob("*.json")) for one in json.loads(path.read_text("utf-8"))]


def identified(policy: rules.Policy) -> rules.Policy:
    def known(row: rules.Amount) -> int:
        if row.occupation:
            return int(row.occupation.replace("-", ""))
        return rules.project_identity(row.name) if row.name else 0

    return replace(policy, amounts=tuple(replace(row, identity=known(row)) for row in policy.amounts))


def decided(policy: rules.Policy, **values) -> SimpleNamespace:
    """What is said of one case: the codes against it, and yuan that it comes to if none are."""
    one = facts(**values)
    against = list(reasons(rules.grounds(one, policy), 0))
    award = rules.award(one, policy)
    return SimpleNamespace(
        codes=[ground.code for ground in against], yuan=award.amount_fen.item() / 100, working=award.working(0),
        payable=rules.payable_fen(one, policy).item() / 100, against=against,
    )  # fmt: skip
