"""The bank, over HTTP (docs/adapters/bank.md): files out, and what it has to return."""

import hashlib
import hmac
import json
from datetime import date

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


def outcome_of(batch: str, reference: str) -> dict[str, str] | None:
    """What the bank says of one payment when asked: {"status": "PAID" or "FAIL", "bank_reference", "failure"}.
    None where it does not say, does not know it, or does not answer: then nothing is known."""
    url = f"{settings.BANK_URL}/batches/{batch}/payments/{reference}"
    try:
        answer = httpx.get(url, headers=_signed(f"{batch}/{reference}".encode()), timeout=OWNERSHIP_SECONDS)
        said = answer.json() if answer.status_code == 200 and is_signed(answer) else {}
    except (httpx.HTTPError, ValueError):
        return None
    is_answer = isinstance(said, dict) and said.get("reference") == reference and said.get("status") in ("PAID", "FAIL")
    return {key: str(value) for key, value in said.items()} if is_answer else None


def statement_for(region_code: str, day: date) -> bytes | None:
    """The bank's statement of a day that is over; None where it has none yet."""
    url = f"{settings.BANK_URL}/statements/{region_code}/{day:%Y%m%d}"
    answer = httpx.get(url, headers=_signed(f"{region_code}/{day:%Y%m%d}".encode()), timeout=SECONDS)
    return answer.content if answer.status_code == 200 and is_signed(answer) else None


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
