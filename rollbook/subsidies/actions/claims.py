from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.timezone import localdate

from rollbook.accounts.rules import Permission, authorise
from rollbook.classes import actions as class_actions
from rollbook.directory import queries as directory
from rollbook.directory.rules import TermKey
from rollbook.funds import actions as funds
from rollbook.funds import queries as fund_queries
from rollbook.funds.rules import Fund
from rollbook.journal.actions import record
from rollbook.kernel.messages import _
from rollbook.kernel.reasons import NotFound, Refused, reason, refuse_if
from rollbook.persons import actions as person_actions
from rollbook.persons import queries as persons
from rollbook.regions import queries as regions
from rollbook.subsidies import queries, rules
from rollbook.subsidies.models import Claim, Objection, Publicity
from rollbook.subsidies.queries import subject_of as subject_of

if TYPE_CHECKING:
    from rollbook.accounts.models import Account
    from rollbook.funds.models import PaymentBatch

S, M = rules.State, rules.Move


def note(kind: str, claim: Claim, *, by: "Account | None", at: datetime, **data: object) -> None:
    record(kind, claim, by=by, at=at, region_code=claim.region_code, institution_id=claim.institution_id, **data)


def paid_to(payee: queries.Payee, region_code: str, by: "Account", now: datetime) -> dict[str, Any]:
    """The columns of a claim that say who is paid; an organisation is registered when it is met first (N16.2)."""
    if payee.kind == rules.Payee.PERSON:
        return {"payee": payee.kind, "organisation": None}
    one = person_actions.register_organisation(
        by=by, uscc=payee.uscc, name=queries.payee_name(payee), region_code=region_code, now=now
    )
    return {"payee": payee.kind, "organisation": one}


@transaction.atomic
def review_claim(*, by: "Account", claim_id: int, move: str, now: datetime, why: str = "", despite: str = "") -> Claim:
    """First review, then second by another person: pass, return or refuse (N14.1). While an alert about the class or the
    person is not decided, passing wants a reason, `despite`."""
    claim = queries.get(by, claim_id, lock=True)
    is_second = claim.state == S.FIRST
    authorise(
        by, Permission.CLAIM_SECOND_REVIEW if is_second else Permission.CLAIM_REVIEW, region_code=claim.region_code
    )
    if move not in M.values():
        raise Refused(reason("bad-move", _("Approve, return or refuse.")))
    wanted = M(move)
    if wanted in (M.RETURN, M.REFUSE) and not why.strip():
        raise Refused(reason("why", _("Say on what ground."), "N14.1"))
    if is_second and claim.first_by_id == by.pk:
        raise Refused(reason("same-officer", _("The second officer must be another than the first."), "N14.1"))
    if wanted in (M.PASS_FIRST, M.PASS_SECOND):
        refuse_if(queries.reasons_now(by, claim))
        class_actions.go_on(
            by=by, class_id=claim.enrolment.training_class_id, person_id=claim.person_id, despite=despite, step=wanted,
            region_code=claim.region_code, now=now,
        )  # fmt: skip
    claim.state = rules.LIFECYCLE.after(S(claim.state), wanted)
    today, calendar = localdate(now), regions.working_days()
    match wanted:
        case M.PASS_FIRST:
            claim.first_by, claim.first_at = by, now
            limit = directory.terms_for(claim.region_code, today)[TermKey.SECOND_REVIEW_DAYS]
            claim.decide_by = calendar.after(today, limit)
        case M.PASS_SECOND:
            claim.second_by, claim.second_at, claim.decide_by = by, now, None
        case M.RETURN:
            claim.first_by = claim.first_at = claim.decide_by = None
        case M.REFUSE:
            _give_back(claim, by, now)
        case _:
            raise Refused(reason("bad-move", _("Approve, return or refuse.")))
    claim.save()
    kinds = {M.PASS_FIRST: "passed-first", M.PASS_SECOND: "passed-second", M.RETURN: "returned", M.REFUSE: "refused"}
    note(f"claim.{kinds[wanted]}", claim, by=by, at=now, why=why)
    return claim


@transaction.atomic
def pass_claims(*, by: "Account", claim_ids: Sequence[int], now: datetime) -> int:
    """Pass several claims at the step each is at, all or none; gives how many (N14.1). One about which an alert is not
    decided is passed by itself, with the reason."""
    found = dict(queries.review_queue(by).filter(pk__in=claim_ids).values_list("pk", "state"))
    if not found:
        raise Refused(reason("none-chosen", _("Choose at least one claim.")))
    for pk in sorted(found):
        move = M.PASS_FIRST if found[pk] == S.FILED else M.PASS_SECOND
        review_claim(by=by, claim_id=pk, move=move, now=now)
    return len(found)


def _give_back(claim: Claim, by: "Account | None", now: datetime) -> None:
    """Nothing is paid: the money and the person's level are free again."""
    funds.release(by=by, subject=subject_of(claim), now=now)
    if claim.kind in rules.TRAINED:
        class_actions.release_reservation(enrolment_id=claim.enrolment_id, now=now)


@transaction.atomic
def refile(*, by: "Account", claim_id: int, now: datetime) -> Claim:
    """File a returned claim again: what it rests on was mended meanwhile, so it is decided anew."""
    claim = queries.get(by, claim_id, lock=True)
    authorise(by, Permission.CLAIM_FILE, institution_id=claim.institution_id)
    persons.lock_all(list(persons.records_of([claim.person_id])))
    refuse_if(queries.reasons_now(by, claim))
    claim.state = rules.LIFECYCLE.after(S(claim.state), M.REFILE)
    was_fen, claim.filings = claim.amount_fen, claim.filings + 1
    decided = queries.decided_now(claim, localdate(now))
    decided |= paid_to(queries.payee_now(claim, localdate(now)), claim.region_code, by, now)
    for name, value in decided.items():
        setattr(claim, name, value)
    limit = directory.terms_for(claim.region_code, localdate(now))[TermKey.FIRST_REVIEW_DAYS]
    claim.decide_by = regions.working_days().after(localdate(now), limit)
    claim.save()
    if claim.amount_fen != was_fen:
        funds.release(by=by, subject=subject_of(claim), now=now, times=claim.filings)
        funds.reserve(
            by=by, subject=subject_of(claim), region_code=claim.region_code, fund=claim.fund,
            year=localdate(claim.filed_at).year, amount_fen=claim.amount_fen, now=now, times=claim.filings,
        )  # fmt: skip
    note("claim.refiled", claim, by=by, at=now, amount_fen=claim.amount_fen, lines=claim.working)
    return claim


@transaction.atomic
def publish_claims(*, by: "Account", now: datetime) -> Publicity:
    """Put all that passed both reviews into a public notice of the region's working days (N14.2)."""
    authorise(by, Permission.CLAIM_REVIEW, region_code=by.region_code)
    claims = list(queries.to_publish(by.region_code).select_for_update(of=("self",)))
    if not claims:
        raise Refused(reason("nothing", _("No claim waits for publicity.")))
    today = localdate(now)
    days = directory.terms_for(by.region_code, today)[TermKey.PUBLICITY_DAYS]
    start = f"GS{by.region_code}{today:%Y%m%d}"
    notice = Publicity.objects.create(
        number=f"{start}-{Publicity.objects.filter(number__startswith=start).count() + 1:02}",
        region_code=by.region_code,
        starts_on=today,
        ends_on=regions.working_days().after(today, days),
        made_at=now,
    )
    for claim in claims:
        claim.publicity = notice
        note("claim.published", claim, by=by, at=now, notice=notice.number, until=str(notice.ends_on))
    Claim.objects.bulk_update(claims, ["publicity"])
    return notice


@transaction.atomic
def raise_objection(*, claim_id: int, text: str, contact: str, now: datetime) -> Objection:
    """Anyone objects to a claim in publicity: that claim is pulled back, the others go on (N14.2)."""
    claim = Claim.objects.select_for_update(of=("self",)).select_related("publicity").filter(pk=claim_id).first()
    if claim is None or claim.publicity is None:
        raise NotFound
    if not text.strip():
        raise Refused(reason("no-text", _("Say what is wrong.")))
    if claim.publicity.ends_on < localdate(now) or claim.state not in (S.PUBLICITY, S.PULLED_BACK):
        raise Refused(reason("publicity-over", _("The publicity of this claim has ended.")))
    made = Objection.objects.create(claim=claim, text=text.strip()[:4000], contact=contact[:64], raised_at=now)
    if claim.state == S.PUBLICITY:
        claim.state = rules.LIFECYCLE.after(S.PUBLICITY, M.PULL_BACK)
        claim.save(update_fields=["state"])
    note("claim.objected", claim, by=None, at=now)
    return made


@transaction.atomic
def settle_objection(*, by: "Account", objection_id: int, upheld: bool, finding: str, now: datetime) -> Objection:
    """Upheld: the claim is refused. Rejected: it goes on, once no other objection is open."""
    found = queries.objections_open(by).select_for_update(of=("self",)).filter(pk=objection_id).first()
    if found is None:
        raise NotFound
    claim = queries.get(by, found.claim_id, lock=True)
    authorise(by, Permission.OBJECTION_SETTLE, region_code=claim.region_code)
    if not finding.strip():
        raise Refused(reason("finding", _("Write down what was found."), "N14.1"))
    found.upheld, found.finding, found.settled_by, found.settled_at = upheld, finding, by, now
    found.save()
    if upheld and claim.state == S.PULLED_BACK:
        claim.state = rules.LIFECYCLE.after(S.PULLED_BACK, M.REFUSE)
        _give_back(claim, by, now)
    elif claim.state == S.PULLED_BACK and not claim.objections.filter(settled_at=None).exists():
        claim.state = rules.LIFECYCLE.after(S.PULLED_BACK, M.RESUME)
        if claim.publicity and claim.publicity.finished_at:
            claim.state = rules.LIFECYCLE.after(S.PUBLICITY, M.FINISH_PUBLICITY)
    claim.save()
    note("claim.settled", claim, by=by, at=now, upheld=upheld, finding=finding)
    return found


@transaction.atomic
def finish_publicity(*, publicity_id: int, now: datetime) -> int:
    """The days are over: whatever nobody objected to may be paid."""
    notice = Publicity.objects.select_for_update().get(pk=publicity_id)
    if notice.finished_at or localdate(now) <= notice.ends_on:
        return 0
    notice.finished_at = now
    notice.save(update_fields=["finished_at"])
    claims = list(notice.claims.select_for_update().filter(state=S.PUBLICITY).order_by("pk"))
    held = queries.held_among([one.pk for one in claims])  # they go on when their hold is lifted
    claims = [one for one in claims if one.pk not in held]
    for claim in claims:
        claim.state = rules.LIFECYCLE.after(S.PUBLICITY, M.FINISH_PUBLICITY)
        note("claim.approved", claim, by=None, at=now, notice=notice.number)
    Claim.objects.bulk_update(claims, ["state"])
    return len(claims)


@transaction.atomic
def make_batch(*, by: "Account", claim_ids: Sequence[int], now: datetime) -> "PaymentBatch":
    """Put approved claims of the own region, of one year, into a payment batch (N16.3)."""
    asked = queries.visible_to(by).filter(pk__in=claim_ids).order_by("pk")
    claims = list(queries.to_pay(by.region_code).select_for_update(of=("self",)).filter(pk__in=claim_ids))
    refuse_if(queries.reasons_held(asked.values_list("pk", flat=True)))
    years = {localdate(one.filed_at).year for one in claims}
    if len(years) > 1:
        raise Refused(reason("two-years", _("Claims of two budget years go into two batches."), "N12.1"))
    if len({one.fund for one in claims}) > 1:
        raise Refused(reason("two-funds", _("Claims of two funds go into two batches."), "N12.1"))
    drafts = [funds.LineDraft(subject_of(one), one.person_id, one.amount_fen, one.organisation_id) for one in claims]
    batch = funds.make_batch(
        by=by,
        region_code=by.region_code,
        fund=next((one.fund for one in claims), Fund.EMPLOYMENT),
        year=max(years, default=now.year),
        lines=drafts,
        now=now,
    )
    for claim in claims:
        claim.state = rules.LIFECYCLE.after(S(claim.state), M.BATCH)
        note("claim.batched", claim, by=by, at=now, batch=batch.number)
    Claim.objects.bulk_update(claims, ["state"])
    return batch


@transaction.atomic
def cancel_batch(*, by: "Account", batch_id: int, now: datetime) -> "PaymentBatch":
    """Give up a batch that nobody has checked: its claims wait for another (N16.3)."""
    batch = funds.cancel_batch(by=by, batch_id=batch_id, now=now)
    keys = [int(subject.rpartition(":")[2]) for subject in fund_queries.subjects_of(batch.pk)]
    claims = list(Claim.objects.select_for_update().filter(pk__in=keys, state=S.IN_PAYMENT).order_by("pk"))
    for claim in claims:
        claim.state = rules.LIFECYCLE.after(S.IN_PAYMENT, M.UNBATCH)
        note("claim.unbatched", claim, by=by, at=now, batch=batch.number)
    Claim.objects.bulk_update(claims, ["state"])
    return batch


@transaction.atomic
def settle_payment(*, subject: str, is_paid: bool, failure: str, now: datetime) -> None:
    """What the bank said of a claim's payment; told once, whatever is told again."""
    claim = queries.by_subject(subject)
    claim = Claim.objects.select_for_update().get(pk=claim.pk)
    if claim.state != S.IN_PAYMENT:
        return
    claim.state = rules.LIFECYCLE.after(S.IN_PAYMENT, M.PAY if is_paid else M.FAIL)
    claim.paid_at = now if is_paid else None
    claim.save(update_fields=["state", "paid_at"])
    if is_paid and claim.kind in rules.TRAINED:
        class_actions.confirm_reservation(enrolment_id=claim.enrolment_id, now=now)
    note("claim.paid" if is_paid else "claim.failed", claim, by=None, at=now, failure=failure)


@transaction.atomic
def correct_account(
    *,
    by: "Account",
    claim_id: int,
    bank: str,
    bank_account: str,
    now: datetime,
    kind: str = "social-card",
    why: str = "",
) -> Claim:
    """After the bank refused: the right account, and the claim may be paid again (domain 2.2, 20)."""
    claim = queries.get(by, claim_id, lock=True)
    is_own = claim.payee == rules.Payee.INSTITUTION if claim.organisation else claim.person_id == by.person_id
    if by.role == "institution-manager" and (is_own or claim.organisation is None):
        authorise(by, Permission.CLAIM_FILE, institution_id=claim.institution_id)
    elif claim.organisation or not is_own:
        authorise(by, Permission.CLAIM_REVIEW, region_code=claim.region_code)
    claim.state = rules.LIFECYCLE.after(S(claim.state), M.CORRECT)
    if claim.organisation:
        person_actions.keep_organisation_account(
            by=by, organisation_id=claim.organisation.pk, bank=bank, bank_account=bank_account, document=why, now=now
        )
    else:
        person_actions.set_account(
            by=by, person_id=claim.person_id, bank=bank, bank_account=bank_account, kind=kind, why=why, now=now
        )
    funds.supersede(subject=subject_of(claim))
    claim.save(update_fields=["state"])
    note("claim.corrected", claim, by=by, at=now)
    return claim
