"""The detectors that are run. Each is pure: it knows tables by their columns, and no engine."""

from rollbook.risk.detectors import (
    attendance,
    capacity,
    certificates,
    conduct,
    eligibility,
    evaluation,
    evidence,
    identity,
    money,
    office,
    online,
    relations,
    repeats,
)
from rollbook.risk.detectors.waiting import WAITING

FAMILIES = (
    eligibility, repeats, identity, attendance, evidence, capacity, conduct, relations, online, evaluation, certificates, money,
    office,
)  # fmt: skip
DETECTORS = {one.code: one for family in FAMILIES for one in family.DETECTORS}

# Of the catalogue (domain 5.2), and why not.
LEFT_OUT = {
    "D53": "needs an estimate of age from pictures, which no component here makes; head counts (D52) stand in part for it",
    "D57": "needs the old and new time of a changed lesson beside each check-in; D46 and D67 find most of it",
}

__all__ = ["DETECTORS", "FAMILIES", "LEFT_OUT", "WAITING"]
