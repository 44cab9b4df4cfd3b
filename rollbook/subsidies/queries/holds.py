"""Stops on claims: which are held, and what to say of it."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef, Q, QuerySet

from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import reason
from rollbook.regions.rules import prefix
from rollbook.subsidies.models import Claim, Hold

if TYPE_CHECKING:
    from rollbook.accounts.models import Account


def is_held() -> Exists:
    """For a query set of claims: whether a live hold is on each, on its trainee or on its class."""
    whose = Q(person=None) | Q(person=OuterRef("person"))
    on = Q(claim=OuterRef("pk")) | Q(whose, training_class=OuterRef("enrolment__training_class"))
    return Exists(Hold.objects.filter(on, lifted_at=None))


def holds_on(claim: Claim) -> QuerySet[Hold]:
    """The live holds on a claim, its trainee's and its class's among them."""
    whose = Q(person=None) | Q(person=claim.person_id)
    on = Q(claim=claim) | Q(whose, training_class=claim.enrolment.training_class_id)
    return Hold.objects.filter(on, lifted_at=None).select_related("placed_by", "person").order_by("pk")


def holds_on_class(class_id: int) -> list[Hold]:
    """The live holds on all claims of a class: for contexts that have checked who asks."""
    found = Hold.objects.filter(training_class_id=class_id, person=None, lifted_at=None)
    return list(found.select_related("placed_by").order_by("pk"))


def holds_on_trainees(class_id: int, person_ids: Iterable[int]) -> list[Hold]:
    """The live holds on all claims of each of these in a class, also where they claimed nothing yet."""
    found = Hold.objects.filter(training_class_id=class_id, person__in=list(person_ids), lifted_at=None)
    return list(found.select_related("person", "placed_by").order_by("person__name", "pk"))


def holds_among(some: Sequence[Claim]) -> dict[int, list[Hold]]:
    """The live holds on each of these claims, its trainee's and its class's among them: one query."""
    class_ids = {one.enrolment.training_class_id for one in some}
    on = Q(claim__in=[one.pk for one in some]) | Q(training_class__in=class_ids)
    live = list(Hold.objects.filter(on, lifted_at=None).order_by("pk"))
    return {one.pk: [hold for hold in live if _is_on(hold, one)] for one in some}


def _is_on(hold: Hold, claim: Claim) -> bool:
    if hold.claim_id:
        return hold.claim_id == claim.pk
    return hold.training_class_id == claim.enrolment.training_class_id and hold.person_id in (None, claim.person_id)


def held_among(claim_ids: Iterable[int]) -> set[int]:
    return set(Claim.objects.filter(pk__in=list(claim_ids)).filter(is_held()).values_list("pk", flat=True))


def reasons_held(claim_ids: Iterable[int]) -> list[Message]:
    """Why claims may not go on: each that is held, and on what ground."""
    text = _("Claim {claim} is held; nothing of it is approved or paid until the hold is lifted. {ground}")
    some = list(Claim.objects.filter(pk__in=list(claim_ids)).select_related("enrolment").order_by("pk"))
    return [
        reason("held", text, "N14.1", claim=pk, ground=Message(**hold.ground))
        for pk, found in holds_among(some).items()
        for hold in found
    ]


def live_hold(by: "Account", hold_id: int) -> Hold | None:
    """A live hold of the account's region, locked."""
    found = Hold.objects.select_for_update(of=("self",)).filter(pk=hold_id, lifted_at=None)
    return found.filter(region_code__startswith=prefix(by.region_code)).first()
