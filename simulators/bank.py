"""Plays the bank: `python -m simulators.bank --port 8102`.

Takes batches, pays most lines, refuses some, answers in two returns of which the second comes
later. The file layout and the rules are in docs/adapters/bank.md.
"""

import argparse
import hashlib
import hmac
import json
import os
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY = os.environ.get("BANK_KEY", "demo").encode()
SLOW_SECONDS = float(os.environ.get("BANK_SLOW_SECONDS", "10"))
# What is said of an account by its last two digits, before it is paid.
OWNERS = {"77": "mismatch", "99": "closed", "55": "unknown", "66": "slow", "44": "down"}
# What the bank finds only when it pays.
FAILURES = {"33": "账户已冻结", "99": "账户已销户", "77": "户名或账号不符"}
LATE_SECONDS = float(os.environ.get("BANK_LATE_SECONDS", "20"))


class Vault:
    """What the bank has: batches by number, each with its return files and when they are ready."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.batches: dict[str, list[tuple[float, bytes]]] = {}

    def take(self, number: str, content: bytes) -> int:
        cut = content.rfind(b"T|")
        digest = hashlib.sha256(content[:cut]).hexdigest()
        if cut < 0 or content[cut:].strip() != f"T|{digest}".encode():
            return 422
        rows = [line.split("|") for line in content[:cut].decode("gb18030").split("\r\n") if line.startswith("D|")]
        with self.lock:
            if number in self.batches:
                return 409
            late = [row for row in rows if row[3].endswith("8")]
            prompt = [row for row in rows if row not in late]
            now = time.time()
            parts = [(now, prompt), (now + LATE_SECONDS, late)]
            self.batches[number] = [(ready, _return(number, part)) for ready, part in parts if part]
        return 201

    def returns(self, number: str) -> list[bytes]:
        with self.lock:
            return [content for ready, content in self.batches.get(number, []) if ready <= time.time()]


def _return(number: str, rows: list[list[str]]) -> bytes:
    total = sum(int(row[4]) for row in rows)
    body = [f"H|1|RET|{number}|{len(rows)}|{total}"]
    for _kind, reference, _name, account, amount in rows:
        failure = FAILURES.get(account[-2:], "") if account else "户名或账号不符"
        status = "FAIL" if failure else "PAID"
        bank_reference = hashlib.sha256(reference.encode()).hexdigest()[:16].upper()
        body.append(f"D|{reference}|{amount}|{status}|{bank_reference}|{failure}")
    content = "".join(line + "\r\n" for line in body).encode("gb18030")
    return content + f"T|{hashlib.sha256(content).hexdigest()}\r\n".encode()


class Handler(BaseHTTPRequestHandler):
    vault = Vault()

    def do_PUT(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = self.path.strip("/").split("/")
        if len(parts) != 2 or parts[0] != "batches":
            return self.answer(404, b"")
        if not self.is_signed(content):
            return self.answer(401, b"")
        return self.answer(self.vault.take(parts[1], content), b"")

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path != "/ownership":
            return self.answer(404, b"")
        if not self.is_signed(content):
            return self.answer(401, b"")
        said = OWNERS.get(str(json.loads(content)["account"])[-2:], "match")
        if said == "down":
            return self.answer(503, b"")
        if said == "slow":
            time.sleep(SLOW_SECONDS)
            said = "match"
        return self.answer(200, json.dumps({"result": said}).encode())

    def do_GET(self) -> None:
        parts = self.path.strip("/").split("/")
        if len(parts) < 3 or parts[2] != "returns" or not self.is_signed("/".join([parts[1], *parts[3:]]).encode()):
            return self.answer(404, b"")
        found = self.vault.returns(parts[1])
        if len(parts) == 3:
            return self.answer(200, json.dumps([str(n) for n in range(len(found))]).encode())
        return self.answer(200, found[int(parts[3])])

    def is_signed(self, content: bytes) -> bool:
        expected = hmac.new(KEY, content, hashlib.sha256).hexdigest()
        return hmac.compare_digest(expected, self.headers.get("X-Signature", ""))

    def answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Signature", hmac.new(KEY, body, hashlib.sha256).hexdigest())
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Accounts never go into a log."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8102)
    server = ThreadingHTTPServer(("127.0.0.1", parser.parse_args().port), Handler)
    server.daemon_threads = True
    server.serve_forever()


if __name__ == "__main__":
    main()
