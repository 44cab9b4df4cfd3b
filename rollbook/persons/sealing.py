"""Sealing what must not lie open, and finding it again without opening it."""

import hmac
import json
import os
from collections.abc import Iterable, Mapping

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

NONCE = 12  # bytes, NIST SP 800-38D


def digest(value: str) -> str:
    """The keyed digest that finds an identity number or an account: HMAC-SHA-256."""
    return hmac.digest(settings.DIGEST_KEY, value.encode(), "sha256").hex()


def digest_all(values: Iterable[str]) -> list[str]:
    """The digests of many."""
    key = settings.DIGEST_KEY
    return [hmac.digest(key, value.encode(), "sha256").hex() for value in values]


def seal(owner: int | str, content: Mapping[str, str]) -> tuple[int, bytes]:
    """Encrypt with the newest key; whose it is (a person's id, or a digest of it) is authenticated with it, so that
    a box moved to another row does not open."""
    version = max(settings.SEAL_KEYS)
    nonce = os.urandom(NONCE)
    plain = json.dumps(content, ensure_ascii=False).encode()
    box = AESGCM(settings.SEAL_KEYS[version]).encrypt(nonce, plain, str(owner).encode())
    return version, nonce + box


def unseal(owner: int | str, version: int, box: bytes) -> dict[str, str]:
    key = AESGCM(settings.SEAL_KEYS[version])
    plain = key.decrypt(box[:NONCE], box[NONCE:], str(owner).encode())
    content: dict[str, str] = json.loads(plain)
    return content
