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

FAMILIES = (
    eligibility, repeats, identity, attendance, evidence, capacity, conduct, relations, online, evaluation, certificates, money,
    office,
)  # fmt: skip
DETECTORS = {one.code: one for family in FAMILIES for one in family.DETECTORS}
