"""The population service: asked over HTTP whether a name and a number belong together.

The contract is in docs/adapters/population.md. Anything that is not a clear answer, whether
slow, broken or unknown, is "pending": it never counts as a pass.
"""

import hashlib
import hmac
import json

import httpx
from django.conf import settings

from rollbook.persons.rules import Verification

SECONDS = 3.0


def ask(name: str, number: str) -> tuple[Verification, str]:
    """The service's answer, with a detail for the record."""
    body = json.dumps({"name": name, "number": number}, ensure_ascii=False).encode()
    signature = hmac.new(settings.POPULATION_KEY.encode(), body, hashlib.sha256).hexdigest()
    headers = {"X-Signature": signature, "Content-Type": "application/json"}
    try:
        answer = httpx.post(f"{settings.POPULATION_URL}/verify", content=body, headers=headers, timeout=SECONDS)
        result = answer.json().get("result") if answer.status_code == 200 else None
    except (httpx.HTTPError, ValueError) as error:
        return Verification.PENDING, type(error).__name__
    match result:
        case "match":
            return Verification.MATCHED, ""
        case "mismatch":
            return Verification.MISMATCHED, ""
    return Verification.PENDING, f"{answer.status_code} {result or ''}".strip()


def tell(number: str, phone: str, text: str) -> bool:
    """Give the gateway for messages one message (docs/adapters/messages.md). True when it has it, now or from
    before; under one number it sends once, so an unknown outcome is simply tried again."""
    body = json.dumps({"phone": phone, "text": text}, ensure_ascii=False).encode()
    signature = hmac.new(settings.MESSAGES_KEY.encode(), number.encode() + b"\n" + body, hashlib.sha256).hexdigest()
    headers = {"X-Signature": signature, "Content-Type": "application/json"}
    try:
        answer = httpx.put(f"{settings.MESSAGES_URL}/messages/{number}", content=body, headers=headers, timeout=SECONDS)
    except httpx.HTTPError:
        return False
    return answer.status_code in (201, 409)
