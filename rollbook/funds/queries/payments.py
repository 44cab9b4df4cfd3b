"""Payment batches, their lines, files, owners and signatures."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Case, Count, F, Max, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce
from django.utils.timezone import localdate, localtime

from rollbook.funds import rules
from rollbook.funds.models import (
    BankFile,
    Ownership,
    PaymentBatch,
    PaymentLine,
    PaymentStop,
    ReleaseBand,
    Signature,
)
from rollbook.funds.queries.ledger import may_read
from rollbook.kernel.reasons import NotFound
from rollbook.persons import queries as persons
from rollbook.regions.rules import around, prefix

if TYPE_CHECKING:
    from rollbook.accounts.models import Account
    from rollbook.persons.models import Organisation, Person


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


def stopped_in(batch_id: int) -> QuerySet[PaymentLine]:
    """The payments of a batch that a stop is on."""
    stops = PaymentStop.objects.filter(lifted_at=None).values("subject")
    return PaymentLine.objects.filter(batch_id=batch_id, state=rules.LineState.WAITING, subject__in=stops).order_by(
        "number"
    )


def lines_of(batch_id: int) -> QuerySet[PaymentLine]:
    found = PaymentLine.objects.filter(batch_id=batch_id)
    return found.select_related("person", "organisation").order_by("number")


def lines_for(subjects: Iterable[str]) -> QuerySet[PaymentLine]:
    """Every payment for some subjects, those that failed too: for contexts that have checked who asks."""
    return PaymentLine.objects.filter(subject__in=list(subjects)).select_related("batch").order_by("pk")


# Whose the account of a line must be, and which that payee has now.
TO_PERSON = Case(When(organisation=None, then=F("person_id")))
ACCOUNT_NOW = Case(When(organisation=None, then=F("person__bank_digest")), default=F("organisation__bank_digest"))


def payee_of(line: PaymentLine) -> "Person | Organisation":
    """Who is paid: the person, or the organisation that the policy names in their place."""
    return line.organisation or line.person


def payee_locked(*, person_id: int | None, organisation_id: int | None) -> "Person | Organisation":
    """A payee whose account nobody changes until we commit."""
    if organisation_id is not None:
        persons.lock_organisations([organisation_id])
        return persons.organisations_by_ids([organisation_id])[organisation_id]
    assert person_id is not None  # noqa: S101 one of the two is named
    persons.lock(person_id)
    return persons.by_id(person_id)


def lock_payees(lines: "QuerySet[PaymentLine, Any]") -> None:
    """Nobody changes an account of these payments until we commit."""
    persons.lock_all(list(lines.filter(organisation=None).values_list("person_id", flat=True)))
    persons.lock_organisations(list(lines.exclude(organisation=None).values_list("organisation_id", flat=True)))


def shared_accounts(batch_id: int) -> list[str]:
    """Accounts in a batch that would receive as more than one payee (domain 5.2, D26)."""
    rows = (
        PaymentLine.objects.filter(batch_id=batch_id)
        .values("bank_digest", "bank_masked")
        .annotate(payees=Count(TO_PERSON, distinct=True) + Count("organisation", distinct=True))
        .filter(payees__gt=1)
    )
    return [row["bank_masked"] for row in rows]


def sent_batches() -> list[PaymentBatch]:
    """Batches that the bank has and has not answered whole."""
    return list(PaymentBatch.objects.filter(state=rules.BatchState.SENT).order_by("pk"))


def files_of(batch_id: int) -> QuerySet[BankFile]:
    return BankFile.objects.filter(batch_id=batch_id).defer("content").order_by("pk")


def out_file(batch_id: int) -> BankFile:
    return BankFile.objects.get(batch_id=batch_id, direction="out")  # one that was never offered is "void"


def line(line_id: int) -> PaymentLine:
    return PaymentLine.objects.get(pk=line_id)


def subject_of(line_id: int) -> str:
    return line(line_id).subject


def released_batches() -> list[PaymentBatch]:
    return list(PaymentBatch.objects.filter(state=rules.BatchState.RELEASED).order_by("pk"))


def subjects_of(batch_id: int) -> list[str]:
    return list(PaymentLine.objects.filter(batch_id=batch_id).values_list("subject", flat=True))


def live_lines() -> "QuerySet[PaymentLine, Any]":
    """Payments that are under way or made."""
    live = [rules.LineState.WAITING, rules.LineState.SENT, rules.LineState.PAID]
    return PaymentLine.objects.filter(state__in=live)


def totals_of(batch_id: int) -> dict[str, int]:
    """What whoever checks compares: payments, people, accounts, and the sum in fen."""
    return PaymentLine.objects.filter(batch_id=batch_id).aggregate(
        payments=Count("pk"),
        people=Count("person", distinct=True),
        accounts=Count("bank_digest", distinct=True),
        sum_fen=Sum("amount_fen", default=0),
        set_off_fen=Sum("netted_fen", default=0),
        due_fen=Sum(F("amount_fen") + F("netted_fen"), default=0),
    )


def bank_files(by: "Account") -> QuerySet[BankFile]:
    """The files that went to the bank and came back; what is in them is shown nowhere."""
    found = BankFile.objects.filter(batch__in=visible_to(by).values("pk"))
    return found.defer("content").select_related("batch").order_by("-pk")


def with_owners(lines: "QuerySet[PaymentLine, Any]") -> "QuerySet[PaymentLine, Any]":
    """Lines with what the bank said of their accounts, and when."""
    owner = Q(organisation=OuterRef("organisation")) | Q(person=OuterRef("to_person"))
    said = Ownership.objects.filter(owner, bank_digest=OuterRef("bank_digest"))
    return lines.annotate(to_person=TO_PERSON).annotate(
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
            is_changed=payee_of(one).bank_digest != one.bank_digest,
            changed_at=localtime(changed) if (changed := payee_of(one).account_changed_at) else None,
        )
        for one in with_owners(lines_of(batch_id))
    ]


def owners_to_ask(batch_id: int, now: datetime, days: int) -> list[PaymentLine]:
    """Lines of a batch whose account is the payee's present one and not known, lately, to be the payee's own;
    those never asked first."""
    fresh = Q(ownership=rules.Ownership.MATCH, owner_at__gt=now - timedelta(days))
    found = with_owners(lines_of(batch_id)).annotate(now=ACCOUNT_NOW).filter(bank_digest=F("now")).exclude(fresh)
    asked = found.order_by(F("owner_at").asc(nulls_first=True), "number")
    return list({(one.organisation_id or 0, one.to_person or 0): one for one in asked}.values())  # each payee once


def batches_to_ask() -> list[int]:
    """Batches before their release in which an account was never answered for."""
    waiting = PaymentLine.objects.filter(batch__state__in=[rules.BatchState.DRAFT, rules.BatchState.CHECKED])
    unanswered = with_owners(waiting).filter(Q(ownership=rules.Ownership.PENDING))
    return sorted(set(unanswered.values_list("batch_id", flat=True)))


def lines_to(*, person_id: int | None = None, organisation_id: int | None = None) -> QuerySet[PaymentLine]:
    """The payments to a payee."""
    if organisation_id is not None:
        return PaymentLine.objects.filter(organisation_id=organisation_id)
    return PaymentLine.objects.filter(person=person_id, organisation=None)


def batches_to_void(lines: QuerySet[PaymentLine]) -> list[int]:
    """Batches that the bank was not tried with, in which one of these is to be paid to an account of before."""
    open_states = [rules.BatchState.DRAFT, rules.BatchState.CHECKED, rules.BatchState.RELEASED]
    found = lines.filter(batch__state__in=open_states, batch__tried_at=None).annotate(now=ACCOUNT_NOW)
    found = found.exclude(bank_digest=F("now"))
    return sorted(set(found.values_list("batch_id", flat=True)))


def payees_changed(batch_id: int) -> bool:
    """Whether a payee of a batch has another account than the line; locks the payees, so that it stays so."""
    lines = lines_of(batch_id)
    lock_payees(lines)
    return lines.annotate(now=ACCOUNT_NOW).exclude(bank_digest=F("now")).exists()


def signatures_of(batch_id: int) -> "QuerySet[Signature]":
    """The hands that count under a batch, in order."""
    return Signature.objects.filter(batch_id=batch_id, voided_at=None).select_related("by").order_by("pk")


def amounts_of(batch_id: int) -> dict[str, int]:
    """The sum and the largest payment of a batch, in fen and with what is set off: what bands look at."""
    found = PaymentLine.objects.filter(batch_id=batch_id).annotate(due=F("amount_fen") + F("netted_fen"))
    return found.aggregate(batch=Sum("due", default=0), line=Max("due", default=0))


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
