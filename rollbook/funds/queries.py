from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db.models import Count, F, Max, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce
from django.utils.timezone import localdate, localtime

from rollbook.accounts.rules import Permission, holds
from rollbook.funds import rules
from rollbook.funds.models import (
    BankFile,
    LedgerAccount,
    LedgerEntry,
    Ownership,
    PaymentBatch,
    PaymentLine,
    ReleaseBand,
    Signature,
)
from rollbook.kernel.reasons import NotFound
from rollbook.persons import queries as persons
from rollbook.regions.rules import around, prefix

if TYPE_CHECKING:
    from rollbook.accounts.models import Account

READERS = (Permission.LEDGER_READ, Permission.BATCH_MAKE, Permission.BATCH_CHECK, Permission.BATCH_RELEASE)


def may_read(by: "Account") -> bool:
    return any(holds(by, one) for one in READERS)


def accounts_visible_to(by: "Account") -> QuerySet[LedgerAccount]:
    if not may_read(by):
        return LedgerAccount.objects.none()
    return LedgerAccount.objects.filter(region_code__startswith=prefix(by.region_code))


def visible_to(by: "Account") -> QuerySet[PaymentBatch]:
    """The payment batches of the region, for those who make, check, release or audit them."""
    if not may_read(by):
        return PaymentBatch.objects.none()
    found = PaymentBatch.objects.filter(region_code__startswith=prefix(by.region_code))
    return found.select_related("made_by", "checked_by", "released_by")


def batch_list(by: "Account") -> QuerySet[PaymentBatch]:
    failed = Count("lines", filter=Q(lines__state="failed"))
    return (
        visible_to(by).annotate(people=Count("lines"), failed=failed, sum_fen=Sum("lines__amount_fen")).order_by("-pk")
    )


def get(by: "Account", batch_id: int, *, lock: bool = False) -> PaymentBatch:
    found = visible_to(by).filter(pk=batch_id)
    try:
        return (found.select_for_update(of=("self",)) if lock else found).get()
    except PaymentBatch.DoesNotExist:
        raise NotFound from None


def lines_of(batch_id: int) -> QuerySet[PaymentLine]:
    return PaymentLine.objects.filter(batch_id=batch_id).select_related("person").order_by("number")


def balance_fen(account_id: int) -> int:
    return LedgerAccount.objects.values_list("balance_fen", flat=True).get(pk=account_id)


def reservation(subject: str) -> tuple[LedgerAccount, int] | None:
    """The account and the amount that is set aside for a subject now; None where nothing is."""
    row = (
        LedgerEntry.objects.filter(transaction__subject=subject, account__kind=rules.AccountKind.RESERVED)
        .values("account_id")
        .annotate(left=Sum("amount_fen"))
        .filter(left__gt=0)
        .order_by("account_id")
        .first()
    )
    return (LedgerAccount.objects.get(pk=row["account_id"]), row["left"]) if row else None


def balances(by: "Account", year: int | None = None) -> list[dict[str, object]]:
    """Budget, reserved, in transit and paid of each region, fund and year, in fen."""
    found = accounts_visible_to(by)
    if year:
        found = found.filter(year=year)
    kinds = {kind.value: Sum("balance_fen", filter=Q(kind=kind), default=0) for kind in rules.AccountKind}
    rows = found.values("region_code", "fund", "year").annotate(**{f"{k}_fen": v for k, v in kinds.items()})
    return [dict(row) for row in rows.order_by("-year", "region_code", "fund")]


def shared_accounts(batch_id: int) -> list[str]:
    """Accounts in a batch that would receive for more than one person (domain 5.2, D26)."""
    rows = (
        PaymentLine.objects.filter(batch_id=batch_id)
        .values("bank_digest", "bank_masked")
        .annotate(people=Count("person", distinct=True))
        .filter(people__gt=1)
    )
    return [row["bank_masked"] for row in rows]


def sent_batches() -> list[PaymentBatch]:
    """Batches that the bank has and has not answered whole."""
    return list(PaymentBatch.objects.filter(state=rules.BatchState.SENT).order_by("pk"))


def files_of(batch_id: int) -> QuerySet[BankFile]:
    return BankFile.objects.filter(batch_id=batch_id).defer("content").order_by("pk")


def out_file(batch_id: int) -> BankFile:
    return BankFile.objects.get(batch_id=batch_id, direction="out")  # one that was never offered is "void"


def broken_invariants() -> list[str]:
    """What would be wrong with the money: empty when every invariant of quality.md that the
    ledger itself can break holds. Read from one snapshot."""
    checks: Sequence[tuple[str, str]] = (
        (
            "transactions that do not sum to zero",
            "SELECT transaction_id::text FROM funds_ledgerentry GROUP BY 1 HAVING sum(amount_fen) <> 0",
        ),
        (
            "transactions between funds",
            "SELECT e.transaction_id::text FROM funds_ledgerentry e JOIN funds_ledgeraccount a ON a.id = e.account_id "
            "GROUP BY 1 HAVING count(DISTINCT a.fund) > 1",
        ),
        (
            "balances that are not the sum of their entries",
            "SELECT a.id::text FROM funds_ledgeraccount a LEFT JOIN funds_ledgerentry e ON e.account_id = a.id "
            "GROUP BY a.id HAVING a.balance_fen <> coalesce(sum(e.amount_fen), 0)",
        ),
        (
            "overdrawn accounts",
            "SELECT id::text FROM funds_ledgeraccount WHERE balance_fen < 0 AND kind <> 'treasury'",
        ),
        (
            "subjects paid more than once",
            "SELECT subject FROM funds_paymentline WHERE state = 'paid' GROUP BY 1 HAVING count(*) > 1",
        ),
        (
            "money paid that no line of the bank proves",
            "SELECT a.id::text FROM funds_ledgeraccount a WHERE a.kind = 'paid' AND a.balance_fen <> "
            "(SELECT coalesce(sum(l.amount_fen), 0) FROM funds_paymentline l JOIN funds_paymentbatch b "
            "ON b.id = l.batch_id WHERE l.state = 'paid' AND b.fund = a.fund AND b.region_code = a.region_code "
            "AND b.year = a.year)",
        ),
        (
            "money in transit that no line at the bank accounts for",
            "SELECT a.id::text FROM funds_ledgeraccount a WHERE a.kind = 'transit' AND a.balance_fen <> "
            "(SELECT coalesce(sum(l.amount_fen), 0) FROM funds_paymentline l JOIN funds_paymentbatch b "
            "ON b.id = l.batch_id WHERE l.state = 'sent' AND b.fund = a.fund AND b.region_code = a.region_code "
            "AND b.year = a.year)",
        ),
    )
    found = []
    with connection.cursor() as cursor:
        for name, statement in checks:
            cursor.execute(statement)
            rows = [row[0] for row in cursor.fetchall()]
            if rows:
                found.append(f"{name}: {', '.join(rows[:10])}")
    return found


def line(line_id: int) -> PaymentLine:
    return PaymentLine.objects.get(pk=line_id)


def subject_of(line_id: int) -> str:
    return line(line_id).subject


def released_batches() -> list[PaymentBatch]:
    return list(PaymentBatch.objects.filter(state=rules.BatchState.RELEASED).order_by("pk"))


def subjects_of(batch_id: int) -> list[str]:
    return list(PaymentLine.objects.filter(batch_id=batch_id).values_list("subject", flat=True))


def totals_of(batch_id: int) -> dict[str, int]:
    """What whoever checks compares: payments, people, accounts, and the sum in fen."""
    return PaymentLine.objects.filter(batch_id=batch_id).aggregate(
        payments=Count("pk"),
        people=Count("person", distinct=True),
        accounts=Count("bank_digest", distinct=True),
        sum_fen=Sum("amount_fen", default=0),
    )


def bank_files(by: "Account") -> QuerySet[BankFile]:
    """The files that went to the bank and came back; what is in them is shown nowhere."""
    found = BankFile.objects.filter(batch__in=visible_to(by).values("pk"))
    return found.defer("content").select_related("batch").order_by("-pk")


def with_owners(lines: "QuerySet[PaymentLine, Any]") -> "QuerySet[PaymentLine, Any]":
    """Lines with what the bank said of their accounts, and when."""
    said = Ownership.objects.filter(person=OuterRef("person"), bank_digest=OuterRef("bank_digest"))
    return lines.annotate(
        ownership=Coalesce(Subquery(said.values("outcome")[:1]), Value(rules.Ownership.PENDING)),
        owner_at=Subquery(said.values("answered_at")[:1]),
    )


def payees_of(batch_id: int) -> list[rules.Payee]:
    """What the release of a batch looks at, line by line."""
    return [
        rules.Payee(
            name=one.payee_name,
            account=one.bank_masked,
            ownership=one.ownership,
            asked_on=localdate(one.owner_at) if one.owner_at else None,
            is_changed=one.person.bank_digest != one.bank_digest,
            changed_at=localtime(one.person.account_changed_at) if one.person.account_changed_at else None,
        )
        for one in with_owners(lines_of(batch_id))
    ]


def owners_to_ask(batch_id: int, now: datetime, days: int) -> list[PaymentLine]:
    """Lines of a batch whose account is the payee's present one and not known, lately, to be the payee's own;
    those never asked first."""
    fresh = Q(ownership=rules.Ownership.MATCH, owner_at__gt=now - timedelta(days))
    found = with_owners(lines_of(batch_id)).filter(bank_digest=F("person__bank_digest")).exclude(fresh)
    return list(found.order_by(F("owner_at").asc(nulls_first=True), "number"))


def batches_to_ask() -> list[int]:
    """Batches before their release in which an account was never answered for."""
    waiting = PaymentLine.objects.filter(batch__state__in=[rules.BatchState.DRAFT, rules.BatchState.CHECKED])
    unanswered = with_owners(waiting).filter(Q(ownership=rules.Ownership.PENDING))
    return sorted(set(unanswered.values_list("batch_id", flat=True)))


def batches_to_void(person_id: int) -> list[int]:
    """Batches that the bank was not tried with, in which a person is to be paid to an account of before."""
    open_states = [rules.BatchState.DRAFT, rules.BatchState.CHECKED, rules.BatchState.RELEASED]
    found = PaymentLine.objects.filter(person_id=person_id, batch__state__in=open_states, batch__tried_at=None).exclude(
        bank_digest=F("person__bank_digest")
    )
    return sorted(set(found.values_list("batch_id", flat=True)))


def payees_changed(batch_id: int) -> bool:
    """Whether somebody in a batch has another account than their line; locks the persons, so that it stays so."""
    lines = lines_of(batch_id)
    persons.lock_all(list(lines.values_list("person_id", flat=True)))
    return lines.exclude(bank_digest=F("person__bank_digest")).exists()


def signatures_of(batch_id: int) -> "QuerySet[Signature]":
    """The hands that count under a batch, in order."""
    return Signature.objects.filter(batch_id=batch_id, voided_at=None).select_related("by").order_by("pk")


def amounts_of(batch_id: int) -> dict[str, int]:
    """The sum and the largest payment of a batch, in fen: what bands look at."""
    found = PaymentLine.objects.filter(batch_id=batch_id)
    return found.aggregate(sum_fen=Sum("amount_fen", default=0), largest_fen=Max("amount_fen", default=0))


def bands_for(region_code: str, fund: str, on: date) -> list[rules.Band]:
    """The bands that bind a region on a day: its own and those of every region around it."""
    found = ReleaseBand.objects.filter(region_code__in=around(region_code), fund=fund, in_force__contains=on)
    return [
        rules.Band(
            basis=one.basis, from_fen=one.from_fen, releasers=one.releasers, office=one.office, document=one.document
        )
        for one in found.order_by("from_fen", "pk")
    ]


def bands_visible_to(by: "Account") -> QuerySet[ReleaseBand]:
    """Bands of the own region, of those within it, and of those around it that bind it."""
    if not may_read(by):
        return ReleaseBand.objects.none()
    own = Q(region_code__startswith=prefix(by.region_code)) | Q(region_code__in=around(by.region_code))
    return ReleaseBand.objects.filter(own).order_by("fund", "basis", "from_fen", "in_force")
