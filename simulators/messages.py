"""Plays the gateway for messages to phones: `python -m simulators.messages --port 8103`.

It takes a number once and sends nothing to anybody; the contract is in docs/adapters/messages.md.
"""

import argparse
import hashlib
import hmac
import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY = os.environ.get("MESSAGES_KEY", "demo").encode()


class Handler(BaseHTTPRequestHandler):
    taken: dict[str, str] = {}  # number → text
    lock = threading.Lock()

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = self.path.strip("/").split("/")
        if len(parts) != 2 or parts[0] != "messages":
            return self.answer(404)
        expected = hmac.new(KEY, parts[1].encode() + b"\n" + body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, self.headers.get("X-Signature", "")):
            return self.answer(401)
        asked = json.loads(body)
        if str(asked["phone"]).endswith("0503"):
            return self.answer(503)
        with self.lock:
            if parts[1] in self.taken:
                return self.answer(409)
            self.taken[parts[1]] = str(asked["text"])
        return self.answer(201)

    def answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Phones never go into a log."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8103)
    server = ThreadingHTTPServer(("127.0.0.1", parser.parse_args().port), Handler)
    server.daemon_threads = True
    server.serve_forever()


if __name__ == "__main__":
    main()
