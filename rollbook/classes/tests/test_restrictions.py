"""What a restricted or removed institution may still do (N2.1, N11.4)."""

from datetime import UTC, datetime

import pytest

from rollbook.accounts.rules import Role
from rollbook.accounts.tests.factories import AccountFactory
from rollbook.classes.tests.applications import NOW, ready
from rollbook.directory.tests.factories import load_terms
from rollbook.institutions import actions, queries
from rollbook.institutions.models import Room
from rollbook.kernel.reasons import NotFound, Refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def office():
    load_terms(class_min=2)
    return {"second": AccountFactory(role=Role.COUNTY_SECOND_REVIEWER)}


def codes(caught):
    return [one.code for one in caught.value.reasons]


def test_a_restriction_bars_new_classes_and_lets_the_running_ones_go_on(office):
    """N2.1, N11.4: it stops a submission; a class that was approved stays so; lifted, the way is free."""
    approved, asked = ready(), None
    approved.submit()
    klass = approved.review()
    asked = ready(institution=klass.institution, room=Room.objects.filter(site__institution=klass.institution).last())
    asked.klass.lessons.update(
        starts_at=datetime(2026, 3, 18, 1, tzinfo=UTC), ends_at=datetime(2026, 3, 18, 4, tzinfo=UTC)
    )
    made = actions.restrict(
        by=office["second"], institution_id=klass.institution_id, ground="限期整改", ends_on=None, now=NOW
    )
    with pytest.raises(Refused) as caught:
        asked.submit()
    assert "restricted" in codes(caught)
    klass.refresh_from_db()
    assert klass.state == "approved"

    actions.lift_restriction(by=office["second"], restriction_id=made.pk, now=NOW)
    with pytest.raises(Refused) as caught:
        asked.submit()
    assert "restricted" not in codes(caught)
    with pytest.raises(NotFound):
        actions.lift_restriction(by=office["second"], restriction_id=made.pk, now=NOW)


def test_who_is_removed_applies_for_no_class_and_stays_in_sight(office):
    """N2.1: the public directory keeps the removed with their state."""
    asked = ready()
    actions.remove_institution(by=office["second"], institution_id=asked.klass.institution_id, why="虚假培训", now=NOW)
    with pytest.raises(Refused) as caught:
        asked.submit()
    assert "not-listed" in codes(caught)
    assert queries.listed().get(pk=asked.klass.institution_id).state == "removed"
