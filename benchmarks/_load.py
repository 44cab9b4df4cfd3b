"""The load generator, a process of its own: sends prepared requests and times the answers.

Reads a pickle of `Order` from standard input and writes one of `Answers` to standard output. It
knows as little of HTTP as it can, so that it takes little of the two processors it measures on.
"""

import asyncio
import pickle
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import cycle


@dataclass(frozen=True, slots=True)
class Order:
    """Requests as bytes, for so many connections; with a `rate` they start at constant intervals
    whatever the server does, and each is timed from the moment it was due."""

    port: int
    requests: list[bytes]
    connections: int
    seconds: float
    rate: float | None = None
    repeats: bool = False  # begin anew when all are sent


@dataclass(slots=True)
class Answers:
    seconds: float = 0
    statuses: Counter[int] = field(default_factory=Counter)
    times: list[float] = field(default_factory=list)  # seconds each
    example: bytes = b""  # of an answer that is no 200

    @property
    def good(self) -> int:
        return self.statuses[200]

    @property
    def rate(self) -> float:
        return self.good / self.seconds

    def percentile(self, percent: float) -> float:
        """Milliseconds."""
        ordered = sorted(self.times)
        return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] * 1000

    def told(self) -> str:
        return ", ".join(f"p{p} {self.percentile(p):,.0f} ms" for p in (50, 95, 99))

    def add(self, other: "Answers") -> None:
        self.seconds += other.seconds
        self.statuses += other.statuses
        self.times += other.times
        self.example = self.example or other.example


def prepared(path: str, *, headers: Mapping[str, str], body: bytes = b"") -> bytes:
    lines = [f"{'POST' if body else 'GET'} {path} HTTP/1.1", "Host: localhost"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def send(order: Order, accepted: frozenset[int] = frozenset({200})) -> Answers:
    """Have another process send them, and give what came back."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks._load"], input=pickle.dumps(order), stdout=subprocess.PIPE, check=True
    )
    found: Answers = pickle.loads(done.stdout)
    if set(found.statuses) - accepted:
        raise SystemExit(f"not every answer was good: {dict(found.statuses)} {found.example[:2000]!r}")
    return found


async def _client(order: Order, waiting: Iterator[tuple[float, bytes]], answers: Answers, until: float) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", order.port, limit=2**22)
    for due, request in waiting:
        now = time.perf_counter()
        if due > now:
            await asyncio.sleep(due - now)
        begun = due or now
        if begun >= until:
            break
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        status = int(head[9:12])
        body = b""
        low = head.lower()
        if (at := low.find(b"content-length:")) >= 0:
            body = await reader.readexactly(int(low[at + 15 : low.index(b"\r\n", at)]))
        elif b"chunked" in low:
            while (size := int(await reader.readline(), 16)) or await reader.readexactly(2) is None:
                body += (await reader.readexactly(size + 2))[:-2]
        answers.statuses[status] += 1
        answers.times.append(time.perf_counter() - begun)
        if status != 200 and not answers.example:
            answers.example = head + body
    writer.close()


async def _all(order: Order) -> Answers:
    answers = Answers()
    begun = time.perf_counter()
    requests = cycle(order.requests) if order.repeats else iter(order.requests)
    if order.rate:
        waiting = ((begun + n / order.rate, request) for n, request in enumerate(requests))
    else:
        waiting = ((0.0, request) for request in requests)
    until = begun + order.seconds
    await asyncio.gather(*(_client(order, waiting, answers, until) for _ in range(order.connections)))
    answers.seconds = time.perf_counter() - begun
    return answers


if __name__ == "__main__":
    import benchmarks._load as own  # the classes of the module, not of this script, so that they can be unpickled

    sys.stdout.buffer.write(pickle.dumps(asyncio.run(own._all(pickle.loads(sys.stdin.buffer.read())))))
