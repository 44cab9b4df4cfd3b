import os
import subprocess
import sys

import pytest
from django.db import connection, transaction

from rollbook.accounts.models import Account
from rollbook.classes.tests.factories import AccountFactory
from rollbook.database import arrow, server

SETTINGS = {"DJANGO_SETTINGS_MODULE": "rollbook.config.settings"}


@pytest.mark.django_db(transaction=True)
def test_arrow_reads_what_is_committed_and_nothing_else():
    AccountFactory(username="committed")
    with transaction.atomic():
        AccountFactory(username="not yet")
        rows = arrow.read(Account.objects.filter(role="county-reviewer").values("username"))
    assert rows.to_pylist() == [{"username": "committed"}]


@pytest.mark.django_db
def test_every_process_shares_one_server():
    ask = "import django; django.setup(); from django.db import connection as c; c.cursor();"
    ask += "print(c.connection.info.host)"
    answer = subprocess.run(  # noqa: S603
        [sys.executable, "-c", ask], env=os.environ | SETTINGS, capture_output=True, text=True
    )
    assert answer.stdout.strip() == connection.connection.info.host
    assert connection.connection.info.host in server.url()
