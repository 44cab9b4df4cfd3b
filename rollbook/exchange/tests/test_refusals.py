"""A delivery that is not taken leaves its trace until a person has seen to it (N3.5, N14.1)."""

import base64
import hashlib
import json
import os
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.urls import reverse

from rollbook.accounts.rules import Role
from rollbook.directory.models import Term
from rollbook.directory.tests.factories import load_terms
from rollbook.exchange import actions, adapters
from rollbook.exchange.models import Batch, Refusal
from rollbook.exchange.queries import untaken
from rollbook.exchange.tests.factories import KEY, NOW, contract, death, manifest, officer, write_csv
from rollbook.exchange.tests.factories import untaken as refused
from rollbook.journal.models import Entry
from rollbook.kernel.reasons import NotFound, Refused

pytestmark = pytest.mark.django_db
TERM = 24  # hours, as the catalogue has it


@pytest.fixture
def folder(settings):
    settings.DROP_ROOT.mkdir()
    return settings.DROP_ROOT


def leave(folder, name, rows=None, signature=None, **values):
    path = write_csv(folder / f"{name}.csv", rows or [death(1)])
    content, own = manifest(path, batch=name, **values)
    (folder / f"{name}.json").write_bytes(content)
    if signature != "":
        (folder / f"{name}.json.sig").write_text(signature or own)
    return content, own


def codes(row):
    return [one["code"] for one in row.reasons]


@pytest.mark.parametrize(
    ("how", "code", "is_known"),
    [
        ({"signature": "bm8="}, "drop-signature", True),
        ({"source": "nobody"}, "drop-signature", False),
        ({"rows_told": 9}, "batch-rows", True),
        ({"sha256": "0" * 64}, "batch-digest", True),
        ({"row": {"身份证号": "320102198001010012"}}, "column-missing", True),
    ],
)
def test_each_refused_drop_is_a_row_and_an_entry(folder, how, code, is_known):
    deal = contract()
    values = dict(how)
    rows = [values.pop("row")] if "row" in values else None
    more = {"rows": values.pop("rows_told")} if "rows_told" in values else {}
    path = write_csv(folder / "a.csv", rows or [death(1)])
    signature = values.pop("signature", None)
    content, own = manifest(path, batch="a", **values, **more)
    (folder / "a.json").write_bytes(content)
    (folder / "a.json.sig").write_text(signature or own)
    actions.take_drops(now=NOW)
    row = Refusal.objects.get()
    assert (row.kind, row.way, row.file, row.number, row.told_at) == ("refused", "drop", "a.json", "a", NOW)
    assert row.source_id == (deal.source_id if is_known else None)
    assert code in codes(row)
    entry = Entry.objects.get(kind="exchange.not-taken")
    assert (entry.region_code, entry.data["refusal"]) == ("320000" if is_known else "", "refused")
    assert not Batch.objects.exists()


def test_a_manifest_that_cannot_be_read_is_told_without_a_source(folder):
    (folder / "a.json").write_bytes(b'{"source": "a\\u0000b"')
    (folder / "a.json.sig").write_text("bm8=")
    actions.take_drops(now=NOW)
    row = Refusal.objects.get()
    assert (codes(row), row.source, row.number) == (["manifest"], None, "")


def test_a_dropped_number_used_with_another_content_is_a_conflict(folder):
    contract()
    leave(folder, "a")
    actions.take_drops(now=NOW)
    leave(folder, "a", [death(2)])
    actions.take_drops(now=NOW)
    assert [(one.kind, codes(one)) for one in Refusal.objects.all()] == [("conflict", ["batch-number-used"])]


def test_what_is_taken_leaves_no_refusal(folder):
    contract()
    leave(folder, "a")
    taken, refusals = actions.take_drops(now=NOW)
    assert (len(taken), refusals, Refusal.objects.count()) == (1, [], 0)


def test_a_pair_without_its_signature_is_told_once_after_the_term_and_settled_when_it_comes(folder):
    load_terms()
    assert Term.objects.get(key="unsigned-hours").value == TERM
    contract()
    _content, signature = leave(folder, "a", signature="")
    left = NOW.timestamp()
    os.utime(folder / "a.json", (left, left))
    actions.take_drops(now=NOW + timedelta(hours=TERM) - timedelta(minutes=1))
    assert not Refusal.objects.exists()
    for minutes in (0, 1):
        actions.take_drops(now=NOW + timedelta(hours=TERM, minutes=minutes))
    row = Refusal.objects.get()
    assert (row.kind, row.reasons[0]["values"]) == ("incomplete", {"name": "a.json.sig", "hours": TERM})
    (folder / "a.json.sig").write_text(signature)
    later = NOW + timedelta(hours=30)
    [batch], _ = actions.take_drops(now=later)
    row.refresh_from_db()
    assert (batch.state, row.settled_at, row.settled_by) == ("loaded", later, None)
    assert Entry.objects.filter(kind="exchange.not-taken-settled").count() == 1


@pytest.fixture
def offers(monkeypatch):
    """What a source that is fetched from offers: number and content, signed by its key or another's."""
    found = []
    monkeypatch.setattr(adapters, "offered", lambda url: list(found))

    def offer(content, key=KEY):
        said = json.dumps({
            "source": "s-deaths", "feed": "deaths", "number": "1", "as_of": "2026-11-20", "file": "f.csv",
            "sha256": hashlib.sha256(content).hexdigest(),
        }).encode()  # fmt: skip
        found[:] = [adapters.Offered(said, base64.b64encode(key.sign(said)).decode())]

    monkeypatch.setattr(adapters, "fetch", lambda url, file, target: target.write_bytes(FILE))
    return offer


FILE = "身份证号,姓名,死亡日期,来源\n320102198001010012,学员,2026-11-01,cremation\n".encode()


def test_a_fetched_number_offered_again_with_another_digest_is_told_once_as_a_conflict(offers):
    """It was skipped in silence: the first file stands, and a person hears of the second."""
    deal = contract(url="http://department.test", wrong_percent=100)
    offers(FILE)
    assert len(actions.pull(source_id=deal.source_id, now=NOW)) == 1
    for minutes in (11, 22):
        assert actions.pull(source_id=deal.source_id, now=NOW + timedelta(minutes=minutes)) == []
    assert not Refusal.objects.exists(), "the same file again is no conflict"
    offers(FILE + b"\n")
    for minutes in (33, 44):
        assert actions.pull(source_id=deal.source_id, now=NOW + timedelta(minutes=minutes)) == []
    row = Refusal.objects.get()
    assert (row.kind, row.way, row.source_id, row.number) == ("conflict", "pull", deal.source_id, "1")
    deal.source.refresh_from_db()
    assert (Batch.objects.count(), deal.source.failures) == (1, 0)


def test_a_conflict_that_its_source_did_not_sign_is_a_failure_of_the_line(offers):
    deal = contract(url="http://department.test", wrong_percent=100)
    offers(FILE)
    actions.pull(source_id=deal.source_id, now=NOW)
    offers(FILE + b"\n", Ed25519PrivateKey.generate())
    actions.pull(source_id=deal.source_id, now=NOW + timedelta(minutes=11))
    deal.source.refresh_from_db()
    assert (Refusal.objects.count(), deal.source.failure) == (0, "signature")


def test_a_refusal_stands_on_the_freshness_page_until_it_is_said_what_was_done(client, settings):
    settings.DEMO = True  # signed in with a password alone
    by = officer()
    row = refused(contract(by=by).source)
    with pytest.raises(Refused) as refusal:
        actions.settle_refusal(by=by, refusal_id=row.pk, why="  ", now=NOW)
    assert [one.code for one in refusal.value.reasons] == ["refusal-why"]
    client.force_login(by, backend=settings.AUTHENTICATION_BACKENDS[0])
    assert "?state=waiting" in client.get(reverse("exchange:contract_list")).text
    client.post(reverse("exchange:settle_refusal", args=[row.pk]), {"why": "民政厅重新签名"})
    row.refresh_from_db()
    assert (row.settled_by, row.why) == (by, "民政厅重新签名")
    assert "?state=waiting" not in client.get(reverse("exchange:contract_list")).text
    with pytest.raises(Refused):
        actions.settle_refusal(by=by, refusal_id=row.pk, why="又一次", now=NOW)
    assert Entry.objects.filter(kind="exchange.not-taken-settled").count() == 1


def test_a_refusal_without_a_source_is_the_provinces_alone():
    row = refused(contract().source)
    Refusal.objects.filter(pk=row.pk).update(source=None)
    city = officer(role=Role.CITY_OFFICER, region_code="320100")
    assert list(untaken.refusals(officer())) == [row]
    with pytest.raises(NotFound):
        actions.settle_refusal(by=city, refusal_id=row.pk, why="不是我们的", now=NOW)
    row.refresh_from_db()
    assert row.settled_at is None


def test_who_settles_says_why_by_constraint():
    row = refused(contract().source)
    with pytest.raises(IntegrityError), transaction.atomic():
        Refusal.objects.filter(pk=row.pk).update(settled_by=officer(), settled_at=NOW)


def test_the_list_asks_for_as_much_however_long_it_is(client, settings, django_assert_max_num_queries):
    settings.DEMO = True
    by = officer()
    row = refused(contract(by=by).source)
    Refusal.objects.bulk_create(
        Refusal(source=row.source, kind="refused", way="drop", file=f"{n}.json", digest=f"{n:064}", reasons=row.reasons,
                told_at=NOW) for n in range(30)
    )  # fmt: skip
    client.force_login(by, backend=settings.AUTHENTICATION_BACKENDS[0])
    with django_assert_max_num_queries(12):
        shown = client.get(reverse("exchange:refusal_list"))
    assert shown.text.count("exchange/refusals/") >= 31
    assert (
        client.get(reverse("exchange:refusal_list"), {"export": 1}).headers["Content-Type"].startswith("application/")
    )


def test_the_command_tells_what_it_refused(folder, capsys):
    contract()
    leave(folder, "a", signature="bm8=")
    call_command("receive_facts")
    assert "a.json: The signature is not of a source that we know." in capsys.readouterr().err
