"""Facts of other departments: taken once, whole, with every error told; corrected without erasing; stopped where they
are not plausible (N3.3, N3.5)."""

import threading
from datetime import date, timedelta
from io import BytesIO

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import ProgrammingError
from openpyxl import Workbook, load_workbook

from rollbook.accounts.rules import Role
from rollbook.exchange import actions, queries
from rollbook.exchange.files import lake
from rollbook.exchange.models import Batch, Contract, Fact, Source
from rollbook.exchange.tests.factories import (
    AS_OF,
    NOW,
    TERMS,
    contract,
    death,
    manifest,
    officer,
    present,
    push,
    sm3,
    write_csv,
)
from rollbook.journal.models import Entry
from rollbook.kernel.reasons import Forbidden, NotFound, Refused
from rollbook.persons.rules import check_digit
from rollbook.persons.sealing import digest
from rollbook.persons.tests.factories import PersonFactory, number

pytestmark = pytest.mark.django_db


def codes(refusal):
    return {one.code for one in refusal.value.reasons}


def test_a_pushed_batch_becomes_facts(tmp_path):
    """Each fact has source, as-of date, batch and receipt; the number lies nowhere in clear (N3.5)."""
    contract()
    person = PersonFactory(n=1, name="学员1")
    path = write_csv(tmp_path / "deaths.csv", [death(1), death(2)])
    batch = push(path)
    assert (batch.state, batch.rows, batch.wrong, batch.new, batch.known) == ("loaded", 2, 0, 2, 1)
    fact = Fact.objects.get(subject=digest(number(1)))
    assert (fact.source.code, fact.as_of, fact.batch, fact.from_on) == ("s-deaths", AS_OF, batch, date(2026, 11, 1))
    assert [one[3] for one in present("deaths")].count(person.pk) == 1
    assert number(1).encode() not in lake.where(batch.lake_path).read_bytes()
    assert number(1) not in str(list(Fact.objects.values())) + str(list(Batch.objects.values()))
    assert Entry.objects.filter(kind="exchange.loaded", subject=f"exchange.Batch:{batch.pk}").count() == 1


@pytest.mark.parametrize("kind", ["utf-8", "gb18030", "xlsx", "parquet"])
def test_every_kind_of_file_says_the_same(tmp_path, kind):
    contract()
    rows = [death(1), death(2, day="2026年11月2日"), death(3, name="买买提•吐尔逊")]
    path = tmp_path / "file"
    if kind == "xlsx":
        book = Workbook()
        book.worksheets[0].append(list(rows[0]))
        for row in rows:
            book.worksheets[0].append(list(row.values()))
        book.save(path)
    elif kind == "parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    else:
        write_csv(path, rows, encoding=kind)
    push(path)
    found = Fact.objects.order_by("from_on", "name").values_list("name", "from_on", "data__ground")
    assert list(found) == [
        ("买买提·吐尔逊", date(2026, 11, 1), "cremation"),
        ("学员1", date(2026, 11, 1), "cremation"),
        ("学员2", date(2026, 11, 2), "cremation"),
    ]


def test_every_wrong_cell_is_told_and_the_rest_is_read(tmp_path):
    contract(wrong_percent=100)
    path = write_csv(
        tmp_path / "d.csv",
        [death(1), death(2, 身份证号="320102198001010012"), death(3, 死亡日期="2026-02-30"), death(4, 来源="hearsay"),
         death(5, 姓名=""), death(1, 死亡日期="2026-10-01")],
    )  # fmt: skip
    batch = push(path)
    told = [(one.row, one.column, one.message["code"]) for one in queries.wrong_cells(batch)]
    assert (batch.rows, batch.wrong, batch.new) == (6, 5, 1)
    assert told == [
        (3, "身份证号", "cell-identity"),
        (4, "死亡日期", "cell-day"),
        (5, "来源", "cell-code"),
        (6, "姓名", "cell-missing"),
        (7, "", "row-twice"),
    ]
    assert "hearsay" not in str(list(batch.wrong_cells.values())), "the value of a wrong cell is not kept"


def test_rows_with_too_few_cells_are_wrong_rows(tmp_path):
    contract(wrong_percent=100)
    path = write_csv(tmp_path / "d.csv", [death(1), death(2)])
    path.write_text(path.read_text() + "320102\r\n")
    batch = push(path)
    assert (batch.rows, batch.wrong, batch.new) == (3, 1, 2)


@pytest.mark.parametrize(
    "content",
    [b"", b"a,b\n1,2\n", b"\x00\x01\x02", b"PK\x03\x04 nothing", b"PAR1 nothing PAR1", "身份证号,姓名\n".encode()],
)
def test_a_file_that_is_none_is_refused_and_nothing_is_written(tmp_path, content):
    contract()
    path = tmp_path / "d.csv"
    path.write_bytes(content)
    with pytest.raises(Refused):
        push(path)
    assert not Batch.objects.exists()
    assert not list((tmp_path / "lake").rglob("*.parquet"))


def test_the_same_batch_again_is_the_same_batch(tmp_path):
    """A replay changes nothing; the same number with another content is refused (N3.5)."""
    contract()
    path = write_csv(tmp_path / "d.csv", [death(1)])
    first = push(path)
    assert push(path, now=NOW + timedelta(days=1)).pk == first.pk
    write_csv(path, [death(1), death(2)])
    with pytest.raises(Refused) as refusal:
        push(path)
    assert codes(refusal) == {"batch-number-used"}
    assert (Batch.objects.count(), Fact.objects.count()) == (1, 1)


def test_what_was_changed_on_the_way_is_refused(tmp_path):
    contract()
    path = write_csv(tmp_path / "d.csv", [death(1)])
    content, signature = manifest(path)
    write_csv(path, [death(2)])
    with pytest.raises(Refused) as refusal:
        actions.take_push(manifest=content, signature=signature, path=path, now=NOW)
    assert codes(refusal) == {"batch-digest"}
    with pytest.raises(Forbidden):
        actions.take_push(manifest=content.replace(b"2026", b"2025"), signature=signature, path=path, now=NOW)
    with pytest.raises(Refused) as refusal:
        push(path, batch="2", rows=7)
    assert codes(refusal) == {"batch-rows"}
    assert not Batch.objects.exists()


def test_sm3_is_taken_for_a_digest(tmp_path):
    contract()
    path = write_csv(tmp_path / "d.csv", [death(1)])
    assert push(path, sha256=None, sm3=sm3(path.read_bytes())).sm3 == sm3(path.read_bytes())
    with pytest.raises(Refused) as refusal:
        push(path, batch="2", sha256=None, sm3="0" * 64)
    assert codes(refusal) == {"batch-digest"}


def test_a_correction_is_another_row_and_late_news_does_not_undo_it(tmp_path):
    """Corrections never erase; of two days the later one holds, whichever came first (N3.5)."""
    contract(changed_percent=100)
    one = digest(number(1))
    push(write_csv(tmp_path / "a.csv", [death(1, day="2026-11-01")]))
    push(write_csv(tmp_path / "b.csv", [death(1, day="2026-11-03")]), batch="2", as_of=AS_OF + timedelta(2))
    push(write_csv(tmp_path / "c.csv", [death(1, day="2026-11-02")]), batch="3", as_of=AS_OF + timedelta(1))
    assert [(s, day) for s, _, day, _ in present("deaths")] == [(one, date(2026, 11, 3))]
    push(write_csv(tmp_path / "d.csv", [death(1, day="2026-11-03", 撤销="yes")]), batch="4", as_of=AS_OF + timedelta(3))
    assert present("deaths") == []
    assert Fact.objects.filter(subject=one).count() == 4
    with pytest.raises(ProgrammingError, match="append-only"), transaction.atomic():
        Fact.objects.update(name="别人")
    with pytest.raises(ProgrammingError, match="append-only"), transaction.atomic():
        Fact.objects.all().delete()
    with pytest.raises(ProgrammingError, match="as it was received"), transaction.atomic():
        Batch.objects.update(sha256="0" * 64)


def test_who_is_not_on_a_whole_list_any_more_has_left_it(tmp_path):
    """Domain 5.2 D15: lists change monthly; a batch of such a feed is the whole list."""
    contract("low-income", changed_percent=100, matched_percent=100)

    def row(n):
        return {"身份证号": number(n), "姓名": f"学员{n}", "类别": "edge", "起始月份": "2026-01"}

    values = {"source": "s-low-income", "feed": "low-income"}
    push(write_csv(tmp_path / "a.csv", [row(1), row(2)]), **values)
    batch = push(write_csv(tmp_path / "b.csv", [row(2), row(3)]), batch="2", as_of=AS_OF + timedelta(1), **values)
    assert (batch.new, batch.same, batch.ended) == (1, 1, 1)
    assert {one[0] for one in present("low-income")} == {digest(number(2)), digest(number(3))}


def test_an_implausible_batch_waits_for_another_person(tmp_path):
    """The bad-file guard: nothing becomes a fact until somebody else than who brought it says why (N14.1)."""
    deal = contract(matched_percent=10)
    PersonFactory.create_batch(25)
    brought, other = officer(), officer()
    path = tmp_path / "d.csv"
    registered = [PersonFactory(n=n + 7000) for n in range(5)]
    rows = [death(7000 + n, name=one.name) for n, one in enumerate(registered)]
    write_csv(path, rows)
    batch = actions.take_upload(
        by=brought, contract_id=deal.pk, number="7", as_of=AS_OF, content=path.read_bytes(), name="d.csv", now=NOW
    )
    assert (batch.state, [one["code"] for one in batch.reasons]) == ("stopped", ["batch-matches"])
    assert not Fact.objects.exists()
    for by, why, wrong in ((brought, "对的", "own-batch"), (other, " ", "release-why")):
        with pytest.raises(Refused) as refusal:
            actions.load_batch(by=by, batch_id=batch.pk, why=why, now=NOW)
        assert codes(refusal) == {wrong}
    assert not Fact.objects.exists()
    assert actions.load_batch(by=other, batch_id=batch.pk, why="民政厅来函确认", now=NOW).state == "loaded"
    assert Fact.objects.count() == 5
    with pytest.raises((IntegrityError, ProgrammingError)), transaction.atomic():
        Batch.objects.filter(pk=batch.pk).update(decided_by=brought)


def test_a_batch_that_changes_too_much_is_stopped(tmp_path):
    contract(changed_percent=10, matched_percent=100)
    push(write_csv(tmp_path / "a.csv", [death(n) for n in range(30)]))
    shifted = [death(n, day="2026-11-02") for n in range(30)]
    batch = push(write_csv(tmp_path / "b.csv", shifted), batch="2", as_of=AS_OF + timedelta(1))
    assert (batch.state, batch.changed, [one["code"] for one in batch.reasons]) == ("stopped", 30, ["batch-changes"])
    assert Fact.objects.count() == 30
    refused = actions.refuse_batch(by=officer(), batch_id=batch.pk, why="日期整体错一天", now=NOW)
    assert (refused.state, Fact.objects.count()) == ("refused", 30)
    with pytest.raises(Refused):
        actions.load_batch(by=officer(), batch_id=batch.pk, why="还是对的", now=NOW)


def test_an_upload_is_shown_before_it_is_loaded(tmp_path):
    deal = contract()
    by = officer()
    path = write_csv(tmp_path / "d.csv", [death(1)])
    batch = actions.take_upload(
        by=by, contract_id=deal.pk, number="7", as_of=AS_OF, content=path.read_bytes(), name="d.csv", now=NOW
    )
    assert (batch.state, Fact.objects.count()) == ("checked", 0)
    shown = queries.preview(batch)
    assert shown["rows"][0][0] == 2
    assert digest(number(1))[:8] in shown["rows"][0][1]
    actions.load_batch(by=by, batch_id=batch.pk, now=NOW)
    assert Fact.objects.count() == 1


def test_who_may_not(tmp_path):
    deal = contract()
    path = write_csv(tmp_path / "d.csv", [death(1)])
    batch = push(path)
    values = {
        "contract_id": deal.pk,
        "number": "8",
        "as_of": AS_OF,
        "content": path.read_bytes(),
        "name": "d",
        "now": NOW,
    }
    for by, error in (
        (officer(role=Role.CITY_OFFICER, region_code="320100"), Forbidden),
        (officer(role=Role.COUNTY_REVIEWER, region_code="320102"), NotFound),
        (officer(role=Role.AUDITOR), Forbidden),
    ):
        with pytest.raises(error):
            actions.take_upload(by=by, **values)
        assert by.role == Role.AUDITOR or not queries.visible_to(by).exists()
    with pytest.raises(NotFound):
        actions.refuse_batch(
            by=officer(role=Role.CITY_OFFICER, region_code="320100"), batch_id=batch.pk, why="x", now=NOW
        )
    assert Batch.objects.count() == 1


def test_no_contract_no_batch(tmp_path):
    contract()
    path = write_csv(tmp_path / "d.csv", [death(1)])
    for values, code in (
        ({"feed": "border"}, "no-contract"),
        ({"as_of": date(2019, 1, 1)}, "no-contract"),
        ({"as_of": date(2027, 1, 1)}, "batch-future"),
        ({"batch": " "}, "batch-number"),
    ):
        with pytest.raises(Refused) as refusal:
            push(path, **values)
        assert codes(refusal) == {code}


def test_contracts_are_dated_and_sources_checked():
    deal = contract()
    by = officer()
    values = TERMS | {"source_id": deal.source_id, "feed": "deaths", "now": NOW}
    for change, code in (
        ({"from_on": date(2019, 1, 1)}, {"contract-date", "contract-past"}),
        ({"from_on": date(2026, 12, 1), "purpose": " "}, {"contract-basis"}),
        ({"from_on": date(2026, 12, 1), "wrong_percent": 101}, {"contract-figures"}),
    ):
        with pytest.raises(Refused) as refusal:
            actions.set_contract(by=by, **(values | change))
        assert codes(refusal) == code
    new = actions.set_contract(by=by, from_on=date(2026, 12, 1), **(values | {"wrong_percent": 1}))
    assert queries.contract_for(deal.source_id, "deaths", date(2026, 11, 30)) == deal
    assert queries.contract_for(deal.source_id, "deaths", date(2026, 12, 1)) == new
    with pytest.raises(IntegrityError), transaction.atomic():
        Contract.objects.filter(pk=deal.pk).update(in_force=new.in_force)
    for change in (
        {"code": "a b"},
        {"public_key": "x"},
        {"url": "ftp://x"},
        {"url": "https://x", "public_key": ""},
        {"code": "s-deaths"},
    ):
        with pytest.raises(Refused):
            actions.add_source(by=by, **({"code": "n", "name": "局", "public_key": "", "url": "", "now": NOW} | change))
    with pytest.raises(Forbidden):
        actions.add_source(by=officer(role=Role.AUDITOR), code="n", name="局", public_key="", url="", now=NOW)
    assert Source.objects.count() == 1


def test_every_feed_of_the_catalogue_has_its_contract():
    """Issue 5.1: nineteen feeds, each with fields, codes, key, cadence, purpose and legal basis; again changes nothing."""
    by = officer()
    made = actions.load_feeds(by=by, now=NOW)
    assert {one.feed for one in made} == set(queries.catalogue()) == {one.value for one in queries.rules.Feed}
    assert actions.load_feeds(by=by, now=NOW) == []
    for one in made:
        shape = queries.rules.Shape.of(one.shape)
        assert all(shape.field(key) for key in (*shape.key, *filter(None, shape.period), shape.subject_field))
        assert one.purpose
        assert one.legal_basis
        assert one.cadence_days


def test_numbers_of_fifteen_digits_and_other_names_meet_the_register(tmp_path):
    """Domain 10.8; a fact under another name is shown with it, and screening does not take it for the person's."""
    contract()
    first17 = "32010219800101001"
    PersonFactory(number=first17 + check_digit(first17), name="买买提·吐尔逊")
    PersonFactory(n=5, name="学员5")
    rows = [death(0, 身份证号="320102800101001", 姓名="买买提.吐尔逊"), death(5, name="另有其人")]
    batch = push(write_csv(tmp_path / "d.csv", rows))
    assert (batch.known, batch.names_differ) == (2, 1)
    assert [one[3] for one in present("deaths") if one[3]] == [
        PersonFactory._meta.model.objects.get(name="买买提·吐尔逊").pk
    ]


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_the_same_batch_at_once_is_taken_once(tmp_path):
    contract()
    path = write_csv(tmp_path / "d.csv", [death(n) for n in range(50)])
    found, barrier = [], threading.Barrier(6)

    def send():
        try:
            barrier.wait()
            found.append(push(path).pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(6)]
    [one.start() for one in threads]
    [one.join() for one in threads]
    assert (len(found), len(set(found))) == (6, 1)
    assert (Batch.objects.count(), Fact.objects.count()) == (1, 50)
    assert len(list((tmp_path / "lake").rglob("*.parquet"))) == 1


def test_the_file_chosen_again_comes_back_with_its_errors(tmp_path, client, settings):
    """Every wrong row says what and where; another file is refused; nothing of it is kept (N3.5)."""
    settings.DEMO = True  # signed in with a password alone
    contract(wrong_percent=100)
    path = write_csv(tmp_path / "d.csv", [death(1), death(2, 死亡日期="2026-02-30"), death(3)])
    head, first, second, third = path.read_text().splitlines()
    path.write_text("\n".join([head, first, "320102", second, third, first.replace("2026-11-01", "2026-10-01")]) + "\n")
    batch = push(path)
    assert [(one.row, one.message["code"]) for one in queries.wrong_cells(batch)] == [
        (3, "row-cells"), (4, "cell-day"), (6, "row-twice"),
    ]  # fmt: skip
    before = sorted((tmp_path / "lake").rglob("*.*"))
    client.force_login(officer(), backend=settings.AUTHENTICATION_BACKENDS[0])
    url = f"/exchange/batches/{batch.pk}/marked/"
    with path.open("rb") as file:
        answer = client.post(url, {"file": file})
    rows = list(load_workbook(BytesIO(answer.content)).worksheets[0].iter_rows(values_only=True))
    assert rows[0][:2] == ("身份证号", "姓名")
    told = {row[0]: row[-1] for row in rows[1:]}
    assert (len(rows), told[number(1)] is None, told[number(3)]) == (6, False, None)
    assert "死亡日期" in told[number(2)]
    assert sorted((tmp_path / "lake").rglob("*.*")) == before
    other = write_csv(tmp_path / "e.csv", [death(1)])
    with other.open("rb") as file:
        answer = client.post(url, {"file": file})
    assert (answer.status_code, "这不是该批次的文件" in answer.content.decode()) == (422, True)
    client.force_login(officer(role=Role.AUDITOR), backend=settings.AUTHENTICATION_BACKENDS[0])
    with path.open("rb") as file:
        assert client.post(url, {"file": file}).status_code == 403
