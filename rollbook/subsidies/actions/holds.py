"""Stops on claims, written by contexts above: an inspection that failed, an alert that was confirmed."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction

from rollbook.accounts.rules import Permission, authorise
from rollbook.classes import queries as classes
from rollbook.funds import actions as funds
from rollbook.journal.actions import record
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import NotFound, Refused, reason
from rollbook.persons import queries as persons
from rollbook.subsidies import queries, rules
from rollbook.subsidies.models import Claim, Hold

if TYPE_CHECKING:
    from rollbook.accounts.models import Account

S, M = rules.State, rules.Move


@transaction.atomic
def hold_class(*, by: "Account | None", class_id: int, ground: Message, source: str, now: datetime) -> Hold:
    """Stop every claim of a class, also those filed later; the caller has authorised. Told twice is one hold."""
    klass = classes.by_id(class_id)
    claims = Claim.objects.select_for_update().filter(enrolment__training_class_id=class_id).order_by("pk")
    return _placed(list(claims), by, ground, source, now, training_class=klass, region_code=klass.region_code,
                   institution_id=klass.institution_id)  # fmt: skip


@transaction.atomic
def hold_trainee(
    *, by: "Account | None", class_id: int, person_id: int, ground: Message, source: str, now: datetime
) -> Hold:
    """Stop every claim of one person for a class, also those filed later; the caller has authorised."""
    klass = classes.by_id(class_id)
    own = Claim.objects.filter(enrolment__training_class_id=class_id, person_id=person_id)
    claims = list(own.select_for_update(of=("self",)).order_by("pk"))
    return _placed(claims, by, ground, source, now, training_class=klass, person=persons.by_id(person_id),
                   region_code=klass.region_code, institution_id=klass.institution_id)  # fmt: skip


@transaction.atomic
def hold_claim(*, by: "Account | None", claim_id: int, ground: Message, source: str, now: datetime) -> Hold:
    """Stop one claim; the caller has authorised. Told twice is one hold."""
    claim = Claim.objects.select_for_update().filter(pk=claim_id).first()
    if claim is None:
        raise NotFound
    return _placed([claim], by, ground, source, now, claim=claim, region_code=claim.region_code,
                   institution_id=claim.institution_id)  # fmt: skip


def _placed(claims: list[Claim], by: "Account | None", ground: Message, source: str, now: datetime, **on: Any) -> Hold:
    """The claims are locked: what was not yet in payment goes no further, what is in payment is not released."""
    kept = ground.kept()
    made, is_new = Hold.objects.get_or_create(
        source=source, lifted_at=None, claim=on.get("claim"), training_class=on.get("training_class"),
        person=on.get("person"),
        defaults={**on, "ground": kept, "placed_at": now, "placed_by": by},
    )  # fmt: skip
    if not is_new:
        return made
    if klass := on.get("training_class"):
        record("class.claims-held", klass, by=by, at=now, region_code=klass.region_code,
               institution_id=klass.institution_id, **_whose(made),
               ground=kept)  # fmt: skip
    for claim in claims:
        if claim.state == S.IN_PAYMENT:
            funds.stop_payment(subject=queries.subject_of(claim), ground=kept, now=now)
        record("claim.held", claim, by=by, at=now, region_code=claim.region_code, institution_id=claim.institution_id,
               ground=kept)  # fmt: skip
    return made


@transaction.atomic
def lift_hold(*, by: "Account", hold_id: int, why: str, now: datetime) -> Hold:
    """Another officer than who placed it lets the claims go on, with the reason (N14.1)."""
    hold = queries.live_hold(by, hold_id)
    if hold is None:
        raise NotFound
    authorise(by, Permission.HOLD_LIFT, region_code=hold.region_code)
    if not why.strip():
        raise Refused(reason("why", _("Say on what ground."), "N14.1"))
    if hold.placed_by_id == by.pk:
        raise Refused(reason("own-hold", _("Another officer than who placed a hold lifts it."), "N14.1"))
    on = {"pk": hold.claim_id} if hold.claim_id else {"enrolment__training_class_id": hold.training_class_id}
    if hold.person_id:
        on["person_id"] = hold.person_id
    claims = list(Claim.objects.select_for_update(of=("self",)).select_related("publicity").filter(**on).order_by("pk"))
    hold.lifted_at, hold.lifted_by, hold.lifted_because = now, by, why.strip()[:200]
    hold.save(update_fields=["lifted_at", "lifted_by", "lifted_because"])
    if klass := hold.training_class:
        record("class.claims-released", klass, by=by, at=now, region_code=klass.region_code,
               institution_id=klass.institution_id, **_whose(hold), why=why)  # fmt: skip
    still = queries.held_among([one.pk for one in claims])
    for claim in claims:
        if claim.pk not in still:
            _go_on(claim, now)
        record("claim.hold-lifted", claim, by=by, at=now, region_code=claim.region_code,
               institution_id=claim.institution_id, why=why)  # fmt: skip
    return hold


def _whose(hold: Hold) -> dict[str, str]:
    """Whom of a class it is on, for the journal."""
    return {"name": hold.person.name} if hold.person else {}


def _go_on(claim: Claim, now: datetime) -> None:
    """What waited goes on from where it was: its notice may have ended meanwhile."""
    funds.let_pay(subject=queries.subject_of(claim), now=now)
    if claim.state == S.PUBLICITY and claim.publicity and claim.publicity.finished_at:
        claim.state = rules.LIFECYCLE.after(S.PUBLICITY, M.FINISH_PUBLICITY)
        claim.save(update_fields=["state"])
