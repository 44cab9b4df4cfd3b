"""What lies in the lake is what was received, and a full disk leaves nothing half done (N3.5)."""

import json
import os
import subprocess
import sys
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from rollbook.exchange import actions, queries
from rollbook.exchange.files import lake
from rollbook.exchange.models import Batch, Fact
from rollbook.exchange.tests.factories import contract, death, manifest, officer, push, write_csv
from rollbook.journal.models import Entry
from rollbook.kernel.reasons import NoRoom

pytestmark = pytest.mark.django_db
FILL = """
import json, resource, signal, sys
from pathlib import Path
import django
from django.conf import settings
settings.configure(LAKE_ROOT=Path(sys.argv[1]), LAKE_MEMORY="512MB", USE_I18N=False)
django.setup()
from rollbook.exchange import rules
from rollbook.exchange.files import lake, room
shape = json.loads(sys.argv[3])
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[4]), int(sys.argv[4])))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
try:
    with room.room():
        lake.write(Path(sys.argv[2]), rules.Shape.of(shape), "exchange/deaths/x.parquet", list)
except room.NoRoom as error:
    print(error.reasons[0].code)
"""


def files(tmp_path):
    return [one for one in (tmp_path / "lake").rglob("*") if one.is_file()]


def test_every_file_is_compared_with_its_batch(tmp_path):
    """A planted change of one byte, and a file that is gone, are found and named; the command fails."""
    contract()
    kept, changed, gone = (push(write_csv(tmp_path / f"{n}.csv", [death(n)]), batch=str(n)) for n in range(1, 4))
    said = StringIO()
    call_command("verify_lake", stdout=said)
    assert "as it was written" in said.getvalue()
    path = lake.where(changed.lake_path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    lake.where(gone.lake_path).unlink()
    assert [(one.pk, what) for one, what in queries.damaged()] == [(changed.pk, "changed"), (gone.pk, "missing")]
    with pytest.raises(CommandError, match=f"{changed.pk} deaths 2: changed.*\n{gone.pk} deaths 3: missing"):
        call_command("verify_lake")
    assert lake.where(kept.lake_path).is_file()


def test_what_a_killed_process_left_is_removed_and_nothing_else(tmp_path):
    contract()
    batch = push(write_csv(tmp_path / "a.csv", [death(1)]))
    folder, now = lake.where(batch.lake_path).parent, timezone.now()
    old, new = folder / "old.raw", folder / "new.sorted"
    for one in (old, new, lake.where(batch.lake_path)):
        one.touch()
    day_old = (now - timedelta(days=2)).timestamp()
    os.utime(old, (day_old, day_old))
    os.utime(lake.where(batch.lake_path), (day_old, day_old))
    assert actions.tidy_lake(now=now) == 1
    assert sorted(folder.iterdir()) == sorted([new, lake.where(batch.lake_path)])


@pytest.mark.slow
@pytest.mark.parametrize("limit", [0, 4096, 40_000])
def test_a_disk_that_is_full_while_columns_are_written(tmp_path, limit):
    """Really: a process whose files may not grow beyond a limit; the columns, or their sorted copy, do not fit."""
    path = write_csv(tmp_path / "d.csv", [death(n) for n in range(3000)])
    shape = json.dumps(queries.catalogue()["deaths"])
    (tmp_path / "lake").mkdir()
    asked = [sys.executable, "-c", FILL, str(tmp_path / "lake"), str(path), shape, str(limit)]
    done = subprocess.run(asked, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603 ourselves
    assert done.stdout.strip() == "no-room", done.stderr
    assert files(tmp_path) == []


@pytest.fixture
def full(monkeypatch):
    """While it is set, whatever is sorted meets a full disk, as above."""

    def sort(raw, path, taken):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(lake, "_sort", sort)
    return monkeypatch


def test_nothing_is_half_done_and_the_same_batch_is_taken_once_there_is_room(tmp_path, full):
    contract()
    path = write_csv(tmp_path / "d.csv", [death(1)])
    entries = Entry.objects.count()
    with pytest.raises(NoRoom) as refusal:
        push(path)
    assert "no room left" in str(refusal.value.reasons[0])
    assert (Batch.objects.count(), Fact.objects.count(), Entry.objects.count() - entries) == (0, 0, 0)
    assert files(tmp_path) == []
    full.undo()
    assert push(path).state == "loaded"
    assert Fact.objects.count() == 1


def test_the_page_says_that_there_is_no_room_and_what_to_do(tmp_path, settings, client, full):
    """What was sent is not wrong: 503 as over the API, with when to try again."""
    settings.DEMO = True  # signed in with a password alone
    one = contract()
    client.force_login(officer(), backend=settings.AUTHENTICATION_BACKENDS[0])
    with write_csv(tmp_path / "d.csv", [death(1)]).open("rb") as file:
        sent = {"contract": one.pk, "number": "1", "as_of": "2026-11-24", "file": file}
        answer = client.post("/exchange/batches/new/", sent, headers={"accept-language": "en"})
    assert (answer.status_code, answer["Retry-After"], Batch.objects.count()) == (503, "60", 0)
    assert "bring it again once there is room" in answer.text


def test_a_drop_that_found_no_room_lies_where_it_was_left(tmp_path, settings, full):
    contract()
    settings.DROP_ROOT.mkdir()
    path = write_csv(settings.DROP_ROOT / "d.csv", [death(1)])
    content, signature = manifest(path)
    (settings.DROP_ROOT / "d.json").write_bytes(content)
    (settings.DROP_ROOT / "d.json.sig").write_text(signature)
    taken, [why] = actions.take_drops(now=timezone.now())
    assert (taken, "no room left" in why) == ([], True)
    assert len([one for one in settings.DROP_ROOT.iterdir() if one.is_file()]) == 3
    full.undo()
    settings.LAKE_ROOT = tmp_path / "lake"
    [batch], refused = actions.take_drops(now=timezone.now())
    assert (batch.state, refused) == ("loaded", [])
