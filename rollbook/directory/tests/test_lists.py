"""The life of a demand list, and that what is published stays (N1.1, N1.2, N1.3, N13.1)."""

from datetime import UTC, date, datetime

import pytest
from django.db import DatabaseError, transaction

from rollbook.accounts.tests.factories import AccountFactory
from rollbook.directory import actions, queries
from rollbook.directory.models import DemandItem, DemandList, Occupation, Term
from rollbook.kernel.reasons import Forbidden, Refused

NOW = datetime(2026, 11, 24, 4, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def loaded():
    drafter = AccountFactory(role="province-officer", region_code="320000")
    finance = AccountFactory(role="province-finance", region_code="320000")
    actions.load_directory(drafter=drafter, finance=finance, now=NOW)


@pytest.fixture
def drafter():
    return AccountFactory()


def test_every_occupation_of_the_classification_is_there_once():
    """Issue 2, item 8: small classes of one occupation too, without the marks L and S."""
    names = set(Occupation.objects.filter(edition=2022).values_list("name", flat=True))
    assert Occupation.objects.filter(edition=2022).count() == 1631
    assert {"中药炮制工", "电子商务师", "园林绿化工"} <= names


@pytest.mark.parametrize("text", ["6-18-02-04", "焊工", "hangong", "hg"])
def test_occupations_are_found_by_code_name_and_pinyin(text):
    """N16.1."""
    assert "焊工" in {one.name for one in queries.find_occupations(text, 2000)}


def test_published_amounts_are_stored_as_printed():
    """N13.1: Wuxi's scarce standard of class B level 3 is 2100 and no product of anything."""
    wuxi = queries.items_for("320205", date(2026, 11, 1)).filter(grade="B", level="3")
    assert {one.scarce_amount_fen for one in wuxi} <= {None, 210_000}


def changed(by, draft, amount_fen):
    item = draft.items.get(occupation__code="6-18-02-04", level="4")
    return actions.set_item(
        by=by, list_id=draft.pk, occupation_id=item.occupation_id, training_type="level", level="4",
        hours=56, practice_percent=60, amount_fen=amount_fen, now=NOW,
    )  # fmt: skip


def test_a_county_adapts_and_publishes(drafter):
    """N1.1, N1.2, N1.3: from the upper list, agreed by finance, in force from its day."""
    finance = AccountFactory(role="county-finance")
    draft = actions.draft_list(by=drafter, document="玄人社 1", now=NOW)
    changed(drafter, draft, 180_000)
    actions.submit_list(by=drafter, list_id=draft.pk, now=NOW)
    with pytest.raises(Forbidden):
        actions.agree_list(by=drafter, list_id=draft.pk, now=NOW)
    actions.agree_list(by=finance, list_id=draft.pk, now=NOW)
    with pytest.raises(Refused):
        actions.publish_list(by=drafter, list_id=draft.pk, from_on=date(2026, 11, 23), now=NOW)
    actions.publish_list(by=drafter, list_id=draft.pk, from_on=date(2027, 1, 1), now=NOW)
    assert queries.list_in_force("320102", date(2027, 1, 1)) == draft
    assert queries.list_in_force("320102", date(2026, 12, 31)).region_code == "320000"


@pytest.mark.parametrize("amount_fen", [195_100, 104_900])
def test_beyond_the_limits_nothing_changes(drafter, amount_fen):
    """N1.2."""
    draft = actions.draft_list(by=drafter, document="玄人社 1", now=NOW)
    with pytest.raises(Refused):
        changed(drafter, draft, amount_fen)
    assert draft.items.get(occupation__code="6-18-02-04", level="4").amount_fen == 150_000


def test_a_published_list_stays_even_in_the_database(drafter):
    """N1.1: never edited in place, and no project leaves it."""
    published = DemandList.objects.get(region_code="320000")
    draft = actions.draft_list(by=drafter, document="玄人社 1", now=NOW)
    draft.items.all().delete()
    for edit in (
        lambda: published.items.update(amount_fen=1),
        lambda: published.items.update(demand_list=draft),
        lambda: DemandItem.objects.filter(demand_list=published).delete(),
        lambda: DemandList.objects.filter(pk=published.pk).update(title="x"),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            edit()


def test_terms_that_came_with_a_later_release_are_added_and_those_set_stay(drafter):
    """N13.1: a province that was loaded before knows them too."""
    Term.objects.filter(key="roll-confirm").delete()
    Term.objects.filter(key="review-days", region_code="320000").update(value=7)
    actions.load_directory(drafter=drafter, finance=drafter, now=NOW)
    assert Term.objects.get(key="roll-confirm").value == 0
    assert Term.objects.get(key="review-days", region_code="320000").value == 7
