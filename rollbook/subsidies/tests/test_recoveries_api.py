"""Proposals, recoveries, plans and write-offs over the API: each step by whom its page lets, and once (N6.4, N7.5)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from rollbook.funds import queries
from rollbook.funds.models import Plan, Receipt, WriteOff
from rollbook.subsidies import actions
from rollbook.subsidies.models import Proposal
from rollbook.subsidies.tests import factories as f
from rollbook.subsidies.tests.debts import funded, ordered, paying
from rollbook.subsidies.tests.test_proposals import paid, revoke

pytestmark = pytest.mark.django_db
JSON = {"content_type": "application/json"}


@pytest.fixture
def send(client, settings):
    settings.DEMO = True

    def sending(role, method, path, body=None, key="", **account):
        client.force_login(f.account(role, **account) if isinstance(role, str) else role)
        headers = {"idempotency-key": key} if key else {}
        return getattr(client, method)(f"/api/{path}", body or {}, headers=headers, **JSON)

    return sending


def codes(answer):
    assert answer.status_code == 422, answer.content
    return [one["code"] for one in answer.json()["reasons"]]


def test_a_proposal_is_ordered_once_and_confirmed(send):
    [claim] = paid(1)
    revoke(claim)
    one = Proposal.objects.get()
    url, reviewer = f"proposals/{one.pk}", f.account("county-reviewer")
    [listed] = send(reviewer, "get", "proposals").json()["items"]
    assert (listed["amount_fen"], listed["ground"], listed["claim_id"]) == (150_000, "revoked", claim.pk)
    assert send("institution-manager", "get", "proposals", institution_id=claim.institution_id).json()["count"] == 0
    assert send("county-reviewer", "get", url, region_code="320104").status_code == 404
    body = {"ground": "revoked", "amount_fen": 150_000, "document": "宁人社〔2026〕7号", "why": "证书作废"}
    assert send("county-finance", "post", f"{url}/order", body).status_code == 403
    assert codes(send(reviewer, "post", f"{url}/order", body | {"amount_fen": 150_001})) == ["proposal-amount"]
    answers = [send(reviewer, "post", f"{url}/order", body, key="order-0001") for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert answers[0].json()["state"] == "ordered"
    assert codes(send(reviewer, "post", f"{url}/order", body, key="order-0002")) == ["decided"]
    recovery = f"payments/recoveries/{answers[0].json()['recovery_id']}"
    assert send("county-finance", "post", f"{recovery}/decide", {"grant": True}).json()["state"] == "open"


def test_a_proposal_is_closed_with_its_reason(send):
    [claim] = paid(1)
    revoke(claim)
    url = f"proposals/{Proposal.objects.get().pk}/close"
    assert codes(send("county-reviewer", "post", url, {"why": " "})) == ["why"]
    assert send("county-reviewer", "post", url, {"why": "已另行处理"}).json()["state"] == "closed"
    actions.propose(claim_ids=[claim.pk], now=timezone.now())
    assert Proposal.objects.get().state == "closed"


def test_a_recovery_is_planned_received_given_up_in_part_and_opened_again(send):
    funded()
    one = ordered(paying(f.payee(1)))
    url, finance = f"payments/recoveries/{one.pk}", f.account("county-finance")
    first, today = timezone.localdate() + timedelta(days=10), timezone.localdate()
    plan = {
        "document": "还款协议1",
        "parts": [{"due_on": str(first + timedelta(days=30 * n)), "amount_fen": 75_000} for n in range(2)],
    }
    assert send("county-reviewer", "put", f"{url}/plan", plan).status_code == 403
    for _ in range(2):
        planned = send(finance, "put", f"{url}/plan", plan, key="plan-0001").json()
    assert [part["until_fen"] for part in planned["plan"]["parts"]] == [75_000, 150_000]
    assert Plan.objects.count() == 1
    receipt = {"amount_fen": 30_000, "received_on": str(today), "document": "回单1"}
    for _ in range(2):
        assert send(finance, "post", f"{url}/receipts", receipt, key="receipt-1").status_code == 201
    assert Receipt.objects.count() == 1
    assert codes(send(finance, "post", f"{url}/receipts", receipt)) == ["receipt-there"]
    asked = {"ground": "untraceable", "why": "两次登门未果", "document": "宁财〔2026〕8号", "amount_fen": 50_000}
    made = send(finance, "post", f"{url}/write-offs", asked, key="give-up-1")
    assert (made.status_code, made.json()["amount_fen"], made.json()["state"]) == (201, 50_000, "asked")
    decide = f"payments/write-offs/{made.json()['id']}/decide"
    assert send(finance, "post", decide, {"grant": True}).status_code == 403
    assert send("county-finance-releaser", "post", decide, {"grant": True}).json()["state"] == "done"
    now = send(finance, "get", url).json()
    assert (now["state"], now["received_fen"], now["written_off_fen"], now["left_fen"], now["payoff_fen"]) == (
        "open", 30_000, 50_000, 70_000, 70_000,
    )  # fmt: skip
    assert [row["is_reopened"] for row in now["write_offs"]] == [False]
    assert send(finance, "post", f"{url}/plan/end", {"why": "两期未付"}).json()["plan"] is None
    again = send(finance, "post", f"{url}/reopen", {"document": "宁财〔2026〕9号", "why": "找到本人"}).json()
    assert (again["left_fen"], again["write_offs"][0]["is_reopened"]) == (120_000, True)
    assert codes(send(finance, "post", f"{url}/reopen", {"document": "x", "why": "x"})) == ["not-written-off"]
    assert [row["left_fen"] for row in send(finance, "get", "payments/recoveries?state=open").json()["items"]] == [
        120_000
    ]
    assert send("county-finance", "get", url, region_code="320104").status_code == 404
    assert queries.broken_invariants() == []


def test_a_large_write_off_is_cosigned_over_the_api_too(send):
    funded()
    one, city = ordered(paying(f.payee(1))), f.account("city-finance", region_code="320100")
    from rollbook.funds import actions as funds

    funds.set_band(
        by=city, fund="employment", basis="writeoff", from_fen=100_000, releasers=1, office="city-finance",
        document="宁财〔2026〕2号", starts_on=timezone.localdate(), now=timezone.now(),
    )  # fmt: skip
    asked = {"ground": "cost", "why": "费用高于所得", "document": "宁财〔2026〕8号"}
    send("county-finance", "post", f"payments/recoveries/{one.pk}/write-offs", asked)
    url = f"payments/write-offs/{WriteOff.objects.get().pk}"
    assert codes(send("county-finance-releaser", "post", f"{url}/decide", {"grant": True})) == ["cosigners"]
    assert send(city, "post", f"{url}/cosign").status_code == 200
    assert send("county-finance-releaser", "post", f"{url}/decide", {"grant": True}).json()["state"] == "done"
