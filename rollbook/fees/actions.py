"""Prices stated, sign-ups, receipts given, and the trainee's word on each (N16.1)."""

import secrets
from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, connection, transaction
from django.utils.timezone import localdate

from rollbook.accounts.rules import Permission, authorise
from rollbook.classes import actions as class_actions
from rollbook.classes import queries as classes
from rollbook.fees import queries, rules
from rollbook.fees.models import Entry, Price, SignUp
from rollbook.journal.actions import record
from rollbook.kernel.messages import _
from rollbook.kernel.reasons import Forbidden, NotFound, Refused, reason, refuse_if

if TYPE_CHECKING:
    from rollbook.accounts.models import Account
    from rollbook.classes.models import TrainingClass

S = rules.SignUpState
NUMBERING = 7304  # the number of the lock


def _note(kind: str, subject: Any, klass: "TrainingClass", *, by: "Account", at: datetime, **data: object) -> None:
    record(kind, subject, by=by, at=at, region_code=klass.region_code, institution_id=klass.institution_id, **data)


@transaction.atomic
def state_price(
    *, by: "Account", class_id: int, price_fen: int, share_fen: int, ways: Sequence[str], now: datetime
) -> Price:  # fmt: skip
    """The institution states what a class costs a trainee; who has signed up keeps the price of then."""
    klass = classes.get(by, class_id)
    authorise(by, Permission.CLASS_APPLY, institution_id=klass.institution_id)
    chosen = [one for one in rules.Way.values() if one in ways]
    share_fen = share_fen if rules.Way.PART in chosen else 0
    refuse_if(rules.reasons_against_price(price_fen, share_fen, chosen))
    made, _is_new = Price.objects.update_or_create(
        training_class=klass,
        defaults={
            "price_fen": price_fen, "share_fen": share_fen, "ways": chosen, "stated_by": by, "stated_at": now,
        },
    )  # fmt: skip
    _note("fee.price-stated", made, klass, by=by, at=now, amount_fen=price_fen)
    return made


@transaction.atomic
def sign_up(*, by: "Account", class_id: int, way: str, now: datetime) -> SignUp:
    """A worker chooses a class and a way of paying: asks to join, or, on the roster already, says how (N16.1)."""
    authorise(by, Permission.CHECK_IN)
    if by.person_id is None:
        raise Forbidden(Permission.CHECK_IN)
    one = classes.enrolments_of_person(by.person_id).filter(training_class_id=class_id).first()
    price = queries.price_of(class_id) if one else queries.open_class(class_id, localdate(now))
    if price is None:
        raise NotFound
    refuse_if(rules.reasons_against_way(way, price.ways, price.price_fen))
    klass = price.training_class
    try:
        with transaction.atomic():
            made = SignUp.objects.create(
                training_class=klass, person_id=by.person_id, enrolment=one, way=way if price.price_fen else "",
                price_fen=price.price_fen, share_fen=price.share_fen, asked_at=now,
                state=S.ACCEPTED if one else S.ASKED,
            )  # fmt: skip
    except IntegrityError as error:
        raise Refused(reason("signed-up", _("You have signed up for this class already."), "N16.1")) from error
    _note("fee.signed-up", made, klass, by=by, at=now, amount_fen=price.price_fen)
    return made


@transaction.atomic
def withdraw(*, by: "Account", sign_up_id: int, now: datetime) -> SignUp:
    """A worker who is not on the roster yet does not want to join after all."""
    return _decided(by, sign_up_id, S.WITHDRAWN, "", now)


@transaction.atomic
def decide_sign_up(*, by: "Account", sign_up_id: int, accepted: bool, why: str, now: datetime) -> SignUp:
    """The institution takes a worker onto the roster, with the same checks as everybody, or says why not."""
    if not accepted and not why.strip():
        raise Refused(reason("why", _("Say on what ground."), "N14.1"))
    return _decided(by, sign_up_id, S.ACCEPTED if accepted else S.DECLINED, why.strip(), now)


def _decided(by: "Account", sign_up_id: int, state: rules.SignUpState, why: str, now: datetime) -> SignUp:
    queries.get(by, sign_up_id)
    one = queries.lock(sign_up_id)
    klass = classes.by_id(one.training_class_id)
    if state == S.WITHDRAWN:
        authorise(by, Permission.CHECK_IN)
    else:
        authorise(by, Permission.CLASS_APPLY, institution_id=klass.institution_id)
    if one.state != S.ASKED:
        raise Refused(reason("decided", _("This is decided already."), "N14.1"))
    if state == S.ACCEPTED:
        one.enrolment = class_actions.enrol(by=by, class_id=klass.pk, person_id=one.person_id, now=now)
    one.state, one.decided_by, one.decided_at, one.why = state, by, now, why
    one.save()
    _note(f"fee.sign-up-{state.value}", one, klass, by=by, at=now, why=why)
    return one


@transaction.atomic
def enter(
    *, by: "Account", sign_up_id: int, kind: str, amount_fen: int, means: str, on: date, note: str, now: datetime
) -> Entry:  # fmt: skip
    """The institution took money of a trainee or gave it back: a receipt with its number, for the trainee to confirm."""
    queries.get(by, sign_up_id)
    one = queries.lock(sign_up_id)
    klass = classes.by_id(one.training_class_id)
    authorise(by, Permission.CLASS_APPLY, institution_id=klass.institution_id)
    owing = queries.accounts_of([queries.get(by, sign_up_id)])[0]
    found = list(
        rules.reasons_against_entry(
            kind, amount_fen, balance_fen=owing.balance_fen, kept_fen=owing.standing.kept_fen
        )
    )  # fmt: skip
    if one.state != S.ACCEPTED:
        found.append(reason("not-on-roster", _("Nobody pays before being on the roster."), "N16.1"))
    if kind not in rules.EntryKind.values() or means not in rules.Means.values():
        found.append(reason("entry-kind", _("Say whether it was paid or given back, and by what means."), "N16.1"))
    if on > localdate(now):
        found.append(reason("day-ahead", _("This day lies ahead."), "N16.1"))
    refuse_if(found)
    made = Entry.objects.create(
        sign_up=one, number=_number(klass.institution_id, localdate(now).year), token=secrets.token_urlsafe(32), kind=kind,
        amount_fen=amount_fen, means=means, on=on, note=note.strip()[:200], entered_by=by, entered_at=now,
    )  # fmt: skip
    _note(f"fee.{kind}", made, klass, by=by, at=now, amount_fen=amount_fen, number=made.number)
    return made


def _number(institution_id: int, year: int) -> str:
    """The next number of an institution's receipts in a year, counted under a lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [NUMBERING, institution_id])
    start = f"SJ{institution_id:06}-{year}-"
    return f"{start}{Entry.objects.filter(number__startswith=start).count() + 1:06}"


@transaction.atomic
def answer(*, by: "Account", entry_id: int, answer: str, said: str, now: datetime) -> Entry:
    """The trainee confirms a receipt, or denies it: "I did not pay this"."""
    queries.entry(by, entry_id)
    authorise(by, Permission.CHECK_IN)
    one = Entry.objects.select_for_update(of=("self",)).select_related("sign_up__training_class").get(pk=entry_id)
    refuse_if(rules.reasons_against_answer(answer, one.answer, said))
    one.answer, one.answered_at, one.said = answer, now, said.strip()[:200]
    one.save(update_fields=["answer", "answered_at", "said"])
    _note(f"fee.{answer}", one, one.sign_up.training_class, by=by, at=now, amount_fen=one.amount_fen, number=one.number)
    return one
