"""Where subjects belong: whose region, institution, class and person an alert is about, and what money is at stake."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from rollbook.accounts import queries as accounts
from rollbook.classes.queries import screening as classes
from rollbook.institutions import queries as institutions
from rollbook.regions.queries import name_of
from rollbook.risk.models import Alert, Hit
from rollbook.risk.rules import Subject
from rollbook.subsidies.queries import screening as subsidies

STAKES = {
    Subject.ENROLMENT: "enrolment_id",
    Subject.CLASS: "enrolment__training_class_id",
    Subject.INSTITUTION: "institution_id",
    Subject.CLAIM: "pk",
}


@dataclass(frozen=True, slots=True)
class Place:
    region_code: str
    title: str
    institution_id: int | None = None
    class_id: int | None = None
    person_id: int | None = None
    amount_fen: int = 0
    name: str = ""  # of the person


def places(subject: Subject, ids: Collection[int]) -> dict[int, Place]:
    """The places of those that there are; what was found of a subject that is gone has none and is left out."""
    stake = subsidies.stakes(STAKES[subject], ids) if subject in STAKES else {}
    match subject:
        case Subject.ENROLMENT:
            return {
                row["pk"]: Place(
                    row["region_code"], row["title"], row["institution_id"], row["class_id"], row["person_id"],
                    stake.get(row["pk"], 0), row["name"],
                )
                for row in classes.placed_enrolments(ids)
            }  # fmt: skip
        case Subject.CLAIM:
            return {
                row["pk"]: Place(
                    row["region_code"], row["title"], row["institution_id"], row["class_id"], row["person_id"],
                    row["amount_fen"], row["name"],
                )
                for row in subsidies.placed(ids)
            }  # fmt: skip
        case Subject.CLASS:
            return {
                row["pk"]: Place(
                    row["region_code"], row["title"] or f"#{row['pk']}", row["institution_id"], row["pk"], None,
                    stake.get(row["pk"], 0),
                )
                for row in classes.placed_classes(ids)
            }  # fmt: skip
        case Subject.INSTITUTION:
            return {
                row["pk"]: Place(row["region_code"], row["name"], row["pk"], None, None, stake.get(row["pk"], 0))
                for row in institutions.placed(ids)
            }
        case Subject.ACCOUNT:
            return {
                row["pk"]: Place(row["region_code"], row["name"] or row["username"]) for row in accounts.placed(ids)
            }
    return {number: Place(f"{number:06}", name_of(f"{number:06}")) for number in ids}


def class_to_inspect(alert: Alert) -> int | None:
    """The class that an inspection would see: the alert's own, or of its institution the one that is in training and
    ends first, else the last that was. None where there is none."""
    if alert.training_class_id or alert.institution_id is None:
        return alert.training_class_id
    return classes.latest_class(alert.institution_id)


@dataclass(frozen=True, slots=True)
class Stopped:
    """What hits are about, as holds are placed on it: classes as a whole, trainees (class and person), claims."""

    classes: list[int]
    trainees: list[tuple[int, int]]
    claims: list[int]


def stopped(hits: Iterable[Hit], *, paid_too: bool = False) -> Stopped:
    """What holds on these hits are on; of claims those that a hold can still stop, or has to mark although paid."""
    ids: dict[str, set[int]] = {Subject.CLASS: set(), Subject.ENROLMENT: set(), Subject.CLAIM: set()}
    for hit in hits:
        if hit.subject in ids:
            ids[hit.subject].add(hit.subject_id)
    rows = classes.placed_enrolments(ids[Subject.ENROLMENT])
    return Stopped(
        sorted(ids[Subject.CLASS]),
        sorted((row["class_id"], row["person_id"]) for row in rows),
        subsidies.stoppable(ids[Subject.CLAIM], paid_too=paid_too),
    )
