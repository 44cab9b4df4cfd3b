"""The ledger: money moves only by balanced transactions, each with its maker's own id."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING
from uuid import UUID, uuid4, uuid5

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils.timezone import localdate

from rollbook.accounts.rules import Permission, authorise
from rollbook.funds import queries, rules
from rollbook.funds.models import LedgerAccount
from rollbook.journal.actions import record
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import Refused, reason

if TYPE_CHECKING:
    from rollbook.accounts.models import Account

K = rules.AccountKind
NAMESPACE = UUID("5f1c1f5e-6f0d-4c1b-9a55-0d7c6c1f2a10")


@dataclass(frozen=True, slots=True)
class Posting:
    """Money from one account to another for one subject; amounts in fen, always positive.

    What takes money out of where it waits `closes` the posting that put it there.
    """

    id: UUID
    kind: str
    subject: str
    source: LedgerAccount
    target: LedgerAccount
    amount_fen: int
    document: str = ""
    closes: UUID | None = None
    reverses: UUID | None = None
    booked_on: date | None = None
    more: tuple[tuple[LedgerAccount, LedgerAccount, int], ...] = ()  # what moves with it: source, target, fen

    @property
    def entries(self) -> list[tuple[int, int]]:
        """One side an account."""
        if not self.more:
            return [(self.source.pk, -self.amount_fen), (self.target.pk, self.amount_fen)]
        sides: Counter[int] = Counter()
        for source, target, fen in ((self.source, self.target, self.amount_fen), *self.more):
            sides[source.pk] -= fen
            sides[target.pk] += fen
        return list(sides.items())


def move(name: str) -> UUID:
    """The id of a movement that can happen once only, such as "reserve subsidies.Claim:3": doing
    it twice is the same transaction, which the primary key refuses."""
    return uuid5(NAMESPACE, name)


def account(kind: rules.AccountKind, fund: str, region_code: str, year: int) -> LedgerAccount:
    """The account for a purpose, made when it is first needed."""
    found, _made = LedgerAccount.objects.get_or_create(kind=kind, fund=fund, region_code=region_code, year=year)
    return found


def post(postings: Sequence[Posting], *, by: "Account | None", at: datetime) -> None:
    """Write transactions, all or none, in two streams. What overdraws an account, was posted or closed before
    or falls into a closed month is refused by the database and explained here."""
    if not postings:
        return
    today, at_text, by_id = localdate(at), at.astimezone(UTC).isoformat(), by.pk if by else None
    try:
        with transaction.atomic(), connection.cursor() as cursor, connection.wrap_database_errors:
            columns = "id, kind, subject, at, booked_on, by_id, document, reverses_id, closes_id, seal"
            with cursor.copy(f"COPY funds_transaction ({columns}) FROM STDIN") as copy:
                for one in postings:
                    booked_on, sides = one.booked_on or today, one.entries
                    seal = rules.seal(
                        settings.SIGNATURE_KEY, one.id, one.kind, one.subject, at_text, booked_on, by_id, one.document,
                        one.reverses, one.closes, entries=sides,
                    )  # fmt: skip
                    copy.write_row((
                        one.id, one.kind, one.subject, at, booked_on, by_id, one.document, one.reverses, one.closes,
                        seal,
                    ))  # fmt: skip
            with cursor.copy("COPY funds_ledgerentry (transaction_id, account_id, amount_fen) FROM STDIN") as copy:
                for one in postings:
                    for account_id, amount_fen in one.entries:
                        copy.write_row((one.id, account_id, amount_fen))
    except IntegrityError as error:
        raise Refused(_explained(error, postings)) from error


def _explained(error: IntegrityError, postings: Sequence[Posting]) -> Message:
    name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", "") or ""
    if name == "account_is_not_overdrawn":
        left = queries.balance_fen(postings[0].source.pk)
        asked = sum(one.amount_fen for one in postings)
        values = {"left": left // 100, "asked": asked // 100}
        if postings[0].source.kind == K.BUDGET:
            text = _("The budget has {left} yuan left; {asked} yuan are asked for.")
            return reason("over-budget", text, "N12.1", **values)
        text = _("The account holds {left} yuan; {asked} yuan are asked for.")
        return reason("over-balance", text, "N12.1", **values)
    if name == "closed_month_takes_adjustments":
        return reason("month-closed", _("The books of this month are closed; only adjustments go there."), "N14.1")
    if name == "reversal_is_within_its_original":
        text = _("More would be reversed than was posted and not reversed yet.")
        return reason("reversal-too-much", text, "N14.1")
    if name == "pending_is_closed_whole" or name.startswith("funds_transaction_closes"):
        return reason("not-pending", _("This money was moved on before; look at the page again."), "N14.1")
    return reason("posted-before", _("This movement of money was posted before."), "N14.1")


@transaction.atomic
def set_budget(
    *, by: "Account", region_code: str, fund: str, year: int, amount_fen: int, document: str, now: datetime,
    key: UUID | None = None,
) -> None:  # fmt: skip
    """Add to the budget of a region, fund and year (N12.1). The same `key` twice is one budget."""
    authorise(by, Permission.BUDGET_SET, region_code=region_code)
    if amount_fen <= 0 or not document.strip():
        raise Refused(reason("budget", _("Give an amount above zero and the document that grants it."), "N12.1"))
    rules.Fund(fund)
    treasury, budget = account(K.TREASURY, fund, region_code, year), account(K.BUDGET, fund, region_code, year)
    one = Posting(key or uuid4(), "budget", f"funds.LedgerAccount:{budget.pk}", treasury, budget, amount_fen, document)
    post([one], by=by, at=now)
    record("budget.set", budget, by=by, at=now, region_code=region_code, amount_fen=amount_fen, document=document)


def reserve(
    *, by: "Account | None", subject: str, region_code: str, fund: str, year: int, amount_fen: int, now: datetime,
    times: int = 0,
) -> None:  # fmt: skip
    """Set money of the budget aside for a subject; within the caller's transaction."""
    budget, reserved = account(K.BUDGET, fund, region_code, year), account(K.RESERVED, fund, region_code, year)
    post([Posting(move(f"reserve {subject} {times}"), "reserve", subject, budget, reserved, amount_fen)], by=by, at=now)


def release(*, by: "Account | None", subject: str, now: datetime, times: int = 0) -> None:
    """Give back what was set aside for a subject."""
    found = queries.pending([subject], K.RESERVED).get(subject)
    if found is None:
        return
    budget = account(K.BUDGET, found.account.fund, found.account.region_code, found.account.year)
    one = Posting(
        move(f"release {subject} {times}"), "release", subject, found.account, budget, found.amount_fen, closes=found.id
    )
    post([one], by=by, at=now)
