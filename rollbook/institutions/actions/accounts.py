"""The account of an institution."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction

from rollbook.accounts.rules import Permission, authorise
from rollbook.institutions import queries
from rollbook.persons import actions as persons

if TYPE_CHECKING:
    from rollbook.accounts.models import Account


@transaction.atomic
def set_account(
    *, by: "Account", institution_id: int, bank: str, bank_account: str, phone: str, document: str, now: datetime
) -> None:
    """The account that the institution is paid to where a policy pays it in place of the person (N16.2)."""
    one = queries.get(by, institution_id, lock=True)
    authorise(by, Permission.INSTITUTION_APPLY, institution_id=one.pk)
    payee = persons.register_organisation(by=by, uscc=one.uscc, name=one.name, region_code=one.region_code, now=now)
    persons.keep_organisation_account(
        by=by, organisation_id=payee.pk, bank=bank, bank_account=bank_account, phone=phone, document=document, now=now
    )
