"""Filing claims: by the person or for a whole class, once or an instalment after the other (N12.2, N12.3, N16.2)."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.utils.timezone import localdate

from rollbook.accounts.rules import Permission, authorise
from rollbook.classes import actions as class_actions
from rollbook.classes import queries as classes
from rollbook.directory import queries as directory
from rollbook.directory.rules import TermKey
from rollbook.funds import actions as funds
from rollbook.kernel.decisions import reasons
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import NotFound, Refused, reason, refuse_if
from rollbook.persons import queries as persons
from rollbook.regions import queries as regions
from rollbook.subsidies import queries, rules
from rollbook.subsidies.actions.claims import note, paid_to, subject_of
from rollbook.subsidies.models import Claim

if TYPE_CHECKING:
    from rollbook.accounts.models import Account
    from rollbook.classes.models import Enrolment, TrainingClass


@transaction.atomic
def file_claim(*, by: "Account", enrolment_id: int, now: datetime, subsidy: str = "") -> Claim:
    """Claim what one trainee is due: by that person first, or by the institution (N16.2).

    Everything that decides is stored with the claim, and the money is set aside (N12.2, B1).
    `subsidy` may name the skill-upgrade subsidy of the unemployment fund instead: never both (N12.3).
    """
    one = classes.enrolment(by, enrolment_id)
    subsidy = subsidy or queries.subsidy_of(one.training_class)
    claims, against = _file(by, one.training_class_id, [one.pk], now, subsidy)
    refuse_if(against.get(one.pk, ()))
    return claims[0]


@transaction.atomic
def file_class_claims(*, by: "Account", class_id: int, now: datetime) -> tuple[list[Claim], dict[int, list[Message]]]:
    """Claim for all of a class who are due something, a first or a later instalment; the others come back with
    their reasons."""
    klass = classes.get(by, class_id)
    people, subsidy = list(classes.roster(class_id).values_list("pk", flat=True)), queries.subsidy_of(klass)
    have, later = queries.of_class(class_id), set(queries.in_parts(class_id))
    wanted = [pk for pk in people if pk not in have]
    if not wanted and not later:
        raise Refused(reason("all-claimed", _("Everybody of this class has claimed already."), "N12.3"))
    claims, against = _file(by, class_id, wanted, now, subsidy) if wanted else ([], {})
    for pk in (one for one in people if one in later):  # each by the policy of its own first instalment
        more, why = _file(by, class_id, [pk], now, subsidy)
        claims, against = [*claims, *more], against | why
    if not claims:
        refuse_if(message for messages in against.values() for message in messages[:1])
    return claims, against


def file_for(*, by: "Account", class_id: int, enrolment_id: int, now: datetime) -> tuple[list[Claim], list[Message]]:
    """Claim for one trainee of a class what is due for the training, a first or a later instalment; or say why not."""
    klass = classes.get(by, class_id)
    claims, against = _file(by, class_id, [enrolment_id], now, queries.subsidy_of(klass))
    return claims, against.get(enrolment_id, [])


def _file(
    by: "Account", class_id: int, enrolment_ids: Sequence[int], now: datetime, subsidy: str
) -> tuple[list[Claim], dict[int, list[Message]]]:
    klass = classes.get(by, class_id)
    authorise(by, Permission.CLAIM_FILE, institution_id=klass.institution_id)
    refuse_if(reasons_against_claiming(by, klass, subsidy))
    people = [one for one in classes.roster(class_id) if one.pk in set(enrolment_ids)]
    if not people:
        raise NotFound
    persons.lock_all(list(persons.records_of([one.person_id for one in people])))
    today = localdate(now)
    first = queries.first_part(people[0].pk, subsidy) if len(people) == 1 else None
    facts, version = queries.entitlement(klass, people, today, subsidy=subsidy, version=first.policy if first else None)
    policy = queries.rules_of(version)
    sources, payees = queries.sources(klass, people, today, policy), queries.payees(klass, people, policy, today)
    grounds, award = rules.grounds(facts, policy), rules.award(facts, policy)
    before = queries.parts_before(people, first.kind) if first else {}
    claims, against = [], {}
    for row, one in enumerate(people):
        stage, due_fen = rules.said(facts, row)["stage"], award.amount_fen[row].item()
        had = rules.reasons_against_part(before.get(one.pk, ()), policy, stage, due_fen)
        if found := [*reasons(grounds, row), *had]:
            against[one.pk] = found
            continue
        kept = rules.kept(facts, grounds, award, row) | {
            "policy": version, "fund": policy.fund, "sources": sources[one.pk], "amount_fen": due_fen, "follows": first,
        }  # fmt: skip
        kept |= paid_to(payees[one.pk], klass.region_code, by, now)
        claims.append(_claim(klass, one, kept, by, now))
    for pk, messages in _blockers(by, klass, people, against, subsidy).items():
        against[pk] = [*against[pk], *messages]
    return claims, against


def reasons_against_claiming(by: "Account", klass: "TrainingClass", subsidy: str) -> Iterator[Message]:
    """Why nobody of a class is claimed for, whoever it is."""
    if subsidy not in queries.offered(klass):
        yield reason("not-offered", _("This subsidy is not claimed for a training."), "N12.2")
    elif not queries.may_claim_at(klass, subsidy):
        yield reason("not-assessed", _("The results of the class are not locked yet."), "N5.1")
    elif subsidy == rules.Subsidy.APPRENTICE:
        yield from _against_apprentices(by, klass)


def _against_apprentices(by: "Account", klass: "TrainingClass") -> Iterator[Message]:
    if by.role == "worker":
        text = _("For an apprenticeship the enterprise claims, or the institution on its behalf.")
        yield reason("enterprise-claims", text, "N16.2")
    if queries.apprenticeship_of(klass.pk) is None:
        text = _("File first which enterprise the class works for, with the agreement.")
        yield reason("no-enterprise", text, "3.5")


def _blockers(
    by: "Account", klass: "TrainingClass", people: "list[Enrolment]", against: dict[int, list[Message]], subsidy: str
) -> dict[int, list[Message]]:
    twice = [one for one in people if any(why.code in rules.TWICE for why in against.get(one.pk, ()))]
    return queries.blocked_by(by, klass, twice, subsidy)


TWICE = _("The same occupation and level was claimed or paid before.")


def _claim(klass: "TrainingClass", one: "Enrolment", kept: dict[str, Any], by: "Account", now: datetime) -> Claim:
    today = localdate(now)
    limit = directory.terms_for(klass.region_code, today)[TermKey.FIRST_REVIEW_DAYS]
    is_training = kept["facts"]["kind"] in rules.TRAINED
    if is_training:
        class_actions.hold_reservation(enrolment=one, now=now)
    try:
        with transaction.atomic():
            claim = Claim.objects.create(
                enrolment=one,
                person=one.person,
                institution_id=klass.institution_id,
                item_id=klass.item_id or 0,
                region_code=klass.region_code,
                kind=kept["facts"]["kind"],
                occupation_identity=klass.occupation.identity if klass.occupation else 0,
                level=klass.level,
                filed_at=now,
                filed_by=by,
                decide_by=regions.working_days().after(today, limit),
                **kept,
            )
    except IntegrityError as error:
        if kept["facts"]["kind"] in (rules.Kind.LIVING, rules.Kind.SAFETY):
            text = _("This was claimed for the training already.")
            raise Refused(reason("same-training", text, "N12.3")) from error
        if kept["follows"]:
            raise Refused(reason("same-part", _("This instalment was claimed already."), "N12.3")) from error
        raise Refused(reason("same-level", TWICE, "N12.3")) from error
    funds.reserve(
        by=by, subject=subject_of(claim), region_code=klass.region_code, fund=claim.fund, year=today.year,
        amount_fen=claim.amount_fen, now=now,
    )  # fmt: skip
    note("claim.filed", claim, by=by, at=now, amount_fen=claim.amount_fen, lines=kept["working"])
    return claim
