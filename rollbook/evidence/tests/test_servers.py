"""Evidence with the servers that a deployment has beside: a real clamd, and a store that speaks S3 (N4.3)."""

import shutil
import socket
import subprocess
import sys
import time
import zipfile
from datetime import UTC, datetime
from io import BytesIO

import pytest
from django.conf import settings as project
from django.test import override_settings

from rollbook.evidence import actions, files
from rollbook.evidence.models import Item
from rollbook.evidence.rules import Kind
from rollbook.evidence.tests.pictures import photo, place
from rollbook.kernel.reasons import Refused

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)
CLAMD = shutil.which("clamd") or shutil.which("clamd", path="/usr/sbin")
WORD = b"ROLLBOOK-TEST-SIGNATURE"  # what our own database of signatures calls a virus; the real ones are downloaded


def until(ready, process, seconds=60):
    for _ in range(seconds * 10):
        if ready():
            return
        assert process.poll() is None, process.stdout.read().decode()
        time.sleep(0.1)
    raise AssertionError("the server does not answer")


@pytest.fixture
def clamd(tmp_path, settings):
    if CLAMD is None:
        pytest.skip("clamd is not installed: make programs")
    database, where = tmp_path / "signatures", tmp_path / "clamd.sock"
    database.mkdir()
    (database / "own.ndb").write_text(f"Rollbook.Test:0:*:{WORD.hex()}\n")
    config = tmp_path / "clamd.conf"
    config.write_text(f"LocalSocket {where}\nDatabaseDirectory {database}\nForeground yes\nMaxThreads 2\n")
    command = [CLAMD, "--config-file", str(config)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)  # noqa: S603 as installed
    try:
        until(where.exists, process)
        settings.CLAMD_URL = f"unix:{where}"
        yield process
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()


def test_a_real_scanner_refuses_what_it_knows(clamd):
    """Also inside an archive that looks like a paper; a clean file passes; a scanner that died stops everything."""
    paper = {"by": None, "kind": Kind.PAPER, "place": place(NOW), "now": NOW}
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", WORD * 3)
    for content in (b"%PDF-1.4\n" + WORD + b"\n%%EOF", packed.getvalue()):
        with pytest.raises(Refused) as caught:
            actions.store(content=content, **paper)
        [found] = caught.value.reasons
        assert (found.code, found.values["name"]) == ("virus", "Rollbook.Test.UNOFFICIAL")
    assert not Item.objects.exists()
    kept = actions.store(by=None, kind=Kind.PHOTO, content=photo(), place=place(NOW), now=NOW)
    assert files.digest_at(kept.path) == kept.sha256
    clamd.kill()
    clamd.wait(20)
    with pytest.raises(Refused) as caught:
        actions.store(content=b"%PDF-1.4\nclean\n%%EOF", **paper)
    assert caught.value.reasons[0].code == "scanner-silent"


def listens(port):
    with socket.socket() as asked:
        return asked.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def bucket(socket_enabled):
    """A server that speaks S3, and the store of evidence in it, set as a deployment sets it."""
    boto3 = pytest.importorskip("boto3")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(  # noqa: S603 a program of ours
        [sys.executable, "-m", "moto.server", "-p", str(port)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    access = {"endpoint_url": f"http://127.0.0.1:{port}", "region_name": "cn-north-1"}
    keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
    try:
        until(lambda: listens(port), process)
        client = boto3.client("s3", **access, **keys)
        client.create_bucket(Bucket="evidence", CreateBucketConfiguration={"LocationConstraint": "cn-north-1"})
        options = {**access, "bucket_name": "evidence", "access_key": "x", "secret_key": "x"}
        store = {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}
        with override_settings(STORAGES={**project.STORAGES, "evidence": store}):
            yield client
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()


def test_a_store_that_speaks_s3_keeps_finds_and_forgets(bucket, django_capture_on_commit_callbacks):
    """Laid down under the digest, read whole and in parts, every byte compared, removed when its time is over."""
    item = actions.store(by=None, kind=Kind.PHOTO, content=photo(), place=place(NOW), now=NOW)
    assert actions.store(by=None, kind=Kind.PHOTO, content=photo(), place=place(NOW), now=NOW) == item
    lies = bucket.list_objects_v2(Bucket="evidence")["Contents"]
    assert [(one["Key"], one["Size"]) for one in lies] == [(item.path, item.size)]
    with files.opened(item.path) as kept:
        kept.seek(10)
        part = kept.read(20)
    whole = bucket.get_object(Bucket="evidence", Key=item.path)["Body"].read()
    assert part == whole[10:30]
    assert actions.scrub(now=NOW).wrong == []
    bucket.put_object(Bucket="evidence", Key=item.path, Body=whole[:-1] + b"x")
    assert actions.scrub(now=NOW).wrong == [{"item": item.pk, "what": "changed"}]
    again = actions.store(
        by=None, kind=Kind.PHOTO, content=photo(), place=place(NOW, subject="classes.Lesson:2"), now=NOW
    )
    assert again.path == item.path  # the right bytes, laid over the spoilt ones
    assert actions.scrub(now=NOW).wrong == []
    bucket.delete_object(Bucket="evidence", Key=item.path)
    assert {one["what"] for one in actions.scrub(now=NOW).wrong} == {"missing"}
    later = datetime(2036, 3, 4, 2, tzinfo=UTC)
    with django_capture_on_commit_callbacks(execute=True):
        assert actions.remove_expired(now=later) == 2
