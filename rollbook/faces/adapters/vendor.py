"""An approved vendor, asked over HTTP (docs/adapters/faces.md). Slow, broken or unclear is `Unavailable`."""

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence
from typing import Any

import httpx
from django.conf import settings

from rollbook.faces import rules
from rollbook.faces.adapters import Encoded, Unavailable
from rollbook.faces.rules.liveness import Frame, frame

SECONDS = 3.0
MODEL = "vendor"


def _ask(path: str, **content: object) -> dict[str, Any]:
    body = json.dumps(content).encode()
    signature = hmac.new(settings.FACE_KEY.encode(), body, hashlib.sha256).hexdigest()
    headers = {"X-Signature": signature, "Content-Type": "application/json"}
    try:
        answer = httpx.post(f"{settings.FACE_URL}/{path}", content=body, headers=headers, timeout=SECONDS)
        found = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise Unavailable(type(error).__name__) from None
    if answer.status_code != 200 or not isinstance(found, dict):
        raise Unavailable(str(answer.status_code))
    return found


def _text(picture: bytes) -> str:
    return base64.b64encode(picture).decode()


class Vendor:
    model = MODEL

    def encode(self, picture: bytes) -> Encoded:
        found = _ask("encode", picture=_text(picture))
        try:
            faces = int(found["faces"])
            quality = rules.Quality(
                faces=faces, **{key: float(found[key]) for key in ("width", "sharpness", "brightness", "turn")}
            )
            if faces != 1:
                return Encoded(quality)
            vector = tuple(float(one) for one in found.get("vector") or ())
            template = base64.b64decode(found["template"], validate=True)
            if len(vector) not in (0, rules.SIZE) or not template:
                raise ValueError
            points = found.get("points")
            return Encoded(quality, template, vector, frame([(x, y) for x, y in points], vector) if points else None)
        except (KeyError, TypeError, ValueError, IndexError):
            raise Unavailable("answer") from None

    def frames(self, pictures: Sequence[bytes]) -> list[Frame | None]:
        return [self.encode(one).frame for one in pictures]

    def nearest(self, template: bytes, picture: bytes) -> float | None:
        return self.compare(template, picture) if self.count(picture) else None

    def count(self, picture: bytes) -> int:
        found = _ask("encode", picture=_text(picture)).get("faces")
        if isinstance(found, bool) or not isinstance(found, int) or found < 0:
            raise Unavailable("answer")
        return found

    def compare(self, template: bytes, picture: bytes) -> float:
        found = _ask("compare", template=_text(template), picture=_text(picture)).get("score")
        if isinstance(found, bool) or not isinstance(found, int | float) or not 0 <= found <= 1:
            raise Unavailable("answer")
        return float(found)
