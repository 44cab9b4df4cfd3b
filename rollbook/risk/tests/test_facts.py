"""Lists of other departments, as detectors read them (N3.5, domain 5.2 D15)."""

import pytest

from rollbook.exchange.models import Fact
from rollbook.exchange.tests.factories import delivered
from rollbook.persons.tests.factories import PersonFactory
from rollbook.risk.detectors.eligibility import ON_A_LIST
from rollbook.risk.queries import facts
from rollbook.subsidies.rules.others import PROOFS

pytestmark = pytest.mark.django_db


def test_a_category_is_looked_for_on_the_list_that_claims_are_decided_by():
    """A poor household is no proof of difficulty in finding work; who is registered as unemployed is on a list."""
    batch, people = delivered("320100"), {}
    for feed in (*(PROOFS[one] for one in ON_A_LIST), "low-income"):
        people[feed] = PersonFactory()
        Fact.objects.create(
            batch=batch, source=batch.source, feed=feed, subject=people[feed].id_digest, data={}, as_of=batch.as_of,
            from_on=batch.as_of,
        )  # fmt: skip
    found = {(row["person_id"], row["kind"]) for rows in facts.listed() for row in rows}
    assert found == {(people[PROOFS[one]].pk, one) for one in ON_A_LIST} | {(people["low-income"].pk, "low-income")}
