"""Plays the bank: `python -m simulators.bank --port 8102`.

Takes batches, pays most lines, refuses some, answers in two returns of which the second comes later, forgets some,
pays one twice, and says of each day what moved. The file layout and the rules are in docs/adapters/bank.md.
"""

import argparse
import hashlib
import hmac
import json
import os
import threading
import time
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from zoneinfo import ZoneInfo

KEY = os.environ.get("BANK_KEY", "demo").encode()
SLOW_SECONDS = float(os.environ.get("BANK_SLOW_SECONDS", "10"))
# What is said of an account by its last two digits, before it is paid.
OWNERS = {"77": "mismatch", "99": "closed", "55": "unknown", "66": "slow", "44": "down"}
# What the bank finds only when it pays.
FAILURES = {"33": "账户已冻结", "99": "账户已销户", "77": "户名或账号不符"}
LATE_SECONDS = float(os.environ.get("BANK_LATE_SECONDS", "20"))
# Never told in a return: "21" is paid and says so when asked, "23" stays unknown whoever asks.
SILENT = {"21", "23"}
TWICE = "22"  # paid twice; the bank finds it and takes the second back the day after
# Returns that a broken line or a hostile hand makes of a good one; each stands beside the good ones.
TROUBLES = ("replay", "truncate", "edit", "reorder", "encode", "digest")
TROUBLE = [one for one in os.environ.get("BANK_TROUBLE", "").split(",") if one in TROUBLES]
CHINA = ZoneInfo("Asia/Shanghai")


def today() -> date:
    return datetime.now(CHINA).date()


@dataclass
class Payment:
    """One payment as the bank has it."""

    batch: str
    reference: str
    account: str
    amount: int
    day: date
    ready: float  # when the bank knows what became of it

    @property
    def failure(self) -> str:
        return FAILURES.get(self.account[-2:], "") if self.account else "户名或账号不符"

    @property
    def status(self) -> str:
        return "FAIL" if self.failure else "PAID"

    @property
    def bank_reference(self) -> str:
        return hashlib.sha256(self.reference.encode()).hexdigest()[:16].upper()


class Vault:
    """What the bank has: batches by number, and the payments of each, since the day it opened."""

    def __init__(self) -> None:
        self.opened = today()
        self.lock = threading.Lock()
        self.batches: dict[str, list[Payment]] = {}

    def take(self, number: str, content: bytes) -> int:
        cut = content.rfind(b"T|")
        digest = hashlib.sha256(content[:cut]).hexdigest()
        if cut < 0 or content[cut:].strip() != f"T|{digest}".encode():
            return 422
        rows = [line.split("|") for line in content[:cut].decode("gb18030").split("\r\n") if line.startswith("D|")]
        with self.lock:
            if number in self.batches:
                return 409
            now, day = time.time(), today()
            self.batches[number] = [
                Payment(number, ref, account, int(amount), day, now + LATE_SECONDS * account.endswith("8"))
                for _kind, ref, _name, account, amount in rows
            ]
        return 201

    def returns(self, number: str) -> list[bytes]:
        """The good returns, prompt and late, then what went wrong with the first on the way."""
        with self.lock:
            told = [one for one in self.batches.get(number, []) if one.account[-2:] not in SILENT]
        moments = sorted({one.ready for one in told if one.ready <= time.time()})
        good = [_return(number, [one for one in told if one.ready == moment]) for moment in moments]
        return good + [_hurt(good[0], how) for how in TROUBLE if good]

    def outcome(self, number: str, reference: str) -> dict[str, str] | None:
        """What became of one payment; nothing of what the bank itself does not know."""
        with self.lock:
            found = [one for one in self.batches.get(number, []) if one.reference == reference]
        if not found or found[0].account[-2:] == "23" or found[0].ready > time.time():
            return None
        one = found[0]
        return {
            "reference": reference, "status": one.status, "bank_reference": one.bank_reference, "failure": one.failure,
        }  # fmt: skip

    def statement(self, region: str, day: date) -> bytes | None:
        """What moved on the region's account on a day, once it is over."""
        if not self.opened <= day < today():
            return None
        with self.lock:
            paid = [
                one for number, payments in self.batches.items() for one in payments
                if number.startswith(f"PB{region}") and one.status == "PAID" and one.account[-2:] != "23"
            ]  # fmt: skip
        rows = [(one, one.bank_reference, "OUT") for one in paid if one.day == day]
        rows += [
            (one, f"{one.bank_reference}-2", "OUT") for one in paid if one.day == day and one.account[-2:] == TWICE
        ]
        back = day - timedelta(days=1)
        rows += [
            (one, f"{one.bank_reference}-R", "IN") for one in paid if one.day == back and one.account[-2:] == TWICE
        ]
        sums = [sum(one.amount for one, _name, way in rows if way == each) for each in ("OUT", "IN")]
        body = [f"H|1|STM|{region}|{day:%Y%m%d}|{len(rows)}|{sums[0]}|{sums[1]}"]
        body += [f"D|{name}|{one.batch}|{one.reference}|{way}|{one.amount}" for one, name, way in rows]
        return _closed(body)


def _closed(body: list[str], encoding: str = "gb18030") -> bytes:
    content = "".join(line + "\r\n" for line in body).encode(encoding)
    return content + f"T|{hashlib.sha256(content).hexdigest()}\r\n".encode()


def _return(number: str, payments: list[Payment]) -> bytes:
    total = sum(one.amount for one in payments)
    body = [f"H|1|RET|{number}|{len(payments)}|{total}"]
    body += [f"D|{one.reference}|{one.amount}|{one.status}|{one.bank_reference}|{one.failure}" for one in payments]
    return _closed(body)


def _hurt(good: bytes, how: str) -> bytes:
    """The same return as it would come from a broken line, or from somebody who wants money twice."""
    lines = good[: good.rfind(b"T|")].decode("gb18030").split("\r\n")[:-1]
    match how:
        case "replay":
            return good
        case "truncate":
            return good[: len(good) * 2 // 3]
        case "digest":
            return good.replace(b"PAID", b"FAIL", 1)
        case "edit":  # with a digest that fits
            fields = lines[1].split("|")
            fields[2] = str(int(fields[2]) + 1)
            return _closed([lines[0], "|".join(fields), *lines[2:]])
        case "encode":
            return _closed([*lines[:1], *(f"{line}（重新编码）" for line in lines[1:])], "utf-8")
        case _:
            return _closed([lines[0], *reversed(lines[1:])])


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
        if parts[0] == "statements" and len(parts) == 3:
            return self.statement(*parts[1:])
        if len(parts) == 4 and parts[2] == "payments":
            said = (
                self.vault.outcome(parts[1], parts[3])
                if self.is_signed("/".join([parts[1], parts[3]]).encode())
                else None
            )
            return self.answer(200, json.dumps(said).encode()) if said else self.answer(404, b"")
        if len(parts) < 3 or parts[2] != "returns" or not self.is_signed("/".join([parts[1], *parts[3:]]).encode()):
            return self.answer(404, b"")
        found = self.vault.returns(parts[1])
        if len(parts) == 3:
            return self.answer(200, json.dumps([str(n) for n in range(len(found))]).encode())
        return self.answer(200, found[int(parts[3])])

    def statement(self, region: str, day: str) -> None:
        try:
            asked = datetime.strptime(day, "%Y%m%d").replace(tzinfo=CHINA).date()
        except ValueError:
            return self.answer(404, b"")
        found = self.vault.statement(region, asked) if self.is_signed(f"{region}/{day}".encode()) else None
        return self.answer(404, b"") if found is None else self.answer(200, found)

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
