"""What of paid claims is to come back by the facts of now, and what was proposed before."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from rollbook.accounts import rules as permissions
from rollbook.certificates import queries as certificates
from rollbook.funds import queries as funds
from rollbook.funds.rules import RecoveryGround
from rollbook.kernel.reasons import NotFound
from rollbook.persons import queries as persons
from rollbook.regions.rules import prefix
from rollbook.subsidies import rules
from rollbook.subsidies.models import Claim, Hold, Proposal
from rollbook.subsidies.queries import claims, holds, recomputation

if TYPE_CHECKING:
    from rollbook.accounts.models import Account


@dataclass(frozen=True, slots=True)
class Proposed:
    """One paid claim as the facts of now have it."""

    claim: Claim
    reference: str  # of the payment
    ground: RecoveryGround
    due_fen: int
    paid_fen: int  # without what is ordered to come back
    reasons: list[dict[str, Any]]

    @property
    def amount_fen(self) -> int:
        return rules.to_come_back(paid_fen=self.paid_fen, ordered_fen=0, due_fen=self.due_fen)


def proposed(found: Iterable["recomputation.Recomputed"]) -> Iterator[Proposed]:
    """Due to date beside paid to date of each paid claim among those decided again from the facts of now."""
    again = [
        one for one in found if one.basis == rules.Basis.PRESENT and one.claim.state == rules.State.PAID
    ]  # fmt: skip
    some = [one.claim for one in again]
    out = funds.paid_out(claims.subject_of(one) for one in some)
    revoked = certificates.revoked_among([one.enrolment_id for one in some])
    stops = holds.holds_among(some)
    for one in again:
        paid = out.get(claims.subject_of(one.claim))
        if paid is None:
            continue
        holds_on = [hold for hold in stops[one.claim.pk] if rules.is_confirmed(hold.source)]  # by people
        against = [row["label"] for row in one.differences if row["aspect"] == rules.Aspect.AGAINST]
        yield Proposed(
            claim=one.claim,
            reference=paid.reference,
            ground=rules.ground_of(
                [hold.source for hold in holds_on],
                [message["code"] for message in against],
                is_revoked=one.claim.enrolment_id in revoked,
            ),
            due_fen=0 if holds_on else min(one.now_fen, paid.paid_fen),
            paid_fen=paid.paid_fen - paid.ordered_fen,
            reasons=[*(hold.ground for hold in holds_on), *against],
        )


def to_propose(claim_ids: Collection[int], *, lock: bool = False) -> list[Claim]:
    """Paid claims with what they are decided again from, in their order."""
    found = Claim.objects.filter(pk__in=claim_ids, state=rules.State.PAID)
    found = found.select_related(*recomputation.NEEDED).order_by("pk")
    return list(found.select_for_update(of=("self",)) if lock else found)


def paid_of_enrolment(enrolment_id: int) -> list[int]:
    found = Claim.objects.filter(state=rules.State.PAID, enrolment_id=enrolment_id)
    return list(found.order_by("pk").values_list("pk", flat=True))


def paid_of_person(person_id: int) -> list[int]:
    """The paid claims of a person under all the records that are of the same one."""
    found = Claim.objects.filter(state=rules.State.PAID, person_id__in=list(persons.kept_of([person_id])))
    return list(found.order_by("pk").values_list("pk", flat=True))


def behind(subject: str) -> Claim | None:
    """The claim that a payment was for, with what it is decided again from; for who may see the payment."""
    kind, _mark, key = subject.rpartition(":")
    if kind != "subsidies.Claim":
        return None
    needed = ("person", "institution", "publicity", "first_by", "second_by", "filed_by", "enrolment__training_class")
    return Claim.objects.select_related(*recomputation.NEEDED, *needed).filter(pk=key).first()


def proposals_visible_to(by: "Account") -> QuerySet[Proposal]:
    """What officials of the region are to decide on or decided; the payee is told once it is ordered."""
    found = Proposal.objects.select_related(
        "claim__person", "claim__institution", "claim__enrolment__training_class", "decided_by", "recovery"
    )
    if by.institution_id is not None or not any(permissions.holds(by, one) for one in claims.READERS):
        return found.none()
    return found.filter(claim__region_code__startswith=prefix(by.region_code)).order_by("-pk")


def proposals_under(by: "Account", sources: Collection[str]) -> QuerySet[Proposal]:
    """What was proposed of claims on which a hold of one of these sources is or was, by itself or with their class."""
    stops = Hold.objects.filter(source__in=sources)
    whole = stops.filter(person=None).values("training_class")
    theirs = stops.filter(person=OuterRef("claim__person"), training_class=OuterRef("claim__enrolment__training_class"))
    on = Q(claim__in=stops.values("claim")) | Q(claim__enrolment__training_class__in=whole) | Exists(theirs)
    return proposals_visible_to(by).filter(on)


def proposal(by: "Account", proposal_id: int, *, lock: bool = False) -> Proposal:
    found = proposals_visible_to(by).filter(pk=proposal_id)
    try:
        return (found.select_for_update(of=("self",)) if lock else found).get()
    except Proposal.DoesNotExist:
        raise NotFound from None
