"""Each figure leads to the list of just what it counts (N14.2)."""

import re
from datetime import UTC, datetime

import pytest

from rollbook.accounts.rules import Role
from rollbook.accounts.tests.factories import AccountFactory
from rollbook.subsidies.models import Claim
from rollbook.subsidies.tests.factories import approved

pytestmark = pytest.mark.django_db
LATE = datetime(2026, 3, 31, 17, tzinfo=UTC)  # the first of April in China


def test_every_linked_figure_is_the_length_of_its_list(client, settings):
    settings.DEMO = True
    claims = approved(3)
    Claim.objects.filter(pk=claims[0].pk).update(state="paid", paid_at=LATE)
    client.force_login(AccountFactory(role=Role.COUNTY_REVIEWER))
    shown = client.get("/work/statistics/", {"year": "2026"}).content.decode()
    links = re.findall(r'<a href="(/(?:classes|claims)/[?][^"]+)">(\d+)</a>', shown)
    counted = {address.replace("&amp;", "&"): int(number) for address, number in links}
    assert len(counted) == 24 + 2 + 1
    assert counted["/claims/?paid=2026-04"] == 1
    for address, number in counted.items():
        assert client.get(address).context["listing"].total == number, address
