"""Persons: one record each, sealed, shown only on the record (N3.1, N3.2, N3.7, N14.1)."""

import threading
from datetime import UTC, datetime

import pytest
from cryptography.exceptions import InvalidTag
from django.db import connection
from django.urls import reverse

from rollbook.accounts.tests.factories import AccountFactory
from rollbook.journal.models import Entry
from rollbook.kernel.reasons import Forbidden, NotFound, Refused
from rollbook.persons import actions, queries, rules
from rollbook.persons.models import Enquiry, Person, Sealed
from rollbook.persons.sealing import seal, unseal
from rollbook.persons.tests.factories import PersonFactory, number

NOW = datetime(2026, 11, 24, 4, tzinfo=UTC)
CARD = "6222021234567890128"


def registered(n=1, **given):
    wanted = {"by": None, "name": "阿卜杜拉·买买提", "number": number(n), "now": NOW, "region_code": "320102"}
    return actions.register(**wanted | given)


@pytest.fixture
def officer(db):
    return AccountFactory()


@pytest.mark.django_db
def test_a_person_is_registered_once():
    """N3.1: the same number is the same record, however it is typed."""
    first = registered(phone="13800001234", bank="江苏银行", bank_account=CARD)
    again = registered(name="阿卜杜拉•买买提", number=f" {number(1).lower()} ")
    assert first == again
    assert Person.objects.count() == Sealed.objects.count() == 1
    assert Entry.objects.filter(kind="person.registered").count() == 1
    assert (first.verification, first.phone_masked, first.bank_masked) == ("pending", "138****1234", "江苏银行 0128")
    assert len(first.phone_digest) == 64, "one telephone of many people is found without reading it"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("given", "code"),
    [({"number": number(1)[:-1] + "?"}, "id-check-digit"), ({"number": "320102800101001"}, "id-old-form")],
)
def test_a_bad_number_is_refused(given, code):
    with pytest.raises(Refused, match=code):
        registered(**given)
    assert not Person.objects.exists()
    assert not Entry.objects.exists()


@pytest.mark.django_db
def test_another_name_is_refused():
    registered()
    with pytest.raises(Refused, match="name-differs"):
        registered(name="别人")
    assert Person.objects.get().name == "阿卜杜拉·买买提"


@pytest.mark.django_db(transaction=True)
def test_many_at_once_come_to_one_record():
    """N3.1 as a race."""
    found, gate = [], threading.Barrier(8)

    def run():
        gate.wait()
        try:
            found.append(registered().pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(found) == 8
    assert len(set(found)) == 1
    assert Person.objects.count() == Sealed.objects.count() == 1


@pytest.mark.django_db
def test_nothing_lies_open(officer):
    """N14.1: no number, phone or account in clear in any row, nor in the journal."""
    person = registered(phone="13800001234", bank="江苏银行", bank_account=CARD)
    actions.reveal(by=officer, person_id=person.pk, field="number", purpose="review", now=NOW)
    actions.set_account(by=officer, person_id=person.pk, bank="江苏银行", bank_account=CARD, now=NOW)
    rows = [*Person.objects.values_list(), *Entry.objects.values_list(), *Sealed.objects.values_list()]
    text = repr(rows)
    assert all(secret not in text for secret in (number(1), "13800001234", CARD))


@pytest.mark.django_db
def test_a_box_opens_in_its_own_row_only():
    version, box = seal(1, {"number": "x"})
    assert unseal(1, version, box) == {"number": "x"}
    with pytest.raises(InvalidTag):
        unseal(2, version, box)


@pytest.mark.django_db
def test_showing_is_recorded_with_its_purpose(officer):
    """N14.1."""
    person = registered(phone="13800001234")
    assert actions.reveal(by=officer, person_id=person.pk, field="phone", purpose="call-back", now=NOW) == "13800001234"
    entry = Entry.objects.get(kind="person.revealed")
    assert (entry.by, entry.data) == (officer, {"field": "phone", "purpose": "call-back"})


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"purpose": "curiosity"}, Refused),
        ({"purpose": ""}, Refused),
        ({"field": "everything"}, NotFound),
        ({"region": "320281"}, NotFound),
        ({"role": "auditor"}, NotFound),
        ({"role": "institution-manager", "institution": 1}, NotFound),
    ],
)
def test_showing_is_refused(given, error):
    person = registered()
    more = {"institution_id": 1} if "institution" in given else {}
    if more:
        by = AccountFactory.build(role=given["role"], **more)
    else:
        by = AccountFactory(role=given.get("role", "county-reviewer"), region_code=given.get("region", "320102"))
    with pytest.raises(error):
        actions.reveal(
            by=by,
            person_id=person.pk,
            field=given.get("field", "number"),
            purpose=given.get("purpose", "review"),
            now=NOW,
        )
    assert not Entry.objects.filter(kind="person.revealed").exists()


@pytest.mark.django_db
def test_a_worker_sees_oneself_and_nobody_else():
    own, other = registered(1), registered(2)
    worker = AccountFactory(role="worker", person_id=own.pk)
    assert list(queries.visible_to(worker)) == [own]
    with pytest.raises(NotFound):
        actions.set_account(by=worker, person_id=other.pk, bank="行", bank_account=CARD, now=NOW)
    actions.set_account(by=worker, person_id=own.pk, bank="江苏银行", bank_account=CARD, now=NOW)
    assert queries.unsealed_for_payment([own.pk, other.pk]) == {own.pk: CARD, other.pk: ""}


@pytest.mark.django_db
def test_a_mistyped_account_changes_nothing(officer):
    person = registered(bank="江苏银行", bank_account=CARD)
    with pytest.raises(Refused, match="account-check-digit"):
        actions.set_account(by=officer, person_id=person.pk, bank="别行", bank_account=CARD[:-1] + "9", now=NOW)
    person.refresh_from_db()
    assert person.bank_masked == "江苏银行 0128"
    assert queries.unsealed_for_payment([person.pk]) == {person.pk: CARD}


@pytest.mark.django_db
def test_keys_are_rotated_in_batches(settings):
    """N14.1: everything sealed anew; the old key is then no longer needed; may be stopped between."""
    people = [registered(n, phone=f"1380000{n:04}") for n in range(1, 6)]
    old = dict(settings.SEAL_KEYS)
    settings.SEAL_KEYS = old | {2: b"k" * 32}
    counts = [actions.rotate(limit=2) for _ in range(4)]
    assert counts == [2, 2, 1, 0]
    settings.SEAL_KEYS = {2: b"k" * 32}
    assert queries.unsealed(people[4].pk)["phone"] == "13800000005"


@pytest.mark.django_db
def test_two_records_become_one_and_two_again():
    """N3.1: merging is a pointer, so it can be undone."""
    province = AccountFactory(role="province-officer", region_code="320000")
    keep, other = registered(1), registered(2)
    actions.merge(by=province, keep_id=keep.pk, merge_id=other.pk, why="改号", now=NOW)
    assert queries.find_by_number(number(2)) == keep
    with pytest.raises(Refused, match="merge-impossible"):
        actions.merge(by=province, keep_id=other.pk, merge_id=keep.pk, why="x", now=NOW)
    actions.unmerge(by=province, person_id=other.pk, why="弄错", now=NOW)
    assert queries.find_by_number(number(2)) == other
    with pytest.raises(Refused, match="not-merged"):
        actions.unmerge(by=province, person_id=other.pk, why="弄错", now=NOW)
    kinds = list(Entry.objects.order_by("pk").values_list("kind", flat=True))
    assert kinds[-2:] == ["person.merged", "person.unmerged"]


@pytest.mark.django_db
def test_merging_is_refused(officer):
    province = AccountFactory(role="province-officer", region_code="320000")
    keep, other = registered(1), registered(2)
    with pytest.raises(Forbidden):
        actions.merge(by=officer, keep_id=keep.pk, merge_id=other.pk, why="x", now=NOW)
    for wrong in ({"merge_id": keep.pk, "why": "x"}, {"merge_id": other.pk, "why": " "}):
        with pytest.raises(Refused):
            actions.merge(by=province, keep_id=keep.pk, now=NOW, **wrong)
    with pytest.raises(Refused, match="unmerge-why"):
        actions.unmerge(by=province, person_id=_merged(province, keep, other), why="", now=NOW)
    other.refresh_from_db()
    assert other.merged_into_id == keep.pk


def _merged(by, keep, other):
    actions.merge(by=by, keep_id=keep.pk, merge_id=other.pk, why="改号", now=NOW)
    return other.pk


@pytest.mark.django_db
def test_no_answer_is_never_a_pass():
    """N3.1: pending stays pending, and an answer once had is not lost to a later failure."""
    person = registered()
    actions.answer_enquiry(person_id=person.pk, outcome="pending", detail="ReadTimeout", now=NOW)
    person.refresh_from_db()
    assert (person.verification, queries.pending()) == ("pending", [person.pk])
    actions.answer_enquiry(person_id=person.pk, outcome="matched", detail="", now=NOW)
    actions.answer_enquiry(person_id=person.pk, outcome="pending", detail="503", now=NOW)
    person.refresh_from_db()
    assert (person.verification, queries.pending()) == ("matched", [])
    assert Enquiry.objects.count() == 3


@pytest.mark.django_db
def test_the_list_costs_the_same_for_many(client, officer, settings, django_assert_max_num_queries):
    settings.DEMO = True
    PersonFactory.create_batch(30)
    client.force_login(officer)
    with django_assert_max_num_queries(8):
        page = client.get(reverse("persons:person_list"))
    assert page.status_code == 200


@pytest.mark.django_db
def test_pages(client, officer, settings):
    """Found by number without a number in an address; shown by POST, never cached."""
    settings.DEMO = True
    person = registered(phone="13800001234")
    client.force_login(officer)
    found = client.post(reverse("persons:person_list"), {"number": number(1)})
    assert person.id_masked in found.content.decode()
    assert number(1) not in client.get(reverse("persons:person_detail", args=[person.pk])).content.decode()
    shown = client.post(reverse("persons:reveal", args=[person.pk]), {"field": "number", "purpose": "review"})
    assert number(1) in shown.content.decode()
    assert shown["Cache-Control"] == "no-store"
    refused = client.post(reverse("persons:reveal", args=[person.pk]), {"field": "number", "purpose": ""})
    assert refused.status_code == 422


@pytest.mark.django_db
def test_the_api_gives_masked_persons(client, officer, settings):
    settings.DEMO = True
    person = registered(phone="13800001234")
    registered(2, region_code="320281")
    client.force_login(officer)
    answer = client.post("/api/persons/search", {"number": number(1)}, content_type="application/json")
    assert [one["id"] for one in answer.json()["items"]] == [person.pk]
    assert number(1) not in answer.content.decode()
    everyone = client.post("/api/persons/search", {}, content_type="application/json")
    assert everyone.json()["count"] == 1
    assert client.get(f"/api/persons/{person.pk}").json()["phone_masked"] == "138****1234"
    client.force_login(AccountFactory(role="auditor"))
    assert client.post("/api/persons/search", {}, content_type="application/json").status_code == 403


@pytest.mark.django_db
def test_two_records_side_by_side_and_merged_on_the_page(client, settings):
    settings.DEMO = True
    keep, other = registered(1), registered(2, name="买买提")
    client.force_login(AccountFactory(role="province-officer", region_code="320000"))
    page = reverse("persons:compare", args=[keep.pk])
    assert client.get(page, {"other": other.pk}).status_code == 200
    for nobody in ("", "x", "²", "9" * 30, 0):
        assert client.get(page, {"other": nobody}).status_code == 404
    client.post(reverse("persons:merge", args=[keep.pk]), {"other": other.pk, "why": "改号"})
    other.refresh_from_db()
    assert other.merged_into_id == keep.pk
    assert client.get(reverse("persons:person_detail", args=[other.pk])).status_code == 200
    client.force_login(AccountFactory())
    assert client.get(page, {"other": other.pk}).status_code == 403


@pytest.mark.django_db
def test_the_account_is_changed_on_the_page(client, officer, settings):
    settings.DEMO = True
    person = registered()
    client.force_login(officer)
    page = reverse("persons:set_account", args=[person.pk])
    assert client.post(page, {"bank": "江苏银行", "bank_account": CARD}).status_code == 302
    assert client.post(page, {"bank": "江苏银行", "bank_account": "1"}).status_code == 422
    assert queries.unsealed_for_payment([person.pk]) == {person.pk: CARD}


def test_purposes_have_words():
    assert all(one.label for one in rules.Purpose)


@pytest.mark.django_db
def test_the_records_of_a_person_are_found_from_any_of_them(django_assert_num_queries):
    """N3.1: merges are traceable, both ways and over several."""
    first, second, third, other = PersonFactory.create_batch(4)
    for one, into in ((first, second), (second, third)):
        one.merged_into = into
        one.save()
    for asked in (first, second, third):
        found = queries.records_of([asked.pk, other.pk])
        assert found == {first.pk: asked.pk, second.pk: asked.pk, third.pk: asked.pk, other.pk: other.pk}
    with django_assert_num_queries(2):
        assert queries.records_of([other.pk]) == {other.pk: other.pk}
