"""What a claim was decided on, what it would be now, and which other claim stands in its way."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.utils.timezone import localdate

from rollbook.classes import queries as classes
from rollbook.exchange import queries as exchange
from rollbook.kernel.decisions import reasons
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import NotFound, Refused, reason
from rollbook.persons import queries as persons
from rollbook.subsidies import rules
from rollbook.subsidies.models import Claim, PolicyVersion
from rollbook.subsidies.queries import apprentices, claims, departments, holds, parts, policies
from rollbook.subsidies.queries.entitlement import entitlement

if TYPE_CHECKING:
    from rollbook.accounts.models import Account
    from rollbook.classes.models import Enrolment, TrainingClass


def reasons_by_enrolment(
    by: "Account", klass: "TrainingClass", people: "list[Enrolment]", today: date
) -> "list[tuple[Enrolment, list[Message], int]]":
    """For each trainee why nothing is due, or what is, in fen: for pages."""
    subsidy = apprentices.subsidy_of(klass)
    if not people or not apprentices.may_claim_at(klass, subsidy):
        return []
    facts, version = entitlement(klass, people, today, subsidy=subsidy)
    policy = policies.rules_of(version)
    against, due = rules.grounds(facts, policy), rules.award(facts, policy).amount_fen
    found = {one.pk: list(reasons(against, n)) for n, one in enumerate(people)}
    twice = [one for one in people if {m.code for m in found[one.pk]} & rules.TWICE]
    blocked = blocked_by(by, klass, twice, subsidy)
    return [(one, [*found[one.pk], *blocked.get(one.pk, ())], due[n].item()) for n, one in enumerate(people)]


def blocked_by(
    by: "Account", klass: "TrainingClass", people: "Collection[Enrolment]", subsidy: str = rules.Subsidy.TRAINING
) -> dict[int, list[Message]]:
    """The claims that stand in the way of these trainees, named as far as the reader may see them (N12.3)."""
    if not people or klass.occupation is None:
        return {}
    records = persons.records_of([one.person_id for one in people])
    live = Claim.objects.filter(person_id__in=records, occupation_identity=klass.occupation.identity)
    live = live.filter(kind__in=rules.alike(rules.KINDS[subsidy][0]))
    own = Q(enrolment__in=[one.pk for one in people], policy__subsidy=subsidy)
    live = live.exclude(own).exclude(state=rules.State.REFUSED).order_by("pk")
    seen = {one.pk: one for one in claims.visible_to(by).filter(pk__in=live.values("pk"))}
    found: dict[int, list[Message]] = {}
    for pk, person, level in live.values_list("pk", "person_id", "level"):
        if level != klass.level and not "0" < level < klass.level:
            continue
        for one in people:
            if one.person_id == records[person]:
                found.setdefault(one.pk, []).append(_named(seen.get(pk), level))
    return found


def _twice(
    by: "Account", klass: "TrainingClass", one: "Enrolment", against: list[Message], subsidy: str
) -> list[Message]:
    twice = rules.TWICE & {why.code for why in against}
    return blocked_by(by, klass, [one], subsidy).get(one.pk, []) if twice else []


def _named(claim: Claim | None, level: str) -> Message:
    if claim is None:
        text = _("What stands in the way is a claim at level {level} of another region or institution.")
        return reason("blocked-by", text, "N12.3", level=level)
    text = _("What stands in the way is claim {claim}: {institution}, class {klass}, level {level}, filed on {day}.")
    return reason(
        "blocked-by", text, "N12.3", claim=claim.pk, other=claim.pk, institution=claim.institution.name,
        klass=claim.enrolment.training_class.number or "–", level=level, day=localdate(claim.filed_at),
    )  # fmt: skip


def sources(
    klass: "TrainingClass", people: "Collection[Enrolment]", today: date, policy: rules.Policy
) -> dict[int, dict[str, Any]]:
    """Where the facts of each trainee come from, and as of which day: kept beside them."""
    issued = departments.issued_of(klass, people, policy.subsidy)
    said = departments.said_of(klass, people, policy, issued, {one.pk: today for one in people})
    listed = klass.item.demand_list if klass.item else None
    starts_on = str(klass.starts_on or today)
    found = {}
    for one in people:
        certificate, person = issued.get(one.pk), one.person
        found[one.pk] = {
            "directory": {"on": starts_on, "number": str(listed or "")},
            "attendance": {"on": str(today), "number": klass.number or ""},
            "roster": {"on": starts_on, "number": klass.number or ""},
            "claims": {"on": str(today), "number": ""},
            "departments": {"on": max((str(fact.as_of) for fact in said[one.pk].facts), default=""), "number": ""},
            "population": {"on": str(localdate(person.verified_at)) if person.verified_at else "", "number": ""},
            "commitment": {
                "on": str(localdate(one.commitment.signed_at)) if hasattr(one, "commitment") else "", "number": "",
            },
            "certificate": {
                "on": str(certificate.issued_on) if certificate else "",
                "number": certificate.number if certificate else "",
            },
            "proofs": said[one.pk].proofs(),
        }  # fmt: skip
    return found


def payees(
    klass: "TrainingClass", people: "Collection[Enrolment]", policy: rules.Policy, today: date
) -> dict[int, departments.Payee]:
    """Who would be paid for each by the policy (N16.2)."""
    issued = departments.issued_of(klass, people, policy.subsidy)
    said = departments.said_of(klass, people, policy, issued, {one.pk: today for one in people})
    return {pk: one.payee() for pk, one in said.items()}


@dataclass(frozen=True, slots=True)
class Offer:
    """One subsidy for one trainee: what is due and how it comes about, or why nothing is."""

    subsidy: rules.Subsidy
    claims: list[Claim]  # more than one where it is paid in instalments
    version: PolicyVersion | None
    amount_fen: int
    working: list[dict[str, Any]]
    against: list[Message]
    is_settled: bool = False  # claimed once and for all


def offers(by: "Account", klass: "TrainingClass", one: "Enrolment", today: date) -> list[Offer]:
    """Everything that may be claimed for a training, each with its policy (N12.2, N16.3)."""
    live = Claim.objects.filter(enrolment=one.pk).exclude(state=rules.State.REFUSED).select_related("policy")
    filed: dict[str, list[Claim]] = defaultdict(list)
    for claim in live.order_by("pk"):
        filed[claim.policy.subsidy].append(claim)
    wanted = [subsidy for subsidy in apprentices.offered(klass) if apprentices.may_claim_at(klass, subsidy)]
    return [_offer(by, klass, one, subsidy, filed[subsidy], today) for subsidy in wanted]


def _offer(
    by: "Account", klass: "TrainingClass", one: "Enrolment", subsidy: rules.Subsidy, filed: list[Claim], today: date
) -> Offer:
    first = filed[0] if filed else None
    if first and not rules.is_in_parts(first.kind, policies.rules_of(first.policy)):
        return Offer(subsidy, filed, first.policy, first.amount_fen, first.working, [], is_settled=True)
    try:
        facts, version = entitlement(klass, [one], today, subsidy=subsidy, version=first.policy if first else None)
    except Refused as error:  # no policy of the region is in force for this
        return Offer(subsidy, filed, None, 0, [], list(error.reasons))
    policy = policies.rules_of(version)
    award = rules.award(facts, policy)
    due_fen = award.amount_fen[0].item()
    against = list(reasons(rules.grounds(facts, policy), 0))
    against += _twice(by, klass, one, against, subsidy)
    if first:
        before = parts.parts_before([one], first.kind)[one.pk]
        against += rules.reasons_against_part(before, policy, rules.said(facts, 0)["stage"], due_fen)
    return Offer(subsidy, filed, version, due_fen, award.working(0), against)


def next_parts(
    by: "Account", klass: "TrainingClass", people: "Collection[Enrolment]", today: date
) -> "list[tuple[Enrolment, list[Message], int]]":
    """For each trainee who had an instalment of the training: why no other is due now, or what is, in fen."""
    wanted, found = set(parts.in_parts(klass.pk)), []
    for one in people:
        if one.pk in wanted:
            live = Claim.objects.filter(enrolment=one.pk, kind__in=rules.TRAINED).exclude(state=rules.State.REFUSED)
            filed = list(live.select_related("policy").order_by("pk"))
            offer = _offer(by, klass, one, rules.Subsidy(filed[0].policy.subsidy), filed, today)
            found.append((one, offer.against, offer.amount_fen))
    return found


def reasons_now(by: "Account", claim: Claim) -> list[Message]:
    """Why the claim, by what is known now, was not due on the day of its filing: for reviewers, and with the claim that
    stands in its way as far as the reader may see it."""
    if claim.state not in (rules.State.FILED, rules.State.FIRST, rules.State.RETURNED):
        return []
    held = holds.reasons_held([claim.pk])
    found = _looked_at(claim)
    if found is None:
        return [*held, reason("dropped", _("The trainee is no longer on the roster of the class."), "N14.1")]
    klass, people, facts, version = found
    policy = policies.rules_of(version)
    against = [*held, *reasons(rules.grounds(facts, policy), 0)]
    against += _twice(by, klass, people[0], against, claim.policy.subsidy)
    if claim.follows_id:
        before = parts.parts_before(people, claim.kind, {claim.enrolment_id: claim}).get(claim.enrolment_id, [])
        due_fen = rules.award(facts, policy).amount_fen[0].item()
        against += rules.reasons_against_part(before, policy, rules.said(facts, 0)["stage"], due_fen)
    return against


def decided_now(claim: Claim, today: date) -> dict[str, Any]:
    """What a claim that is filed again comes to by the facts of now: what `file_claim` would store."""
    found = _looked_at(claim)
    if found is None:
        raise NotFound
    klass, people, facts, version = found
    policy = policies.rules_of(version)
    award = rules.award(facts, policy)
    return rules.kept(facts, rules.grounds(facts, policy), award, 0) | {
        "policy": version,
        "amount_fen": award.amount_fen[0].item(),
        "sources": sources(klass, people, today, policy)[claim.enrolment_id],
    }


def payee_now(claim: Claim, today: date) -> departments.Payee:
    """Who is paid for a claim that is filed again."""
    klass = classes.by_id(claim.enrolment.training_class_id)
    return payees(klass, [claim.enrolment], policies.rules_of(claim.policy), today)[claim.enrolment_id]


def payee_name(payee: departments.Payee) -> str:
    """An organisation's name as the company register has it, or else as it was entered."""
    return exchange.firm_names([payee.uscc]).get(payee.uscc, payee.name or payee.uscc)


def _looked_at(
    claim: Claim,
) -> "tuple[TrainingClass, list[Enrolment], rules.Facts, PolicyVersion] | None":
    """The facts of now as of the claim's day; None for who is no longer on the roster."""
    klass = classes.by_id(claim.enrolment.training_class_id)
    people = [one for one in classes.roster(klass.pk) if one.pk == claim.enrolment_id]
    if not people:
        return None
    facts, version = entitlement(
        klass, people, localdate(claim.filed_at), subsidy=claim.policy.subsidy, claims={claim.enrolment_id: claim},
        version=parts.policy_followed(claim),
    )  # fmt: skip
    return klass, people, facts, version


@dataclass(frozen=True, slots=True)
class Again:
    """A stored decision worked out again: its sum, its lines, and where they differ."""

    amount_fen: int
    working: list[dict[str, Any]]
    apart: list[rules.Difference]


def again(claim: Claim) -> Again:
    """A past decision worked out again from what was stored with it (B1)."""
    facts, policy = rules.heard(claim.facts), policies.rules_of(claim.policy)
    award, stored = rules.award(facts, policy), {"grounds": claim.grounds, "working": claim.working}
    apart = list(rules.apart(stored, rules.grounds(facts, policy), award, 0))
    amount_fen = award.amount_fen[0].item()
    if not apart and amount_fen != claim.amount_fen:  # the stored lines never added up to the stored sum
        apart.append(rules.Difference(rules.TOTAL, rules.Aspect.FEN, claim.amount_fen, amount_fen))
    return Again(amount_fen, award.working(0), apart)


def replayed(claim: Claim) -> list[rules.Difference]:
    """Where a past decision does not come out again: nothing may differ (B1)."""
    return again(claim).apart


def met(claim: Claim) -> list[Message]:
    """The conditions that had figures, as the claim met them: shown beside the amount (B1)."""
    is_ahead = claim.stage == rules.Stage.FILED
    return [Message(**one) for one in claim.grounds if not (is_ahead and one["code"] in rules.ATTENDED)]
