"""The population service over a real connection: pending is never a pass (N3.1)."""

from datetime import UTC, date, datetime

import pytest
from django.core.management import call_command

from rollbook.persons import actions, adapters, queries
from rollbook.persons.rules import check_digit
from tests.browser.parties import playing

NOW = datetime(2026, 11, 24, 4, tzinfo=UTC)
pytestmark = pytest.mark.enable_socket


@pytest.fixture(scope="module")
def address():
    with playing("population", POPULATION_KEY="of the test") as found:
        yield found


@pytest.fixture
def service(address, settings, monkeypatch):
    settings.POPULATION_URL, settings.POPULATION_KEY = address, "of the test"
    monkeypatch.setattr(adapters, "SECONDS", 0.3)


def with_serial(serial):
    first17 = f"320102{date(1980, 1, 1):%Y%m%d}{serial}"
    return first17 + check_digit(first17)


ANSWERS = [
    ("001", "matched"),
    ("777", "mismatched"),
    ("778", "pending"),
    ("779", "pending"),
    ("780", "pending"),
    ("781", "pending"),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("serial", "outcome"), ANSWERS)
def test_answers_and_failures(service, serial, outcome):
    person = actions.register(by=None, name="王小明", number=with_serial(serial), now=NOW)
    assert actions.verify(person_id=person.pk, now=NOW) == outcome
    person.refresh_from_db()
    assert person.verification == outcome
    assert person.enquiries.get().outcome == outcome


@pytest.mark.django_db
def test_a_wrong_key_or_no_service_leaves_everyone_pending(service, settings):
    person = actions.register(by=None, name="王小明", number=with_serial("001"), now=NOW)
    settings.POPULATION_KEY = "wrong"
    assert actions.verify(person_id=person.pk, now=NOW) == "pending"
    settings.POPULATION_URL = "http://127.0.0.1:1"
    assert actions.verify(person_id=person.pk, now=NOW) == "pending"
    assert queries.pending() == [person.pk]


@pytest.mark.django_db
def test_the_command_asks_again(service, capsys):
    actions.register(by=None, name="王小明", number=with_serial("001"), now=NOW)
    actions.register(by=None, name="李小红", number=with_serial("780"), now=NOW)
    call_command("verify_pending")
    assert capsys.readouterr().out.strip() == "1 answered, 1 still pending"
