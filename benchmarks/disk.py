"""The disk with tables and log runs full: whatever was acknowledged is there once there is room again.

Needs a file system of its own and so root; without, it says so.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks._figures import Figure
from benchmarks.restore import DEEDS, Cluster, cluster

SIZE, LEFT = 400, 2  # MB of the file system, and left free
MOST = 20_000  # deeds tried: more than fit in what is left


def run() -> Iterator[Figure]:
    if os.geteuid() != 0:
        yield Figure("disk full", "not tried: a file system of its own takes root")
        return
    with cluster() as one:
        data = one.home / "small"
        one.run("mkdir", str(data))
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}m", "none", str(data)], check=True)
        try:
            yield from filled(one, data / "data")
        finally:
            one.run("pg_ctl", "-D", str(data / "data"), "-m", "immediate", "stop")
            subprocess.run(["umount", "--lazy", str(data)], check=True)


def filled(one: Cluster, data: Path) -> Iterator[Figure]:
    subprocess.run(["chown", one.user or "", str(data.parent)], check=True)
    one.run("initdb", "-D", str(data), "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-locale")
    one.make(data, "max_wal_size=64MB", "archive_mode=off")
    one.manage("migrate")
    ballast = data.parent / "ballast"
    free = os.statvfs(data.parent)
    ballast.write_bytes(bytes(free.f_bavail * free.f_frsize - LEFT * 2**20))
    code = DEEDS.format(count=MOST, name="full")
    done = subprocess.run([sys.executable, "-c", code], env=one.env, capture_output=True, text=True)
    acknowledged = done.stdout.count("full ")
    told = [line for line in done.stderr.splitlines() if "No space left" in line or "closed the connection" in line]
    why = told[0] if told else done.stderr[-120:]
    yield Figure("deeds acknowledged until the disk was full", f"{acknowledged:,}", "", 0 < acknowledged < MOST)
    yield Figure("… then refused", why[:120], "with the reason", done.returncode != 0)
    ballast.unlink()
    if not data.joinpath("postmaster.pid").exists() or not _answers(one):
        one.make(data, "max_wal_size=64MB", "archive_mode=off")
    [(kept,)] = one.ask("SELECT count(*) FROM funds_transaction WHERE document = 'full'")
    # The one under way when the disk was full may have been kept without the answer reaching us.
    good = acknowledged <= int(str(kept)) <= acknowledged + 1
    yield Figure("… and there once there is room again", f"{kept:,}", f"{acknowledged:,}", good)
    for command in ("verify_ledger", "verify_journal"):
        one.manage(command)
        yield Figure(f"{command} afterwards", "holds", "holds", True)
    yield Figure("deeds go on", f"{one.deeds('after')}", "300", True)


def _answers(one: Cluster) -> bool:
    try:
        return bool(one.ask("SELECT true"))
    except Exception:  # whatever it is, the server is to be started again
        return False
