"""The facts of claims gathered into columns, and the decision that follows from them."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
from django.utils.timezone import localdate

from rollbook.classes import queries as classes
from rollbook.classes.rules.states import State as ClassState
from rollbook.directory import queries as directory
from rollbook.directory.rules import TermKey, TrainingType
from rollbook.kernel.messages import _
from rollbook.kernel.reasons import Refused, reason
from rollbook.persons import queries as persons
from rollbook.subsidies import rules
from rollbook.subsidies.models import Claim, PolicyVersion
from rollbook.subsidies.queries import departments, parts, policies

if TYPE_CHECKING:
    from rollbook.certificates.models import Certificate
    from rollbook.classes.models import Enrolment, TrainingClass

KINDS = rules.Kind.values()


def entitlement(
    klass: "TrainingClass",
    people: "Collection[Enrolment]",
    today: date,
    *,
    subsidy: str = rules.Subsidy.TRAINING,
    claims: "Mapping[int, Claim] | None" = None,
    version: PolicyVersion | None = None,
) -> tuple[rules.Facts, PolicyVersion]:
    """The facts of these trainees of a class, as columns, and the policy they fall under: a fixed
    number of queries.

    `claims` by enrolment are decided again: as of the day of their filing, and nothing that was
    claimed after them counts as had before. `version` decides in place of the policy of the day: a later
    instalment is paid by the policy of the first.
    """
    item, occupation = klass.item, klass.occupation
    assert item is not None  # noqa: S101 an approved class has its project
    assert occupation is not None  # noqa: S101
    is_fee = subsidy == rules.Subsidy.EVALUATION
    if is_fee and item.training_type != TrainingType.LEVEL:
        text = _("Only an evaluation of a skill level has its fee paid; this training ends with another certificate.")
        raise Refused(reason("no-evaluation", text, "N12.2"))
    claims = claims or {}
    terms = directory.terms_for(klass.region_code, klass.starts_on or today)
    issued, attended = departments.issued_of(klass, people, subsidy), classes.attendance_of(klass.pk)
    kind = item.training_type if subsidy == rules.Subsidy.TRAINING else rules.KINDS[subsidy][0].value
    worst_day = classes.worst_day_percent(klass.pk)
    same = {
        "kind": rules.code("kind", kind),
        "identity": occupation.identity,
        "grade": rules.code("grade", item.grade),
        "level": int(klass.level),
        "hours": item.hours,
        "urgency": rules.code("urgency", item.urgency),
        "mode": rules.code("mode", "offline"),
        "has_proof": False,
        "is_public_base": False,
        "is_starred": False,
        "units": rules.years_of(klass.starts_on, klass.ends_on) if kind == rules.Kind.APPRENTICE else item.hours,
        "cost_fen": 0,
        "list_fen": -1 if is_fee else item.scarce_amount_fen or item.amount_fen,  # the list is of the training
        "worst_day_percent": worst_day,
        "attendance_least": terms[TermKey.ATTENDANCE_PERCENT],
        "day_attendance_least": terms[TermKey.DAY_ATTENDANCE_PERCENT],
        "attendance_document": terms.document(TermKey.ATTENDANCE_PERCENT),
        "insured_months": 0,
        "contract_months": 0,
        "has_payee": True,
    }
    starts_on = klass.starts_on or today
    days = {"start": starts_on, "approval": localdate(klass.decided_at) if klass.decided_at else starts_on}
    days["certificate"] = max((issued[one.pk].issued_on for one in people if one.pk in issued), default=today)
    version = version or policies.binding(klass.region_code, subsidy, days)
    policy = policies.rules_of(version)
    is_in_parts = rules.is_in_parts(kind, policy)
    before = parts.parts_before(people, kind, claims) if is_in_parts else {}
    had = _had(people, occupation.identity, kind, today, claims, before)
    own_days = {one.pk: localdate(claims[one.pk].filed_at) if one.pk in claims else today for one in people}
    said = departments.said_of(klass, people, policy, issued, own_days)
    is_attended = worst_day >= terms[TermKey.DAY_ATTENDANCE_PERCENT]
    is_by_day = any(row.unit == rules.Unit.DAY and row.kind == kind for row in policy.amounts)
    attended_days = classes.days_attended(klass.pk) if is_by_day else {}
    rows = []
    for one in people:
        certificate = issued.get(one.pk)
        day = own_days[one.pk]
        units = {"units": attended_days.get(one.pk, 0)} if is_by_day else {}
        is_qualified = is_attended and attended[one.pk].percent >= terms[TermKey.ATTENDANCE_PERCENT]
        stage = _stage(klass, one, certificate, policy, said[one.pk], claims.get(one.pk), is_qualified=is_qualified)
        rows.append(
            _Row(
                **same | had[one.pk].facts(klass.level) | units | said[one.pk].columns(),
                category=rules.code("category", said[one.pk].category),
                stage=rules.code("stage", stage),
                paid_fen=rules.paid_fen(before.get(one.pk, ())),
                attended_percent=attended[one.pk].percent,
                is_committed=hasattr(one, "commitment"),
                is_verified=one.person.verification == "matched",
                days_since_certificate=(day - certificate.issued_on).days if certificate else 0,
                months_since_certificate=rules.months_begun(certificate.issued_on, day) if certificate else 0,
            )
        )
    return rules.Facts.of(rows), version


def _stage(
    klass: "TrainingClass",
    one: "Enrolment",
    certificate: "Certificate | departments.Issued | None",
    policy: rules.Policy,
    said: departments.Said,
    again: Claim | None,
    *,
    is_qualified: bool,
) -> str:
    """How far a trainee has come by a day. A claim that is decided again is for the stage it was filed at, or
    less: what came after it is another instalment."""
    is_over = klass.state == ClassState.ASSESSED
    stage = rules.Stage.COMPLETED.value if is_over else rules.Stage.FILED.value
    if is_over and certificate is not None and certificate.state == "valid":
        stage = rules.Stage.CERTIFIED.value
        if policy.pays_at(rules.Stage.EMPLOYED):
            stage = rules.Stage.EMPLOYED.value if said.employed() else stage
    if again is None:
        return stage
    has_left = one.dropped_at is not None or klass.state == ClassState.CANCELLED
    return rules.stage_again(
        again.facts["stage"], stage, policy, is_over=is_over, has_left=has_left, is_qualified=is_qualified
    )


class _Row:
    """One claim's facts before they become columns."""

    def __init__(self, **values: Any) -> None:
        self.__dict__.update(values)


class _Had:
    """What a person has claimed or been paid before."""

    def __init__(self) -> None:
        self.counts = np.zeros((4, len(KINDS)), dtype=np.int16)
        self.funds = np.zeros((2, len(rules.FUNDS)), dtype=np.int16)
        self.levels: set[str] = set()

    def add(
        self, kind: str, level: str, fund: str, *, is_same_occupation: bool, is_this_year: bool, is_alike: bool
    ) -> None:
        which = [is_this_year, True, is_same_occupation and is_this_year, is_same_occupation]
        self.counts[which, KINDS.index(kind)] += 1
        self.funds[[is_this_year, True], rules.FUNDS.index(fund)] += 1
        if is_same_occupation and is_alike:
            self.levels.add(level)

    def facts(self, level: str) -> dict[str, Any]:
        names = ("had_year", "had_ever", "had_occupation_year", "had_occupation_ever")
        highest = min((int(one) or rules.NEVER for one in self.levels), default=rules.NEVER)
        same = {"same_level_had": level in self.levels, "highest_had_level": highest}
        funds = {"had_fund_year": self.funds[0], "had_fund_ever": self.funds[1]}
        return same | funds | dict(zip(names, self.counts, strict=True))


def _had(
    people: "Collection[Enrolment]",
    identity: int,
    kind: str,
    today: date,
    claims: "Mapping[int, Claim]",
    before: "Mapping[int, list[rules.Part]]",
) -> dict[int, _Had]:
    """What each has claimed or been paid before, whatever the region, the fund or the record it was under.

    All instalments of a training are one subsidy; those `before` of this very one do not bar it.
    """
    own = {part.claim for some in before.values() for part in some}
    records = persons.kept_of([one.person_id for one in people])
    found = {one.pk: _Had() for one in people}
    by_person: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    live = Claim.objects.filter(person_id__in=records, follows=None).exclude(state=rules.State.REFUSED)
    for row in live.values_list("person_id", "filed_at", "pk", "occupation_identity", "kind", "level", "fund"):
        by_person[records[row[0]]].append(row[1:])
    for one in people:
        again = claims.get(one.pk)
        day = localdate(again.filed_at) if again else today
        for filed_at, pk, occupation, other, level, fund in by_person[records[one.person_id]]:
            if pk in own or (again and (filed_at, pk) >= (again.filed_at, again.pk)):
                continue
            found[one.pk].add(
                other, level, fund, is_same_occupation=occupation == identity,
                is_this_year=localdate(filed_at).year == day.year, is_alike=other in rules.alike(kind),
            )  # fmt: skip
    return found
