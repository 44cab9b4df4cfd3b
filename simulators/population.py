"""Plays the population service: `python -m simulators.population --port 8101`.

A program of its own on a real connection. What it answers depends on the number, so that every
failure can be had at will; see docs/adapters/population.md.
"""

import argparse
import hashlib
import hmac
import json
import os
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY = os.environ.get("POPULATION_KEY", "demo").encode()
SLOW_SECONDS = 10


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        expected = hmac.new(KEY, body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, self.headers.get("X-Signature", "")):
            return self.answer(401, {"error": "signature"})
        asked = json.loads(body)
        match str(asked.get("number", ""))[-4:-1]:  # the serial within the number
            case "777":
                return self.answer(200, {"result": "mismatch"})
            case "778":
                return self.answer(200, {"result": "unknown"})
            case "779":
                time.sleep(SLOW_SECONDS)
            case "780":
                return self.answer(503, {"error": "down"})
            case "781":
                self.close_connection = True
                return None
        return self.answer(200, {"result": "match"})

    def answer(self, status: int, content: dict[str, str]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Numbers never go into a log."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8101)
    server = ThreadingHTTPServer(("127.0.0.1", parser.parse_args().port), Handler)
    server.daemon_threads = True
    server.serve_forever()


if __name__ == "__main__":
    main()
