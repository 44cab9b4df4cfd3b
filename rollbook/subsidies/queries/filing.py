"""Claiming for whole classes: who is left, and what came of each (N12.2)."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import QuerySet

from rollbook.accounts.rules import holds
from rollbook.classes import queries as classes
from rollbook.kernel.messages import Message
from rollbook.kernel.reasons import NotFound
from rollbook.regions.rules import prefix
from rollbook.subsidies.models import Filing
from rollbook.subsidies.queries import claims, parts

if TYPE_CHECKING:
    from rollbook.accounts.models import Account
    from rollbook.classes.models import Enrolment


def left_to_file(class_id: int) -> list[int]:
    """The trainees of a class who have no claim for the training yet, or one that further instalments follow."""
    have, later = claims.of_class(class_id), set(parts.in_parts(class_id))
    people = classes.roster(class_id).values_list("pk", flat=True)
    return [pk for pk in people if pk not in have or pk in later]


def filings_visible_to(by: "Account") -> QuerySet[Filing]:
    found = Filing.objects.select_related("training_class", "asked_by").order_by("-pk")
    if by.role == "institution-manager":
        return found.filter(institution_id=by.institution_id or 0)
    if by.role == "worker" or not any(holds(by, one) for one in claims.READERS):
        return found.none()
    return found.filter(region_code__startswith=prefix(by.region_code))


def filing(by: "Account", filing_id: int, *, lock: bool = False) -> Filing:
    found = filings_visible_to(by).filter(pk=filing_id)
    try:
        return (found.select_for_update(of=("self",)) if lock else found).get()
    except Filing.DoesNotExist:
        raise NotFound from None


def last_filing(by: "Account", class_id: int) -> Filing | None:
    return filings_visible_to(by).filter(training_class=class_id).first()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one trainee: a claim with its amount, or the reasons against it."""

    enrolment: "Enrolment"
    claim_id: int
    amount_fen: int
    against: list[Message]


def outcomes(one: Filing) -> list[Outcome]:
    """What came of each trainee so far, in the order of the roster."""
    found = []
    for enrolment in classes.ever_on(one.training_class_id):
        if kept := one.results.get(str(enrolment.pk)):
            against = [Message(**message) for message in kept.get("against", ())]
            found.append(Outcome(enrolment, kept.get("claim", 0), kept.get("amount_fen", 0), against))
    return found
