"""Policies are published and explained: anyone finds, reads and takes any version (N13.1, N18.1)."""

import pytest
from django.urls import reverse

from rollbook.subsidies.models import PolicyVersion
from rollbook.subsidies.tests import factories as f

pytestmark = pytest.mark.django_db


@pytest.fixture
def policies():
    f.load_policies()
    f.PolicyFactory(title="草案不公开")
    return {(one.region_code, one.subsidy): one for one in PolicyVersion.objects.all()}


def listed(client, **query):
    answer = client.get(reverse("portal:policies"), query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_published_versions_are_found_by_words_day_and_standing(client, policies):
    page = listed(client)
    assert ("江苏省职业培训补贴标准 v1" in page, "草案不公开" in page) == (True, False)
    assert "失业保险技能提升补贴" in listed(client, q="失业保险")
    assert "失业保险技能提升补贴 v1" in listed(client, standing="past")
    assert "失业保险技能提升补贴 v1" not in listed(client, standing="in-force")
    assert "失业保险技能提升补贴 v1" in listed(client, on="2024-12-31")
    assert "失业保险技能提升补贴 v1" not in listed(client, on="2025-01-01")


def test_a_version_reads_like_its_document_and_goes_to_excel(client, policies):
    wuxi = policies["320200", "training"]
    address = reverse("portal:policy", args=[wuxi.pk])
    page = client.get(address).content.decode()
    assert ("5,200" in page, "无锡 2023 补贴标准" in page, "data-print" in page) == (True,) * 3
    assert "spreadsheet" in client.get(address, {"export": 1})["Content-Type"]


def test_a_draft_is_nobodys_but_its_offices(client, policies):
    draft = policies["320102", "training"]
    assert client.get(reverse("portal:policy", args=[draft.pk])).status_code == 404
    assert client.get(f"/api/public/policies/{draft.pk}").status_code == 404


def test_the_api_gives_any_published_version_whole(client, policies):
    rows = client.get("/api/public/policies", {"region_code": "320000", "on": "2024-06-01"}).json()["items"]
    assert {row["subsidy"] for row in rows} == {"training", "evaluation", "upgrade"}
    one = next(row for row in rows if row["subsidy"] == "upgrade")
    assert (one["in_force_until"], one["standing"]) == ("2025-01-01", "past")
    whole = client.get(f"/api/public/policies/{one['id']}").json()
    assert whole["content"] == policies["320000", "upgrade"].content


def test_the_list_asks_a_fixed_number_of_questions(client, policies, django_assert_num_queries):
    listed(client)
    with django_assert_num_queries(2):
        listed(client)
