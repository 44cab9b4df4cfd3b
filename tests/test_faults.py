"""What is acknowledged is kept, though web server and database are killed under load (N7.4)."""

import json
import subprocess
import sys

import pytest

from benchmarks.faults import CLIENTS
from benchmarks.restore import cluster

pytestmark = pytest.mark.slow


def test_a_kill_under_load_loses_doubles_and_invents_nothing():
    """One kill -9 each of a web process, the whole web server and a database process; what the clients were told is
    the oracle. On a database server of its own: other tests go on beside it."""
    with cluster() as one:
        data = one.home / "data"
        one.run("initdb", "-D", str(data), "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-locale")
        one.make(data)
        try:
            done = subprocess.run(
                [sys.executable, "-m", "benchmarks.faults"], env=one.env | {"DEMO": "1"}, capture_output=True, text=True,
                timeout=240,
            )  # fmt: skip
        finally:
            one.run("pg_ctl", "-D", str(data), "-m", "immediate", "stop")
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert set(found) == {"worker", "web", "database"}
    for what, told in found.items():
        assert told["acknowledged"] > CLIENTS, (what, told)  # there was load
        assert told["felt"] > 0, (what, told)  # and the kill was felt
        assert {name: told[name] for name in ("lost", "doubled", "phantom", "amiss")} == {
            "lost": 0, "doubled": 0, "phantom": 0, "amiss": 0,
        }, (what, told)  # fmt: skip
