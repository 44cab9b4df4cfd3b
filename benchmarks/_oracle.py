"""Clients that never give up, as a process of its own: each sends its check-ins until they are answered.

Reads a pickle of `Quest`, writes one of `Journal`: which events were sent at all and which were acknowledged. The
server may be killed meanwhile; a client then connects anew and sends the same event again, as a phone does.
"""

import asyncio
import pickle
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Quest:
    port: int
    requests: list[list[tuple[str, bytes]]]  # of each client, in its order: the event and the request
    seconds: float
    pause: float = 0.0  # between two events of a client


@dataclass(slots=True)
class Journal:
    sent: set[str] = field(default_factory=set)
    acknowledged: set[str] = field(default_factory=set)
    statuses: Counter[int] = field(default_factory=Counter)
    broken: int = 0  # connections
    waits: list[float] = field(default_factory=list)  # seconds from first sending to acknowledgement
    ended: float = 0


def ask(quest: Quest) -> "subprocess.Popen[bytes]":
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks._oracle"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    process.stdin.write(pickle.dumps(quest))
    process.stdin.close()
    return process


def told(process: "subprocess.Popen[bytes]") -> Journal:
    assert process.stdout is not None
    found: Journal = pickle.loads(process.stdout.read())
    process.wait()
    return found


class _Client:
    def __init__(self, port: int) -> None:
        self.port = port
        self.ends: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(self, request: bytes) -> tuple[int, float]:
        """The status, and the seconds that the server asks to wait."""
        if self.ends is None:
            self.ends = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self.ends
        writer.write(request)
        head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 15)).lower()
        if (at := head.find(b"content-length:")) >= 0:
            await reader.readexactly(int(head[at + 15 : head.index(b"\r\n", at)]))
        elif b"chunked" in head:
            while (size := int(await reader.readline(), 16)) or await reader.readexactly(2) is None:
                await reader.readexactly(size + 2)
        after = 0.0
        if (at := head.find(b"retry-after:")) >= 0:
            after = float(head[at + 12 : head.index(b"\r\n", at)])
        return int(head[9:12]), after

    def forget(self) -> None:
        if self.ends is not None:
            self.ends[1].close()
        self.ends = None


async def _persist(quest: Quest, events: list[tuple[str, bytes]], journal: Journal, until: float) -> None:
    client = _Client(quest.port)
    for event, request in events:
        if time.monotonic() > until:
            break
        begun = time.monotonic()
        while time.monotonic() < until + 60:  # what is begun is brought to its end
            journal.sent.add(event)
            try:
                status, after = await client.send(request)
            except (TimeoutError, OSError, EOFError, asyncio.IncompleteReadError):
                journal.broken += 1
                client.forget()
                await asyncio.sleep(0.2)
                continue
            journal.statuses[status] += 1
            if status == 200:
                journal.acknowledged.add(event)
                journal.waits.append(time.monotonic() - begun)
                break
            if status < 500:
                break
            await asyncio.sleep(after or 0.2)
        await asyncio.sleep(quest.pause)
    client.forget()


async def _all(quest: Quest) -> Journal:
    journal, begun = Journal(), time.monotonic()
    await asyncio.gather(*(_persist(quest, one, journal, begun + quest.seconds) for one in quest.requests))
    journal.ended = time.monotonic() - begun
    return journal


if __name__ == "__main__":
    import benchmarks._oracle as own  # the classes of the module, not of this script, so that they can be unpickled

    sys.stdout.buffer.write(pickle.dumps(asyncio.run(own._all(pickle.loads(sys.stdin.buffer.read())))))
