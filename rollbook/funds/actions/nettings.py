"""Setting off what a payee has to pay back against what the payee is paid: only within one fund of one region, and never
more than the region's terms allow of a payment (N6.4, N7.5). The claim stays what it is; the payment says both."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from django.utils.timezone import localdate

from rollbook.directory.queries import terms_for
from rollbook.directory.rules import TermKey
from rollbook.funds import queries, rules
from rollbook.funds.actions.ledger import K, Posting, account, move
from rollbook.funds.models import LedgerAccount, Netting, PaymentBatch, PaymentLine, Receipt, Recovery
from rollbook.journal.actions import record
from rollbook.kernel.money import plain
from rollbook.persons import actions as persons
from rollbook.persons import queries as person_queries
from rollbook.persons.rules import NoticeKind

if TYPE_CHECKING:
    from rollbook.accounts.models import Account


def set_off(batch: PaymentBatch, lines: Sequence[PaymentLine], now: datetime) -> list[Netting]:
    """Lower what the bank pays by what is set off; the recoveries are locked. Within the caller's transaction."""
    terms = terms_for(batch.region_code, localdate(now))
    percent, kept_fen = terms[TermKey.NETTING_PERCENT], terms[TermKey.NETTING_KEPT] * 100
    if percent == 0:
        return []
    debts = queries.debts_of(lines, batch.region_code, batch.fund, localdate(now))
    found = []
    for line, own in zip(lines, debts, strict=True):
        room = rules.set_off(line.amount_fen, sum(one.due_fen for one in own), percent=percent, kept_fen=kept_fen)
        for debt in own:
            taken = min(room, debt.due_fen)
            if taken == 0:
                continue
            room, debt.due_fen = room - taken, debt.due_fen - taken
            line.amount_fen, line.netted_fen = line.amount_fen - taken, line.netted_fen + taken
            found.append(Netting(line=line, recovery=debt.recovery, amount_fen=taken))
    return found


def aside(
    line: PaymentLine, *, back_to: LedgerAccount | None = None
) -> tuple[tuple[LedgerAccount, LedgerAccount, int], ...]:
    """What is set off of a payment moves with it: put aside when it leaves, and on when the bank has answered."""
    if line.netted_fen == 0:
        return ()
    place = (line.batch.fund, line.batch.region_code, line.batch.year)
    netting = account(K.NETTING, *place)
    if back_to is not None:
        return ((netting, back_to, line.netted_fen),)
    return ((account(K.RESERVED, *place), netting, line.netted_fen),)


@dataclass(frozen=True, slots=True)
class Back:
    """Money that came back of a recovery, what of it is interest, and how it is posted."""

    recovery: Recovery
    back_fen: int
    interest_fen: int
    received_on: date
    document: str
    postings: list[Posting]
    netting: Netting | None = None


def coming_back(
    one: Recovery, total_fen: int, received_on: date, document: str, *, key: UUID | None = None, kind: str = "recover",
    netting: Netting | None = None,
) -> Back:  # fmt: skip
    """What comes back, its interest apart; the recovery is locked by the caller, who posts and enters it."""
    assert one.due_on is not None  # noqa: S101 it was confirmed
    days = rules.days_late(received_on, since=one.interest_since, due_on=one.due_on)
    back_fen, interest_fen = rules.split(total_fen, rate=one.interest_rate, days=days)
    batch = one.line.batch
    place = (batch.fund, batch.region_code, batch.year)
    target = account(rules.returns_to(batch.year, received_on), *place)
    postings = [Posting(key or uuid4(), kind, one.line.subject, account(K.PAID, *place), target, back_fen, document)]
    if interest_fen:
        outside, interest = account(K.OUTSIDE, *place), account(K.INTEREST, *place)
        postings.append(Posting(uuid4(), "interest", one.line.subject, outside, interest, interest_fen, document))
    return Back(one, back_fen, interest_fen, received_on, document, postings, netting)


def enter(back: Back, *, by: "Account | None", now: datetime) -> Receipt:
    """What came back and is posted: entered once."""
    one = back.recovery
    receipt = Receipt.objects.create(
        recovery=one, amount_fen=back.back_fen, interest_fen=back.interest_fen, received_on=back.received_on,
        document=back.document, entered_by=by, entered_at=now, transaction_id=back.postings[0].id, netting=back.netting,
    )  # fmt: skip
    one.received_fen += back.back_fen
    one.state = rules.standing(one.amount_fen, received_fen=one.received_fen, written_off_fen=one.written_off_fen)
    one.save(update_fields=["received_fen", "state"])
    record(
        "recovery.set-off" if back.netting else "recovery.received", one, by=by, at=now, region_code=one.region_code,
        amount_fen=back.back_fen, interest_fen=back.interest_fen, document=back.document,
    )  # fmt: skip
    return receipt


def netting_back(lines: Sequence[PaymentLine], now: datetime) -> list[Back]:
    """The bank has paid these lines: what was set off of them comes back, and whoever was paid less is told why. Locks
    recoveries, then persons, before any account of the ledger: so does everybody."""
    nettings = list(queries.nettings_of([one.pk for one in lines if one.netted_fen]))
    wanted = Recovery.objects.filter(pk__in=[one.recovery_id for one in nettings]).order_by("pk")
    debts = {one.pk: one for one in wanted.select_for_update(of=("self",)).select_related("line__batch")}
    person_queries.lock_all([one.line.person_id for one in nettings])  # their keys are looked at when all is committed
    found = []
    for one in nettings:
        line, document = one.line, f"{one.line.reference}-{one.recovery_id}"
        persons.tell(
            person_id=line.person_id, organisation_id=line.organisation_id, kind=NoticeKind.SET_OFF,
            was=plain(one.amount_fen), is_now=plain(line.amount_fen), now=now,
        )  # fmt: skip
        found.append(
            coming_back(
                debts[one.recovery_id], one.amount_fen, localdate(now), document, key=move(f"net {document}"),
                kind="net", netting=one,
            )
        )  # fmt: skip
    return found
