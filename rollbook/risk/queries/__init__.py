from rollbook.risk.queries.alerts import (
    READERS,
    about_claim,
    beside,
    by_id,
    explanations_of,
    findings_of,
    get,
    names_in,
    queue,
    related,
    visible_to,
    weights,
)
from rollbook.risk.queries.columns import waits_for
from rollbook.risk.queries.learning import by_region, cases, load, performance, precision_of, runs, settings_of, waiting
from rollbook.risk.queries.places import class_to_inspect
from rollbook.risk.queries.proofs import classes_in, evidence, ground, proofs
from rollbook.risk.queries.screening import is_due

__all__ = [
    "READERS",
    "about_claim",
    "beside",
    "by_id",
    "by_region",
    "cases",
    "class_to_inspect",
    "classes_in",
    "evidence",
    "explanations_of",
    "findings_of",
    "get",
    "ground",
    "is_due",
    "load",
    "names_in",
    "performance",
    "precision_of",
    "proofs",
    "queue",
    "related",
    "runs",
    "settings_of",
    "visible_to",
    "waiting",
    "waits_for",
    "weights",
]
