import pytest

from rollbook.accounts.rules import Role
from rollbook.directory.tests.factories import load_terms
from rollbook.exchange import actions
from rollbook.exchange.tests.factories import NOW, contract, officer, untaken
from rollbook.reports import queries

pytestmark = pytest.mark.django_db


def test_a_delivery_that_was_not_taken_waits_for_the_province_until_it_is_settled():
    """N3.5: a refused file is somebody's to do, not a line in a log; a county has nothing to do with it."""
    load_terms()
    by, county = officer(), officer(role=Role.COUNTY_REVIEWER, region_code="320102")
    row = untaken(contract(by=by).source)
    assert "exchange:refusal_list" in {one.url_name for one in queries.todos(by)}
    assert "exchange:refusal_list" not in {one.url_name for one in queries.todos(county)}
    actions.settle_refusal(by=by, refusal_id=row.pk, why="重新报送", now=NOW)
    assert "exchange:refusal_list" not in {one.url_name for one in queries.todos(by)}
