"""What waits for whom (N3.1): one line leads to all the records that may be of one person, for who may merge them."""

from datetime import UTC, datetime

import pytest

from rollbook.accounts.tests.factories import AccountFactory
from rollbook.directory.tests.factories import load_terms
from rollbook.persons import actions
from rollbook.persons.tests.factories import number
from rollbook.reports import queries

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)


def test_records_alike_wait_for_the_province_alone():
    load_terms()
    province = AccountFactory(role="province-officer", region_code="320000")
    assert queries.todos(province) == []
    for n in (1, 3):  # namesakes born on one day
        actions.register(by=None, name="王小明", number=number(n), region_code="320102", now=NOW)
    actions.find_candidates(now=NOW)
    assert [(todo.url_name, todo.title) for todo in queries.todos(province)] == [("persons:candidate_list", "1")]
    assert queries.todos(AccountFactory(role="county-reviewer", region_code="320102")) == []
