"""Telling the old contact of a payee that the account was changed; sealing anew what is sealed."""

from datetime import datetime

from django.conf import settings
from django.db import transaction

from rollbook.journal.actions import record
from rollbook.persons import adapters, queries
from rollbook.persons.models import Notice, Organisation, Sealed
from rollbook.persons.sealing import seal, unseal


def masked_phone(phone: str) -> str:
    return f"{phone[:3]}****{phone[-4:]}" if phone else ""


def masked_account(bank: str, account: str) -> str:
    return f"{bank} {account[-4:]}".strip() if account else ""


def send_notices(
    *, now: datetime, person_id: int | None = None, organisation_id: int | None = None, limit: int = 100
) -> int:
    """Send what waits, outside any transaction: the gateway takes one number once, so that a message whose
    outcome is unknown may be sent again. Gives how many it has."""
    sent = 0
    for notice in queries.notices_to_send(limit, person_id, organisation_id):
        content = unseal(queries.notice_key(notice), notice.key_version or 0, bytes(notice.box or b""))
        is_sent = adapters.tell(f"account-{notice.pk}", content.get("phone", ""), queries.text_of(notice))
        with transaction.atomic():
            row = Notice.objects.select_for_update().get(pk=notice.pk)
            row.tries += 1
            if is_sent and row.sent_at is None:
                row.sent_at, row.box, row.key_version = now, None, None
                told = queries.told_by(notice)
                kind = "person.told" if notice.person else "organisation.told"
                record(kind, told, by=None, at=now, region_code=told.region_code, phone=row.phone_masked)
            row.save()
        if not is_sent:
            break
        sent += 1
    return sent


@transaction.atomic
def rotate(*, limit: int = 1000) -> int:
    """Seal anew, with the newest key, boxes of older keys; give how many. Run until it is 0."""
    newest = max(settings.SEAL_KEYS)
    old = Sealed.objects.select_for_update(skip_locked=True).exclude(key_version=newest)
    boxes = list(old[:limit])
    for box in boxes:
        box.key_version, box.box = seal(box.person_id, queries.unsealed(box.person_id))
        box.save()
    notices = list(Notice.objects.select_for_update(skip_locked=True).filter(key_version__lt=newest)[:limit])
    for notice in notices:
        key = queries.notice_key(notice)
        content = unseal(key, notice.key_version or 0, bytes(notice.box or b""))
        notice.key_version, notice.box = seal(key, content)
        notice.save()
    firms = list(Organisation.objects.select_for_update(skip_locked=True).filter(key_version__lt=newest)[:limit])
    for firm in firms:
        firm.key_version, firm.box = seal(queries.owner_key(firm), queries.unsealed_organisation(firm))
        firm.save()
    return len(boxes) + len(notices) + len(firms)
