import re

import pytest
from django.test import Client

from rollbook.accounts.rules import Role
from rollbook.accounts.tests.factories import AccountFactory
from rollbook.directory.tests.factories import load_terms
from rollbook.persons.tests.factories import PersonFactory

pytestmark = pytest.mark.django_db


def test_a_worker_reaches_what_departments_say_of_them():
    """N3.3: from My training by one link, of oneself alone."""
    load_terms()
    person, other = PersonFactory(), PersonFactory()
    client = Client()
    client.force_login(AccountFactory(role=Role.WORKER, person_id=person.pk))
    [link] = re.findall(r'href="(/exchange/persons/\d+/)"', client.get("/me/").text)
    assert client.get(link).status_code == 200
    assert client.get(f"/exchange/persons/{other.pk}/").status_code == 404
