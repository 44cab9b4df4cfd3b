"""A database whose disk is full says so as 503, everywhere, and leaves nothing half done (N3.5, N13)."""

import base64
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils import timezone

from rollbook.accounts.tests.factories import AccountFactory
from rollbook.directory.tests.factories import load_terms
from rollbook.exchange.files import lake
from rollbook.exchange.models import Batch, Fact
from rollbook.exchange.tests.factories import contract, death, manifest, officer, write_csv
from rollbook.institutions.tests.factories import equipped
from rollbook.journal.models import Entry
from rollbook.supervision.models import Draw
from rollbook.web.models import SavedView

pytestmark = pytest.mark.django_db


def fill(table):
    """From now on the server answers what is written there as one whose disk is full."""
    with connection.cursor() as cursor:
        cursor.execute("""CREATE OR REPLACE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN RAISE EXCEPTION 'No space left on device' USING ERRCODE = 'disk_full'; END $$""")
        cursor.execute(f"CREATE TRIGGER no_room BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION no_room()")


def make_room(table):
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER no_room ON {table}")


@pytest.fixture
def asks(client, settings):
    client.raise_request_exception = False
    settings.ROOT_URLCONF = "rollbook.config.urls"
    return client


@pytest.mark.parametrize("table", ["exchange_batch", "exchange_fact"])
def test_a_batch_that_the_database_cannot_keep_is_brought_again(asks, tmp_path, settings, table):
    settings.LAKE_ROOT, settings.LAKE_MEMORY = tmp_path / "lake", "512MB"
    contract()
    path = write_csv(tmp_path / "d.csv", [death(1)])
    content, signature = manifest(path)
    entries = Entry.objects.count()

    def push():
        file = SimpleUploadedFile("d.csv", path.read_bytes())
        signed = {"manifest": base64.b64encode(content).decode(), "signature": signature, "file": file}
        return asks.post("/api/exchange/batches", signed)

    fill(table)
    answer = push()
    assert (answer.status_code, answer["Retry-After"]) == (503, "60")
    assert [one["code"] for one in answer.json()["reasons"]] == ["no-room"]
    assert (Batch.objects.count(), Fact.objects.count(), Entry.objects.count() - entries) == (0, 0, 0)
    assert [one for one in lake.where("exchange").rglob("*") if one.is_file()] == []
    make_room(table)
    assert push().json()["state"] == "loaded"


def test_a_page_says_that_there_is_no_room(asks, settings):
    settings.DEMO = True  # without a second factor
    asks.force_login(officer(), backend=settings.AUTHENTICATION_BACKENDS[0])
    fill("web_savedview")
    answer = asks.post("/views/", {"page": "/classes/", "name": "x", "query": "q=1"})
    assert (answer.status_code, answer["Retry-After"], SavedView.objects.count()) == (503, "60", 0)
    assert "系统空间不足" in answer.content.decode()


def test_the_api_says_that_there_is_no_room(asks, settings):
    settings.DEMO = True
    load_terms()
    equipped()
    by, _other = AccountFactory.create_batch(2, role="county-reviewer")
    asks.force_login(by, backend=settings.AUTHENTICATION_BACKENDS[0])
    fill("journal_entry")  # the last that a deed writes
    known = timezone.now() + timedelta(1)
    given = {"title": "检查", "due_on": str(known.date()), "source": "福彩", "draws_at": known.isoformat()}
    answer = asks.post("/api/draws", given, content_type="application/json")
    assert (answer.status_code, answer["Retry-After"], answer.json()) == (503, "60", {"detail": "no room"})
    assert not Draw.objects.exists()
