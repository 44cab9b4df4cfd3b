import socketserver
import struct
import threading
from datetime import UTC, datetime, timedelta
from io import BytesIO, StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from rollbook.accounts.tests.factories import AccountFactory
from rollbook.evidence import actions, files, queries
from rollbook.evidence.models import Item, LegalHold, Scrub
from rollbook.evidence.rules import Kind
from rollbook.evidence.tests.pictures import photo, place
from rollbook.journal.models import Entry
from rollbook.kernel.reasons import Forbidden, NotFound, Refused

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)
LATER = datetime(2036, 3, 4, 2, tzinfo=UTC)


def stored(seed=1, by=None, **changes):
    return actions.store(by=by, kind=Kind.PHOTO, content=photo(seed), place=place(NOW, **changes), now=NOW)


def code_of(deed, **values):
    with pytest.raises(Refused) as refused:
        deed(**values)
    return refused.value.reasons[0].code


def test_a_photograph_is_kept_under_its_digest():
    """N4.3: stored, findable, journalled with its digest."""
    item = stored()
    assert files.digest_at(item.path) == item.sha256
    assert Entry.objects.get(kind="evidence.stored").data["sha256"] == item.sha256
    assert item.thumbnail
    assert queries.used_by(1) == item.size


def test_the_same_bytes_of_one_subject_are_one_item():
    assert stored().pk == stored().pk
    assert Item.objects.count() == 1


def test_a_picture_used_again_is_kept_as_a_pair():
    """D50: for another lesson, another class: found, whoever sent it."""
    one = stored()
    other = stored(subject="classes.Lesson:2", dossier="classes.TrainingClass:2", institution_id=2)
    [pair] = queries.pairs_of(other.pk)
    assert (pair.one_id, pair.other_id, pair.distance) == (one.pk, other.pk, 0)
    stored(seed=5)
    assert queries.pairs_of(one.pk).count() == 1


def test_no_room_nothing_stored():
    assert code_of(stored, gigabytes=0) == "quota"
    assert Item.objects.count() == Entry.objects.count() == 0


def test_each_opening_says_who_and_why():
    """N14.2: no evidence is opened without a purpose; the key is that account's alone, for an hour."""
    item, officer = stored(), AccountFactory(role="county-reviewer")
    assert code_of(actions.open_item, by=officer, item_id=item.pk, purpose="", now=NOW) == "no-purpose"
    assert not Entry.objects.filter(kind="evidence.opened").exists()
    key = actions.open_item(by=officer, item_id=item.pk, purpose="inspection", now=NOW)
    entry = Entry.objects.get(kind="evidence.opened")
    assert (entry.by, entry.data) == (officer, {"purpose": "inspection"})
    assert actions.readable(by=officer, item_id=item.pk, key=key) == item
    for by, pk, tried in ((AccountFactory(), item.pk, key), (officer, item.pk + 1, key), (officer, item.pk, key[:-2])):
        with pytest.raises(Forbidden):
            actions.readable(by=by, item_id=pk, key=tried)


def test_who_sees_evidence():
    """N14.1: the region's offices, the own institution, a teacher the own uploads, nobody else."""
    item = stored()
    seen = {
        role: queries.visible_to(AccountFactory.build(role=role, region_code=code, pk=900)).filter(pk=item.pk).exists()
        for role, code in [
            ("county-reviewer", "320102"), ("city-officer", "320100"), ("auditor", "320000"),
            ("county-finance", "320102"), ("system-administrator", "320000"),
        ]
    }  # fmt: skip
    assert [role for role, sees in seen.items() if sees] == ["county-reviewer", "city-officer", "auditor"]
    elsewhere = AccountFactory(region_code="320583")
    with pytest.raises(NotFound):
        queries.get(elsewhere, item.pk)


def test_it_is_removed_only_after_its_time():
    """Domain 2.7: ten years for class files; the row stays and says what was."""
    item = stored()
    assert actions.remove_expired(now=LATER - timedelta(days=2)) == 0
    with_commit(lambda: actions.remove_expired(now=LATER))
    item.refresh_from_db()
    assert item.removed_at == LATER
    assert files.digest_at(item.path) == ""
    assert Entry.objects.filter(kind="evidence.removed").count() == 1
    officer = AccountFactory()
    assert code_of(actions.open_item, by=officer, item_id=item.pk, purpose="review", now=LATER) == "removed"


def with_commit(deed):
    """Run what waits for the commit, which a test never makes."""
    before = len(connection.run_on_commit)
    deed()
    for _sids, waiting, _robust in connection.run_on_commit[before:]:
        waiting()
    del connection.run_on_commit[before:]


def test_bytes_that_others_rest_on_stay():
    one = stored()
    other = actions.store(
        by=None, kind=Kind.PHOTO, content=photo(1), now=NOW,
        place=place(NOW, subject="classes.Lesson:9", keep_until=datetime(2046, 1, 1, tzinfo=UTC).date()),
    )  # fmt: skip
    with_commit(lambda: actions.remove_expired(now=LATER))
    one.refresh_from_db()
    assert one.removed_at
    assert files.digest_at(other.path) == other.sha256


def test_a_hold_keeps_the_whole_file_until_another_lifts_it():
    """Nothing of a case is lost, and who placed a hold does not lift it (N14.1)."""
    item, second = stored(seed=3), stored(seed=4)
    officer = AccountFactory(role="county-second-reviewer")
    with pytest.raises(Forbidden):
        actions.place_hold(by=AccountFactory(), item_id=item.pk, ground="立案调查", now=NOW)
    assert code_of(actions.place_hold, by=officer, item_id=item.pk, ground=" ", now=NOW) == "ground"
    hold = actions.place_hold(by=officer, item_id=item.pk, ground="立案调查", now=NOW)
    assert actions.remove_expired(now=LATER) == 0
    for one in (item, second):
        with pytest.raises(DatabaseError), transaction.atomic():
            Item.objects.filter(pk=one.pk).update(removed_at=LATER)
    assert code_of(actions.lift_hold, by=officer, hold_id=hold.pk, now=NOW) == "own-hold"
    actions.lift_hold(by=AccountFactory(role="city-officer", region_code="320100"), hold_id=hold.pk, now=NOW)
    assert LegalHold.objects.get().lifted_at == NOW
    assert actions.remove_expired(now=LATER) == 2


@pytest.mark.parametrize(
    "change",
    [{"sha256": "0" * 64}, {"taken_at": NOW}, {"keep_until": NOW.date()}, {"removed_at": NOW}, {"thumbnail": b""}],
)
def test_evidence_is_final_whoever_writes(change):
    """quality.md: the database refuses what our code never does."""
    item = stored()
    with pytest.raises(DatabaseError), transaction.atomic():
        Item.objects.filter(pk=item.pk).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        Item.objects.filter(pk=item.pk).delete()


def test_the_scrub_finds_any_changed_byte():
    """Every byte of every file, one after the other: a single turned bit is found."""
    items = [stored(seed=n, subject=f"classes.Lesson:{n}") for n in (1, 2, 3)]
    call_command("scrub_evidence", verbosity=0)
    assert Scrub.objects.get().wrong == []
    content = bytearray(files.opened(items[0].path).read())
    for where in (0, len(content) // 2, len(content) - 1):
        spoilt = content.copy()
        spoilt[where] ^= 1
        files.drop(items[0].path)
        files.shelf().save(items[0].path, BytesIO(bytes(spoilt)))
        assert actions.scrub(now=NOW).wrong == [{"item": items[0].pk, "what": "changed"}]
    files.drop(items[1].path)
    with pytest.raises(CommandError):
        call_command("scrub_evidence", verbosity=0, stderr=StringIO())
    wrong = Scrub.objects.latest("pk").wrong
    assert {(one["item"], one["what"]) for one in wrong} == {(items[0].pk, "changed"), (items[1].pk, "missing")}


def test_file_and_row_exchanged_together_are_found_by_the_journal():
    """A database administrator changes both: the journal, sealed daily, still has the digest."""
    item = stored()
    other = stored(seed=2, subject="classes.Lesson:2")
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE evidence_item SET sha256 = %s WHERE id = %s", [other.sha256, item.pk])
        cursor.execute("SET session_replication_role = origin")
    assert actions.scrub(now=NOW).wrong == [{"item": item.pk, "what": "not-as-journalled"}]


class Scanner(socketserver.BaseRequestHandler):
    """clamd's side of INSTREAM: knows one virus."""

    def handle(self):
        assert self.request.recv(10) == b"zINSTREAM\0"
        content = b""
        while length := struct.unpack(">I", self._exactly(4))[0]:
            content += self._exactly(length)
        self.request.sendall(b"stream: Eicar-Test FOUND\0" if b"EICAR" in content else b"stream: OK\0")

    def _exactly(self, count):
        found = b""
        while len(found) < count:
            found += self.request.recv(count - len(found))
        return found


def test_the_scanner_is_asked_and_its_silence_is_no_answer(settings, tmp_path):
    """A virus is refused; so is everything while the scanner is away."""
    where = str(tmp_path / "clamd")
    with socketserver.ThreadingUnixStreamServer(where, Scanner) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings.CLAMD_URL = f"unix:{where}"
        paper = {"by": None, "kind": Kind.PAPER, "place": place(NOW), "now": NOW}
        assert code_of(actions.store, content=b"%PDF-1.4 EICAR %%EOF", **paper) == "virus"
        assert actions.store(content=b"%PDF-1.4 clean %%EOF", **paper).pk
        server.shutdown()
    settings.CLAMD_URL = f"unix:{where}-gone"
    assert code_of(actions.store, content=b"%PDF-1.4 more %%EOF", **paper) == "scanner-silent"
    assert Item.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_many_at_once_do_not_burst_the_quota():
    """Counted under a lock: eight files at once where one fits."""
    small = photo(size=(64, 48))
    size = len(files.examined(Kind.PHOTO, small).content)
    Item.objects.create(
        kind="paper", subject="x", dossier="x", region_code="320102", institution_id=1, extension="pdf",
        size=2**30 - size - 200, sha256="0" * 64, sha256_sent="0" * 64, keep="file",
        keep_until=NOW.date(), stored_at=NOW,
    )  # fmt: skip
    results = []

    def send(n):
        try:
            content = photo(n, size=(64, 48), quality=60)
            actions.store(by=None, kind=Kind.PHOTO, content=content, place=place(NOW, subject=f"x:{n}"), now=NOW)
            results.append("stored")
        except Refused as refused:
            results.append(refused.reasons[0].code)
        finally:
            connection.close()

    threads = [threading.Thread(target=send, args=(n,)) for n in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert queries.used_by(1) <= 2**30
    assert results.count("stored") >= 1
    assert "quota" in results
