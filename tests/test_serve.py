"""`make run` from an empty database to Ctrl-C: it serves, starts again at once, and leaves no process."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from urllib.request import urlopen

import psutil
import psycopg
import pytest

from rollbook.database import server

pytestmark = [pytest.mark.slow, pytest.mark.enable_socket, pytest.mark.xdist_group("serve")]
ROOT = Path(__file__).parents[1]
PATIENCE = 240  # seconds, on a machine that runs everything else beside


@pytest.fixture
def database():
    """An empty database of the same server, gone afterwards."""
    parts = urlsplit(server.url())
    name = f"serve_{os.getpid()}"
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield urlunsplit(parts._replace(path=f"/{name}"))
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def started(database, port, media):
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "rollbook.config.settings", "DATABASE_URL": database, "DEMO": "1",
        "MEDIA_ROOT": str(media),
    }  # fmt: skip
    command = [sys.executable, "manage.py", "serve", "--port", str(port), "--classes", "30"]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)  # noqa: S603


def seconds_until_up(process, port):
    began = time.monotonic()
    while time.monotonic() - began < PATIENCE and process.poll() is None:
        try:
            with urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
                assert answer.status == 200
                return time.monotonic() - began
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"not up after {time.monotonic() - began:.0f} s: {process.stdout.read1(4000)}")


def stopped(process, port):
    """Ctrl-C, and what it said; nothing of it runs any more and its port is free."""
    family = psutil.Process(process.pid).children(recursive=True)
    assert len(family) >= 5, "web server, worker, clock and both parties"
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    _gone, alive = psutil.wait_procs(family, timeout=5)
    assert alive == []
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port), timeout=1):
        pass
    return said.decode()


def test_serve_twice_and_stop(database, tmp_path):
    port = free_port()
    process = started(database, port, tmp_path)
    try:
        seconds_until_up(process, port)
        said = stopped(process, port)
        assert f"http://127.0.0.1:{port}" in said
        assert "county-reviewer" in said
        assert "Traceback" not in said
        assert (tmp_path / "demo" / "roster.xlsx").exists()

        process = started(database, port, tmp_path)
        assert seconds_until_up(process, port) < 30, "the goal is 10 seconds; this machine may be busy"
        stopped(process, port)
    finally:
        process.kill()
        process.stdout.close()
