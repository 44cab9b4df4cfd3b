"""A database of its own for a benchmark, and the real server over it."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def own_database() -> Iterator[None]:
    """Made from the migrations, and dropped afterwards."""
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection
    from django.test.utils import get_runner, override_settings

    connection.settings_dict["TEST"]["NAME"] = f"bench_{os.getpid()}"  # beside tests that may be running
    runner = get_runner(settings)(verbosity=0, interactive=False)
    with override_settings(DEBUG=False):
        databases = runner.setup_databases()
        try:
            call_command("createcachetable", verbosity=0)
            yield
        finally:
            runner.teardown_databases(databases)


@contextmanager
def served(port: int = 0) -> Iterator[int]:
    """The server as `manage.py serve` starts it, on this or a free port, over the present database."""
    from django.conf import settings
    from django.db import connection
    from psycopg.conninfo import make_conninfo

    from rollbook.config.management.commands.serve import web_server
    from rollbook.database import server

    if not port:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
    address = make_conninfo(server.url(), dbname=settings.DATABASES["default"]["NAME"])
    connection.close()
    process = subprocess.Popen(
        web_server("127.0.0.1", port, "benchmarks.wsgi:application"),
        env=os.environ | {"DATABASE_URL": address, "DEMO": "1", "DEBUG": ""},
    )
    try:
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(20)


def signed_in(account: object) -> dict[str, str]:
    """The headers of a browser in which an account has signed in."""
    from django.test import Client

    client = Client()
    client.force_login(account)
    client.get("/", headers={"host": "localhost"})
    cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
    return {"Cookie": cookie}


def cpu_seconds(port: int) -> dict[int, float]:
    """What each process of the web server on this port and of its database has computed so far: a figure that does
    not grow because other programs of the machine want its processors too."""
    import psutil
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        postmaster = psutil.Process(cursor.fetchone()[0]).parent()
    mine = [one for one in psutil.Process().children() if f"--port {port}" in " ".join(one.cmdline())]
    found: dict[int, float] = {}
    for root in [*mine, *([postmaster] if postmaster else [])]:
        for one in [root, *root.children(recursive=True)]:
            try:
                times = one.cpu_times()
            except psutil.NoSuchProcess:
                continue
            found[one.pid] = times.user + times.system
    return found


def spent(before: dict[int, float], after: dict[int, float]) -> float:
    """Between two looks; of processes that ended meanwhile nothing is known."""
    return sum(seconds - before.get(pid, 0.0) for pid, seconds in after.items())
