"""A source's key, address and cadence change only by two officials of the province (N3.5, N14.1)."""

import base64
import threading
from datetime import date, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import IntegrityError, connection, transaction

from rollbook.accounts.rules import Role
from rollbook.directory.tests.factories import load_terms
from rollbook.exchange import actions, queries
from rollbook.exchange.models import Batch, Contract, Fact, Source, SourceChange
from rollbook.exchange.tests.factories import AS_OF, NOW, PUBLIC, contract, death, manifest, officer, push, write_csv
from rollbook.journal.models import Entry
from rollbook.kernel.reasons import Forbidden, NotFound, Refused

pytestmark = pytest.mark.django_db
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
OTHER_PUBLIC = base64.b64encode(OTHER.public_key().public_bytes_raw()).decode()


def ask(by, source, **values):
    asked = {"public_key": OTHER_PUBLIC, "url": "", "why": "换钥函〔2026〕3号"} | values
    return actions.ask_source_change(by=by, source_id=source.pk, now=NOW, **asked)


def confirm(by, source, now=NOW):
    return actions.confirm_source_change(by=by, source_id=source.pk, now=now)


def signed(path, key, **values):
    content, _own = manifest(path, **values)
    signature = base64.b64encode(key.sign(content)).decode()
    return actions.take_push(manifest=content, signature=signature, path=path, now=NOW)


def codes(refusal):
    return {one.code for one in refusal.value.reasons}


def test_a_source_of_the_catalogue_pushes_once_its_key_is_confirmed(tmp_path):
    """Before it can sign nothing: `load_feeds` enters sources without a key."""
    by = officer()
    actions.load_feeds(by=by, now=NOW)
    source = Source.objects.get(code="320000-deaths")
    path = write_csv(tmp_path / "d.csv", [death(1)])
    ask(by, source, public_key=PUBLIC)
    with pytest.raises(Forbidden):
        push(path, source=source.code)
    confirm(officer(), source)
    assert push(path, source=source.code).is_signed


def test_the_former_key_is_refused_after_and_facts_go_on(tmp_path):
    source = contract().source
    push(write_csv(tmp_path / "a.csv", [death(1)]), batch="a")
    ask(officer(), source)
    confirm(officer(), source)
    path = write_csv(tmp_path / "b.csv", [death(2)])
    with pytest.raises(Forbidden):
        push(path, batch="b")
    assert signed(path, OTHER, batch="b").state == "loaded"
    assert (Fact.objects.filter(source=source).count(), Batch.objects.count()) == (2, 2)
    kinds = ["exchange.source-change-asked", "exchange.source-changed"]
    found = Entry.objects.filter(subject=f"exchange.Source:{source.pk}", kind__in=kinds).order_by("pk")
    assert list(found.values_list("kind", flat=True)) == kinds
    assert found[1].data["was"] == PUBLIC


def test_the_own_change_is_not_confirmed_by_the_same_official():
    by, source = officer(), contract().source
    change = ask(by, source)
    with pytest.raises(Refused) as refusal:
        confirm(by, source)
    source.refresh_from_db()
    change.refresh_from_db()
    assert (codes(refusal), source.public_key, change.is_confirmed) == ({"own-source-change"}, PUBLIC, None)
    with pytest.raises(IntegrityError, match="another_confirms_a_source_change"), transaction.atomic():
        SourceChange.objects.filter(pk=change.pk).update(is_confirmed=True, decided_by=by, decided_at=NOW)


@pytest.mark.parametrize("role", [Role.CITY_OFFICER, Role.AUDITOR, Role.COUNTY_REVIEWER])
def test_others_neither_ask_nor_confirm(role):
    source = contract().source
    other = officer(role=role, region_code={Role.CITY_OFFICER: "320100", Role.AUDITOR: "320000"}.get(role, "320102"))
    refusals = NotFound if role == Role.COUNTY_REVIEWER else Forbidden  # no source serves a county
    with pytest.raises(refusals):
        ask(other, source)
    assert not SourceChange.objects.exists()
    ask(officer(), source)
    with pytest.raises(refusals):
        confirm(other, source)
    source.refresh_from_db()
    assert source.public_key == PUBLIC


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"public_key": "no key"}, "source-key"),
        ({"url": "ftp://a"}, "source-url"),
        ({"public_key": "", "url": "https://a"}, "source-unsigned"),
        ({"why": " "}, "source-change-why"),
        ({"public_key": PUBLIC}, "source-same"),
        ({"cadence_days": 0}, "contract-figures"),
    ],
)
def test_what_would_not_work_is_not_asked(values, code):
    source = contract().source
    with pytest.raises(Refused) as refusal:
        ask(officer(), source, **values)
    assert (code in codes(refusal), SourceChange.objects.count()) == (True, 0)


def test_one_change_at_a_time_and_turned_down_it_changes_nothing():
    by, source = officer(), contract().source
    ask(by, source)
    with pytest.raises(Refused) as refusal:
        ask(officer(), source)
    assert codes(refusal) == {"source-change-open"}
    actions.refuse_source_change(by=by, source_id=source.pk, why="电话核对不符", now=NOW)
    source.refresh_from_db()
    assert (source.public_key, SourceChange.objects.get().is_confirmed) == (PUBLIC, False)
    with pytest.raises(Refused) as refusal:
        confirm(officer(), source)
    assert codes(refusal) == {"source-change-none"}


def test_another_cadence_supersedes_the_contracts_and_the_line_is_tried_at_once():
    deal = contract()
    source = deal.source
    Source.objects.filter(pk=source.pk).update(failures=7, failure="signature", next_try_at=NOW + timedelta(days=1))
    ask(officer(), source, url="https://department.test/", cadence_days=30)
    confirm(officer(), source)
    source.refresh_from_db()
    assert (source.url, source.failures, source.failure) == ("https://department.test", 0, "")
    assert queries.due_lines(NOW) == [source.pk]
    before, after = Contract.objects.filter(source=source).order_by("pk")
    assert (before.pk, before.cadence_days, before.in_force.upper) == (deal.pk, deal.cadence_days, date(2026, 11, 25))
    assert (after.cadence_days, after.in_force.lower, after.shape) == (30, date(2026, 11, 25), deal.shape)
    assert queries.contract_for(source.pk, "deaths", AS_OF) == before


@pytest.mark.django_db(transaction=True)
def test_two_who_confirm_at_one_moment_change_it_once():
    source = contract().source
    ask(officer(), source)
    people, barrier, told = [officer(), officer()], threading.Barrier(2), []

    def work(by):
        barrier.wait()
        try:
            confirm(by, source)
            told.append("confirmed")
        except Refused as error:
            told.append(error.reasons[0].code)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=[one]) for one in people]
    [one.start() for one in threads]
    [one.join() for one in threads]
    assert sorted(told) == ["confirmed", "source-change-none"]
    assert Entry.objects.filter(kind="exchange.source-changed").count() == 1


def test_the_page_asks_and_another_confirms(client, settings):
    settings.DEMO = True  # signed in with a password alone
    load_terms()
    source, by, other = contract().source, officer(), officer()
    page = f"/exchange/sources/{source.pk}/"
    client.force_login(by, backend=settings.AUTHENTICATION_BACKENDS[0])
    client.post(f"{page}change/", {"public_key": OTHER_PUBLIC, "url": "", "cadence_days": "", "why": "换钥函"})
    assert f"{page}confirm/" not in client.get(page).text
    assert client.post(f"{page}confirm/").status_code == 422
    client.force_login(other, backend=settings.AUTHENTICATION_BACKENDS[0])
    assert page in client.get("/work/").text, "it waits on the other's workbench"
    assert f"{page}confirm/" in client.get(page).text
    client.post(f"{page}confirm/")
    source.refresh_from_db()
    assert source.public_key == OTHER_PUBLIC
