"""The other parties of a journey, as the programs that they are: a bank and a population service."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def playing(party: str, **environment: str) -> Iterator[str]:
    """The address of `simulators.<party>` while it runs."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", f"simulators.{party}", "--port", str(port)]
    server = subprocess.Popen(command, env=os.environ | environment)  # noqa: S603 our own
    try:
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()
