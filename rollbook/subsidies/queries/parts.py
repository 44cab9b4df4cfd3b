"""Claims of the instalments of one training (N12.2, N12.3)."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from django.db.models import CharField, OuterRef, Value
from django.db.models.functions import Cast, Concat

from rollbook.funds import queries as funds
from rollbook.subsidies import rules
from rollbook.subsidies.models import Claim, PolicyVersion

if TYPE_CHECKING:
    from rollbook.classes.models import Enrolment


def parts_before(
    people: "Collection[Enrolment]", kind: str, claims: Mapping[int, Claim] | None = None
) -> dict[int, list[rules.Part]]:
    """What each has claimed of this subsidy for the training; of `claims` by enrolment, what came before them."""
    subject = Concat(Value("subsidies.Claim:"), Cast(OuterRef("pk"), CharField()))
    live = Claim.objects.filter(enrolment__in=[one.pk for one in people], kind=kind)
    live = live.exclude(state=rules.State.REFUSED).annotate(is_recovered=funds.is_recovered(subject)).order_by("pk")
    found: dict[int, list[rules.Part]] = defaultdict(list)
    for pk, enrolment, *rest in live.values_list("pk", "enrolment_id", "stage", "state", "amount_fen", "is_recovered"):
        again = (claims or {}).get(enrolment)
        if again is None or pk < again.pk:
            found[enrolment].append(rules.Part(pk, *rest))
    return dict(found)


def first_part(enrolment_id: int, subsidy: str) -> Claim | None:
    """The claim that further instalments of a training follow."""
    live = Claim.objects.filter(enrolment=enrolment_id, follows=None, policy__subsidy=subsidy)
    one = live.exclude(state=rules.State.REFUSED).select_related("policy").first()
    if one is None or not rules.is_in_parts(one.kind, rules.Policy.of(one.policy.content)):
        return None
    return one


def in_parts(class_id: int) -> list[int]:
    """The enrolments of a class of whose training something was claimed that is paid in instalments."""
    first = Claim.objects.filter(enrolment__training_class_id=class_id, follows=None, kind__in=rules.TRAINED)
    live = first.exclude(state=rules.State.REFUSED).select_related("policy").order_by("pk")
    policies: dict[int, rules.Policy] = {}
    found = []
    for one in live:
        policy = policies.setdefault(one.policy_id, rules.Policy.of(one.policy.content))
        if rules.is_in_parts(one.kind, policy):
            found.append(one.enrolment_id)
    return found


def policy_followed(claim: Claim) -> PolicyVersion | None:
    """An instalment is decided by the policy of the first; a claim that follows none by that of its day."""
    return claim.policy if claim.follows_id else None
