"""Plays an approved vendor of face comparison: `python -m simulators.faces --port 8104`.

A program of its own on a real connection; docs/adapters/faces.md has the contract. It sees no faces: a picture's
template is its brightness in a grid, so that the same picture is the same person and another is not. The first part
of the path makes it fail at will: /slow, /down, /cut, /wrong, /unclear.
"""

import argparse
import base64
import hashlib
import hmac
import json
import os
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from typing import Any

from PIL import Image

KEY = os.environ.get("FACE_KEY", "demo").encode()
SLOW_SECONDS = 10


def template_of(picture: str) -> bytes:
    with Image.open(BytesIO(base64.b64decode(picture)), formats=["JPEG", "PNG"]) as image:
        return image.convert("L").resize((8, 16)).tobytes()


def vector_of(template: bytes) -> list[float]:
    mean = sum(template) / len(template)
    centred = [one - mean for one in template]
    length = sum(one * one for one in centred) ** 0.5 or 1.0
    return [one / length for one in centred]


def encoded(asked: dict[str, Any]) -> dict[str, object]:
    template = template_of(asked["picture"])
    return {
        "faces": 1,
        "width": 200,
        "sharpness": 40,
        "brightness": sum(template) / len(template),
        "turn": 0,
        "template": base64.b64encode(template).decode(),
        "vector": vector_of(template),
    }


def compared(asked: dict[str, Any]) -> dict[str, object]:
    one, other = base64.b64decode(asked["template"]), template_of(asked["picture"])
    apart = sum(abs(a - b) for a, b in zip(one, other, strict=True)) / len(one)
    return {"score": max(0.0, 1 - apart / 20)}


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        expected = hmac.new(KEY, body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, self.headers.get("X-Signature", "")):
            return self.answer(401, {"error": "signature"})
        match self.path.split("/")[1:]:
            case ["slow", *_]:
                time.sleep(SLOW_SECONDS)
            case ["down", *_]:
                return self.answer(503, {"error": "down"})
            case ["cut", *_]:
                self.close_connection = True
                return None
            case ["wrong", *_]:
                return self.answer(200, {"score": 7, "faces": "one"})
            case ["unclear", *_]:
                return self.answer(200, {"score": True})
        asked = json.loads(body)
        return self.answer(200, encoded(asked) if self.path.endswith("/encode") else compared(asked))

    def answer(self, status: int, content: dict[str, object]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Pictures never go into a log."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8104)
    server = ThreadingHTTPServer(("127.0.0.1", parser.parse_args().port), Handler)
    server.daemon_threads = True
    server.serve_forever()


if __name__ == "__main__":
    main()
