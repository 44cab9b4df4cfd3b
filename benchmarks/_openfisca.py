"""The training subsidy of Jiangsu as OpenFisca would have it, written for comparison: a variable a rule.

Only what the policy asks for is an input. Levels and classes are looked up in arrays, which is the quickest
way OpenFisca has; texts are codes, as ours are.
"""

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from openfisca_core.entities import build_entity
from openfisca_core.periods import DateUnit
from openfisca_core.simulation_builder import SimulationBuilder
from openfisca_core.taxbenefitsystems import TaxBenefitSystem
from openfisca_core.variables import Variable

from rollbook.subsidies import rules

MONTH = "2026-01"
Person = build_entity(key="person", plural="persons", label="a claim", is_person=True)
KINDS = rules.Kind.values()
LEVEL, COMPLETION, SPECIAL, STARTUP, INDUCTION = range(5)
CERTIFIED = rules.Stage.values().index("certified")
A, B, C = 1, 2, 3
TABLE = np.zeros((len(KINDS), 5, 6), dtype=np.int64)
for grade, yuan in (
    (A, (4300, 3500, 2000, 1500, 1000)),
    (B, (3500, 2500, 1800, 1200, 800)),
    (C, (3000, 2000, 1500, 1000, 500)),
):
    TABLE[LEVEL, grade, 1:] = np.array(yuan) * 100
TABLE[COMPLETION], TABLE[STARTUP], TABLE[INDUCTION] = 30_000, 100_000, 50_000
for grade, yuan in ((A, 800), (B, 600), (C, 400)):
    TABLE[SPECIAL, grade] = yuan * 100
TRAINED = ("level", "completion", "special", "startup", "induction")
LADDER = ("level", "upgrade", "apprentice", "evaluation")

WHOLE = (
    "kind", "grade", "level", "urgency", "list_fen", "stage", "paid_fen", "attended_percent", "attendance_least",
    "worst_day_percent", "day_attendance_least", "days_since_certificate", "highest_had_level",
)  # fmt: skip
TRUTHS = (
    "is_starred",
    "is_committed",
    "is_verified",
    "same_level_had",
    "is_gyb",
    *(f"is_{one}" for one in rules.EXCLUSIONS),
)


def _input(name: str, kind: type) -> type[Variable]:
    return type(name, (Variable,), {"value_type": kind, "entity": Person, "definition_period": DateUnit.MONTH})


def _rule(name: str, kind: type, formula: Any) -> type[Variable]:
    return type(name, (Variable,), {
        "value_type": kind, "entity": Person, "definition_period": DateUnit.MONTH,
        "formula": lambda person, period: formula(lambda one: person(one, period)),
    })  # fmt: skip


INPUTS = [
    *(_input(one, int) for one in WHOLE), *(_input(one, bool) for one in TRUTHS),
    *(_input(f"had_year_{one}", int) for one in KINDS), *(_input(f"had_ever_{one}", int) for one in TRAINED),
]  # fmt: skip
RULES = [
    _rule("table_fen", int, lambda v: np.where(v("is_gyb") & (v("kind") == STARTUP), 35_000, TABLE[v("kind"), v("grade"), v("level")])),
    _rule("has_list", bool, lambda v: v("list_fen") >= 0),
    _rule("no_row", bool, lambda v: (v("table_fen") == 0) & ~v("has_list")),
    _rule("attendance", bool, lambda v: v("attended_percent") < v("attendance_least")),
    _rule("class_unqualified", bool, lambda v: v("worst_day_percent") < v("day_attendance_least")),
    _rule("not_certified", bool, lambda v: v("stage") < CERTIFIED),
    _rule("no_commitment", bool, lambda v: ~v("is_committed")),
    _rule("unverified", bool, lambda v: ~v("is_verified")),
    _rule("too_late", bool, lambda v: v("days_since_certificate") > 365),
    _rule("excluded", bool, lambda v: v("is_establishment") | v("is_pension") | v("is_student") | v("is_minor") | v("is_pupil")),
    _rule("higher_level", bool, lambda v: np.isin(v("kind"), [KINDS.index(one) for one in LADDER]) & (v("highest_had_level") < v("level")) & (v("level") > 0)),
    _rule("lifetime_cap", bool, lambda v: (sum(v(f"had_ever_{one}") for one in TRAINED) >= 3) & (v("kind") < 5)),
    _rule("yearly_cap", bool, lambda v: sum(v(f"had_year_{one}") for one in KINDS) >= 3),
    _rule("refused", bool, lambda v: (
        v("no_row") | v("attendance") | v("class_unqualified") | v("not_certified") | v("no_commitment") | v("unverified")
        | v("too_late") | v("excluded") | v("same_level_had") | v("higher_level") | v("lifetime_cap") | v("yearly_cap"))),
    _rule("standard_fen", int, lambda v: np.where(v("has_list"), v("list_fen"), v("table_fen"))),
    _rule("scarce_fen", int, lambda v: np.where(
        (v("kind") == LEVEL) & (v("urgency") >= 2) & ~v("has_list"), v("standard_fen") * 130 // 100, v("standard_fen"))),
    _rule("starred_fen", int, lambda v: np.where(
        (v("kind") == LEVEL) & v("is_starred") & (v("level") >= 4), v("scarce_fen") * 50 // 100, v("scarce_fen"))),
    _rule("due_fen", int, lambda v: np.where(v("stage") >= CERTIFIED, v("starred_fen"), 0) - v("paid_fen")),
    _rule("payable_fen", int, lambda v: np.where(v("refused"), 0, v("due_fen"))),
]  # fmt: skip
SYSTEM = TaxBenefitSystem([Person])
SYSTEM.add_variables(*INPUTS, *RULES)


def inputs(facts: rules.Facts) -> dict[str, Any]:
    """Our columns as OpenFisca's inputs."""
    found: dict[str, Any] = {one: getattr(facts, one) for one in WHOLE}
    found |= {one: getattr(facts, one) for one in TRUTHS if hasattr(facts, one)}
    found |= {f"is_{one}": (facts.excluded >> n & 1) > 0 for n, one in enumerate(rules.EXCLUSIONS)}
    found["is_gyb"] = facts.identity == rules.project_identity("创业意识GYB")
    found |= {f"had_year_{one}": facts.had_year[:, n] for n, one in enumerate(KINDS)}
    return found | {f"had_ever_{one}": facts.had_ever[:, KINDS.index(one)] for one in TRAINED}


def prepared(columns: Mapping[str, Any], count: int) -> Any:
    simulation = SimulationBuilder().build_default_simulation(SYSTEM, count=count)
    for name, values in columns.items():
        simulation.set_input(name, MONTH, values)
    return simulation


def decided(columns: Mapping[str, Any], count: int) -> tuple[Any, float, float]:
    """What each comes to, and the seconds it took: with its inputs set, and the calculation alone."""
    start = time.perf_counter()
    simulation = prepared(columns, count)
    ready = time.perf_counter()
    found = simulation.calculate("payable_fen", MONTH)
    done = time.perf_counter()
    return found, done - start, done - ready


def one_case(columns: Mapping[str, Any]) -> Any:
    return prepared(columns, 1).calculate("payable_fen", MONTH)
