from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.timezone import localdate

from rollbook.accounts.actions import create_account
from rollbook.accounts.rules import OFFICIALS, Permission, authorise
from rollbook.journal.actions import record
from rollbook.kernel.messages import _
from rollbook.kernel.reasons import NotFound, Refused, reason, refuse_if
from rollbook.persons import adapters, queries, rules
from rollbook.persons.actions.notices import masked_account, masked_phone
from rollbook.persons.actions.organisations import tell_organisation
from rollbook.persons.models import Candidate, Enquiry, Notice, Person, Sealed
from rollbook.persons.sealing import digest, seal
from rollbook.web import sheets

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rollbook.accounts.models import Account


@dataclass(frozen=True, slots=True)
class Draft:
    """A person as somebody wrote them down; the number is already found to be valid."""

    name: str
    number: str
    phone: str = ""
    bank: str = ""
    bank_account: str = ""
    category: str = ""
    region_code: str = ""


def register(
    *,
    by: "Account | None",
    name: str,
    number: str,
    now: datetime,
    phone: str = "",
    bank: str = "",
    bank_account: str = "",
    category: str = "",
    region_code: str = "",
) -> Person:
    """Find or make the one record of a person (N3.1). Two at once come to the same record."""
    number = rules.normal(number)
    refuse_if(rules.reasons_against_number(number, localdate(now)))
    draft = Draft(name.strip(), number, phone, bank, bank_account, category, region_code)
    try:
        with transaction.atomic():
            return _found(draft) or _write([draft], by=by, now=now)[0]
    except IntegrityError:  # another made the record meanwhile
        return _found(draft) or _write([draft], by=by, now=now)[0]


def _found(draft: Draft) -> Person | None:
    person = queries.find_by_number(draft.number)
    if person is not None and not rules.same_name(person.name, draft.name):
        text = _("This number is registered with another name; check the card.")
        raise Refused(reason("name-differs", text, "N3.1"))
    return person


@transaction.atomic
def register_many(*, by: "Account", drafts: "Sequence[Draft]", now: datetime) -> list[Person]:
    """Find or make the records of many, whose numbers are valid and whose names agree."""
    known = queries.found_by_numbers([one.number for one in drafts])
    new = {one.number: one for one in drafts if one.number not in known}
    made = _write(list(new.values()), by=by, now=now)
    known |= dict(zip(new, made, strict=True))
    return [known[one.number] for one in drafts]


def _write(drafts: "Sequence[Draft]", *, by: "Account | None", now: datetime) -> list[Person]:
    people = Person.objects.bulk_create([_row(one) for one in drafts], batch_size=2000)
    boxes = []
    for done, (person, one) in enumerate(zip(people, drafts, strict=True), 1):
        sheets.tell(done)
        content = {
            "number": one.number,
            "phone": one.phone,
            "bank": one.bank,
            "bank_account": one.bank_account,
        }
        version, box = seal(person.pk, content)
        boxes.append(Sealed(person=person, key_version=version, box=box))
        record("person.registered", person, by=by, at=now, region_code=person.region_code)
    Sealed.objects.bulk_create(boxes, batch_size=2000)
    return people


def _row(one: Draft) -> Person:
    born = rules.birth_in(one.number)
    assert born is not None  # noqa: S101 a valid number states a day
    return Person(
        name=one.name,
        sex=rules.Sex.MALE if int(one.number[16]) % 2 else rules.Sex.FEMALE,
        birth_on=born,
        id_kind=rules.kind_of(one.number),
        id_digest=digest(one.number),
        id_masked=rules.mask(one.number, settings.ID_MASK),
        phone_masked=masked_phone(one.phone),
        phone_digest=digest(one.phone) if one.phone else "",
        bank_masked=masked_account(one.bank, one.bank_account),
        bank_digest=digest(one.bank_account) if one.bank_account else "",
        category=one.category,
        region_code=one.region_code,
    )


@transaction.atomic
def reveal(*, by: "Account", person_id: int, field: str, purpose: str, now: datetime) -> str:
    """Show one sealed field to an official, who says why; the journal keeps it (N14.1)."""
    person = queries.get(by, person_id)
    if person.pk != by.person_id:
        authorise(by, Permission.PERSON_SHOW, region_code=person.region_code or by.region_code)
    if purpose not in rules.Purpose.values():
        raise Refused(reason("purpose", _("Say what the number is needed for.")))
    if field not in ("number", "phone", "bank_account"):
        raise NotFound
    record("person.revealed", person, by=by, at=now, region_code=person.region_code, field=field, purpose=purpose)
    return queries.unsealed(person.pk).get(field, "")


@transaction.atomic
def set_account(
    *,
    by: "Account",
    person_id: int,
    bank: str,
    bank_account: str,
    now: datetime,
    kind: str = rules.AccountKind.CARD,
    why: str = "",
) -> Person:
    """Change the account that subsidies are paid to: by the person, or an official who mends. It is the social
    security card unless there is a reason (N16.3). From one account to another, the old contact is told, and
    payments are held for a while (N14.1)."""
    person = queries.get(by, person_id, lock=True)
    bank_account = "".join(bank_account.split())
    refuse_if([*rules.reasons_against_account(bank_account), *rules.reasons_against_kind(kind, why)])
    content = queries.unsealed(person.pk) | {"bank": bank, "bank_account": bank_account}
    _seal(person, content)
    was, old = person.bank_masked, person.bank_digest
    person.bank_masked = masked_account(bank, bank_account)
    person.bank_digest = digest(bank_account)
    person.account_kind, person.account_why = kind, why.strip() if kind == rules.AccountKind.OTHER else ""
    if old and old != person.bank_digest:
        person.account_changed_at = now
        _tell(person, rules.NoticeKind.ACCOUNT, was, person.bank_masked, content.get("phone", ""), now)
    person.save(update_fields=["bank_masked", "bank_digest", "account_kind", "account_why", "account_changed_at"])
    record(
        "person.account-changed", person, by=by, at=now, region_code=person.region_code,
        was=was, now=person.bank_masked, account_kind=kind, why=person.account_why,
    )  # fmt: skip
    return person


def tell(
    *, person_id: int, kind: rules.NoticeKind, was: str, is_now: str, now: datetime, organisation_id: int | None = None
) -> None:
    """For contexts above, within their transaction: the payee is told at the present contact, which is the
    organisation where one was paid in place of the person."""
    if organisation_id is not None:
        tell_organisation(organisation_id, kind, was, is_now, now)
        return
    person = Person.objects.get(pk=person_id)
    _tell(person, kind, was, is_now, queries.unsealed(person_id).get("phone", ""), now)


def _tell(person: Person, kind: rules.NoticeKind, was: str, is_now: str, phone: str, now: datetime) -> None:
    """Keep what the contact is to be told; the queue sends it."""
    version, box = seal(person.pk, {"phone": phone}) if phone else (None, None)
    Notice.objects.create(
        person=person, kind=kind, at=now, was=was, now=is_now, phone_masked=masked_phone(phone), key_version=version,
        box=box,
    )  # fmt: skip


def _seal(person: Person, content: dict[str, str]) -> None:
    version, box = seal(person.pk, content)
    Sealed.objects.filter(person=person).update(key_version=version, box=box)


@transaction.atomic
def answer_enquiry(*, person_id: int, outcome: str, detail: str, now: datetime) -> None:
    """What the population service said. Anything but an answer leaves the person pending."""
    person = Person.objects.select_for_update().get(pk=person_id)
    Enquiry.objects.create(
        person=person,
        asked_at=now,
        answered_at=None if outcome == rules.Verification.PENDING else now,
        outcome=outcome,
        detail=detail[:200],
    )
    if outcome == rules.Verification.PENDING or person.verification == outcome:
        return
    person.verification, person.verified_at = outcome, now
    person.save(update_fields=["verification", "verified_at"])
    record("person.verified", person, by=None, at=now, region_code=person.region_code, outcome=outcome)


@transaction.atomic
def merge(*, by: "Account", keep_id: int, merge_id: int, why: str, now: datetime) -> Person:
    """Two records of one person become one: the second points to the first (N3.1)."""
    keep, other = queries.get(by, keep_id, lock=True), queries.get(by, merge_id, lock=True)
    authorise(by, Permission.PERSON_MERGE, region_code=keep.region_code)
    if keep.pk == other.pk or keep.merged_into_id or other.merged_into_id:
        raise Refused(reason("merge-impossible", _("Choose two different records that are not merged yet.")))
    if not why.strip():
        raise Refused(reason("merge-why", _("Say on what ground they are one person.")))
    other.merged_into = keep
    other.save(update_fields=["merged_into"])
    record("person.merged", other, by=by, at=now, region_code=keep.region_code, into=keep.pk, why=why)
    return keep


def find_candidates(*, now: datetime) -> int:
    """Note the pairs of records that are alike; those put aside stay so. Gives how many are new."""
    return note_candidates(pairs=queries.alike(), now=now)


def note_candidates(*, pairs: "Iterable[tuple[int, int, str]]", now: datetime) -> int:
    """Note pairs, older record first, with why; the first reason of a pair stays. Gives how many are new."""
    known = set(Candidate.objects.values_list("older_id", "newer_id"))
    made: dict[tuple[int, int], str] = {}
    for older, newer, likeness in pairs:
        if (older, newer) not in known:
            made.setdefault((older, newer), likeness)
    rows = (Candidate(older_id=a, newer_id=b, likeness=one, found_at=now) for (a, b), one in made.items())
    Candidate.objects.bulk_create(rows, batch_size=5000, ignore_conflicts=True)
    return len(made)


@transaction.atomic
def dismiss_candidate(*, by: "Account", candidate_id: int, why: str, now: datetime) -> Candidate:
    """Two records are of two persons after all: the pair is not shown again."""
    pair = queries.candidates(by).select_for_update(of=("self",)).filter(pk=candidate_id).first()
    if pair is None:
        raise NotFound
    authorise(by, Permission.PERSON_MERGE, region_code=pair.newer.region_code)
    if not why.strip():
        raise Refused(reason("unmerge-why", _("Say on what ground they are two persons.")))
    pair.dismissed_at = now
    pair.save(update_fields=["dismissed_at"])
    record(
        "person.told-apart",
        pair.newer,
        by=by,
        at=now,
        region_code=pair.newer.region_code,
        out_of=pair.older_id,
        why=why,
    )
    return pair


@transaction.atomic
def unmerge(*, by: "Account", person_id: int, why: str, now: datetime) -> Person:
    other = queries.get(by, person_id, lock=True)
    authorise(by, Permission.PERSON_MERGE, region_code=other.region_code)
    if other.merged_into_id is None:
        raise Refused(reason("not-merged", _("This record is not merged into another.")))
    if not why.strip():
        raise Refused(reason("unmerge-why", _("Say on what ground they are two persons.")))
    into, other.merged_into = other.merged_into_id, None
    other.save(update_fields=["merged_into"])
    record("person.unmerged", other, by=by, at=now, region_code=other.region_code, out_of=into, why=why)
    return other


def verify(*, person_id: int, now: datetime) -> str:
    """Ask the population service about one person, outside any transaction: it may be slow."""
    outcome, detail = adapters.ask(queries.by_id(person_id).name, queries.unsealed(person_id)["number"])
    answer_enquiry(person_id=person_id, outcome=outcome, detail=detail, now=now)
    return outcome


@transaction.atomic
def give_account(
    *,
    by: "Account",
    name: str,
    number: str,
    username: str,
    password: str,
    role: str,
    region_code: str,
    now: datetime,
    office: str = "",
) -> "Account":
    """Give a real person an account for an office; who the person is decides which posts go together (N14.1)."""
    authorise(by, Permission.ACCOUNT_MANAGE, region_code=region_code)
    if role not in OFFICIALS:
        raise Refused(reason("role-office", _("Here only the roles of an office are given."), "N14.1"))
    person = register(by=by, name=name, number=number, region_code=region_code, now=now)
    return create_account(
        by=by,
        username=username,
        password=password,
        name=person.name,
        role=role,
        region_code=region_code,
        person_id=person.pk,
        office=office,
        now=now,
    )
