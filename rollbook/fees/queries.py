"""Prices, sign-ups and receipts, as far as whoever asks may see them; who owes what."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from django.db.models import Count, F, Q, QuerySet, Sum
from django.utils.timezone import localdate

from rollbook.accounts.rules import Permission, holds
from rollbook.certificates import queries as certificates
from rollbook.classes import queries as classes
from rollbook.directory import queries as directory
from rollbook.directory.rules import TermKey
from rollbook.fees import rules
from rollbook.fees.models import Entry, Price, SignUp
from rollbook.kernel.reasons import NotFound
from rollbook.regions.rules import prefix
from rollbook.subsidies import queries as subsidies

if TYPE_CHECKING:
    from rollbook.accounts.models import Account

S, K = rules.SignUpState, rules.EntryKind
OFFICE = (Permission.CLASS_REVIEW, Permission.STATISTICS_READ)


def visible_to(by: "Account") -> "QuerySet[SignUp, Any]":
    """The institution's, one's own, or the region's for its office; with what was taken and given back."""
    found = SignUp.objects.select_related("training_class__institution", "person", "enrolment")
    if by.role == "institution-manager":
        found = found.filter(training_class__institution_id=by.institution_id or 0)
    elif by.role == "worker":
        found = found.filter(person_id=by.person_id or 0)
    elif by.institution_id is None and any(holds(by, one) for one in OFFICE):
        found = found.filter(training_class__region_code__startswith=prefix(by.region_code))
    else:
        return found.none()
    return found.annotate(
        taken_fen=Sum("entries__amount_fen", filter=Q(entries__kind=K.TAKEN), default=0),
        refunded_fen=Sum("entries__amount_fen", filter=Q(entries__kind=K.REFUNDED), default=0),
        denied=Count("entries", filter=Q(entries__answer=rules.Answer.DENIED)),
    ).order_by("-pk")


def get(by: "Account", sign_up_id: int) -> SignUp:
    one = visible_to(by).filter(pk=sign_up_id).first()
    if one is None:
        raise NotFound
    found: SignUp = one
    return found


def lock(sign_up_id: int) -> SignUp:
    """Whoever counts what was taken of a sign-up locks it before."""
    return SignUp.objects.select_for_update().get(pk=sign_up_id)


def price_of(class_id: int) -> Price | None:
    return prices_of([class_id]).first()


def prices_of(class_ids: Collection[int]) -> QuerySet[Price]:
    found = Price.objects.filter(training_class_id__in=class_ids)
    return found.select_related("training_class__institution").order_by("training_class__starts_on", "pk")


def open_classes(today: date) -> "QuerySet[Price]":
    """Approved classes that anyone may still join, with their price: for the public (N16.1)."""
    found = Price.objects.filter(
        training_class__state="approved", training_class__starts_on__gte=today, training_class__roster_frozen_at=None
    )
    related = ("training_class__institution", "training_class__occupation")
    return found.select_related(*related).order_by("training_class__starts_on", "pk")


def open_class(class_id: int, today: date) -> Price:
    one = open_classes(today).filter(training_class_id=class_id).first()
    if one is None:
        raise NotFound
    return one


def entries_of(sign_up_ids: Sequence[int]) -> "QuerySet[Entry]":
    return Entry.objects.filter(sign_up_id__in=sign_up_ids).select_related("entered_by").order_by("on", "pk")


def entries_of_class(class_id: int) -> "QuerySet[Entry]":
    """All receipts of a class, for whoever may see the class."""
    found = Entry.objects.filter(sign_up__training_class_id=class_id)
    return found.select_related("sign_up__person").order_by("on", "pk")


def entry(by: "Account", entry_id: int) -> Entry:
    found = Entry.objects.filter(pk=entry_id, sign_up__in=visible_to(by).values("pk"))
    one = found.select_related("sign_up__training_class__institution", "sign_up__person", "entered_by").first()
    if one is None:
        raise NotFound
    return one


def entry_by_token(token: str) -> Entry:
    """What the code on a receipt names: 256 random bits, so it cannot be guessed."""
    found = Entry.objects.select_related("sign_up__training_class__institution", "sign_up__person")
    one = found.filter(token=token).first()
    if one is None:
        raise NotFound
    return one


@dataclass(frozen=True, slots=True)
class Owing:
    """A trainee's account with the institution: what is owed, paid, given back, and what is left."""

    sign_up: SignUp
    standing: rules.Standing
    owed_fen: int
    balance_fen: int


def accounts_of(some: "Sequence[SignUp]") -> list[Owing]:
    """For a page of sign-ups that `visible_to` gave, however many they are: four queries."""
    enrolments = [one.enrolment_id for one in some if one.enrolment_id]
    paid = subsidies.paid_to(enrolments)
    valid = certificates.valid_among(enrolments)
    held = classes.held_percents(enrolments)
    terms = terms_of(some)
    found = []
    for one in some:
        standing = rules.Standing(
            way=one.way, price_fen=one.price_fen, share_fen=one.share_fen, taken_fen=one.taken_fen,  # type: ignore[attr-defined]
            refunded_fen=one.refunded_fen, subsidy_fen=paid.get(one.enrolment_id or 0, 0),  # type: ignore[attr-defined]
            is_completed=one.enrolment_id in valid, held_percent=held.get(one.enrolment_id or 0),
        )  # fmt: skip
        is_on = one.state == S.ACCEPTED
        owed = rules.owed_fen(standing, terms[one.pk]) if is_on else 0
        found.append(Owing(one, standing, owed, owed - standing.kept_fen))
    return found


def terms_of(some: Sequence[SignUp]) -> dict[int, rules.Terms]:
    """The terms of the region on the day of each sign-up: what both agreed on."""
    agreed = {one.pk: (one.training_class.region_code, localdate(one.asked_at)) for one in some}
    found = {
        pair: rules.Terms(
            before_percent=terms[TermKey.FEE_BACK_BEFORE], first_percent=terms[TermKey.FEE_BACK_FIRST_HALF],
            later_percent=terms[TermKey.FEE_BACK_LATER], completed_percent=terms[TermKey.FEE_BACK_COMPLETED],
            by_subsidy=bool(terms[TermKey.FEE_CREDIT_BY_SUBSIDY]),
        )
        for pair, terms in directory.terms_among(set(agreed.values())).items()
    }  # fmt: skip
    return {pk: found[pair] for pk, pair in agreed.items()}


def screened() -> "QuerySet[Entry, Any]":
    """Receipts as the columns that screening reads; the names are of `risk.detectors.tables`."""
    return Entry.objects.values(
        "kind", "answer", "amount_fen", receipt_id=F("pk"), enrolment_id=F("sign_up__enrolment_id"),
        person_id=F("sign_up__person_id"), class_id=F("sign_up__training_class_id"),
        institution_id=F("sign_up__training_class__institution_id"),
        region_code=F("sign_up__training_class__region_code"), day=F("on"),
    )  # fmt: skip
