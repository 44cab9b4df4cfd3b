"""Signatures under a batch: who, when, and over what; more of them where the amount asks for it (N14.1)."""

import hashlib
import hmac
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils.timezone import localdate

from rollbook.accounts.rules import Permission, authorise
from rollbook.funds import queries, rules
from rollbook.funds.models import PaymentBatch, PaymentLine, ReleaseBand, Signature
from rollbook.journal.actions import record
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import Refused, reason, refuse_if

if TYPE_CHECKING:
    from rollbook.accounts.models import Account

S, Step = rules.BatchState, rules.Step


def digest_of(batch: PaymentBatch) -> str:
    """What is signed: who gets how much where, and what is set off, in order."""
    rows = PaymentLine.objects.filter(batch=batch).order_by("number")
    names = (
        "number",
        "subject",
        "person_id",
        "payee_name",
        "bank_digest",
        "amount_fen",
        "netted_fen",
        "organisation_id",
    )
    text = "\n".join(
        "|".join(
            map(str, [*row, *(one for one in (netted, firm) if one)])
        )  # without them it is signed as it always was
        for *row, netted, firm in rows.values_list(*names)
    )
    return hashlib.sha256(text.encode()).hexdigest()


def _mac(batch: PaymentBatch, one: Signature) -> str:
    said = (batch.number, one.digest, one.by_id, one.step, one.office, one.at.astimezone(UTC).isoformat())
    return hmac.new(settings.SIGNATURE_KEY, "|".join(map(str, said)).encode(), hashlib.sha256).hexdigest()


def sign(batch: PaymentBatch, step: rules.Step, *, by: "Account", now: datetime) -> Signature:
    """Put a hand under the batch as it is; within the caller's transaction, with the batch locked. One person
    signs a batch once, by whatever account."""
    one = Signature(
        batch=batch, by=by, person_id=by.person_id, step=step, office=by.role, digest=digest_of(batch), at=now
    )
    one.mac = _mac(batch, one)
    try:
        with transaction.atomic():
            one.save()
    except IntegrityError as error:
        raise Refused(reason("same-person", _("Another person than who asked must decide."), "N14.1")) from error
    return one


def void(batch: PaymentBatch, now: datetime, *, steps: tuple[rules.Step, ...] = tuple(Step)) -> None:
    """Hands under what is no longer so count no more; they are kept."""
    Signature.objects.filter(batch=batch, step__in=steps, voided_at=None).update(voided_at=now)


def reasons_against_hands(batch: PaymentBatch) -> list[Message]:
    """Signatures that do not fit the batch as it is, or were written by another hand than the server's."""
    digest, found = digest_of(batch), []
    signed = list(queries.signatures_of(batch.pk))
    for one in signed:
        if not hmac.compare_digest(one.mac, _mac(batch, one)) or one.digest != digest:
            text = _("The signature of {name} does not fit the batch as it is.")
            found.append(reason("signature-broken", text, "N14.1", name=str(one.by)))
    if not any(one.step == Step.MAKE for one in signed):
        text = _("The batch was changed since it was prepared; its office must confirm it.")
        found.append(reason("not-confirmed", text, "N14.1"))
    return found


def needed(batch: PaymentBatch, now: datetime) -> dict[str, rules.Band]:
    bands = queries.bands_for(batch.region_code, batch.fund, localdate(now))
    return rules.cosigners(bands, **queries.amounts_of(batch.pk))


def reasons_against_cosigners(batch: PaymentBatch, now: datetime) -> list[Message]:
    signed = [one.office for one in queries.signatures_of(batch.pk) if one.step == Step.COSIGN]
    return list(rules.reasons_against_signatures(needed(batch, now), signed))


@transaction.atomic
def cosign_batch(*, by: "Account", batch_id: int, now: datetime) -> PaymentBatch:
    """One more signature under a checked batch, of an office that the amount asks for."""
    batch = queries.get(by, batch_id, lock=True)
    authorise(by, Permission.BATCH_COSIGN, region_code=batch.region_code)
    found = []
    if batch.state != S.CHECKED:
        found.append(reason("wrong-state", _("Finance has to check the batch first."), "N14.1"))
    if by.role not in needed(batch, now):
        found.append(reason("cosign-not-asked", _("The amount asks for no signature of your office."), "N14.1"))
    if digest_of(batch) != batch.digest:
        found.append(reason("batch-changed", _("The batch is no longer what finance checked."), "N14.1"))
    refuse_if(found)
    one = sign(batch, Step.COSIGN, by=by, now=now)
    record("batch.cosigned", batch, by=by, at=now, region_code=batch.region_code, digest=one.digest)
    return batch


@transaction.atomic
def confirm_batch(*, by: "Account", batch_id: int, now: datetime) -> PaymentBatch:
    """After an account was changed in it: the office puts its hand under the batch as it is now."""
    batch = queries.get(by, batch_id, lock=True)
    authorise(by, Permission.BATCH_MAKE, region_code=batch.region_code)
    if batch.state != S.DRAFT:
        raise Refused(reason("wrong-state", _("Only a batch that is prepared is confirmed."), "N14.1"))
    void(batch, now)
    batch.made_by, batch.made_at = by, now
    batch.save()
    sign(batch, Step.MAKE, by=by, now=now)
    record("batch.confirmed", batch, by=by, at=now, region_code=batch.region_code)
    return batch


@transaction.atomic
def set_band(
    *, by: "Account", fund: str, basis: str, from_fen: int, releasers: int, office: str, document: str,
    starts_on: date, now: datetime,
) -> ReleaseBand:  # fmt: skip
    """From a day on, more signatures from an amount on, for the region of who sets it; 0 lifts them (N14.1)."""
    authorise(by, Permission.BUDGET_SET, region_code=by.region_code)
    band = rules.Band(
        basis=rules.Basis(basis), from_fen=from_fen, releasers=releasers, office=office, document=document
    )
    refuse_if(rules.reasons_against_band(band, starts_on, localdate(now)))
    same = ReleaseBand.objects.select_for_update().filter(
        region_code=by.region_code, fund=rules.Fund(fund), basis=basis, from_fen=from_fen, office=office
    )
    for old in same.filter(in_force__overlap=DateRange(starts_on, None)):
        if old.in_force.lower >= starts_on:
            raise Refused(reason("band-later", _("A later rule for this amount is set already."), "N14.1"))
        old.in_force = DateRange(old.in_force.lower, starts_on)
        old.save()
    one = ReleaseBand.objects.create(
        region_code=by.region_code, fund=fund, basis=basis, from_fen=from_fen, releasers=releasers, office=office,
        document=document, in_force=DateRange(starts_on, None),
    )  # fmt: skip
    record(
        "band.set", one, by=by, at=now, region_code=by.region_code, amount_fen=from_fen, people=releasers,
        role=office, document=document,
    )  # fmt: skip
    return one
