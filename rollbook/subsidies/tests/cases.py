"""One case of a claim, for tests of the rules: everything right, and what a test says otherwise."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace

from rollbook.kernel.decisions import reasons
from rollbook.subsidies import rules

DATA = Path(__file__).parents[1] / "data" / "policies"
NONE = [0] * len(rules.Kind)
WELDER = 6180204
SAID = {
    "kind": "level", "identity": WELDER, "grade": "A", "level": 4, "hours": 120, "urgency": "ordinary",
    "mode": "offline", "category": "rural", "has_proof": True, "excluded": 0, "is_public_base": False,
    "is_starred": False, "units": 1, "cost_fen": 0, "list_fen": -1, "stage": "certified", "paid_fen": 0,
    "attended_percent": 100, "attendance_least": 80, "worst_day_percent": 100, "day_attendance_least": 80,
    "attendance_document": "attendance", "is_committed": True, "is_verified": True, "days_since_certificate": 30,
    "insured_months": 24, "contract_months": 12, "same_level_had": False, "highest_had_level": 9, "had_year": NONE,
    "had_ever": NONE, "had_occupation_year": NONE, "had_occupation_ever": NONE, "months_since_certificate": 1,
    "had_fund_year": [0, 0, 0], "had_fund_ever": [0, 0, 0],
}  # fmt: skip


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
