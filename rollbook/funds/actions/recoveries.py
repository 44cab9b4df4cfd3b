"""Money that was paid and is to come back: ordered by the office, confirmed by finance, received in parts (N6.4, N7.5)."""

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.utils.timezone import localdate

from rollbook.accounts.rules import Permission, authorise
from rollbook.directory.queries import terms_for
from rollbook.directory.rules import TermKey
from rollbook.funds import queries, rules
from rollbook.funds.actions.ledger import post
from rollbook.funds.actions.nettings import coming_back, enter
from rollbook.funds.models import Receipt, Recovery
from rollbook.journal.actions import record
from rollbook.kernel.messages import _
from rollbook.kernel.money import plain
from rollbook.kernel.reasons import Refused, reason, refuse_if
from rollbook.persons import actions as persons
from rollbook.persons.rules import NoticeKind

if TYPE_CHECKING:
    from rollbook.accounts.models import Account

State = rules.RecoveryState


@transaction.atomic
def order_recovery(
    *, by: "Account", reference: str, ground: str, why: str, document: str, amount_fen: int, now: datetime
) -> Recovery:
    """The office orders that of a payment so much come back; finance has to confirm it."""
    line = queries.line_by_reference(by, reference)
    region_code = line.batch.region_code
    authorise(by, Permission.BATCH_MAKE, region_code=region_code)
    if ground not in rules.RecoveryGround.values():
        raise Refused(reason("ground", _("Choose the ground."), "N6.4"))
    refuse_if(
        rules.reasons_against_recovery(
            amount_fen, paid_fen=line.due_fen, ordered_fen=queries.ordered_fen(line.pk),
            is_paid=line.state == rules.LineState.PAID, document=document, why=why,
        )
    )  # fmt: skip
    one = Recovery.objects.create(
        line=line, region_code=region_code, ground=ground, why=why, document=document, amount_fen=amount_fen,
        ordered_by=by, ordered_person_id=by.person_id, ordered_at=now,
    )  # fmt: skip
    record(
        "recovery.ordered", one, by=by, at=now, region_code=region_code, amount_fen=amount_fen, document=document,
        why=why,
    )  # fmt: skip
    return one


@transaction.atomic
def decide_recovery(*, by: "Account", recovery_id: int, granted: bool, finding: str, now: datetime) -> Recovery:
    """Finance confirms it, and it is due so many days later, or refuses with a reason."""
    one = queries.recovery(by, recovery_id, localdate(now), lock=True)
    authorise(by, Permission.LEDGER_WRITE, region_code=one.region_code)
    found = []
    if one.state != State.ASKED:
        found.append(reason("decided", _("This is decided already."), "N14.1"))
    same = one.ordered_person_id is not None and one.ordered_person_id == by.person_id
    if one.ordered_by_id == by.pk or same:
        found.append(reason("same-person", _("Another person than who asked must decide."), "N14.1"))
    if not granted and not finding.strip():
        found.append(reason("why", _("Say on what ground."), "N14.1"))
    refuse_if(found)
    one.decided_by, one.decided_person_id, one.decided_at, one.finding = by, by.person_id, now, finding
    one.state = State.OPEN if granted else State.REFUSED
    if granted:
        terms = terms_for(one.region_code, localdate(now))
        one.due_on = localdate(now) + timedelta(days=terms[TermKey.RECOVERY_DAYS])
        one.interest_rate = terms[TermKey.RECOVERY_INTEREST]
        if terms[TermKey.RECOVERY_INTEREST_FROM]:
            one.interest_since = localdate(one.line.returned_at or one.ordered_at)
        sum_yuan = plain(one.amount_fen)
        persons.tell(
            person_id=one.line.person_id,
            organisation_id=one.line.organisation_id,
            kind=NoticeKind.RECOVERY,
            was=sum_yuan,
            is_now=str(one.due_on),
            now=now,
        )
    one.save()
    record(
        "recovery.confirmed" if granted else "recovery.refused", one, by=by, at=now, region_code=one.region_code,
        amount_fen=one.amount_fen, why=finding, until=str(one.due_on or ""),
    )  # fmt: skip
    return one


@transaction.atomic
def receive(
    *, by: "Account", recovery_id: int, amount_fen: int, received_on: date, document: str, now: datetime
) -> Receipt:
    """Money came back, whole or in part: it is posted, its interest apart, and the bank's paper is entered once."""
    one = queries.recovery(by, recovery_id, localdate(now), lock=True)
    authorise(by, Permission.LEDGER_WRITE, region_code=one.region_code)
    refuse_if(
        rules.reasons_against_receipt(
            amount_fen, left_fen=queries.payoff_fen(one, received_on), is_open=one.state == State.OPEN,
            received_on=received_on, ordered_on=localdate(one.ordered_at), today=localdate(now), document=document,
        )
    )  # fmt: skip
    try:
        with transaction.atomic():
            back = coming_back(one, amount_fen, received_on, document)
            post(back.postings, by=by, at=now)
            return enter(back, by=by, now=now)
    except IntegrityError as error:
        raise Refused(reason("receipt-there", _("This paper of the bank was entered already."), "N14.1")) from error
