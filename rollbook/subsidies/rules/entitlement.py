"""Whether a subsidy is due and how much: one policy over columns, with the working shown (N12.2, B1).

One claim is one row. What is decided for many is what would be decided for each.
"""

from collections.abc import Collection, Iterator

import numpy as np

from rollbook.kernel.columns import Bools, Counts, Ints, Texts
from rollbook.kernel.decisions import Award, Ground, Line, refused
from rollbook.kernel.messages import _
from rollbook.subsidies.rules import standards
from rollbook.subsidies.rules.facts import EXCLUSIONS, FUNDS, Facts, code
from rollbook.subsidies.rules.policy import (
    Cap,
    Factor,
    Instalment,
    Kind,
    Payee,
    Period,
    Policy,
    Scope,
    Source,
    Stage,
    Standing,
    Unit,
)

KINDS = Kind.values()
STAGES = Stage.values()


def _same(text: str, facts: Facts) -> Texts:
    return np.broadcast_to(np.array(text), len(facts))


def _always(number: int, facts: Facts) -> Ints:
    return np.broadcast_to(np.int64(number), len(facts))


ATTENDED = ("attendance", "class-unqualified")  # do not stand against an advance: it is paid before anybody attended


def _among(column: Ints, codes: Collection[int]) -> Bools:
    """Which cases have one of these codes: looked up, since codes are few and cases many."""
    table = np.zeros(max(16, *codes, 0) + 1, dtype=np.bool_)
    table[list(codes)] = True
    found: Bools = table[column]
    return found


def grounds(facts: Facts, policy: Policy, found: standards.Standards | None = None) -> list[Ground]:
    """Every reason not to pay, with the cases that it holds for."""
    found = found or standards.find(policy, facts)
    return [
        *_standing(facts, policy, found),
        *_evidence(facts, policy),
        *_person(facts, policy),
        *_before(facts),
        *(_cap(facts, policy, cap) for cap in policy.caps),
    ]


def _standing(facts: Facts, policy: Policy, found: standards.Standards) -> Iterator[Ground]:
    texts = {
        Standing.NO_LEVEL.value: _("The occupation has no such level."),
        Standing.NOT_SUBSIDISED.value: _("This level of the occupation is not subsidised."),
        standards.NO_ROW.standing: _("The policy gives no amount for this."),
    }
    has_list = (facts.list_fen >= 0) & (policy.source == Source.LIST)
    for name, text in texts.items():
        holds = (found.standing == standards.STANDINGS.index(name)) & ~has_list
        yield Ground(name, text, _same(policy.document, facts), holds)


def _evidence(facts: Facts, policy: Policy) -> Iterator[Ground]:
    """What happened in the class and what is on file of it."""
    is_over = facts.stage != STAGES.index(Stage.FILED)
    attended, unqualified = ATTENDED
    yield Ground(
        attended,
        _("Attended {percent} % of the hours; {least} % are needed."),
        facts.attendance_document,
        is_over & (facts.attended_percent < facts.attendance_least),
        {"percent": facts.attended_percent, "least": facts.attendance_least},
    )
    yield Ground(
        unqualified,
        _("On its worst day {percent} % of the class was there; below {least} % the class gets no subsidy."),
        facts.attendance_document,
        is_over & (facts.worst_day_percent < facts.day_attendance_least),
        {"percent": facts.worst_day_percent, "least": facts.day_attendance_least},
    )
    yield from _reached(facts, policy)
    signed = _("The trainee has not signed the commitment.")
    yield Ground("no-commitment", signed, _same("N4.6", facts), ~facts.is_committed)
    verified = _("The identity is not verified; pending is not a pass.")
    yield Ground("unverified", verified, _same("N3.7", facts), ~facts.is_verified)
    limits, document = policy.limits, _same(policy.document, facts)
    if limits.claim_days >= 0:
        yield Ground(
            "too-late",
            _("{days} days since the certificate; a claim must be made within {limit}."),
            document,
            facts.days_since_certificate > limits.claim_days,
            {"days": facts.days_since_certificate, "limit": _always(limits.claim_days, facts)},
        )
    if limits.claim_months >= 0:
        yield Ground(
            "too-late",
            _("More than {limit} months since the certificate: the claim is too late."),
            document,
            facts.months_since_certificate > limits.claim_months,
            {"limit": _always(limits.claim_months, facts)},
        )
    if limits.insured_months >= 0:
        yield Ground(
            "insured-months",
            _("Insured for {months} months; {least} are needed."),
            document,
            facts.insured_months < limits.insured_months,
            {"months": facts.insured_months, "least": _always(limits.insured_months, facts)},
        )
    if limits.contract_months >= 0:
        yield Ground(
            "contract-months",
            _("The labour contract runs {months} months; {least} are needed."),
            document,
            facts.contract_months < limits.contract_months,
            {"months": facts.contract_months, "least": _always(limits.contract_months, facts)},
        )


def _reached(facts: Facts, policy: Policy) -> Iterator[Ground]:
    """The stage that is needed before anything is due; after an advance it may be one that is not reached yet."""
    texts = {
        Stage.CERTIFIED.value: _("There is no valid certificate of this class."),
        Stage.EMPLOYED.value: _("Employment is not shown."),
    }
    ladder = policy.instalments or (Instalment(stage=Stage.CERTIFIED, percent=100),)
    waiting: dict[str, list[int]] = {}
    percent = 0
    for n, stage in enumerate(STAGES):
        percent = next((one.percent for one in ladder if one.stage == stage), percent)
        if percent == 0:
            later = (one.stage for one in ladder if one.percent and STAGES.index(one.stage) > n)
            waiting.setdefault(next(later, ladder[-1].stage), []).append(n)
    for needed, stages in waiting.items():
        text = texts.get(needed, _("The class is not completed."))
        yield Ground(f"not-{needed}", text, _same(policy.document, facts), _among(facts.stage, stages))


def _person(facts: Facts, policy: Policy) -> Iterator[Ground]:
    """Who may have it and who may not, by facts frozen on the policy's day."""
    document = _same(policy.document, facts)
    if policy.categories:
        among = _among(facts.category, [code("category", one.category) for one in policy.categories])
        yield Ground("not-eligible", _("Not one of the persons that this is for."), document, ~among)
        proved = [code("category", one.category) for one in policy.categories if one.proof]
        text = _("The proof of the person's category is missing.")
        yield Ground("no-proof", text, document, _among(facts.category, proved) & ~facts.has_proof)
    others = [
        code("category", one.category) for one in policy.categories if policy.payee_of(one.category) != Payee.PERSON
    ]
    is_other = (
        np.isin(facts.category, others) if policy.categories else np.full(len(facts), policy.payee != Payee.PERSON)
    )
    text = _("By the policy the money goes to the employer, and no labour contract on record says who that is.")
    yield Ground("payee", text, _same("N16.2", facts), is_other & ~facts.has_payee)
    texts = {
        "establishment": _("Is on the establishment of a government body or public institution."),
        "pension": _("Draws a pension."),
        "student": _("Is a full-time student before the graduation year."),
        "minor": _("Is younger than 16."),
        "pupil": _("Is a pupil."),
        "apprentice": _("Is in an apprenticeship that is subsidised."),
    }
    for one in policy.exclusions:
        bit = 1 << EXCLUSIONS.index(one.exclusion)
        yield Ground(f"is-{one.exclusion}", texts[one.exclusion], document, (facts.excluded & bit) > 0)


ONCE = [KINDS.index(one) for one in Kind if one not in (Kind.LIVING, Kind.SAFETY)]  # those have caps of their own
LADDER = [KINDS.index(one) for one in (Kind.LEVEL, Kind.UPGRADE, Kind.APPRENTICE, Kind.EVALUATION)]


def _before(facts: Facts) -> Iterator[Ground]:
    """Never twice, in whatever fund or region (N12.3)."""
    same = _("The same occupation and level was claimed or paid before.")
    once = _among(facts.kind, ONCE)
    yield Ground("same-level", same, _same("N12.3", facts), facts.same_level_had & once)
    yield Ground(
        "higher-level",
        _("Level {had} of this occupation was claimed or paid before; a higher one bars a lower."),
        _same("N12.3", facts),
        _among(facts.kind, LADDER) & (facts.highest_had_level < facts.level) & (facts.level > 0),
        {"had": facts.highest_had_level},
    )


def _cap(facts: Facts, policy: Policy, cap: Cap) -> Ground:
    table: Counts = {
        (Period.YEAR, Scope.ALL): facts.had_year,
        (Period.EVER, Scope.ALL): facts.had_ever,
        (Period.YEAR, Scope.OCCUPATION): facts.had_occupation_year,
        (Period.EVER, Scope.OCCUPATION): facts.had_occupation_ever,
    }[Period(cap.period), Scope(cap.scope)]
    kinds = [KINDS.index(one) for one in cap.kinds or KINDS]
    count = np.zeros(len(facts), dtype=np.int64)
    for kind in kinds:  # column by column: to pick some of them first would copy all
        count += table[:, kind]
    if cap.fund:
        had = facts.had_fund_year if cap.period == Period.YEAR else facts.had_fund_ever
        count = had[:, FUNDS.index(cap.fund)].astype(np.int64)
    text = {
        Period.YEAR: _("{count} subsidies this year already; {limit} may be had."),
        Period.EVER: _("{count} subsidies in all already; {limit} may be had."),
    }[Period(cap.period)]
    values = {"count": count, "limit": _always(cap.limit, facts)}
    holds = (count >= cap.limit) & _among(facts.kind, kinds) & _under(facts, policy, cap)
    name = {Period.YEAR: "yearly-cap", Period.EVER: "lifetime-cap"}[Period(cap.period)]
    return Ground(name, text, _same(policy.document, facts), holds, values)


def _under(facts: Facts, policy: Policy, cap: Cap) -> Bools:
    """Whom a cap is for: those it names, or all that no cap of the same period names."""
    if cap.category:
        return np.equal(facts.category, code("category", cap.category))
    named = [code("category", one.category) for one in policy.caps if one.category and one.period == cap.period]
    return ~_among(facts.category, named)


def award(facts: Facts, policy: Policy, found: standards.Standards | None = None) -> Award:
    """How much is due now, in lines that add up; below nothing where more was paid than is due."""
    found = found or standards.find(policy, facts)
    from_list = (facts.list_fen >= 0) & (policy.source == Source.LIST)
    units, table = _in_units(facts, policy, found)
    document = _same(policy.document, facts)
    total: Ints = np.where(from_list, facts.list_fen, table)
    listed = np.where(from_list, total, 0)
    lines = [
        Line(_("Standard of the demand directory"), listed, document),
        Line(_("Standard of the policy"), total - listed, document, {"units": units}),
    ]
    if any(one.cap_fen for one in policy.amounts):
        over = np.where((found.cap_fen > 0) & ~from_list, np.minimum(0, found.cap_fen - total), 0)
        lines.append(Line(_("No more than the policy's limit"), over, document))
        total = total + over
    for factor in policy.factors:
        applies = _applies(factor, facts)
        if factor.is_for_table:
            applies &= ~from_list
        after = total.copy()
        after[applies] = total[applies] * factor.percent // 100
        if policy.rounding_fen > 1:
            after = after // policy.rounding_fen * policy.rounding_fen
        values = {"name": _same(factor.name, facts), "percent": _always(factor.percent, facts)}
        lines.append(Line(_("{name}: {percent} %"), after - total, document, values))
        total = after
    lines.extend(_instalments(facts, policy, total))
    return Award(lines)


PIECES = (Unit.HOUR, Unit.DAY, Unit.YEAR)


def _in_units(facts: Facts, policy: Policy, found: standards.Standards) -> tuple[Ints, Ints]:
    """How many units are paid of each case, and what its row comes to in them; most policies pay by the person."""
    units, table = facts.units, found.amount_fen
    if any(one.most_units for one in policy.amounts):
        units = np.where(found.most_units > 0, np.minimum(units, found.most_units), units)
    if policy.limits.years >= 0:
        is_by_year = _among(found.unit, [standards.UNITS.index(Unit.YEAR)])
        units = np.where(is_by_year, np.minimum(units, policy.limits.years), units)
    if any(one.unit in PIECES for one in policy.amounts):
        table = np.where(_among(found.unit, [standards.UNITS.index(one) for one in PIECES]), table * units, table)
    if any(one.unit == Unit.COST for one in policy.amounts):
        of_cost = facts.cost_fen * found.amount_fen // 100
        table = np.where(found.unit == standards.UNITS.index(Unit.COST), of_cost, table)
    return units, table


def _applies(factor: Factor, facts: Facts) -> Bools:
    holds = np.ones(len(facts), dtype=np.bool_)
    for name, words in (("kind", factor.kinds), ("urgency", factor.urgency), ("category", factor.categories)):
        if words:
            holds &= _among(getattr(facts, name), [code(name, word) for word in words])
    if factor.levels:
        holds &= _among(facts.level, factor.levels)
    if factor.mode:
        holds &= facts.mode == code("mode", factor.mode)
    if factor.is_public_base:
        holds &= facts.is_public_base
    if factor.is_starred:
        holds &= facts.is_starred
    return holds


def _instalments(facts: Facts, policy: Policy, total: Ints) -> Iterator[Line]:
    """What is not due at this stage, and what was had of it."""
    percent = np.zeros(len(facts), dtype=np.int64)
    for one in policy.instalments:
        percent = np.where(facts.stage >= STAGES.index(one.stage), one.percent, percent)
    document = _same(policy.document, facts)
    if policy.instalments:
        later = total * percent // 100 - total
        yield Line(_("{percent} % are due at this stage"), later, document, {"percent": percent})
    yield Line(_("Paid before"), -facts.paid_fen, document)


def payable_fen(facts: Facts, policy: Policy) -> Ints:
    """What each claim comes to, in fen: nothing where any ground holds."""
    found = standards.find(policy, facts)
    return np.where(refused(grounds(facts, policy, found)), 0, award(facts, policy, found).amount_fen)
