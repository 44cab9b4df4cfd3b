"""Decisions worked out again, class by class: from what was stored with them and from the facts of now."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from django.db.models import Case, Q, QuerySet, Value, When
from django.utils.timezone import localdate

from rollbook.accounts.rules import holds
from rollbook.classes import queries as classes
from rollbook.directory import queries as directory
from rollbook.directory.rules import TermKey
from rollbook.kernel.decisions import reasons
from rollbook.kernel.reasons import NotFound, Refused
from rollbook.regions.rules import around, prefix
from rollbook.subsidies import rules
from rollbook.subsidies.models import Accuracy, Claim, Discrepancy, Recomputation
from rollbook.subsidies.queries import claims, parts, policies
from rollbook.subsidies.queries.decisions import replayed
from rollbook.subsidies.queries.entitlement import entitlement

if TYPE_CHECKING:
    from rollbook.accounts.models import Account


NEEDED = ("policy", "enrolment__person", "enrolment__commitment")


@dataclass(frozen=True, slots=True)
class Recomputed:
    """What one claim comes to when it is worked out again, and where that differs."""

    claim: Claim
    basis: rules.Basis
    now_fen: int
    differences: list[dict[str, Any]]
    facts: list[tuple[str, Any, Any]]


def classes_with_claims(region_code: str) -> list[int]:
    """Classes of a region that have claims to work out again."""
    live = Claim.objects.filter(region_code__startswith=prefix(region_code)).exclude(state=rules.State.REFUSED)
    found = live.order_by("enrolment__training_class_id").values_list("enrolment__training_class_id", flat=True)
    return list(found.distinct())


def to_replay(region_code: str, claim_ids: Collection[int] = ()) -> Iterator[Claim]:
    """Claims of a region, or those named among them, in their order and never all in memory."""
    found = Claim.objects.filter(region_code__startswith=prefix(region_code)).select_related("policy").order_by("pk")
    return (found.filter(pk__in=claim_ids) if claim_ids else found).iterator(2000)


def out_of_band(run: Recomputation) -> QuerySet[Accuracy]:
    return run.accuracies.filter(is_out_of_band=True).order_by("region_code")


def recomputed(class_id: int) -> Iterator[Recomputed]:
    """Every live claim of a class, twice: replayed, and from the facts of now."""
    live = Claim.objects.filter(enrolment__training_class_id=class_id).exclude(state=rules.State.REFUSED)
    found = list(live.select_related(*NEEDED).order_by("pk"))
    for claim in found:
        apart = replayed(claim)
        now_fen = _due(apart, claim.amount_fen)
        yield Recomputed(claim, rules.Basis.STORED, now_fen, [one.json() for one in apart], [])
    yield from present(found)


def present(found: Iterable[Claim]) -> Iterator[Recomputed]:
    """Claims decided again from the facts of now, class by class; each has what `NEEDED` names."""
    together: dict[tuple[int, str, str, int], list[Claim]] = defaultdict(list)  # one claim a trainee
    for claim in found:
        part = (claim.facts["stage"], claim.policy_id) if claim.follows_id else ("", 0)
        together[claim.enrolment.training_class_id, claim.policy.subsidy, *part].append(claim)
    for (class_id, subsidy, *_part), some in together.items():
        yield from _present(class_id, subsidy, some)


def _due(apart: list[rules.Difference], amount_fen: int) -> int:
    if any(one.aspect == rules.Aspect.AGAINST for one in apart):
        return 0
    totals = [one.now for one in apart if one.label == rules.TOTAL]
    return totals[0] if totals else amount_fen


def _present(class_id: int, subsidy: str, some: list[Claim]) -> Iterator[Recomputed]:
    klass = classes.by_id(class_id)
    people = [one.enrolment for one in some]
    by_enrolment = {one.enrolment_id: one for one in some}
    try:
        facts, version = entitlement(
            klass, people, localdate(some[0].filed_at), subsidy=subsidy, claims=by_enrolment,
            version=parts.policy_followed(some[0]),
        )  # fmt: skip
    except Refused as refusal:  # no policy is in force for it any more
        against = [rules.Difference(one, rules.Aspect.AGAINST).json() for one in refusal.reasons]
        yield from (Recomputed(one, rules.Basis.PRESENT, 0, against, []) for one in some)
        return
    policy = policies.rules_of(version)
    grounds, award = rules.grounds(facts, policy), rules.award(facts, policy)
    for row, claim in enumerate(some):
        due = 0 if any(reasons(grounds, row)) else award.amount_fen[row].item()
        if due == claim.amount_fen:
            yield Recomputed(claim, rules.Basis.PRESENT, due, [], [])
            continue
        stored = {"grounds": claim.grounds, "working": claim.working}
        apart = [one.json() for one in rules.apart(stored, grounds, award, row)]
        changed = rules.facts_apart(claim.facts, rules.said(facts, row))
        yield Recomputed(claim, rules.Basis.PRESENT, due, apart, changed)


def band(region_code: str, today: date) -> rules.Band:
    terms = directory.terms_for(region_code, today)
    return rules.Band(
        least=terms[TermKey.ACCURACY_LEAST],
        most=terms[TermKey.ACCURACY_MOST],
        document=terms.document(TermKey.ACCURACY_LEAST),
    )


def discrepancies_visible_to(by: "Account") -> QuerySet[Discrepancy]:
    """Of the claims of the own region; not for institutions and workers, whose claims these are."""
    found = Discrepancy.objects.select_related(
        "claim__person", "claim__institution", "claim__enrolment__training_class", "settled_by"
    )
    if by.institution_id is not None or by.role == "worker":
        return found.none()
    if not any(holds(by, one) for one in claims.READERS):
        return found.none()
    found = found.filter(claim__region_code__startswith=prefix(by.region_code)).order_by("-found_at", "-pk")
    return found.annotate(state=Case(When(settled_at=None, then=Value("open")), default=Value("settled")))


def open_discrepancies(region_code: str) -> int:
    return Discrepancy.objects.filter(settled_at=None, claim__region_code__startswith=prefix(region_code)).count()


def discrepancy(by: "Account", discrepancy_id: int, *, lock: bool = False) -> Discrepancy:
    found = discrepancies_visible_to(by).filter(pk=discrepancy_id)
    try:
        return (found.select_for_update(of=("self",)) if lock else found).get()
    except Discrepancy.DoesNotExist:
        raise NotFound from None


def recomputations(by: "Account") -> QuerySet[Recomputation]:
    """Runs over the own region, a part of it or one around it, the last first."""
    if not any(holds(by, one) for one in claims.READERS) or by.institution_id is not None:
        return Recomputation.objects.none()
    around_it = Q(region_code__startswith=prefix(by.region_code)) | Q(region_code__in=around(by.region_code))
    return Recomputation.objects.filter(around_it).select_related("asked_by").order_by("-started_at")


def accuracies(by: "Account") -> QuerySet[Accuracy]:
    """Of each county of the region what its last finished recomputation found, the worst first."""
    if not any(holds(by, one) for one in claims.READERS) or by.institution_id is not None:
        return Accuracy.objects.none()
    rows = Accuracy.objects.filter(
        region_code__startswith=prefix(by.region_code), recomputation__finished_at__isnull=False
    )
    last = rows.order_by("region_code", "-recomputation__started_at").distinct("region_code").values("pk")
    return rows.filter(pk__in=last).select_related("recomputation").order_by("-is_out_of_band", "region_code")
