"""The facts of claims gathered into columns, and the decision that follows from them."""

from collections.abc import Collection
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
from django.utils.timezone import localdate

from rollbook.assessment import queries as assessment
from rollbook.certificates import queries as certificates
from rollbook.classes import queries as classes
from rollbook.directory import queries as directory
from rollbook.directory.rules import TermKey
from rollbook.kernel.decisions import reasons
from rollbook.kernel.messages import Message
from rollbook.persons.rules import age_on
from rollbook.subsidies import rules
from rollbook.subsidies.models import Claim, PolicyVersion
from rollbook.subsidies.queries import policies

if TYPE_CHECKING:
    from rollbook.classes.models import Enrolment, TrainingClass

KINDS = rules.Kind.values()
ADULT = 16  # "younger than 16" is what the exclusion of minors says


def entitlement(
    klass: "TrainingClass", people: "Collection[Enrolment]", today: date, *, besides: int | None = None
) -> tuple[rules.Facts, PolicyVersion]:
    """The facts of these trainees of a class, as columns, and the policy they fall under: a fixed
    number of queries.

    `besides` names a claim that does not count as one had before: the one that is looked at again.
    """
    item, occupation = klass.item, klass.occupation
    assert item is not None  # noqa: S101 an approved class has its project
    assert occupation is not None  # noqa: S101
    terms = directory.terms_for(klass.region_code, klass.starts_on or today)
    issued, attended = certificates.of_class(klass.pk), classes.attendance_of(klass.pk)
    same = {
        "kind": rules.code("kind", item.training_type),
        "identity": occupation.identity,
        "grade": rules.code("grade", item.grade),
        "level": int(klass.level),
        "hours": item.hours,
        "urgency": rules.code("urgency", item.urgency),
        "mode": rules.code("mode", "offline"),
        "has_proof": False,
        "is_public_base": False,
        "is_starred": False,
        "units": item.hours,
        "cost_fen": 0,
        "list_fen": item.scarce_amount_fen or item.amount_fen,
        "paid_fen": 0,
        "worst_day_percent": classes.worst_day_percent(klass.pk),
        "attendance_least": terms[TermKey.ATTENDANCE_PERCENT],
        "day_attendance_least": terms[TermKey.DAY_ATTENDANCE_PERCENT],
        "attendance_document": terms.document(TermKey.ATTENDANCE_PERCENT),
        "insured_months": 0,
        "contract_months": 0,
    }
    had = _had([one.person_id for one in people], occupation.identity, today, besides)
    starts_on = klass.starts_on or today
    rows = []
    for one in people:
        certificate = issued.get(one.pk)
        is_valid = certificate is not None and certificate.state == "valid"
        rows.append(
            _Row(
                **same | had.get(one.person_id, _Had()).facts(klass.level),
                category=rules.code("category", one.person.category),
                excluded=(age_on(one.person.birth_on, starts_on) < ADULT) << rules.EXCLUSIONS.index("minor"),
                stage=rules.code("stage", "certified" if is_valid else "completed"),
                attended_percent=attended[one.pk].percent,
                is_committed=hasattr(one, "commitment"),
                is_verified=one.person.verification == "matched",
                days_since_certificate=(today - certificate.issued_on).days if certificate else 0,
            )
        )
    days = {"start": starts_on, "approval": localdate(klass.decided_at) if klass.decided_at else starts_on}
    days["certificate"] = max((one.issued_on for one in issued.values()), default=today)
    return rules.Facts.of(rows), policies.binding(klass.region_code, rules.Subsidy.TRAINING, days)


class _Row:
    """One claim's facts before they become columns."""

    def __init__(self, **values: Any) -> None:
        self.__dict__.update(values)


class _Had:
    """What a person has claimed or been paid before."""

    def __init__(self) -> None:
        self.counts = np.zeros((4, len(KINDS)), dtype=np.int16)
        self.levels: set[str] = set()

    def add(self, kind: str, level: str, *, is_same_occupation: bool, is_this_year: bool) -> None:
        which = [is_this_year, True, is_same_occupation and is_this_year, is_same_occupation]
        self.counts[which, KINDS.index(kind)] += 1
        if is_same_occupation:
            self.levels.add(level)

    def facts(self, level: str) -> dict[str, Any]:
        names = ("had_year", "had_ever", "had_occupation_year", "had_occupation_ever")
        highest = min((int(one) or rules.NEVER for one in self.levels), default=rules.NEVER)
        same = {"same_level_had": level in self.levels, "highest_had_level": highest}
        return same | dict(zip(names, self.counts, strict=True))


def _had(person_ids: Collection[int], identity: int, today: date, besides: int | None) -> dict[int, _Had]:
    """What these persons have claimed or been paid before, whatever the region or fund."""
    live = Claim.objects.filter(person_id__in=person_ids).exclude(state=rules.State.REFUSED).exclude(pk=besides or 0)
    found: dict[int, _Had] = {}
    columns = ("person_id", "occupation_identity", "kind", "level", "filed_at")
    for person, occupation, kind, level, filed_at in live.values_list(*columns):
        is_this_year = localdate(filed_at).year == today.year
        row = found.setdefault(person, _Had())
        row.add(kind, level, is_same_occupation=occupation == identity, is_this_year=is_this_year)
    return found


def reasons_by_enrolment(
    klass: "TrainingClass", people: "list[Enrolment]", today: date
) -> "list[tuple[Enrolment, list[Message], int]]":
    """For each trainee why nothing is due, or what is, in fen: for pages."""
    if not people or not assessment.is_locked(klass.pk):
        return []
    facts, version = entitlement(klass, people, today)
    policy = policies.rules_of(version)
    against, due = rules.grounds(facts, policy), rules.award(facts, policy).amount_fen
    return [(one, list(reasons(against, n)), due[n].item()) for n, one in enumerate(people)]


def reasons_now(claim: Claim) -> list[Message]:
    """Why the claim, by what is known now, was not due on the day of its filing: for reviewers."""
    if claim.state not in (rules.State.FILED, rules.State.FIRST, rules.State.RETURNED):
        return []
    klass = classes.by_id(claim.enrolment.training_class_id)
    people = [one for one in classes.roster(klass.pk) if one.pk == claim.enrolment_id]
    if not people:
        return []
    facts, version = entitlement(klass, people, localdate(claim.filed_at), besides=claim.pk)
    return list(reasons(rules.grounds(facts, policies.rules_of(version)), 0))


def replayed(claim: Claim) -> tuple[int, list[dict[str, Any]]]:
    """A past decision worked out again from what was stored with it: must agree (B1)."""
    facts, policy = rules.heard(claim.facts), policies.rules_of(claim.policy)
    award = rules.award(facts, policy)
    return rules.payable_fen(facts, policy).item(), award.working(0)


def met(claim: Claim) -> list[Message]:
    """The conditions that had figures, as the claim met them: shown beside the amount (B1)."""
    facts, policy = rules.heard(claim.facts), policies.rules_of(claim.policy)
    return [
        one.message(0)
        for one in rules.grounds(facts, policy)
        if one.values and not one.holds[0] and one.code != "higher-level"
    ]
