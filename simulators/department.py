"""Plays departments that facts are fetched from: `python -m simulators.department --port 8104 --keys`.

A program of its own on a real connection; the contract is in docs/adapters/exchange.md. Three departments are played,
civil affairs (deaths), social insurance (months) and education (school rolls), each with a key of its own. The address
says how it behaves: `/civil-affairs/ok`, `/slow`, `/down`, `/drops`, `/wrong` (the file is not the one of the
manifest), `/cut` (fewer rows), `/replayed` (a number used again for another file), `/unsigned`.
"""

import argparse
import base64
import csv
import hashlib
import io
import json
import os
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

KEY = os.environ.get("DEPARTMENT_KEY", "demo")
SLOW_SECONDS = 10
PEOPLE = 40
AS_OF = min(date(2026, 11, 20), datetime.now(UTC).date())
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def number(n: int) -> str:
    """The n-th of a series of valid identity numbers that belong to nobody (serial 99x)."""
    first17 = f"320102{date(1980, 1, 1) + timedelta(n // 10):%Y%m%d}99{n % 10}"
    return first17 + "10X98765432"[sum(int(d) * w for d, w in zip(first17, WEIGHTS, strict=True)) % 11]


def _death(n: int) -> dict[str, str]:
    return {"身份证号": number(n), "姓名": f"学员{n}", "死亡日期": f"2026-10-{n % 28 + 1:02}", "来源": "cremation"}


def _month(n: int) -> dict[str, str]:
    return {
        "身份证号": number(n // 4), "费款所属期": f"2026-{n % 4 + 6:02}", "单位统一社会信用代码": "91350100M000100Y43",
        "缴费基数（元）": f"{4000 + n}.50", "险种": "both",
    }  # fmt: skip


def _pupil(n: int) -> dict[str, str]:
    return {
        "身份证号": number(n), "姓名": f"学员{n}", "学校": "某职业技术学院", "入学日期": "2025-09-01", "毕业年度": "2028",
        "全日制": "yes",
    }  # fmt: skip


DEPARTMENTS: dict[str, tuple[str, Callable[[int], dict[str, str]]]] = {
    "civil-affairs": ("deaths", _death),
    "social-insurance": ("insurance-months", _month),
    "education": ("schooling", _pupil),
}


def key_of(department: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"{KEY} {department}".encode()).digest())


def public_key(department: str) -> str:
    return base64.b64encode(key_of(department).public_key().public_bytes_raw()).decode()


def file_of(department: str, count: int = PEOPLE) -> bytes:
    rows = [DEPARTMENTS[department][1](n) for n in range(count)]
    text = io.StringIO()
    out = csv.DictWriter(text, fieldnames=list(rows[0]))
    out.writeheader()
    out.writerows(rows)
    return text.getvalue().encode()


class Handler(BaseHTTPRequestHandler):
    lists: dict[str, int] = {}  # how often each replayed list was asked for

    def do_GET(self) -> None:
        parts = self.path.strip("/").split("/")
        if len(parts) < 3 or parts[0] not in DEPARTMENTS:
            return self.answer(404, b"")
        department, how, what = parts[:3]
        if how == "slow":
            time.sleep(SLOW_SECONDS)
        if how == "down":
            return self.answer(503, b"")
        if how == "drops":
            self.close_connection = True
            return None
        if what == "batches":
            return self.answer(200, json.dumps({"batches": [self.offer(department, how)]}).encode())
        return self.answer(200, self.content(department, how))

    def content(self, department: str, how: str) -> bytes:
        """The file; under `wrong` another than the manifest says, under `replayed` another each time."""
        more = {"wrong": 1, "replayed": self.lists.get(department, 0)}
        return file_of(department, PEOPLE + more.get(how, 0))

    def offer(self, department: str, how: str) -> dict[str, str]:
        if how == "replayed":
            self.lists[department] = self.lists.get(department, 0) + 1
        content = file_of(department) if how == "wrong" else self.content(department, how)
        row = {
            "source": department, "feed": DEPARTMENTS[department][0], "number": f"{how}-1", "as_of": str(AS_OF),
            "file": f"{department}.csv", "rows": content.count(b"\n") - 1 + (how == "cut"),
            "sha256": hashlib.sha256(content).hexdigest(),
        }  # fmt: skip
        manifest = json.dumps(row, ensure_ascii=False).encode()
        signature = key_of("nobody" if how == "unsigned" else department).sign(manifest)
        return {"manifest": base64.b64encode(manifest).decode(), "signature": base64.b64encode(signature).decode()}

    def answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Numbers never go into a log."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8104)
    parser.add_argument("--keys", action="store_true", help="print the public keys, which their sources need")
    given = parser.parse_args()
    for department in DEPARTMENTS if given.keys else ():
        print(department, public_key(department), flush=True)  # noqa: T201 what was asked for
    server = ThreadingHTTPServer(("127.0.0.1", given.port), Handler)
    server.daemon_threads = True
    server.serve_forever()


if __name__ == "__main__":
    main()
