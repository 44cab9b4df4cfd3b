"""Keeping templates apart from people: whose it is as a keyed digest, the template sealed, the vector turned.

The rotation keeps distances, so that near templates can be found, and hides the vector itself from whoever has the
table and not the key. It is no encryption: docs/decisions/faces.md says what it withstands.
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from django.conf import settings

from rollbook.faces import rules
from rollbook.persons import queries as persons


def owner_of(person_id: int) -> str:
    """The digest under which a person's template is kept."""
    return hmac.digest(settings.DIGEST_KEY, f"face {person_id}".encode(), "sha256").hex()


def chance(event: str) -> int:
    """A number that nobody without the key can foretell, the same each time for one event."""
    return int.from_bytes(hmac.digest(settings.DIGEST_KEY, f"face event {event}".encode(), "sha256")[:8])


def seal(owner: str, person_id: int, template: bytes) -> tuple[int, bytes]:
    return persons.seal(owner, {"person": str(person_id), "template": base64.b64encode(template).decode()})


def unseal(owner: str, version: int, box: bytes) -> tuple[int, bytes]:
    content = persons.unseal(owner, version, box)
    return int(content["person"]), base64.b64decode(content["template"])


def turned(vector: Sequence[float]) -> list[float]:
    """The vector after the secret rotation."""
    found: list[float] = (_rotation(settings.DIGEST_KEY) @ np.asarray(vector, dtype=np.float64)).tolist()
    return found


@lru_cache(maxsize=4)
def _rotation(key: bytes) -> Any:
    """An orthogonal matrix drawn evenly from all of them by the key (Mezzadri 2007): QR of normal numbers, which are
    made here by Box and Muller, since those of a library may change with its version."""
    count = rules.SIZE * rules.SIZE
    stream = hashlib.shake_256(b"rollbook face rotation " + key).digest(count * 16)
    even = (np.frombuffer(stream, dtype="<u8").reshape(2, count) >> 11) / 2.0**53
    normal = np.sqrt(-2 * np.log1p(-even[0])) * np.cos(2 * np.pi * even[1])
    orthogonal, upper = np.linalg.qr(normal.reshape(rules.SIZE, rules.SIZE))
    return orthogonal * np.sign(np.diag(upper))
