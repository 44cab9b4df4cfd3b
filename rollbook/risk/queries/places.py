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


def claims_of(hits: Iterable[Hit], *, paid_too: bool = False) -> list[int]:
    """The claims of trainees and claims that a hold can still stop, or has to mark although they are paid; a class is
    held whole."""
    ids: dict[str, list[int]] = {"pk": [], "enrolment_id": []}
    for hit in hits:
        if hit.subject in (Subject.CLAIM, Subject.ENROLMENT):
            ids["pk" if hit.subject == Subject.CLAIM else "enrolment_id"].append(hit.subject_id)
    found = {
        claim_id
        for field, some in ids.items()
        for claim_id, _of in (subsidies.stoppable(field, some, paid_too=paid_too) if some else ())
    }
    return sorted(found)
