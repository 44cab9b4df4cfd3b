"""Sources that are fetched from, over HTTP (docs/adapters/exchange.md): what they have, and their files.

What a source signs with its key (Ed25519) is the manifest, which names the file's digest, rows and day.
"""

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from rollbook.exchange.rules import Manifest

SECONDS = 20.0
MOST_BYTES = 8 * 2**30
MOST_LISTED = 1000


class Unanswered(Exception):
    """The source did not answer as it should: the line is tried again later."""


@dataclass(frozen=True, slots=True)
class Offered:
    """A manifest as it was signed."""

    content: bytes
    signature: str


def is_signed(public_key: str, content: bytes, signature: str) -> bool:
    """Whether the source of this key signed exactly this."""
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key, validate=True))
        key.verify(base64.b64decode(signature, validate=True), content)
    except (InvalidSignature, ValueError):
        return False
    return True


def manifest(content: bytes) -> Manifest | None:
    """What a manifest says; None where it is none."""
    try:
        row: Any = json.loads(content)
        return Manifest.of(row)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def offered(url: str) -> list[Offered]:
    """What a source has to be fetched, oldest first."""
    try:
        answer = httpx.get(f"{url}/batches", timeout=SECONDS)
        if answer.status_code != 200:
            raise Unanswered(f"{answer.status_code}")
        rows = answer.json()["batches"][:MOST_LISTED]
        return [Offered(base64.b64decode(row["manifest"], validate=True), str(row["signature"])) for row in rows]
    except httpx.HTTPError as error:
        raise Unanswered(type(error).__name__) from error
    except (ValueError, KeyError, TypeError) as error:
        raise Unanswered("unreadable list") from error


def fetch(url: str, file: str, target: Path) -> None:
    """Fetch one file, never holding it in memory."""
    size = 0
    try:
        with httpx.stream("GET", f"{url}/files/{file}", timeout=SECONDS) as answer, target.open("wb") as out:
            if answer.status_code != 200:
                raise Unanswered(f"{answer.status_code} {file}")
            for block in answer.iter_bytes():
                size += len(block)
                if size > MOST_BYTES:
                    raise Unanswered("too large")
                out.write(block)
    except httpx.HTTPError as error:
        raise Unanswered(type(error).__name__) from error
