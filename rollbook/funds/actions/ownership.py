"""Whose an account is: the bank is asked before money leaves (N14.1, N16.3)."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.timezone import localdate

from rollbook.accounts.rules import Permission, admit, authorise, holds
from rollbook.directory.queries import terms_for
from rollbook.directory.rules import TermKey
from rollbook.funds import adapters, queries, rules
from rollbook.funds.models import Ownership, PaymentBatch
from rollbook.journal.actions import record
from rollbook.kernel.messages import _
from rollbook.kernel.reasons import Refused, reason
from rollbook.persons import queries as persons

if TYPE_CHECKING:
    from rollbook.accounts.models import Account

P, S = Permission, rules.BatchState
HANDS = (P.BATCH_MAKE, P.BATCH_CHECK, P.BATCH_RELEASE)
PATIENCE = 3  # so many questions without an answer, one after the other: the bank is down


@transaction.atomic
def request_owners(*, by: "Account", batch_id: int, now: datetime) -> PaymentBatch:
    """Have the bank asked again, by whoever has a hand in the batch; the queue asks."""
    batch = queries.get(by, batch_id, lock=True)
    admit(by, *HANDS)
    authorise(by, next(one for one in HANDS if holds(by, one)), region_code=batch.region_code)
    if batch.state not in (S.DRAFT, S.CHECKED):
        raise Refused(reason("owner-late", _("The money of this batch has been released."), "N16.3"))
    record("batch.owners-asked", batch, by=by, at=now, region_code=batch.region_code)
    return batch


def ask_owners(*, batch_id: int, now: datetime) -> int:
    """Ask the bank about every account of a batch that is not known to be the payee's own; gives how
    many are answered. Outside any transaction, for the bank may be slow."""
    batch = PaymentBatch.objects.get(pk=batch_id)
    days = terms_for(batch.region_code, localdate(now))[TermKey.OWNERSHIP_DAYS]
    answered = silent = 0
    for line in queries.owners_to_ask(batch.pk, now, days):
        if line.organisation:
            number, account = line.organisation.uscc, persons.unsealed_organisation(line.organisation)["bank_account"]
        else:
            number, account = persons.unsealed_for_ownership(line.person_id)
        outcome, detail = adapters.owner_of(line.payee_name, account, number)
        learn_owner(
            person_id=None if line.organisation else line.person_id, organisation_id=line.organisation_id,
            bank_digest=line.bank_digest, outcome=outcome, detail=detail, now=now,
        )  # fmt: skip
        is_silent = outcome == rules.Ownership.PENDING
        silent = silent + 1 if is_silent else 0
        answered += not is_silent
        if silent == PATIENCE:
            break
    return answered


@transaction.atomic
def learn_owner(
    *, bank_digest: str, outcome: str, detail: str, now: datetime,
    person_id: int | None = None, organisation_id: int | None = None,
) -> Ownership | None:  # fmt: skip
    """Keep what the bank said of a payee and an account. No answer takes nothing back; an answer about
    an account that the payee has left meanwhile is dropped."""
    payee = queries.payee_locked(person_id=person_id, organisation_id=organisation_id)
    if payee.bank_digest != bank_digest:
        return None
    owner = {"person": payee} if organisation_id is None else {"organisation": payee}
    row, is_new = Ownership.objects.select_for_update().get_or_create(
        bank_digest=bank_digest, **owner, defaults={"asked_at": now}
    )
    row.asked_at, row.detail = now, detail[:128]
    was = rules.Ownership.PENDING if is_new else row.outcome
    if outcome != rules.Ownership.PENDING:
        row.outcome, row.answered_at = rules.Ownership(outcome), now
    row.save()
    if row.outcome != was:
        record(
            f"{'organisation' if organisation_id else 'person'}.account-checked", payee, by=None, at=now,
            region_code=payee.region_code, was=payee.bank_masked, outcome=row.outcome,
        )  # fmt: skip
    return row
