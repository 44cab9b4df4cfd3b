"""Employers and institutions that are paid for persons: their accounts (N16.2)."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction

from rollbook.accounts.rules import Permission, authorise
from rollbook.journal.actions import record
from rollbook.kernel.messages import _
from rollbook.kernel.reasons import reason, refuse_if
from rollbook.persons import queries, rules
from rollbook.persons.actions.notices import masked_account, masked_phone
from rollbook.persons.models import Notice, Organisation
from rollbook.persons.sealing import digest, seal

if TYPE_CHECKING:
    from rollbook.accounts.models import Account


@transaction.atomic
def register_organisation(
    *, by: "Account | None", uscc: str, name: str, region_code: str, now: datetime
) -> Organisation:
    """Find or make the one record of an organisation; its account is entered later."""
    values = {"name": name, "region_code": region_code, "created_at": now}
    one, is_new = Organisation.objects.get_or_create(uscc=uscc, defaults=values)
    if is_new:
        record("organisation.registered", one, by=by, at=now, region_code=region_code)
    return one


@transaction.atomic
def mend_organisation_account(
    *, by: "Account", organisation_id: int, bank: str, bank_account: str, phone: str, document: str, now: datetime
) -> Organisation:
    """The office enters an organisation's account from a paper of it."""
    one = queries.organisation(by, organisation_id)
    authorise(by, Permission.CLAIM_REVIEW, region_code=one.region_code)
    return keep_organisation_account(
        by=by, organisation_id=one.pk, bank=bank, bank_account=bank_account, phone=phone, document=document, now=now
    )


@transaction.atomic
def keep_organisation_account(
    *, by: "Account", organisation_id: int, bank: str, bank_account: str, document: str, now: datetime,
    phone: str | None = None,
) -> Organisation:  # fmt: skip
    """The account of an organisation from now on, for a caller that has authorised it. From one account to another
    the old contact is told and payments are held for a while, as for persons (N14.1)."""
    one = Organisation.objects.select_for_update().get(pk=organisation_id)
    bank_account = "".join(bank_account.split())
    found = list(rules.reasons_against_account(bank_account, is_card=False))
    if not document.strip():
        found.append(reason("account-document", _("Name the paper that states the account."), "N16.2"))
    refuse_if(found)
    was, old = one.bank_masked, one.bank_digest
    told = queries.unsealed_organisation(one).get("phone", "")
    one.bank_masked, one.bank_digest = masked_account(bank, bank_account), digest(bank_account)
    phone = told if phone is None else phone.strip()
    one.phone_masked, one.document = masked_phone(phone), document.strip()
    content = {"bank": bank, "bank_account": bank_account, "phone": phone}
    one.key_version, one.box = seal(queries.owner_key(one), content)
    if old and old != one.bank_digest:
        one.account_changed_at = now
        _tell(one, rules.NoticeKind.ACCOUNT, was, one.bank_masked, told, now)
    one.save()
    record(
        "organisation.account-changed", one, by=by, at=now, region_code=one.region_code, was=was,
        now=one.bank_masked, document=one.document,
    )  # fmt: skip
    return one


def tell_organisation(organisation_id: int, kind: rules.NoticeKind, was: str, is_now: str, now: datetime) -> None:
    """Keep what the organisation is to be told at its present contact."""
    one = Organisation.objects.get(pk=organisation_id)
    _tell(one, kind, was, is_now, queries.unsealed_organisation(one).get("phone", ""), now)


def _tell(one: Organisation, kind: rules.NoticeKind, was: str, is_now: str, phone: str, now: datetime) -> None:
    version, box = seal(queries.owner_key(one), {"phone": phone}) if phone else (None, None)
    Notice.objects.create(
        organisation=one, kind=kind, at=now, was=was, now=is_now, phone_masked=masked_phone(phone),
        key_version=version, box=box,
    )  # fmt: skip
