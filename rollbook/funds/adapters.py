"""The bank, over HTTP (docs/adapters/bank.md): files out, and what it has to return."""

import hashlib
import hmac
import json

import httpx
from django.conf import settings

from rollbook.funds.rules import Ownership

SECONDS, OWNERSHIP_SECONDS = 20.0, 3.0


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
    if answer.status_code != 200 or not is_signed(answer):
        return []
    names: list[str] = answer.json()
    found = [httpx.get(f"{url}/{name}", headers=_signed(f"{batch}/{name}".encode()), timeout=SECONDS) for name in names]
    return [one.content for one in found if one.status_code == 200 and is_signed(one)]


def owner_of(name: str, account: str, number: str = "") -> tuple[str, str]:
    """Ask the bank whether an account is a person's: "match", "mismatch", "closed", "unknown", with a
    detail for the record. A slow, broken or unsigned answer is "pending": it never counts as a pass."""
    body = json.dumps({"name": name, "account": account, "number": number}, ensure_ascii=False).encode()
    try:
        answer = httpx.post(
            f"{settings.BANK_URL}/ownership", content=body, headers=_signed(body), timeout=OWNERSHIP_SECONDS
        )
        result = answer.json().get("result") if answer.status_code == 200 and is_signed(answer) else None
    except (httpx.HTTPError, ValueError, AttributeError) as error:
        return Ownership.PENDING, type(error).__name__
    if result in set(Ownership.values()) - {Ownership.PENDING}:
        return Ownership(result), ""
    return Ownership.PENDING, f"{answer.status_code} {result or ''}".strip()


def is_signed(answer: httpx.Response) -> bool:
    """Whether it is the bank that says so."""
    expected = _signed(answer.content)["X-Signature"]
    return hmac.compare_digest(expected.encode(), answer.headers.get("X-Signature", "").encode())
