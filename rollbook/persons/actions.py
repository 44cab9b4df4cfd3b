from datetime import date, datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction

from rollbook.journal.actions import record
from rollbook.persons import queries, rules
from rollbook.persons.models import Person, Sealed
from rollbook.persons.sealing import digest, seal

if TYPE_CHECKING:
    from rollbook.accounts.models import Account


@transaction.atomic
def register(
    *,
    by: "Account | None",
    name: str,
    number: str,
    now: datetime,
    id_kind: rules.IdKind = rules.IdKind.CITIZEN,
    phone: str = "",
    bank: str = "",
    bank_account: str = "",
    category: str = "",
    region_code: str = "",
    **sealed: str,
) -> Person:
    """Find or make the one record of a person. Anything further is sealed with the number."""
    number = number.strip().upper()
    if found := queries.find_by_number(number):
        return found
    person = Person.objects.create(
        name=name,
        sex=rules.Sex.MALE if int(number[16]) % 2 else rules.Sex.FEMALE,
        birth_on=date(int(number[6:10]), int(number[10:12]), int(number[12:14])),
        id_kind=id_kind,
        id_digest=digest(number),
        id_masked=rules.mask(number, settings.ID_MASK),
        phone_masked=phone and f"{phone[:3]}****{phone[-4:]}",
        bank_masked=bank_account and f"{bank} {bank_account[-4:]}".strip(),
        bank_digest=bank_account and digest(bank_account),
        category=category,
        region_code=region_code,
    )
    content = {
        "number": number,
        "phone": phone,
        "bank": bank,
        "bank_account": bank_account,
        **sealed,
    }
    version, box = seal(person.pk, content)
    Sealed.objects.create(person=person, key_version=version, box=box)
    record("person.registered", person, by=by, at=now, region_code=region_code)
    return person
