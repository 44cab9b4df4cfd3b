"""The bank, over HTTP (docs/adapters/bank.md): files out, and what it has to return."""

import hashlib
import hmac

import httpx
from django.conf import settings

SECONDS = 20.0


def _signed(content: bytes) -> dict[str, str]:
    return {"X-Signature": hmac.new(settings.BANK_KEY.encode(), content, hashlib.sha256).hexdigest()}


def hand_over(batch: str, content: bytes) -> bool:
    """Give the bank a batch. True when it has it, now or from before; an error of the line raises,
    and the same batch is handed over again under the same number, which the bank takes once."""
    answer = httpx.put(
        f"{settings.BANK_URL}/batches/{batch}", content=content, headers=_signed(content), timeout=SECONDS
    )
    return answer.status_code in (200, 201, 409)


def returns_for(batch: str) -> list[bytes]:
    """The return files that the bank has made for a batch so far, in order."""
    url = f"{settings.BANK_URL}/batches/{batch}/returns"
    answer = httpx.get(url, headers=_signed(batch.encode()), timeout=SECONDS)
    if answer.status_code != 200:
        return []
    names: list[str] = answer.json()
    return [
        httpx.get(f"{url}/{name}", headers=_signed(f"{batch}/{name}".encode()), timeout=SECONDS).content
        for name in names
    ]
