"""Social-insurance months from the signed drop to what a subsidy and the screening ask (N3.5, domain 3.2)."""

import json
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rollbook.exchange import actions, queries
from rollbook.exchange.models import Batch, Fact
from rollbook.exchange.tests.factories import AS_OF, NOW, contract, manifest, officer, write_csv
from rollbook.persons.models import Person
from rollbook.persons.tests.factories import PersonFactory, number

pytestmark = pytest.mark.django_db
FIRM = "91350100M000100Y43"
JAN, FEB, MAR = date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)


def paid(n, month, firm=FIRM, kind="both", **more):
    row = {
        "身份证号": number(n),
        "费款所属期": month,
        "单位统一社会信用代码": firm,
        "缴费基数（元）": "4000",
        "险种": kind,
    }
    return row | more


def drop(settings, rows, batch="1", as_of=AS_OF):
    """A department leaves a signed file, and it is taken."""
    folder = settings.DROP_ROOT
    folder.mkdir(exist_ok=True)
    path = write_csv(folder / f"m{batch}.csv", [one | {"撤销": one.get("撤销", "")} for one in rows])
    content, signature = manifest(path, source="s-insurance-months", feed="insurance-months", batch=batch, as_of=as_of)
    (folder / f"m{batch}.json").write_bytes(content)
    (folder / f"m{batch}.json.sig").write_text(signature)
    taken, refused = actions.take_drops(now=NOW)
    assert refused == []
    return taken


@pytest.fixture
def deal():
    return contract("insurance-months", matched_percent=100, changed_percent=100)


def test_a_signed_drop_is_asked_for_by_person_kind_and_month(settings, deal):
    one, two, three = (PersonFactory(n=n) for n in (1, 2, 3))
    rows = [
        paid(1, "2026-01"),
        paid(1, "2026-02", kind="pension"),
        paid(1, "2026-03", kind="unemployment"),
        paid(2, "2026-02"),
    ]
    [batch] = drop(settings, rows)
    assert (batch.way, batch.state, batch.known, Fact.objects.count()) == ("drop", "loaded", 4, 0)
    assert json.loads((settings.DROP_ROOT / "taken" / "m1.json").read_bytes())["number"] == "1"
    ids = [one.pk, two.pk, three.pk]
    assert queries.insured_of(ids, "unemployment") == {one.pk: [JAN, MAR], two.pk: [FEB], three.pk: []}
    assert queries.insured_of(ids, "pension") == {one.pk: [JAN, FEB], two.pk: [FEB], three.pk: []}
    found = [row for rows in queries.insured() for row in rows.to_pylist()]
    assert [(row["person_id"], row["month"], row["employer"]) for row in sorted(found, key=str)] == sorted(
        [(one.pk, JAN, FIRM), (one.pk, FEB, FIRM), (two.pk, FEB, FIRM)], key=str
    )


def test_what_the_latest_batch_says_holds_however_it_came(settings, deal):
    """A correction withdraws a month; news of an older day does not bring it back; nothing is erased (N3.5)."""
    one = PersonFactory(n=1)
    drop(settings, [paid(1, "2026-01"), paid(1, "2026-02")])
    drop(settings, [paid(1, "2026-02", 撤销="yes"), paid(1, "2026-01", kind="pension")], "2", AS_OF + timedelta(2))
    drop(settings, [paid(1, "2026-02"), paid(1, "2026-03")], "3", AS_OF + timedelta(1))
    assert queries.insured_of([one.pk], "unemployment") == {one.pk: [MAR]}
    assert queries.insured_of([one.pk], "pension") == {one.pk: [JAN, MAR]}
    assert Batch.objects.filter(state="loaded").count() == 3


def test_months_follow_a_person_into_a_merge_and_stopped_batches_say_nothing(settings, deal):
    kept, former = PersonFactory(n=1), PersonFactory(n=2)
    drop(settings, [paid(1, "2026-01"), paid(2, "2026-02")])
    Person.objects.filter(pk=former.pk).update(merged_into=kept)
    assert queries.insured_of([kept.pk], "unemployment") == {kept.pk: [JAN, FEB]}
    assert {row["person_id"] for rows in queries.insured() for row in rows.to_pylist()} == {kept.pk}
    [batch] = drop(settings, [paid(1, "2026-03"), paid(1, "2026-13")], "2")
    assert batch.state == "stopped"
    assert queries.insured_of([kept.pk], "unemployment") == {kept.pk: [JAN, FEB]}


def test_many_people_cost_as_many_questions_as_one(settings, deal, django_assert_num_queries):
    people = PersonFactory.create_batch(12)
    with django_assert_num_queries(2):
        queries.insured_of([people[0].pk], "unemployment")
    with django_assert_num_queries(2):
        queries.insured_of([one.pk for one in people], "unemployment")


def test_the_list_of_batches_and_of_sources_costs_the_same_however_long(settings, deal, client):
    settings.DEMO = True  # signed in with a password alone
    by = officer()
    client.force_login(by)

    def asked(path):
        with CaptureQueriesContext(connection) as found:
            assert client.get(path).status_code == 200
        return len(found)

    drop(settings, [paid(1, "2026-01")])
    asked("/exchange/")  # what is asked once only
    before = asked("/exchange/batches/"), asked("/exchange/")
    for n in range(2, 6):
        drop(settings, [paid(1, f"2026-0{n}")], str(n))
    contract("deaths", by=by)
    assert (asked("/exchange/batches/"), asked("/exchange/")) == before
